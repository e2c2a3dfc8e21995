//! Lists of hosts, read again while we serve.
//!
//! Files and name servers may keep a reader waiting, so a thread reads them, which lives as long as
//! that takes. Promise: one reads at a time; nobody who is in is dropped; a list that is wrong leaves
//! the old ones in force.

use std::io;
use std::sync::Arc;
use std::thread;

use mio::{Registry, Waker};

use super::dial::words;
use super::mailbox::Mailbox;
use super::{Shell, token};
use crate::access::{Lists, Mistake};
use crate::say::Level;

/// Reads all files of both lists.
pub type Reader = Arc<dyn Fn() -> Result<Lists, Mistake> + Send + Sync>;

/// Reads lists when asked to.
pub(super) struct Reload {
    reader: Reader,
    read: Arc<Mailbox<Result<Lists, Mistake>>>,
    reading: Option<Reading>,
}

/// A thread is at it.
struct Reading {
    /// We were asked meanwhile, so what it has read may be old already.
    again: bool,
}

impl Reload {
    /// Will read when asked to.
    pub(super) fn new(reader: Reader, registry: &Registry) -> io::Result<Self> {
        let waker = Waker::new(registry, token::LISTS)?;
        Ok(Self {
            reader,
            read: Mailbox::of_loop(waker),
            reading: None,
        })
    }

    /// Begins to read, or notes that it must be done once more.
    fn begin(&mut self) -> io::Result<()> {
        if let Some(reading) = &mut self.reading {
            reading.again = true;
            return Ok(());
        }
        let (reader, read) = (Arc::clone(&self.reader), Arc::clone(&self.read));
        let work = move || read.put(reader());
        thread::Builder::new().name("lists".into()).spawn(work)?;
        self.reading = Some(Reading { again: false });
        Ok(())
    }

    /// What has been read, if it has, and whether it must be read once more.
    fn end(&mut self) -> Option<(Result<Lists, Mistake>, bool)> {
        let result = self.read.take()?;
        let again = self.reading.take().is_some_and(|reading| reading.again);
        Some((result, again))
    }
}

impl Shell {
    /// Reads the lists again.
    pub(super) fn read_lists(&mut self) {
        let begun = self.reload.as_mut().map(Reload::begin);
        if let Some(Err(error)) = begun {
            let words = words(&error);
            self.say.error(&format!(
                "The lists of hosts cannot be read again: {words}. The old ones stay in force."
            ));
        }
    }

    /// Lists have been read, well or not.
    pub(super) fn note_lists(&mut self) {
        let Some((result, again)) = self.reload.as_mut().and_then(Reload::end) else {
            return;
        };
        match result {
            Ok(lists) => {
                self.config.access.filed = lists;
                self.say.say(
                    Level::Verbose,
                    "The lists of hosts have been read again and are in force.",
                );
            }
            Err(mistake) => {
                let mut sentences = mistake.sentences();
                if let Some(last) = sentences.last_mut() {
                    last.push_str(" The old lists stay in force.");
                }
                for sentence in &sentences {
                    self.say.error(sentence);
                }
            }
        }
        if again {
            self.read_lists();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use mio::{Events, Poll};

    use super::*;

    /// Waits for the waker, as the loop does.
    fn woken(poll: &mut Poll) {
        let mut events = Events::with_capacity(1);
        let limit = Some(Duration::from_secs(20));
        poll.poll(&mut events, limit).expect("a poll");
        let tokens: Vec<_> = events.iter().map(|event| event.token()).collect();
        assert_eq!(tokens, [token::LISTS], "who woke the loop");
    }

    #[test]
    fn one_reads_at_a_time_and_once_more_if_asked_meanwhile() {
        let mut poll = Poll::new().expect("a poll");
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let reader: Reader = Arc::new(move || {
            let alone = wait.try_lock().expect("nobody else reads");
            alone.recv().expect("a word from the test");
            Ok(Lists::default())
        });
        let mut reload = Reload::new(reader, poll.registry()).expect("a waker");
        assert_eq!(reload.end(), None, "nobody has asked");
        reload.begin().expect("a thread");
        assert_eq!(reload.end(), None, "it is being read");
        for _ in 0..3 {
            reload.begin().expect("a note");
        }
        go.send(()).expect("a reader");
        woken(&mut poll);
        assert_eq!(
            reload.end(),
            Some((Ok(Lists::default()), true)),
            "once more"
        );
        assert_eq!(reload.end(), None, "it is taken");
        reload.begin().expect("a thread");
        go.send(()).expect("a reader");
        woken(&mut poll);
        assert_eq!(
            reload.end(),
            Some((Ok(Lists::default()), false)),
            "the last"
        );
    }
}
