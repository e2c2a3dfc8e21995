//! Routes in a world: made for a mode, queued when an end is ready, run, and listened to.

use std::time::Instant;

use ncat::ids::{ConnId, RouteId, Table, kind};
use ncat::mode::{Alarm, Doing, Event, Failure, Flow, Reach};
use ncat::route::{
    self, Bucket, Context, End as _, Hub, Lane, Link, Lull, News, Side, Turn, Voice,
};
use ncat::wire::Chat;

use super::World;
use super::alarm::Wake;
use super::ledger::Clerk;
use super::scene::Role;
use super::seat::Seat;
use crate::fake::{End, audit};

/// Who talks to whom.
pub(super) enum Route {
    Link(LinkRoute),
    Hub(HubRoute),
}

pub(super) struct LinkRoute {
    pub(super) near: ConnId,
    pub(super) far: ConnId,
    pub(super) out: Flow,
    pub(super) back: Flow,
    /// What the far end had been given when it ended.
    pub(super) given_at_end: Option<usize>,
    link: Link<End>,
    state: State,
}

pub(super) struct HubRoute {
    pub(super) hub: Hub,
    pub(super) out: Flow,
    pub(super) back: Flow,
    state: State,
}

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

    pub(super) fn stop(&mut self) {
        match self {
            Self::Link(link) => link.link.stop(),
            Self::Hub(hub) => hub.hub.stop(),
        }
    }

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

    pub(super) fn is_settled(&self, conns: &Table<kind::Conn, End>) -> bool {
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

    pub(super) fn could_move(&self, conns: &Table<kind::Conn, End>, now: Instant) -> bool {
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

impl World {
    pub(super) fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow) {
        let (delay, queue) = (self.scene.limits.delay, self.scene.queue);
        let (rate, now) = (self.scene.limits.rate, self.now);
        let Some((near_end, far_end)) = self.conns.find_two(near, far) else {
            return;
        };
        let lane = |flow| {
            let bucket = rate.map(|rate| Bucket::new(rate, now));
            Lane::new(flow, queue, delay).limited(bucket)
        };
        let mut link = Link::new(lane(out), lane(back));
        if self.scene.kernel {
            link.let_kernel_carry(near_end, far_end);
        }
        let route = self.routes.add(Route::Link(LinkRoute {
            near,
            far,
            out,
            back,
            given_at_end: None,
            link,
            state: State::default(),
        }));
        for id in [near, far] {
            self.place(id).route = Some(route);
        }
        self.queue_route(Some(route));
    }

    pub(super) fn make_hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach) {
        let reach = match reach {
            Reach::Star => route::Reach::Star,
            Reach::Mesh => route::Reach::Mesh(self.voice()),
        };
        self.books.borrow_mut().relays = out == Flow::Pass && back == Flow::Pass;
        let route = self.routes.add(Route::Hub(HubRoute {
            hub: Hub::new(centre, out, back, reach, self.scene.limits),
            out,
            back,
            state: State::default(),
        }));
        self.place(centre).route = Some(route);
        self.hub = Some(route);
    }

    /// What changes the words of a chat, as `src/assemble/voice.rs` has it, with a clerk beside it.
    fn voice(&self) -> Option<Box<dyn Voice>> {
        let chat = Chat::new(self.scene.crlf, self.scene.limits.messages);
        let books = self.books.clone();
        let clerk = Clerk { chat, books };
        (self.scene.role == Role::Chat).then(|| Box::new(clerk) as Box<dyn Voice>)
    }

    pub(super) fn announce(&mut self, words: &str) {
        if let Some(Route::Hub(hub)) = self.hub.and_then(|id| self.routes.find_mut(id)) {
            let (now, pool, taps) = (self.now, &mut self.pool, &mut self.taps);
            hub.hub.announce(words, &mut Context { now, pool, taps });
        }
        self.queue_route(self.hub);
    }

    pub(super) fn join(&mut self, id: ConnId, number: u32) {
        let Some(route) = self.hub else { return };
        if let (Some(Route::Hub(hub)), Some(_)) = (self.routes.find_mut(route), self.conns.find(id))
        {
            hub.hub.join(id, number, self.now);
            let starts = self.starts();
            let seat = Seat::new(&self.books.borrow(), self.now);
            let is_fed =
                self.is_mesh() && self.hub_flows().is_some_and(|(out, _)| out == Flow::Pass);
            let place = self.place(id);
            (place.route, place.starts) = (Some(route), starts);
            place.seat = is_fed.then_some(seat);
        }
        self.queue_route(Some(route));
    }

    pub(super) fn part(&mut self, id: ConnId) {
        let route = self.places.get(&id).and_then(|place| place.route);
        if let Some(Route::Hub(hub)) = route.and_then(|id| self.routes.find_mut(id)) {
            hub.hub.part(id);
            let place = self.places.get_mut(&id);
            if let Some(seat) = place.and_then(|place| place.seat.as_mut()) {
                seat.part(&self.books.borrow());
            }
            self.queue_route(route);
        }
        self.closing.push(id);
    }

    pub(super) fn queue_route(&mut self, id: Option<RouteId>) {
        let Some(id) = id else { return };
        if let Some(route) = self.routes.find_mut(id)
            && !std::mem::replace(&mut route.state().queued, true)
        {
            self.ready.push_back(id);
        }
    }

    pub(super) fn wake_conn(&mut self, id: ConnId) {
        let Some(route) = self.places.get(&id).and_then(|place| place.route) else {
            return;
        };
        if let Some(Route::Hub(hub)) = self.routes.find_mut(route) {
            hub.hub.wake(id);
        }
        self.queue_route(Some(route));
    }

    pub(super) fn turn(&mut self, id: RouteId) {
        let Self {
            routes,
            conns,
            places,
            pool,
            taps,
            now,
            outbox,
            trace,
            leaving,
            ..
        } = self;
        let now = *now;
        let Some(route) = routes.find_mut(id) else {
            return;
        };
        route.state().queued = false;
        let mut cx = Context { now, pool, taps };
        let mut active = Vec::new();
        let turn = match route {
            Route::Link(route) => {
                let Some((near, far)) = conns.find_two(route.near, route.far) else {
                    return;
                };
                let mut moved = false;
                let turn = route.link.turn(near, far, &mut cx, &mut moved);
                trace.note(|| format!("turn, {turn:?}\n    near {near}\n    far  {far}"));
                active.extend(moved.then_some(route.far));
                while let Some((side, news)) = route.link.news() {
                    let (what, ids, from, to, flow) = match side {
                        Side::Near => (
                            audit::OUT,
                            (route.near, route.far),
                            &near,
                            &far,
                            &mut route.out,
                        ),
                        Side::Far => (
                            audit::BACK,
                            (route.far, route.near),
                            &far,
                            &near,
                            &mut route.back,
                        ),
                    };
                    // What comes from the far end while the program leaves is thrown away.
                    let judged = if leaving.is_some() && side == Side::Far {
                        Flow::Discard
                    } else {
                        *flow
                    };
                    audit::news(what, &news, from, to, judged);
                    if matches!((side, &news), (Side::Far, News::SinkBroken(..))) {
                        *flow = Flow::Discard;
                    }
                    if matches!((side, &news), (Side::Far, News::Ended)) {
                        route.given_at_end = Some(far.accepted);
                    }
                    outbox.push_back(event(&news, ids.0, ids.1));
                }
                turn
            }
            Route::Hub(HubRoute { hub, .. }) => {
                let turn = hub.turn(conns, &mut cx, &mut active);
                trace.note(|| format!("turn of the hub, {turn:?}"));
                while let Some((id, news)) = hub.news() {
                    trace.note(|| format!("    {id:?}: {news:?}"));
                    outbox.push_back(event(&news, id, id));
                }
                turn
            }
        };
        for id in active {
            if let Some(place) = places.get_mut(&id) {
                place.moved_at = now;
            }
        }
        for (id, end) in conns.iter() {
            if let Some(seat) = places.get_mut(&id).and_then(|place| place.seat.as_mut()) {
                seat.mark(end.accepted, now);
            }
        }
        if turn == Turn::Again {
            self.queue_route(Some(id));
        }
        self.set_route_alarm(id);
    }

    fn set_route_alarm(&mut self, id: RouteId) {
        let Some(route) = self.routes.find_mut(id) else {
            return;
        };
        let deadline = route.deadline(self.now);
        if deadline != route.state().alarm_at {
            route.state().alarm_at = deadline;
            if let Some(at) = deadline {
                self.set(at, Wake::Route(id));
            }
        }
    }

    pub(super) fn ring_route(&mut self, id: RouteId) {
        if let Some(route) = self.routes.find_mut(id) {
            route.state().alarm_at = None;
            if let Route::Hub(HubRoute { hub, .. }) = route {
                for conn in hub.stalled(self.now) {
                    self.check_stalled(conn);
                    self.outbox.push_back(Event::Stalled { conn });
                }
            }
        }
        self.queue_route(Some(id));
    }

    pub(super) fn mark_silence(&mut self, id: ConnId) {
        let route = self.places.get(&id).and_then(|place| place.route);
        if let Some(Route::Link(link)) = route.and_then(|route| self.routes.find_mut(route)) {
            link.link.mark();
        }
    }

    pub(super) fn silence(&self, id: ConnId) -> Lull {
        let route = self.places.get(&id).and_then(|place| place.route);
        match route.and_then(|route| self.routes.find(route)) {
            Some(Route::Link(LinkRoute { near, link, .. })) => self
                .conns
                .find(*near)
                .map_or(Lull::Broken, |near| link.lull(near)),
            Some(Route::Hub(hub)) => {
                let length = self.after[Alarm::Lull as usize];
                match hub.hub.silent_at(length, self.now) {
                    Some(_) => Lull::Undecided,
                    None => Lull::Held,
                }
            }
            None => Lull::Broken,
        }
    }

    /// Whether a peer has looked at everything that it was given.
    pub(super) fn has_all(&self, id: ConnId) -> bool {
        let has_all = |end: &End| end.nature.messages || end.ear.waiting == 0;
        self.conns.find(id).is_none_or(has_all)
    }

    pub(super) fn passed(&self, id: ConnId) -> (u64, u64) {
        let route = self.places.get(&id).and_then(|place| place.route);
        match route.and_then(|route| self.routes.find(route)) {
            Some(Route::Link(link)) => link.link.passed(),
            Some(Route::Hub(hub)) => hub.hub.passed(id),
            None => (0, 0),
        }
    }

    /// Whether a connection that is to go has everything it was to get.
    pub(super) fn may_go(&self, id: ConnId) -> bool {
        let route = self.places.get(&id).and_then(|place| place.route);
        match (
            route.and_then(|route| self.routes.find(route)),
            self.conns.find(id),
        ) {
            (Some(Route::Hub(hub)), Some(end)) => hub.hub.is_caught_up(id) && end.is_clear(),
            _ => true,
        }
    }
}

fn event(news: &News, source: ConnId, sink: ConnId) -> Event {
    let broken = |conn, doing, error: &std::io::Error| Event::Broken {
        conn,
        doing,
        why: Failure {
            words: error.kind().to_string(),
            wrong_peer: false,
            hint: None,
            hung_up: false,
            told: false,
        },
    };
    match news {
        News::Ended => Event::End { conn: source },
        News::SourceBroken(error) => broken(source, Doing::Reading, error),
        News::SinkBroken(error, _) => broken(sink, Doing::Writing, error),
    }
}
