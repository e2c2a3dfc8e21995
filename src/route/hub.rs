//! One to many: a star around a centre, or a mesh in which everybody hears everybody else.
//!
//! Owns the shared log that members read behind, each at its own cursor, and the inbox in which
//! their words wait: for the centre in a star, for room in the log in a mesh. Promise: a member that
//! does not read delays nobody until the log is full; then nobody is read, and a member that has
//! taken nothing for the stall time while it holds the others back is dropped. Memory does not grow
//! with the number of members that lag.
//!
//! ```text
//!             centre ──said──► log ──cursor──► member      both
//!             centre ◄─inbox── member                      star
//!                              member ──inbox──► log       mesh: a voice may change the words
//! ```

mod centre;
mod clock;
mod members;
mod paces;
mod relay;

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use self::clock::Waits;
use self::paces::Paces;
use self::relay::Speaker;
use super::leftovers::Leftovers;
use super::{Bucket, Context, End, Flow, News, Pace, Step, TURN, Taps, Turn, is_full_disk};
use crate::data::{Buf, Cursor, Log};
use crate::ids::{ConnId, Table, kind};

/// What a hub may hold, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the log (`--max-queue`). One message that is larger by itself is let through alone.
    pub log: usize,
    /// The most bytes one read of the centre gives: the datagram size where members are peers of a
    /// datagram socket.
    pub chunk: usize,
    /// Members are peers of a datagram socket: what is said at once is heard at once.
    pub messages: bool,
    /// How long a member may take nothing while it holds the others back (`--stall-timeout`).
    pub stall: Duration,
    /// `--delay`.
    pub delay: Option<Duration>,
    /// `--rate-limit`: bytes a second, to each member and from each.
    pub rate: Option<u64>,
}

impl Limits {
    /// The chunk of a stream: large enough to move bulk, small enough that a keystroke's neighbours do
    /// not wait for it.
    pub const CHUNK: usize = 64 * 1024;
}

/// Who hears whom.
pub enum Reach {
    /// Members hear the centre, and the centre hears them.
    Star,
    /// Members hear the centre and each other, through a voice if there is one; the centre hears
    /// nobody.
    Mesh(Option<Box<dyn Voice>>),
}

/// How the words of one member of a mesh are written for the others.
pub trait Voice {
    /// Writes what a speaker said and returns how much of it was used. Stops when `out` is full; with
    /// an empty `out` it always gets on.
    fn relay(&mut self, speaker: u32, said: &[u8], out: &mut Buf) -> usize;
    /// The speaker will say no more: writes what it had begun.
    fn end(&mut self, speaker: u32, out: &mut Buf);
    /// Writes what the hub itself has to say.
    fn announce(&mut self, words: &str, out: &mut Buf);
}

/// Room for what members say until it is taken from there. Two of the largest datagrams, so that
/// a whole one always fits beside what the centre has not taken of the last.
const INBOX: usize = 128 * 1024;
/// The least room in the inbox that is worth asking a member: the largest datagram.
const INBOX_PIECE: usize = 64 * 1024;
/// How many chunks one write may gather.
const GATHER: usize = 64;
/// How many members are served in one turn before other routes have theirs.
const VISITS: usize = 256;
/// How many of those who wait for room are asked at once when there is some.
const CALLED: usize = 64;
/// How long a full disk is left alone before the centre is tried again.
const FULL_DISK_RETRY: Duration = Duration::from_secs(1);

/// A place in the log that is never reached.
const STAYS: u64 = u64::MAX;

/// The number by which a voice knows the centre; members have others.
pub const CENTRE: u32 = 0;

/// One end of a hub that is not the centre.
struct Member {
    /// Where it is in the log; `None` when nothing is sent to it.
    cursor: Option<Cursor>,
    /// Where in the log it leaves; [`STAYS`] when it does not.
    until: u64,
    /// A chunk that waits for its time, with `--delay`.
    held: Option<Box<Held>>,
    /// How much it may take and say, with `--rate-limit`.
    paces: Option<Box<Paces>>,
    /// When it last took something.
    taken_at: Instant,
    sent: u64,
    received: u64,
    /// Who it is to the others.
    number: u32,
    /// What it says is still read.
    listening: bool,
    /// It waits in `todo`.
    queued: bool,
    /// It waits in `crowd`.
    in_crowd: bool,
    /// It is told the end once it has everything.
    finishing: Finishing,
}

