//! One to many: what the centre says goes to every member, what members say goes to the centre.
//!
//! Owns the shared log that members read behind, each at its own cursor, and the inbox that the
//! centre reads. Promise: a member that does not read delays nobody until the log is full; then the
//! centre is not read, and a member that has taken nothing for the stall time while it holds the
//! others back is dropped. Memory does not grow with the number of members that lag.

mod centre;
mod clock;
mod members;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::leftovers::Leftovers;
use super::{Context, End, Flow, News, Pace, Step, TURN, Turn, is_full_disk};
use crate::data::{Buf, Cursor, Log};
use crate::ids::{ConnId, Table, kind};

/// What a hub may hold, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the log (`--max-queue`).
    pub log: usize,
    /// The most bytes one read of the centre gives: the datagram size where members are peers of a
    /// datagram socket.
    pub chunk: usize,
    /// How long a member may take nothing while it holds the others back (`--stall-timeout`).
    pub stall: Duration,
    /// `--delay`.
    pub delay: Option<Duration>,
}

impl Limits {
    /// The chunk of a stream: large enough to move bulk, small enough that a keystroke's neighbours do
    /// not wait for it.
    pub const CHUNK: usize = 64 * 1024;
}

/// Room for what members say until the centre has taken it. Two of the largest datagrams, so that
/// a whole one always fits beside what the centre has not taken of the last.
const INBOX: usize = 128 * 1024;
/// The least room in the inbox that is worth asking a member: the largest datagram.
const INBOX_PIECE: usize = 64 * 1024;
/// How many chunks one write may gather.
const GATHER: usize = 64;
/// How many members are served in one turn before other routes have theirs.
const VISITS: usize = 256;
/// How long a full disk is left alone before the centre is tried again.
const FULL_DISK_RETRY: Duration = Duration::from_secs(1);

/// One end of a hub that is not the centre.
struct Member {
    /// Where it is in the log; `None` when nothing is sent to members.
    cursor: Option<Cursor>,
    /// What it says is still read.
    listening: bool,
    /// It waits in `todo`.
    queued: bool,
    /// It waits in `crowd`.
    in_crowd: bool,
    /// It is told the end once it has everything.
    finishing: Finishing,
    /// A chunk that waits for its time, with `--delay`.
    held: Option<(Buf, Pace)>,
    /// When it last took something.
    taken_at: Instant,
    sent: u64,
    received: u64,
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
    limits: Limits,
    log: Log,
    /// What the centre said and the log has not taken yet.
    said: Buf,
    said_pace: Option<Pace>,
    said_at: Option<Instant>,
    centre_over: bool,
    inbox: Buf,
    leftovers: Leftovers,
    sink: Sink,
    /// By slot of the connection.
    members: Vec<Option<(ConnId, Member)>>,
    population: usize,
    /// Members that may have something to do.
    todo: VecDeque<ConnId>,
    /// Members that wait for room in the inbox.
    crowd: VecDeque<ConnId>,
    /// Since when the log has had no room.
    full_since: Option<Instant>,
    stopped: bool,
    news: VecDeque<(ConnId, News)>,
}

impl Hub {
    /// A hub around `centre`: `out` is what happens to what it says, `back` to what members say.
    pub fn new(centre: ConnId, out: Flow, back: Flow, limits: Limits) -> Self {
        Self {
            centre,
            out,
            back,
            limits,
            log: Log::new(limits.log),
            said: Buf::new(limits.chunk),
            said_pace: limits.delay.map(Pace::new),
            said_at: None,
            centre_over: out == Flow::Shut,
            inbox: Buf::new(INBOX),
            leftovers: Leftovers::default(),
            sink: Sink::Open,
            members: Vec::new(),
            population: 0,
            todo: VecDeque::new(),
            crowd: VecDeque::new(),
            full_since: None,
            stopped: false,
            news: VecDeque::new(),
        }
    }

    /// The connection in the middle.
    pub fn centre(&self) -> ConnId {
        self.centre
    }

    /// A member comes in; it gets what is said from now on.
    pub fn join(&mut self, id: ConnId, now: Instant) {
        let cursor = (self.out == Flow::Pass).then(|| self.log.join());
        let member = Member {
            cursor,
            listening: self.back != Flow::Shut,
            queued: false,
            in_crowd: false,
            finishing: Finishing::No,
            held: self
                .limits
                .delay
                .map(|delay| (Buf::new(INBOX_PIECE), Pace::new(delay))),
            taken_at: now,
            sent: 0,
            received: 0,
        };
        if self.members.len() <= id.slot() {
            self.members.resize_with(id.slot() + 1, || None);
        }
        self.members[id.slot()] = Some((id, member));
        self.population += 1;
        // A first member is what the centre is read for: its silence is counted from here.
        self.said_at.get_or_insert(now);
        self.wake(id);
    }

    /// A member goes; what it has not taken is lost to it alone, and what it said is not lost.
    pub fn leave(&mut self, id: ConnId) {
        let Some(slot) = self.members.get_mut(id.slot()) else {
            return;
        };
        if let Some((_, member)) = slot.take_if(|(current, _)| *current == id) {
            self.population -= 1;
            // Nobody is left to hold anybody back.
            self.full_since = self.full_since.filter(|_| self.population > 0);
            if let Some(cursor) = member.cursor {
                self.log.leave(cursor);
            }
            if let Some((held, pace)) = member.held {
                self.leftovers.add(held, pace);
            }
            if self.population == 0 {
                self.full_since = None; // nobody is left to hold anybody back
            }
        }
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

    /// Hands over what was read, and nothing more.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether the member has everything that was said.
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
            && (self.said.is_empty() || self.population == 0)
            && self.members.iter().flatten().all(|(id, member)| {
                let held = member
                    .held
                    .as_ref()
                    .is_some_and(|(held, _)| !held.is_empty());
                !held && !self.is_behind(member) && ends.find(*id).is_none_or(End::is_clear)
            })
    }

    /// Bytes handed to the member, and taken from it.
    pub fn passed(&self, id: ConnId) -> (u64, u64) {
        match self.members.get(id.slot()) {
            Some(Some((current, member))) if *current == id => (member.sent, member.received),
            _ => (0, 0),
        }
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
            let spoke = self.hear_centre(ends, cx);
            let visited = self.serve_members(ends, cx, moved);
            let told = self.tell_centre(ends, cx);
            if !(spoke | visited | told) {
                return Turn::Rest;
            }
        }
        Turn::Again
    }

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
            || matches!(self.sink, Sink::Open)
                && centre.is_some_and(|centre| {
                    centre.is_writable() && !(self.inbox.is_empty() && centre.is_clear())
                })
            || self.members.iter().flatten().any(member_could_move)
    }

    fn member_could_move<E: End>(&self, member: &Member, end: &E, now: Instant) -> bool {
        let could_take = self.is_behind(member) && end.is_writable();
        let could_speak = match &member.held {
            Some((held, pace)) if !held.is_empty() => pace.is_open(now),
            Some(_) | None => member.listening && self.reads_members() && end.is_readable(),
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
        member
            .cursor
            .as_ref()
            .is_some_and(|cursor| self.log.is_behind(cursor))
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
