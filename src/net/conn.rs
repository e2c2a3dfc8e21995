//! The record of one place bytes enter or leave: a transport, what is known of its readiness, and
//! the protocols in between.
//!
//! Promise: readiness is withdrawn by `WouldBlock` and by nothing else, and a connection without
//! layers holds no bytes of its own.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Instant;

use super::alarm::{Alarms, Wake};
use super::appetite::Appetite;
use super::sys::{self, Channel};
use super::transport::Transport;
use crate::data::{Buf, Pool};
use crate::ids::{ConnId, ListenId, RouteId};
use crate::mode::Alarm;
use crate::route::{Carried, End, Step, is_full_disk};
use crate::wire::{Fault, Stack};

/// Room for bytes between the wire and the layers, each way: the largest datagram and its answers.
const LAYER_ROOM: usize = 128 * 1024;
/// How often the layers are given more before somebody else has a turn: a peer may send nothing but
/// commands for as long as it likes.
const SWALLOWS: usize = 16;

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
    /// How much it wants to be woken for, where somebody rings when that takes too long.
    appetite: Option<Box<Appetite>>,
    readable: bool,
    writable: bool,
    finish: Finish,
    /// The peer has said its last.
    pub over: bool,
    /// The system says that nothing will ever reach the peer again.
    pub hung_up: bool,
}

/// Memory for what is between wires and layers; all connections share one.
pub(super) type LayerPool = Rc<RefCell<Pool>>;

struct Layers {
    stack: Stack,
    rx: Buf,
    tx: Buf,
    /// Where the memory of both comes from.
    pool: LayerPool,
    /// The wire has ended; what is in `rx` is all there is.
    wire_over: bool,
    /// The stack gives nothing more unless more comes from the wire or leaves `tx`.
    settled: bool,
    /// For whom it is agreed with the peer how to talk, and until when; nobody else knows of it yet.
    greeting: Option<Greeting>,
    /// Some of the layers had to agree with the peer first: nothing may pass beside them.
    sealed: bool,
    /// When somebody rings for the layers.
    rings_at: Option<Instant>,
}

/// What comes of a connection once its layers and the peer's agree.
#[derive(Clone, Copy)]
pub(super) struct Greeting {
    /// The dial that has led to it; none if it came in.
    pub dial: Option<usize>,
    /// When it is given up.
    pub until: Option<Instant>,
}

/// How far layers and peer are from agreeing.
pub(super) enum Greeted {
    /// They agree.
    Yes,
    /// More must come from the peer, or go to it.
    NotYet,
    /// There is more to do at once.
    Busy,
    /// They never will.
    Never(io::Error),
}

