//! `--rate-limit` in a hub: every member takes and says no more than it may.

use super::*;

/// What one member may take, and what it may say.
pub(super) struct Paces {
    pub(super) takes: Bucket,
    pub(super) says: Bucket,
}

impl Paces {
    /// So many bytes a second each way.
    pub(super) fn new(rate: u64, now: Instant) -> Self {
        Self {
            takes: Bucket::new(rate, now),
            says: Bucket::new(rate, now),
        }
    }
}

impl Member {
    /// Whether it may take more, and say more.
    pub(super) fn is_allowed(&self, now: Instant) -> (bool, bool) {
        let paces = self.paces.as_ref();
        paces.map_or((true, true), |paces| {
            (paces.takes.is_open(now), paces.says.is_open(now))
        })
    }

    /// How much it may take, and when more if that is nothing.
    pub(super) fn may_take(&self, now: Instant) -> Result<usize, Instant> {
        may_pass(self.paces.as_ref().map(|paces| &paces.takes), now)
    }

    /// How much it may say, and when more if that is nothing.
    pub(super) fn may_say(&self, now: Instant) -> Result<usize, Instant> {
        may_pass(self.paces.as_ref().map(|paces| &paces.says), now)
    }

    /// It has taken so much. Until it may take more it is not its own doing that it takes nothing.
    pub(super) fn took(&mut self, bytes: usize, now: Instant) {
        self.sent += bytes as u64;
        self.taken_at = now;
        if let Some(paces) = &mut self.paces {
            paces.takes.spend(bytes, now);
            self.taken_at = now.max(paces.takes.opens_at());
        }
    }

    /// It has said so much.
    pub(super) fn said(&mut self, bytes: usize, now: Instant) {
        self.received += bytes as u64;
        if let Some(paces) = &mut self.paces {
            paces.says.spend(bytes, now);
        }
    }
}

fn may_pass(bucket: Option<&Bucket>, now: Instant) -> Result<usize, Instant> {
    match bucket {
        None => Ok(usize::MAX),
        Some(bucket) if bucket.is_open(now) => Ok(bucket.most(now)),
        Some(bucket) => Err(bucket.opens_at()),
    }
}
