//! What members of a hub said and left behind: with `--delay`, a chunk may still wait for its time when
//! its speaker has gone.
//!
//! Promise: what was read from a member is not lost because the member is.

use std::collections::VecDeque;
use std::time::Instant;

use super::Pace;
use crate::data::Buf;

/// How many chunks may be left behind before nobody is read: members that come and go while nobody
/// takes what they say must not fill the memory.
const MOST: usize = 16;

/// What one member left behind.
pub(super) struct Leftover {
    /// What it said last, if that was still held.
    pub words: Buf,
    /// When that may be heard.
    pub release: Option<Pace>,
    /// Who it was to the others.
    pub number: u32,
}

/// Chunks without a speaker, in the order in which the speakers left.
#[derive(Default)]
pub(super) struct Leftovers {
    chunks: VecDeque<Leftover>,
}

impl Leftovers {
    /// A member goes and leaves this behind.
    pub(super) fn add(&mut self, chunk: Leftover) {
        self.chunks.push_back(chunk);
    }

    /// Whether there is one whose time has come, and how many bytes it has.
    pub(super) fn due(&self, now: Instant) -> Option<usize> {
        let chunk = self.chunks.front()?;
        let open = chunk
            .release
            .as_ref()
            .is_none_or(|release| release.is_open(now));
        open.then(|| chunk.words.len())
    }

    /// The next, to be passed on.
    pub(super) fn take(&mut self) -> Option<Leftover> {
        self.chunks.pop_front()
    }

    /// Nobody will hear them.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
    }

    /// Whether nothing is left behind.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether there are so many that nobody should be read.
    pub(super) fn is_full(&self) -> bool {
        self.chunks.len() >= MOST
    }

    /// When the next chunk may go, if that is still to come.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let next = self.chunks.front()?;
        next.release.as_ref()?.deadline(now)
    }
}
