//! Peers at the door: accepted in batches, counted, and turned into connections.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use rustix::io::Errno;
use socket2::{SockAddr, SockRef};

use super::alarm::Wake;
use super::conn::Conn;
use super::datagram::{self, HALL_BATCH};
use super::dial::words;
use super::listener::{BATCH, Door, Listener, accept, concerns_peer_only};
use super::sockopt::Carriage;
use super::transport::{Datagram, Session, Transport};
use super::{Shell, Whose, Word, address};
use crate::ids::{ConnId, ListenId};
use crate::say::{Fact, Level};

/// How long a listener that ran out of descriptors waits when nobody leaves.
const RETRY: Duration = Duration::from_secs(1);

impl Shell {
    /// Lets in those who wait at one listener, up to a batch.
    pub(super) fn admit(&mut self, id: ListenId) {
        let Some(listener) = self.listeners.find_mut(id) else {
            return;
        };
        listener.queued = false;
        let batch = match &listener.door {
            Door::Stream { .. } => BATCH,
            Door::Only(..) => 1,
            Door::Hall(_) => HALL_BATCH,
        };
        for _ in 0..batch {
            if self.waits_for_session(id) {
                return;
            }
            let Some(listener) = self.listeners.find_mut(id) else {
                return;
            };
            let streams = !matches!(listener.door, Door::Hall(_));
            if streams && self.config.in_turn && self.guests > 0 {
                return; // whoever leaves makes room
            }
            let step = match &mut listener.door {
                Door::Stream { .. }
                    if self.config.most_guests.is_some_and(|n| self.guests >= n) =>
                {
                    Err(Errno::MFILE.into())
                }
                Door::Stream { socket, carriage } => {
                    let carriage = *carriage;
                    let came = accept(socket.as_fd());
                    came.map(|(fd, peer)| {
                        self.admit_stream(id, Transport::stream(fd, carriage, &peer), &peer);
                    })
                }
                Door::Only(peer, carriage) => match peer.take() {
                    Some(fd) => {
                        let carriage = *carriage;
                        let peer = SockRef::from(&fd).peer_addr();
                        peer.map(|peer| {
                            self.admit_stream(id, Transport::stream(fd, carriage, &peer), &peer);
                        })
                    }
                    None => Err(io::ErrorKind::WouldBlock.into()),
                },
                Door::Hall(hall) => {
                    let message = hall.receive(&mut self.scratch);
                    message.map(|(n, peer)| self.admit_message(id, n, peer))
                }
            };
            match step {
                Ok(()) => {}
                Err(error) if concerns_peer_only(&error) => {}
                Err(error) => return self.nobody_came(id, &error),
            }
            // A single peer has come: who else waits is refused by the door's closing.
            if self.config.single && self.admitted > 0 {
                return;
            }
        }
        self.queue_listener(id);
    }

    /// Whether nothing may be taken from the listener before a session has been heard.
    fn waits_for_session(&mut self, id: ListenId) -> bool {
        let Some(Door::Hall(hall)) = self.listeners.find_mut(id).map(|l| &mut l.door) else {
            return false;
        };
        let waited_for = hall.waits_for.and_then(|conn| self.conns.find(conn));
        let full = match waited_for.map(|conn| &conn.transport) {
            Some(Transport::Session(session)) => session.is_full(),
            Some(_) | None => false,
        };
        if !full {
            hall.waits_for = None;
        }
        full
    }

    /// The connection has been heard or has left: whatever its listener held back for it may come.
    pub(super) fn release_hall(&mut self, id: ConnId, listener: Option<ListenId>) {
        let Some(listener) = listener else { return };
        if let Some(found) = self.listeners.find(listener)
            && let Door::Hall(hall) = &found.door
            && hall.waits_for == Some(id)
        {
            self.queue_listener(listener);
        }
    }

    fn nobody_came(&mut self, id: ListenId, error: &io::Error) {
        let Some(listener) = self.listeners.find_mut(id) else {
            return;
        };
        if error.kind() == io::ErrorKind::WouldBlock {
            return;
        }
        // A refused answer to some earlier message; the next message is not concerned.
        if error.kind() == io::ErrorKind::ConnectionRefused {
            return self.queue_listener(id);
        }
        // Out of descriptors or memory: whoever waits goes on waiting until somebody has left.
        if listener.retry_at.is_some_and(|at| at > self.now) {
            return; // another who comes too early; the time of those before is not put off
        }
        let waited = listener.retry_at.is_some();
        if !std::mem::replace(&mut listener.exhausted, true) {
            let name = address::full(&listener.address);
            let level = match std::mem::replace(&mut listener.complained, true) {
                true => Level::Verbose,
                false => Level::Error,
            };
            let words = format!(
                "Cannot accept more connections on {name}: {}.",
                words(error)
            );
            self.say.say(level, &words);
        }
        let is_over = waited && (self.send_off_newcomers(RETRY) || self.turn_away(id, error));
        let patience = match is_over {
            true => Duration::ZERO,
            false => RETRY,
        };
        self.retry(id, self.now + patience);
    }

