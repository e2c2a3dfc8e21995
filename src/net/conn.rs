//! The record of one place bytes enter or leave: a transport, what is known of its readiness, and
//! the protocols in between.
//!
//! Promise: readiness is withdrawn by `WouldBlock` and by nothing else, and a connection without
//! layers holds no bytes of its own.

mod end;
mod layers;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use mio::Registry;
use mio::event::Source as _;
use mio::unix::SourceFd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::SendFlags;
use rustix::net::sockopt::set_socket_linger;
use socket2::SockRef;

use self::layers::Layers;
pub(super) use self::layers::{Greeted, Greeting, LayerPool};
use super::alarm::{Alarms, Wake};
use super::appetite::Appetite;
use super::sockopt::{self, Carriage};
use super::sys::{self, Pipes};
use super::transport::{Datagram, Transport};
use super::wishes::Wishes;
use crate::data::Buf;
use crate::ids::{ConnId, ListenId, RouteId};
use crate::mode::Alarm;
use crate::route::{End, Step};
use crate::wire::{Endpoint, Host};

/// One place bytes enter or leave.
pub(super) struct Conn {
    /// Where.
    pub transport: Transport,
    /// The peer, as the user knows it.
    pub name: Box<str>,
    /// Who it talks to.
    pub route: Option<RouteId>,
    /// Who let it in.
    pub listener: Option<ListenId>,
    /// It takes one of the places there are for peers.
    pub counted: bool,
    /// When it came about.
    pub opened_at: Instant,
    /// When bytes last moved here.
    pub moved_at: Instant,
    /// When each kind of alarm is to ring, by `Alarm as usize`.
    pub alarms: [Option<Instant>; Alarm::KINDS],
    layers: Option<Box<Layers>>,
    /// Pipes for the kernel to carry through; there once it talks to one other.
    pipes: Option<Pipes>,
    /// How much it wants to be woken for, where somebody rings when that takes too long.
    appetite: Option<Box<Appetite>>,
    readable: bool,
    writable: bool,
    finish: Finish,
    /// It is opened by the first that is written, and may not be open yet.
    opening: bool,
    /// How much more is received of it, in packets or pieces, or `UNLIMITED`: an `Option` would make every
    /// connection larger for the sake of few.
    pub left: u32,
    /// It ends before all was said, and the peer is to see that.
    pub is_cut: bool,
    /// The peer has said its last.
    pub over: bool,
    /// The system says that nothing will ever reach the peer again.
    pub hung_up: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Finish {
    No,
    /// As soon as what is queued below the layers has gone.
    Wanted,
    /// As soon as it is open: before that, to end one direction is to give up both.
    Late,
    Done,
}

/// How much is thrown away at a time of what somebody says who is let go, in pieces of four kilobytes.
const PARTING_WORDS: usize = 16;

/// As much as comes.
pub(super) const UNLIMITED: u32 = u32::MAX;

impl Conn {
    /// A connection without layers.
    pub(super) fn new(transport: Transport, name: String, now: Instant) -> Self {
        Self {
            transport,
            name: name.into(),
            route: None,
            listener: None,
            counted: false,
            opened_at: now,
            moved_at: now,
            alarms: [None; Alarm::KINDS],
            layers: None,
            pipes: None,
            appetite: None,
            readable: false,
            writable: false,
            finish: Finish::No,
            opening: false,
            left: UNLIMITED,
            is_cut: false,
            over: false,
            hung_up: false,
        }
    }

    /// The loop forgets its descriptor, which somebody else is to have.
    pub(super) fn unwatch(&self, registry: &Registry) {
        for fd in self.transport.watched().into_iter().flatten() {
            let _ = SourceFd(&fd.as_raw_fd()).deregister(registry); // it may not have been watched
        }
    }

    /// A stream over which a proxy has said that it passes messages on which are sent to that place: a
    /// transport for these, and what the user calls its peer.
    ///
    /// # Errors
    /// The place cannot be reached, or the system has no socket for it.
    pub(super) fn into_messages(
        self,
        place: &Endpoint,
        wishes: &Wishes,
    ) -> io::Result<(Transport, String)> {
        let Transport::Stream {
            socket: control, ..
        } = self.transport
        else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let Host::Ip(mut ip) = place.host else {
            return Err(io::Error::other(
                "the proxy's place for datagrams has no address",
            ));
        };
        if ip.is_unspecified() {
            let proxy = SockRef::from(&control).peer_addr()?;
            ip = proxy.as_socket().map_or(ip, |proxy| proxy.ip());
        }
        let address = SocketAddr::new(ip, place.port).into();
        let socket = wishes.open_towards(&address, Carriage::Datagram)?;
        socket.connect(&address)?;
        let mut datagram = Datagram::connected(sockopt::descriptor(socket), false);
        datagram.control = Some(control);
        Ok((Transport::Datagram(Box::new(datagram)), self.name.into()))
    }

