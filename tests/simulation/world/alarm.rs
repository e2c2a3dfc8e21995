//! The alarms of a world, as `src/net/event_loop.rs` and `routes.rs` keep and ring them.

use std::cmp::Reverse;
use std::time::Instant;

use ncat::ids::{ConnId, RouteId};
use ncat::mode::{Alarm, Event};
use ncat::route::Lull;

use super::World;

/// Who is to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    Conn(ConnId, Alarm),
    Route(RouteId),
    Leave,
}

impl World {
    pub(super) fn ring(&mut self) {
        while let Some(&Reverse((at, who))) = self.alarms.peek() {
            if at > self.now {
                return;
            }
            self.alarms.pop();
            match who {
                Wake::Conn(id, what) => {
                    let place = self.places.get(&id);
                    if place.is_some_and(|place| place.alarms[what as usize] == Some(at)) {
                        self.ring_conn(id, what);
                    }
                }
                Wake::Route(id) => self.ring_route(id),
                Wake::Leave => {}
            }
        }
    }

    pub(super) fn ring_conn(&mut self, id: ConnId, what: Alarm) {
        let after = self.after[what as usize];
        let now = self.now;
        let place = self.place(id);
        place.alarms[what as usize] = None;
        let again = match what {
            Alarm::Idle => Some(place.moved_at + after).filter(|at| *at > now),
            Alarm::Lull => match self.silence(id) {
                Lull::Held => None,
                Lull::Undecided => Some(now + after),
                Lull::Broken => return,
            },
            Alarm::Quit => None,
        };
        match again {
            Some(at) => self.set_alarm(id, what, at),
            None => self.outbox.push_back(Event::Alarm { conn: id, what }),
        }
    }

    pub(super) fn next_alarm(&mut self) -> Option<Instant> {
        while let Some(&Reverse((at, who))) = self.alarms.peek() {
            let wanted = match who {
                Wake::Conn(id, what) => {
                    let place = self.places.get(&id);
                    place.is_some_and(|place| place.alarms[what as usize] == Some(at))
                }
                Wake::Route(id) => self.routes.find(id).is_some_and(|route| route.wants(at)),
                Wake::Leave => self
                    .leaving
                    .is_some_and(|leaving| leaving.ask_at == Some(at)),
            };
            if wanted {
                return Some(at);
            }
            self.alarms.pop();
        }
        None
    }

    pub(super) fn set(&mut self, at: Instant, who: Wake) {
        self.alarms.push(Reverse((at, who)));
    }

    pub(super) fn set_alarm(&mut self, id: ConnId, what: Alarm, at: Instant) {
        if let Some(place) = self.places.get_mut(&id) {
            place.alarms[what as usize] = Some(at);
            self.set(at, Wake::Conn(id, what));
        }
    }
}
