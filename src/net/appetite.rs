//! How much a bulk receiver wants to have before it is woken.
//!
//! On a fast path the receiver empties its socket faster than the sender fills it, and every segment
//! wakes it anew; waking another processor costs more than moving the segment. So a connection that
//! has brought a lot asks the system (SO_RCVLOWAT) to be woken for no less than [`PORTION`].
//! Promise: nothing waits for that longer than [`PATIENCE`]; then the wish is given up until as much
//! has come again, or twice as much if it was of no use. An end of the stream or an error wakes at
//! once as ever.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::sys;

/// What a receiver in bulk wants to have at least: enough to make waking rare, and little enough that
/// the sender never runs out of room meanwhile.
const PORTION: usize = 256 * 1024;
/// How long it waits for that. At the speeds for which this is meant a portion comes in a fraction of
/// a millisecond; timers are no finer than one.
pub(super) const PATIENCE: Duration = Duration::from_millis(3);
/// How much must have come before it counts as bulk.
const BULK: u64 = 4 << 20;

/// The wish of one connection.
#[derive(Debug)]
pub(super) struct Appetite {
    /// Bytes that have come since the wish was made or given up.
    taken: u64,
    /// How many make it wish.
    bulk: u64,
    /// The system has been told.
    wished: bool,
    /// When the wish is given up if nothing has come by then.
    pub(super) until: Option<Instant>,
}

impl Default for Appetite {
    fn default() -> Self {
        Self {
            taken: 0,
            bulk: BULK,
            wished: false,
            until: None,
        }
    }
}

impl Appetite {
    /// Bytes have come.
    pub(super) fn took(&mut self, n: usize) {
        self.taken += n as u64;
    }

    /// The socket is empty: wishes for a portion if it has been giving bulk. True if somebody must
    /// ring when it takes too long. Unix sockets know no such wishes; what a socket is costs a call, and
    /// most never give bulk.
    pub(super) fn sleep(&mut self, socket: BorrowedFd<'_>) -> bool {
        if !self.wished && self.taken >= self.bulk {
            self.wished = !sys::is_unix(socket) && sys::wake_for(socket, PORTION).is_ok();
            self.taken = 0;
        }
        self.wished
    }

    /// It took too long: every byte wakes again.
    pub(super) fn give_up(&mut self, socket: BorrowedFd<'_>) {
        let _ = sys::wake_for(socket, 1); // it was accepted before, and one is always valid
        self.wished = false;
        self.until = None;
        // A pause in a flow that goes on is no reason to doubt it; messages that are merely large are.
        self.bulk = match self.taken >= BULK {
            true => BULK,
            false => self.bulk.saturating_mul(2),
        };
        self.taken = 0;
    }
}
