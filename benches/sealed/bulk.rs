//! A gigabyte through TLS, the same program at both ends.

use std::io;

use super::papers;
use crate::side_by_side::{
    args::Options,
    contestant::Contestant,
    figures::{ratio, show},
    place::Wire,
    row::{Limits, Row, Sink, Source},
    run::Sample,
    score::{self, Score},
    summary::{Bound, verdict},
    transfer::{SIZE, Stage},
};

const CONTESTANTS: [Contestant; 4] = [
    Contestant::Ours,
    Contestant::Ncat,
    Contestant::Socat,
    Contestant::Bare,
];

/// The most processor time of both ends, as a multiple of each of these.
const OVER_SOCAT: f64 = 0.7;
const OVER_NCAT: f64 = 0.55;
const OVER_BARE: f64 = 1.1;
/// The most time, as a multiple of the faster of the two peers'.
const WALL: f64 = 0.8;

/// The limits have lines of their own.
const NO_LIMITS: Limits = Limits {
    cpu: f64::INFINITY,
    wall: f64::INFINITY,
};

const ROWS: [Row; 2] = [
    Row {
        name: "tls-down",
        title: "TLS, the listener sends a file → /dev/null",
        wire: Wire::Tls,
        listener_sends: true,
        source: Source::File,
        sink: Sink::Null,
        limits: NO_LIMITS,
    },
    // The reference mostly loses the end of it here: its sender closes without having read the tickets
    // that the listener gave it, and the reset that answers this destroys what is still under way.
    Row {
        name: "tls-up",
        title: "TLS, file → listener → /dev/null",
        wire: Wire::Tls,
        listener_sends: false,
        source: Source::File,
        sink: Sink::Null,
        limits: NO_LIMITS,
    },
];

/// Measures and prints every wanted row.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| options.wants(row.name)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let size = options.size.unwrap_or(SIZE);
    let stage = stage(size)?;
    for row in rows {
        let scores = stage.measure(row, &CONTESTANTS, options.runs)?;
        score::print(row, &scores, size);
        print_limits(&scores);
    }
    Ok(())
}

/// One run of one contestant, for a profiler that follows children.
pub(crate) fn once(options: &Options, row: &str, contestant: &str) -> io::Result<()> {
    let row = ROWS
        .iter()
        .find(|known| known.name == row)
        .ok_or_else(|| io::Error::other(format!("there is no row {row}")))?;
    let who = CONTESTANTS
        .into_iter()
        .find(|known| known.name() == contestant)
        .ok_or_else(|| io::Error::other(format!("there is no contestant {contestant}")))?;
    let sample = stage(options.size.unwrap_or(SIZE))?.measured_run(who, row)?;
    println!(
        "{}, {contestant}: {:.3} s wall, {:.3} s CPU sending, {:.3} s receiving",
        row.title, sample.wall, sample.sending, sample.receiving
    );
    Ok(())
}

fn stage(size: u64) -> io::Result<Stage> {
    let stage = Stage::set(size)?;
    papers::make(stage.dir())?;
    Ok(stage)
}

fn print_limits(scores: &[Score]) {
    let ours = Contestant::Ours;
    let cpu = |whom| {
        let [ours, other] = [ours, whom].map(|who| score::of(scores, who, Sample::cpu));
        ratio(ours, other)
    };
    let wall = |sample: &Sample| sample.wall;
    let best_wall = score::best_peer(scores, wall);
    println!("| ours | ratio | limit | |\n|---|--:|--:|---|");
    for (what, figure, limit) in [
        ("CPU ÷ socat", cpu(Contestant::Socat), OVER_SOCAT),
        ("CPU ÷ ncat", cpu(Contestant::Ncat), OVER_NCAT),
        ("CPU ÷ bare", cpu(Contestant::Bare), OVER_BARE),
        (
            "wall ÷ the faster of socat and ncat",
            ratio(score::of(scores, ours, wall), best_wall),
            WALL,
        ),
    ] {
        let word = verdict([Bound { figure, limit }]);
        println!("| {what} | {} | ≤ {limit} | {word} |", show(figure, 2));
    }
    println!();
}
