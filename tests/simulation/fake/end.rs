//! One side of a route as a test needs it: a voice, an ear, and doubts about both.

mod layers;

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::time::Instant;

use ncat::data::Buf;
use ncat::route::{Carried, End as Side, Step};

use super::kernel::Channel;
use super::{Dice, Ear, Fate, Hearing, Voice};

/// What kind of end it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nature {
    /// Datagrams.
    pub messages: bool,
    /// Layers stand in between: what is pushed rests below them, answers and a goodbye join it.
    pub layered: bool,
    /// The kernel may carry to it and from it.
    pub raw: bool,
    /// It reads like a file: always ready, all there from the start.
    pub steady: bool,
    /// A socket: when one direction breaks so does the other.
    pub socket: bool,
    /// It says what it hears, and looks at nothing while nobody reads what it says.
    pub echo: bool,
}

/// Something on its way down from the layers.
enum Piece {
    Said(Vec<u8>),
    Answer,
    Goodbye,
}

#[derive(Clone, Copy, PartialEq)]
enum Finish {
    No,
    Wanted,
    Done,
}

/// One side of a route.
pub(crate) struct End {
    pub nature: Nature,
    pub voice: Voice,
    pub ear: Ear,
    readable: bool,
    writable: bool,
    /// A refusal was given; the event that ends it is yet to be planned.
    owed: [bool; 2],
    ready_at: [Option<Instant>; 2],
    tx: VecDeque<Piece>,
    stuck: bool,
    finish: Finish,
    dice: Dice,
    /// Bytes that were pushed into this end, wherever they are now.
    pub accepted: usize,
    /// How often something moved here.
    pub moves: u64,
}

/// Directions of readiness.
const READ: usize = 0;
const WRITE: usize = 1;

impl End {
    /// An end that is nothing yet; the first event says that it is ready.
    pub(crate) fn new(nature: Nature, voice: Voice, ear: Ear, dice: Dice) -> Self {
        Self {
            nature,
            voice,
            ear,
            readable: nature.steady,
            writable: false,
            owed: [false, true],
            ready_at: [None; 2],
            tx: VecDeque::new(),
            stuck: false,
            finish: Finish::No,
            dice,
            accepted: 0,
            moves: 0,
        }
    }

    /// When something happens here next.
    pub(crate) fn next(&self) -> Option<Instant> {
        [self.voice.next_at, self.ear.next_at]
            .into_iter()
            .chain(self.ready_at)
            .flatten()
            .min()
    }

    /// Makes plans that need the time: events that are owed, and when the listener looks.
    pub(crate) fn plan(&mut self, now: Instant) {
        for way in [READ, WRITE] {
            if std::mem::take(&mut self.owed[way]) && self.ready_at[way].is_none() {
                self.ready_at[way] = Some(now + self.dice.pause());
            }
        }
        let held_up = self.nature.echo && self.voice.unread() > 0;
        if self.ear.waiting > 0 && self.ear.next_at.is_none() && !self.ear.is_stuck() && !held_up {
            self.ear.next_at = Some(now + self.dice.pause());
        }
        if self.nature.echo && self.ear.finished && self.ear.waiting == 0 && !self.voice.ended {
            self.voice.cut_off(Fate::Over);
            self.owed[READ] = true;
            self.plan(now);
        }
    }

    /// What is due by `now` happens. True when the loop hears of it.
    pub(crate) fn happen(&mut self, now: Instant) -> bool {
        if self.voice.next_at.is_some_and(|at| at <= now) {
            self.voice.arrive(self.nature.messages, now, &self.dice);
            self.owed[READ] |= self.voice.has_something();
            if self.voice.ended && self.voice.fate == Fate::Break && self.nature.socket {
                self.ear.hearing = Hearing::BreaksAt(0);
                self.owed[WRITE] = true;
            }
        }
        if self.ear.next_at.is_some_and(|at| at <= now) {
            let looked = self.ear.look(&self.dice);
            self.owed[WRITE] |= looked > 0;
            if self.nature.echo {
                self.voice.total += looked;
                self.voice.arrived += looked;
                self.owed[READ] |= looked > 0;
            }
        }
        self.plan(now);
        let due = self.ready_at.map(|at| at.is_some_and(|at| at <= now));
        for way in [READ, WRITE] {
            if due[way] {
                self.ready_at[way] = None;
            }
        }
        self.readable |= due[READ];
        self.writable |= due[WRITE];
        due[READ] || due[WRITE]
    }