    /// Bytes have moved here. A peer of a datagram listener lives by what it says alone (`deliver`):
    /// nobody knows whether what is sent to it arrives, and one that is gone must not keep its place for
    /// as long as others talk.
    pub(super) fn moved(&mut self, now: Instant) {
        if !matches!(self.transport, Transport::Session(_)) {
            self.moved_at = now;
        }
    }

    /// Why nothing will ever reach a peer that has said its last, though nobody has told it the end: it
    /// has closed altogether, or is gone. Nobody would notice who has nothing to say to it.
    pub(super) fn is_deserted(&self) -> Option<io::Error> {
        let fd = self.transport.stream_socket()?;
        let deserted = self.hung_up && self.over && self.finish == Finish::No;
        deserted.then(|| {
            let error = rustix::net::sockopt::socket_error(fd);
            let error = error.ok().and_then(Result::err).map(io::Error::from);
            error.unwrap_or_else(|| io::ErrorKind::NotConnected.into())
        })
    }

    /// Its route rests: what nothing waits in is not kept.
    pub(super) fn rest(&mut self) {
        if let Some(layers) = &mut self.layers {
            let mut pool = layers.pool.borrow_mut();
            layers.rx.settle(&mut pool);
            layers.tx.settle(&mut pool);
        }
    }

    /// Sets an alarm of this connection, whose name is `id`; an older one of the same kind is void.
    pub(super) fn set_alarm(&mut self, id: ConnId, what: Alarm, at: Instant, alarms: &mut Alarms) {
        self.alarms[what as usize] = Some(at);
        alarms.set(at, Wake::Conn(id, what));
    }

    /// The kernel may carry through these pipes.
    pub(super) fn share_pipes(&mut self, pipes: &Pipes) {
        self.pipes = Some(pipes.clone());
    }

    /// A bulk receiver may ask to be woken less often; whoever allows it rings in time.
    pub(super) fn allow_appetite(&mut self) {
        if let Transport::Stream { .. } = &self.transport {
            self.appetite = Some(Box::default());
        }
    }

    /// Goes to sleep, or has been woken. When somebody must ring at the latest, told once each sleep.
    pub(super) fn sleep(&mut self, until: Instant) -> Option<Instant> {
        let (Some(appetite), Transport::Stream { socket: fd, .. }) =
            (&mut self.appetite, &self.transport)
        else {
            return None;
        };
        if self.readable {
            appetite.until = None;
            return None;
        }
        // What happens meanwhile at the other end must not put the ringing off.
        if appetite.until.is_some() || !appetite.sleep(fd.as_fd()) {
            return None;
        }
        appetite.until = Some(until);
        appetite.until
    }

    /// Whether it still waits for a portion until then.
    pub(super) fn is_patient(&self, until: Instant) -> bool {
        let appetite = self.appetite.as_ref();
        !self.readable && appetite.is_some_and(|appetite| appetite.until == Some(until))
    }

    /// The portion has not come in time: whatever is there will do.
    pub(super) fn lose_patience(&mut self) {
        if let (Some(appetite), Transport::Stream { socket: fd, .. }) =
            (&mut self.appetite, &self.transport)
        {
            appetite.give_up(fd.as_fd());
            self.readable = true;
        }
    }

    /// The loop has seen these; they hold until a call would wait.
    pub(super) fn note(&mut self, readable: bool, writable: bool) {
        self.readable |= readable || self.transport.awaits_end();
        self.writable |= writable;
    }

    /// Whether the kernel has handed everything to the peer, or never will, and layers have done what they
    /// can for it. Only a peer that may still send can make our closing destroy what is on its way.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.over || (self.has_all() && !self.may_be_asked_again())
    }

    /// Whether the peer has been told that no more will come, or is about to be.
    pub(super) fn is_finishing(&self) -> bool {
        self.finish != Finish::No
    }

    /// Whether the kernel has handed everything to the peer; it still knows after a reset.
    pub(super) fn has_all(&self) -> bool {
        match &self.transport {
            Transport::Stream { .. } if self.is_opening() => false,
            Transport::Stream { socket: fd, .. } => sys::unsent(fd) == 0,
            Transport::Sctp { socket, .. } => !sys::undelivered(socket),
            Transport::Datagram(_)
            | Transport::Session(_)
            | Transport::Child(_)
            | Transport::Stdio { .. } => true,
        }
    }

