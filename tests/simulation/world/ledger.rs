//! The books of a mesh: everything that got into its log, in order, and whose it was.
//!
//! Kept where nobody can change it on the way: a broker's words are seen as they pass to the log files
//! (`-o`), a chat's between the chat and the hub.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use ncat::data::Buf;
use ncat::route::{self, Voice};
use ncat::wire::Chat;

use crate::fake::voice::{speaker_of, word};

/// One piece of the log.
pub(super) struct Entry {
    /// Who does not hear it.
    pub(super) origin: Option<usize>,
    pub(super) bytes: Vec<u8>,
}

/// All that was logged.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) entries: Vec<Entry>,
    /// How much of what each speaker said has got into the log.
    pub(super) logged: [usize; 8],
    /// What came from each speaker into the inbox and has not got into the log.
    waiting: [usize; 8],
    /// Members hear each other.
    pub(super) relays: bool,
}

/// Books that several keep.
pub(super) type Books = Rc<RefCell<Ledger>>;

impl Ledger {
    fn add(&mut self, origin: Option<usize>, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        self.entries.push(Entry { origin, bytes });
    }

    /// These words of that speaker are in the log now: the next it said, and nobody else's.
    fn log(&mut self, who: usize, said: &[u8]) {
        for (byte, place) in said.iter().zip(self.logged[who]..) {
            let next = *byte == word(who, place);
            assert!(
                next,
                "these are not the next words of speaker {who}: {said:?}"
            );
        }
        self.logged[who] += said.len();
    }

    /// A chunk passes the log files: from a member twice, when it is read and when it is given on.
    fn pass(&mut self, chunk: &[u8]) {
        let (who, _) = speaker_of(chunk[0]);
        let from_member = who != 0;
        if from_member && !self.relays {
            return;
        }
        if from_member && self.waiting[who] == 0 {
            self.waiting[who] = chunk.len();
            return;
        }
        if from_member {
            assert!(
                chunk.len() <= self.waiting[who],
                "more is given on than was read of speaker {who}"
            );
            self.waiting[who] -= chunk.len();
        }
        self.log(who, chunk);
        self.add(Some(who), chunk);
    }
}

/// A log file that keeps the books.
pub(super) struct Tape(pub(super) Books);

impl route::Log for Tape {
    fn note(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().pass(bytes);
        Ok(())
    }

    fn settle(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}

/// The program's own chat, with somebody who takes down what it writes.
pub(super) struct Clerk {
    pub(super) chat: Chat,
    pub(super) books: Books,
}

impl Voice for Clerk {
    fn relay(&mut self, speaker: u32, said: &[u8], out: &mut Buf) -> usize {
        let before = out.len();
        let used = self.chat.relay(speaker, said, out);
        let mut books = self.books.borrow_mut();
        books.log(speaker as usize, &said[..used]);
        books.add(Some(speaker as usize), &out.filled()[before..]);
        used
    }

    fn end(&mut self, speaker: u32, out: &mut Buf) {
        let before = out.len();
        self.chat.end(speaker, out);
        let mut books = self.books.borrow_mut();
        books.add(Some(speaker as usize), &out.filled()[before..]);
    }

    fn announce(&mut self, words: &str, out: &mut Buf) {
        let before = out.len();
        self.chat.announce(words, out);
        let mut books = self.books.borrow_mut();
        books.add(None, &out.filled()[before..]);
    }
}
