//! Every line we print on stderr: how loud it must be wanted, and what stands in front of it.
//!
//! Promise: talking never stops the loop. A line that only `-v` asked for is dropped when nobody
//! reads our stderr, and the next that gets through says how many were.

use std::cell::Cell;
use std::io::{self, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How loud something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Always.
    Error,
    /// With `-v`.
    Verbose,
    /// With `-vv`.
    Debug,
}

/// The mouth of the program.
#[derive(Debug)]
pub struct Say {
    name: &'static str,
    level: Level,
    dropped: Cell<usize>,
}

impl Say {
    /// Says what `-v`, given so many times, asks for.
    pub fn new(verbose: u8) -> Self {
        let level = match verbose {
            0 => Level::Error,
            1 => Level::Verbose,
            _ => Level::Debug,
        };
        Self {
            name: "Ncat",
            level,
            dropped: Cell::new(0),
        }
    }

    /// Says it under that name.
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Whether that is loud enough to be heard.
    pub fn hears(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Says a sentence if it is wanted.
    pub fn say(&self, level: Level, words: &str) {
        if !self.hears(level) {
            return;
        }
        if level != Level::Error && !stderr_takes_more() {
            self.dropped.set(self.dropped.get() + 1);
            return;
        }
        let front = if level == Level::Debug {
            "NCAT DEBUG"
        } else {
            self.name
        };
        match self.dropped.take() {
            0 => print(&format!("{front}: {words}\n")),
            n => print(&format!(
                "{}: ({n} messages were dropped.)\n{front}: {words}\n",
                self.name
            )),
        }
    }

    /// Says a line that stands as it is, if it is wanted and anybody reads it.
    pub fn bare(&self, level: Level, words: &str) {
        if self.hears(level) && (level == Level::Error || stderr_takes_more()) {
            line(words);
        }
    }

    /// Says what always has to be said.
    pub fn error(&self, words: &str) {
        self.say(Level::Error, words);
    }

    /// Says what a waiting test script wants to see (`--test`).
    pub fn announce(&self, words: &str) {
        print(&format!("NCAT TEST: {words}\n"));
    }
}

/// Says a line that is finished as it is.
pub fn line(line: &str) {
    print(&format!("{line}\n"));
}

/// One write for a whole line, so that lines of several processes do not mix.
fn print(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes()); // with stderr gone there is nobody to tell
}

fn stderr_takes_more() -> bool {
    let stderr = io::stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    !matches!(poll(&mut fds, Some(&now)), Ok(0))
}
