//! The kernel carrying bytes between two ends: straight, or through a pipe of its own that may be
//! full, and with refusals half-way.

use ncat::data::Buf;
use ncat::route::{Carried, Step, Then};

use super::{Dice, End};

/// How many bytes the pipe in between holds.
const PIPE: usize = 40;
/// How often a refusal to move is only a whim.
const PATIENCE: usize = 4;

/// Bytes on their way.
pub(crate) struct Channel {
    /// Through a pipe of its own, rather than straight.
    through: bool,
    held: Vec<u8>,
    full: bool,
    /// Refuses for good after so many steps.
    patience: Option<usize>,
    whims: usize,
    dice: Dice,
}

impl Channel {
    /// A channel that goes straight or not, and refuses at some time or never.
    pub(super) fn new(dice: Dice) -> Self {
        Self {
            through: dice.once_in(2),
            held: Vec::new(),
            full: false,
            patience: dice.once_in(3).then(|| dice.below(12)),
            whims: 0,
            dice,
        }
    }

    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn has_room(&self) -> bool {
        !self.full
    }

    pub(super) fn carry(&mut self, from: &mut End, to: &mut End, how: (bool, usize)) -> Carried {
        match self.through {
            true => self.carry_through(from, to, how),
            false => self.carry_straight(from, to, how),
        }
    }

    pub(super) fn rescue(&mut self, into: &mut Buf) -> Step {
        if self.held.is_empty() {
            return Step::Over;
        }
        let room = into.room();
        assert!(!room.is_empty(), "nothing can be rescued into no room");
        let n = self.dice.part(room.len().min(self.held.len()));
        room[..n].copy_from_slice(&self.held[..n]);
        into.fill(n);
        self.held.drain(..n);
        Step::Moved(n)
    }

    /// Whether it refuses now and from now on.
    fn refuses(&mut self) -> bool {
        match &mut self.patience {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn carry_straight(
        &mut self,
        from: &mut End,
        to: &mut End,
        (pull, allowed): (bool, usize),
    ) -> Carried {
        let (readable, writable) = (from.is_ready().0, to.is_ready().1);
        if !pull || !readable || !writable {
            return Carried::moved(0, 0, Then::Wait);
        }
        if self.refuses() {
            return Carried::refused();
        }
        if self.whims < PATIENCE - 1 && self.dice.once_in(9) {
            self.whims += 1;
            return Carried::moved(0, 0, Then::More);
        }
        self.whims = 0;
        let most = match from.look_for_words() {
            Ok(n) => n,
            Err(step) => return Carried::moved(0, 0, said_by_source(step)),
        };
        match to.look_for_room(1) {
            Ok(free) => {
                let n = self.dice.part(most.min(free).min(allowed));
                let mut bytes = vec![0; n];
                self.take(from, &mut bytes);
                self.give(to, &bytes);
                Carried::moved(n, n, Then::More)
            }
            Err(step) => Carried::moved(0, 0, said_by_sink(step)),
        }
    }

    fn carry_through(
        &mut self,
        from: &mut End,
        to: &mut End,
        (pull, allowed): (bool, usize),
    ) -> Carried {
        let mut carried = Carried::moved(0, 0, Then::Wait);
        if pull && from.is_ready().0 && !self.full {
            if self.held.is_empty() && self.refuses() {
                return Carried::refused();
            }
            (carried.taken, carried.then) = self.fill(from);
        }
        if !self.held.is_empty() && to.is_ready().1 {
            let (given, then) = self.empty(to, allowed);
            carried.given = given;
            if carried.then.is_quiet() || matches!(then, Then::SinkBroken(_)) {
                carried.then = then;
            }
        }
        carried
    }

    fn fill(&mut self, from: &mut End) -> (usize, Then) {
        match from.look_for_words() {
            Ok(_) if self.held.len() >= PIPE => {
                self.full = true;
                (0, Then::Wait)
            }
            Ok(n) => {
                let n = self.dice.part(n.min(PIPE - self.held.len()));
                let mut bytes = vec![0; n];
                self.take(from, &mut bytes);
                self.held.extend(bytes);
                (n, Then::More)
            }
            Err(step) => (0, said_by_source(step)),
        }
    }

    fn empty(&mut self, to: &mut End, allowed: usize) -> (usize, Then) {
        if self.patience == Some(0) {
            return (0, Then::Refused);
        }
        match to.look_for_room(1) {
            Ok(free) => {
                let n = self.dice.part(free.min(self.held.len()).min(allowed));
                let bytes: Vec<u8> = self.held.drain(..n).collect();
                self.give(to, &bytes);
                self.full = false;
                (n, Then::More)
            }
            Err(step) => (0, said_by_sink(step)),
        }
    }

    fn take(&self, from: &mut End, bytes: &mut [u8]) {
        from.voice.say(bytes);
        from.moves += 1;
    }

    fn give(&self, to: &mut End, bytes: &[u8]) {
        to.ear.take(bytes);
        to.accepted += bytes.len();
        to.moves += 1;
    }
}

fn said_by_source(step: Step) -> Then {
    match step {
        Step::Over => Then::Over,
        Step::Broken(error) => Then::SourceBroken(error),
        Step::Moved(_) | Step::Idle => Then::Wait,
    }
}

fn said_by_sink(step: Step) -> Then {
    match step {
        Step::Over | Step::Moved(_) | Step::Idle => Then::Wait,
        Step::Broken(error) => Then::SinkBroken(error),
    }
}
