//! What is told of bytes while they pass, and when they have: the bar, and checksums.
//!
//! Promise: nothing here is done for each byte, and the loop is woken for it no more often than an eye can
//! follow, and once a second when nothing passes.

use std::time::{Duration, Instant};

use super::Shell;
use super::alarm::Wake;
use super::routes::Route;
use crate::route::Digest;
use crate::say::{Fact, Level};

/// Between two looks while bytes pass.
const MOVING: Duration = Duration::from_millis(125);
/// Between two looks when none did: the rate that is shown falls.
const STILL: Duration = Duration::from_secs(1);

/// A hash of what passes.
pub struct Checksum {
    /// What people call it.
    pub name: &'static str,
    /// Begins one.
    pub begin: fn() -> Box<dyn Digest>,
}

/// What is known of the bar.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// When it is looked at next; nobody has talked yet if that is not known.
    pub(super) at: Option<Instant>,
    /// What it showed the last time: bytes sent, and bytes received.
    shown: (u64, u64),
    /// What links passed that are over.
    before: (u64, u64),
}

impl Shell {
    /// Somebody talks from now on.
    pub(super) fn begin_progress(&mut self) {
        if self.say.has_bar() && self.progress.at.is_none() {
            self.show_progress();
        }
    }

    /// It is time to look.
    pub(super) fn show_progress(&mut self) {
        let passed = self.passed_in_all();
        self.say.show(passed);
        let begins = self.progress.at.is_none();
        let has_moved = begins || self.progress.shown != passed;
        self.progress.shown = passed;
        let at = self.now + if has_moved { MOVING } else { STILL };
        self.progress.at = Some(at);
        self.alarms.set(at, Wake::Progress);
    }

    /// The program ends: the bar stays as it is in the end, and what links have passed is told.
    pub(super) fn end_progress(&mut self) {
        if self.progress.at.is_some() {
            self.say.end_bar(self.passed_in_all());
        }
    }

    /// A link is over.
    pub(super) fn link_is_over(&mut self, route: &Route, name: &str) {
        let (sent, received) = route.passed_in_all();
        let before = &mut self.progress.before;
        (before.0, before.1) = (before.0 + sent, before.1 + received);
        self.say_checksums(route, name);
    }

    /// Tells the checksums of all links that are left.
    pub(super) fn say_all_checksums(&mut self) {
        if self.config.checksum.is_none() {
            return;
        }
        for (_, route) in self.routes.iter() {
            let Route::Link(link) = route else {
                continue;
            };
            let name = self.conns.find(link.far).map(|conn| &*conn.name);
            self.say_checksums(route, name.unwrap_or_default());
        }
    }

    /// Whoever is one of many is named.
    fn say_checksums(&self, route: &Route, name: &str) {
        let (Some(checksum), Route::Link(link)) = (&self.config.checksum, route) else {
            return;
        };
        let whose = match self.config.single {
            true => String::new(),
            false => format!("{name}: "),
        };
        let ((sent, received), (out, back)) = (link.link.passed(), link.link.digests());
        for (what, bytes, hex) in [("sent", sent, out), ("received", received, back)] {
            if let Some(hex) = hex {
                let kind = checksum.name;
                let words = format!("{whose}{what} {bytes} bytes, {kind} {hex}");
                let fact = Fact::new("checksum").peer(name).text("side", what);
                let fact = fact
                    .number("bytes", bytes)
                    .text("kind", kind)
                    .text("digest", hex);
                self.say.tell(Level::Error, &words, &fact);
            }
        }
    }

    /// Bytes sent and received by all, those who are gone included.
    fn passed_in_all(&self) -> (u64, u64) {
        let routes = self.routes.iter().map(|(_, route)| route.passed_in_all());
        routes.fold(self.progress.before, |sum, passed| {
            (sum.0 + passed.0, sum.1 + passed.1)
        })
    }
}
