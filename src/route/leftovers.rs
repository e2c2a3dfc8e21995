//! What members of a hub said and left behind: with `--delay`, a chunk may still wait for its time when
//! its speaker has gone.
//!
//! Promise: what was read from a member is not lost because the member is.

use std::collections::VecDeque;
use std::time::Instant;

use super::Pace;
use crate::data::Buf;

/// How many chunks may be left behind before nobody is read: members that come and go while stdout is
/// not read must not fill the memory.
const MOST: usize = 16;

/// Chunks without a speaker, in the order in which the speakers left.
#[derive(Default)]
pub(super) struct Leftovers {
    chunks: VecDeque<(Buf, Pace)>,
}

impl Leftovers {
    /// A member goes and leaves this chunk behind.
    pub(super) fn add(&mut self, chunk: Buf, pace: Pace) {
        if !chunk.is_empty() {
            self.chunks.push_back((chunk, pace));
        }
    }

    /// The next chunk whose time has come.
    pub(super) fn next(&mut self, now: Instant) -> Option<&mut Buf> {
        let (chunk, pace) = self.chunks.front_mut()?;
        pace.is_open(now).then_some(chunk)
    }

    /// The next chunk has been passed on.
    pub(super) fn pass(&mut self) {
        self.chunks.pop_front();
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
        self.chunks.front().and_then(|(_, pace)| pace.deadline(now))
    }
}
