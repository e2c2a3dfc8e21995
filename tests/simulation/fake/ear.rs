//! What an end hears, how fast it takes it, and when it stops to.

use std::time::Instant;

use super::Dice;

/// How an end listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// It takes everything, sooner or later.
    Always,
    /// It takes so many bytes and then no more, but stays.
    Until(usize),
    /// It takes so many bytes and breaks.
    BreaksAt(usize),
}

/// What an end hears.
pub(crate) struct Ear {
    pub hearing: Hearing,
    /// Everything that was given, in order.
    pub taken: Vec<u8>,
    /// How many of those an audit has seen.
    pub audited: usize,
    /// Lengths of what was given at a time.
    pub pieces: Vec<usize>,
    /// Bytes that were given and that the listener has yet to look at.
    pub waiting: usize,
    /// How many bytes may wait.
    pub room: usize,
    /// It was told that no more will come.
    pub finished: bool,
    /// Whoever gave met the break.
    pub met_break: bool,
    /// When the listener looks again.
    pub next_at: Option<Instant>,
}

impl Ear {
    /// An ear with room for `room` bytes that were not looked at.
    pub(crate) fn new(room: usize, hearing: Hearing) -> Self {
        Self {
            hearing,
            taken: Vec::new(),
            audited: 0,
            pieces: Vec::new(),
            waiting: 0,
            room,
            finished: false,
            met_break: false,
            next_at: None,
        }
    }

    /// Whether it is broken by now.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.hearing, Hearing::BreaksAt(n) if self.taken.len() >= n)
    }

    /// Whether it will never look at what waits.
    pub(crate) fn is_stuck(&self) -> bool {
        match self.hearing {
            Hearing::Always => false,
            Hearing::Until(n) => self.taken.len() - self.waiting >= n,
            Hearing::BreaksAt(_) => self.is_broken(),
        }
    }

    /// How many more bytes fit. Where it breaks cuts a stream, but no message.
    pub(crate) fn free(&self, messages: bool) -> usize {
        let left = match self.hearing {
            Hearing::BreaksAt(n) if !messages => n.saturating_sub(self.taken.len()),
            Hearing::Always | Hearing::Until(_) | Hearing::BreaksAt(_) => usize::MAX,
        };
        self.room.saturating_sub(self.waiting).min(left)
    }

    /// Is given these.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        assert!(!self.finished, "bytes were given after the end was told");
        self.taken.extend(bytes);
        self.pieces.push(bytes.len());
        self.waiting += bytes.len();
    }

    /// The listener looks at some of what waits; how much.
    pub(crate) fn look(&mut self, dice: &Dice) -> usize {
        self.next_at = None;
        if self.waiting == 0 || self.is_stuck() {
            return 0;
        }
        let n = dice.part(self.waiting);
        self.waiting -= n;
        n
    }
}
