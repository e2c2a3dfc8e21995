//! Dials under way: attempts begun, watched, won and lost.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use mio::Interest;
use mio::unix::SourceFd;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockAddr, Socket};

use super::alarm::Wake;
use super::dial::{Attempt, Begun, Caller, Dial, begin, words};
use super::sockopt::{BoundPath, Carriage};
use super::token::{self, Kind};
use super::transport::{Datagram, Transport};
use super::{Shell, Whose, address, hint, sockopt, wishes};
use crate::ids::{AttemptId, ConnId, DialId};
use crate::mode::{Event, Failure};
use crate::say::{Fact, Level};
use crate::wire::{Fault, Then};

/// How long a connection that may take data with its first packet waits for data. Longer than a program
/// that has something to say at once takes to say it, and shorter than anybody notices.
const FIRST_WORDS: Duration = Duration::from_millis(20);

/// Whether the loop knows a socket that has connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// It was connected at once.
    Not,
    /// As one that was under way.
    AsAttempt,
}

impl Shell {
    /// Begins to reach the `n`th peer.
    pub(super) fn dial(&mut self, n: usize) {
        let Some(target) = &self.config.target else {
            return;
        };
        // One peer: its time has been running since we began to look up its name.
        let since = if target.many { self.now } else { self.started };
        let deadline = target.wait.map(|wait| since + wait);
        self.dial_until(n, deadline);
    }

    /// Begins to reach the `n`th peer, for the first time or once more.
    pub(super) fn dial_until(&mut self, n: usize, deadline: Option<Instant>) {
        if let Some(target) = &self.config.target {
            let dial = Dial::new(target, Caller::Line(n), self.now, deadline);
            let dial = self.dials.add(dial);
            self.look_at_dial(dial);
        }
    }

    /// Tries further addresses if it is time to, or gives up.
    pub(super) fn look_at_dial(&mut self, id: DialId) {
        loop {
            let Some(dial) = self.dials.find_mut(id) else {
                return;
            };
            if dial.deadline.is_some_and(|at| at <= self.now) {
                let why = io::Error::new(io::ErrorKind::TimedOut, "TIMEOUT");
                return self.give_up(id, &why, None);
            }
            let due = dial.live.is_empty() || dial.next_at.is_some_and(|at| at <= self.now);
            let postponed = dial.live.is_empty() && dial.next_at.is_some_and(|at| at > self.now);
            if due && !postponed && !dial.untried.is_empty() {
                self.try_next(id);
                continue;
            }
            if dial.untried.is_empty() && dial.live.is_empty() {
                let last = std::mem::replace(&mut dial.last, io::ErrorKind::Other.into());
                let hint = dial.hint;
                return self.give_up(id, &last, hint);
            }
            if let Some(at) = dial.wakes_at() {
                self.alarms.set(at, Wake::Dial(id));
            }
            return;
        }
    }

    fn try_next(&mut self, id: DialId) {
        let Some(dial) = self.dials.find_mut(id) else {
            return;
        };
        let Some(peer) = dial.untried.pop_front() else {
            return;
        };
        match begin(&dial.target, &self.config.wishes, &peer) {
            Ok(Begun::Connected(socket, path)) if dial.target.probe.is_none() => {
                let peer = peer_of(&socket, peer);
                self.won(id, socket, path, &peer, Watched::Not);
            }
            Ok(Begun::Connected(socket, path)) => self.probe(id, socket, path, peer),
            Ok(Begun::Pending(socket)) => {
                dial.give_head_start(self.now);
                self.watch_attempt(Attempt {
                    dial: id,
                    socket,
                    peer,
                    silent_at: None,
                    path: None,
                });
            }
            Ok(Begun::Later) => dial.postpone(peer, self.now),
            Err(error) => self.lost(id, &peer, error),
        }
    }

    /// Lets the loop tell what becomes of an attempt; its id, unless that cannot be.
    fn watch_attempt(&mut self, attempt: Attempt) -> Option<AttemptId> {
        let fd = attempt.socket.as_raw_fd();
        let (dial, peer) = (attempt.dial, attempt.peer.clone());
        let id = self.attempts.add(attempt);
        let token = token::pack(Kind::Attempt, id);
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self
            .poll
            .registry()
            .register(&mut SourceFd(&fd), token, both)
        {
            self.attempts.remove(id);
            self.attempt_failed(dial, id, &peer, error);
            return None;
        }
        self.dials.find_mut(dial)?.live.push(id);
        Some(id)
    }

    /// Sends one byte and waits for a refusal that may never come.
    fn probe(&mut self, id: DialId, socket: Socket, path: Option<BoundPath>, peer: SockAddr) {
        if let Err(error) = rustix::net::send(&socket, &[0], SendFlags::NOSIGNAL) {
            return self.lost(id, &peer, error.into());
        }
        let Some(dial) = self.dials.find_mut(id) else {
            return;
        };
        let silent_at = dial.target.probe.map(|wait| self.now + wait);
        dial.give_head_start(self.now);
        // Silence is an answer here, so the others are asked only after a refusal.
        dial.next_at = None;
        let attempt = self.watch_attempt(Attempt {
            dial: id,
            socket,
            peer,
            silent_at,
            path,
        });
        if let (Some(at), Some(attempt)) = (silent_at, attempt) {
            self.alarms.set(at, Wake::Attempt(attempt));
        }
    }

