//! Dials under way: attempts begun, watched, won and lost.

use std::io;
use std::os::fd::AsRawFd;

use mio::Interest;
use mio::unix::SourceFd;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockRef, Socket};

use super::alarm::Wake;
use super::dial::{Attempt, Begun, Dial, begin, words};
use super::sockopt::{BoundPath, Carriage};
use super::token::{self, Kind};
use super::transport::{Datagram, Transport};
use super::{Shell, address, peer_name, sockopt};
use crate::ids::{AttemptId, DialId};
use crate::mode::{Event, Failure};
use crate::say::Level;
use crate::wire::{self, Fault};

impl Shell {
    /// Begins to reach the `n`th peer.
    pub(super) fn dial(&mut self, n: usize) {
        let Some(target) = &self.config.target else {
            return;
        };
        // One peer: its time has been running since we began to look up its name.
        let since = if target.ports.len() > 1 {
            self.now
        } else {
            self.started
        };
        let dial = self.dials.add(Dial::new(target, n, since));
        self.look_at_dial(dial);
    }

    /// Tries further addresses if it is time to, or gives up.
    pub(super) fn look_at_dial(&mut self, id: DialId) {
        loop {
            let Some(dial) = self.dials.find_mut(id) else {
                return;
            };
            if dial.deadline.is_some_and(|at| at <= self.now) {
                let why = Failure {
                    words: "TIMEOUT".into(),
                    wrong_peer: false,
                };
                return self.give_up(id, why);
            }
            let due = dial.live == 0 || dial.next_at.is_some_and(|at| at <= self.now);
            let postponed = dial.live == 0 && dial.next_at.is_some_and(|at| at > self.now);
            if due && !postponed && !dial.untried.is_empty() {
                self.try_next(id);
                continue;
            }
            if dial.untried.is_empty() && dial.live == 0 {
                let why = failure(&dial.last);
                return self.give_up(id, why);
            }
            if let Some(at) = dial.wakes_at() {
                self.alarms.set(at, Wake::Dial(id));
            }
            return;
        }
    }

