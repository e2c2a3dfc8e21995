//! Why there is nothing to run, as the user is told.

use std::io;

use crate::net::dial;
use crate::say::Fact;

/// Why there was nothing to run.
pub(super) struct Quitting {
    /// Without a full stop.
    pub reason: String,
    pub status: u8,
    /// What is certain to help, in a sentence.
    pub hint: Option<String>,
}

impl Quitting {
    pub(super) fn words(&self) -> String {
        match self.status {
            1 => format!("{}.", self.reason),
            _ => format!("{}. QUITTING.", self.reason),
        }
    }

    pub(super) fn fact(&self) -> Fact {
        let fact = Fact::new("failed")
            .reason(&self.reason)
            .number("status", self.status.into());
        match &self.hint {
            Some(hint) => fact.hint(hint),
            None => fact,
        }
    }
}

pub(super) fn refuse(what: &str, error: &io::Error) -> Quitting {
    Quitting {
        reason: format!("{what}: {}", dial::words(error)),
        status: 2,
        hint: None,
    }
}

/// A kernel that lacks what is to be used is nobody's mistake in using us.
pub(super) fn refuse_place(what: &str, error: &io::Error) -> Quitting {
    match error.kind() {
        io::ErrorKind::Unsupported => Quitting {
            reason: dial::words(error),
            status: 1,
            hint: None,
        },
        _ => refuse(what, error),
    }
}

pub(super) fn usage(words: String) -> Quitting {
    Quitting {
        reason: words,
        status: 2,
        hint: None,
    }
}
