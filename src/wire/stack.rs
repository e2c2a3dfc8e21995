//! The layers of one connection in order, wire end first, with the queues between neighbours.
//!
//! Owns the layers and what rests between them; the queues at both ends are the caller's.
//! Promise: what a layer gave is handed to its neighbour once and in order, no queue grows past its
//! capacity, and a call returns only when nothing can move without the caller's help. What a layer
//! gave before a fault is delivered before the fault is reported.

use std::time::Instant;

use super::{Answer, Ask, Endpoint, Fault, Layer, Phase, Served};
use crate::data::Buf;

/// Layers that bytes pass one after the other. Without any it is the identity, but a caller who
/// looks at [`Stack::is_empty`] saves a copy.
pub struct Stack {
    /// Wire end first.
    layers: Vec<Box<dyn Layer>>,
    /// Invariant: `gaps[i]` lies between layers `i` and `i + 1`, so there is one less than layers.
    gaps: Vec<Gap>,
    /// Capacity of each queue in a gap.
    between: usize,
    state: State,
    /// What layers had to say of the peer when they left.
    parting: Vec<String>,
    /// What one of those learnt of where to send messages.
    relay: Option<Endpoint>,
}

/// What rests between two neighbours, on its way up and on its way down.
struct Gap {
    up: Buf,
    down: Buf,
}

impl Gap {
    fn is_empty(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }
}

enum State {
    Open,
    /// The application is done; this many layers, counted from the wire, have not said goodbye.
    Finishing(usize),
    /// These layers and those between them cannot go on. Those above still get what was on its way
    /// up, those below what was on its way down.
    Broken {
        lowest: usize,
        highest: usize,
        fault: Fault,
    },
}

impl Default for Stack {
    fn default() -> Self {
        Self::with_queues(BETWEEN)
    }
}

/// Two TLS records: one is read while the next is put together.
const BETWEEN: usize = 32 << 10;

impl Stack {
    /// A stack whose inner queues hold `capacity` bytes each.
    pub fn with_queues(capacity: usize) -> Self {
        Self {
            layers: Vec::new(),
            gaps: Vec::new(),
            between: capacity,
            state: State::Open,
            parting: Vec::new(),
            relay: None,
        }
    }

    /// Adds a layer above those that are there.
    pub fn push(&mut self, layer: Box<dyn Layer>) {
        if !self.layers.is_empty() {
            self.gaps.push(Gap {
                up: Buf::new(self.between),
                down: Buf::new(self.between),
            });
        }
        self.layers.push(layer);
    }

    /// Whether no layer is left.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// How many bytes rest between layers on their way up, and on their way down. They go on when
    /// there is room outside and [`Stack::recv`] or [`Stack::send`] is called, be it with nothing.
    pub fn resting(&self) -> (usize, usize) {
        self.gaps.iter().fold((0, 0), |(up, down), gap| {
            (up + gap.up.len(), down + gap.down.len())
        })
    }

    /// Whether no layer is still in its handshake.
    pub fn is_open(&self) -> bool {
        let mut phases = self.layers.iter().map(|layer| layer.phase());
        phases.all(|phase| !matches!(phase, Phase::Handshake | Phase::Asking))
    }

    /// Whether nothing may pass beside the layers. Asked before anything has passed.
    pub fn seals(&self) -> bool {
        self.layers.iter().any(|layer| layer.seals())
    }

    /// Whether a layer has heard the peer's last, and those above have been given all of it.
    pub fn has_ended(&self) -> bool {
        let mut layers = self.layers.iter();
        let ended = layers.position(|layer| layer.has_ended());
        ended.is_some_and(|at| self.gaps[at..].iter().all(|gap| gap.up.is_empty()))
    }

    /// Whether the peer may still ask a layer for what it has missed and cannot do without.
    pub fn may_be_asked_again(&self) -> bool {
        let broken = matches!(self.state, State::Broken { .. });
        !broken && self.layers.iter().any(|layer| layer.may_be_asked_again())
    }

    /// When [`Stack::on_deadline`] is to be called unless something happens before.
    pub fn deadline(&self) -> Option<Instant> {
        self.layers.iter().filter_map(|l| l.deadline()).min()
    }

    /// That time has come for some of the layers; those who are early do nothing.
    pub fn on_deadline(&mut self, down: &mut Buf) -> Result<(), Fault> {
        for at in 0..self.layers.len() {
            let into = match at {
                0 => &mut *down,
                _ => &mut self.gaps[at - 1].down,
            };
            if let Err(fault) = self.layers[at].on_deadline(into) {
                self.break_at(at, fault.clone());
                return Err(fault);
            }
        }
        self.sink(down);
        Ok(())
    }

