//! One direction of a route: bytes pulled from one end, kept in order, pushed to the other.
//!
//! Owns its queue, its stage and, while the kernel carries, the channel. Knows no sockets and no
//! protocol; both ends are [`End`]s. Promise: what was pulled is pushed exactly once, in order,
//! before the end of the source is announced.

use std::io::{self, IoSlice};
use std::time::{Duration, Instant};

use super::{Bucket, Carried, Context, Digest, End, Pace, Step, Then};
use crate::data::Buf;

/// What a lane does with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Carries them.
    Pass,
    /// Reads them and throws them away (`--send-only`), so that a chatty peer is not blocked and its
    /// end is still seen.
    Discard,
    /// Does not even read them (`--recv-only`).
    Shut,
}

/// What a lane has to say when it is over, or when only its source is left; said once.
#[derive(Debug)]
pub enum News {
    /// The source ended, and the sink has everything.
    Ended,
    /// The source broke; what it had given before has reached the sink.
    SourceBroken(io::Error),
    /// The sink broke. So many bytes had been read and could not be handed over.
    SinkBroken(io::Error, usize),
}

/// How the bytes get across.
enum Carrier<C> {
    /// Through the queue.
    Copy,
    /// The kernel moves them and nothing of ours sees them.
    Kernel(C),
    /// The kernel refused half-way: what it still holds comes out first, then copying goes on.
    Rescue(C),
}

enum Stage {
    /// The source may give more.
    Open,
    /// It will not; the news waits until the sink has everything.
    Draining(News),
    /// The news is there to be fetched.
    Over(News),
    /// Nothing will ever happen here again.
    Ended,
}

/// One direction of a route.
pub struct Lane<E: End> {
    flow: Flow,
    stage: Stage,
    carrier: Carrier<E::Channel>,
    queue: Buf,
    /// Bytes at the end of the queue that no tap has seen yet.
    fresh: usize,
    pace: Option<Pace>,
    /// What waits is not each chunk, but each line behind another.
    by_lines: bool,
    /// How much may reach the sink, and when.
    bucket: Option<Bucket>,
    /// Sees what has reached the sink.
    digest: Option<Box<dyn Digest>>,
    /// When nothing can be handed over any more, the source is still read.
    reads_on: bool,
    /// The sink broke, but that is not the end of the lane.
    broken: Option<News>,
    /// Nothing new is to be pulled: the program is about to end.
    stopped: bool,
    /// Bytes that reached the sink.
    passed: u64,
    /// What `passed` was when somebody began to wait for silence.
    mark: u64,
}

impl<E: End> Lane<E> {
    /// A lane that copies through a queue of `capacity` bytes, waiting `delay` with each chunk.
    pub fn new(flow: Flow, capacity: usize, delay: Option<Duration>) -> Self {
        Self {
            flow,
            stage: if flow == Flow::Shut {
                Stage::Ended
            } else {
                Stage::Open
            },
            carrier: Carrier::Copy,
            queue: Buf::new(capacity),
            fresh: 0,
            pace: delay.map(Pace::new),
            by_lines: false,
            bucket: None,
            digest: None,
            reads_on: false,
            broken: None,
            stopped: false,
            passed: 0,
            mark: 0,
        }
    }

    /// The same, which lets so much time pass between a line and the next.
    pub fn by_lines(mut self, interval: Option<Duration>) -> Self {
        if let Some(interval) = interval {
            (self.pace, self.by_lines) = (Some(Pace::new(interval)), true);
        }
        self
    }

    /// The same, which passes on no more than that allows.
    pub fn limited(mut self, bucket: Option<Bucket>) -> Self {
        self.bucket = bucket;
        self
    }

    /// The same, with somebody who sees what has passed. What is not passed on has none.
    pub fn seen_by(mut self, digest: Option<Box<dyn Digest>>) -> Self {
        self.digest = digest.filter(|_| self.flow == Flow::Pass);
        self
    }

    /// Lets the kernel carry from here on, if nothing of ours has to see the bytes.
    pub fn let_kernel_carry(&mut self, channel: E::Channel) {
        if self.flow == Flow::Pass && self.pace.is_none() && self.digest.is_none() {
            self.carrier = Carrier::Kernel(channel);
        }
    }

    /// Nothing moves for a while.
    pub fn rest(&mut self) {
        if let Carrier::Kernel(channel) = &mut self.carrier {
            E::rest(channel);
        }
    }

    /// Whether no byte waits in the queue.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Moves what can be moved now. True if anything did.
    pub fn carry(&mut self, from: &mut E, to: &mut E, cx: &mut Context<'_>) -> bool {
        match self.stage {
            Stage::Over(_) | Stage::Ended => return false,
            Stage::Open | Stage::Draining(_) => {}
        }
        if self.stopped && self.reads_on && self.holds() == 0 && !from.keeps_messages() {
            (self.flow, self.carrier) = (Flow::Discard, Carrier::Copy);
        }
        let moved = match self.carrier {
            Carrier::Kernel(_) => self.carry_by_kernel(from, to, cx.now),
            Carrier::Copy | Carrier::Rescue(_) => self.copy(from, to, cx),
        };
        self.announce_when_delivered(to) | moved
    }

