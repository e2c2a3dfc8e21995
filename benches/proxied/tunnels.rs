//! Tunnels that are opened, used for one byte, and closed, eight at once.

use std::{io, thread, time::Instant};

use super::{
    echo::Echo,
    proxy::Proxy,
    turns::{Sample, Table, in_turns},
    visitors::Visitors,
};
use crate::{
    crowd::peer::step_aside,
    side_by_side::{args::Options, row::Limits},
};

/// For `--rows` and `--once`.
pub(crate) const NAME: &str = "tunnels";

const TUNNELS: usize = 4000;
/// No more than even the shortest backlog has room for.
const AT_ONCE: usize = 8;
/// Clients that a proxy has room for, so that those who are still leaving take nobody's place.
const ROOM: usize = 200;

const TABLE: Table = Table {
    wall: "tunnels a second",
    cpu: "CPU s per 1,000",
    shown: |run| {
        let thousands = TUNNELS as f64 / 1e3;
        (TUNNELS as f64 / run.wall, run.cpu / thousands)
    },
    places: (0, 3),
    limits: |who| match who {
        Proxy::OursHttp | Proxy::OursSocks => None,
        // At least five times as many in the same time.
        Proxy::Ncat => Some(Limits {
            wall: 0.2,
            cpu: 1.0,
        }),
        Proxy::Tinyproxy | Proxy::Microsocks => Some(Limits {
            wall: 1.0,
            cpu: 1.0,
        }),
    },
};

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let all = in_turns(NAME, options, &Proxy::ALL, |_| Ok(()), run);
    println!("### {TUNNELS} tunnels, {AT_ONCE} at once, one byte to and fro (`{NAME}`)\n");
    TABLE.print(&all);
    Ok(())
}

/// One run with a fresh proxy.
pub(crate) fn run(who: Proxy) -> io::Result<Sample> {
    let echo = Echo::start()?;
    let proxy = who.start(ROOM)?;
    let (way, to) = (proxy.way, echo.port);
    way.visit(to)?; // it loads its code
    let began = Instant::now();
    let walk = || {
        step_aside()?;
        Visitors::new(way, to)?.walk(TUNNELS, AT_ONCE)
    };
    let told = thread::scope(|scope| scope.spawn(walk).join());
    told.map_err(|_| io::Error::other("the visitors came to grief"))??;
    let wall = began.elapsed().as_secs_f64();
    let cpu = proxy.end()?;
    Ok(Sample { wall, cpu })
}