    fn retry(&mut self, id: ListenId, at: Instant) {
        if let Some(listener) = self.listeners.find_mut(id) {
            listener.retry_at = Some(at);
            self.alarms.set(at, Wake::Listener(id));
        }
    }

    /// Those who have waited in vain are let in by the descriptor kept for that, and out again at
    /// once, so that they need not wait for ever. True if there may be more of them.
    fn turn_away(&mut self, id: ListenId, why: &io::Error) -> bool {
        let door = self.listeners.find(id).map(|listener| &listener.door);
        let Some(Door::Stream { socket: door, .. }) = door else {
            return false;
        };
        self.reserve.release();
        let mut peers = std::iter::from_fn(|| accept(door.as_fd()).ok());
        let mut count = 0;
        for (fd, peer) in peers.by_ref().take(BATCH) {
            drop(fd);
            count += 1;
            self.say_denied(&peer, &words(why));
        }
        self.reserve.refill();
        count == BATCH
    }

    pub(super) fn say_denied(&self, peer: &SockAddr, reason: &str) {
        if self.say.hears(Level::Verbose) {
            self.say_refusal(&address::full(peer), reason);
        }
    }

    /// Who came and why it may not stay.
    pub(super) fn say_refusal(&self, peer: &str, reason: &str) {
        let words = format!("New connection denied: {reason}");
        let fact = Fact::new("denied").peer(peer).reason(reason);
        self.say
            .lead(Level::Verbose, &format!("Connection from {peer}."));
        self.say.tell(Level::Verbose, &words, &fact);
    }

    fn admit_stream(&mut self, id: ListenId, stream: Transport, peer: &SockAddr) {
        if let Some(listener) = self.listeners.find_mut(id) {
            (listener.retry_at, listener.exhausted) = (None, false);
            if let (true, Some(socket)) = (listener.given, stream.stream_socket()) {
                // Those who come through our own inherit it. Without it they are served none the worse.
                let _ = self.config.wishes.keep_alive(&SockRef::from(socket));
            }
        }
        if self.refuses(peer) {
            return;
        }
        let name = address::full(peer);
        if let Transport::Stream { socket: fd, .. } = &stream {
            self.say_paths(&name, fd, Carriage::Stream);
        }
        let conn = self.add_conn(stream, name, Whose::Guest);
        match self.watch(conn) {
            Ok(()) => self.let_in(id, conn),
            Err(_) => drop(self.conns.remove(conn)), // out of kernel memory; the peer sees a close
        }
    }