    fn copy(&mut self, from: &mut E, to: &mut E, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        if self.wants_more(from, to) {
            self.queue.lend(cx.pool);
            moved = self.pull(from, cx.now);
        }
        if self.flow == Flow::Discard {
            self.queue.clear();
        } else if !self.queue.is_empty() && self.is_released(cx.now) {
            self.show(cx);
            moved |= self.push(to, cx.now);
        }
        self.queue.settle(cx.pool);
        moved
    }

    fn pull(&mut self, from: &mut E, now: Instant) -> bool {
        let step = match &mut self.carrier {
            Carrier::Rescue(channel) => match E::rescue(channel, &mut self.queue) {
                Step::Over => {
                    self.carrier = Carrier::Copy;
                    return true;
                }
                step => step,
            },
            Carrier::Copy | Carrier::Kernel(_) => from.pull(&mut self.queue),
        };
        match step {
            Step::Moved(n) => {
                self.fresh += n;
                if let Some(pace) = self.pace.as_mut().filter(|_| !self.by_lines) {
                    pace.hold(now);
                }
                return true;
            }
            Step::Idle => {}
            Step::Over => self.stage = Stage::Draining(News::Ended),
            Step::Broken(error) => self.stage = Stage::Draining(News::SourceBroken(error)),
        }
        false
    }

    fn push(&mut self, to: &mut E, now: Instant) -> bool {
        let (before, held) = (self.queue.len(), self.holds());
        let step = match self.bucket.is_none() && self.digest.is_none() && !self.by_lines {
            true => to.push(&mut self.queue),
            false => self.push_piece(to, now),
        };
        match step {
            Step::Moved(_) => {
                self.passed += (before - self.queue.len()) as u64;
                true
            }
            Step::Idle => false,
            Step::Over => self.break_sink(io::Error::from(io::ErrorKind::BrokenPipe), held),
            Step::Broken(error) => self.break_sink(error, held),
        }
    }

    /// Gives as much as is allowed to a sink, and somebody sees what it took. A message goes whole.
    fn push_piece(&mut self, to: &mut E, now: Instant) -> Step {
        let queued = self.queue.filled();
        let most = match &self.bucket {
            Some(bucket) if !to.keeps_messages() => bucket.most(now).min(queued.len()),
            Some(_) | None => queued.len(),
        };
        let line = queued[..most].iter().position(|byte| *byte == b'\n');
        let line = line.filter(|_| self.by_lines);
        let most = line.map_or(most, |end| end + 1);
        let step = to.push_parts(&[IoSlice::new(&queued[..most])]);
        if let Step::Moved(n) = step {
            if let Some(digest) = &mut self.digest {
                digest.add(&queued[..n]);
            }
            if let Some(bucket) = &mut self.bucket {
                bucket.spend(n, now);
            }
            self.queue.take(n);
            if let Some(pace) = self.pace.as_mut().filter(|_| line.is_some() && n == most) {
                pace.hold(now);
            }
        }
        step
    }

    fn carry_by_kernel(&mut self, from: &mut E, to: &mut E, now: Instant) -> bool {
        if !self.is_allowed(now) {
            return false;
        }
        let most = self.bucket.as_ref();
        let most = most.map_or(usize::MAX, |bucket| bucket.most(now));
        let pull = self.is_open();
        let Carrier::Kernel(channel) = &mut self.carrier else {
            return false;
        };
        let Carried { given, taken, then } = E::carry(from, to, channel, pull, most);
        self.passed += given as u64;
        if let Some(bucket) = &mut self.bucket {
            bucket.spend(given, now);
        }
        // The end of the source is news as well: what is held may still have to go.
        let moved = given + taken > 0 || !matches!(then, Then::Wait);
        match then {
            Then::More | Then::Wait => {}
            Then::Over => self.stage = Stage::Draining(News::Ended),
            Then::SourceBroken(error) => self.stage = Stage::Draining(News::SourceBroken(error)),
            Then::SinkBroken(error) => {
                let lost = E::held(channel);
                return self.break_sink(error, lost);
            }
            Then::Refused => {
                if let Carrier::Kernel(channel) =
                    std::mem::replace(&mut self.carrier, Carrier::Copy)
                {
                    self.carrier = Carrier::Rescue(channel);
                }
                return true;
            }
        }
        moved
    }

    /// The sink broke with bytes that the lane had given it already.
    pub fn lose_sink(&mut self, error: io::Error) {
        if self.flow == Flow::Pass && matches!(self.stage, Stage::Open | Stage::Draining(_)) {
            self.break_sink(error, self.holds());
        }
    }

    fn break_sink(&mut self, error: io::Error, lost: usize) -> bool {
        self.queue.clear();
        self.fresh = 0;
        self.carrier = Carrier::Copy;
        let news = News::SinkBroken(error, lost);
        match self.reads_on {
            true => (self.flow, self.broken) = (Flow::Discard, Some(news)),
            false => self.stage = Stage::Over(news),
        }
        true
    }

