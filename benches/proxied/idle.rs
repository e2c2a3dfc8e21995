//! What a silent tunnel costs our proxy: its memory, and no time at all.

use std::{io, net::TcpStream, thread, time::Duration};

use super::{client, echo::Echo, proxy::Proxy};
use crate::{
    crowd::account,
    side_by_side::{
        figures::show,
        procfs,
        summary::{Bound, verdict},
    },
};

/// For `--rows`.
pub(crate) const NAME: &str = "tunnel-memory";

const TUNNELS: usize = 5000;
/// Clients the proxy has room for above these.
const SPARE: usize = 10;

/// The most memory one of them may hold.
const BYTES_A_TUNNEL: f64 = 2.0 * 1024.0;

/// How long nothing happens, and how much of the processor that may take.
const WATCH: Duration = Duration::from_secs(3);
const TICKS: f64 = 0.0;

/// What a proxy holds without tunnels and with them, in KiB: all that is resident, and of that what is
/// nobody else's.
struct Held {
    empty: (u64, u64),
    full: (u64, u64),
    /// What silence took.
    ticks: u64,
}

/// Measures and prints.
pub(crate) fn table() -> io::Result<()> {
    let contestants = [Proxy::OursHttp, Proxy::OursSocks];
    let mut all = Vec::new();
    for who in contestants {
        eprintln!("{NAME}: {}", who.name());
        all.push((who.name(), run(who)?));
    }
    println!("### {TUNNELS} silent tunnels (`{NAME}`)\n");
    println!("| proxy | tunnels | VmRSS, KiB | of it private |\n|---|--:|--:|--:|");
    for (name, held) in &all {
        for (tunnels, (resident, private)) in [(0, held.empty), (TUNNELS, held.full)] {
            println!("| {name} | {tunnels} | {resident} | {private} |");
        }
    }
    println!("\n| proxy | what | figure | limit | |\n|---|---|--:|--:|---|");
    for (name, Held { empty, full, ticks }) in &all {
        let each = |empty: u64, full: u64| {
            let added = full as f64 - empty as f64;
            added * 1024.0 / TUNNELS as f64
        };
        for (what, figure, limit) in [
            (
                "resident bytes a tunnel",
                each(empty.0, full.0),
                BYTES_A_TUNNEL,
            ),
            (
                "private bytes a tunnel",
                each(empty.1, full.1),
                BYTES_A_TUNNEL,
            ),
            ("CPU ticks in 3 s of silence", *ticks as f64, TICKS),
        ] {
            let figure = Some(figure);
            let word = verdict([Bound { figure, limit }]);
            println!(
                "| {name} | {what} | {} | ≤ {limit} | {word} |",
                show(figure, 0)
            );
        }
    }
    println!();
    Ok(())
}

fn run(who: Proxy) -> io::Result<Held> {
    let echo = Echo::start()?;
    let proxy = who.start(TUNNELS + SPARE)?;
    let pid = proxy.pid();
    // The first of all makes the proxy load what every tunnel uses.
    proxy.way.visit(echo.port)?;
    procfs::await_rest(pid)?;
    let empty = held(pid)?;
    let open = || -> io::Result<TcpStream> {
        let mut wire = proxy.way.open(echo.port)?;
        client::hear_oneself(&mut wire)?;
        Ok(wire)
    };
    let mut tunnels: Vec<TcpStream> = (0..TUNNELS).map(|_| open()).collect::<io::Result<_>>()?;
    procfs::await_rest(pid)?;
    let full = held(pid)?;
    let before = procfs::activity(pid)?;
    thread::sleep(WATCH);
    let after = procfs::activity(pid)?;
    for wire in &mut tunnels {
        client::hear_oneself(wire)?; // each of them is still there
    }
    Ok(Held {
        empty,
        full,
        ticks: after.ticks - before.ticks,
    })
}

/// KiB that are resident, and of them nobody else's.
fn held(pid: u32) -> io::Result<(u64, u64)> {
    Ok((procfs::resident(pid)?.0, account::private(pid)?))
}