    /// The loop has seen something happen at an attempt.
    pub(super) fn look_at_attempt(&mut self, id: AttemptId) {
        let Some(attempt) = self.attempts.find(id) else {
            return;
        };
        let silent = attempt.silent_at.is_some_and(|at| at <= self.now);
        let state = match attempt.silent_at {
            Some(_) if silent => Ok(Some(attempt.peer.clone())),
            Some(_) => answered_by(&attempt.socket, &attempt.peer),
            None => connected_to(&attempt.socket),
        };
        if matches!(state, Ok(None)) {
            return;
        }
        let Some(attempt) = self.attempts.remove(id) else {
            return;
        };
        match state {
            Ok(Some(peer)) => self.won(
                attempt.dial,
                attempt.socket,
                attempt.path,
                &peer,
                Watched::AsAttempt,
            ),
            Ok(None) => {}
            Err(error) => self.attempt_failed(attempt.dial, id, &attempt.peer, error),
        }
    }

    fn attempt_failed(
        &mut self,
        id: DialId,
        attempt: AttemptId,
        peer: &SockAddr,
        error: io::Error,
    ) {
        if let Some(dial) = self.dials.find_mut(id) {
            dial.live.retain(|other| *other != attempt);
        }
        self.lost(id, peer, error);
        self.look_at_dial(id);
    }

    fn lost(&mut self, id: DialId, peer: &SockAddr, error: io::Error) {
        let Some(dial) = self.dials.find_mut(id) else {
            return;
        };
        if let (Caller::Line(_), Some(phrases)) = (dial.caller, &self.config.phrases) {
            // A port that is closed is an answer; a path where nobody is, and an address of our own that cannot
            // be had, are mostly mistakes.
            let is_ours = error.get_ref().is_some() && error.kind() != io::ErrorKind::Other;
            let level = match peer.is_unix() || is_ours {
                true => Level::Error,
                false => Level::Verbose,
            };
            self.say.say(level, &phrases.failed(peer, &error));
            dial.last = error;
            return;
        }
        let more = !dial.untried.is_empty() || !dial.live.is_empty();
        let level = match dial.caller {
            Caller::Line(_) => Level::Verbose,
            Caller::Peer(_) => Level::Debug,
        };
        let host = address::host(peer);
        let words = format!("Connection to {host} failed: {}.", words(&error));
        let fact = Fact::new("attempt_failed").peer(address::full(peer));
        let fact = fact.reason(self::words(&error));
        match more {
            true => self.say.tell(level, &words, &fact),
            false => self.say.report(level, &words, &fact),
        }
        if !dial.untried.is_empty() {
            self.say.lead(level, "Trying next address...");
        }
        dial.hint = hint::dial(peer, &error);
        dial.last = error;
    }

    fn won(
        &mut self,
        id: DialId,
        socket: Socket,
        path: Option<BoundPath>,
        peer: &SockAddr,
        watched: Watched,
    ) {
        let Some(dial) = self.drop_dial(id) else {
            return;
        };
        if let Some(path) = path {
            self.keep_source(&socket, path);
        }
        match dial.caller {
            Caller::Line(n) => self.won_for_line(n, &dial, socket, peer, watched),
            Caller::Peer(asker) => self.won_for_peer(asker, socket, peer, watched),
        }
    }

    /// A path of our own stands until we end, for others answer to it.
    fn keep_source(&mut self, socket: &Socket, path: BoundPath) {
        let name = socket.local_addr();
        let name = name.map(|name| address::full(&name)).unwrap_or_default();
        let words = format!("[{name}] used as source DGRAM Unix domain socket.");
        self.say.lead(Level::Verbose, &words);
        self.sources.push((name, path));
    }

    /// Removes those paths, now that it is over.
    pub fn remove_sources(&mut self) {
        for (name, path) in self.sources.drain(..) {
            let words = format!("Deleting source DGRAM Unix domain socket. [{name}]");
            self.say.lead(Level::Verbose, &words);
            drop(path);
        }
    }

    fn won_for_line(
        &mut self,
        n: usize,
        dial: &Dial,
        socket: Socket,
        peer: &SockAddr,
        watched: Watched,
    ) {
        let mut name = address::full(peer);
        self.say_paths(&name, &socket, dial.target.carriage);
        if let Some(name_of) = &self.config.name_of {
            // Of many peers only those that are there are named, and not the way to each.
            if !dial.target.many && self.config.phrases.is_none() {
                let fact = Fact::new("proxy_connected").peer(&*name);
                self.say.tell(
                    Level::Verbose,
                    &format!("Connected to proxy {name}."),
                    &fact,
                );
            }
            name = name_of(n);
        }
        let fd = sockopt::descriptor(socket);
        let transport = match dial.target.carriage {
            Carriage::Datagram => {
                Transport::Datagram(Box::new(Datagram::connected(fd, peer.is_unix())))
            }
            carriage => Transport::stream(fd, carriage, peer),
        };
        let conn = self.add_conn(transport, name, Whose::Line(n));
        match self.watch_won(conn, watched) {
            Ok(()) => {
                self.open_in_time(conn, watched);
                self.reached(conn, n, dial.deadline);
            }
            Err(error) => self.outbox.push_back(Event::Fail {
                dial: n,
                why: failure(&error),
            }),
        }
    }

