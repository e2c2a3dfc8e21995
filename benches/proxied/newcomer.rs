//! How long a newcomer waits to be served while a thousand others have begun to ask and do not go on.

use std::{io, net::TcpStream, time::Instant};

use super::{
    client::{self, Way},
    echo::Echo,
    proxy::Proxy,
    turns::in_turns,
};
use crate::side_by_side::{
    args::Options,
    figures::{median, show},
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "newcomer";

const HALVES: usize = 1000;
const VISITS: usize = 200;
/// Enough for all of them and whoever is still leaving.
const ROOM: usize = 2000;

/// No more than even the shortest backlog has room for.
const GROUP: usize = 8;

/// The most milliseconds that the others may add.
const ADDED: f64 = 1.0;

/// The median of milliseconds that a newcomer waited, among nobody and among the others.
struct Times {
    alone: f64,
    among: f64,
}

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let all = in_turns(NAME, options, &Proxy::ALL, |_| Ok(()), run);
    println!("### A newcomer while {HALVES} have sent half a request (`{NAME}`)\n");
    println!("From the connect until a byte is back; the median of {VISITS} is a run's figure.\n");
    println!("| proxy | ms alone | ms among them | ms more | limit | |\n|---|--:|--:|--:|--:|---|");
    for score in &all {
        let name = score.who.name();
        if let Some(trouble) = &score.trouble {
            println!("| {name} | – | – | – | – | {trouble} |");
            continue;
        }
        let figure = score.middle(|run| run.among - run.alone);
        let (limit, word) = match score.who.ours() == score.who {
            true => {
                let limit = ADDED;
                let word = verdict([Bound { figure, limit }]);
                (format!("≤ {limit}"), word)
            }
            false => ("–".into(), "–"),
        };
        println!(
            "| {name} | {} | {} | {} | {limit} | {word} |",
            show(score.middle(|run| run.alone), 3),
            show(score.middle(|run| run.among), 3),
            show(figure, 3),
        );
    }
    println!();
    Ok(())
}

fn run(who: Proxy) -> io::Result<Times> {
    let echo = Echo::start()?;
    let proxy = who.start(ROOM)?;
    proxy.way.visit(echo.port)?; // it loads its code
    let alone = visits(proxy.way, echo.port)?;
    let mut halves: Vec<TcpStream> = Vec::new();
    while halves.len() < HALVES {
        for _ in halves.len()..HALVES.min(halves.len() + GROUP) {
            halves.push(proxy.way.begin()?);
        }
        proxy.way.visit(echo.port)?; // whoever comes after them is let in after them
    }
    let among = visits(proxy.way, echo.port)?;
    for wire in &halves {
        wire.set_nonblocking(true)?;
        match wire.peek(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => {
                let why = "some of the others were sent away meanwhile";
                return Err(io::Error::other(why));
            }
        }
    }
    Ok(Times { alone, among })
}

/// The median of many, one after the other.
fn visits(way: Way, echo: u16) -> io::Result<f64> {
    let times = (0..VISITS).map(|_| visit(way, echo));
    let times: Vec<f64> = times.collect::<io::Result<_>>()?;
    median(times).ok_or_else(|| io::Error::other("nothing was measured"))
}

/// Milliseconds until a byte is back.
fn visit(way: Way, echo: u16) -> io::Result<f64> {
    let began = Instant::now();
    let mut wire = way.open(echo)?;
    client::hear_oneself(&mut wire)?;
    let spent = began.elapsed().as_secs_f64() * 1e3;
    client::leave(wire)?;
    Ok(spent)
}