    /// Whether everything given has been looked at, or the end is known to be over anyway.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.nature.messages || self.voice.met || self.ear.waiting == 0 || self.ear.is_broken()
    }

    /// Whether its layers wait for answers to be taken that never will be, before they read on.
    pub(crate) fn is_mute(&self) -> bool {
        self.stuck && self.ear.is_stuck()
    }

    /// Whether a read would find nothing though an event said otherwise: then it waits for another.
    pub(super) fn stutters(&mut self, way: usize, has_something: bool) -> bool {
        let sure = way == READ && self.nature.steady;
        let refuses = !has_something || !sure && self.dice.once_in(6);
        if refuses {
            match way {
                READ => self.readable = false,
                _ => self.writable = false,
            }
            self.owed[way] |= has_something;
        }
        refuses
    }

    /// What reading finds now: `Ok(n)` bytes to be read, or what to say instead.
    pub(super) fn look_for_words(&mut self) -> Result<usize, Step> {
        if !self.readable || self.stutters(READ, self.voice.has_something()) {
            return Err(Step::Idle);
        }
        if self.nature.messages
            && let Some(n) = self.voice.messages.front()
        {
            return Ok(*n);
        }
        match (self.voice.unread(), self.voice.fate) {
            (0, Fate::Break) => {
                self.voice.met = true;
                Err(Step::Broken(io::ErrorKind::ConnectionReset.into()))
            }
            (0, Fate::Over | Fate::Never) => {
                self.voice.met = true;
                Err(Step::Over)
            }
            (n, _) => Ok(n),
        }
    }

    /// What writing finds now: `Ok(n)` bytes would fit, or what to say instead.
    pub(super) fn look_for_room(&mut self, least: usize) -> Result<usize, Step> {
        if !self.writable {
            return Err(Step::Idle);
        }
        if self.ear.is_broken() {
            self.meet_break();
            return Err(Step::Broken(io::ErrorKind::BrokenPipe.into()));
        }
        let free = self.ear.free(self.nature.messages);
        if self.stutters(WRITE, free >= least) {
            return Err(Step::Idle);
        }
        Ok(free)
    }

    fn meet_break(&mut self) {
        self.ear.met_break = true;
        if self.nature.socket && !self.voice.ended {
            self.voice.cut_off(Fate::Break);
            self.owed[READ] = true;
        }
    }

    pub(super) fn is_ready(&self) -> (bool, bool) {
        (self.readable, self.writable)
    }

    pub(super) fn dice(&self) -> Dice {
        self.dice.clone()
    }

    fn pull_raw(&mut self, into: &mut Buf) -> Step {
        let n = match self.look_for_words() {
            Ok(n) => n,
            Err(step) => return step,
        };
        self.moves += 1;
        if self.nature.messages {
            self.voice.messages.pop_front();
            into.grow(into.len() + n);
            let mut message = vec![0; n];
            self.voice.say(&mut message);
            assert_eq!(into.put(&message), n, "a queue that grew has room");
            return Step::Moved(n);
        }
        let room = into.room();
        assert!(
            !room.is_empty(),
            "a read without room would look like the end"
        );
        let n = self.dice.part(n.min(room.len()));
        self.voice.say(&mut room[..n]);
        into.fill(n);
        Step::Moved(n)
    }

    fn push_raw(&mut self, bytes: &[u8]) -> Step {
        let least = if self.nature.messages { bytes.len() } else { 1 };
        match self.look_for_room(least) {
            Ok(free) => {
                let n = match self.nature.messages {
                    true => bytes.len(),
                    false => self.dice.part(free.min(bytes.len())),
                };
                self.ear.take(&bytes[..n]);
                self.accepted += if self.nature.layered { 0 } else { n };
                self.moves += 1;
                Step::Moved(n)
            }
            Err(step) => step,
        }
    }
}

