//! What peers of our proxy ask for: hosts looked up, judged, dialled, and what came of it told to their
//! layers.
//!
//! Promise: one deadline for all of it; every address that a name has is judged by itself and none is
//! dialled that may not be reached; a peer that leaves takes its errand along.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use socket2::{SockAddr, Socket};

use super::Shell;
use super::alarm::Wake;
use super::conn::{Conn, Greeting};
use super::dial::words;
use super::dial::{Caller, Dial, Target};
use super::names::LookUp;
use super::reach::Watched;
use super::sockopt::{self, Carriage};
use super::transport::Transport;
use crate::access::Destinations;
use crate::ids::{ConnId, DialId, RelayId};
use crate::mode::{self, Doing, Event, Failure};
use crate::say::Level;
use crate::wire::{Answer, Ask, Endpoint, Host, Miss, Want};

/// What is done for the peers of a proxy.
pub struct Service {
    /// Finds the addresses of a name, in the families that may be used.
    pub look_up: LookUp,
    /// Whether an address is of such a family.
    pub may_use: fn(IpAddr) -> bool,
    /// Where peers may go.
    pub destinations: Destinations,
    /// How long reaching somebody may take, look-up included.
    pub wait: Duration,
    /// Puts a datagram from there into the words of the protocol that relays speak.
    pub wrap: fn(&Endpoint, &[u8], &mut Vec<u8>),
    /// Takes one that goes there out of these words.
    pub unwrap: Unwrap,
}

/// Where a datagram goes, and what is to arrive there; none if it makes no sense.
pub type Unwrap = fn(&[u8]) -> Option<(Endpoint, &[u8])>;

/// Something that is being done for a peer.
pub(super) struct Errand {
    want: Want,
    /// When it is given up.
    until: Instant,
    /// The look-up it waits for.
    lookup: Option<usize>,
    /// The dial it waits for.
    dial: Option<DialId>,
}

/// Who waits for a name.
pub(super) enum Seeker {
    /// A peer that wants to be brought there.
    Peer(ConnId),
    /// A datagram that is to go there.
    Relay(RelayId),
}

impl Errand {
    /// Whether it still wants the alarm that was set for that time.
    pub(super) fn wants(&self, at: Instant) -> bool {
        self.lookup.is_some() && self.until == at
    }
}

impl Shell {
    /// A peer wants something done.
    pub(super) fn asked(&mut self, conn: ConnId, ask: Ask) {
        let taken = self.conns.find(conn).is_some_and(|conn| conn.counted);
        let gone = self.conns.find(conn).is_none_or(|conn| conn.hung_up);
        if gone || !taken && self.is_full_for(conn) {
            return self.remove_conn(conn);
        }
        self.count(conn);
        let Some(service) = &self.config.service else {
            return self.remove_conn(conn);
        };
        let errand = match ask.want {
            Want::Tunnel(_) => mode::Errand::Tunnel,
            Want::Exchange(_) => mode::Errand::Exchange,
            Want::Associate(_) => mode::Errand::Relay,
        };
        let until = self.now + service.wait;
        let (want, words) = (ask.want, ask.words);
        let (lookup, dial) = (None, None);
        self.errands.insert(
            conn,
            Errand {
                want,
                until,
                lookup,
                dial,
            },
        );
        self.outbox.push_back(Event::Ask {
            conn,
            errand,
            words,
        });
    }

    /// Does what the peer wants.
    pub(super) fn run_errand(&mut self, asker: ConnId) {
        match self.errands.get(&asker).map(|errand| errand.want.clone()) {
            Some(Want::Tunnel(to) | Want::Exchange(to)) => match to.host {
                Host::Ip(ip) => self.dial_found(asker, None, vec![ip]),
                Host::Name(name) => self.seek(asker, name, to.port),
            },
            Some(Want::Associate(from)) => match self.open_relay(asker, from) {
                Ok(address) => self.told(asker, address, None),
                Err(error) => self.missed(asker, &error),
            },
            None => {}
        }
    }

    /// Has the host of an errand looked up.
    fn seek(&mut self, asker: ConnId, name: String, port: u16) {
        let service = self.config.service.as_ref();
        if !service.is_some_and(|service| service.destinations.permits_name(&name, port)) {
            return self.miss(asker, Miss::Denied);
        }
        match self.look_up(name, Seeker::Peer(asker)) {
            Ok(number) => {
                if let Some(errand) = self.errands.get_mut(&asker) {
                    errand.lookup = Some(number);
                    self.alarms.set(errand.until, Wake::Errand(asker));
                }
            }
            Err(error) => self.missed(asker, &error),
        }
    }

