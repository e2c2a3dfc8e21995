//! What stands between a connection and its wire: layers, what rests below them, and how they come to
//! agree with the peer's.
//!
//! Promise: nothing is kept below layers at rest but what the wire has not taken or brought in part,
//! and who breaks them is told why, if it can be told at once.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::{Conn, Finish};
use crate::data::{Buf, Pool};
use crate::route::{End, Step};
use crate::wire::{Answer, Ask, Endpoint, Fault, Served, Stack};

/// Room for bytes between the wire and the layers, each way: the largest datagram and its answers.
const LAYER_ROOM: usize = 128 * 1024;
/// How often the layers are given more before somebody else has a turn: a peer may send nothing but
/// commands for as long as it likes.
const SWALLOWS: usize = 16;

/// Memory for what is between wires and layers; all connections share one.
pub(in crate::net) type LayerPool = Rc<RefCell<Pool>>;

/// The layers of one connection.
pub(super) struct Layers {
    pub(super) stack: Stack,
    pub(super) rx: Buf,
    pub(super) tx: Buf,
    /// Where the memory of both comes from.
    pub(super) pool: LayerPool,
    /// Nothing is read beyond what layers need that are to leave.
    pub(super) sips: bool,
    /// The wire has ended; what is in `rx` is all there is.
    pub(super) wire_over: bool,
    /// The stack gives nothing more unless more comes from the wire or leaves `tx`.
    pub(super) settled: bool,
    /// For whom it is agreed with the peer how to talk, and until when; nobody else knows of it yet.
    pub(super) greeting: Option<Greeting>,
    /// Nothing may pass beside the layers.
    pub(super) sealed: bool,
    /// When somebody rings for the layers.
    pub(super) rings_at: Option<Instant>,
}

/// What comes of a connection once its layers and the peer's agree.
#[derive(Clone, Copy)]
pub(in crate::net) struct Greeting {
    /// The dial that has led to it; none if it came in.
    pub(in crate::net) dial: Option<usize>,
    /// When it is given up.
    pub(in crate::net) until: Option<Instant>,
}

/// How far layers and peer are from agreeing.
pub(in crate::net) enum Greeted {
    /// They agree.
    Yes,
    /// More must come from the peer, or go to it.
    NotYet,
    /// There is more to do at once.
    Busy,
    /// They never will.
    Never(io::Error),
}

