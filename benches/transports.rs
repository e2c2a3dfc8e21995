//! Bulk over SCTP and vsock: ours side by side with the installed `ncat`, on a kernel that has both.
//!
//! Owns the rows; the measuring is in `side_by_side`. Promise: every figure of one table comes from one run of
//! this program, its contestants interleaved, and the verdicts are computed from the figures beside them. It
//! changes the loopback interface, and so belongs into the test bed (`tests/bed/run --bench`).

#[allow(dead_code, reason = "only its transfers")]
mod side_by_side;

use std::{
    io,
    process::{Command, ExitCode},
};

use side_by_side::{
    args::{self, Options, Order},
    contestant::Contestant,
    figures, machine,
    place::Wire,
    row::{Limits, Row, Sink, Source},
    run::Sample,
    score::{self, best_peer, of},
    summary::{Bound, Summary},
    transfer::{self, Stage},
};

/// Measured runs of each contestant.
const RUNS: usize = 9;

/// Bytes of one transfer. The kernel that runs as a process is slower than one that does not.
const SIZE: u64 = 64 << 20;

/// Never more processor time than the reference; wall time is shown and not judged.
const LIMITS: Limits = Limits {
    cpu: 1.0,
    wall: f64::INFINITY,
};

const CONTESTANTS: [Contestant; 2] = [Contestant::Ours, Contestant::Ncat];

const ROWS: [Row; 4] = [
    row("sctp", "SCTP, file → /dev/null", Wire::Sctp, false),
    row(
        "sctp-listener",
        "SCTP, listener sends a file → /dev/null",
        Wire::Sctp,
        true,
    ),
    row("vsock", "vsock, file → /dev/null", Wire::Vsock, false),
    row(
        "vsock-listener",
        "vsock, listener sends a file → /dev/null",
        Wire::Vsock,
        true,
    ),
];

const fn row(name: &'static str, title: &'static str, wire: Wire, listener_sends: bool) -> Row {
    Row {
        name,
        title,
        wire,
        listener_sends,
        source: Source::File,
        sink: Sink::Null,
        limits: LIMITS,
    }
}

fn main() -> ExitCode {
    args::main("transports", |words| args::measure(words, RUNS, run))
}

fn run(options: &Options) -> io::Result<()> {
    match &options.order {
        Order::Once { row, contestant } => transfer::once_of(&ROWS, SIZE, options, row, contestant),
        Order::Tables => tables(options),
    }
}

/// Packets as small as those of a network. In those of the loopback, 64 KiB, the reference's messages close the
/// window at once, and both sides wait for timers: a megabyte takes it seconds.
fn with_usual_packets() -> io::Result<()> {
    let words = ["link", "set", "dev", "lo", "mtu", "1500"];
    match Command::new("ip").args(words).status()?.success() {
        true => Ok(()),
        false => Err(io::Error::other("the size of packets cannot be set")),
    }
}

fn tables(options: &Options) -> io::Result<()> {
    with_usual_packets()?;
    let size = options.size.unwrap_or(SIZE);
    println!(
        "## Transports\n\n{size} bytes a transfer, medians of {}. {}.\n",
        options.runs,
        machine::facts(),
    );
    let mut summary = Summary::default();
    let stage = Stage::set(size)?;
    for row in ROWS.iter().filter(|row| options.wants(row.name)) {
        let scores = stage.measure(row, &CONTESTANTS, options.runs)?;
        score::print(row, &scores, size);
        let bound = Bound {
            figure: figures::ratio(
                of(&scores, Contestant::Ours, Sample::cpu),
                best_peer(&scores, Sample::cpu),
            ),
            limit: row.limits.cpu,
        };
        summary.other(format!("{}, CPU ÷ ncat", row.title), bound, 2);
    }
    println!("{summary}");
    Ok(())
}
