//! Every line we print on stderr: how loud it must be wanted, and what stands in front of it.
//!
//! Promise: talking never stops the loop. A line that only `-v` asked for is dropped when nobody
//! reads our stderr, and the next that gets through says how many were.

use std::cell::Cell;
use std::fmt;
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

/// What is shown below all lines, and drawn again and again.
pub trait Bar: fmt::Debug {
    /// So many bytes have been sent, and received.
    fn show(&self, passed: (u64, u64));

    /// Takes itself away for as long as something else is printed.
    fn make_room(&self, print: &mut dyn FnMut());

    /// That is all; whatever is printed from now on stands below it.
    fn end(&self, passed: (u64, u64));
}

/// The mouth of the program.
#[derive(Debug)]
pub struct Say {
    level: Level,
    dropped: Cell<usize>,
    bar: Option<Box<dyn Bar>>,
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
            level,
            dropped: Cell::new(0),
            bar: None,
        }
    }

    /// The same, with a bar below what it says.
    pub fn with_bar(self, bar: Box<dyn Bar>) -> Self {
        let bar = Some(bar);
        Self { bar, ..self }
    }

    /// Whether there is a bar to be shown.
    pub fn has_bar(&self) -> bool {
        self.bar.is_some()
    }

    /// Shows how much has been sent and received, unless nobody reads our stderr.
    pub fn show(&self, passed: (u64, u64)) {
        if let Some(bar) = self.bar.as_ref().filter(|_| stderr_takes_more()) {
            bar.show(passed);
        }
    }

    /// There will be no more than that, and the bar is not shown any more.
    pub fn end_bar(&mut self, passed: (u64, u64)) {
        if let Some(bar) = self.bar.take().filter(|_| stderr_takes_more()) {
            bar.end(passed);
        }
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
            "Ncat"
        };
        match self.dropped.take() {
            0 => self.print(&format!("{front}: {words}\n")),
            n => self.print(&format!(
                "Ncat: ({n} messages were dropped.)\n{front}: {words}\n"
            )),
        }
    }

    /// Says what always has to be said.
    pub fn error(&self, words: &str) {
        self.say(Level::Error, words);
    }

    /// Says what a waiting test script wants to see (`--test`).
    pub fn announce(&self, words: &str) {
        self.print(&format!("NCAT TEST: {words}\n"));
    }

    fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.make_room(&mut || print(text)),
            None => print(text),
        }
    }
}

/// Says a line that is finished as it is.
pub fn line(line: &str) {
    print(&format!("{line}\n"));
}

/// Writes what is no line: a picture.
pub fn raw(text: &str) {
    print(text);
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