    fn announce_when_delivered(&mut self, to: &E) -> bool {
        if self.holds() > 0 || !matches!(self.stage, Stage::Draining(_)) || !to.is_clear() {
            return false;
        }
        if let Stage::Draining(news) = std::mem::replace(&mut self.stage, Stage::Ended) {
            self.stage = Stage::Over(news);
        }
        true
    }

    /// What the lane has to say, once.
    pub fn news(&mut self) -> Option<News> {
        if let Some(news) = self.broken.take() {
            return Some(news);
        }
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Over(news) => Some(news),
            stage => {
                self.stage = stage;
                None
            }
        }
    }

    /// Goes on reading after the sink broke or the lane was stopped, and throws away what comes: a
    /// peer that must get rid of its answers before it takes more would never take what we still have
    /// for it.
    pub fn read_on(&mut self) {
        self.reads_on = true;
    }

    /// Hands over what was pulled, and nothing more. A lane that discards goes on reading, so that the
    /// peer is not answered with a reset while it still takes what we sent.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether everything pulled so far has reached the sink or is lost with it.
    pub fn is_settled(&self, to: &E) -> bool {
        let over = matches!(self.stage, Stage::Over(_) | Stage::Ended);
        over || (self.holds() == 0 && to.is_clear())
    }

    /// Bytes that reached the sink since the start.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// The hash of those, if somebody sees them.
    pub fn digest(&self) -> Option<String> {
        self.digest.as_ref().map(|digest| digest.hex())
    }

    /// Somebody begins to wait for silence here.
    pub fn mark(&mut self) {
        self.mark = self.passed;
    }

    /// Whether nothing has passed since the mark and the source has nothing to give now.
    pub fn is_silent(&self, from: &E) -> bool {
        self.passed == self.mark && self.holds() == 0 && self.is_open() && !from.is_readable()
    }

    /// Whether anything has passed since the mark.
    pub fn has_passed_mark(&self) -> bool {
        self.passed != self.mark
    }

    /// When what is held may go, or the kernel may go on.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        if self.queue.is_empty() && !matches!(self.carrier, Carrier::Kernel(_)) {
            return None;
        }
        let pace = self.pace.as_ref().and_then(|pace| pace.deadline(now));
        let bucket = self.bucket.as_ref();
        pace.max(bucket.and_then(|bucket| bucket.deadline(now)))
    }

    /// Whether the lane could do something by itself: then going to sleep would be a mistake.
    pub fn could_move(&self, from: &E, to: &E, now: Instant) -> bool {
        match (&self.stage, &self.carrier) {
            _ if self.broken.is_some() => true,
            (Stage::Ended, _) => false,
            (Stage::Over(_), _) => true,
            (_, Carrier::Kernel(channel)) => {
                let held = E::held(channel) > 0;
                let in_ = self.is_open() && from.is_readable() && E::has_room(channel);
                (held || in_) && to.is_writable() && self.is_allowed(now)
                    || matches!(self.stage, Stage::Draining(_)) && !held && to.is_clear()
            }
            (_, Carrier::Rescue(_)) if self.queue.is_empty() => true,
            (_, Carrier::Copy | Carrier::Rescue(_)) => {
                let out = !self.queue.is_empty() && self.is_released(now) && to.is_writable();
                out || self.wants_more(from, to) && from.is_readable()
                    || matches!(self.stage, Stage::Draining(_))
                        && self.holds() == 0
                        && to.is_clear()
            }
        }
    }

    fn is_open(&self) -> bool {
        let reading = !self.stopped || self.flow == Flow::Discard;
        matches!(self.stage, Stage::Open) && reading
    }

    /// Bytes that have left the source and not reached the sink.
    fn holds(&self) -> usize {
        match &self.carrier {
            Carrier::Copy => self.queue.len(),
            Carrier::Kernel(channel) | Carrier::Rescue(channel) => {
                self.queue.len() + E::held(channel)
            }
        }
    }

    fn wants_more(&self, from: &E, to: &E) -> bool {
        let alone = self.pace.is_some() || from.keeps_messages() || to.keeps_messages();
        let room = match alone {
            true => self.queue.is_empty(),
            // A queue that is more than half full is not worth a short read.
            false => self.queue.len() <= self.queue.capacity() / 2,
        };
        room && (self.is_open() || matches!(self.carrier, Carrier::Rescue(_)))
    }

    fn is_released(&self, now: Instant) -> bool {
        self.is_allowed(now) && self.pace.as_ref().is_none_or(|pace| pace.is_open(now))
    }

    fn is_allowed(&self, now: Instant) -> bool {
        let bucket = self.bucket.as_ref();
        bucket.is_none_or(|bucket| bucket.is_open(now))
    }

    /// Lets the taps see what they have not seen.
    fn show(&mut self, cx: &mut Context<'_>) {
        let queued = self.queue.filled();
        cx.taps.note(&queued[queued.len() - self.fresh..]);
        self.fresh = 0;
    }
}