    fn raw_pull(transport: &mut Transport, readable: &mut bool, into: &mut Buf) -> Step {
        if !*readable {
            return Step::Idle;
        }
        loop {
            return match transport.read(into) {
                Ok(Some(n)) => Step::Moved(n),
                Ok(None) => Step::Over,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    *readable = false;
                    Step::Idle
                }
                Err(error) => Step::Broken(error),
            };
        }
    }

    /// Writes in one way or another if there may be room, and notes what that shows.
    fn raw_push(
        transport: &mut Transport,
        ready: (&mut bool, &mut bool),
        write: impl FnOnce(&mut Transport) -> io::Result<usize>,
    ) -> Step {
        let (readable, writable) = ready;
        if !*writable {
            return Step::Idle;
        }
        match write(transport) {
            Ok(n) => Step::Moved(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Step::Moved(0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                *writable = false;
                Step::Idle
            }
            Err(error) => {
                *readable |= transport.awaits_end();
                Step::Broken(error)
            }
        }
    }

    /// It talks to nobody any more: what is queued goes, and what it still says is thrown away, for a
    /// socket that is closed with something unread in it destroys what is on its way.
    pub(super) fn part(&mut self) {
        for _ in 0..PARTING_WORDS {
            let heard = self.hear_out();
            self.over |= matches!(heard, Step::Over | Step::Broken(_));
            self.say_what_is_left();
            let said = self.flush();
            if !matches!(heard, Step::Moved(_)) && !matches!(said, Step::Moved(_)) {
                return;
            }
        }
    }

    /// All was said, and only the layers are still talked to: by a peer that has missed what they said.
    pub(super) fn answer_again(&mut self) {
        for _ in 0..PARTING_WORDS {
            if self.over || !self.may_be_asked_again() {
                return;
            }
            let mut ear = Buf::new(4096);
            let heard = self.pull_through_layers(&mut ear);
            let said = self.flush();
            self.over = [&heard, &said]
                .iter()
                .any(|step| matches!(step, Step::Over | Step::Broken(_)));
            if !matches!(heard, Step::Moved(_)) && !matches!(said, Step::Moved(_)) {
                return;
            }
        }
    }

    /// Whether the peer has everything that it is still to get before it is cut off.
    pub(super) fn may_be_cut_off(&self) -> bool {
        let layers = self.layers.as_deref();
        layers.is_none_or(|layers| layers.tx.is_empty()) && self.has_all()
    }

    /// What closes it tells the peer that it broke, and throws away what the peer has not got yet.
    pub(super) fn break_off_when_closed(&self) {
        if let Some(fd) = self.transport.stream_socket() {
            let _ = set_socket_linger(fd, Some(Duration::ZERO)); // it closes in order otherwise
        }
    }

    /// Reads a piece of what is said to nobody. A wire whose end was seen has nothing to say.
    fn hear_out(&mut self) -> Step {
        if self.over && self.layers.is_none() {
            return Step::Over;
        }
        let mut ear = Buf::new(4096);
        Self::raw_pull(&mut self.transport, &mut self.readable, &mut ear)
    }

    /// What is written first opens it.
    pub(super) fn opens_with_words(&mut self) {
        self.opening = true;
    }

    /// It is opened with nothing, unless something was written.
    pub(super) fn open_now(&self) {
        // A socket that still waits for what is to go first can be written. One that has failed can be as
        // well, and would tell us why, and nobody who reads it.
        if let Transport::Stream { socket: fd, .. } = &self.transport
            && waits_for_words(fd.as_fd())
        {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            let _ = rustix::net::send(fd, &[], flags); // it goes on by itself, and fails by itself
        }
    }

    /// Whether it is still not open, and may yet be.
    fn is_opening(&self) -> bool {
        let has_peer = |fd| SockRef::from(fd).peer_addr().is_ok();
        match &self.transport {
            Transport::Stream { socket: fd, .. } => self.opening && !self.hung_up && !has_peer(fd),
            Transport::Sctp { .. }
            | Transport::Datagram(_)
            | Transport::Session(_)
            | Transport::Child(_)
            | Transport::Stdio { .. } => false,
        }
    }

    fn finish_transport(&mut self) {
        if self.is_opening() {
            self.finish = Finish::Late;
            return self.open_now();
        }
        self.finish = Finish::Done;
        let _ = self.transport.finish(); // the peer may be gone already
    }
}

/// Whether a socket that is not open can be written, and has not failed.
fn waits_for_words(fd: BorrowedFd<'_>) -> bool {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
    let answered = poll(&mut fds, Some(&now)).is_ok();
    answered && fds[0].revents() == PollFlags::OUT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand idle connections hold ten thousand of these and next to nothing else.
    #[test]
    fn a_connection_without_layers_is_small() {
        let size = size_of::<Conn>();
        assert!(size <= 184, "{size} bytes for each connection");
    }
}
