//! How long a handshake takes while two hundred others have not begun theirs.

use std::{
    io,
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustls::ClientConfig;

use super::{
    client,
    server::{Server, Stdin},
};
use crate::{
    crowd::account,
    programs::in_turns,
    side_by_side::{
        args::Options,
        contestant::Contestant,
        figures::{median, show},
        procfs,
        summary::{Bound, verdict},
    },
};

/// For `--rows`.
pub(crate) const NAME: &str = "silent-clients";

const SILENT: usize = 200;
const VISITS: usize = 200;
/// Enough for all of them and whoever is still leaving.
const ROOM: usize = 1000;

/// No more than even the shortest backlog has room for: one that finds it full tries again after a
/// second.
const GROUP: usize = 8;

/// How long the server may take to accept them all, and the pause between two looks.
const ACCEPT_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The most milliseconds that the silent may add.
const ADDED: f64 = 1.0;

/// The median of milliseconds that a handshake took, among nobody and among the silent.
struct Times {
    alone: f64,
    among: f64,
}

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let config = client::config()?;
    let all = in_turns(NAME, options, |who| run(who, &config))?;
    println!("### A handshake while {SILENT} clients are silent (`{NAME}`)\n");
    println!(
        "From the connect until the hands are shaken; the median of {VISITS} is a run's figure.\n"
    );
    println!(
        "| server | ms alone | ms among them | ms more | limit | |\n|---|--:|--:|--:|--:|---|"
    );
    for (who, runs) in &all {
        let figure = median(runs.iter().map(|run| run.among - run.alone));
        let (word, limit) = match who {
            Contestant::Ours => (
                verdict([Bound {
                    figure,
                    limit: ADDED,
                }]),
                format!("≤ {ADDED}"),
            ),
            _ => ("–", "–".into()),
        };
        println!(
            "| {} | {} | {} | {} | {limit} | {word} |",
            who.name(),
            show(median(runs.iter().map(|run| run.alone)), 3),
            show(median(runs.iter().map(|run| run.among)), 3),
            show(figure, 3),
        );
    }
    println!();
    Ok(())
}

fn run(who: Contestant, config: &Arc<ClientConfig>) -> io::Result<Times> {
    let server = Server::start(who, None, ROOM, Stdin::Over)?;
    visit(config, server.port)?; // it loads its code
    let alone = visits(config, server.port)?;
    procfs::await_rest(server.pid())?; // the last of them has gone
    let before = account::descriptors(server.pid())?;
    let mut silent: Vec<TcpStream> = Vec::new();
    while silent.len() < SILENT {
        for _ in silent.len()..SILENT.min(silent.len() + GROUP) {
            silent.push(client::connect(server.port)?);
        }
        await_accepted(server.pid(), before + silent.len() as u64)?;
    }
    let among = visits(config, server.port)?;
    match account::descriptors(server.pid())? < before + silent.len() as u64 {
        true => Err(io::Error::other(
            "some of the silent were sent away meanwhile",
        )),
        false => Ok(Times { alone, among }),
    }
}

/// The median of many, one after the other.
fn visits(config: &Arc<ClientConfig>, port: u16) -> io::Result<f64> {
    let times = (0..VISITS).map(|_| visit(config, port));
    let times: Vec<f64> = times.collect::<io::Result<_>>()?;
    median(times).ok_or_else(|| io::Error::other("nothing was measured"))
}

/// Milliseconds until the hands are shaken.
fn visit(config: &Arc<ClientConfig>, port: u16) -> io::Result<f64> {
    let began = Instant::now();
    let mut wire = client::connect(port)?;
    let session = client::shake_hands(config, &mut wire)?;
    let spent = began.elapsed().as_secs_f64() * 1e3;
    client::leave(session, wire)?;
    Ok(spent)
}

/// Waits until the server has so many descriptors.
fn await_accepted(pid: u32, wanted: u64) -> io::Result<()> {
    let give_up = Instant::now() + ACCEPT_WITHIN;
    while account::descriptors(pid)? < wanted {
        if Instant::now() > give_up {
            return Err(io::Error::other("the silent were not accepted"));
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
