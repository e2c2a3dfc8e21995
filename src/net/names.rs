//! Names looked up while others are served.
//!
//! A name server may keep whoever asks it waiting, so threads ask, which begin when there is something to
//! look up and end when there has been nothing for a while. Promise: nobody who is served waits for
//! somebody else's name, unless as many names as there are threads have no answer; the loop is woken for
//! every answer; there are never more than [`THREADS`].

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mio::{Registry, Waker};

use super::token;

/// How many names may be waited for at one time. One thread would let a name without a server stop all
/// others; the system's resolver asks a server two or three times, for five seconds each.
const THREADS: usize = 8;
/// How long a thread waits for the next name.
const IDLE: Duration = Duration::from_secs(10);

/// Looks one name up: all its addresses, or why there are none.
pub type LookUp = Arc<dyn Fn(&str) -> Result<Vec<IpAddr>, String> + Send + Sync>;

/// What a look-up came to, with the number it was asked under.
pub(super) type Found = (usize, Result<Vec<IpAddr>, String>);

/// Looks names up when asked to.
pub(super) struct Names {
    look_up: LookUp,
    waker: Arc<Waker>,
    desk: Arc<Desk>,
    sender: Sender<Found>,
    found: Receiver<Found>,
}

/// Where names wait for a thread.
#[derive(Default)]
struct Desk {
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Default)]
struct Queue {
    names: VecDeque<(usize, String)>,
    /// Threads there are.
    threads: usize,
    /// Threads that wait for a name.
    idle: usize,
}

impl Names {
    /// Will look names up when asked to.
    pub(super) fn new(look_up: LookUp, registry: &Registry) -> io::Result<Self> {
        let (sender, found) = channel();
        Ok(Self {
            look_up,
            waker: Arc::new(Waker::new(registry, token::NAMES)?),
            desk: Arc::default(),
            sender,
            found,
        })
    }

    /// Has a name looked up; the answer comes under that number.
    ///
    /// # Errors
    /// There is no thread to do it, and the system makes none.
    pub(super) fn ask(&self, number: usize, name: String) -> io::Result<()> {
        let mut queue = self.desk.lock();
        if queue.idle <= queue.names.len() && queue.threads < THREADS {
            match self.begin() {
                Ok(()) => queue.threads += 1,
                Err(error) if queue.threads == 0 => return Err(error),
                Err(_) => {} // those that are there will do it
            }
        }
        queue.names.push_back((number, name));
        self.desk.bell.notify_one();
        Ok(())
    }

    /// Nobody waits for that one any more.
    pub(super) fn forget(&self, number: usize) {
        self.desk.lock().names.retain(|(other, _)| *other != number);
    }

    /// The next answer that has come.
    pub(super) fn next(&self) -> Option<Found> {
        self.found.try_recv().ok()
    }

    fn begin(&self) -> io::Result<()> {
        let (desk, look_up) = (Arc::clone(&self.desk), Arc::clone(&self.look_up));
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let work = move || {
            while let Some((number, name)) = desk.wait() {
                let _ = sender.send((number, look_up(&name))); // it is taken unless we are ending
                let _ = waker.wake(); // fails for want of kernel memory only
            }
        };
        thread::Builder::new().name("names".into()).spawn(work)?;
        Ok(())
    }
}

impl Desk {
    /// Nothing that is done under the lock can fail half-way.
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next name; none when there has been none for a while, and the thread is to end.
    fn wait(&self) -> Option<(usize, String)> {
        let mut queue = self.lock();
        queue.idle += 1;
        let waited = self
            .bell
            .wait_timeout_while(queue, IDLE, |queue| queue.names.is_empty());
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        queue.idle -= 1;
        let next = queue.names.pop_front();
        queue.threads -= usize::from(next.is_none());
        next
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mio::{Events, Poll};

    use super::*;

    /// The answers to so many questions, as the loop takes them.
    fn answers(names: &Names, poll: &mut Poll, count: usize) -> Vec<Found> {
        let mut events = Events::with_capacity(8);
        let mut found = Vec::new();
        while found.len() < count {
            poll.poll(&mut events, Some(Duration::from_secs(20)))
                .expect("a poll");
            assert!(!events.is_empty(), "nobody woke the loop");
            found.extend(std::iter::from_fn(|| names.next()));
        }
        found
    }

    #[test]
    fn every_name_is_answered_under_its_number_by_no_more_threads_than_allowed() {
        let mut poll = Poll::new().expect("a poll");
        let busy = Arc::new(Mutex::new((0, 0)));
        let seen = Arc::clone(&busy);
        let look_up: LookUp = Arc::new(move |name: &str| {
            let mut now = seen.lock().expect("nobody panics");
            *now = (now.0 + 1, now.1.max(now.0 + 1));
            drop(now);
            thread::yield_now();
            seen.lock().expect("nobody panics").0 -= 1;
            Err(name.to_uppercase())
        });
        let names = Names::new(look_up, poll.registry()).expect("a waker");
        for number in 0..100 {
            names.ask(number, format!("n{number}")).expect("a thread");
        }
        let found = answers(&names, &mut poll, 100);
        let numbers: BTreeSet<usize> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers.len(), 100, "each number once");
        for (number, answer) in found {
            assert_eq!(answer, Err(format!("N{number}")), "the answer to {number}");
        }
        let most = busy.lock().expect("nobody panics").1;
        assert!(most <= THREADS, "{most} threads at one time");
    }

    #[test]
    fn a_name_without_an_answer_stops_no_other_and_one_that_is_forgotten_is_not_asked() {
        let mut poll = Poll::new().expect("a poll");
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let look_up: LookUp = Arc::new(move |name: &str| {
            if name == "slow" {
                let _ = wait.lock().expect("one slow name").recv(); // until the test has ended
            }
            Ok(Vec::new())
        });
        let names = Names::new(look_up, poll.registry()).expect("a waker");
        names.ask(1, "slow".into()).expect("a thread");
        names.ask(2, "fast".into()).expect("a thread");
        assert_eq!(answers(&names, &mut poll, 1), [(2, Ok(Vec::new()))]);
        names.desk.lock().names.push_back((3, "later".into()));
        names.forget(3);
        drop(go);
        assert_eq!(answers(&names, &mut poll, 1), [(1, Ok(Vec::new()))]);
        assert_eq!(names.next(), None, "nobody asked for anything else");
    }
}
