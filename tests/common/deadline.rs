//! The only way to wait in these tests: for descriptors, until a point in time.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// What a step of a test gives, or the sentence that says what went wrong.
pub(crate) type Told<T = ()> = Result<T, String>;

/// What the test itself asks of the system.
pub(crate) fn told<T>(result: io::Result<T>) -> Told<T> {
    result.map_err(|e| format!("the test cannot set its scene: {e}"))
}

/// How long anything may take that should happen at once. Far more than it needs on a loaded
/// machine.
pub(crate) const USUAL: Duration = Duration::from_secs(20);

/// A point in time after which waiting is a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    pub(crate) fn usual() -> Self {
        Self::after(USUAL)
    }

    pub(crate) fn sooner(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub(crate) fn passed(self) -> bool {
        self.left().is_zero()
    }

    /// Waits until one of `fds` is ready; false when the deadline came first.
    pub(crate) fn poll(self, fds: &mut [PollFd<'_>]) -> Told<bool> {
        loop {
            let left = Timespec::try_from(self.left()).map_err(|e| format!("no such time: {e}"))?;
            match poll(fds, Some(&left)) {
                Ok(0) if self.passed() => return Ok(false),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(format!("poll failed: {error}")),
            }
        }
    }
}

/// A stop-watch on the test itself, for scenes in which the program gives it only so long to act.
#[derive(Debug)]
pub(crate) struct Watch {
    limit: Duration,
    begun: Cell<Option<Instant>>,
    late: Cell<bool>,
}

impl Watch {
    pub(crate) fn begin(&self) {
        self.begun.set(Some(Instant::now()));
    }

    /// The test has acted; it was late if it was kept from that for too long.
    pub(crate) fn end(&self) {
        let took = self.begun.take().map(|begun| begun.elapsed());
        self.late.set(self.late.get() || took > Some(self.limit));
    }
}

/// Plays a scene again that failed because a busy machine kept the test from acting within `limit`.
pub(crate) fn in_time(limit: Duration, scene: impl Fn(&Watch) -> Told) -> Told {
    const TIMES: usize = 5;
    let mut result = Ok(());
    for _ in 0..TIMES {
        let watch = Watch {
            limit,
            begun: Cell::new(None),
            late: Cell::new(false),
        };
        result = scene(&watch);
        if result.is_ok() || !watch.late.get() {
            break;
        }
    }
    result
}
