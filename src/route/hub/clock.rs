//! What a hub does when time passes: chunks are released, a full disk is tried again, and whoever holds
//! the others back is named.

use super::*;

impl Hub {
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

    pub(super) fn next_release(&self, now: Instant) -> Option<Instant> {
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
    pub(super) fn next_stall(&self, since: Instant) -> Option<Instant> {
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
    pub(super) fn wake_released(&mut self, now: Instant) {
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
}