/// What a person needs to see of an end to understand a failure.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.nature.messages, "messages"),
            (self.nature.layered, "layered"),
            (self.nature.raw, "raw"),
            (self.nature.steady, "steady"),
            (self.nature.socket, "socket"),
            (self.nature.echo, "echo"),
            (self.readable, "readable"),
            (self.writable, "writable"),
            (self.stuck, "stuck"),
            (!self.tx.is_empty(), "unflushed"),
        ];
        for (_, kind) in kinds.iter().filter(|(is, _)| *is) {
            write!(f, "{kind} ")?;
        }
        let (voice, ear) = (&self.voice, &self.ear);
        let (ended, met) = (
            if voice.ended { ", ended" } else { "" },
            if voice.met { " and met" } else { "" },
        );
        write!(
            f,
            "says {}/{}/{} {:?}{ended}{met}; hears {:?} took {} gave {} with {} waiting{}",
            voice.pulled,
            voice.arrived,
            voice.total,
            voice.fate,
            ear.hearing,
            self.accepted,
            ear.taken.len(),
            ear.waiting,
            if ear.finished { ", finished" } else { "" },
        )
    }
}

impl Side for End {
    type Channel = Channel;

    fn pull(&mut self, into: &mut Buf) -> Step {
        match self.nature.layered {
            true => self.pull_layered(into),
            false => self.pull_raw(into),
        }
    }

    fn push(&mut self, from: &mut Buf) -> Step {
        if self.nature.layered {
            return self.push_layered(from);
        }
        let step = self.push_raw(from.filled());
        if let Step::Moved(n) = step {
            from.take(n);
        }
        step
    }

    fn push_parts(&mut self, parts: &[IoSlice<'_>]) -> Step {
        if !self.nature.layered && !self.nature.messages {
            let parts: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
            return self.push_raw(&parts.concat());
        }
        let Some(part) = parts.first() else {
            return Step::Idle;
        };
        if !self.nature.layered {
            return self.push_raw(part);
        }
        let mut one = Buf::new(part.len());
        one.put(part);
        match self.push_layered(&mut one) {
            Step::Moved(_) => Step::Moved(part.len() - one.len()),
            step => step,
        }
    }

    fn flush(&mut self) -> Step {
        self.flush_layers()
    }

    fn is_clear(&self) -> bool {
        self.finish != Finish::Wanted && self.tx.is_empty()
    }

    fn finish(&mut self) {
        if self.finish != Finish::No {
            return;
        }
        self.finish = Finish::Wanted;
        if !self.nature.layered {
            self.finish = Finish::Done;
            self.ear.finished = true;
        }
    }

    fn keeps_messages(&self) -> bool {
        self.nature.messages
    }

    fn is_readable(&self) -> bool {
        !self.stuck && self.readable
    }

    fn is_writable(&self) -> bool {
        self.writable
    }

    fn channel(from: &Self, to: &Self) -> Option<Channel> {
        let usable = |end: &Self| end.nature.raw && !end.nature.layered && !end.nature.messages;
        (usable(from) && usable(to)).then(|| Channel::new(from.dice()))
    }

    fn carry(
        from: &mut Self,
        to: &mut Self,
        channel: &mut Channel,
        pull: bool,
        most: usize,
    ) -> Carried {
        channel.carry(from, to, (pull, most))
    }

    fn held(channel: &Channel) -> usize {
        channel.held()
    }

    fn has_room(channel: &Channel) -> bool {
        channel.has_room()
    }

    fn rest(_: &mut Channel) {}

    fn rescue(channel: &mut Channel, into: &mut Buf) -> Step {
        channel.rescue(into)
    }
}
