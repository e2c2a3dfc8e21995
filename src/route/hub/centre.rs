//! What a hub does with its centre: hears what it says into the log, and tells it what members said.

use super::*;

impl Hub {
    /// Reads the centre while the log has room and somebody is there to hear it.
    pub(super) fn hear_centre<E: End>(
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

    pub(super) fn may_hear(&self) -> bool {
        let wanted = !self.stopped && !self.centre_over && self.population > 0;
        wanted && self.said.is_empty()
    }

    pub(super) fn centre_ended(&mut self, news: News) {
        self.centre_over = true;
        self.news.push_back((self.centre, news));
    }

    pub(super) fn log_what_was_said(&mut self, cx: &mut Context<'_>) -> bool {
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

    /// Gives the centre what members said, and lets those go on that waited for room.
    pub(super) fn tell_centre<E: End>(
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
    pub(super) fn push_to_centre<E: End>(&mut self, centre: &mut E, now: Instant) -> bool {
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

    pub(super) fn take_leftovers(&mut self, cx: &mut Context<'_>) -> bool {
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

    pub(super) fn centre_sink_failed(&mut self, error: io::Error, now: Instant) {
        self.sink = match is_full_disk(&error) {
            true => Sink::Full {
                retry_at: now + FULL_DISK_RETRY,
            },
            false => Sink::Gone,
        };
        self.news
            .push_back((self.centre, News::SinkBroken(error, self.inbox.len())));
    }
}
