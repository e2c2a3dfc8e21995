//! What a hub does when time passes: chunks are released, a full disk is tried again, and whoever holds
//! the others back is named.

use super::*;

/// Since when words wait for room in the log.
#[derive(Default)]
pub(super) struct Waits {
    /// The centre's.
    pub(super) centre: Option<Instant>,
    /// Those of the member that speaks.
    pub(super) members: Option<Instant>,
    /// When those who hold the log back are looked at again. An old time does no harm: nobody is
    /// looked at before words have waited for the stall time.
    look_at: Option<Instant>,
}

impl Waits {
    /// Since when the first of them waits.
    fn since(&self) -> Option<Instant> {
        self.centre.into_iter().chain(self.members).min()
    }

    /// When it is time to see who holds the log back.
    fn deadline(&self, stall: Duration) -> Option<Instant> {
        let first = self.since()? + stall;
        Some(self.look_at.map_or(first, |at| at.max(first)))
    }
}

impl Hub {
    /// Members that have taken nothing for the stall time while the log had no room for others.
    pub fn stalled(&mut self, now: Instant) -> Vec<ConnId> {
        let (Some(since), Some(due)) = (self.waits.since(), self.waits.deadline(self.limits.stall))
        else {
            return Vec::new();
        };
        if now < due {
            return Vec::new();
        }
        let mut stalled = Vec::new();
        let mut look_at = now + self.limits.stall;
        for (id, member) in self.members.iter().flatten() {
            let cursor = member.cursor.as_ref();
            if cursor.is_some_and(|cursor| self.log.holds_back(cursor)) {
                let too_long = member.taken_at.max(since) + self.limits.stall;
                match too_long <= now {
                    true => stalled.push(*id),
                    false => look_at = look_at.min(too_long),
                }
            }
        }
        self.waits.look_at = Some(look_at);
        stalled
    }

    /// When the hub wants its next turn though no end is ready.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let said = self.said_pace.as_ref().filter(|_| !self.said.is_empty());
        let retry = match self.sink {
            Sink::Full { retry_at } => Some(retry_at),
            Sink::Open | Sink::Gone => None,
        };
        let held = self.holding.front().map(|(at, _)| *at);
        let left = self.leftovers.deadline(now);
        let stall = self.waits.deadline(self.limits.stall);
        let said = said.and_then(|pace| pace.deadline(now));
        let rested = self.resting.first().map(|(at, _)| *at);
        let all = [said, retry, held, left, stall, rested];
        all.into_iter().flatten().min()
    }

    /// A chunk of that member waits for its time. All wait equally long, so that the first to come is
    /// the first to go.
    pub(super) fn hold(&mut self, id: ConnId, delay: Duration, now: Instant) {
        self.holding.push_back((now + delay, id));
    }

    /// Wakes members whose held chunk may go by now, or who may take or say more. Asked in every turn, for the time goes on between
    /// the alarm for one chunk and the turn, and the next chunk has no alarm of its own.
    pub(super) fn wake_released(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.holding.front()
            && at <= now
        {
            self.holding.pop_front();
            self.wake(id);
        }
        while let Some(&(at, id)) = self.resting.first()
            && at <= now
        {
            self.resting.pop_first();
            self.wake(id);
        }
    }
}