    /// What a person may want to know of the peer, once the handshakes are over. What layers had to say
    /// that have left by then comes first, for they had it to say first.
    pub fn remarks(&mut self) -> Vec<String> {
        let mut said = std::mem::take(&mut self.parting);
        said.extend(self.layers.iter_mut().flat_map(|layer| layer.remarks()));
        said
    }

    /// What the peer wants done by others, if it has said so.
    pub fn ask(&mut self) -> Option<Ask> {
        self.layers.iter_mut().find_map(|layer| layer.ask())
    }

    /// What came of it. There is something to be received then, be it from an empty wire.
    pub fn answer(&mut self, answer: &Answer) {
        for layer in &mut self.layers {
            layer.answer(answer.clone());
        }
    }

    /// A request of the peer that is over.
    pub fn served(&mut self) -> Option<Served> {
        self.layers.iter_mut().find_map(|layer| layer.served())
    }

    /// Where messages are to be sent from here on, if a handshake was about that.
    pub fn relay(&mut self) -> Option<Endpoint> {
        let all = self.layers.iter_mut().find_map(|layer| layer.relay());
        all.or_else(|| self.relay.take())
    }

    /// Moves what it can from the wire up, and answers down; true if anything moved.
    pub fn recv(&mut self, wire: &mut Buf, up: &mut Buf, down: &mut Buf) -> Result<bool, Fault> {
        let mut moved = false;
        while self.rise(wire, up, down) | self.sink(down) {
            moved = true;
            self.drop_closed();
        }
        match &self.state {
            State::Broken { highest, fault, .. } => {
                let delivered = self.gaps[*highest..].iter().all(|gap| gap.up.is_empty());
                let stuck = !moved && up.is_empty();
                if delivered || stuck {
                    Err(fault.clone())
                } else {
                    Ok(moved)
                }
            }
            State::Open | State::Finishing(_) => Ok(moved),
        }
    }

