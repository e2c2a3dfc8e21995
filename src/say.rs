//! Every line we print on stderr: how loud it must be wanted, and what stands in front of it.
//!
//! What happened is a sentence for people and a [`Fact`] for machines; the [`Manner`] decides which of them is
//! printed. It is set once, by the command line, for all that is said: there is but one stderr.
//! Promise: talking never stops the loop. A line that only `-v` asked for is dropped when nobody
//! reads our stderr, and the next that gets through says how many were. No control character that
//! somebody else chose reaches a terminal.

mod fact;
mod json;
mod manner;
mod stamp;

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::time::SystemTime;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use self::fact::{EVENTS, Fact};
pub use self::manner::{Colour, Manner, speak};

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
        let fact = match level {
            Level::Error => Fact::new("error"),
            Level::Verbose | Level::Debug => Fact::new("message"),
        };
        self.tell(level, words, &fact);
    }

    /// Says what happened if it is wanted: the sentence, or the fact.
    pub fn tell(&self, level: Level, words: &str, fact: &Fact) {
        if !self.hears(level) {
            return;
        }
        if level != Level::Error && !stderr_takes_more() {
            self.dropped.set(self.dropped.get() + 1);
            return;
        }
        let (manner, now) = (manner::now(), SystemTime::now());
        let mut text = String::new();
        let dropped = self.dropped.take();
        if dropped > 0 {
            let fact = Fact::new("dropped").number("count", dropped as u64);
            let words = format!("({dropped} messages were dropped.)");
            text += &manner.told(Level::Verbose, &words, &fact, now);
        }
        text += &manner.told(level, words, fact, now);
        self.print(&text);
    }

    /// Says a line that people need to understand the next, and machines do not.
    pub fn lead(&self, level: Level, words: &str) {
        if !manner::now().json {
            self.say(level, words);
        }
    }

    /// Says to machines what people are told at the end, in other words.
    pub fn report(&self, level: Level, words: &str, fact: &Fact) {
        if manner::now().json {
            self.tell(level, words, fact);
        }
    }

    /// Says what always has to be said.
    pub fn error(&self, words: &str) {
        self.say(Level::Error, words);
    }

    /// Says that something may not be as it is wanted. The sentence begins with "Warning:".
    pub fn warn(&self, words: &str) {
        self.tell(Level::Error, words, &Fact::new("warning"));
    }

    /// Says what a waiting test script wants to see (`--test`).
    pub fn announce(&self, words: &str) {
        let manner = manner::now();
        self.print(&manner.line(
            &format!("NCAT TEST: {words}"),
            &Fact::new("test"),
            SystemTime::now(),
        ));
    }

    fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.make_room(&mut || print(text)),
            None => print(text),
        }
    }
}

/// Says a line that is finished as it is.
pub fn line(line: &str, fact: &Fact) {
    print(&manner::now().line(line, fact, SystemTime::now()));
}

/// Says why there is nothing to run: several lines to people, and one fact to machines.
pub fn usage(lines: &[String], hint: Option<&str>, status: u8) {
    let (manner, now) = (manner::now(), SystemTime::now());
    let mut fact = Fact::new("usage").number("status", status.into());
    if let Some(hint) = hint {
        fact = fact.hint(hint);
    }
    if manner.json {
        let bare = lines.iter().map(|line| manner::bare(line));
        let words: Vec<&str> = bare.collect();
        return print(&manner.told(Level::Error, &words.join(" "), &fact, now));
    }
    let hint = hint.filter(|_| manner.hints);
    let hint = hint.map(|hint| format!("Ncat: {hint}"));
    for line in lines.iter().chain(&hint) {
        print(&manner.line(line, &fact, now));
    }
}

/// What [`Say::tell`] would print at that time, for somebody who can make no line any more when it comes.
pub fn last_words(words: &str, fact: &Fact, at: SystemTime) -> Vec<u8> {
    manner::now()
        .told(Level::Error, words, fact, at)
        .into_bytes()
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
