//! One speaks and many hear: what a delivered byte costs each contestant, and ours in large crowds.

use std::io;

use super::{
    broker::Broker,
    score::{Crowd, Score, cost_ratio, rounds, size_name},
};
use crate::side_by_side::{
    args::Options,
    figures::show,
    summary::{Bound, verdict},
};

/// For `--rows`: the tables with peers, and those of ours alone.
const NAME: &str = "fan-out";
const SCALE: &str = "scale";

/// The messages: a line of text, and the most that one read takes.
const PAYLOADS: [usize; 2] = [100, 1 << 16];

/// What all contestants are tried with. Those who stop at 1024 descriptors stay below them.
const AGAINST_PEERS: [usize; 2] = [100, 300];

/// What ours alone is tried with; the first is what the others are compared with.
const ALONE: [usize; 4] = [100, 1000, 5000, 15_000];

/// The most processor time ours may take for a delivered byte, as a multiple of any peer's.
const OVER_PEER: f64 = 1.0;

/// And with more members, as a multiple of its own with the fewest: a member more costs what is
/// written to it, and nothing that grows with the crowd but the cache.
const OVER_FEWEST: f64 = 1.5;

/// Measures and prints whatever is wanted.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    for payload in PAYLOADS {
        for members in AGAINST_PEERS {
            let name = format!("{NAME}-{members}-{payload}");
            if options.wants(&name) {
                against_peers(&name, Crowd { members, payload }, options);
            }
        }
    }
    for payload in PAYLOADS {
        let name = format!("{SCALE}-{payload}");
        if options.wants(&name) {
            alone(&name, payload, options);
        }
    }
    Ok(())
}

/// One run of one contestant, for a profiler that follows children; the row may name any crowd.
pub(crate) fn once(options: &Options, row: &str, contestant: &str) -> io::Result<()> {
    let crowd = crowd(row).ok_or_else(|| io::Error::other(format!("there is no row {row}")))?;
    let who = Broker::ALL
        .into_iter()
        .find(|known| known.name() == contestant)
        .ok_or_else(|| io::Error::other(format!("there is no contestant {contestant}")))?;
    let mut scores = [Score::prepare(who, crowd, options.size)];
    rounds(row, 1, &mut scores);
    println!("| contestant | {} |", Score::COLUMNS);
    println!("| {contestant} | {} |", scores[0].columns());
    Ok(())
}

/// `fan-out-300-100`: 300 members, messages of 100 bytes.
fn crowd(row: &str) -> Option<Crowd> {
    let (members, payload) = row.strip_prefix(NAME)?.strip_prefix('-')?.split_once('-')?;
    Some(Crowd {
        members: members.parse().ok()?,
        payload: payload.parse().ok()?,
    })
}

fn against_peers(name: &str, crowd: Crowd, options: &Options) {
    let mut scores = Broker::ALL.map(|who| Score::prepare(who, crowd, options.size));
    rounds(name, options.runs, &mut scores);
    println!(
        "### {} messages to {} members (`{name}`)\n",
        size_name(crowd.payload),
        crowd.members
    );
    println!("| broker | {} | ours ÷ it, CPU | limit | |", Score::COLUMNS);
    println!("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    let [ours, ..] = &scores;
    for score in &scores {
        let figure = cost_ratio(ours, score);
        let judged = Bound {
            figure,
            limit: OVER_PEER,
        };
        let (limit, word) = match score.who {
            Broker::Ours => ("–".into(), ""),
            Broker::Ncat | Broker::Redis | Broker::Nats => {
                (format!("≤ {OVER_PEER}"), verdict([judged]))
            }
        };
        println!(
            "| {} | {} | {} | {limit} | {word} |",
            score.who.name(),
            score.columns(),
            show(figure, 2)
        );
    }
    println!();
}

fn alone(name: &str, payload: usize, options: &Options) {
    let mut scores = ALONE.map(|members| {
        let crowd = Crowd { members, payload };
        Score::prepare(Broker::Ours, crowd, options.size)
    });
    rounds(name, options.runs, &mut scores);
    println!(
        "### {} messages to ever more members of ours (`{name}`)\n",
        size_name(payload)
    );
    println!(
        "| members | {} | CPU ÷ that of {} members | limit | |",
        Score::COLUMNS,
        ALONE[0]
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|---|");
    let [fewest, ..] = &scores;
    for score in &scores {
        let figure = cost_ratio(score, fewest);
        let judged = Bound {
            figure,
            limit: OVER_FEWEST,
        };
        println!(
            "| {} | {} | {} | ≤ {OVER_FEWEST} | {} |",
            score.crowd.members,
            score.columns(),
            show(figure, 2),
            verdict([judged])
        );
    }
    println!();
}