impl Member {
    /// Whether it will hear what is said from now on.
    fn hears(&self) -> bool {
        self.cursor.is_some() && self.until == STAYS
    }
}

/// What a member said and may not be heard yet; empty most of the time.
struct Held {
    words: Buf,
    release: Pace,
}

#[derive(PartialEq)]
enum Finishing {
    No,
    Wanted,
    Done,
}

/// The centre's stdout.
enum Sink {
    Open,
    /// The disk is full: held back until then.
    Full {
        retry_at: Instant,
    },
    /// Broken for good: what members say is read and lost.
    Gone,
}

/// A centre and its members.
pub struct Hub {
    centre: ConnId,
    out: Flow,
    back: Flow,
    reach: Reach,
    limits: Limits,
    log: Log,
    /// What the centre said and the log has not taken yet.
    said: Buf,
    said_pace: Option<Pace>,
    said_at: Option<Instant>,
    centre_over: bool,
    /// What members said; in a mesh what one of them said, the speaker.
    inbox: Buf,
    speaker: Option<Speaker>,
    /// What is told of the speaker once its last words are in the log.
    at_end: Option<(ConnId, News)>,
    /// What a voice makes of words on their way into the log; empty between two calls.
    spoken: Buf,
    leftovers: Leftovers,
    sink: Sink,
    /// By slot of the connection.
    members: Vec<Option<(ConnId, Member)>>,
    population: usize,
    /// How many of them will hear what is said from now on.
    hearers: usize,
    /// Members that may have something to do.
    todo: VecDeque<ConnId>,
    /// Members that wait for room in the inbox.
    crowd: VecDeque<ConnId>,
    /// Members with a chunk that waits for its time, in the order of those times.
    holding: VecDeque<(Instant, ConnId)>,
    /// Members that may take or say more from then on, with `--rate-limit`.
    resting: BTreeSet<(Instant, ConnId)>,
    /// Bytes that all members together have taken and said.
    passed: (u64, u64),
    /// Who waits for room in the log.
    waits: Waits,
    /// Whose words are tried first when room is scarce: the members' and the centre's take turns.
    members_first: bool,
    stopped: bool,
    news: VecDeque<(ConnId, News)>,
}

impl Hub {
    /// A hub around `centre`: `out` is what happens to what it says, `back` to what members say.
    pub fn new(centre: ConnId, out: Flow, back: Flow, reach: Reach, limits: Limits) -> Self {
        // In a mesh only what members say is held back; the centre's words are its own.
        let delays_centre = limits.delay.filter(|_| matches!(reach, Reach::Star));
        Self {
            centre,
            out,
            back,
            reach,
            limits,
            log: Log::new(limits.log),
            said: Buf::new(limits.chunk),
            said_pace: delays_centre.map(Pace::new),
            said_at: None,
            centre_over: out == Flow::Shut,
            inbox: Buf::new(INBOX),
            speaker: None,
            at_end: None,
            spoken: Buf::new(relay::SPOKEN),
            leftovers: Leftovers::default(),
            sink: Sink::Open,
            members: Vec::new(),
            population: 0,
            hearers: 0,
            todo: VecDeque::new(),
            crowd: VecDeque::new(),
            holding: VecDeque::new(),
            resting: BTreeSet::new(),
            passed: (0, 0),
            waits: Waits::default(),
            members_first: false,
            stopped: false,
            news: VecDeque::new(),
        }
    }

    /// The connection in the middle.
    pub fn centre(&self) -> ConnId {
        self.centre
    }

    /// A member comes in, whom a voice calls by that number; it gets what is said from now on.
    pub fn join(&mut self, id: ConnId, number: u32, now: Instant) {
        let cursor = (self.out == Flow::Pass).then(|| self.log.join());
        let member = Member {
            cursor,
            until: STAYS,
            held: None,
            paces: self.limits.rate.map(|rate| Box::new(Paces::new(rate, now))),
            taken_at: now,
            sent: 0,
            received: 0,
            number,
            listening: self.back != Flow::Shut,
            queued: false,
            in_crowd: false,
            finishing: Finishing::No,
        };
        if self.members.len() <= id.slot() {
            self.members.resize_with(id.slot() + 1, || None);
        }
        self.members[id.slot()] = Some((id, member));
        self.population += 1;
        self.hearers += usize::from(self.out == Flow::Pass);
        // A first member is what the centre is read for: its silence is counted from here.
        self.said_at.get_or_insert(now);
        self.wake(id);
    }

