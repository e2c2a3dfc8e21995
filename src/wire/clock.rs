//! What time it is, for layers that repeat themselves when nobody answers.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

/// A clock that others set: the loop once each round, a test as it likes. Copies show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Rc<Cell<Instant>>);

impl Clock {
    /// A clock that shows this time.
    pub fn new(now: Instant) -> Self {
        Self(Rc::new(Cell::new(now)))
    }

    /// The time it was set to last.
    pub fn now(&self) -> Instant {
        self.0.get()
    }

    /// Makes all copies show this time.
    pub fn set(&self, now: Instant) {
        self.0.set(now);
    }
}
