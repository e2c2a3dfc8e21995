//! What one member of a mesh hears: the log from its coming until its going, less its own words.

use std::time::Instant;

use super::ledger::Ledger;
use crate::fake::End;

/// What is known of a member of a mesh.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Where in the ledger it came in.
    pub(super) from: usize,
    /// Where it goes, once that is known.
    until: Option<usize>,
    /// The entry it hears next, and how much of that it has heard.
    at: (usize, usize),
    /// What each speaker had said when it came, and when it was to go.
    pub(super) heard_from: [usize; 8],
    pub(super) heard_until: Option<[usize; 8]>,
    /// When it last took something, and how much it has taken.
    pub(super) took: (Instant, usize),
    pub(super) left: Left,
}

/// How a member went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Not at all, or with everything that was meant for it.
    Well,
    /// It was closed at once.
    AtOnce,
    /// It took nothing while others waited.
    Stalled,
}

impl Seat {
    pub(super) fn new(ledger: &Ledger, now: Instant) -> Self {
        let from = ledger.entries.len();
        Self {
            from,
            until: None,
            at: (from, 0),
            heard_from: ledger.logged,
            heard_until: None,
            took: (now, 0),
            left: Left::Well,
        }
    }

    /// It is to go when it has everything that was said so far.
    pub(super) fn part(&mut self, ledger: &Ledger) {
        self.until.get_or_insert(ledger.entries.len());
        self.heard_until.get_or_insert(ledger.logged);
    }

    /// A turn is over: it may have taken something.
    pub(super) fn mark(&mut self, accepted: usize, now: Instant) {
        if self.took.1 != accepted {
            self.took = (now, accepted);
        }
    }

    /// Steps over what it does not hear: its own words, and entries that are read out.
    fn skip(&mut self, ledger: &Ledger, who: usize) {
        while let Some(entry) = ledger.entries.get(self.at.0)
            && self.until.is_none_or(|until| self.at.0 < until)
            && (entry.origin == Some(who) || self.at.1 == entry.bytes.len())
        {
            self.at = (self.at.0 + 1, 0);
        }
    }

    /// Whether it has heard everything that was meant for it.
    pub(super) fn has_all(&mut self, ledger: &Ledger, who: usize) -> bool {
        self.skip(ledger, who);
        self.at.0 == self.until.unwrap_or(ledger.entries.len())
    }

    /// It hears what its end was given since the last look. Whoever takes messages takes whole ones.
    pub(super) fn listen(&mut self, ledger: &Ledger, end: &mut End) {
        let who = end.voice.who;
        let (ear, mut at) = (&mut end.ear, 0);
        let new = &ear.taken[ear.audited..];
        if !end.nature.messages {
            self.hear(ledger, who, new);
            ear.audited = ear.taken.len();
            return;
        }
        for piece in ear.pieces.split_off(0) {
            self.hear(ledger, who, &new[at..at + piece]);
            let left = ledger.entries.get(self.at.0).map(|entry| entry.bytes.len());
            let whole = piece == 0 || left == Some(piece) && self.at.1 == piece;
            assert!(whole, "a message of {left:?} bytes came as one of {piece}");
            self.skip(ledger, who);
            at += piece;
        }
        ear.audited = ear.taken.len();
    }

    /// It hears these.
    fn hear(&mut self, ledger: &Ledger, who: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            self.skip(ledger, who);
            let entry = ledger.entries.get(self.at.0);
            let within = self.until.is_none_or(|until| self.at.0 < until);
            let Some(entry) = entry.filter(|_| within) else {
                panic!("member {who} hears {} bytes too many", bytes.len());
            };
            let ahead = &entry.bytes[self.at.1..];
            let n = ahead.len().min(bytes.len());
            assert!(
                bytes[..n] == ahead[..n],
                "member {who} hears other words than were said: {:?} instead of {:?}",
                String::from_utf8_lossy(&bytes[..n]),
                String::from_utf8_lossy(&ahead[..n]),
            );
            bytes = &bytes[n..];
            self.at.1 += n;
        }
    }
}
