//! Pipes that lie between two descriptors when neither is one, kept for the next who needs one.
//!
//! Promise: a pipe is handed on empty, and no more are kept than a few: each is two descriptors.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use os_pipe::{PipeReader, PipeWriter};

use super::Width;

/// A pipe, and what is known of how much it holds.
pub(super) struct Pipe {
    pub(super) reader: PipeReader,
    pub(super) writer: PipeWriter,
    pub(super) width: Width,
}

/// Pipes that nobody uses just now; all channels share them.
#[derive(Clone, Default)]
pub struct Pipes(Rc<RefCell<Vec<Pipe>>>);

impl Pipes {
    /// How many are kept: those that move at one time in one thread are few.
    const KEEP: usize = 8;

    /// An empty pipe.
    pub(super) fn take(&self) -> io::Result<Pipe> {
        if let Some(pipe) = self.0.borrow_mut().pop() {
            return Ok(pipe);
        }
        let (reader, writer) = os_pipe::pipe()?;
        let width = Width::default();
        Ok(Pipe {
            reader,
            writer,
            width,
        })
    }

    /// Takes an empty pipe back.
    pub(super) fn give_back(&self, pipe: Pipe) {
        let mut all = self.0.borrow_mut();
        if all.len() < Self::KEEP {
            all.push(pipe);
        }
    }
}
