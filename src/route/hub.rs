//! One to many: what the centre says goes to every member, what members say goes to the centre.
//!
//! Owns the shared log that members read behind, each at its own cursor, and the inbox that the
//! centre reads. Promise: a member that does not read delays nobody until the log is full; then the
//! centre is not read, and a member that has taken nothing for the stall time while it holds the
//! others back is dropped. Memory does not grow with the number of members that lag.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::leftovers::Leftovers;
use super::{Context, End, Flow, News, Pace, Step, TURN, Turn};
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

    /// Reads the centre while the log has room and somebody is there to hear it.
    fn hear_centre<E: End>(
        &mut self,
        ends: &mut Table<kind::Conn, E>,
        cx: &mut Context<'_>,
    ) -> bool {
        let mut moved = false;
        let Some(centre) = ends.find_mut(self.centre) else {
            return false;
        };
        if self.may_hear() {
            self.said.lend(cx.pool);
            match centre.pull(&mut self.said) {
                Step::Moved(_) => {
                    self.said_at = Some(cx.now);
                    if let Some(pace) = &mut self.said_pace {
                        pace.hold(cx.now);
                    }
                    moved = true;
                }
                Step::Idle => {}
                Step::Over => self.centre_ended(News::Ended),
                Step::Broken(error) => self.centre_ended(News::SourceBroken(error)),
            }
        }
        moved |= self.log_what_was_said(cx);
        self.said.settle(cx.pool);
        moved
    }

    fn may_hear(&self) -> bool {
        let wanted = !self.stopped && !self.centre_over && self.population > 0;
        wanted && self.said.is_empty()
    }

    fn centre_ended(&mut self, news: News) {
        self.centre_over = true;
        self.news.push_back((self.centre, news));
    }

    fn log_what_was_said(&mut self, cx: &mut Context<'_>) -> bool {
        let released = self
            .said_pace
            .as_ref()
            .is_none_or(|pace| pace.is_open(cx.now));
        if self.said.is_empty() || !released || self.population == 0 {
            return false;
        }
        if self.out == Flow::Pass {
            if self.log.room().is_none_or(|room| room < self.said.len()) {
                self.full_since.get_or_insert(cx.now);
                return false;
            }
            self.full_since = None;
            cx.taps.note(self.said.filled());
            self.log.append(None, self.said.filled());
            self.wake_all();
        }
        self.said.clear();
        true
    }

    fn wake_all(&mut self) {
        for (id, member) in self.members.iter_mut().flatten() {
            if !std::mem::replace(&mut member.queued, true) {
                self.todo.push_back(*id);
            }
        }
    }

    fn serve_members<E: End>(
        &mut self,
        ends: &mut Table<kind::Conn, E>,
        cx: &mut Context<'_>,
        moved: &mut Vec<ConnId>,
    ) -> bool {
        let mut any = false;
        for _ in 0..VISITS.min(self.todo.len()) {
            let Some(id) = self.todo.pop_front() else {
                break;
            };
            any = true;
            let Some(end) = ends.find_mut(id) else {
                continue;
            };
            let Some(member) = find(&mut self.members, id) else {
                continue;
            };
            member.queued = false;
            if self.serve(id, end, cx) {
                moved.push(id);
                self.wake(id);
            }
        }
        any
    }

    /// One step with one member, both ways. True if another step may do more.
    fn serve<E: End>(&mut self, id: ConnId, end: &mut E, cx: &mut Context<'_>) -> bool {
        let took = self.feed(id, end, cx.now);
        let gave = self.hear_member(id, end, cx);
        let flushed = match end.flush() {
            Step::Moved(_) => true,
            Step::Idle | Step::Over => false,
            Step::Broken(error) => {
                if self.is_fed(id) {
                    self.drop_member(id, error);
                }
                true
            }
        };
        took | gave | flushed
    }

    /// Gives a member what lies ahead of its cursor.
    fn feed<E: End>(&mut self, id: ConnId, end: &mut E, now: Instant) -> bool {
        let Some(member) = find(&mut self.members, id) else {
            return false;
        };
        let Some(cursor) = &mut member.cursor else {
            return false;
        };
        let gather = if end.keeps_messages() { 1 } else { GATHER };
        let parts: Vec<IoSlice<'_>> = self.log.ahead(cursor, gather).map(IoSlice::new).collect();
        let says_something = parts.first().is_some_and(|part| !part.is_empty());
        if parts.is_empty() {
            if member.finishing == Finishing::Wanted {
                member.finishing = Finishing::Done;
                end.finish();
            }
            return false;
        }
        match end.push_parts(&parts) {
            // Interrupted: a message that has not gone must not be passed over.
            Step::Moved(0) if says_something => true,
            Step::Moved(n) => {
                member.taken_at = now;
                member.sent += n as u64;
                match end.keeps_messages() {
                    true => self.log.pass(cursor),
                    false => self.log.advance(cursor, n),
                }
                true
            }
            Step::Idle => false,
            Step::Over => self.drop_member(id, io::Error::from(io::ErrorKind::BrokenPipe)),
            Step::Broken(error) => self.drop_member(id, error),
        }
    }

    fn drop_member(&mut self, id: ConnId, error: io::Error) -> bool {
        self.news.push_back((id, News::SinkBroken(error, 0)));
        // Its cursor must not hold the log from here on.
        if let Some(member) = find(&mut self.members, id)
            && let Some(cursor) = member.cursor.take()
        {
            self.log.leave(cursor);
        }
        false
    }

    /// Takes what a member says into the inbox, by way of its own held chunk with `--delay`.
    fn hear_member<E: End>(&mut self, id: ConnId, end: &mut E, cx: &mut Context<'_>) -> bool {
        let (room, reads_on) = (!self.is_crowded(), self.reads_members());
        let Some(member) = find(&mut self.members, id) else {
            return false;
        };
        let mut moved = false;
        if let Some((held, pace)) = &mut member.held
            && !held.is_empty()
        {
            if !pace.is_open(cx.now) {
                return false;
            }
            if !room {
                self.wait_in_crowd(id);
                return false;
            }
            cx.taps.note(held.filled());
            self.inbox.lend(cx.pool);
            self.inbox.grow(self.inbox.len() + held.len()); // a Unix datagram may be larger than the piece
            self.inbox.put(held.filled());
            held.clear();
            held.settle(cx.pool);
            moved = true;
        }
        if !reads_on || !member.listening {
            return moved;
        }
        if !room && (member.held.is_none() || self.leftovers.is_full()) {
            self.wait_in_crowd(id);
            return moved;
        }
        let into = match &mut member.held {
            Some((held, _)) => held,
            None => &mut self.inbox,
        };
        into.lend(cx.pool);
        let step = end.pull(into);
        if let Step::Moved(n) = step {
            member.received += n as u64;
            match &mut member.held {
                Some((_, pace)) => pace.hold(cx.now),
                None => {
                    let queued = self.inbox.filled();
                    cx.taps.note(&queued[queued.len() - n..]);
                }
            }
            return true;
        }
        if let Some((held, _)) = &mut member.held {
            held.settle(cx.pool);
        }
        let news = match step {
            Step::Moved(_) | Step::Idle => return moved,
            Step::Over => News::Ended,
            Step::Broken(error) => News::SourceBroken(error),
        };
        member.listening = false;
        self.news.push_back((id, news));
        moved
    }

    /// Gives the centre what members said, and lets those go on that waited for room.
    fn tell_centre<E: End>(
        &mut self,
        ends: &mut Table<kind::Conn, E>,
        cx: &mut Context<'_>,
    ) -> bool {
        let mut moved = self.take_leftovers(cx);
        let before = self.inbox.len();
        if matches!(self.sink, Sink::Full { retry_at } if retry_at <= cx.now) {
            self.sink = Sink::Open;
        }
        if self.back != Flow::Pass || matches!(self.sink, Sink::Gone) {
            self.inbox.clear();
            self.leftovers.clear();
        }
        if matches!(self.sink, Sink::Open)
            && let Some(centre) = ends.find_mut(self.centre)
        {
            moved |= self.push_to_centre(centre, cx.now);
        }
        moved |= self.inbox.len() < before;
        if !self.is_crowded() {
            while let Some(id) = self.crowd.pop_front() {
                if let Some(member) = find(&mut self.members, id) {
                    member.in_crowd = false;
                }
                self.wake(id);
            }
        }
        self.inbox.settle(cx.pool);
        moved
    }

    /// True if the centre's own layers gave something on.
    fn push_to_centre<E: End>(&mut self, centre: &mut E, now: Instant) -> bool {
        let step = match self.inbox.is_empty() {
            true => Step::Idle,
            false => centre.push(&mut self.inbox),
        };
        let flushed = match step {
            Step::Broken(_) => step,
            Step::Moved(_) | Step::Idle | Step::Over => centre.flush(),
        };
        match flushed {
            Step::Moved(_) => true,
            Step::Idle | Step::Over => false,
            Step::Broken(error) => {
                self.centre_sink_failed(error, now);
                true
            }
        }
    }

    fn take_leftovers(&mut self, cx: &mut Context<'_>) -> bool {
        let mut taken = false;
        while let Some(chunk) = self.leftovers.next(cx.now)
            && (chunk.len() <= self.inbox.free() || self.inbox.is_empty())
        {
            cx.taps.note(chunk.filled());
            self.inbox.lend(cx.pool);
            self.inbox.grow(self.inbox.len() + chunk.len());
            self.inbox.put(chunk.filled());
            chunk.clear();
            chunk.settle(cx.pool);
            self.leftovers.pass();
            taken = true;
        }
        taken
    }

    /// Whether members must wait before they are heard.
    fn is_crowded(&self) -> bool {
        self.inbox.free() < INBOX_PIECE || self.leftovers.is_full()
    }

    /// The member is looked at again when there is room. It may come here with every event until then,
    /// but waits once.
    fn wait_in_crowd(&mut self, id: ConnId) {
        if let Some(member) = find(&mut self.members, id)
            && !std::mem::replace(&mut member.in_crowd, true)
        {
            self.crowd.push_back(id);
        }
    }

    fn centre_sink_failed(&mut self, error: io::Error, now: Instant) {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        self.sink = match error.kind() {
            StorageFull | QuotaExceeded => Sink::Full {
                retry_at: now + FULL_DISK_RETRY,
            },
            _ => Sink::Gone,
        };
        self.news
            .push_back((self.centre, News::SinkBroken(error, self.inbox.len())));
    }

    /// Members that have taken nothing for the stall time while the log had no room for others.
    pub fn stalled(&mut self, now: Instant) -> Vec<ConnId> {
        let Some(since) = self.full_since else {
            return Vec::new();
        };
        let log = &self.log;
        let holding = self.members.iter().flatten().filter(|(_, member)| {
            let idle_since = member.taken_at.max(since);
            let cursor = member.cursor.as_ref();
            cursor.is_some_and(|cursor| log.holds_back(cursor))
                && now.saturating_duration_since(idle_since) >= self.limits.stall
        });
        holding.map(|(id, _)| *id).collect()
    }

    /// When the hub wants its next turn though no end is ready.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let said = self.said_pace.as_ref().filter(|_| !self.said.is_empty());
        let retry = match self.sink {
            Sink::Full { retry_at } => Some(retry_at),
            Sink::Open | Sink::Gone => None,
        };
        let held = self.limits.delay.and_then(|_| self.next_release(now));
        let stall = self.full_since.and_then(|since| self.next_stall(since));
        [said.and_then(|pace| pace.deadline(now)), retry, held, stall]
            .into_iter()
            .flatten()
            .min()
    }

    fn next_release(&self, now: Instant) -> Option<Instant> {
        let held = self
            .members
            .iter()
            .flatten()
            .filter_map(|(_, member)| member.held.as_ref());
        held.filter(|(held, _)| !held.is_empty())
            .filter_map(|(_, pace)| pace.deadline(now))
            .chain(self.leftovers.deadline(now))
            .min()
    }

    /// When the first of those who hold the log back has done so for the stall time.
    fn next_stall(&self, since: Instant) -> Option<Instant> {
        let holding = self.members.iter().flatten().filter_map(|(_, member)| {
            let cursor = member.cursor.as_ref()?;
            self.log
                .holds_back(cursor)
                .then_some(member.taken_at.max(since))
        });
        holding
            .min()
            .map(|idle_since| idle_since + self.limits.stall)
    }

    /// Wakes members whose held chunk may go by now. Asked in every turn, for the time goes on between
    /// the alarm for one chunk and the turn, and the next chunk has no alarm of its own.
    fn wake_released(&mut self, now: Instant) {
        if self.limits.delay.is_none() {
            return;
        }
        for (id, member) in self.members.iter_mut().flatten() {
            let due =
                matches!(&member.held, Some((held, pace)) if !held.is_empty() && pace.is_open(now));
            if due && !std::mem::replace(&mut member.queued, true) {
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
