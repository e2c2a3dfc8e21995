//! Reaching a peer that has several addresses, by RFC 8305: families by turns, each attempt 250 ms
//! after the last or as soon as the last has failed, the first to connect wins.
//!
//! Owns the order and the clock of the attempts, not their sockets.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use socket2::{SockAddr, Socket};

use super::address;
use super::sockopt::{BoundPath, Carriage};
use super::wishes::Wishes;
use crate::ids::{AttemptId, ConnId, DialId};

/// When the next address is tried though the last has not failed yet (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// How long to wait for a Unix listener whose queue is full; it cannot be watched.
const FULL_QUEUE: Duration = Duration::from_millis(20);

/// Whom to reach, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its addresses in the resolver's order.
    pub addresses: Vec<SockAddr>,
    /// Streams or datagrams.
    pub carriage: Carriage,
    /// Local addresses to choose from; empty: the system's choice.
    pub local: Vec<SockAddr>,
    /// The ports to dial; one for each dial. Empty: the addresses are complete.
    pub ports: Vec<u16>,
    /// There are many dials, and each has time of its own.
    pub many: bool,
    /// All of connecting may take this long; never for datagrams.
    pub wait: Option<Duration>,
    /// `-z` with datagrams: a peer that does not refuse one byte for so long is there.
    pub probe: Option<Duration>,
}

/// Who wants somebody reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The command line; which of its peers that is.
    Line(usize),
    /// A peer of the proxy that we are.
    Peer(ConnId),
}

/// One peer being reached.
pub struct Dial {
    /// For whom.
    pub caller: Caller,
    /// Whom to reach.
    pub target: Rc<Target>,
    /// Addresses not tried yet.
    pub untried: VecDeque<SockAddr>,
    /// Attempts under way.
    pub live: Vec<AttemptId>,
    /// When it is given up.
    pub deadline: Option<Instant>,
    /// When the next address is tried at the latest.
    pub next_at: Option<Instant>,
    /// Why the last attempt failed.
    pub last: io::Error,
    /// What is certain to help against that.
    pub hint: Option<&'static str>,
}

/// One address being tried.
pub struct Attempt {
    /// For whom.
    pub dial: DialId,
    /// The socket.
    pub socket: Socket,
    /// The address.
    pub peer: SockAddr,
    /// It is a datagram probe, whose silence is the answer at that time.
    pub silent_at: Option<Instant>,
    /// The file of a Unix datagram socket of our own.
    pub path: Option<BoundPath>,
}

/// How an attempt begins.
pub enum Begun {
    /// It is connected.
    Connected(Socket, Option<BoundPath>),
    /// The loop will tell.
    Pending(Socket),
    /// The listener's queue is full: try the same again a little later.
    Later,
}

