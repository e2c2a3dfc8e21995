//! One turn of one route: bytes move, and what happened is taken down for the mode.

use std::collections::VecDeque;
use std::time::Duration;

use super::alarm::{Alarms, Wake};
use super::appetite::PATIENCE;
use super::conn::Conn;
use super::reach::failure;
use super::routes::{HubRoute, LinkRoute, is_program};
use crate::ids::{ConnId, ListenId, Table, kind};
use crate::mode::{Alarm, Doing, Event, Next};
use crate::route::{Context, Lull, News, Side, Turn};
use crate::wire::{self, Served};

/// What a route sees of the shell in its turn.
pub(super) struct Round<'a> {
    pub conns: &'a mut Table<kind::Conn, Conn>,
    pub cx: Context<'a>,
    pub outbox: &'a mut VecDeque<Event>,
    pub alarms: &'a mut Alarms,
    /// How long silence must last.
    pub lull: Duration,
    /// Members of a hub that moved bytes, and who let them in.
    pub heard: Vec<(ConnId, Option<ListenId>)>,
}

impl LinkRoute {
    pub(super) fn turn(&mut self, round: &mut Round<'_>) -> Turn {
        let (near, far, now) = (self.near, self.far, round.cx.now);
        let Some((near_conn, far_conn)) = round.conns.find_two(near, far) else {
            return Turn::Rest;
        };
        if self.hopes {
            self.hopes = !(near_conn.shed() & far_conn.shed())
                || !self.link.let_kernel_carry(near_conn, far_conn);
        }
        let mut moved = false;
        let turn = self
            .link
            .turn(near_conn, far_conn, &mut round.cx, &mut moved);
        if moved {
            near_conn.moved(now);
            far_conn.moved(now);
        }
        // Whoever gets the last of a slow answer is served when it has left us, and not before.
        if turn == Turn::Rest
            && near_conn.has_said_all()
            && let Some(request) = near_conn.served()
        {
            round.outbox.push_back(served(near, request));
        }
        if turn == Turn::Rest {
            self.link.rest();
            if self.hopes {
                near_conn.shed();
                far_conn.shed();
            }
            near_conn.rest();
            far_conn.rest();
        }
        if let Some(at) = far_conn.layers_alarm() {
            round.alarms.set(at, Wake::Layers(far));
        }
        if let Some(at) = far_conn.sleep(now + PATIENCE) {
            round.alarms.set(at, Wake::Appetite(far));
        }
        let lull = self.link.lull(near_conn);
        if self.awaits_lull && lull != Lull::Undecided {
            self.awaits_lull = false;
            if lull == Lull::Held {
                far_conn.set_alarm(far, Alarm::Lull, now + round.lull, round.alarms);
            }
        }
        while let Some((side, news)) = self.link.news() {
            let (source, sink) = match side {
                Side::Near => (near, far),
                Side::Far => (far, near),
            };
            // A program may take no input; that is no break, and it may have ended long ago.
            let takes_none = matches!(news, News::SinkBroken(..));
            if !(takes_none && round.conns.find(sink).is_some_and(is_program)) {
                round.outbox.push_back(event(news, source, sink));
            }
        }
        turn
    }
}

impl HubRoute {
    pub(super) fn turn(&mut self, round: &mut Round<'_>) -> Turn {
        let mut moved = Vec::new();
        let turn = self.hub.turn(round.conns, &mut round.cx, &mut moved);
        for id in moved {
            if let Some(conn) = round.conns.find_mut(id) {
                conn.moved(round.cx.now);
                conn.rest();
                if let Some(at) = conn.layers_alarm() {
                    round.alarms.set(at, Wake::Layers(id));
                }
                round.heard.push((id, conn.listener));
            }
        }
        while let Some((id, news)) = self.hub.news() {
            round.outbox.push_back(event(news, id, id));
        }
        turn
    }
}

/// A request of a peer is over.
pub(super) fn served(conn: ConnId, served: Served) -> Event {
    Event::Served {
        conn,
        words: served.words,
        status: served.status,
        next: match served.next {
            wire::Next::Request => Next::Request,
            wire::Next::End => Next::End,
            wire::Next::Cut => Next::Cut,
        },
    }
}

fn event(news: News, source: ConnId, sink: ConnId) -> Event {
    match news {
        News::Ended => Event::End { conn: source },
        News::SourceBroken(error) => Event::Broken {
            conn: source,
            doing: Doing::Reading,
            why: failure(&error),
        },
        News::SinkBroken(error, _) => Event::Broken {
            conn: sink,
            doing: Doing::Writing,
            why: failure(&error),
        },
    }
}
