//! What a hub does with its centre: hears what it says into the log, and in a star tells it what
//! members said.

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
                Step::Over => moved = self.centre_ended(News::Ended),
                Step::Broken(error) => moved = self.centre_ended(News::SourceBroken(error)),
            }
        }
        moved |= self.log_what_was_said(cx);
        self.said.settle(cx.pool);
        moved
    }

    pub(super) fn may_hear(&self) -> bool {
        let wanted = !self.stopped && !self.centre_over && self.somebody_hears();
        wanted && self.said.is_empty()
    }

    /// True if there may be last words to be given on: what its voice had begun.
    fn centre_ended(&mut self, news: News) -> bool {
        self.centre_over = true;
        self.news.push_back((self.centre, news));
        self.leave_words(CENTRE, None);
        self.has_voice()
    }

    fn log_what_was_said(&mut self, cx: &mut Context<'_>) -> bool {
        let released = self
            .said_pace
            .as_ref()
            .is_none_or(|pace| pace.is_open(cx.now));
        if self.said.is_empty() || !released || !self.somebody_hears() {
            return false;
        }
        let mut words = std::mem::replace(&mut self.said, Buf::new(0));
        let before = words.len();
        let done = self.out != Flow::Pass || self.broadcast(Speaker::CENTRE, &mut words, cx.taps);
        self.said = words;
        match done {
            true => {
                self.said.clear();
                self.waits.centre = None;
            }
            false => _ = self.waits.centre.get_or_insert(cx.now),
        }
        self.said.len() < before
    }

    /// Gives the centre what members said.
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
        self.inbox.settle(cx.pool);
        moved
    }

    /// Whether the centre would take something now.
    pub(super) fn could_tell_centre<E: End>(&self, centre: &E) -> bool {
        let nothing_waits = self.inbox.is_empty() && centre.is_clear();
        matches!(self.sink, Sink::Open) && centre.is_writable() && !nothing_waits
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
        while let Some(size) = self.leftovers.due(cx.now)
            && (size <= self.inbox.free() || self.inbox.is_empty())
            && let Some(mut chunk) = self.leftovers.take()
        {
            self.put_into_inbox(&mut chunk.words, cx);
            taken = true;
        }
        taken
    }

    fn centre_sink_failed(&mut self, error: io::Error, now: Instant) {
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
