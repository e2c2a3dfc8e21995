//! Datagrams passed on for a peer of our proxy, for as long as its connection lasts (RFC 1928, section 7).
//!
//! Owns a socket towards the peer and one of each family towards everybody else. Promise: only the peer
//! that asked is served, from the port it sent from first; what comes back comes from those it has sent
//! to; a datagram that cannot be passed on at once is lost, as on any other way, and a look-up holds back
//! only those that wait for its name, which are few.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use mio::event::Source as _;
use mio::unix::SourceFd;
use mio::{Interest, Token};
use socket2::SockAddr;

use super::Shell;
use super::datagram::{receive_from, send_to};
use super::errand::Seeker;
use super::sockopt::{self, Carriage};
use super::token::{self, Kind};
use super::wishes::Wishes;
use crate::access::reached;
use crate::ids::{ConnId, RelayId};
use crate::wire::{Endpoint, Host};

/// How many datagrams are passed on before others have their turn.
const BATCH: usize = 32;
/// How many of those a peer has sent to are remembered; who was sent to the longest ago is forgotten first.
const KNOWN: usize = 256;
/// How many datagrams may wait for the addresses of their names.
const WAITING: usize = 16;
/// The largest datagram IP carries.
const LARGEST: usize = 65_535;

/// Whose datagrams are passed on.
pub(super) struct Relay {
    /// The connection that has to last.
    control: ConnId,
    inside: OwnedFd,
    /// Where the peer's datagrams come from; the port is 0 until one has come.
    peer: SocketAddr,
    /// Towards IPv4 and IPv6.
    outside: [Option<OwnedFd>; 2],
    /// Whom the peer has sent to, the latest last.
    known: VecDeque<SocketAddr>,
    /// What waits for the look-up of that number.
    waiting: BTreeMap<usize, (Endpoint, Vec<u8>)>,
    /// Bytes passed on for the peer, and to it.
    passed: (u64, u64),
}

/// Which of the sockets of a relay.
#[derive(Clone, Copy)]
enum Side {
    /// Towards the peer.
    Inside,
    /// Towards everybody else, by family.
    V4,
    V6,
}

impl Side {
    /// How the loop calls it.
    fn kind(self) -> Kind {
        match self {
            Self::Inside => Kind::Relay,
            Self::V4 | Self::V6 => Kind::RelayOut,
        }
    }
}

impl Shell {
    /// Makes a relay for a peer; the address that its datagrams are to be sent to.
    pub(super) fn open_relay(
        &mut self,
        control: ConnId,
        declared: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let ends = self.conns.find(control).and_then(|c| c.transport.ends());
        let ends = ends.map(|(peer, own)| (ip_of(peer), ip_of(own)));
        let Some((Some(peer), Some(own))) = ends else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        let inside = socket(own, &self.config.wishes)?;
        let address = sockopt::local(&inside)?;
        let id = self.relays.add(Relay {
            control,
            inside,
            // Behind a translation of addresses a peer knows neither that it is seen with.
            peer: match reached(declared.ip()) == peer {
                true => SocketAddr::new(peer, declared.port()),
                false => SocketAddr::new(peer, 0),
            },
            outside: [None, None],
            known: VecDeque::new(),
            waiting: BTreeMap::new(),
            passed: (0, 0),
        });
        let token = token::pack(Kind::Relay, id);
        if let Err(error) = self.watch_relay(id, token) {
            self.relays.remove(id);
            return Err(error);
        }
        self.of_control.insert(control, id);
        Ok(address)
    }

    fn watch_relay(&mut self, id: RelayId, token: Token) -> io::Result<()> {
        let Some(relay) = self.relays.find(id) else {
            return Ok(());
        };
        let fd = relay.inside.as_raw_fd();
        SourceFd(&fd).register(self.poll.registry(), token, Interest::READABLE)
    }

    /// The connection of a relay is over, and with it the relay.
    pub(super) fn close_relay(&mut self, control: ConnId) {
        let relay = self.of_control.remove(&control);
        let relay = relay.and_then(|id| self.relays.remove(id));
        for number in relay
            .into_iter()
            .flat_map(|relay| relay.waiting.into_keys())
        {
            self.forget_lookup(number);
        }
    }

