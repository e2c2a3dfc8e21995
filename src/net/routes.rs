//! Routes in the loop: made for a mode, queued when an end is ready, and woken when their time comes.

use std::time::{Duration, Instant};

use super::Shell;
use super::alarm::Wake;
use super::conn::Conn;
use super::reach::failure;
use super::transport::Transport;
use super::turn::Round;
use crate::ids::{ConnId, RouteId, Table, kind};
use crate::mode::{Alarm, Doing, Event, Flow, Reach};
use crate::route::{self, Bucket, Context, End, Hub, Lane, Link, Lull, Turn};
use crate::say::Level;

/// How much a link copies at once. With four times as much the bytes had left the processor's cache
/// before they were written, which cost half as much again (benches, `file-null` copying).
const LINK_QUEUE: usize = 64 * 1024;

/// Who talks to whom.
#[allow(
    clippy::large_enum_variant,
    reason = "a table of routes holds one hub or links only, and these are best where they are"
)]
pub(super) enum Route {
    /// Two ends.
    Link(LinkRoute),
    /// One and many; a run has one hub at most, and any number of links.
    Hub(Box<HubRoute>),
}

/// Two ends and their lanes.
pub(super) struct LinkRoute {
    /// Ours: stdio or a program.
    pub near: ConnId,
    /// The peer.
    pub far: ConnId,
    /// The route.
    pub link: Link<Conn>,
    /// Something waits to be sent while somebody waits for silence.
    pub awaits_lull: bool,
    /// The kernel may carry once no layer is left.
    pub hopes: bool,
    state: State,
}

/// A centre and its members.
pub(super) struct HubRoute {
    /// The route.
    pub hub: Hub,
    state: State,
}

/// What the loop remembers of any route.
#[derive(Default)]
struct State {
    queued: bool,
    alarm_at: Option<Instant>,
}

impl Route {
    fn state(&mut self) -> &mut State {
        match self {
            Self::Link(link) => &mut link.state,
            Self::Hub(hub) => &mut hub.state,
        }
    }

    /// Hands over what was read, and nothing more.
    pub(super) fn stop(&mut self) {
        match self {
            Self::Link(link) => link.link.stop(),
            Self::Hub(hub) => hub.hub.stop(),
        }
    }

    /// Whether it still wants the alarm that was set for that time.
    pub(super) fn wants(&self, at: Instant) -> bool {
        match self {
            Self::Link(link) => link.state.alarm_at == Some(at),
            Self::Hub(hub) => hub.state.alarm_at == Some(at),
        }
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        match self {
            Self::Link(link) => link.link.deadline(now),
            Self::Hub(hub) => hub.hub.deadline(now),
        }
    }

    /// Bytes sent to all peers, and received from them.
    pub(super) fn passed_in_all(&self) -> (u64, u64) {
        match self {
            Self::Link(link) => link.link.passed(),
            Self::Hub(hub) => hub.hub.passed_in_all(),
        }
    }

    /// Whether everything that was read has been handed over.
    pub(super) fn is_settled(&self, conns: &Table<kind::Conn, Conn>) -> bool {
        match self {
            Self::Link(LinkRoute {
                near, far, link, ..
            }) => match (conns.find(*near), conns.find(*far)) {
                (Some(near), Some(far)) => link.is_settled(near, far),
                _ => true,
            },
            Self::Hub(hub) => hub.hub.is_settled(conns),
        }
    }

    /// Whether it could move by itself: then sleeping would be a mistake.
    pub(super) fn could_move(&self, conns: &Table<kind::Conn, Conn>, now: Instant) -> bool {
        match self {
            Self::Link(LinkRoute {
                near, far, link, ..
            }) => match (conns.find(*near), conns.find(*far)) {
                (Some(near), Some(far)) => link.could_move(near, far, now),
                _ => false,
            },
            Self::Hub(hub) => hub.hub.could_move(conns, now),
        }
    }
}

