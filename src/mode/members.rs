//! Who is in a hub, and what happens to each: what keep-open, broker and chat have in common.

use std::collections::BTreeMap;

use super::{
    Alarm, Doing, Ending, Fact, Failure, Level, Manners, Net, When, say_broken, say_silent,
};
use crate::ids::ConnId;

/// What a member still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Talking,
    /// It has said all it has to say and gets what is still to be said.
    Listening,
    /// It takes nothing any more; what it has said is still read.
    Deaf,
}

/// Everybody who is in.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// With the number each is known by.
    all: BTreeMap<ConnId, (u32, Stage)>,
    /// The number of the last who came; numbers are not used again.
    last: u32,
}

impl Members {
    /// One more; its number.
    pub(super) fn let_in(&mut self, conn: ConnId, manners: &Manners, net: &mut dyn Net) -> u32 {
        self.last = self.last.saturating_add(1);
        self.all.insert(conn, (self.last, Stage::Talking));
        net.join(conn, self.last);
        if let Some(after) = manners.idle {
            net.arm(conn, Alarm::Idle, after);
        }
        self.last
    }

    /// One less; its number if it was still in. Also for a member that was let go before: one that was
    /// to have everything first may stall.
    pub(super) fn let_go(&mut self, conn: ConnId, when: When, net: &mut dyn Net) -> Option<u32> {
        net.close(conn, when);
        self.all.remove(&conn).map(|(number, _)| number)
    }

    /// A member failed. What it said before it broke off is still to be had, unless reading has ended as
    /// well. Its number if it is out now.
    pub(super) fn broke(
        &mut self,
        conn: ConnId,
        (doing, why): (Doing, &Failure),
        manners: &Manners,
        net: &mut dyn Net,
    ) -> Option<u32> {
        say_broken(conn, why, net);
        let streams = manners.ending != Ending::Untold;
        match self.all.get_mut(&conn) {
            Some((_, stage @ Stage::Talking)) if doing == Doing::Writing && streams => {
                *stage = Stage::Deaf;
                None
            }
            Some(_) | None => self.let_go(conn, When::Now, net),
        }
    }

    /// A member takes nothing while others wait for it.
    pub(super) fn stalled(&mut self, conn: ConnId, net: &mut dyn Net) -> Option<u32> {
        let name = net.name(conn);
        let words = format!("{name} takes nothing and holds others back: dropped.");
        net.tell(Level::Verbose, words, Fact::new("stalled").peer(name));
        self.let_go(conn, When::Now, net)
    }

    /// Nothing has passed for too long.
    pub(super) fn fell_silent(
        &mut self,
        conn: ConnId,
        manners: &Manners,
        net: &mut dyn Net,
    ) -> Option<u32> {
        let after = manners.idle.unwrap_or_default();
        say_silent(conn, after, net);
        self.let_go(conn, When::Now, net)
    }

    /// What that member still does, if it is in.
    pub(super) fn stage(&mut self, conn: ConnId) -> Option<&mut Stage> {
        self.all.get_mut(&conn).map(|(_, stage)| stage)
    }

    /// Those who are in, in no order of use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnId, Stage)> {
        self.all.iter().map(|(&conn, &(_, stage))| (conn, stage))
    }

    /// So many of those who are in, those with the lowest numbers, in the order of these.
    pub(super) fn first(&self, count: usize) -> Vec<(u32, ConnId)> {
        let all = self.all.iter();
        let mut first: Vec<_> = all.map(|(&conn, &(number, _))| (number, conn)).collect();
        if first.len() > count {
            first.select_nth_unstable(count);
            first.truncate(count);
        }
        first.sort_unstable();
        first
    }

    /// Keeps only those of whom that is true.
    pub(super) fn retain(&mut self, keep: impl Fn(Stage) -> bool) {
        self.all.retain(|_, (_, stage)| keep(*stage));
    }

    /// How many are in.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
