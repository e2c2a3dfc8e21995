//! What a thread has for the loop, and the loop for a thread.
//!
//! The channels of the standard library can do more, and are larger than all that our threads do. Promise:
//! everything arrives once and in order, and whoever waits is woken.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mio::Waker;

/// Where things are put by some and taken by one.
pub(super) struct Mailbox<T> {
    things: Mutex<VecDeque<T>>,
    bell: Condvar,
    /// Wakes the loop, if it is the loop that takes.
    waker: Option<Waker>,
}

impl<T> Mailbox<T> {
    /// One that the loop takes from.
    pub(super) fn of_loop(waker: Waker) -> Arc<Self> {
        Self::new(Some(waker))
    }

    /// One that a thread takes from.
    pub(super) fn of_thread() -> Arc<Self> {
        Self::new(None)
    }

    fn new(waker: Option<Waker>) -> Arc<Self> {
        Arc::new(Self {
            things: Mutex::default(),
            bell: Condvar::new(),
            waker,
        })
    }

    /// Nothing that is done under the lock can fail half-way.
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in.
    pub(super) fn put(&self, thing: T) {
        self.lock().push_back(thing);
        self.bell.notify_one();
        if let Some(waker) = &self.waker {
            let _ = waker.wake(); // fails for want of kernel memory only
        }
    }

    /// Takes what came first, if there is anything.
    pub(super) fn take(&self) -> Option<T> {
        self.lock().pop_front()
    }

    /// Takes what came first, and waits for it so long.
    pub(super) fn wait(&self, most: Duration) -> Option<T> {
        let waited = self
            .bell
            .wait_timeout_while(self.lock(), most, |things| things.is_empty());
        let (mut things, _) = waited.unwrap_or_else(PoisonError::into_inner);
        things.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn everything_arrives_once_and_in_order() {
        let (there, back) = (Mailbox::of_thread(), Mailbox::of_thread());
        let (from, to) = (Arc::clone(&there), Arc::clone(&back));
        let patience = Duration::from_secs(20);
        let work = move || {
            for _ in 0..1000 {
                to.put(from.wait(patience).map(|n: u32| n + 1));
            }
        };
        let thread = thread::spawn(work);
        (0..1000).for_each(|n| there.put(n));
        let all: Vec<_> = (0..1000).map(|_| back.wait(patience).flatten()).collect();
        thread.join().expect("a thread that ends");
        assert_eq!(all, (1..=1000).map(Some).collect::<Vec<_>>());
        assert_eq!(back.take(), None, "there is nothing left");
        assert_eq!(back.wait(Duration::ZERO), None, "and nobody waits for more");
    }
}
