//! Fifteen thousand come at once, and then somebody says a word.

use std::{io, time::Duration};

use super::{
    broker::Broker,
    members::Party,
    room::{Room, Sample},
};
use crate::side_by_side::{
    args::Options,
    figures::{median, show},
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "burst";

const MEMBERS: usize = 15_000;

/// What is said once all are there: a line, and then as much as one read takes.
const LINE: u64 = 1000;
const LONG: u64 = 1 << 16;

const PATIENCE: Duration = Duration::from_secs(60);

/// How many may be refused.
const REFUSED: f64 = 0.0;

struct Run {
    refused: u64,
    slow: u64,
    accepted: f64,
    line: Sample,
    long: Sample,
}

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let (mut runs, mut faults) = (Vec::new(), Vec::new());
    for round in 0..options.runs {
        eprintln!("{NAME}: round {} of {}", round + 1, options.runs);
        match run() {
            Ok(run) => runs.push(run),
            Err(why) => faults.push(why.to_string()),
        }
    }
    println!("### {MEMBERS} connections in one burst (`{NAME}`)\n");
    println!(
        "| refused | repeated a SYN | s until all are accepted | s until all have {LINE} bytes \
         | until all have {} KiB more | runs in which bytes or members were lost | |",
        LONG / 1024
    );
    println!("|--:|--:|--:|--:|--:|--:|---|");
    let of = |figure: fn(&Run) -> f64, places| show(median(runs.iter().map(figure)), places);
    let most_refused = runs.iter().map(|run| run.refused as f64).reduce(f64::max);
    let bounds = [(most_refused, REFUSED), (Some(faults.len() as f64), 0.0)];
    println!(
        "| {} | {} | {} | {} | {} | {} | {} |\n",
        show(most_refused, 0),
        of(|run| run.slow as f64, 0),
        of(|run| run.accepted, 3),
        of(|run| run.line.wall, 3),
        of(|run| run.long.wall, 3),
        faults.len(),
        verdict(bounds.map(|(figure, limit)| Bound { figure, limit })),
    );
    for why in faults {
        println!("* {why}\n");
    }
    Ok(())
}

fn run() -> io::Result<Run> {
    let party = Party {
        protocol: Broker::Ours.protocol(),
        payload: LONG as usize,
        members: MEMBERS,
        deaf: 0,
        rush: true,
    };
    let mut room = Room::open(Broker::Ours, &party)?;
    let line = room.say_bytes(LINE, PATIENCE)?;
    let long = room.say_bytes(LONG, PATIENCE)?;
    Ok(Run {
        refused: room.arrival.refused,
        slow: room.arrival.slow,
        accepted: room.arrival.seconds,
        line,
        long,
    })
}
