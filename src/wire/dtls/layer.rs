//! The layer: datagrams in, messages out, and the other way round.

use std::collections::VecDeque;
use std::time::Instant;

use super::alert;
use super::failure::Failure;
use super::kit::{ClientKit, Describe, ServerKit};
use super::record::{APPLICATION, LARGEST};
use super::session::Session;
use super::successor::{Reception, may_open};
use crate::data::Buf;
use crate::wire::{Clock, Fault, Layer, Phase};

/// A conversation with one peer, as its client or its server.
pub struct Dtls {
    session: Session,
    /// For a server: where its peer may begin anew.
    reception: Option<Reception>,
    describe: Option<Describe>,
    /// Why it is over, once it is.
    fault: Option<Fault>,
}

impl Dtls {
    /// The most that one message can carry. [`Layer::send`] takes no more at a time: what is longer
    /// becomes several messages, for bytes from a stream must not be lost.
    pub const LARGEST: usize = LARGEST;

    /// A client that says hello as soon as it is asked for what goes down.
    pub fn client(kit: &ClientKit, clock: Clock) -> Self {
        let (session, said) = Session::client(kit, clock);
        let mut layer = Self {
            session,
            reception: None,
            describe: kit.common.describe.clone(),
            fault: None,
        };
        if let Err(failure) = said {
            layer.break_off(failure);
        }
        layer
    }

    /// A server whose first datagram is one that a [`super::Door`] admitted.
    pub fn server(kit: &ServerKit, clock: Clock) -> Self {
        Self {
            session: Session::server(kit, clock.clone()),
            reception: Some(Reception::new(kit.clone(), clock)),
            describe: kit.common.describe.clone(),
            fault: None,
        }
    }

    fn hear(&mut self, datagram: &mut [u8]) -> Result<(), Failure> {
        let Some(reception) = &mut self.reception else {
            return self.session.hear(datagram).map(|_| ());
        };
        if !self.session.is_open() || !(reception.is_busy() || may_open(datagram)) {
            return self.session.hear(datagram).map(|_| ());
        }
        let mut copy = datagram.to_vec(); // who fails to open it spoils it
        if !self.session.hear(datagram)? {
            reception.hear(&mut copy, &mut self.session);
        }
        Ok(())
    }

    /// Hands on what waits, as far as the queues are empty.
    fn hand_on(&mut self, up: &mut Buf, down: &mut Buf) {
        if self.session.is_open() || self.fault.is_some() {
            pour(&mut self.session.above, up);
        }
        self.hand_down(down);
    }

    fn hand_down(&mut self, down: &mut Buf) {
        pour(&mut self.session.talk.out.below, down);
    }

    /// Tells the peer, unless it was the peer who told us, and says no more.
    fn break_off(&mut self, failure: Failure) {
        self.session.talk.give_up(failure.alert);
        self.reception = None;
        self.fault = Some(failure.fault);
    }

    /// The fault, once all that came before it has gone up.
    fn fault(&self) -> Result<(), Fault> {
        match &self.fault {
            Some(fault) if self.session.above.is_empty() => Err(fault.clone()),
            Some(_) | None => Ok(()),
        }
    }
}

impl Layer for Dtls {
    fn phase(&self) -> Phase {
        if self.session.is_open() {
            Phase::Open
        } else {
            Phase::Handshake
        }
    }

    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        self.hand_on(up, down);
        self.fault()?;
        if self.session.is_open() && !self.session.above.is_empty() {
            return Ok(0);
        }
        let used = wire.len();
        if let Err(failure) = self.hear(wire) {
            self.break_off(failure);
        }
        self.hand_on(up, down);
        self.fault()?;
        Ok(used)
    }

    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        self.hand_down(down);
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        if !self.session.is_open() || app.is_empty() || !down.is_empty() {
            return Ok(0);
        }
        let carried = &app[..app.len().min(LARGEST)];
        let out = &mut self.session.talk.out;
        down.grow(out.overhead(1) + carried.len());
        let written = out.write(1, APPLICATION, carried, down.room());
        down.fill(written.ok_or_else(|| Failure::worn().fault)?);
        Ok(carried.len())
    }

    fn finish(&mut self, down: &mut Buf) {
        let talk = &mut self.session.talk;
        talk.say_alert(alert::WARNING, alert::CLOSE_NOTIFY);
        self.hand_down(down);
    }

    fn has_ended(&self) -> bool {
        self.session.has_ended()
    }

    fn may_be_asked_again(&self) -> bool {
        self.fault.is_none() && self.session.is_open() && self.session.talk.may_be_asked_again()
    }

    fn deadline(&self) -> Option<Instant> {
        let reception = self.reception.as_ref().and_then(Reception::deadline);
        self.session
            .talk
            .deadline()
            .into_iter()
            .chain(reception)
            .min()
    }

    fn on_deadline(&mut self, down: &mut Buf) -> Result<(), Fault> {
        if let Err(failure) = self.session.talk.on_deadline() {
            self.break_off(failure);
        }
        if let Some(reception) = &mut self.reception {
            reception.on_deadline(&mut self.session.talk.out.below);
        }
        self.hand_down(down);
        self.fault()
    }

    fn remarks(&mut self) -> Vec<String> {
        match &self.describe {
            Some(describe) if !self.session.talk.chain.is_empty() => {
                describe(&self.session.talk.chain)
            }
            Some(_) | None => Vec::new(),
        }
    }
}

/// One message into an empty queue, be it larger than that was; but nothing into one that is no place for
/// anything, as there is none above as long as both sides have not agreed.
fn pour(messages: &mut VecDeque<Vec<u8>>, into: &mut Buf) {
    if into.is_empty()
        && into.capacity() > 0
        && let Some(message) = messages.pop_front()
    {
        into.grow(message.len());
        into.put(&message);
    }
    if messages.is_empty() {
        *messages = VecDeque::new(); // an idle session holds no memory for what is past
    }
}
