//! `--delay`: a chunk waits before it is passed on, and its lane waits with it.

use std::time::{Duration, Instant};

/// Holds one chunk at a time for a fixed while.
#[derive(Debug)]
pub struct Pace {
    delay: Duration,
    release: Option<Instant>,
}

impl Pace {
    /// Every chunk waits this long.
    pub fn new(delay: Duration) -> Self {
        Self {
            delay,
            release: None,
        }
    }

    /// A chunk came in; its time runs from now.
    pub fn hold(&mut self, now: Instant) {
        self.release = Some(now + self.delay);
    }

    /// Whether nothing is held at that time.
    pub fn is_open(&self, now: Instant) -> bool {
        self.release.is_none_or(|at| at <= now)
    }

    /// When the chunk that is held may go, if that is still to come.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        self.release.filter(|at| *at > now)
    }
}