impl Dial {
    /// Begins at that time, to be given up at the deadline.
    pub fn new(
        target: &Rc<Target>,
        caller: Caller,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Self {
        let port = match caller {
            Caller::Line(n) => target.ports.get(n),
            Caller::Peer(_) => None,
        };
        let complete = |a: &SockAddr| port.map_or_else(|| a.clone(), |p| address::with_port(a, *p));
        Self {
            caller,
            target: Rc::clone(target),
            untried: by_turns(target.addresses.iter().map(complete).collect()),
            live: Vec::new(),
            deadline,
            next_at: Some(now),
            last: Errno::ADDRNOTAVAIL.into(),
            hint: None,
        }
    }

    /// When it wants to be looked at.
    pub fn wakes_at(&self) -> Option<Instant> {
        let next = self.next_at.filter(|_| !self.untried.is_empty());
        [next, self.deadline].into_iter().flatten().min()
    }

    /// An attempt is under way: the next address waits its while.
    pub fn give_head_start(&mut self, now: Instant) {
        self.next_at = Some(now + HEAD_START);
    }

    /// The listener's queue was full: the same address again, a little later.
    pub fn postpone(&mut self, peer: SockAddr, now: Instant) {
        self.untried.push_front(peer);
        self.next_at = Some(now + FULL_QUEUE);
    }
}

/// IPv6 and IPv4 by turns, beginning with whichever the resolver put first (RFC 8305, section 4).
fn by_turns(addresses: Vec<SockAddr>) -> VecDeque<SockAddr> {
    let first_is_v6 = addresses.first().is_some_and(SockAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let mut turns = VecDeque::new();
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        match (first.next(), second.next()) {
            (None, None) => return turns,
            (a, b) => turns.extend(a.into_iter().chain(b)),
        }
    }
}

/// Opens a socket towards `peer`, bound to whichever local address suits it.
///
/// # Errors
/// Those of socket(2), bind(2) and connect(2); a local address that cannot be had is named.
pub fn begin(target: &Target, wishes: &Wishes, peer: &SockAddr) -> io::Result<Begun> {
    let socket = wishes.open_towards(peer, target.carriage)?;
    let path = bind(&socket, target, peer)?;
    match socket.connect(peer) {
        Ok(()) => Ok(Begun::Connected(socket, path)),
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {
            Ok(Begun::Pending(socket))
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Begun::Pending(socket)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && peer.is_unix() => {
            Ok(Begun::Later)
        }
        Err(error) => Err(error),
    }
}

fn bind(socket: &Socket, target: &Target, peer: &SockAddr) -> io::Result<Option<BoundPath>> {
    if peer.is_unix() && target.carriage == Carriage::Datagram {
        return bind_unix(socket, target.local.first());
    }
    let Some(local) = target
        .local
        .iter()
        .find(|local| local.family() == peer.family())
    else {
        return match target.local.is_empty() {
            true => Ok(None),
            false => Err(io::Error::other("the source address is of another family")),
        };
    };
    socket.set_reuse_address(true)?;
    socket.bind(local).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("bind to {}: {}", address::full(local), words(&error)),
        )
    })?;
    Ok(None)
}

/// A Unix datagram socket needs a name of its own to be answered.
fn bind_unix(socket: &Socket, local: Option<&SockAddr>) -> io::Result<Option<BoundPath>> {
    let name = match local {
        Some(local) => local.clone(),
        None => SockAddr::unix(temporary_path()?)?,
    };
    socket.bind(&name).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("bind to {}: {}", address::full(&name), words(&error)),
        )
    })?;
    Ok(name.as_pathname().and_then(BoundPath::of))
}

/// A name that nobody can foresee: whoever could would put something in its place.
fn temporary_path() -> io::Result<PathBuf> {
    let mut noise = [0; 8];
    rustix::rand::getrandom(&mut noise, rustix::rand::GetRandomFlags::empty())?;
    let name = format!("ncat.{:016x}", u64::from_ne_bytes(noise));
    Ok(std::env::temp_dir().join(name))
}

/// The system's words for an error, without the number that `io::Error` adds.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].into(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn families_take_turns_and_the_resolvers_first_goes_first() {
        let cases = [
            ("6a 6b 4a 4b", "6a 4a 6b 4b"),
            ("4a 6a 6b 6c", "4a 6a 6b 6c"),
            ("4a 4b", "4a 4b"),
            ("", ""),
        ];
        let address = |word: &str| -> SockAddr {
            let text = match word.split_at(1) {
                ("6", rest) => format!("[::{rest}]:1"),
                (_, rest) => format!("127.0.0.{}:1", u8::from_str_radix(rest, 16).unwrap()),
            };
            text.parse::<SocketAddr>().unwrap().into()
        };
        for (given, wanted) in cases {
            let turned = by_turns(given.split_whitespace().map(address).collect());
            let wanted: Vec<SockAddr> = wanted.split_whitespace().map(address).collect();
            assert_eq!(Vec::from(turned), wanted, "{given}");
        }
    }

    #[test]
    fn errors_are_told_without_their_number() {
        let error = io::Error::from_raw_os_error(Errno::CONNREFUSED.raw_os_error());
        assert_eq!(words(&error), "Connection refused");
    }
}
