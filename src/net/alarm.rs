//! Deadlines: one heap for everything that must happen at a time.
//!
//! An entry is only a hint to look: whoever it is about knows when it really wants to be woken, and
//! an entry that no longer agrees is dropped without waking anybody.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::ids::{AttemptId, ConnId, DialId, ListenId, ProcessId, RouteId};
use crate::mode::Alarm;

/// Who is to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// A mode, about a connection.
    Conn(ConnId, Alarm),
    /// A peer's errand that has taken too long to find out where it leads to.
    Errand(ConnId),
    /// Layers that repeat what nobody has answered.
    Layers(ConnId),
    /// A connection that has had its time to agree with the peer.
    Greeting(ConnId),
    /// A connection whose first packet waits for data to go with it.
    Opening(ConnId),
    /// A connection that waits for more than has come.
    Appetite(ConnId),
    /// Whoever shows how much has passed.
    Progress,
    /// A route that holds something back.
    Route(RouteId),
    /// A dial that wants its next try or has run out of time.
    Dial(DialId),
    /// A probe whose silence is an answer by then.
    Attempt(AttemptId),
    /// A program that is to end.
    Process(ProcessId),
    /// Children that we have not started and that have ended.
    Orphans,
    /// Connections that are to be closed once peers have acknowledged everything.
    Sweep,
    /// A listener that ran out of descriptors.
    Listener(ListenId),
    /// The end of the program, to see whether peers have acknowledged everything.
    Leave,
}

/// How many entries there may be before those are looked for that nobody wants.
const FEW: usize = 1024;

/// All deadlines.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    heap: BinaryHeap<Reverse<(Instant, Wake)>>,
    /// How many were wanted when all were looked at the last time.
    wanted: usize,
}

impl Alarms {
    /// Wakes somebody at that time.
    pub(super) fn set(&mut self, at: Instant, who: Wake) {
        self.heap.push(Reverse((at, who)));
    }

    /// The next that is due by `now`.
    pub(super) fn due(&mut self, now: Instant) -> Option<(Instant, Wake)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// When the next that is still wanted is due; the others are forgotten. Those behind it, too, once
    /// they may be more than half of all: a peer can make many that would be due in an hour.
    pub(super) fn next(&mut self, is_wanted: impl Fn(Instant, Wake) -> bool) -> Option<Instant> {
        if self.heap.len() > 2 * self.wanted + FEW {
            self.heap.retain(|&Reverse((at, who))| is_wanted(at, who));
            self.wanted = self.heap.len();
        }
        while let Some(&Reverse((at, who))) = self.heap.peek() {
            if is_wanted(at, who) {
                return Some(at);
            }
            self.heap.pop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn alarms_ring_in_order_and_only_when_due() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut alarms = Alarms::default();
        for seconds in [3, 1, 2] {
            alarms.set(at(seconds), Wake::Leave);
        }
        assert_eq!(alarms.due(start), None);
        assert_eq!(alarms.due(at(2)), Some((at(1), Wake::Leave)));
        assert_eq!(alarms.due(at(2)), Some((at(2), Wake::Leave)));
        assert_eq!(alarms.due(at(2)), None);
        assert_eq!(alarms.next(|_, _| true), Some(at(3)));
        assert_eq!(alarms.next(|_, _| false), None);
        assert_eq!(alarms.due(at(9)), None, "an unwanted alarm is forgotten");
    }
    #[test]
    fn what_nobody_wants_any_more_does_not_pile_up() {
        let later = Instant::now() + Duration::from_secs(3600);
        let mut alarms = Alarms::default();
        alarms.set(later, Wake::Leave);
        for n in 0..10 * FEW as u64 {
            alarms.set(later + Duration::from_secs(n), Wake::Sweep);
            let next = alarms.next(|_, who| who == Wake::Leave);
            assert_eq!(next, Some(later), "the one that is wanted");
            let kept = alarms.heap.len();
            assert!(kept <= 2 + FEW, "{kept} are kept for one that is wanted");
        }
    }
}