    /// Bytes passed on for the peer of that connection, and to it, if it has a relay.
    pub(super) fn relayed(&self, control: ConnId) -> Option<(u64, u64)> {
        let id = self.of_control.get(&control)?;
        self.relays.find(*id).map(|relay| relay.passed)
    }

    /// Datagrams have come for a relay.
    pub(super) fn note_relay(&mut self, kind: Kind, packed: usize, readable: bool) {
        let Some(id) = self.relays.unpack(packed).filter(|_| readable) else {
            return;
        };
        let sides: &[Side] = match kind {
            Kind::RelayOut => &[Side::V4, Side::V6],
            _ => &[Side::Inside],
        };
        for side in sides {
            self.drain(id, *side);
        }
    }

    /// Passes on what has come at one socket, up to a batch.
    fn drain(&mut self, id: RelayId, side: Side) {
        let mut room = std::mem::take(&mut self.scratch);
        room.resize(LARGEST.max(room.len()), 0);
        let mut left = BATCH;
        while left > 0
            && let Some(socket) = self.relays.find(id).and_then(|relay| relay.socket(side))
        {
            match (receive_from(socket.as_fd(), &mut room), side) {
                (Err(error), _) if error.kind() == io::ErrorKind::WouldBlock => break,
                // A refusal of something sent before: the next datagram is not concerned.
                (Err(_), _) => {}
                (Ok((n, from)), Side::Inside) => self.pass_out(id, &from, &room[..n]),
                (Ok((n, from)), Side::V4 | Side::V6) => self.pass_in(id, &from, &room[..n]),
            }
            left -= 1;
        }
        self.scratch = room;
        if left == 0 {
            self.rearm(id, side);
        }
    }

    /// There may be more: the system tells of it again.
    fn rearm(&self, id: RelayId, side: Side) {
        if let Some(socket) = self.relays.find(id).and_then(|relay| relay.socket(side)) {
            let token = token::pack(side.kind(), id);
            let fd = socket.as_raw_fd();
            let registry = self.poll.registry();
            let _ = SourceFd(&fd).reregister(registry, token, Interest::READABLE); // it was registered before
        }
    }

    /// Passes on what the peer sends.
    fn pass_out(&mut self, id: RelayId, from: &SockAddr, message: &[u8]) {
        let relay = self.relays.find_mut(id);
        if !relay.is_some_and(|relay| relay.is_peer(from)) {
            return;
        }
        let Some(service) = &self.config.service else {
            return;
        };
        let Some((to, payload)) = (service.unwrap)(message) else {
            return;
        };
        match to.host {
            Host::Ip(ip) => self.send_out(id, None, (ip, to.port), payload),
            Host::Name(ref name) => {
                let waiting = self.relays.find(id).map_or(WAITING, |r| r.waiting.len());
                if waiting >= WAITING || !service.destinations.permits_name(name, to.port) {
                    return;
                }
                if let Ok(number) = self.look_up(name.clone(), Seeker::Relay(id))
                    && let Some(relay) = self.relays.find_mut(id)
                {
                    relay.waiting.insert(number, (to, payload.into()));
                }
            }
        }
    }

    /// The name of a datagram has been looked up.
    pub(super) fn found_for_relay(
        &mut self,
        id: RelayId,
        number: usize,
        found: Result<Vec<IpAddr>, String>,
    ) {
        let waiting = self.relays.find_mut(id);
        let Some((to, payload)) = waiting.and_then(|relay| relay.waiting.remove(&number)) else {
            return;
        };
        let may_use = self.config.service.as_ref().map(|service| service.may_use);
        let usable = |ip: &IpAddr| may_use.is_some_and(|may_use| may_use(reached(*ip)));
        if let Some(ip) = found.ok().and_then(|all| all.into_iter().find(usable)) {
            self.send_out(id, Some(&to.host), (ip, to.port), &payload);
        }
    }