    /// Takes what it can of `app`, and moves all that is on its way down; returns how much it took.
    pub fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        loop {
            let n = self.enter(&app[used..], down);
            used += n;
            let sunk = self.sink(down);
            if let State::Broken { fault, .. } = &self.state {
                return Err(fault.clone());
            }
            if n == 0 && !sunk {
                return Ok(used);
            }
            self.drop_closed();
        }
    }

    /// The wire ended, and [`Stack::recv`] could move no more.
    pub fn recv_eof(&mut self) -> Result<(), Fault> {
        if let State::Broken { fault, .. } = &self.state {
            return Err(fault.clone());
        }
        self.layers
            .iter_mut()
            .try_for_each(|layer| match layer.phase() {
                Phase::Handshake | Phase::Asking | Phase::Open => layer.recv_eof(),
                Phase::Closed => Ok(()),
            })
    }

    /// The application will send no more. True when every layer has said its goodbye, or never will;
    /// otherwise to be asked again when `down` is empty, or when something was received.
    pub fn finish(&mut self, down: &mut Buf) -> bool {
        if let State::Open = self.state {
            self.state = State::Finishing(self.layers.len());
        }
        while self.sink(down) {
            self.drop_closed();
        }
        match self.state {
            State::Open => false,
            State::Finishing(left) => left == 0,
            State::Broken { .. } => true,
        }
    }

    /// Gives every layer once what lies below it; true if anything moved.
    fn rise(&mut self, wire: &mut Buf, up: &mut Buf, down: &mut Buf) -> bool {
        if self.layers.is_empty() {
            return pass(wire, up);
        }
        let first = match self.state {
            State::Open | State::Finishing(_) => 0,
            State::Broken { highest, .. } => highest + 1,
        };
        let mut moved = false;
        for at in first..self.layers.len() {
            match self.lift(at, wire, up, down) {
                Ok(lifted) => moved |= lifted,
                Err(fault) => self.break_at(at, fault),
            }
        }
        moved
    }

    fn lift(
        &mut self,
        at: usize,
        wire: &mut Buf,
        up: &mut Buf,
        down: &mut Buf,
    ) -> Result<bool, Fault> {
        let (below, above) = self.gaps.split_at_mut(at);
        let (wire, down) = match below.last_mut() {
            Some(gap) => (&mut gap.up, &mut gap.down),
            None => (wire, down),
        };
        let up = above.first_mut().map_or(up, |gap| &mut gap.up);
        let layer = &mut self.layers[at];
        if layer.phase() == Phase::Closed {
            return Ok(pass(wire, up));
        }
        let before = (up.len(), down.len());
        let used = layer.recv(wire.filled_mut(), up, down)?;
        wire.take(used);
        Ok(used > 0 || (up.len(), down.len()) != before)
    }

    /// Gives the uppermost layer what the application has; how much was used.
    fn enter(&mut self, app: &[u8], down: &mut Buf) -> usize {
        if let State::Broken { .. } = self.state {
            return 0;
        }
        let into = self.gaps.last_mut().map_or(down, |gap| &mut gap.down);
        let used = match self.layers.last_mut() {
            Some(layer) if layer.phase() != Phase::Closed => layer.send(app, into),
            Some(_) | None => Ok(into.put(app)),
        };
        used.unwrap_or_else(|fault| {
            self.break_at(self.layers.len() - 1, fault);
            0
        })
    }

    /// Gives every layer once what lies above it, and lets those say goodbye whose time has come;
    /// true if anything moved.
    fn sink(&mut self, down: &mut Buf) -> bool {
        let end = match self.state {
            State::Open | State::Finishing(_) => self.gaps.len(),
            State::Broken { lowest, .. } => lowest,
        };
        let mut moved = false;
        for at in (0..end).rev() {
            match self.lower(at, down) {
                Ok(lowered) => moved |= lowered,
                Err(fault) => self.break_at(at, fault),
            }
        }
        moved | self.say_goodbye(down)
    }

    fn lower(&mut self, at: usize, down: &mut Buf) -> Result<bool, Fault> {
        let (below, above) = self.gaps.split_at_mut(at);
        let from = &mut above[0].down;
        let into = below.last_mut().map_or(down, |gap| &mut gap.down);
        let layer = &mut self.layers[at];
        if layer.phase() == Phase::Closed {
            return Ok(pass(from, into));
        }
        let before = into.len();
        let used = layer.send(from.filled(), into)?;
        from.take(used);
        Ok(used > 0 || into.len() != before)
    }

    /// The next goodbye, if there is one to be said and nothing is in its way.
    fn say_goodbye(&mut self, down: &mut Buf) -> bool {
        let State::Finishing(left @ 1..) = self.state else {
            return false;
        };
        let at = left - 1;
        let (below, above) = self.gaps.split_at_mut(at);
        let into = below.last_mut().map_or(down, |gap| &mut gap.down);
        if !into.is_empty() || above.first().is_some_and(|gap| !gap.down.is_empty()) {
            return false;
        }
        match self.layers[at].phase() {
            Phase::Handshake | Phase::Asking => return false,
            Phase::Open => self.layers[at].finish(into),
            Phase::Closed => {}
        }
        self.state = State::Finishing(at);
        true
    }

    /// Takes out the layers whose work is done, once nothing rests beside them.
    fn drop_closed(&mut self) {
        if let State::Broken { .. } = self.state {
            return;
        }
        for at in (0..self.layers.len()).rev() {
            let beside = at.saturating_sub(1)..(at + 1).min(self.gaps.len());
            let rests = self.gaps[beside].iter().any(|gap| !gap.is_empty());
            if rests || self.layers[at].phase() != Phase::Closed {
                continue;
            }
            let mut layer = self.layers.remove(at);
            self.parting.extend(layer.remarks());
            self.relay = layer.relay().or(self.relay.take());
            if let Some(last) = self.gaps.len().checked_sub(1) {
                self.gaps.remove(at.min(last));
            }
            if let State::Finishing(left) = &mut self.state {
                *left -= usize::from(at < *left);
            }
        }
    }

    fn break_at(&mut self, at: usize, fault: Fault) {
        self.state = match std::mem::replace(&mut self.state, State::Open) {
            State::Open | State::Finishing(_) => State::Broken {
                lowest: at,
                highest: at,
                fault,
            },
            State::Broken {
                lowest,
                highest,
                fault,
            } => State::Broken {
                lowest: lowest.min(at),
                highest: highest.max(at),
                fault,
            },
        };
    }
}

/// Moves what fits, unchanged; true if anything moved.
fn pass(from: &mut Buf, into: &mut Buf) -> bool {
    let n = into.put(from.filled());
    from.take(n);
    n > 0
}

#[cfg(test)]
mod tests;
