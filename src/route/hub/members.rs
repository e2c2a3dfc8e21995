//! What a hub does with its members: feeds each from the log, and hears it into the inbox.

use super::*;

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
            if self.serve(id, end, cx) {
                moved.push(id);
                self.wake(id);
            }
        }
        any
    }

    /// One step with one member, both ways. True if another step may do more.
    pub(super) fn serve<E: End>(&mut self, id: ConnId, end: &mut E, cx: &mut Context<'_>) -> bool {
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
    pub(super) fn feed<E: End>(&mut self, id: ConnId, end: &mut E, now: Instant) -> bool {
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

    pub(super) fn drop_member(&mut self, id: ConnId, error: io::Error) -> bool {
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
    pub(super) fn hear_member<E: End>(
        &mut self,
        id: ConnId,
        end: &mut E,
        cx: &mut Context<'_>,
    ) -> bool {
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

    /// Whether members must wait before they are heard.
    pub(super) fn is_crowded(&self) -> bool {
        self.inbox.free() < INBOX_PIECE || self.leftovers.is_full()
    }

    /// The member is looked at again when there is room. It may come here with every event until then,
    /// but waits once.
    pub(super) fn wait_in_crowd(&mut self, id: ConnId) {
        if let Some(member) = find(&mut self.members, id)
            && !std::mem::replace(&mut member.in_crowd, true)
        {
            self.crowd.push_back(id);
        }
    }
}
