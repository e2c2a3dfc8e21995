//! The last things that happened in a world, kept only when a failure is played again.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

/// How many things a person would read.
const KEEP: usize = 60;

/// What happened, if anybody wants to know.
#[derive(Clone, Default)]
pub(crate) struct Trace(Option<Rc<RefCell<VecDeque<String>>>>);

impl Trace {
    /// Remembers.
    pub(crate) fn kept() -> Self {
        Self(Some(Rc::default()))
    }

    /// Something happened; the words are made only if they are kept.
    pub(crate) fn note(&self, words: impl FnOnce() -> String) {
        let Some(lines) = &self.0 else { return };
        let mut lines = lines.borrow_mut();
        if lines.len() == KEEP {
            lines.pop_front();
        }
        lines.push_back(words());
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().flat_map(|lines| lines.borrow().clone());
        lines
            .into_iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}
