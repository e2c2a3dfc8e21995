//! Lists of hosts, read again while we serve.
//!
//! Files and name servers may keep a reader waiting, so a thread reads them, which lives as long as
//! that takes. Promise: one reads at a time; nobody who is in is dropped; a list that is wrong leaves
//! the old ones in force.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use mio::{Registry, Waker};

use super::dial::words;
use super::{Shell, token};
use crate::access::{Lists, Mistake};
use crate::say::Level;

/// Reads all files of both lists.
pub type Reader = Arc<dyn Fn() -> Result<Lists, Mistake> + Send + Sync>;

/// Reads lists when asked to.
pub(super) struct Reload {
    reader: Reader,
    waker: Arc<Waker>,
    reading: Option<Reading>,
}

/// A thread is at it.
struct Reading {
    result: Receiver<Result<Lists, Mistake>>,
    /// We were asked meanwhile, so what it has read may be old already.
    again: bool,
}

impl Reload {
    /// Will read when asked to.
    pub(super) fn new(reader: Reader, registry: &Registry) -> io::Result<Self> {
        let waker = Arc::new(Waker::new(registry, token::LISTS)?);
        Ok(Self {
            reader,
            waker,
            reading: None,
        })
    }

    /// Begins to read, or notes that it must be done once more.
    fn begin(&mut self) -> io::Result<()> {
        if let Some(reading) = &mut self.reading {
            reading.again = true;
            return Ok(());
        }
        let (sender, result) = channel();
        let (reader, waker) = (Arc::clone(&self.reader), Arc::clone(&self.waker));
        let read = move || {
            let _ = sender.send(reader()); // it is taken unless we are ending
            let _ = waker.wake(); // fails for want of kernel memory only
        };
        thread::Builder::new().name("lists".into()).spawn(read)?;
        self.reading = Some(Reading {
            result,
            again: false,
        });
        Ok(())
    }

    /// What has been read, if it has, and whether it must be read once more.
    fn end(&mut self) -> Option<(Result<Lists, Mistake>, bool)> {
        let reading = self.reading.as_ref()?;
        let result = reading.result.try_recv().ok()?;
        let again = reading.again;
        self.reading = None;
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
                self.sent_away = None;
                self.say.say(
                    Level::Verbose,
                    "The lists of hosts have been read again and are in force.",
                );
            }
            Err(mistake) => {
                let words = mistake.sentences().join("\nNcat: ");
                self.say
                    .error(&format!("{words} The old lists stay in force."));
            }
        }
        if again {
            self.read_lists();
        }
    }
}