    fn send_out(&mut self, id: RelayId, name: Option<&Host>, to: (IpAddr, u16), payload: &[u8]) {
        let (ip, port) = (reached(to.0), to.1);
        let service = self.config.service.as_ref();
        let permitted =
            |service: &super::Service| (service.may_use)(ip) && service.permits(name, ip, port);
        if !service.is_some_and(permitted) || self.open_outside(id, ip.is_ipv6()).is_err() {
            return;
        }
        let Some(relay) = self.relays.find_mut(id) else {
            return;
        };
        let to = SocketAddr::new(ip, port);
        relay.remember(to);
        let Some(socket) = &relay.outside[usize::from(ip.is_ipv6())] else {
            return;
        };
        if send_to(socket, payload, &to.into()).is_ok() {
            relay.passed.0 += payload.len() as u64;
            self.relay_moved(id, payload);
        }
    }

    /// Passes on what somebody sends to the peer.
    fn pass_in(&mut self, id: RelayId, from: &SockAddr, payload: &[u8]) {
        let (Some(from), Some(service)) = (from.as_socket(), &self.config.service) else {
            return;
        };
        let Some(relay) = self.relays.find_mut(id) else {
            return;
        };
        if !relay.known.contains(&from) || relay.peer.port() == 0 {
            return;
        }
        let mut message = Vec::with_capacity(payload.len() + 32);
        (service.wrap)(&from.into(), payload, &mut message);
        if send_to(&relay.inside, &message, &relay.peer.into()).is_ok() {
            relay.passed.1 += payload.len() as u64;
            self.relay_moved(id, payload);
        }
    }

    /// Logs see what passes, and the peer is not silent.
    fn relay_moved(&mut self, id: RelayId, payload: &[u8]) {
        self.taps.note(payload);
        self.say_log_failures();
        let control = self.relays.find(id).map(|relay| relay.control);
        if let Some(conn) = control.and_then(|control| self.conns.find_mut(control)) {
            conn.moved_at = self.now;
        }
    }

    /// The socket towards a family is made when it is needed first.
    fn open_outside(&mut self, id: RelayId, v6: bool) -> io::Result<()> {
        let Some(relay) = self.relays.find_mut(id) else {
            return Ok(());
        };
        let place = &mut relay.outside[usize::from(v6)];
        if place.is_some() {
            return Ok(());
        }
        let any: IpAddr = match v6 {
            true => Ipv6Addr::UNSPECIFIED.into(),
            false => Ipv4Addr::UNSPECIFIED.into(),
        };
        let socket = socket(any, &self.config.wishes)?;
        let token = token::pack(Kind::RelayOut, id);
        let fd = socket.as_raw_fd();
        SourceFd(&fd).register(self.poll.registry(), token, Interest::READABLE)?;
        *place = Some(socket);
        Ok(())
    }
}

impl Relay {
    /// One of its sockets, if it has been made.
    fn socket(&self, side: Side) -> Option<&OwnedFd> {
        match side {
            Side::Inside => Some(&self.inside),
            Side::V4 => self.outside[0].as_ref(),
            Side::V6 => self.outside[1].as_ref(),
        }
    }

    /// Where the peer is.
    pub(super) fn host(&self) -> IpAddr {
        self.peer.ip()
    }

    /// Whether a datagram is from whom it should be; the first decides on the port.
    fn is_peer(&mut self, from: &SockAddr) -> bool {
        let Some(from) = from.as_socket() else {
            return false;
        };
        if from.ip() != self.peer.ip() {
            return false;
        }
        if self.peer.port() == 0 {
            self.peer = from; // with the zone of a link-local address
        }
        from.port() == self.peer.port()
    }

    fn remember(&mut self, to: SocketAddr) {
        if self.known.back() == Some(&to) {
            return;
        }
        self.known.retain(|other| *other != to);
        if self.known.len() == KNOWN {
            self.known.pop_front();
        }
        self.known.push_back(to);
    }
}

fn ip_of(address: Option<SockAddr>) -> Option<IpAddr> {
    address?.as_socket().map(|socket| socket.ip())
}

/// A datagram socket at that address, with a port of the system's choice.
fn socket(ip: IpAddr, wishes: &Wishes) -> io::Result<OwnedFd> {
    let address: SockAddr = SocketAddr::new(ip, 0).into();
    let socket = wishes.open(&address, Carriage::Datagram)?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address)?;
    Ok(sockopt::descriptor(socket))
}