    fn try_next(&mut self, id: DialId) {
        let (Some(target), Some(dial)) = (&self.config.target, self.dials.find_mut(id)) else {
            return;
        };
        let Some(peer) = dial.untried.pop_front() else {
            return;
        };
        match begin(target, &peer) {
            Ok(Begun::Connected(socket, path)) if target.probe.is_none() => {
                self.won(id, socket, path);
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

    fn watch_attempt(&mut self, attempt: Attempt) {
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
            self.attempt_failed(dial, &peer, error);
        }
    }

    /// Sends one byte and waits for a refusal that may never come.
    fn probe(
        &mut self,
        id: DialId,
        socket: Socket,
        path: Option<BoundPath>,
        peer: socket2::SockAddr,
    ) {
        if let Err(error) = rustix::net::send(&socket, &[0], SendFlags::NOSIGNAL) {
            return self.lost(id, &peer, error.into());
        }
        let probe = self.config.target.as_ref().and_then(|target| target.probe);
        let silent_at = probe.map(|wait| self.now + wait);
        if let Some(dial) = self.dials.find_mut(id) {
            dial.give_head_start(self.now);
            // Silence is an answer here, so the others are asked only after a refusal.
            dial.next_at = None;
        }
        self.watch_attempt(Attempt {
            dial: id,
            socket,
            peer,
            silent_at,
            path,
        });
        if let (Some(at), Some(attempt)) = (silent_at, self.attempts.ids().last()) {
            self.alarms.set(at, Wake::Attempt(*attempt));
        }
    }

    /// The loop has seen something happen at an attempt.
    pub(super) fn look_at_attempt(&mut self, id: AttemptId) {
        let Some(attempt) = self.attempts.find(id) else {
            return;
        };
        let silent = attempt.silent_at.is_some_and(|at| at <= self.now);
        let state = match attempt.silent_at {
            Some(_) if silent => Ok(true),
            Some(_) => is_answered(&attempt.socket),
            None => is_connected(&attempt.socket),
        };
        if matches!(state, Ok(false)) {
            return;
        }
        let Some(attempt) = self.attempts.remove(id) else {
            return;
        };
        let _ = self
            .poll
            .registry()
            .deregister(&mut SourceFd(&attempt.socket.as_raw_fd())); // it is closed or registered anew
        match state {
            Ok(_) => self.won(attempt.dial, attempt.socket, attempt.path),
            Err(error) => self.attempt_failed(attempt.dial, &attempt.peer, error),
        }
    }

    fn attempt_failed(&mut self, id: DialId, peer: &socket2::SockAddr, error: io::Error) {
        if let Some(dial) = self.dials.find_mut(id) {
            dial.live -= 1;
        }
        self.lost(id, peer, error);
        self.look_at_dial(id);
    }

    fn lost(&mut self, id: DialId, peer: &socket2::SockAddr, error: io::Error) {
        let Some(dial) = self.dials.find_mut(id) else {
            return;
        };
        let more = !dial.untried.is_empty() || dial.live > 0;
        if more {
            let host = address::host(peer);
            let words = format!("Connection to {host} failed: {}.", words(&error));
            self.say.say(Level::Verbose, &words);
        }
        if !dial.untried.is_empty() {
            self.say.say(Level::Verbose, "Trying next address...");
        }
        dial.last = error;
    }

    fn won(&mut self, id: DialId, socket: Socket, path: Option<BoundPath>) {
        let Some(dial) = self.dials.remove(id) else {
            return;
        };
        self.drop_attempts(id);
        self.paths.extend(path);
        let name = peer_name(SockRef::from(&socket));
        let unix = socket
            .domain()
            .is_ok_and(|domain| domain == socket2::Domain::UNIX);
        let carriage = self.config.target.as_ref().map(|target| target.carriage);
        let fd = sockopt::descriptor(socket);
        let transport = match carriage {
            Some(Carriage::Datagram) => {
                let (only, first) = (None, Default::default());
                Transport::Datagram(Box::new(Datagram {
                    socket: fd,
                    only,
                    first,
                    unix,
                }))
            }
            Some(Carriage::Stream) | None => Transport::Stream(fd),
        };
        let conn = self.add_conn(transport, name);
        match self.watch(conn) {
            Ok(()) => self.reached(conn, dial.n, dial.deadline),
            Err(error) => self.outbox.push_back(Event::Fail {
                dial: dial.n,
                why: failure(&error),
            }),
        }
    }

    fn give_up(&mut self, id: DialId, why: Failure) {
        self.drop_attempts(id);
        if let Some(dial) = self.dials.remove(id) {
            self.outbox.push_back(Event::Fail { dial: dial.n, why });
        }
    }

    fn drop_attempts(&mut self, dial: DialId) {
        for id in self.attempts.ids() {
            if self
                .attempts
                .find(id)
                .is_some_and(|attempt| attempt.dial == dial)
            {
                self.attempts.remove(id);
            }
        }
    }
}

/// Whether a pending connect has ended well; the error when it has not.
fn is_connected(socket: &Socket) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        // The system chose as our port the very one that we dial, where nobody listens.
        Ok(peer) if is_itself(socket, &peer) => Err(rustix::io::Errno::CONNREFUSED.into()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_itself(socket: &Socket, peer: &socket2::SockAddr) -> bool {
    !peer.is_unix() && socket.local_addr().is_ok_and(|own| own == *peer)
}

/// Whether a datagram peer has said anything; the error when it refused.
fn is_answered(socket: &Socket) -> io::Result<bool> {
    let flags = RecvFlags::DONTWAIT | RecvFlags::PEEK;
    match rustix::net::recv(socket, &mut [0; 1][..], flags) {
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Why something failed, for a mode.
pub(super) fn failure(error: &io::Error) -> Failure {
    let fault = error.get_ref().and_then(|why| why.downcast_ref::<Fault>());
    Failure {
        words: words(error),
        wrong_peer: fault.is_some_and(|fault| fault.then == wire::Then::Quit),
    }
}