impl Shell {
    /// Lets two connections talk.
    pub(super) fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow) {
        let delay = self.config.delay;
        let Some((near_conn, far_conn)) = self.conns.find_two(near, far) else {
            return;
        };
        let out_queue = match far_conn.keeps_messages() {
            true => self.config.datagram_size,
            false => LINK_QUEUE,
        };
        let (rate, now) = (self.config.limits.rate, self.now);
        let lane = |flow, queue| {
            let bucket = rate.map(|rate| Bucket::new(rate, now));
            let digest = self.config.checksum.as_ref().map(|hash| (hash.begin)());
            Lane::new(flow, queue, delay)
                .limited(bucket)
                .seen_by(digest)
        };
        let out = lane(out, out_queue).by_lines(self.config.interval);
        let link = Link::new(out, lane(back, LINK_QUEUE));
        far_conn.allow_appetite();
        for conn in [near_conn, far_conn] {
            conn.share_pipes(&self.pipes);
        }
        let route = Route::Link(LinkRoute {
            near,
            far,
            link,
            awaits_lull: false,
            hopes: self.config.kernel_carries && self.taps.is_empty(),
            state: State::default(),
        });
        let route = self.routes.add(route);
        for id in [near, far] {
            if let Some(conn) = self.conns.find_mut(id) {
                conn.route = Some(route);
            }
        }
        self.queue_route(Some(route));
        self.begin_progress();
    }

    /// Makes a connection the middle of the hub.
    pub(super) fn make_hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach) {
        let reach = match reach {
            Reach::Star => route::Reach::Star,
            Reach::Mesh => route::Reach::Mesh((self.config.voice)(&self.config)),
        };
        let hub = Hub::new(centre, out, back, reach, self.config.limits);
        let route = self.routes.add(Route::Hub(Box::new(HubRoute {
            hub,
            state: State::default(),
        })));
        if let Some(conn) = self.conns.find_mut(centre) {
            conn.route = Some(route);
        }
        self.hub = Some(route);
    }

    /// Says something to all members of the hub.
    pub(super) fn announce(&mut self, words: &str) {
        let Some(Route::Hub(hub)) = self.hub.and_then(|id| self.routes.find_mut(id)) else {
            return;
        };
        let (now, pool, taps) = (self.now, &mut self.pool, &mut self.taps);
        if !hub.hub.announce(words, &mut Context { now, pool, taps }) {
            let words = format!("Nobody was told that {words} There is no room left for it.");
            self.say.say(Level::Verbose, &words);
        }
        self.queue_route(self.hub);
    }

    /// Adds a member to the hub.
    pub(super) fn join(&mut self, id: ConnId, number: u32) {
        let Some(route) = self.hub else { return };
        if let (Some(Route::Hub(hub)), Some(conn)) =
            (self.routes.find_mut(route), self.conns.find_mut(id))
        {
            conn.route = Some(route);
            hub.hub.join(id, number, self.now);
        }
        self.queue_route(Some(route));
        self.begin_progress();
    }

    /// Closes a connection once it has what was said until now.
    pub(super) fn part(&mut self, id: ConnId) {
        let route = self.conns.find(id).and_then(|conn| conn.route);
        match route.and_then(|id| self.routes.find_mut(id)) {
            Some(Route::Hub(hub)) => hub.hub.part(id),
            Some(Route::Link(link)) => link.link.stop(),
            None => {}
        }
        self.queue_route(route);
        // Whoever lingered and is not done counts again, so that those are no more than there may be.
        self.count(id);
        self.closing.push(id);
        // What was the last to be said may have been long in coming, and time to take it begins now.
        if self.config.service.is_some()
            && let Some(conn) = self.conns.find_mut(id)
        {
            conn.moved_at = self.now;
        }
    }

    /// A connection of that name goes from its route. A hub goes on without it; a link is over, and with it the pipes
    /// of a program that nobody talks to any more.
    pub(super) fn leave_route(&mut self, route: RouteId, id: ConnId, name: &str) {
        let other = match self.routes.find_mut(route) {
            None => return,
            Some(Route::Hub(hub)) => {
                hub.hub.leave(id);
                return self.queue_route(Some(route));
            }
            Some(Route::Link(link)) if link.near == id => link.far,
            Some(Route::Link(link)) => link.near,
        };
        match self.conns.find(other) {
            Some(conn) if is_program(conn) => {
                self.remove_link(route, name);
                self.conns.remove(other);
            }
            // Whoever is left still has its share to get.
            Some(conn) if conn.route == Some(route) => {}
            Some(_) | None => self.remove_link(route, name),
        }
    }

    fn remove_link(&mut self, id: RouteId, name: &str) {
        if let Some(route) = self.routes.remove(id) {
            self.link_is_over(&route, name);
        }
    }

    /// A peer that has said its last and is gone altogether breaks the connection where others go on: in
    /// a hub, or with a program, which may have to do with what it got and is left alone if the peer has
    /// merely closed. Where it is the only one, what is still to be sent to it will tell.
    pub(super) fn look_for_desertion(&mut self, id: ConnId) {
        let Some((conn, why)) = self.conns.find(id).and_then(|conn| {
            let why = conn.is_deserted()?;
            Some((conn, why))
        }) else {
            return;
        };
        let is_closed = why.kind() == std::io::ErrorKind::NotConnected;
        let others_go_on = match conn.route.and_then(|route| self.routes.find(route)) {
            Some(Route::Hub(_)) => true,
            Some(Route::Link(link)) => {
                let near = self.conns.find(link.near);
                !is_closed && (self.config.service.is_some() || near.is_some_and(is_program))
            }
            None => false,
        };
        if others_go_on {
            let (conn, doing, why) = (id, Doing::Writing, failure(&why));
            self.outbox.push_back(Event::Broken { conn, doing, why });
        }
    }

    /// The route is to have a turn.
    pub(super) fn queue_route(&mut self, id: Option<RouteId>) {
        let Some(id) = id else { return };
        if let Some(route) = self.routes.find_mut(id)
            && !std::mem::replace(&mut route.state().queued, true)
        {
            self.ready.push_back(id);
        }
    }

    /// Something happened at a connection: its route is to look at it.
    pub(super) fn wake_conn(&mut self, id: ConnId) {
        let Some(conn) = self.conns.find(id) else {
            return;
        };
        if conn.greeting().is_some() {
            self.greeting.push_back(id);
            return;
        }
        let Some(route) = conn.route else { return };
        if let Some(Route::Hub(hub)) = self.routes.find_mut(route) {
            hub.hub.wake(id);
        }
        self.queue_route(Some(route));
    }

    /// One turn of one route.
    pub(super) fn turn(&mut self, id: RouteId) {
        let Self {
            routes,
            conns,
            pool,
            taps,
            outbox,
            alarms,
            ..
        } = self;
        let (now, lull) = (self.now, self.after[Alarm::Lull as usize]);
        let Some(route) = routes.find_mut(id) else {
            return;
        };
        route.state().queued = false;
        let mut round = Round {
            conns,
            cx: Context { now, pool, taps },
            outbox,
            alarms,
            lull,
            heard: Vec::new(),
        };
        let turn = match route {
            Route::Link(link) => link.turn(&mut round),
            Route::Hub(hub) => hub.turn(&mut round),
        };
        for (id, listener) in round.heard {
            self.release_hall(id, listener);
        }
        if turn == Turn::Again {
            self.queue_route(Some(id));
        }
        self.set_route_alarm(id);
        self.say_log_failures();
    }

    /// A connection has waited long enough for a portion.
    pub(super) fn feed(&mut self, id: ConnId, at: Instant) {
        if let Some(conn) = self.conns.find_mut(id)
            && conn.is_patient(at)
        {
            conn.lose_patience();
            self.wake_conn(id);
        }
    }

    fn set_route_alarm(&mut self, id: RouteId) {
        let Some(route) = self.routes.find_mut(id) else {
            return;
        };
        let deadline = route.deadline(self.now);
        if deadline != route.state().alarm_at {
            route.state().alarm_at = deadline;
            if let Some(at) = deadline {
                self.alarms.set(at, Wake::Route(id));
            }
        }
    }

    /// A route's time has come.
    pub(super) fn ring_route(&mut self, id: RouteId) {
        if let Some(route) = self.routes.find_mut(id) {
            route.state().alarm_at = None;
            if let Route::Hub(route) = route {
                let stalled = route.hub.stalled(self.now).into_iter();
                self.outbox
                    .extend(stalled.map(|conn| Event::Stalled { conn }));
            }
        }
        self.queue_route(Some(id));
    }

    /// Somebody begins to wait for our end of a connection's route to fall silent.
    pub(super) fn mark_silence(&mut self, id: ConnId) {
        let route = self.conns.find(id).and_then(|conn| conn.route);
        if let Some(Route::Link(link)) = route.and_then(|route| self.routes.find_mut(route)) {
            link.link.mark();
        }
    }

    /// The time for silence is over: rings if it was kept, or says when to look again.
    fn ring_lull(&mut self, id: ConnId) {
        let after = self.after[Alarm::Lull as usize];
        let route = self.conns.find(id).and_then(|conn| conn.route);
        let kept = match route.and_then(|route| self.routes.find_mut(route)) {
            Some(Route::Link(link)) => {
                let near = self.conns.find(link.near);
                let lull = near.map_or(Lull::Broken, |near| link.link.lull(near));
                // What waits to be sent breaks the silence when it goes; the lane will tell.
                link.awaits_lull = lull == Lull::Undecided;
                lull == Lull::Held
            }
            Some(Route::Hub(hub)) => match hub.hub.silent_at(after, self.now) {
                Some(at) => return self.set_alarm(id, Alarm::Lull, at),
                None => true,
            },
            None => false,
        };
        if kept {
            let what = Alarm::Lull;
            self.outbox.push_back(Event::Alarm { conn: id, what });
        }
    }

    /// Bytes handed to a connection, and taken from it.
    pub(super) fn passed(&self, id: ConnId) -> (u64, u64) {
        let route = self.conns.find(id).and_then(|conn| conn.route);
        match route.and_then(|route| self.routes.find(route)) {
            Some(Route::Link(link)) => link.link.passed(),
            Some(Route::Hub(hub)) => hub.hub.passed(id),
            None => self.relayed(id).unwrap_or_default(),
        }
    }

    /// Sets the alarm of a connection; an older one of the same kind is void.
    pub(super) fn set_alarm(&mut self, id: ConnId, what: Alarm, at: Instant) {
        if let Some(conn) = self.conns.find_mut(id) {
            conn.set_alarm(id, what, at, &mut self.alarms);
        }
    }

    /// An alarm of a connection has come due: it may have moved since.
    pub(super) fn ring_conn(&mut self, id: ConnId, what: Alarm) {
        let after: Duration = self.after[what as usize];
        let Some(conn) = self.conns.find_mut(id) else {
            return;
        };
        conn.alarms[what as usize] = None;
        let again = match what {
            Alarm::Idle => Some(conn.moved_at + after).filter(|at| *at > self.now),
            Alarm::Lull => return self.ring_lull(id),
            Alarm::Quit => None,
        };
        match again {
            Some(at) => self.set_alarm(id, what, at),
            None => self.outbox.push_back(Event::Alarm { conn: id, what }),
        }
    }
}

pub(super) fn is_program(conn: &Conn) -> bool {
    matches!(conn.transport, Transport::Child(_))
}