    /// A member goes; what it has not taken is lost to it alone, and what it said is not lost.
    pub fn leave(&mut self, id: ConnId) {
        let slot = self.members.get_mut(id.slot());
        let Some((_, member)) = slot.and_then(|slot| slot.take_if(|(current, _)| *current == id))
        else {
            return;
        };
        self.population -= 1;
        if member.hears() {
            self.one_hears_less();
        }
        if self.population == 0 {
            self.waits = Waits::default(); // nobody is left to hold anybody back
        }
        if let Some(cursor) = member.cursor {
            self.log.leave(cursor);
        }
        self.leave_words(member.number, member.held);
    }

    /// Something happened at this end: look at it in the next turn.
    pub fn wake(&mut self, id: ConnId) {
        if let Some(member) = find(&mut self.members, id)
            && !std::mem::replace(&mut member.queued, true)
        {
            self.todo.push_back(id);
        }
    }

    /// The member is told the end as soon as it has everything that was said so far.
    pub fn finish(&mut self, id: ConnId) {
        if let Some(member) = find(&mut self.members, id)
            && member.finishing == Finishing::No
        {
            member.finishing = Finishing::Wanted;
            self.wake(id);
        }
    }

    /// The member gets what was said so far, and nothing that is said from now on.
    pub fn part(&mut self, id: ConnId) {
        let end = self.log.end();
        if let Some(member) = find(&mut self.members, id) {
            let heard = member.hears();
            member.until = member.until.min(end);
            if heard {
                self.one_hears_less();
            }
            self.wake(id);
        }
    }

    /// A member will hear nothing that is said from now on. What the centre has said and nobody is left
    /// to hear waits for whoever comes next, and not for room in the log.
    fn one_hears_less(&mut self) {
        self.hearers -= 1;
        if self.hearers == 0 {
            self.waits.centre = None;
        }
    }

    /// Whether the centre is worth reading: to somebody, or to throw away what it says.
    fn somebody_hears(&self) -> bool {
        match self.out {
            Flow::Pass => self.hearers > 0,
            Flow::Discard | Flow::Shut => self.population > 0,
        }
    }

    /// Hands over what was read, and nothing more.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether the member has everything that was said to it.
    pub fn is_caught_up(&self, id: ConnId) -> bool {
        let member = self.members.get(id.slot()).and_then(Option::as_ref);
        member.is_none_or(|(_, member)| !self.is_behind(member))
    }

    /// Whether everything that was read has been handed over.
    pub fn is_settled<E: End>(&self, ends: &Table<kind::Conn, E>) -> bool {
        let clear = ends.find(self.centre).is_none_or(End::is_clear);
        let all_given = self.inbox.is_empty() && self.leftovers.is_empty() && clear;
        let delivered = all_given || matches!(self.sink, Sink::Gone);
        delivered
            && (self.said.is_empty() || !self.somebody_hears())
            && self.members.iter().flatten().all(|(id, member)| {
                let holds = member.held.is_some();
                !holds && !self.is_behind(member) && ends.find(*id).is_none_or(End::is_clear)
            })
    }

    /// Bytes handed to the member, and taken from it.
    pub fn passed(&self, id: ConnId) -> (u64, u64) {
        match self.members.get(id.slot()) {
            Some(Some((current, member))) if *current == id => (member.sent, member.received),
            _ => (0, 0),
        }
    }

    /// The same of all members together, those who have left included.
    pub fn passed_in_all(&self) -> (u64, u64) {
        self.passed
    }

    /// What the log holds, in bytes with all costs, and in how many chunks.
    pub fn logged(&self) -> (usize, usize) {
        (self.log.held(), self.log.len())
    }

    /// Until when the centre must go on being silent for a silence of that length; `None` when it has
    /// been. A member that is behind does not count: it is closed when it has everything.
    pub fn silent_at(&self, length: Duration, now: Instant) -> Option<Instant> {
        let until = self.said_at.map_or(now, |at| at + length);
        (until > now).then_some(until)
    }

