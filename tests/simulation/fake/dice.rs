//! Where decisions come from: a seed, or the bytes of a fuzzer.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ncat::wire::oracle::Random;

/// Decisions, shared by everything in one world so that one schedule rules it all. Every question is
/// put so that 0 is the plain answer: bytes that have run out answer 0 for ever, and things end.
#[derive(Clone)]
pub(crate) struct Dice(Rc<RefCell<Source>>);

enum Source {
    Seed(Random),
    /// And how many have been used.
    Bytes(Vec<u8>, usize),
}

impl Dice {
    /// Decisions that are the same for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(Source::Seed(Random::new(seed)))))
    }

    /// Decisions that stand in these bytes.
    pub(crate) fn written(bytes: &[u8]) -> Self {
        Self(Rc::new(RefCell::new(Source::Bytes(bytes.to_vec(), 0))))
    }

    /// A number below `limit`, which is not 0.
    pub(crate) fn below(&self, limit: usize) -> usize {
        match &mut *self.0.borrow_mut() {
            Source::Seed(random) => random.below(limit),
            Source::Bytes(bytes, used) => {
                let mut byte = || {
                    *used += 1;
                    usize::from(bytes.get(*used - 1).copied().unwrap_or(0))
                };
                let number = if limit > 256 {
                    byte() << 8 | byte()
                } else {
                    byte()
                };
                number % limit
            }
        }
    }

    /// Something that happens once in so many times.
    pub(crate) fn once_in(&self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of them; the first is the plain one.
    pub(crate) fn pick<T: Clone>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// From 1 to `most`: mostly all of it, often a part, for what may be cut short.
    pub(crate) fn part(&self, most: usize) -> usize {
        match self.below(3) {
            0 | 1 => most,
            _ => 1 + self.below(most),
        }
    }

    /// How long something takes that takes long at times.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(self.pick(&[0, 0, 0, 1, 1, 3, 10, 60, 200, 450, 550, 1300]))
    }
}
