//! Start to finish of `-z` to an open port: what a program costs before its first byte.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    time::Instant,
};

use super::{
    contestant::Contestant,
    figures::{median, ratio, show},
    summary::{Bound, Summary},
};

/// For `--rows`.
pub(crate) const NAME: &str = "start-up";

/// The most ours may take, as a multiple of `nc.openbsd`.
const LIMIT: f64 = 1.2;

/// Starts take a millisecond or two and vary more than transfers do.
const STARTS: usize = 200;

const CONTESTANTS: [Contestant; 3] = [Contestant::Ours, Contestant::Nc, Contestant::Ncat];

/// Measures, prints, and notes ours against its limit.
pub(crate) fn table(summary: &mut Summary) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port().to_string();
    let mut spent = CONTESTANTS.map(|who| (who, Vec::new()));
    for _ in 0..STARTS {
        for (who, spent) in spent.iter_mut().filter(|(who, _)| who.is_installed()) {
            spent.push(start(who.program()?.args(["-z", "127.0.0.1", &port]))?);
            take_all(&listener)?;
        }
    }
    let medians = spent.map(|(who, spent)| (who, median(spent)));
    let nc = medians
        .iter()
        .find(|(who, _)| *who == Contestant::Nc)
        .and_then(|(_, median)| *median);

    println!("### Start to finish of `-z` to an open port (`{NAME}`)\n");
    println!("| contestant | median of {STARTS}, ms | ratio to nc.openbsd |\n|---|--:|--:|");
    for (who, median) in medians {
        let millis = median.map(|seconds| seconds * 1e3);
        println!(
            "| {} | {} | {} |",
            who.name(),
            show(millis, 3),
            show(ratio(median, nc), 2)
        );
    }
    println!();
    let ours = Bound {
        figure: ratio(medians[0].1, nc),
        limit: LIMIT,
    };
    summary.other("`-z` to an open port, time ÷ nc.openbsd", ours, 2);
    Ok(())
}

/// Seconds until it ended well; a port that is found shut is an error.
fn start(command: &mut Command) -> io::Result<f64> {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let spent = began.elapsed().as_secs_f64();
    match status.success() {
        true => Ok(spent),
        false => Err(io::Error::other(format!(
            "{command:?} found no open port: {status}"
        ))),
    }
}

/// Empties the backlog between two starts, outside the time that is measured.
fn take_all(listener: &TcpListener) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
