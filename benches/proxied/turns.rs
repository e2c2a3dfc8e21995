//! Contestants by turns, and the table that most of the measurements end in.

use std::io;

use super::proxy::Proxy;
use crate::side_by_side::{
    args::Options,
    figures::{median, ratio, show},
    row::Limits,
    summary::{Bound, verdict},
};

/// What one run took, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: f64,
    /// Processor time of the proxy, all its processes together.
    pub(crate) cpu: f64,
}

/// All runs of one contestant.
pub(crate) struct Score<T> {
    pub(crate) who: Proxy,
    pub(crate) runs: Vec<T>,
    /// Why it takes no further part.
    pub(crate) trouble: Option<String>,
}

impl<T> Score<T> {
    /// The median of a figure; none if there was trouble.
    pub(crate) fn middle(&self, figure: impl Fn(&T) -> f64) -> Option<f64> {
        match self.trouble {
            None => median(self.runs.iter().map(figure)),
            Some(_) => None,
        }
    }
}

/// Plays `once` with each installed contestant in turn; every round begins with another one. Whoever
/// fails, in the `check` before or in a round, takes no further part.
pub(crate) fn in_turns<T>(
    name: &str,
    options: &Options,
    contestants: &[Proxy],
    check: impl Fn(Proxy) -> io::Result<()>,
    once: impl Fn(Proxy) -> io::Result<T>,
) -> Vec<Score<T>> {
    let installed = contestants.iter().filter(|who| who.is_installed());
    let mut all: Vec<Score<T>> = installed
        .map(|who| Score {
            who: *who,
            runs: Vec::new(),
            trouble: check(*who).err().map(|error| error.to_string()),
        })
        .collect();
    let contestants = all.len();
    for round in 0..options.runs {
        eprintln!("{name}: round {} of {}", round + 1, options.runs);
        for turn in 0..contestants {
            let score = &mut all[(round + turn) % contestants];
            if score.trouble.is_some() {
                continue;
            }
            match once(score.who) {
                Ok(run) => score.runs.push(run),
                Err(error) => score.trouble = Some(error.to_string()),
            }
        }
    }
    all
}

/// How samples are shown.
pub(crate) struct Table {
    /// What is in the columns, with the unit.
    pub(crate) wall: &'static str,
    pub(crate) cpu: &'static str,
    /// Seconds in these units.
    pub(crate) shown: fn(Sample) -> (f64, f64),
    pub(crate) places: (usize, usize),
    /// The most that ours may take, as multiples of what another takes; none where nothing is judged.
    pub(crate) limits: fn(Proxy) -> Option<Limits>,
}

impl Table {
    pub(crate) fn print(&self, all: &[Score<Sample>]) {
        println!(
            "| proxy | {} | {} | ours ÷ it, wall | limit | ours ÷ it, CPU | limit | |",
            self.wall, self.cpu
        );
        println!("|---|--:|--:|--:|--:|--:|--:|---|");
        for score in all {
            self.print_line(score, all);
        }
        println!();
    }

    fn print_line(&self, score: &Score<Sample>, all: &[Score<Sample>]) {
        let who = score.who;
        let name = who.name();
        if let Some(trouble) = &score.trouble {
            println!("| {name} | – | – | – | – | – | – | {trouble} |");
            return;
        }
        let wall = show(score.middle(|run| (self.shown)(*run).0), self.places.0);
        let cpu = show(score.middle(|run| (self.shown)(*run).1), self.places.1);
        let ours = all.iter().find(|other| other.who == who.ours());
        let over = |figure: fn(&Sample) -> f64| {
            ratio(
                ours.and_then(|ours| ours.middle(figure)),
                score.middle(figure),
            )
        };
        let (wall_ratio, cpu_ratio) = (over(|run| run.wall), over(|run| run.cpu));
        let (limits, word) = match (self.limits)(who).filter(|_| who.ours() != who) {
            None => (["–".into(), "–".into()], "–"),
            Some(Limits { wall, cpu }) => {
                let bounds = [(wall_ratio, wall), (cpu_ratio, cpu)];
                let word = verdict(bounds.map(|(figure, limit)| Bound { figure, limit }));
                ([wall, cpu].map(|limit| format!("≤ {limit}")), word)
            }
        };
        println!(
            "| {name} | {wall} | {cpu} | {} | {} | {} | {} | {word} |",
            show(wall_ratio, 2),
            limits[0],
            show(cpu_ratio, 2),
            limits[1],
        );
    }
}