    /// Has a name looked up for somebody; the number of the look-up.
    pub(super) fn look_up(&mut self, name: String, seeker: Seeker) -> io::Result<usize> {
        self.last_lookup += 1;
        let number = self.last_lookup;
        let host = self.host_of(&seeker);
        let Some(names) = &self.names else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        names.ask(number, name, host)?;
        self.lookups.insert(number, seeker);
        Ok(number)
    }

    /// Where somebody is who waits for a name.
    fn host_of(&self, seeker: &Seeker) -> IpAddr {
        let host = match *seeker {
            Seeker::Peer(asker) => {
                let ends = self.conns.find(asker).and_then(|c| c.transport.ends());
                let peer = ends.and_then(|(peer, _)| peer?.as_socket());
                peer.map(|peer| peer.ip())
            }
            Seeker::Relay(relay) => self.relays.find(relay).map(super::Relay::host),
        };
        host.unwrap_or(Ipv4Addr::UNSPECIFIED.into())
    }

    /// Names have been looked up.
    pub(super) fn note_names(&mut self) {
        while let Some((number, found)) = self.names.as_ref().and_then(super::Names::next) {
            match self.lookups.remove(&number) {
                Some(Seeker::Peer(asker)) => self.found(asker, found),
                Some(Seeker::Relay(relay)) => self.found_for_relay(relay, number, found),
                None => {} // nobody waits for it any more
            }
        }
    }

    fn found(&mut self, asker: ConnId, found: Result<Vec<IpAddr>, String>) {
        let Some(errand) = self.errands.get_mut(&asker) else {
            return;
        };
        errand.lookup = None;
        let (Want::Tunnel(to) | Want::Exchange(to)) = errand.want.clone() else {
            return;
        };
        match found {
            Ok(all) => self.dial_found(asker, Some(&to.host), all),
            Err(why) => {
                // Signs that turn a line around are no control characters.
                let host = to.host.to_string();
                let words = format!("{}: {why}.", host.escape_debug());
                self.say.say(Level::Debug, &words);
                self.miss(asker, Miss::Unresolvable);
            }
        }
    }

    /// Reaches the first of these addresses that answers and may be reached.
    fn dial_found(&mut self, asker: ConnId, name: Option<&Host>, all: Vec<IpAddr>) {
        let Some(errand) = self.errands.get(&asker) else {
            return;
        };
        let (Want::Tunnel(to) | Want::Exchange(to)) = &errand.want else {
            return;
        };
        let (port, until) = (to.port, errand.until);
        let addresses = match self.permitted(name, all, port) {
            Ok(addresses) => addresses,
            Err(miss) => return self.miss(asker, miss),
        };
        let target = Target {
            addresses,
            carriage: Carriage::Stream,
            local: Vec::new(),
            ports: Vec::new(),
            many: true,
            wait: None,
            probe: None,
        };
        let caller = Caller::Peer(asker);
        let dial = Dial::new(&Rc::new(target), caller, self.now, Some(until));
        let dial = self.dials.add(dial);
        if let Some(errand) = self.errands.get_mut(&asker) {
            errand.dial = Some(dial);
        }
        self.look_at_dial(dial);
    }

    /// A connection to whom a peer asked for is there.
    pub(super) fn won_for_peer(
        &mut self,
        asker: ConnId,
        socket: Socket,
        peer: &SockAddr,
        watched: Watched,
    ) {
        let Some(errand) = self.errands.get(&asker) else {
            return; // who asked for it has left
        };
        let (Want::Tunnel(to) | Want::Exchange(to)) = &errand.want else {
            return;
        };
        let name = to.to_string();
        let own = socket.local_addr().ok().and_then(|own| own.as_socket());
        let transport = Transport::stream(sockopt::descriptor(socket), Carriage::Stream, peer);
        let conn = self.conns.add(Conn::new(transport, name, self.now));
        match self.watch_won(conn, watched) {
            Ok(()) => {
                self.open_in_time(conn, watched);
                let unknown = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
                self.told(asker, own.unwrap_or(unknown), Some(conn));
            }
            Err(error) => {
                self.conns.remove(conn);
                self.missed(asker, &error);
            }
        }
    }