    /// What happened at an end since the last call.
    pub fn news(&mut self) -> Option<(ConnId, News)> {
        self.news.pop_front()
    }

    /// One bounded run. Whoever moved bytes is told of through `moved`.
    pub fn turn<E: End>(
        &mut self,
        ends: &mut Table<kind::Conn, E>,
        cx: &mut Context<'_>,
        moved: &mut Vec<ConnId>,
    ) -> Turn {
        self.wake_released(cx.now);
        for _ in 0..TURN {
            let mut any = self.hear(ends, cx);
            any |= self.call_the_crowd();
            any |= self.serve_members(ends, cx, moved);
            if !any {
                return Turn::Rest;
            }
        }
        Turn::Again
    }

    /// Hears the centre and those members whose words wait. Where both wait for room in the log, they
    /// take turns; the centre of a star is told after it was heard, for its layers may answer.
    fn hear<E: End>(&mut self, ends: &mut Table<kind::Conn, E>, cx: &mut Context<'_>) -> bool {
        self.members_first = !self.members_first && matches!(self.reach, Reach::Mesh(_));
        let told = self.members_first && self.tell(ends, cx);
        let spoke = self.hear_centre(ends, cx);
        told | spoke | (!self.members_first && self.tell(ends, cx))
    }

    /// Gives on what members said.
    fn tell<E: End>(&mut self, ends: &mut Table<kind::Conn, E>, cx: &mut Context<'_>) -> bool {
        match self.reach {
            Reach::Star => self.tell_centre(ends, cx),
            Reach::Mesh(_) => self.tell_all(cx),
        }
    }

    /// Looks again at some of those who wait for room, if there is some.
    fn call_the_crowd(&mut self) -> bool {
        let called = match self.is_crowded() {
            true => 0,
            false => CALLED.min(self.crowd.len()),
        };
        for _ in 0..called {
            let Some(id) = self.crowd.pop_front() else {
                break;
            };
            if let Some(member) = find(&mut self.members, id) {
                member.in_crowd = false;
            }
            self.wake(id);
        }
        called > 0
    }

    /// Something new is in the log.
    fn wake_all(&mut self) {
        for (id, member) in self.members.iter_mut().flatten() {
            if !std::mem::replace(&mut member.queued, true) {
                self.todo.push_back(*id);
            }
        }
    }

    /// Whether anything could move without an event: asked before every sleep in debug builds.
    pub fn could_move<E: End>(&self, ends: &Table<kind::Conn, E>, now: Instant) -> bool {
        let centre = ends.find(self.centre);
        let member_could_move = |(id, member): &(ConnId, Member)| {
            let end = ends.find(*id);
            end.is_some_and(|end| self.member_could_move(member, end, now))
        };
        !self.todo.is_empty()
            || !self.news.is_empty()
            || self.may_hear() && centre.is_some_and(End::is_readable)
            || match self.reach {
                Reach::Star => centre.is_some_and(|centre| self.could_tell_centre(centre)),
                Reach::Mesh(_) => self.could_tell_all(now),
            }
            || self.members.iter().flatten().any(member_could_move)
    }

    fn member_could_move<E: End>(&self, member: &Member, end: &E, now: Instant) -> bool {
        let (takes, speaks) = member.is_allowed(now);
        let could_take = takes && self.is_behind(member) && end.is_writable();
        let could_speak = match &member.held {
            Some(held) => held.release.is_open(now),
            None => speaks && member.listening && self.reads_members() && end.is_readable(),
        };
        could_take || could_speak && !(member.in_crowd && self.is_crowded())
    }

    /// Whoever must get rid of its words before it takes ours is read to the end, unheard.
    fn reads_members(&self) -> bool {
        !self.stopped || self.back == Flow::Discard
    }

    /// Whether something is sent to that member.
    fn is_fed(&mut self, id: ConnId) -> bool {
        find(&mut self.members, id).is_some_and(|member| member.cursor.is_some())
    }

    fn is_behind(&self, member: &Member) -> bool {
        let cursor = member.cursor.as_ref();
        cursor.is_some_and(|cursor| self.log.is_behind(cursor))
    }
}

fn find(members: &mut [Option<(ConnId, Member)>], id: ConnId) -> Option<&mut Member> {
    match members.get_mut(id.slot()) {
        Some(Some((current, member))) if *current == id => Some(member),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