#[derive(Clone, Copy, PartialEq)]
enum Finish {
    No,
    /// As soon as what is queued below the layers has gone.
    Wanted,
    Done,
}

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
            appetite: None,
            readable: false,
            writable: false,
            finish: Finish::No,
            over: false,
            hung_up: false,
        }
    }

    /// Puts layers between the transport and whoever talks through the connection.
    pub(super) fn set_layers(&mut self, stack: Stack, pool: &LayerPool) {
        if stack.is_empty() {
            return;
        }
        let (rx, tx) = (Buf::new(LAYER_ROOM), Buf::new(LAYER_ROOM));
        let sealed = !stack.is_open();
        self.layers = Some(Box::new(Layers {
            stack,
            rx,
            tx,
            pool: Rc::clone(pool),
            wire_over: false,
            settled: false,
            greeting: None,
            sealed,
            rings_at: None,
        }));
    }

    /// Begins to agree with the peer how to talk, if there is anything to agree on.
    pub(super) fn begin_greeting(&mut self, greeting: Greeting) -> bool {
        let shy = |layers: &&mut Box<Layers>| !layers.stack.is_open();
        let Some(layers) = self.layers.as_mut().filter(shy) else {
            return false;
        };
        layers.greeting = Some(greeting);
        true
    }

    /// For whom it is agreed with the peer how to talk, if that is going on.
    pub(super) fn greeting(&self) -> Option<Greeting> {
        self.layers.as_ref()?.greeting
    }

    /// Goes on agreeing with the peer. What it says beyond that stays in the layers.
    pub(super) fn greet(&mut self) -> Greeted {
        let greeted = self.agree();
        self.rest(); // its next word may be long in coming
        greeted
    }

    fn agree(&mut self) -> Greeted {
        let mut nowhere = Buf::new(0);
        let mut step = self.pull_through_layers(&mut nowhere);
        let mut flushes = (0..SWALLOWS).map(|_| self.flush());
        let flushed = flushes.find(|step| !matches!(step, Step::Moved(_)));
        let Some(layers) = &mut self.layers else {
            return Greeted::Yes;
        };
        if layers.stack.is_open() {
            layers.greeting = None;
            return Greeted::Yes;
        }
        match flushed {
            Some(Step::Broken(error)) => step = Step::Broken(error),
            None => return Greeted::Busy,
            Some(Step::Moved(_) | Step::Idle | Step::Over) => {}
        }
        match step {
            Step::Moved(_) => Greeted::Busy,
            Step::Idle => Greeted::NotYet,
            Step::Over => Greeted::Never(io::ErrorKind::UnexpectedEof.into()),
            Step::Broken(error) => Greeted::Never(error),
        }
    }

    /// What the layers have learnt of the peer, for a person.
    pub(super) fn remarks(&mut self) -> Vec<String> {
        let layers = self.layers.as_mut();
        layers.map_or_else(Vec::new, |layers| layers.stack.remarks())
    }

    /// When the layers want to be rung for, if nobody has been told that yet.
    pub(super) fn layers_alarm(&mut self) -> Option<Instant> {
        let layers = self.layers.as_mut()?;
        let at = layers.stack.deadline();
        if std::mem::replace(&mut layers.rings_at, at) == at {
            return None;
        }
        at
    }

    /// Whether the layers still want to be rung for then.
    pub(super) fn awaits_ring(&self, at: Instant) -> bool {
        let layers = self.layers.as_ref();
        layers.is_some_and(|layers| layers.rings_at == Some(at))
    }

    /// It is that time. What breaks now is told with the next pull.
    pub(super) fn ring_layers(&mut self) {
        if let Some(layers) = &mut self.layers {
            (layers.rings_at, layers.settled) = (None, false);
            let _ = layers.stack.on_deadline(&mut layers.tx); // the stack keeps the fault
        }
        let _ = self.flush(); // a broken wire breaks the next pull, too
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
        let Transport::Stream(fd) = &self.transport else {
            return None;
        };
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

    /// A bulk receiver may ask to be woken less often; whoever allows it rings in time.
    pub(super) fn allow_appetite(&mut self) {
        if let Transport::Stream(fd) = &self.transport
            && !sys::is_unix(fd)
        {
            self.appetite = Some(Box::default());
        }
    }

    /// Goes to sleep, or has been woken. When somebody must ring at the latest, told once each sleep.
    pub(super) fn sleep(&mut self, until: Instant) -> Option<Instant> {
        let (Some(appetite), Transport::Stream(fd)) = (&mut self.appetite, &self.transport) else {
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
        if let (Some(appetite), Transport::Stream(fd)) = (&mut self.appetite, &self.transport) {
            appetite.give_up(fd.as_fd());
            self.readable = true;
        }
    }

    /// The loop has seen these; they hold until a call would wait.
    pub(super) fn note(&mut self, readable: bool, writable: bool) {
        self.readable |= readable;
        self.writable |= writable;
    }

    /// Whether the kernel has handed everything to the peer, or never will. Only a peer that may
    /// still send can make our closing destroy what is on its way.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.over || self.has_all()
    }

    /// Whether the peer has been told that no more will come, or is about to be.
    pub(super) fn is_finishing(&self) -> bool {
        self.finish != Finish::No
    }

    /// Whether the kernel has handed everything to the peer; it still knows after a reset.
    pub(super) fn has_all(&self) -> bool {
        match &self.transport {
            Transport::Stream(fd) => sys::unsent(fd) == 0,
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

    /// What a write came to.
    fn written(writable: &mut bool, result: io::Result<usize>) -> Step {
        match result {
            Ok(n) => Step::Moved(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Step::Moved(0),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                *writable = false;
                Step::Idle
            }
            Err(error) => Step::Broken(error),
        }
    }

    fn pull_through_layers(&mut self, into: &mut Buf) -> Step {
        let Some(layers) = &mut self.layers else {
            return Step::Idle;
        };
        for _ in 0..SWALLOWS {
            let before = into.len();
            let received = layers.stack.recv(&mut layers.rx, into, &mut layers.tx);
            if into.len() > before {
                return Step::Moved(into.len() - before);
            }
            match received {
                Ok(true) => continue,
                Ok(false) => layers.settled = into.free() > 0 || into.capacity() == 0,
                Err(fault) => {
                    let step = self.break_off(fault);
                    self.give_up_unsent();
                    return step;
                }
            }
            if layers.stack.has_ended() {
                return Step::Over;
            }
            if layers.wire_over {
                // Asked each time: whoever met the end may have been busy with a greeting.
                return match layers.stack.recv_eof() {
                    Ok(()) => Step::Over,
                    Err(fault) => self.break_off(fault),
                };
            }
            if !self.readable || !layers.takes(self.transport.keeps_messages()) {
                return Step::Idle;
            }
            layers.rx.lend(&mut layers.pool.borrow_mut());
            layers.rx.room_for(layers.rx.free());
            match Self::raw_pull(&mut self.transport, &mut self.readable, &mut layers.rx) {
                Step::Moved(_) => layers.settled = false,
                Step::Over => layers.wire_over = true,
                step @ (Step::Idle | Step::Broken(_)) => {
                    // A look at one who says nothing must leave nothing behind.
                    layers.rx.settle(&mut layers.pool.borrow_mut());
                    return step;
                }
            }
        }
        Step::Moved(0)
    }

    fn push_through_layers(&mut self, bytes: &[u8]) -> Step {
        let Some(layers) = &mut self.layers else {
            return Step::Idle;
        };
        // A message is encoded whole and alone, so what was before must have gone.
        if self.transport.keeps_messages() && !layers.tx.is_empty() {
            return Step::Idle;
        }
        if bytes.is_empty() && self.transport.keeps_messages() {
            if layers.sealed {
                return Step::Moved(0); // there is no way to say nothing in secret
            }
            let result = self.transport.write(bytes); // layers have nothing to say to nothing
            return Self::written(&mut self.writable, result);
        }
        layers.tx.lend(&mut layers.pool.borrow_mut());
        match layers.stack.send(bytes, &mut layers.tx) {
            Ok(n) => match self.flush() {
                Step::Broken(error) => Step::Broken(error),
                Step::Idle | Step::Over if n == 0 => Step::Idle,
                Step::Moved(_) | Step::Idle | Step::Over => Step::Moved(n),
            },
            Err(fault) => self.break_off(fault),
        }
    }

    /// The peer is told what the layers have to say about that, if it can be told at once.
    fn break_off(&mut self, fault: Fault) -> Step {
        let _ = self.flush();
        Step::Broken(io::Error::other(fault))
    }

    /// The peer has broken its layers and can make nothing of what it has not taken by now. Nobody is to
    /// wait for it.
    fn give_up_unsent(&mut self) {
        while let Step::Moved(1..) = self.flush() {}
        if let Some(layers) = &mut self.layers {
            layers.tx.clear();
        }
    }

    fn finish_transport(&mut self) {
        self.finish = Finish::Done;
        let _ = self.transport.finish(); // the peer may be gone already
    }
}

impl Layers {
    /// Whether more from the wire can be of use: messages are looked at one by one.
    fn takes(&self, messages: bool) -> bool {
        match messages {
            true => self.rx.is_empty(),
            false => self.rx.free() > 0,
        }
    }
}

impl End for Conn {
    type Channel = Channel;

    fn pull(&mut self, into: &mut Buf) -> Step {
        let step = match &self.layers {
            None => Self::raw_pull(&mut self.transport, &mut self.readable, into),
            Some(_) => self.pull_through_layers(into),
        };
        if let (Step::Moved(n), Some(appetite)) = (&step, &mut self.appetite) {
            appetite.took(*n);
        }
        if matches!(step, Step::Over | Step::Broken(_)) {
            self.over = true;
        }
        step
    }

    fn push(&mut self, from: &mut Buf) -> Step {
        let step = if self.layers.is_some() {
            self.push_through_layers(from.filled())
        } else if self.writable {
            let result = self.transport.write(from.filled());
            Self::written(&mut self.writable, result)
        } else {
            Step::Idle
        };
        if let Step::Moved(n) = step {
            from.take(n);
        }
        step
    }

    fn push_parts(&mut self, parts: &[IoSlice<'_>]) -> Step {
        if self.layers.is_none() {
            if !self.writable {
                return Step::Idle;
            }
            let result = self.transport.write_parts(parts);
            return Self::written(&mut self.writable, result);
        }
        match parts.first() {
            Some(part) => self.push_through_layers(part),
            None => Step::Idle,
        }
    }

    fn flush(&mut self) -> Step {
        let Some(layers) = &mut self.layers else {
            return Step::Idle;
        };
        if layers.tx.is_empty() && self.finish == Finish::Wanted {
            let said = layers.stack.finish(&mut layers.tx);
            if said && layers.tx.is_empty() {
                self.finish_transport();
                return Step::Moved(0);
            }
        }
        // Layers keep the next message until the last has gone.
        if layers.tx.is_empty() && layers.sealed && self.transport.keeps_messages() {
            let _ = layers.stack.send(&[], &mut layers.tx); // the stack keeps the fault
        }
        if layers.tx.is_empty() || !self.writable {
            return Step::Idle;
        }
        let result = self.transport.write(layers.tx.filled());
        let step = Self::written(&mut self.writable, result);
        match step {
            Step::Moved(n) => {
                layers.tx.take(n);
                layers.settled = false;
            }
            // A full disk may have room again later.
            Step::Broken(ref error) if is_full_disk(error) => {}
            Step::Broken(_) => layers.tx.clear(),
            Step::Idle | Step::Over => {}
        }
        step
    }

    fn is_clear(&self) -> bool {
        self.finish != Finish::Wanted
            && self
                .layers
                .as_ref()
                .is_none_or(|layers| layers.tx.is_empty())
    }

    fn finish(&mut self) {
        if self.finish != Finish::No {
            return;
        }
        self.finish = Finish::Wanted;
        // The layers' goodbye goes with the next flush, behind what is queued.
        if self.layers.is_none() {
            self.finish_transport();
        }
    }

    fn keeps_messages(&self) -> bool {
        self.transport.keeps_messages()
    }

    fn is_readable(&self) -> bool {
        match &self.layers {
            None => self.readable,
            Some(layers) => {
                let takes = layers.takes(self.transport.keeps_messages());
                !layers.settled || (self.readable && takes && !layers.wire_over)
            }
        }
    }

    fn is_writable(&self) -> bool {
        self.writable
    }

    fn channel(from: &Self, to: &Self) -> Option<Channel> {
        if from.layers.is_some() || to.layers.is_some() {
            return None;
        }
        let (_, source) = from.transport.source()?;
        let (_, sink) = to.transport.sink()?;
        Channel::between(source, sink)
    }

    fn carry(from: &mut Self, to: &mut Self, channel: &mut Channel, pull: bool) -> Carried {
        let ready = sys::Ready {
            source: &mut from.readable,
            sink: &mut to.writable,
        };
        let fds = (from.transport.source(), to.transport.sink());
        let (Some((source, _)), Some((sink, _))) = fds else {
            return Carried::refused();
        };
        let carried = channel.carry(source, sink, ready, pull);
        if let Some(appetite) = &mut from.appetite {
            appetite.took(carried.taken);
        }
        if matches!(
            carried.then,
            crate::route::Then::Over | crate::route::Then::SourceBroken(_)
        ) {
            from.over = true;
        }
        carried
    }

    fn held(channel: &Channel) -> usize {
        channel.held()
    }

    fn has_room(channel: &Channel) -> bool {
        channel.has_room()
    }

    fn rescue(channel: &mut Channel, into: &mut Buf) -> Step {
        match channel.rescue(into.room()) {
            Ok(0) => Step::Over,
            Ok(n) => {
                into.fill(n);
                Step::Moved(n)
            }
            Err(error) => Step::Broken(error),
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    /// Ten thousand idle connections hold ten thousand of these and next to nothing else.
    #[test]
    fn a_connection_without_layers_is_small() {
        let size = size_of::<Conn>();
        assert!(size <= 176, "{size} bytes for each connection");
    }
}
