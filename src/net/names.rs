//! Names looked up while others are served.
//!
//! A name server may keep whoever asks it waiting, so threads ask, which begin when there is something to
//! look up and end when there has been nothing for a while. Promise: nobody who is served waits for
//! somebody else's name, unless as many names as there are threads have no answer; the loop is woken for
//! every answer; there are never more than [`THREADS`].

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use mio::{Registry, Waker};

use super::mailbox::Mailbox;
use super::token;

/// How many names may be waited for at one time. One thread would let a name without a server stop all
/// others; the system's resolver asks a server two or three times, for five seconds each.
const THREADS: usize = 32;
/// How many of those may be for one host: whoever asks for names without a server stops only its own kind.
const FOR_ONE: usize = 8;
/// How long a thread waits for the next name.
const IDLE: Duration = Duration::from_secs(10);

/// Looks one name up: all its addresses, or why there are none.
pub type LookUp = Arc<dyn Fn(&str) -> Result<Vec<IpAddr>, String> + Send + Sync>;

/// What a look-up came to, with the number it was asked under.
pub(super) type Found = (usize, Result<Vec<IpAddr>, String>);

/// Looks names up when asked to.
pub(super) struct Names {
    look_up: LookUp,
    desk: Arc<Desk>,
    found: Arc<Mailbox<Found>>,
}

/// Where names wait for a thread.
#[derive(Default)]
struct Desk {
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Default)]
struct Queue {
    names: VecDeque<Wanted>,
    /// Threads there are.
    threads: usize,
    /// Threads that wait for a name.
    idle: usize,
    /// How many threads look something up for each host for which any does.
    busy: BTreeMap<IpAddr, usize>,
}

/// A name that is to be looked up.
struct Wanted {
    number: usize,
    name: String,
    /// For whom.
    host: IpAddr,
}

impl Queue {
    /// The first that may be looked up now.
    fn next(&mut self) -> Option<Wanted> {
        let busy = &self.busy;
        let is_free = |wanted: &Wanted| busy.get(&wanted.host).is_none_or(|n| *n < FOR_ONE);
        let at = self.names.iter().position(is_free)?;
        let wanted = self.names.remove(at)?;
        *self.busy.entry(wanted.host).or_default() += 1;
        Some(wanted)
    }

    /// A look-up for that host is over.
    fn done(&mut self, host: IpAddr) {
        if let Entry::Occupied(mut busy) = self.busy.entry(host) {
            *busy.get_mut() -= 1;
            if *busy.get() == 0 {
                busy.remove();
            }
        }
    }
}

impl Names {
    /// Will look names up when asked to.
    pub(super) fn new(look_up: LookUp, registry: &Registry) -> io::Result<Self> {
        let waker = Waker::new(registry, token::NAMES)?;
        Ok(Self {
            look_up,
            desk: Arc::default(),
            found: Mailbox::of_loop(waker),
        })
    }

    /// Has a name looked up for a host; the answer comes under that number.
    ///
    /// # Errors
    /// There is no thread to do it, and the system makes none.
    pub(super) fn ask(&self, number: usize, name: String, host: IpAddr) -> io::Result<()> {
        let mut queue = self.desk.lock();
        if queue.idle <= queue.names.len() && queue.threads < THREADS {
            match self.begin() {
                Ok(()) => queue.threads += 1,
                Err(error) if queue.threads == 0 => return Err(error),
                Err(_) => {} // those that are there will do it
            }
        }
        queue.names.push_back(Wanted { number, name, host });
        self.desk.bell.notify_one();
        Ok(())
    }

    /// Nobody waits for that one any more.
    pub(super) fn forget(&self, number: usize) {
        self.desk
            .lock()
            .names
            .retain(|wanted| wanted.number != number);
    }

    /// The next answer that has come.
    pub(super) fn next(&self) -> Option<Found> {
        self.found.take()
    }

    fn begin(&self) -> io::Result<()> {
        let (desk, look_up) = (Arc::clone(&self.desk), Arc::clone(&self.look_up));
        let found = Arc::clone(&self.found);
        let work = move || {
            let mut last = None;
            while let Some(Wanted { number, name, host }) = desk.wait(last) {
                found.put((number, look_up(&name)));
                last = Some(host);
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

    /// The next name, behind a look-up for that host; none when there has been none for a while, and the
    /// thread is to end.
    fn wait(&self, last: Option<IpAddr>) -> Option<Wanted> {
        let mut queue = self.lock();
        if let Some(host) = last {
            queue.done(host);
            self.bell.notify_one(); // another of its names may go now, though this thread takes one before it
        }
        queue.idle += 1;
        let mut next = queue.next();
        if next.is_none() {
            let nothing = |queue: &mut Queue| {
                next = queue.next();
                next.is_none()
            };
            let waited = self.bell.wait_timeout_while(queue, IDLE, nothing);
            (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        queue.idle -= 1;
        queue.threads -= usize::from(next.is_none());
        next
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::mpsc::channel;

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
            let host = IpAddr::from([127, 0, 0, number as u8]);
            let asked = names.ask(number, format!("n{number}"), host);
            asked.expect("a thread");
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
    fn whoever_asks_for_names_without_an_answer_stops_no_other_host() {
        let mut poll = Poll::new().expect("a poll");
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let look_up: LookUp = Arc::new(move |name: &str| {
            if name == "slow" {
                let _ = wait.lock().expect("nobody panics").recv(); // until the test has ended
            }
            Ok(Vec::new())
        });
        let names = Names::new(look_up, poll.registry()).expect("a waker");
        let (one, other) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        for number in 0..2 * THREADS {
            names.ask(number, "slow".into(), one).expect("a thread");
        }
        names.ask(1000, "fast".into(), other).expect("a thread");
        assert_eq!(answers(&names, &mut poll, 1), [(1000, Ok(Vec::new()))]);
        drop(go);
        assert_eq!(answers(&names, &mut poll, 2 * THREADS).len(), 2 * THREADS);
        assert!(
            names.desk.lock().busy.len() <= 1,
            "who waits for nothing is forgotten"
        );
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
        let host = IpAddr::from([127, 0, 0, 1]);
        names.ask(1, "slow".into(), host).expect("a thread");
        names.ask(2, "fast".into(), host).expect("a thread");
        assert_eq!(answers(&names, &mut poll, 1), [(2, Ok(Vec::new()))]);
        names.desk.lock().names.push_back(Wanted {
            number: 3,
            name: "later".into(),
            host,
        });
        names.forget(3);
        drop(go);
        assert_eq!(answers(&names, &mut poll, 1), [(1, Ok(Vec::new()))]);
        assert_eq!(names.next(), None, "nobody asked for anything else");
    }
}
