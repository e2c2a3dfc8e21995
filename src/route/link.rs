//! Two ends that talk to each other: a lane each way.
//!
//! Owns the lanes, not the ends; who finishes what is the mode's business. (Running connections one
//! by one hung: the end of stdin was reached while the socket was full, and nobody looked again.)

use std::time::Instant;

use super::{Context, End, Lane, News, Step, TURN, Turn};

/// Which end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours: stdio or a child.
    Near,
    /// The peer.
    Far,
}

/// Two lanes between two ends.
pub struct Link<E: End> {
    out: Lane<E>,
    back: Lane<E>,
}

impl<E: End> Link<E> {
    /// A link with these lanes: `out` from near to far, `back` from far to near.
    pub fn new(out: Lane<E>, mut back: Lane<E>) -> Self {
        // Our own words are not read for nothing, so the other lane has no such rule.
        back.read_on();
        Self { out, back }
    }

    /// Lets the kernel carry both ways where it can, from here on. False: not yet, for bytes lie in a
    /// queue that must go before.
    pub fn let_kernel_carry(&mut self, near: &E, far: &E) -> bool {
        if !self.out.is_empty() || !self.back.is_empty() {
            return false;
        }
        if let Some(channel) = E::channel(near, far) {
            self.out.let_kernel_carry(channel);
        }
        if let Some(channel) = E::channel(far, near) {
            self.back.let_kernel_carry(channel);
        }
        true
    }

    /// Nothing moves for a while: what nothing waits in is not kept.
    pub fn rest(&mut self) {
        self.out.rest();
        self.back.rest();
    }

    /// One bounded run. Sets `moved` if any byte did.
    pub fn turn(
        &mut self,
        near: &mut E,
        far: &mut E,
        cx: &mut Context<'_>,
        moved: &mut bool,
    ) -> Turn {
        for _ in 0..TURN {
            let step = self.out.carry(near, far, cx)
                | self.back.carry(far, near, cx)
                | flush(near, &mut self.back)
                | flush(far, &mut self.out);
            if !step {
                return Turn::Rest;
            }
            *moved = true;
        }
        Turn::Again
    }

    /// What a lane has to say: which end it came from, and what happened.
    pub fn news(&mut self) -> Option<(Side, News)> {
        let out = self.out.news().map(|news| (Side::Near, news));
        out.or_else(|| self.back.news().map(|news| (Side::Far, news)))
    }

    /// Hands over what was pulled from either end, and nothing more.
    pub fn stop(&mut self) {
        self.out.stop();
        self.back.stop();
    }

    /// Whether everything pulled has been handed over.
    pub fn is_settled(&self, near: &E, far: &E) -> bool {
        self.out.is_settled(far) && self.back.is_settled(near)
    }

    /// Bytes handed to the far end, and to the near one.
    pub fn passed(&self) -> (u64, u64) {
        (self.out.passed(), self.back.passed())
    }

    /// Hashes of the same, of each direction that somebody sees.
    pub fn digests(&self) -> (Option<String>, Option<String>) {
        (self.out.digest(), self.back.digest())
    }

    /// Somebody begins to wait for the near end to fall silent.
    pub fn mark(&mut self) {
        self.out.mark();
    }

    /// What has become of the silence that somebody waits for.
    pub fn lull(&self, near: &E) -> Lull {
        if self.out.has_passed_mark() {
            Lull::Broken
        } else if self.out.is_silent(near) {
            Lull::Held
        } else {
            Lull::Undecided
        }
    }

    /// When a lane wants its next turn though no end is ready.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        [self.out.deadline(now), self.back.deadline(now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether anything could move without an event: asked before every sleep in debug builds.
    pub fn could_move(&self, near: &E, far: &E, now: Instant) -> bool {
        self.out.could_move(near, far, now) || self.back.could_move(far, near, now)
    }
}

/// What has become of a silence that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lull {
    /// Nothing came and nothing waits to go.
    Held,
    /// Something has been handed over since.
    Broken,
    /// Nothing was handed over, but something wants to be.
    Undecided,
}

/// `lane` is the one that brings bytes to this end: what it gave may rest below the end's layers, and
/// a break there is a break of its sink.
fn flush<E: End>(end: &mut E, lane: &mut Lane<E>) -> bool {
    match end.flush() {
        Step::Moved(_) => true,
        Step::Idle | Step::Over => false,
        Step::Broken(error) => {
            lane.lose_sink(error);
            true
        }
    }
}
