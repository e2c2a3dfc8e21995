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

    /// How many wait for somebody to need one.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.0.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::fd::AsRawFd;

    use super::*;

    fn number(pipe: &Pipe) -> i32 {
        pipe.reader.as_raw_fd()
    }

    #[test]
    fn a_pipe_that_was_given_back_is_handed_on_with_what_is_known_of_it() {
        let (pipes, others) = {
            let pipes = Pipes::default();
            (pipes.clone(), pipes)
        };
        let pipe = pipes.take().expect("a pipe");
        let first = number(&pipe);
        let second = pipes.take().expect("a pipe");
        assert_ne!(number(&second), first, "nobody shares one at the same time");
        pipes.give_back(pipe);
        let again = others.take().expect("a pipe");
        assert_eq!(number(&again), first, "whoever needs one next has it");
    }

    #[test]
    fn no_more_pipes_are_kept_than_a_few() {
        let pipes = Pipes::default();
        let many: Vec<Pipe> = (0..3 * Pipes::KEEP)
            .map(|_| pipes.take().expect("a pipe"))
            .collect();
        let numbers: BTreeSet<i32> = many.iter().map(number).collect();
        assert_eq!(numbers.len(), many.len(), "each has its own");
        many.into_iter().for_each(|pipe| pipes.give_back(pipe));
        assert_eq!(pipes.kept(), Pipes::KEEP, "the others are closed");
    }
}
