//! Peers with whom it is agreed how to talk before anybody is told of them.
//!
//! Owns the time they have for it. Promise: a mode hears of a connection whose layers are open or not
//! at all; whoever is silent or slow is cut off and delays nobody; those who came in and have not
//! agreed yet take nobody's place, and are never more than a limit.

use std::io;
use std::time::{Duration, Instant};

use super::alarm::Wake;
use super::conn::{Conn, Greeted, Greeting};
use super::dial::words;
use super::reach::{failure, upshot};
use super::turn::served as event;
use super::{Shell, Whose};
use crate::ids::{ConnId, ListenId};
use crate::mode::{Doing, Event, Failure};
use crate::say::{Fact, Level};
use crate::wire::{Endpoint, Then};

/// How many who came in may be about to agree, unless more may be in at once. Who is silent the
/// longest makes room for the next.
const NEWCOMERS: usize = 1024;

impl Shell {
    /// A dial has led to a connection, which has until then to become of use.
    pub(super) fn reached(&mut self, id: ConnId, dial: usize, until: Option<Instant>) {
        let greeting = Greeting {
            dial: Some(dial),
            until,
        };
        if !self.begin_greeting(id, greeting) {
            self.outbox.push_back(Event::Open { dial, conn: id });
        }
    }

    /// Somebody came in.
    pub(super) fn let_in(&mut self, listener: ListenId, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id) {
            conn.listener = Some(listener);
            self.guests += 1;
        }
        let greeting = Greeting {
            dial: None,
            until: Some(self.now + self.config.handshake),
        };
        if self.config.single {
            self.count(id);
        }
        if self.begin_greeting(id, greeting) {
            self.make_room_for_newcomers();
            self.newcomers.push_back(id);
            if self.config.single {
                self.stop_listening();
            }
            return;
        }
        self.count(id);
        self.outbox.push_back(Event::Accept { conn: id });
    }

    pub(super) fn begin_greeting(&mut self, id: ConnId, greeting: Greeting) -> bool {
        let conn = self.conns.find_mut(id);
        let begun = conn.is_some_and(|conn| conn.begin_greeting(greeting));
        if begun {
            self.greeting.push_back(id);
            if let Some(at) = greeting.until {
                self.alarms.set(at, Wake::Greeting(id));
            }
        }
        begun
    }

    /// Forgets those who have agreed or left, and the oldest of the others if they are too many.
    fn make_room_for_newcomers(&mut self) {
        let most = NEWCOMERS.max(self.config.max_conns);
        if self.newcomers.len() < most {
            return;
        }
        let Self {
            newcomers, conns, ..
        } = self;
        newcomers.retain(|id| conns.find(*id).is_some_and(is_new));
        if self.newcomers.len() >= most
            && let Some(oldest) = self.newcomers.pop_front()
        {
            self.disagreed(oldest, "too many others have come meanwhile");
        }
    }

    /// There are no descriptors left for those who wait outside: whoever has been in for so long and has
    /// not agreed makes room for them. True if there is some now.
    pub(super) fn send_off_newcomers(&mut self, after: Duration) -> bool {
        let Self {
            newcomers,
            conns,
            now,
            ..
        } = self;
        newcomers.retain(|id| conns.find(*id).is_some_and(is_new));
        let is_slow = |id: &&ConnId| {
            conns
                .find(**id)
                .is_some_and(|c| c.opened_at + after <= *now)
        };
        let slow = newcomers.iter().take_while(is_slow).count();
        let sent_off: Vec<ConnId> = newcomers.drain(..slow).collect();
        for id in sent_off {
            self.disagreed(id, "others wait who found no descriptor left");
        }
        slow > 0
    }

    /// Goes on with one connection.
    pub(super) fn greet(&mut self, id: ConnId) {
        let Some(conn) = self.conns.find_mut(id) else {
            return;
        };
        let Some(greeting) = conn.greeting() else {
            return;
        };
        let greeted = conn.greet();
        let (served, ask) = (conn.served(), conn.ask());
        self.ring_for_layers(id);
        if let Some(served) = served {
            return self.outbox.push_back(event(id, served));
        }
        if let Some(ask) = ask {
            return self.asked(id, ask);
        }
        match greeted {
            Greeted::Yes => self.agreed(id, greeting),
            Greeted::NotYet => {}
            Greeted::Busy => self.greeting.push_back(id),
            Greeted::Never(error) => self.never_agreed(id, greeting, &error),
        }
    }

    fn agreed(&mut self, id: ConnId, greeting: Greeting) {
        if let Some(conn) = self.conns.find_mut(id) {
            for line in conn.remarks() {
                let fact = Fact::new("certificate").peer(&*conn.name);
                self.say.tell(Level::Verbose, &line, &fact);
            }
        }
        if let Some(conn) = self.conns.find_mut(id) {
            conn.moved_at = self.now;
        }
        if let Some(dial) = greeting.dial {
            return self.agreed_with_target(id, dial, greeting.until);
        }
        // Others may have taken the last place meanwhile.
        if !self.config.single && self.is_full_for(id) {
            self.remove_conn(id);
            return;
        }
        self.count(id);
        self.outbox.push_back(Event::Accept { conn: id });
    }

    /// Layers and target agree; if datagrams were what they agreed on, the target has not been met yet.
    fn agreed_with_target(&mut self, id: ConnId, dial: usize, until: Option<Instant>) {
        let Some(conn) = self.conns.find_mut(id) else {
            return;
        };
        if let Some(place) = conn.messages_to() {
            return self.move_to_messages(id, &place, dial, until);
        }
        if !conn.shed() && self.config.secret {
            let words = format!("SSL connection to {}.", conn.name);
            let fact = Fact::new("secured").peer(&*conn.name);
            self.say.tell(Level::Verbose, &words, &fact);
        }
        self.outbox.push_back(Event::Open { dial, conn: id });
    }

    /// A proxy passes messages on that are sent to that place, for as long as the connection lasts over
    /// which it has said so.
    fn move_to_messages(
        &mut self,
        id: ConnId,
        place: &Endpoint,
        dial: usize,
        until: Option<Instant>,
    ) {
        let moved = self.conns.remove(id).map(|conn| {
            conn.unwatch(self.poll.registry());
            conn.into_messages(place, &self.config.wishes)
        });
        let result = match moved {
            Some(Ok((transport, name))) => {
                let conn = self.add_conn(transport, name, Whose::Relayed(dial));
                self.watch(conn).map(|()| conn)
            }
            Some(Err(error)) => Err(error),
            None => return,
        };
        match result {
            Ok(conn) => self.reached(conn, dial, until),
            Err(error) => self.outbox.push_back(Event::Fail {
                dial,
                why: failure(&error),
            }),
        }
    }

    /// The time is up, if it has not agreed.
    pub(super) fn lose_patience(&mut self, id: ConnId, at: Instant) {
        let Some(greeting) = self.conns.find(id).and_then(Conn::greeting) else {
            return;
        };
        if greeting.until != Some(at) {
            return;
        }
        match greeting.dial {
            Some(_) => self.never_agreed(id, greeting, &io::Error::other("TIMEOUT")),
            None => self.disagreed(id, "it took too long to agree how to talk"),
        }
    }

    fn disagreed(&mut self, id: ConnId, why: &str) {
        if let Some(greeting) = self.conns.find(id).and_then(Conn::greeting) {
            self.never_agreed(id, greeting, &io::Error::other(why.to_owned()));
        }
    }

    fn never_agreed(&mut self, id: ConnId, greeting: Greeting, error: &io::Error) {
        let Some(conn) = self.conns.find(id) else {
            return;
        };
        let (name, known) = (conn.name.clone(), conn.counted);
        if let Some(dial) = greeting.dial {
            return self.never_agreed_with_target(id, dial, greeting.until, error);
        }
        let serves = self.config.service.is_some();
        if serves && known {
            return self.outbox.push_back(self.left(id, error));
        }
        let said = match self.config.secret {
            true => format!("Failed SSL connection from {name}: {}", words(error)),
            false => format!("Connection from {name} closed: {}", words(error)),
        };
        if serves && error.kind() == io::ErrorKind::UnexpectedEof {
            // It has nothing to ask for.
        } else if self.config.single {
            let why = Failure {
                words: said,
                ..failure(error)
            };
            self.outbox.push_back(Event::Fail { dial: 0, why });
        } else {
            let fact = Fact::new("handshake_failed").peer(&*name);
            let fact = fact.reason(words(error));
            self.say.tell(Level::Verbose, &format!("{said}."), &fact);
        }
        self.remove_conn(id);
    }

    fn never_agreed_with_target(
        &mut self,
        id: ConnId,
        dial: usize,
        until: Option<Instant>,
        error: &io::Error,
    ) {
        self.remove_conn(id);
        match upshot(error) {
            // The layers ask for it no more often than they have something new to say, and until then.
            Then::Again => self.dial_until(dial, until),
            Then::Ask => self.ask_person(dial),
            Then::Break | Then::Quit => {
                let mut why = failure(error);
                if self.config.phrases.is_some() {
                    self.say.error(&format!("{why}."));
                    why.told = true;
                }
                self.outbox.push_back(Event::Fail { dial, why });
            }
        }
    }

    /// A peer of a proxy that the mode knows, or has known, asks for nothing more.
    fn left(&self, conn: ConnId, error: &io::Error) -> Event {
        let relays = self.relayed(conn).is_some();
        match error.kind() {
            io::ErrorKind::UnexpectedEof if relays => Event::End { conn },
            _ => Event::Broken {
                conn,
                doing: Doing::Reading,
                why: failure(error),
            },
        }
    }

    /// Nobody is told of those any more who have not agreed yet: the program ends.
    pub(super) fn drop_newcomers(&mut self) {
        for id in self.conns.ids() {
            if self.conns.find(id).is_some_and(|c| c.greeting().is_some()) {
                self.remove_conn(id);
            }
        }
    }

    /// Somebody rings for the layers of a connection when they want it.
    pub(super) fn ring_for_layers(&mut self, id: ConnId) {
        if let Some(at) = self.conns.find_mut(id).and_then(Conn::layers_alarm) {
            self.alarms.set(at, Wake::Layers(id));
        }
    }

    /// It is the time that the layers of a connection have asked for.
    pub(super) fn ring_layers(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id) {
            conn.ring_layers();
        }
        self.ring_for_layers(id);
        self.wake_conn(id);
    }
}

/// Whether a peer has not agreed yet: one that has been let in makes room for nobody.
fn is_new(conn: &Conn) -> bool {
    conn.greeting().is_some() && !conn.counted
}
