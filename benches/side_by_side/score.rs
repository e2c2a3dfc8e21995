//! What the contestants did in one row: its table, and ours against the limits.

use super::{
    contestant::Contestant,
    figures::{least, median, ratio, show},
    row::{COPYING, Limits, OVER_BARE, Row},
    run::Sample,
    summary::{Bound, Summary},
};

/// A contestant and its runs.
pub(crate) struct Score {
    pub(crate) who: Contestant,
    pub(crate) samples: Vec<Sample>,
    /// Why it takes no further part. Then its samples count for nothing.
    pub(crate) fault: Option<String>,
}

impl Score {
    fn median(&self, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        match self.fault {
            Some(_) => None,
            None => median(self.samples.iter().map(figure)),
        }
    }
}

/// The table of a row.
pub(crate) fn print(row: &Row, scores: &[Score], size: u64) {
    println!("### {} (`{}`)\n", row.title, row.name);
    println!(
        "| contestant | CPU s | least | sent + received | wall s | GB/s | CPU ratio | wall ratio |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let best_cpu = best_peer(scores, Sample::cpu);
    let best_wall = best_peer(scores, |sample| sample.wall);
    for score in scores {
        let name = score.who.name();
        if let Some(fault) = &score.fault {
            println!("| {name} | {fault} | | | | | | |");
            continue;
        }
        let cpu = score.median(Sample::cpu);
        let wall = score.median(|sample| sample.wall);
        println!(
            "| {name} | {} | {} | {} + {} | {} | {} | {} | {} |",
            show(cpu, 3),
            show(least(score.samples.iter().map(Sample::cpu)), 3),
            show(score.median(|sample| sample.sending), 2),
            show(score.median(|sample| sample.receiving), 2),
            show(wall, 3),
            show(ratio(Some(size as f64 / 1e9), wall), 2),
            show(ratio(cpu, best_cpu), 2),
            show(ratio(wall, best_wall), 2),
        );
    }
    println!();
}

/// Ours against the limits of a row, with the kernel path and without.
pub(crate) fn note(row: &Row, scores: &[Score], summary: &mut Summary) {
    let ours = Contestant::Ours;
    let (cpu, wall) = against_peers(scores, ours, row.limits);
    let bare = of(scores, Contestant::Bare, Sample::cpu);
    let over_bare = Bound {
        figure: ratio(of(scores, ours, Sample::cpu), bare),
        limit: OVER_BARE,
    };
    summary.transfer(row.title.into(), cpu, wall, Some(over_bare));

    let (cpu, wall) = against_peers(scores, Contestant::OursCopying, COPYING);
    summary.transfer(
        format!("{}, kernel path disabled", row.title),
        cpu,
        wall,
        None,
    );
}

fn against_peers(scores: &[Score], who: Contestant, limits: Limits) -> (Bound, Bound) {
    let compare = |figure: fn(&Sample) -> f64, limit| Bound {
        figure: ratio(of(scores, who, figure), best_peer(scores, figure)),
        limit,
    };
    (
        compare(Sample::cpu, limits.cpu),
        compare(|sample| sample.wall, limits.wall),
    )
}

pub(crate) fn best_peer(scores: &[Score], figure: impl Fn(&Sample) -> f64) -> Option<f64> {
    let peers = scores.iter().filter(|score| score.who.is_peer());
    least(peers.filter_map(|peer| peer.median(&figure)))
}

/// The median of a contestant's figure.
pub(crate) fn of(
    scores: &[Score],
    who: Contestant,
    figure: impl Fn(&Sample) -> f64,
) -> Option<f64> {
    scores.iter().find(|score| score.who == who)?.median(figure)
}
