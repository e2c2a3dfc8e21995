//! What is said of connections in the words of another program, for scripts that read them.

use std::io;
use std::net::IpAddr;

use socket2::SockAddr;

use super::Shell;
use super::aside::Line;
use super::reach::failure;
use crate::ids::ConnId;
use crate::mode::{Doing, Event};
use crate::say::{Fact, Level};

/// Words for what happens to connections. Places are as the user knows them: `127.0.0.1:80`.
pub trait Phrases {
    /// We listen there, at a host of that name if one is known; a whole line.
    fn listening(&self, place: &str, datagrams: bool, host: Option<&str>) -> String;
    /// What looks up how the host of a peer is called, if that is to be told. It may be long in coming.
    fn namer(&self) -> Option<fn(IpAddr) -> Option<String>>;
    /// A peer came, from a host of that name if one is known; a whole line.
    fn accepted(&self, peer: &str, host: Option<&str>) -> String;
    /// The `n`th peer of the command line is reached; a whole line.
    fn reached(&self, n: usize, peer: &str) -> String;
    /// It is not, at that address; a sentence that our name is put in front of.
    fn failed(&self, peer: &SockAddr, why: &io::Error) -> String;
}

impl Shell {
    pub(super) fn say_listening(&mut self, place: &str, datagrams: bool) {
        match &self.config.phrases {
            Some(_) => {
                let place = place.into();
                self.say_by_name(Line::Listening { place, datagrams });
            }
            None => {
                let words = format!("Listening on {place}");
                let fact = Fact::new("listening").text("address", place);
                self.say.tell(Level::Verbose, &words, &fact);
            }
        }
    }

    /// Whoever reads our stdout has left. The other program ends then, though there be nothing to write.
    pub(super) fn look_for_lost_reader(&mut self, conn: ConnId) {
        if conn == self.stdio && self.config.phrases.is_some() {
            let why = failure(&io::ErrorKind::BrokenPipe.into());
            let doing = Doing::Writing;
            self.outbox.push_back(Event::Broken { conn, doing, why });
        }
    }

    /// Says what the mode is about to be told.
    pub(super) fn say_in_phrases(&mut self, event: &Event) {
        let Some(phrases) = &self.config.phrases else {
            return;
        };
        let name = |id| self.conns.find(id).map(|conn| &*conn.name);
        match *event {
            Event::Open { dial, conn } => {
                if let Some(peer) = name(conn) {
                    self.say.bare(Level::Verbose, &phrases.reached(dial, peer));
                }
            }
            Event::Accept { conn } => {
                if let Some(peer) = name(conn).map(String::from) {
                    self.say_by_name(Line::Came { peer });
                }
            }
            _ => {}
        }
    }
}
