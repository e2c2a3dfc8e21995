//! Ten members, one of whom stops reading: what the others notice, and what the broker holds.

use std::{io, time::Duration};

use super::{account, broker::Broker, members::Party, room::Room};
use crate::side_by_side::{
    args::Options,
    figures::{median, show},
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "stall";

/// The tenth member is the one who speaks.
const LISTENERS: usize = 9;
const SAID: u64 = 100_000_000;
const PIECE: usize = 1 << 16;

const PATIENCE: Duration = Duration::from_secs(60);

/// The most time the readers may need when one of them stops: so many times as long, and as long
/// as a member may hold up the others (`--stall-timeout`).
const TIMES: f64 = 1.5;
const STALL_TIMEOUT: f64 = 5.0;

/// The most memory the broker may ever have had, in MiB: the log, and room for all else.
const PEAK: f64 = 16.0 + 8.0;

struct Run {
    wall: f64,
    /// MiB
    peak: f64,
}

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let scenes = [("all read", 0), ("one never reads", 1)];
    let mut runs = scenes.map(|_| Vec::new());
    let mut faults = Vec::new();
    for round in 0..options.runs {
        eprintln!("{NAME}: round {} of {}", round + 1, options.runs);
        for ((title, deaf), runs) in scenes.iter().zip(&mut runs) {
            match run(*deaf) {
                Ok(run) => runs.push(run),
                Err(why) => faults.push(format!("{title}: {why}")),
            }
        }
    }
    println!(
        "### {} MB to {LISTENERS} members (`{NAME}`)\n",
        SAID / 1_000_000
    );
    println!("| scene | s until all readers have all | limit | peak MiB | limit | |");
    println!("|---|--:|--:|--:|--:|---|");
    let undisturbed = median(runs[0].iter().map(|run| run.wall));
    let limit = undisturbed.map_or(STALL_TIMEOUT, |wall| TIMES * wall + STALL_TIMEOUT);
    for ((title, _), runs) in scenes.iter().zip(&runs) {
        let wall = Bound {
            figure: median(runs.iter().map(|run| run.wall)),
            limit,
        };
        let peak = Bound {
            figure: runs.iter().map(|run| run.peak).reduce(f64::max),
            limit: PEAK,
        };
        let lost = Bound {
            figure: Some(faults.len() as f64),
            limit: 0.0,
        };
        println!(
            "| {title} | {} | ≤ {limit:.2} | {} | ≤ {PEAK} | {} |",
            show(wall.figure, 2),
            show(peak.figure, 1),
            verdict([wall, peak, lost])
        );
    }
    println!();
    for why in faults {
        println!("* {why}\n");
    }
    Ok(())
}

fn run(deaf: usize) -> io::Result<Run> {
    let party = Party {
        protocol: Broker::Ours.protocol(),
        payload: PIECE,
        members: LISTENERS,
        deaf,
        rush: false,
    };
    let mut room = Room::open(Broker::Ours, &party)?;
    let wall = room.say_bytes(SAID, PATIENCE)?.wall;
    Ok(Run {
        wall,
        peak: account::most_resident(room.broker.pid())? as f64 / 1024.0,
    })
}
