//! What an end says, when it arrives, and how it ends.

use std::collections::VecDeque;
use std::time::Instant;

use super::Dice;

/// How an end's words end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// End of file.
    Over,
    /// A reset.
    Break,
    /// Never: it falls silent and stays.
    Never,
}

/// Words repeat after so many bytes, so that a place can be told from its neighbours, and every byte
/// tells whose it is.
const PERIOD: usize = 31;

/// Whose byte that is, and the place of it modulo the period.
pub(crate) fn speaker_of(byte: u8) -> (usize, usize) {
    (usize::from(byte) / PERIOD, usize::from(byte) % PERIOD)
}

/// What that speaker says at that place.
pub(crate) fn word(who: usize, place: usize) -> u8 {
    (who * PERIOD + place % PERIOD) as u8
}

/// What an end says.
pub(crate) struct Voice {
    /// Number of the speaker, below 8.
    pub who: usize,
    /// How it ends after all words.
    pub fate: Fate,
    /// Bytes that will be said in all.
    pub total: usize,
    /// Bytes that could be read by now. Invariant: `pulled <= arrived <= total`.
    pub arrived: usize,
    /// Bytes that have been read.
    pub pulled: usize,
    /// The fate has come: whoever reads on will meet it.
    pub ended: bool,
    /// The fate has been met.
    pub met: bool,
    /// Lengths of messages that have arrived and were not read.
    pub messages: VecDeque<usize>,
    /// Lengths of what was read at a time.
    pub pieces: Vec<usize>,
    /// When more arrives.
    pub next_at: Option<Instant>,
    /// The most that arrives at a time.
    pub gulp: usize,
}

impl Voice {
    /// Speaker `who` will say `total` bytes, at most `gulp` at a time, from `now` on.
    pub(crate) fn new(who: usize, total: usize, gulp: usize, fate: Fate, now: Instant) -> Self {
        assert!(who < 8, "a byte has room for eight speakers");
        Self {
            who,
            fate,
            total,
            arrived: 0,
            pulled: 0,
            ended: false,
            met: false,
            messages: VecDeque::new(),
            pieces: Vec::new(),
            next_at: Some(now),
            gulp,
        }
    }

    /// Speaker `who` says nothing of its own: what it hears will be its words.
    pub(crate) fn echo(who: usize, now: Instant) -> Self {
        Self {
            next_at: None,
            ..Self::new(who, 0, 1, Fate::Never, now)
        }
    }

    /// Everything is there from the start, as in a file.
    pub(crate) fn arrive_at_once(&mut self) {
        (self.arrived, self.ended, self.next_at) = (self.total, true, None);
    }

    /// Bytes that could be read now.
    pub(crate) fn unread(&self) -> usize {
        self.arrived - self.pulled
    }

    /// Whether a read would say something other than "wait".
    pub(crate) fn has_something(&self) -> bool {
        self.unread() > 0 || !self.messages.is_empty() || self.ended
    }

    /// More arrives, or the end does.
    pub(crate) fn arrive(&mut self, as_messages: bool, now: Instant, dice: &Dice) {
        self.next_at = None;
        let left = self.total - self.arrived;
        if left == 0 {
            self.ended = self.fate != Fate::Never;
            return;
        }
        let n = dice.part(left.min(self.gulp));
        self.arrived += n;
        if as_messages {
            if dice.once_in(8) {
                self.messages.push_back(0);
            }
            self.messages.push_back(n);
        }
        self.next_at = Some(now + dice.pause());
    }

    /// Nothing more will arrive, and after what has arrived comes that.
    pub(crate) fn cut_off(&mut self, fate: Fate) {
        (self.total, self.fate) = (self.arrived, fate);
        (self.ended, self.next_at) = (fate != Fate::Never, None);
    }

    /// The next words, as many as fill `into`; they count as read.
    pub(crate) fn say(&mut self, into: &mut [u8]) {
        let from = self.pulled;
        for (byte, place) in into.iter_mut().zip(from..) {
            *byte = word(self.who, place);
        }
        self.pulled += into.len();
        self.pieces.push(into.len());
        assert!(self.pulled <= self.arrived, "read before it arrived");
    }

    /// Whether `heard` is what this voice says from place `from` on.
    pub(crate) fn says(&self, heard: &[u8], from: usize) -> bool {
        heard
            .iter()
            .zip(from..)
            .all(|(byte, place)| *byte == word(self.who, place))
    }
}
