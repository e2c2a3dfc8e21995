//! Long transfers: the hash that is asked for, and the bar.

mod bar;
mod digests;

use std::io::{self, IsTerminal as _};

use self::bar::{Drawn, Whole};
use super::guests;
use crate::cli::plan::Checksum::{Blake3, Sha256};
use crate::cli::plan::{Guests, Plan, Progress};
use crate::net::Checksum;
use crate::net::stdio;
use crate::say::Say;

/// The hash of what passes, if it is asked for.
pub(super) fn checksum(plan: &Plan) -> Option<Checksum> {
    Some(match plan.transfer.checksum? {
        Sha256 => Checksum {
            name: "sha256",
            begin: digests::sha256,
        },
        Blake3 => Checksum {
            name: "blake3",
            begin: digests::blake3,
        },
    })
}

/// Puts the bar beside what is said, if it is asked for and can be seen.
pub(super) fn with_bar(plan: &Plan, say: Say) -> Say {
    let shown = match plan.transfer.progress {
        Some(Progress::Always) => true,
        Some(Progress::Auto) => io::stderr().is_terminal(),
        Some(Progress::Never) | None => false,
    };
    match shown {
        true => say.with_bar(Box::new(Drawn::new(whole(plan)))),
        false => say,
    }
}

/// How much is to pass, as far as that is known: stdin's size is what is sent, if all of it is, once.
fn whole(plan: &Plan) -> Whole {
    if let Some(size) = plan.transfer.size {
        return Whole::Either(size);
    }
    let one = guests(&plan.role) == Guests::One && plan.command.is_none();
    let as_it_is = !plan.flow.recv_only && !plan.dress.crlf;
    let size = stdio::input_size().filter(|_| one && as_it_is);
    size.map_or(Whole::Unknown, Whole::Sent)
}