    /// A peer takes a place, if it has none.
    pub(super) fn count(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id)
            && conn.listener.is_some()
            && !std::mem::replace(&mut conn.counted, true)
        {
            self.admitted += 1;
        }
    }

    /// A peer gives up its place, if it has one.
    pub(super) fn release(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id)
            && std::mem::replace(&mut conn.counted, false)
        {
            self.admitted -= 1;
        }
    }

    /// A message came: from somebody who is in, or who thereby comes in.
    fn admit_message(&mut self, id: ListenId, n: usize, peer: SockAddr) {
        if let Some(conn) = self.session_of(id, &peer) {
            return self.deliver(id, conn, n);
        }
        if self.refuses_sender(&peer) {
            return;
        }
        let Some(Listener {
            door: Door::Hall(hall),
            ..
        }) = self.listeners.find(id)
        else {
            return;
        };
        let message: &[u8] = &self.scratch[..n];
        if let Some(doorman) = &mut self.config.doorman {
            match doorman(message, address::full(&peer).as_bytes()) {
                Word::Admit => {}
                Word::Ignore => return,
                Word::Answer(answer) => {
                    // Lost, it is asked for again.
                    let _ = datagram::send_to(&hall.socket, &answer, &peer);
                    return;
                }
            }
        }
        let conn = match self.config.single {
            true => {
                let message = message.into();
                let Some(conn) = self.take_hall(id, peer, message) else {
                    return;
                };
                conn
            }
            false => {
                let mut session = Session {
                    socket: Rc::clone(&hall.socket),
                    peer: peer.clone(),
                    inbox: Default::default(),
                    waiting: 0,
                };
                session.deliver(message);
                let conn = self.add_conn(
                    Transport::Session(Box::new(session)),
                    address::full(&peer),
                    Whose::Guest,
                );
                if let Some(conn) = self.conns.find_mut(conn) {
                    conn.note(true, true);
                }
                let listener = self.listeners.find_mut(id);
                if let Some(Door::Hall(hall)) = listener.map(|listener| &mut listener.door) {
                    hall.sessions.insert(peer, conn);
                }
                conn
            }
        };
        self.let_in(id, conn);
    }

    fn session_of(&self, id: ListenId, peer: &SockAddr) -> Option<ConnId> {
        match &self.listeners.find(id)?.door {
            Door::Hall(hall) => hall.sessions.get(peer).copied(),
            Door::Stream { .. } | Door::Only(..) => None,
        }
    }

    fn deliver(&mut self, listener: ListenId, id: ConnId, n: usize) {
        let Some(conn) = self.conns.find_mut(id) else {
            return;
        };
        let Transport::Session(session) = &mut conn.transport else {
            return;
        };
        if !session.deliver(&self.scratch[..n]) {
            let words = format!(
                "{} sends faster than it is heard: {n} bytes dropped.",
                conn.name
            );
            self.say.say(Level::Debug, &words);
        }
        if session.is_full()
            && let Some(Door::Hall(hall)) = self.listeners.find_mut(listener).map(|l| &mut l.door)
            && hall.unix
        {
            hall.waits_for = Some(id);
        }
        conn.moved_at = self.now;
        conn.note(true, false);
        self.wake_conn(id);
    }

    /// The first peer of a datagram listener that wants one only: the socket becomes its own, so
    /// that the system refuses all others. One that others share hears them, but we do not.
    fn take_hall(&mut self, id: ListenId, peer: SockAddr, message: Box<[u8]>) -> Option<ConnId> {
        let listener = self.listeners.remove(id)?;
        self.paths.extend(listener.path);
        let Door::Hall(hall) = listener.door else {
            return None;
        };
        let socket = Rc::into_inner(hall.socket)?;
        let _ = self
            .poll
            .registry()
            .deregister(&mut SourceFd(&socket.as_raw_fd())); // registered anew below
        // What is sent to a group does not reach a socket that is connected.
        let apart = !self.config.wishes.groups.is_empty();
        if !apart
            && !hall.shared
            && !address::is_nameless(&peer)
            && let Err(error) = SockRef::from(&socket).connect(&peer)
        {
            // A Unix peer that has left cannot be answered, but what it said counts.
            let words = format!("{}: {}", address::full(&peer), words(&error));
            self.say.say(Level::Debug, &words);
        }
        let (name, first, unix) = (address::full(&peer), [message].into(), hall.unix);
        let datagram = Datagram {
            only: Some(peer),
            apart,
            first,
            shared: hall.shared,
            ..Datagram::connected(socket, unix)
        };
        let conn = self.add_conn(Transport::Datagram(Box::new(datagram)), name, Whose::Guest);
        if let Err(error) = self.watch(conn) {
            self.say.error(&format!(
                "Cannot watch the first peer's socket: {}.",
                words(&error)
            ));
            self.exit = Some(2);
        }
        if let Some(conn) = self.conns.find_mut(conn) {
            conn.note(true, true);
        }
        Some(conn)
    }

    /// Nobody else is let in. The sockets close; a datagram peer has its own by now.
    pub(super) fn stop_listening(&mut self) {
        for id in self.listeners.ids() {
            if let Some(listener) = self.listeners.remove(id) {
                self.paths.extend(listener.path);
            }
        }
    }

    /// The listener is to be looked at.
    pub(super) fn queue_listener(&mut self, id: ListenId) {
        if let Some(listener) = self.listeners.find_mut(id)
            && !std::mem::replace(&mut listener.queued, true)
        {
            self.waiting.push_back(id);
        }
    }

    /// What is said with `-v` when a peer has gone: who, and how much passed.
    pub(super) fn say_closed(&self, id: ConnId) {
        // A proxy tells of each request, and of bytes that passed for it.
        let tells = self.config.service.is_none() && self.config.phrases.is_none();
        let accepted = |conn: &&Conn| conn.listener.is_some() && tells;
        let Some(conn) = self.conns.find(id).filter(accepted) else {
            return;
        };
        if self.say.hears(Level::Verbose) {
            let (sent, received) = self.passed(id);
            let seconds = (self.now - conn.opened_at).as_secs_f64();
            let words = format!(
                "Connection from {} closed: {sent} bytes sent, {received} bytes received in \
                 {seconds:.2} seconds.",
                conn.name
            );
            let fact = Fact::closed(&*conn.name, sent, received, seconds);
            self.say.tell(Level::Verbose, &words, &fact);
        }
    }

    /// Somebody has left: there may be room for those who wait.
    pub(super) fn room_for_more(&mut self) {
        for id in self.listeners.ids() {
            if self
                .listeners
                .find(id)
                .is_some_and(|listener| self.config.in_turn || listener.retry_at.is_some())
            {
                self.queue_listener(id);
            }
        }
    }
}