    /// Data that goes with the first packet is waited for a little while only: a peer that speaks first does
    /// not know of us yet.
    pub(super) fn open_in_time(&mut self, id: ConnId, watched: Watched) {
        if let Some(conn) = self.conns.find_mut(id)
            && watched == Watched::Not
            && self.config.wishes.fastopen
        {
            conn.opens_with_words();
            self.alarms.set(self.now + FIRST_WORDS, Wake::Opening(id));
        }
    }

    /// Says whether the peer uses several paths, when that was asked for.
    pub(super) fn say_paths(&self, name: &str, socket: impl AsFd, carriage: Carriage) {
        if !self.config.wishes.mptcp || carriage != Carriage::Stream {
            return;
        }
        let words = match wishes::is_mptcp(socket) {
            true => format!("MPTCP with {name}."),
            false => format!("{name} does without MPTCP: plain TCP."),
        };
        self.say.say(Level::Verbose, &words);
    }

    fn give_up(&mut self, id: DialId, why: &io::Error, hint: Option<&'static str>) {
        self.tell_of_late(id, why);
        match self.drop_dial(id).map(|dial| dial.caller) {
            Some(Caller::Line(dial)) => self.outbox.push_back(Event::Fail {
                dial,
                why: Failure {
                    hint,
                    told: self.config.phrases.is_some(),
                    words: self.unreached(why),
                    ..failure(why)
                },
            }),
            Some(Caller::Peer(asker)) => self.missed(asker, why),
            None => {}
        }
    }

    /// Why nobody was reached. With proxies it is the first of them that was not, and the host behind them may
    /// be well; that the time is up is about all of the way.
    fn unreached(&self, why: &io::Error) -> String {
        let is_proxy = self.config.name_of.is_some() && why.raw_os_error().is_some();
        match is_proxy {
            true => format!("Proxy connection failed: {}", words(why)),
            false => words(why),
        }
    }

    /// Attempts that were under way when the time was up have failed too.
    fn tell_of_late(&self, id: DialId, why: &io::Error) {
        if let (Some(phrases), Some(dial)) = (&self.config.phrases, self.dials.find(id)) {
            let late = dial.live.iter().filter_map(|id| self.attempts.find(*id));
            for attempt in late {
                let words = phrases.failed(&attempt.peer, why);
                self.say.say(Level::Verbose, &words);
            }
        }
    }

    /// A dial goes, and with it what was still tried for it.
    pub(super) fn drop_dial(&mut self, id: DialId) -> Option<Dial> {
        let dial = self.dials.remove(id)?;
        for attempt in &dial.live {
            self.attempts.remove(*attempt);
        }
        Some(dial)
    }
}

/// Who is at the other end of a socket that is connected, or will be with its first words: the system takes
/// itself for an address that is none.
fn peer_of(socket: &Socket, dialled: SockAddr) -> SockAddr {
    socket.peer_addr().unwrap_or(dialled)
}

/// To whom a pending connect has led, if it has ended well; the error when it has not.
fn connected_to(socket: &Socket) -> io::Result<Option<SockAddr>> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        // The system chose as our port the very one that we dial, where nobody listens.
        Ok(peer) if is_itself(socket, &peer) => Err(rustix::io::Errno::CONNREFUSED.into()),
        Ok(peer) => Ok(Some(peer)),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_itself(socket: &Socket, peer: &SockAddr) -> bool {
    peer.as_socket().is_some() && socket.local_addr().is_ok_and(|own| own == *peer)
}

/// A datagram peer that has said anything; the error when it refused.
fn answered_by(socket: &Socket, peer: &SockAddr) -> io::Result<Option<SockAddr>> {
    let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
    match rustix::net::recv(socket, &mut [0; 1][..], flags) {
        Ok(_) => Ok(Some(peer.clone())),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Why something failed, for a mode.
pub(super) fn failure(error: &io::Error) -> Failure {
    Failure {
        words: words(error),
        wrong_peer: upshot(error) == Then::Quit,
        hint: fault(error).and_then(|fault| fault.hint),
        hung_up: error.kind() == io::ErrorKind::BrokenPipe,
        told: false,
    }
}

/// What is to come of a failure.
pub(super) fn upshot(error: &io::Error) -> Then {
    fault(error).map_or(Then::Break, |fault| fault.then)
}

fn fault(error: &io::Error) -> Option<&Fault> {
    error.get_ref()?.downcast_ref()
}
