//! Who may come in, and where those may go whom we bring to others: hosts that are allowed and hosts
//! that are denied.
//!
//! ```text
//! --allow, --deny, files ────── entries ─────┬─ spec: one word ── hosts: a set, asked for every peer
//! --proxy-allow, --proxy-deny ─ destinations ┘     │                 │
//!                                                Source            prefixes, patterns
//! ```
//!
//! Knows no sockets, files or name servers. Promise: what a match costs depends on the kinds of
//! entries, not on how many there are.

mod destinations;
mod entries;
mod hosts;
#[doc(hidden)]
pub mod oracle;
mod patterns;
mod spec;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::path::Path;

pub use destinations::{Destinations, reached};
pub use entries::{Entries, Entry, Mistake};
pub use hosts::Hosts;

/// What must be asked of the outside while a list is read.
pub trait Source {
    /// All that a file holds, or why that cannot be known.
    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String>;
    /// The address that is written there, in any of the ways of `inet_aton` or with a zone.
    fn numeric(&mut self, word: &str) -> Option<IpAddr>;
    /// All addresses of a host, or why there are none.
    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String>;
}

/// The lists of one run.
#[derive(Debug, Default, PartialEq)]
pub struct Access {
    /// There is a list of those who are allowed, and so nobody else is.
    pub only_allowed: bool,
    /// What stands on the command line, in force as long as we run.
    pub given: Lists,
    /// What stands in files, which may be read again.
    pub filed: Lists,
}

/// Hosts that are allowed, and hosts that are denied.
#[derive(Debug, Default, PartialEq)]
pub struct Lists {
    /// Let in.
    pub allow: Hosts,
    /// Not let in, though they be allowed.
    pub deny: Hosts,
}

impl Access {
    /// Whether a peer may come in. One without an IP address is in no list.
    pub fn admits(&self, peer: Option<IpAddr>) -> bool {
        let Some(peer) = peer else {
            return !self.only_allowed;
        };
        let lists = [&self.given, &self.filed];
        let allowed = !self.only_allowed || lists.iter().any(|lists| lists.allow.contains(peer));
        allowed && !lists.iter().any(|lists| lists.deny.contains(peer))
    }
}