impl Conn {
    /// Puts layers between the transport and whoever talks through the connection.
    pub(in crate::net) fn set_layers(&mut self, stack: Stack, pool: &LayerPool) {
        if stack.is_empty() {
            return;
        }
        let (rx, tx) = (Buf::new(LAYER_ROOM), Buf::new(LAYER_ROOM));
        let sealed = stack.seals();
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
            sips: false,
        }));
    }

    /// Layers get no byte more than they ask for: what comes behind those that leave stays in the system.
    pub(in crate::net) fn sip(&mut self) {
        if let Some(layers) = &mut self.layers {
            (layers.rx, layers.sips) = (Buf::new(1), true);
        }
    }

    /// Whether anything stands between the transport and whoever talks through the connection.
    pub(in crate::net) fn has_layers(&self) -> bool {
        self.layers.is_some()
    }

    /// Begins to agree with the peer how to talk, if there is anything to agree on.
    pub(in crate::net) fn begin_greeting(&mut self, greeting: Greeting) -> bool {
        let shy = |layers: &&mut Box<Layers>| !layers.stack.is_open();
        let Some(layers) = self.layers.as_mut().filter(shy) else {
            return false;
        };
        layers.greeting = Some(greeting);
        true
    }

    /// For whom it is agreed with the peer how to talk, if that is going on.
    pub(in crate::net) fn greeting(&self) -> Option<Greeting> {
        self.layers.as_ref()?.greeting
    }

    /// Goes on agreeing with the peer. What it says beyond that stays in the layers.
    pub(in crate::net) fn greet(&mut self) -> Greeted {
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
            // It may still be hearing the answer to its last request.
            Step::Over if !self.has_said_all() => Greeted::NotYet,
            Step::Over => Greeted::Never(io::ErrorKind::UnexpectedEof.into()),
            Step::Broken(error) => Greeted::Never(error),
        }
    }

    /// Whether the peer may still ask the layers for what it has missed and cannot do without.
    pub(in crate::net) fn may_be_asked_again(&self) -> bool {
        let layers = self.layers.as_ref();
        layers.is_some_and(|layers| layers.stack.may_be_asked_again())
    }

    /// What the layers have learnt of the peer, for a person.
    pub(in crate::net) fn remarks(&mut self) -> Vec<String> {
        let layers = self.layers.as_mut();
        layers.map_or_else(Vec::new, |layers| layers.stack.remarks())
    }

    /// Layers may hold words that had no room when they were said; what the peer says to them means nothing
    /// any more.
    pub(super) fn say_what_is_left(&mut self) {
        if let Some(layers) = &mut self.layers {
            let mut nowhere = Buf::new(0);
            layers.rx.clear();
            let _ = layers
                .stack
                .recv(&mut layers.rx, &mut nowhere, &mut layers.tx); // the connection is to end
        }
    }

    /// What the peer wants done by others, if it has said so.
    pub(in crate::net) fn ask(&mut self) -> Option<Ask> {
        let layers = self.layers.as_mut()?;
        let ask = layers.stack.ask()?;
        layers.greeting = None;
        Some(ask)
    }

    /// What came of it.
    pub(in crate::net) fn answer(&mut self, answer: &Answer) {
        if let Some(layers) = &mut self.layers {
            layers.stack.answer(answer);
            layers.settled = false;
        }
    }

    /// A request of the peer that is over.
    pub(in crate::net) fn served(&mut self) -> Option<Served> {
        let layers = self.layers.as_mut()?;
        let served = layers.stack.served()?;
        layers.greeting = None;
        Some(served)
    }

    /// Whether nothing that the layers have to say waits for the wire.
    pub(in crate::net) fn has_said_all(&self) -> bool {
        let said = |layers: &Layers| layers.tx.is_empty() && layers.stack.resting().1 == 0;
        self.layers.as_ref().is_none_or(|layers| said(layers))
    }

    /// Where messages are to be sent from here on, if it was agreed on that.
    pub(in crate::net) fn messages_to(&mut self) -> Option<Endpoint> {
        self.layers.as_mut()?.stack.relay()
    }

    /// Layers whose work is done are not kept once nothing rests in them; true if none are left.
    pub(in crate::net) fn shed(&mut self) -> bool {
        let idle = |layers: &mut Box<Layers>| {
            layers.stack.is_empty() && layers.rx.is_empty() && layers.tx.is_empty()
        };
        let done = self.finish == Finish::No && !self.transport.keeps_messages();
        if let Some(layers) = self.layers.take_if(|layers| done && idle(layers)) {
            let Layers {
                mut rx,
                mut tx,
                pool,
                wire_over,
                ..
            } = *layers;
            let mut pool = pool.borrow_mut();
            rx.settle(&mut pool);
            tx.settle(&mut pool);
            self.readable |= wire_over; // the end is read once more by whoever comes next
        }
        self.layers.is_none()
    }

    /// When the layers want to be rung for, if nobody has been told that yet.
    pub(in crate::net) fn layers_alarm(&mut self) -> Option<Instant> {
        let layers = self.layers.as_mut()?;
        let at = layers.stack.deadline();
        if std::mem::replace(&mut layers.rings_at, at) == at {
            return None;
        }
        at
    }

    /// Whether the layers still want to be rung for then.
    pub(in crate::net) fn awaits_ring(&self, at: Instant) -> bool {
        let layers = self.layers.as_ref();
        layers.is_some_and(|layers| layers.rings_at == Some(at))
    }

    /// It is that time. What breaks now is told with the next pull.
    pub(in crate::net) fn ring_layers(&mut self) {
        if let Some(layers) = &mut self.layers {
            (layers.rings_at, layers.settled) = (None, false);
            let _ = layers.stack.on_deadline(&mut layers.tx); // the stack keeps the fault
        }
        let _ = self.flush(); // a broken wire breaks the next pull, too
    }

    /// Takes a message from the layers, who put one into an empty queue only, be there others in `into`.
    pub(super) fn pull_message(&mut self, into: &mut Buf) -> Step {
        let Some(layers) = self.layers.as_ref().filter(|_| !into.is_empty()) else {
            return self.pull_through_layers(into);
        };
        let pool = Rc::clone(&layers.pool);
        let mut alone = Buf::new(into.capacity());
        alone.lend(&mut pool.borrow_mut());
        let step = self.pull_through_layers(&mut alone);
        into.grow(into.len() + alone.len());
        into.put(alone.filled());
        alone.clear();
        alone.settle(&mut pool.borrow_mut());
        step
    }

    /// Takes from the layers what they give, and gives them what the wire brings.
    pub(super) fn pull_through_layers(&mut self, into: &mut Buf) -> Step {
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
                    // Our own end was that of both directions: the peer's goodbye had no way left.
                    Err(_) if self.transport.awaits_end() => Step::Over,
                    Err(fault) => self.break_off(fault),
                };
            }
            if layers.sips && layers.stack.is_open() {
                return Step::Idle;
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

    /// Gives the layers bytes for the wire; of messages one.
    pub(super) fn push_through_layers(&mut self, bytes: &[u8]) -> Step {
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
            // Layers have nothing to say to nothing.
            let ready = (&mut self.readable, &mut self.writable);
            return Self::raw_push(&mut self.transport, ready, |to| to.write(bytes));
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
}

impl Layers {
    /// Whether more from the wire can be of use: messages are looked at one by one.
    pub(super) fn takes(&self, messages: bool) -> bool {
        match messages {
            true => self.rx.is_empty(),
            false => self.rx.free() > 0,
        }
    }
}
