//! What a silent session costs the server: its memory, and no time at all.

use std::{io, net::TcpStream, thread, time::Duration};

use super::{
    client,
    server::{Server, Stdin},
};
use crate::{
    crowd::account,
    side_by_side::{
        contestant::Contestant,
        figures::show,
        procfs,
        summary::{Bound, verdict},
    },
};

/// For `--rows`.
pub(crate) const NAME: &str = "tls-memory";

const SESSIONS: usize = 5000;
/// Clients the server has room for above these.
const SPARE: usize = 10;

/// The most memory one of them may hold.
const BYTES_A_SESSION: f64 = 6.0 * 1024.0;

/// How long nothing happens, and how much of the processor that may take.
const WATCH: Duration = Duration::from_secs(3);
const TICKS: f64 = 0.0;

/// Measures and prints.
pub(crate) fn table() -> io::Result<()> {
    let server = Server::start(Contestant::Ours, None, SESSIONS + SPARE, Stdin::Silent)?;
    let config = client::config()?;
    let enter = || -> io::Result<TcpStream> {
        let mut wire = client::connect(server.port)?;
        client::shake_hands(&config, &mut wire)?; // of our side the socket is enough
        Ok(wire)
    };
    // The first of all makes the server load what every session uses.
    drop(enter()?);
    procfs::await_rest(server.pid())?;
    let empty = held(server.pid())?;
    let sessions: Vec<TcpStream> = (0..SESSIONS).map(|_| enter()).collect::<io::Result<_>>()?;
    procfs::await_rest(server.pid())?;
    let full = held(server.pid())?;
    let before = procfs::activity(server.pid())?;
    thread::sleep(WATCH);
    let after = procfs::activity(server.pid())?;
    let stayed = account::descriptors(server.pid())? as usize;
    if stayed < sessions.len() {
        let why = format!("{stayed} descriptors for {SESSIONS} sessions");
        return Err(io::Error::other(why));
    }

    println!("### {SESSIONS} silent sessions (`{NAME}`)\n");
    println!("| sessions | VmRSS, KiB | of it private |\n|--:|--:|--:|");
    for (sessions, (resident, private)) in [(0, empty), (SESSIONS, full)] {
        println!("| {sessions} | {resident} | {private} |");
    }
    println!("\n| what | figure | limit | |\n|---|--:|--:|---|");
    let bytes = |empty: u64, full: u64| (full as f64 - empty as f64) * 1024.0 / SESSIONS as f64;
    let ticks = (after.ticks - before.ticks) as f64;
    for (what, figure, limit) in [
        (
            "resident bytes a session",
            bytes(empty.0, full.0),
            BYTES_A_SESSION,
        ),
        (
            "private bytes a session",
            bytes(empty.1, full.1),
            BYTES_A_SESSION,
        ),
        ("CPU ticks in 3 s of silence", ticks, TICKS),
    ] {
        let figure = Some(figure);
        let word = verdict([Bound { figure, limit }]);
        println!("| {what} | {} | ≤ {limit} | {word} |", show(figure, 0));
    }
    println!();
    Ok(())
}

/// KiB that are resident, and of them nobody else's.
fn held(pid: u32) -> io::Result<(u64, u64)> {
    Ok((procfs::resident(pid)?.0, account::private(pid)?))
}
