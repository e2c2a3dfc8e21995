//! Between the shell and a mode: a supervisor is told when we are ready and when we begin to end.

use crate::mode::{Event, Level, Mode, Net};
use crate::net::notify::Supervisor;

/// A mode, and who is to be told of its beginning and its end.
pub(super) struct Herald {
    /// What we are for.
    pub mode: Box<dyn Mode>,
    /// Who is told.
    pub supervisor: Supervisor,
    /// Ready is who listens, and otherwise who has met the peer.
    pub listens: bool,
    /// Where others may come.
    pub places: Vec<String>,
}

impl Mode for Herald {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        let is_ready = match &event {
            Event::Start => self.listens,
            Event::Open { .. } => !self.listens,
            _ => false,
        };
        let failures = match &event {
            _ if is_ready => self.supervisor.ready(&self.places),
            // Programs may take their time to end after that.
            Event::Signal { .. } => self.supervisor.stopping().err().into_iter().collect(),
            _ => Vec::new(),
        };
        for words in failures {
            net.say(Level::Error, words);
        }
        self.mode.on_event(event, net);
    }
}
