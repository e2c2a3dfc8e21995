//! A client that begins anew from the address of an open session (RFC 6347, 4.2.8).
//!
//! It may have crashed and forgotten; or somebody else pretends to be it. So it has to show a cookie
//! and to finish its handshake, all of it beside the open session, which goes on as if nothing had
//! been said. Only then the new session takes the place of the old one, which nobody can have any use
//! for: to whoever talks to that address it is still the same conversation, as it is without DTLS.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::door::{Door, Verdict, is_hello};
use super::kit::ServerKit;
use super::record::HANDSHAKE;
use super::session::Session;
use crate::wire::Clock;

/// How long a new session may take, as others may by default.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a new session is begun.
pub(super) struct Reception {
    kit: ServerKit,
    clock: Clock,
    /// There is none until somebody knocks.
    door: Option<Door>,
    next: Option<Next>,
}

struct Next {
    session: Box<Session>,
    until: Instant,
}

impl Reception {
    pub(super) fn new(kit: ServerKit, clock: Clock) -> Self {
        Self {
            kit,
            clock,
            door: None,
            next: None,
        }
    }

    /// Whether a new session is on its way.
    pub(super) fn is_busy(&self) -> bool {
        self.next.is_some()
    }

    /// A datagram that the open session could not open. A new session that is complete takes its place.
    pub(super) fn hear(&mut self, datagram: &mut [u8], open: &mut Session) {
        self.lose_patience();
        let below = &mut open.talk.out.below;
        if is_hello(datagram) && !self.admit(datagram, below) {
            return;
        }
        let Some(mut next) = self.next.take() else {
            return;
        };
        let heard = next.session.hear(datagram);
        if let Err(failure) = &heard {
            next.session.talk.give_up(failure.alert);
        }
        below.append(&mut next.session.talk.out.below);
        if heard.is_err() {
            return;
        }
        if !next.session.is_open() {
            self.next = Some(next);
        } else if next.session.talk.chain.first() == open.talk.chain.first() {
            // With another certificate it would be somebody else, who must not be told the rest.
            open.be_succeeded(*next.session);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let next = self.next.as_ref()?;
        let again = next.session.talk.deadline();
        Some(again.map_or(next.until, |again| again.min(next.until)))
    }

    pub(super) fn on_deadline(&mut self, below: &mut VecDeque<Vec<u8>>) {
        self.lose_patience();
        if let Some(next) = &mut self.next {
            if next.session.talk.on_deadline().is_err() {
                self.next = None;
                return;
            }
            below.append(&mut next.session.talk.out.below);
        }
    }

    fn lose_patience(&mut self) {
        let now = self.clock.now();
        self.next.take_if(|next| next.until <= now);
    }

    /// Whether a hello has its cookie, or else it is asked for one. The address is always the same.
    fn admit(&mut self, hello: &[u8], below: &mut VecDeque<Vec<u8>>) -> bool {
        if self.door.is_none() {
            self.door = Door::new(&self.kit, self.clock.clone()).ok();
        }
        let verdict = self.door.as_mut().map(|door| door.look(hello, &[]));
        match verdict {
            Some(Verdict::Admit) => {
                let begin = || Next {
                    session: Box::new(Session::server(&self.kit, self.clock.clone())),
                    until: self.clock.now() + PATIENCE,
                };
                self.next.get_or_insert_with(begin);
                true
            }
            Some(Verdict::Answer(answer)) => {
                // Whoever knocks faster than we send is not answered each time.
                if below.is_empty() {
                    below.push_back(answer);
                }
                false
            }
            Some(Verdict::Ignore) | None => false,
        }
    }
}

/// Whether it is worth a closer look: a handshake in the clear.
pub(super) fn may_open(datagram: &[u8]) -> bool {
    datagram.first() == Some(&HANDSHAKE) && datagram.get(3..5) == Some(&[0, 0])
}
