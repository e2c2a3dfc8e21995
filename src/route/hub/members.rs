//! What a hub does with its members: feeds each from the log, and hears it into the inbox.

use super::*;

/// What a step with one member came to.
#[derive(Clone, Copy, PartialEq)]
enum Served {
    /// Nothing moved.
    Idle,
    /// Bytes moved, and no more can by themselves.
    Moved,
    /// Another step may move more.
    Again,
}

impl Hub {
    pub(super) fn serve_members<E: End>(
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
            let served = self.serve(id, end, cx);
            if served != Served::Idle {
                moved.push(id);
            }
            if served == Served::Again {
                self.wake(id);
            }
        }
        any
    }

    /// One step with one member, both ways.
    fn serve<E: End>(&mut self, id: ConnId, end: &mut E, cx: &mut Context<'_>) -> Served {
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
        match gave | flushed {
            true => Served::Again,
            false => took,
        }
    }

    /// Gives a member what lies ahead of its cursor.
    fn feed<E: End>(&mut self, id: ConnId, end: &mut E, now: Instant) -> Served {
        let Some(member) = find(&mut self.members, id) else {
            return Served::Idle;
        };
        if let Some(cursor) = member
            .cursor
            .take_if(|cursor| self.log.has_reached(cursor, member.until))
        {
            self.log.leave(cursor);
        }
        let allowed = member.may_take(now);
        let Some(cursor) = &mut member.cursor else {
            return Served::Idle;
        };
        let messages = end.keeps_messages();
        let mut left = match allowed {
            Ok(most) if !messages => most,
            Ok(_) | Err(_) => usize::MAX,
        };
        let mut parts = [IoSlice::new(&[]); GATHER];
        let mut count = 0;
        let gather = if messages { 1 } else { GATHER };
        let ahead = self.log.ahead(cursor, gather, member.until);
        for (part, piece) in parts.iter_mut().zip(ahead) {
            let n = piece.len().min(left);
            *part = IoSlice::new(&piece[..n]);
            (left, count) = (left - n, count + 1);
            if left == 0 {
                break;
            }
        }
        if count == 0 {
            if member.finishing == Finishing::Wanted {
                member.finishing = Finishing::Done;
                end.finish();
            }
            return Served::Idle;
        }
        if let Err(at) = allowed {
            self.resting.insert((at, id));
            return Served::Idle;
        }
        let says_something = !parts[0].is_empty();
        match end.push_parts(&parts[..count]) {
            // Interrupted: a message that has not gone must not be passed over.
            Step::Moved(0) if says_something => Served::Again,
            Step::Moved(n) => {
                self.passed.0 += n as u64;
                match messages {
                    true => self.log.pass(cursor),
                    false => self.log.advance(cursor, n),
                }
                let parted = self.log.has_reached(cursor, member.until);
                let ends = parted || member.finishing == Finishing::Wanted;
                let more = ends || self.log.is_behind(cursor);
                member.took(n, now);
                if more { Served::Again } else { Served::Moved }
            }
            Step::Idle => Served::Idle,
            Step::Over => self.drop_member(id, io::Error::from(io::ErrorKind::BrokenPipe)),
            Step::Broken(error) => self.drop_member(id, error),
        }
    }

    fn drop_member(&mut self, id: ConnId, error: io::Error) -> Served {
        self.news.push_back((id, News::SinkBroken(error, 0)));
        // Its cursor must not hold the log from here on.
        if let Some(member) = find(&mut self.members, id) {
            let heard = member.hears();
            if let Some(cursor) = member.cursor.take() {
                self.log.leave(cursor);
            }
            if heard {
                self.one_hears_less();
            }
        }
        Served::Idle
    }

    /// Takes what a member says into the inbox, by way of a chunk of its own with `--delay`.
    fn hear_member<E: End>(&mut self, id: ConnId, end: &mut E, cx: &mut Context<'_>) -> bool {
        let (crowded, reads_on) = (self.is_crowded(), self.reads_members());
        let Some(member) = find(&mut self.members, id) else {
            return false;
        };
        let speaker = Speaker::member(id, member.number);
        let mut moved = false;
        if let Some(held) = &member.held {
            if !held.release.is_open(cx.now) {
                return false;
            }
            if crowded {
                self.wait_in_crowd(id);
                return false;
            }
            if let Some(mut held) = member.held.take() {
                self.put_into_inbox(&mut held.words, cx);
                self.heard(speaker, cx);
            }
            moved = true;
        }
        if !reads_on || !self.listens_to(id) {
            return moved;
        }
        let allowed = find(&mut self.members, id).map(|member| member.may_say(cx.now));
        let allowed = match allowed {
            Some(Err(at)) => {
                self.resting.insert((at, id));
                return moved;
            }
            Some(Ok(most)) => most,
            None => return moved,
        };
        // The end of a member must not be told before what it said, so a voice hears it in its turn.
        let goes_to_inbox = self.limits.delay.is_none() || self.has_voice();
        if self.leftovers.is_full() || goes_to_inbox && self.is_crowded() {
            self.wait_in_crowd(id);
            return moved;
        }
        let step = match self.limits.delay {
            None => self.pull_into_inbox(end, speaker, allowed, cx),
            Some(delay) => self.pull_and_hold(id, end, delay, cx),
        };
        let news = match step {
            Step::Moved(n) => {
                self.passed.1 += n as u64;
                if let Some(member) = find(&mut self.members, id) {
                    member.said(n, cx.now);
                }
                return true;
            }
            Step::Idle => return moved,
            Step::Over => News::Ended,
            Step::Broken(error) => News::SourceBroken(error),
        };
        if let Some(member) = find(&mut self.members, id) {
            member.listening = false;
        }
        match self.has_voice() {
            true => {
                self.at_end = Some((id, news));
                self.heard(speaker.ending(), cx);
            }
            false => self.news.push_back((id, news)),
        }
        moved
    }

    fn listens_to(&mut self, id: ConnId) -> bool {
        find(&mut self.members, id).is_some_and(|member| member.listening)
    }

    fn pull_into_inbox<E: End>(
        &mut self,
        end: &mut E,
        speaker: Speaker,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Step {
        self.inbox.lend(cx.pool);
        let step = match most < INBOX_PIECE && !end.keeps_messages() {
            true => self.pull_portion(end, most),
            false => end.pull(&mut self.inbox),
        };
        if let Step::Moved(n) = step {
            let queued = self.inbox.filled();
            cx.taps.note(&queued[queued.len() - n..]);
            if n > 0 || end.keeps_messages() {
                self.heard(speaker, cx);
            }
        }
        step
    }

    /// Takes so much and no more, for which the inbox has room.
    fn pull_portion<E: End>(&mut self, end: &mut E, most: usize) -> Step {
        let mut portion = Buf::new(most);
        let step = end.pull(&mut portion);
        self.inbox.put(portion.filled());
        step
    }

    fn pull_and_hold<E: End>(
        &mut self,
        id: ConnId,
        end: &mut E,
        delay: Duration,
        cx: &mut Context<'_>,
    ) -> Step {
        let mut words = Buf::new(INBOX_PIECE);
        words.lend(cx.pool);
        let step = end.pull(&mut words);
        match (&step, find(&mut self.members, id)) {
            (Step::Moved(n), Some(member)) if *n > 0 || end.keeps_messages() => {
                let mut release = Pace::new(delay);
                release.hold(cx.now);
                member.held = Some(Box::new(Held { words, release }));
                self.hold(id, delay, cx.now);
            }
            _ => words.settle(cx.pool),
        }
        step
    }

    /// What is in the inbox now comes from that member. In a mesh it goes on at once if it can.
    fn heard(&mut self, speaker: Speaker, cx: &mut Context<'_>) {
        if matches!(self.reach, Reach::Mesh(_)) {
            self.speaker = Some(speaker);
            self.pass_on(cx);
        }
    }

    /// Whether members must wait before they are heard.
    pub(super) fn is_crowded(&self) -> bool {
        let full = match self.reach {
            Reach::Star => self.inbox.free() < INBOX_PIECE,
            Reach::Mesh(_) => self.speaker.is_some(),
        };
        full || self.leftovers.is_full()
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
}
