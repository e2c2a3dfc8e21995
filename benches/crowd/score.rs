//! What one broker did with one crowd, run after run, and the rounds in which all take turns.

use std::{io, time::Duration};

use super::{
    broker::Broker,
    members::Party,
    room::{Room, Sample},
};
use crate::side_by_side::figures::{least, median, ratio, show};

/// What one run is to take, and the least from which one may infer how much that is.
const RUN: f64 = 1.5;
const TELLING: f64 = 0.3;

/// Nobody is this slow who does not lose bytes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A first guess at what one run delivers, and the least that each member hears.
const DELIVERED: usize = 32_000_000;
const HEARD: usize = 1 << 18;

/// How many hear messages of which size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crowd {
    pub(crate) members: usize,
    pub(crate) payload: usize,
}

/// A line of a table while it is being measured.
pub(crate) struct Score {
    pub(crate) who: Broker,
    pub(crate) crowd: Crowd,
    pub(crate) samples: Vec<Sample>,
    pub(crate) fault: Option<String>,
    /// In one run.
    messages: u64,
}

impl Crowd {
    fn party(self, who: Broker) -> Party {
        Party {
            protocol: who.protocol(),
            payload: self.payload,
            members: self.members,
            deaf: 0,
            rush: false,
        }
    }

    /// So many messages that `size` bytes are delivered, all members together.
    fn messages(self, size: u64) -> u64 {
        size.div_ceil((self.members * self.payload) as u64)
    }
}

impl Score {
    /// Runs it, unmeasured, until it is known how much takes the time of a run.
    pub(crate) fn prepare(who: Broker, crowd: Crowd, size: Option<u64>) -> Score {
        let mut score = Score {
            who,
            crowd,
            samples: Vec::new(),
            fault: None,
            messages: 0,
        };
        if !who.is_installed() {
            score.fault = Some("is not installed".into());
            return score;
        }
        match score.volume(size) {
            Ok(messages) => score.messages = messages,
            Err(why) => score.fault = Some(why.to_string()),
        }
        score
    }

    fn volume(&self, size: Option<u64>) -> io::Result<u64> {
        if let Some(size) = size {
            return Ok(self.crowd.messages(size));
        }
        let least = self.crowd.members * HEARD.max(self.crowd.payload);
        let mut messages = self.crowd.messages(DELIVERED.max(least) as u64);
        loop {
            let wall = self.run(messages)?.wall;
            let factor = RUN / wall;
            if wall > TELLING {
                return Ok(
                    ((messages as f64 * factor) as u64).max(self.crowd.messages(least as u64))
                );
            }
            messages = (messages as f64 * factor.min(16.0)) as u64;
        }
    }

    /// One run with a fresh broker.
    fn run(&self, messages: u64) -> io::Result<Sample> {
        Room::open(self.who, &self.crowd.party(self.who))?.say(messages, PATIENCE)
    }

    fn measure(&mut self) {
        if self.fault.is_some() {
            return;
        }
        match self.run(self.messages) {
            Ok(sample) => self.samples.push(sample),
            Err(why) => self.fault = Some(why.to_string()),
        }
    }

    /// The median of a figure; of a contestant that failed there is none.
    pub(crate) fn median(&self, figure: impl Fn(&Sample) -> f64) -> Option<f64> {
        match self.fault {
            Some(_) => None,
            None => median(self.samples.iter().map(figure)),
        }
    }

    /// The columns that every table of deliveries has.
    pub(crate) const COLUMNS: &str = "GB a run | CPU s a GB | least | GB per CPU s | wall s a GB";

    pub(crate) fn columns(&self) -> String {
        if let Some(why) = &self.fault {
            return format!("{why} | – | – | – | –");
        }
        let cpu = self.median(Sample::cpu_a_gigabyte);
        format!(
            "{} | {} | {} | {} | {}",
            show(self.median(|sample| sample.delivered / 1e9), 2),
            show(cpu, 3),
            show(least(self.samples.iter().map(Sample::cpu_a_gigabyte)), 3),
            show(cpu.map(|seconds| 1.0 / seconds), 2),
            show(self.median(Sample::wall_a_gigabyte), 3),
        )
    }
}

/// Each has its turn in each round, so that whatever else the machine does meets all alike; each
/// round begins with another one.
pub(crate) fn rounds(title: &str, runs: usize, scores: &mut [Score]) {
    for round in 0..runs {
        eprintln!("{title}: round {} of {runs}", round + 1);
        for turn in 0..scores.len() {
            let at = (round + turn) % scores.len();
            scores[at].measure();
        }
    }
}

/// `100-byte` or `64 KiB`.
pub(crate) fn size_name(payload: usize) -> String {
    match payload % 1024 {
        0 => format!("{} KiB", payload / 1024),
        _ => format!("{payload}-byte"),
    }
}

/// Processor seconds a GB of one line as a multiple of another's.
pub(crate) fn cost_ratio(part: &Score, whole: &Score) -> Option<f64> {
    let cost = |score: &Score| score.median(Sample::cpu_a_gigabyte);
    ratio(cost(part), cost(whole))
}