    /// What a peer wanted is there: it is told, and so is the mode.
    fn told(&mut self, asker: ConnId, own: SocketAddr, conn: Option<ConnId>) {
        self.errands.remove(&asker);
        self.answer(asker, &Answer::Reached(own));
        // Where datagrams are passed on, its connection is listened to for its end only.
        if conn.is_none() {
            self.listen_to(asker, None);
        }
        self.outbox.push_back(Event::Reached { asker, conn });
    }

    /// What a peer wanted cannot be had, in the system's words.
    pub(super) fn missed(&mut self, asker: ConnId, why: &io::Error) {
        self.say.say(Level::Debug, &format!("{}.", words(why)));
        self.miss(asker, miss(why));
    }

    fn miss(&mut self, asker: ConnId, miss: Miss) {
        self.errands.remove(&asker);
        self.answer(asker, &Answer::Missed(miss));
        self.hear(asker);
    }

    fn answer(&mut self, conn: ConnId, answer: &Answer) {
        if let Some(conn) = self.conns.find_mut(conn) {
            conn.answer(answer);
        }
    }

    /// The other end of a peer's exchange is over.
    pub(super) fn conclude(&mut self, asker: ConnId, in_order: bool) {
        let answer = match in_order {
            true => Answer::Over,
            false => Answer::Cut,
        };
        self.answer(asker, &answer);
        self.wake_conn(asker);
    }

    /// Listens to what a peer wants next, which it has as long for as a newcomer.
    pub(super) fn hear(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id)
            && let Some(route) = conn.route.take()
        {
            self.routes.remove(route);
        }
        self.listen_to(id, Some(self.now + self.config.handshake));
    }

    fn listen_to(&mut self, id: ConnId, until: Option<Instant>) {
        self.begin_greeting(id, Greeting { dial: None, until });
    }

    /// An errand has taken too long to find out where it leads to.
    pub(super) fn ring_errand(&mut self, asker: ConnId) {
        self.missed(asker, &io::ErrorKind::TimedOut.into());
    }

    /// A peer that is being served has gone altogether.
    pub(super) fn look_for_deserted_errand(&mut self, id: ConnId) {
        let gone = self.conns.find(id).is_some_and(|conn| conn.hung_up);
        if gone && self.errands.contains_key(&id) {
            self.drop_errand(id);
            self.outbox.push_back(Event::Broken {
                conn: id,
                doing: Doing::Writing,
                why: Failure {
                    words: "the peer has gone".into(),
                    wrong_peer: false,
                    hint: None,
                    hung_up: false,
                    told: false,
                },
            });
        }
    }

    /// Nobody waits any more for what that peer has asked for.
    pub(super) fn drop_errand(&mut self, asker: ConnId) {
        let Some(errand) = self.errands.remove(&asker) else {
            return;
        };
        if let Some(number) = errand.lookup {
            self.forget_lookup(number);
        }
        if let Some(dial) = errand.dial {
            self.drop_dial(dial);
        }
    }

    /// Nobody waits for that name any more.
    pub(super) fn forget_lookup(&mut self, number: usize) {
        self.lookups.remove(&number);
        if let Some(names) = &self.names {
            names.forget(number);
        }
    }
}

/// Why an errand failed, in the words of protocols.
fn miss(why: &io::Error) -> Miss {
    match why.kind() {
        io::ErrorKind::ConnectionRefused => Miss::Refused,
        io::ErrorKind::NetworkUnreachable => Miss::NetworkUnreachable,
        io::ErrorKind::HostUnreachable => Miss::HostUnreachable,
        io::ErrorKind::TimedOut => Miss::TimedOut,
        _ => Miss::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_as_protocols_know_them() {
        let cases = [
            (io::ErrorKind::ConnectionRefused, Miss::Refused),
            (io::ErrorKind::TimedOut, Miss::TimedOut),
            (io::ErrorKind::HostUnreachable, Miss::HostUnreachable),
            (io::ErrorKind::NetworkUnreachable, Miss::NetworkUnreachable),
            (io::ErrorKind::OutOfMemory, Miss::Failed),
        ];
        for (kind, wanted) in cases {
            assert_eq!(miss(&kind.into()), wanted, "{kind:?}");
        }
    }
}
