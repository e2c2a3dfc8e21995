//! How many peers there are descriptors for.

use super::{doors, is_datagram};
use crate::cli::plan::{Plan, Role};
use crate::net::given::Given;

/// Descriptors that a server needs for itself: stdio as it is and opened again, the event queue,
/// signals, two listeners, two logs and one in reserve.
const OWN_DESCRIPTORS: u64 = 14;
/// The listeners among those.
const USUAL_LISTENERS: u64 = 2;
/// Descriptors of a peer that has a program: its own, two pipes, and one to see the program's exit.
const WITH_PROGRAM: u64 = 4;
/// Descriptors of a peer that is brought to somebody: its own, and that of the connection to there.
const WITH_FAR: u64 = 2;

/// What a server has room for.
pub(super) struct Room {
    /// Descriptors that we may have; `None` when there is no limit.
    most: Option<u64>,
    /// How many of them we need ourselves.
    own: u64,
    /// How many each peer does.
    each: u64,
}

impl Room {
    /// What there is for the peers of that plan, with so many descriptors in all.
    pub(super) fn of(plan: &Plan, given: Option<&Given>, most: Option<u64>) -> Self {
        let Role::Listen(listen) = &plan.role else {
            let (own, each) = (OWN_DESCRIPTORS, 1);
            return Self { most, own, each };
        };
        let listeners = doors::count(&listen.at, given) as u64;
        Self {
            most,
            own: OWN_DESCRIPTORS + listeners.saturating_sub(USUAL_LISTENERS),
            each: match listen.proxy.is_some() {
                true => WITH_FAR,
                false if plan.command.is_some() => WITH_PROGRAM,
                false => 1,
            },
        }
    }

    /// How many peers that is; `None` when there is no limit.
    pub(super) fn peers(&self) -> Option<usize> {
        let peers = |most: u64| most.saturating_sub(self.own) / self.each;
        self.most.and_then(|most| peers(most).try_into().ok())
    }

    /// A server can have as many peers as the system has descriptors for; what to say when that is less
    /// than what was asked for.
    pub(super) fn warning(&self, plan: &Plan) -> Option<String> {
        let Role::Listen(listen) = &plan.role else {
            return None;
        };
        let (most, peers) = (self.most?, self.peers()?);
        let too_few = listen.limited && !is_datagram(&plan.role) && peers < listen.max_conns;
        too_few.then(|| {
            format!(
                "Warning: --max-conns {} is more than the system has room for: with {most} \
                 descriptors, {peers} peers can be in at once.",
                listen.max_conns
            )
        })
    }
}
