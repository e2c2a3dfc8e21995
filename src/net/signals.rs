//! Signals that a listener catches: those that end it, the one that has it read its lists again, and, where
//! it may have children that it has not started, the one that tells of their end.

use std::io;

use mio::Interest;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook_mio::v1_0::Signals;

use super::{Shell, sys, token};
use crate::mode::Event;

impl Shell {
    /// Catches them from here on.
    pub(super) fn watch_signals(&mut self) -> io::Result<()> {
        // A signal that was ignored when we started stays so, as nohup and background jobs want it,
        // unless it does not end us.
        let harmless = |signal| signal == SIGHUP && self.reload.is_some();
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT];
        let burials = Self::may_have_orphans().then_some(SIGCHLD);
        let wanted = wanted
            .into_iter()
            .chain(burials)
            .filter(|&signal| harmless(signal) || !sys::is_ignored(signal));
        let mut signals = Signals::new(wanted)?;
        self.poll
            .registry()
            .register(&mut signals, token::SIGNALS, Interest::READABLE)?;
        self.signals = Some(signals);
        if burials.is_some() {
            self.await_burial(); // of those that have ended before
        }
        Ok(())
    }

    /// Some have come.
    pub(super) fn note_signals(&mut self) {
        let pending: Vec<_> = self.signals.iter_mut().flat_map(Signals::pending).collect();
        for number in pending {
            match number {
                SIGCHLD => self.await_burial(),
                number if self.dies_of(number) => {}
                SIGHUP if self.reload.is_some() => self.read_lists(),
                number => self.outbox.push_back(Event::Signal { number }),
            }
        }
    }
}
