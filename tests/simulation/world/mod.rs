//! A world without sockets: the modes and routes of the program over ends from [`crate::fake`], under
//! a clock that jumps.
//!
//! The loop, the desk and the handling of routes follow `src/net/event_loop.rs`, `desk.rs` and
//! `routes.rs` line by line; what differs is where readiness comes from. After every round the rules of
//! [`rules`] are checked; a world that has come to rest, or has been left, is judged by [`verdict`].

mod alarm;
mod desk;
mod ledger;
mod mesh;
mod routes;
mod rules;
pub(crate) mod scene;
mod seat;
mod verdict;
mod views;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use ncat::data::Pool;
use ncat::ids::{ConnId, RouteId, Table, kind};
use ncat::mode::{Alarm, Broker, Connect, Event, Failure, KeepOpen, Listen, Mode};
use ncat::route::{End as _, Form, Tap, Taps};

use self::alarm::Wake;
use self::ledger::{Books, Tape};
use self::routes::Route;
use self::scene::{Cast, Role, Scene};
use self::seat::Seat;
use crate::fake::{Dice, End, Trace};

/// How long peers have to acknowledge before they are asked, and the longest pause between questions.
const ASK_FIRST: Duration = Duration::from_millis(1);
const ASK_LAST: Duration = Duration::from_millis(100);
/// More rounds than any world needs.
const ROUNDS: usize = 200_000;
/// After so many rounds in which nothing happened to any end, the program sleeps or spins.
const STILL: usize = 60;
/// A program that was awake so often in less time than this spins.
const NAP: Duration = Duration::from_secs(1);

/// What comes from outside without being a byte.
enum Coming {
    Reached(Cast),
    Unreachable,
    Peer(Cast),
    Signal,
}

/// What is known of a connection beside its end.
struct Place {
    route: Option<RouteId>,
    moved_at: Instant,
    alarms: [Option<Instant>; Alarm::KINDS],
    /// Where in the centre's words a member of a hub may have begun to listen.
    starts: Vec<usize>,
    /// As a member of a mesh.
    seat: Option<Seat>,
}

/// The program and everything around it.
pub(crate) struct World {
    scene: Scene,
    dice: Dice,
    trace: Trace,
    conns: Table<kind::Conn, End>,
    places: BTreeMap<ConnId, Place>,
    /// Ends that were closed, for the books.
    gone: Vec<(End, Place)>,
    routes: Table<kind::Route, Route>,
    alarms: BinaryHeap<Reverse<(Instant, Wake)>>,
    outbox: VecDeque<Event>,
    ready: VecDeque<RouteId>,
    closing: Vec<ConnId>,
    coming: Vec<(Instant, Coming)>,
    listening: bool,
    stdio: ConnId,
    hub: Option<RouteId>,
    pool: Pool,
    taps: Taps,
    after: [Duration; Alarm::KINDS],
    started: Instant,
    now: Instant,
    leaving: Option<Leaving>,
    exit: Option<i32>,
    /// What speakers have been heard to say at the centre of a hub.
    heard: [usize; 8],
    /// What was said in a mesh.
    books: Books,
    /// Speakers so far.
    speakers: usize,
    /// Rounds since something happened to an end, and when that was.
    still: (usize, Instant),
    moves: u64,
}

/// The program ends when everything that was read has been handed over.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    status: i32,
    said_goodbye: bool,
    ask_again_after: Duration,
    ask_at: Option<Instant>,
}

/// What came out of a world in the end, as far as it does not depend on who carried the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    status: Option<i32>,
    /// What each end was given, and whether peers were told the end; stdio first.
    heard: Vec<(Vec<u8>, bool)>,
}

/// Plays a scene to its end.
///
/// # Panics
/// When a rule is broken.
pub(crate) fn play(scene: Scene, dice: Dice, trace: Trace) -> Outcome {
    let mut world = World::new(scene, dice, trace);
    let manners = world.scene.manners.manners(world.stdio, world.scene.role);
    let status = match world.scene.role {
        Role::Connect => world.run(&mut Connect::new(manners)),
        Role::Listen => world.run(&mut Listen::new(manners)),
        Role::KeepOpen => world.run(&mut KeepOpen::new(manners)),
        Role::Broker => world.run(&mut Broker::new(manners, false)),
        Role::Chat => world.run(&mut Broker::new(manners, true)),
    };
    world.judge(status);
    world.outcome(status)
}

/// Plays whatever the dice make of a hub: a star, a mesh, or a chat.
///
/// # Panics
/// When a rule is broken.
pub(crate) fn play_hub(dice: &Dice, trace: &Trace) {
    let role = dice.pick(&[Role::Broker, Role::Chat, Role::KeepOpen]);
    play(Scene::new(role, dice), dice.clone(), trace.clone());
}

impl World {
    fn new(scene: Scene, dice: Dice, trace: Trace) -> Self {
        let now = Instant::now();
        trace.note(|| format!("{scene:#?}"));
        let mut conns = Table::default();
        let stdio = conns.add(scene.stdio.end(0, &dice, now));
        let mut coming = Vec::new();
        if scene.role != Role::Connect {
            coming.extend(
                scene
                    .peers
                    .iter()
                    .map(|(after, cast)| (now + *after, Coming::Peer(*cast))),
            );
            coming.extend(
                scene
                    .signal_after
                    .map(|after| (now + after * 4, Coming::Signal)),
            );
        }
        let books = Books::default();
        let mut taps = Taps::default();
        if scene.role == Role::Broker {
            let tape = Box::new(Tape(books.clone()));
            taps.add(Tap::new(Form::Raw, "tape".into(), tape));
        }
        let mut world = Self {
            scene,
            dice,
            trace,
            conns,
            places: BTreeMap::new(),
            gone: Vec::new(),
            routes: Table::default(),
            alarms: BinaryHeap::new(),
            outbox: VecDeque::from([Event::Start]),
            ready: VecDeque::new(),
            closing: Vec::new(),
            coming,
            listening: true,
            stdio,
            hub: None,
            pool: Pool::default(),
            taps,
            after: [Duration::ZERO; Alarm::KINDS],
            started: now,
            now,
            leaving: None,
            exit: None,
            heard: [0; 8],
            books,
            speakers: 1,
            still: (0, now),
            moves: 0,
        };
        world.add_place(stdio);
        world
    }

    fn run(&mut self, mode: &mut dyn Mode) -> Option<i32> {
        for _ in 0..ROUNDS {
            self.tell(mode);
            self.sweep();
            if let Some(status) = self.exit.or_else(|| self.has_left()) {
                return Some(status);
            }
            if !self.wait() {
                return None;
            }
            self.note_events();
            for _ in 0..self.ready.len() {
                if let Some(route) = self.ready.pop_front() {
                    self.turn(route);
                }
            }
            self.ring();
            self.check();
        }
        panic!("the world never comes to rest");
    }

    /// Lets the time pass until something happens; false when nothing ever will.
    fn wait(&mut self) -> bool {
        for id in self.conns.ids() {
            if let Some(end) = self.conns.find_mut(id) {
                end.plan(self.now);
            }
        }
        let planned = self.next_plan();
        let alarm = self.next_alarm();
        if self.is_still(planned) {
            return false;
        }
        if !self.outbox.is_empty() || !self.ready.is_empty() {
            self.now += Duration::from_millis(self.dice.below(2) as u64);
            return true;
        }
        for (id, route) in self.routes.iter() {
            let awake = route.could_move(&self.conns, self.now);
            assert!(!awake, "route {id:?} goes to sleep though it could move");
        }
        let Some(next) = planned.into_iter().chain(alarm).min() else {
            return false;
        };
        self.now = self.now.max(next);
        true
    }

    fn next_plan(&self) -> Option<Instant> {
        let ends = self.conns.iter().filter_map(|(_, end)| end.next());
        ends.chain(self.coming.iter().map(|(at, _)| *at)).min()
    }

    /// Whether nothing but alarms has happened for so long that nothing else will.
    fn is_still(&mut self, planned: Option<Instant>) -> bool {
        let moves = self.conns.iter().map(|(_, end)| end.moves).sum();
        // What is due now happens outside, be it that all of it happens in one moment.
        let is_due = planned.is_some_and(|at| at <= self.now);
        let is_planned = planned.is_some();
        if is_due || is_planned && self.still.1 != self.now || moves != self.moves {
            (self.still, self.moves) = ((0, self.now), moves);
            return false;
        }
        self.still.0 += 1;
        let awake = self.still.0 > STILL;
        assert!(!awake || self.now - self.still.1 > NAP, "the program spins");
        awake && !is_planned
    }

    fn note_events(&mut self) {
        for id in self.conns.ids() {
            let now = self.now;
            if self.conns.find_mut(id).is_some_and(|end| end.happen(now)) {
                self.note(|| format!("ready: {id:?}"));
                self.wake_conn(id);
            }
        }
        let mut let_in = 0;
        for at in (0..self.coming.len()).rev() {
            if self.coming[at].0 > self.now {
                continue;
            }
            match self.coming.swap_remove(at).1 {
                Coming::Reached(cast) => {
                    let conn = self.add_conn(cast);
                    self.outbox.push_back(Event::Open { dial: 0, conn });
                }
                Coming::Unreachable => self.outbox.push_back(Event::Fail {
                    dial: 0,
                    why: Failure {
                        words: "Connection refused".into(),
                        wrong_peer: false,
                        hint: None,
                        hung_up: false,
                        told: false,
                    },
                }),
                // Two doors may each let somebody in before the mode hears of it.
                Coming::Peer(_)
                    if !self.listening || self.scene.role == Role::Listen && let_in == 2 => {}
                Coming::Peer(cast) => {
                    let_in += 1;
                    let conn = self.add_conn(cast);
                    self.outbox.push_back(Event::Accept { conn });
                }
                Coming::Signal => self.outbox.push_back(Event::Signal { number: 15 }),
            }
        }
    }

    fn sweep(&mut self) {
        for id in std::mem::take(&mut self.closing) {
            if self.conns.find(id).is_none() {
                continue;
            }
            match self.may_go(id) {
                true => self.remove_conn(id),
                false => self.closing.push(id),
            }
        }
    }

    fn remove_conn(&mut self, id: ConnId) {
        let (Some(end), Some(place)) = (self.conns.remove(id), self.places.remove(&id)) else {
            return;
        };
        self.note(|| format!("closed {id:?}: {end}"));
        if let Some(Route::Hub(hub)) = place.route.and_then(|id| self.routes.find_mut(id)) {
            hub.hub.leave(id);
            self.queue_route(place.route);
        }
        self.gone.push((end, place));
    }

    fn has_left(&mut self) -> Option<i32> {
        let leaving = self.leaving.as_mut()?;
        let status = leaving.status;
        let settled = |(_, route): (_, &Route)| route.is_settled(&self.conns);
        if !self.routes.iter().all(settled) {
            return None;
        }
        if !std::mem::replace(&mut leaving.said_goodbye, true) {
            self.say_goodbye();
        }
        let mut peers = self.conns.iter().filter(|(id, _)| *id != self.stdio);
        if peers.all(|(_, end)| end.is_clear() && end.is_acknowledged()) {
            return Some(status);
        }
        let leaving = self.leaving.as_mut()?;
        if leaving.ask_at.is_none_or(|at| at <= self.now) {
            let after = (leaving.ask_again_after * 2).clamp(ASK_FIRST, ASK_LAST);
            let at = self.now + after;
            (leaving.ask_again_after, leaving.ask_at) = (after, Some(at));
            self.alarms.push(Reverse((at, Wake::Leave)));
        }
        None
    }

    fn say_goodbye(&mut self) {
        for id in self.conns.ids() {
            if let Some(end) = self.conns.find_mut(id).filter(|_| id != self.stdio) {
                end.finish();
                self.wake_conn(id);
            }
        }
    }

    fn dial(&mut self) {
        let (after, cast) = self.scene.peers[0];
        let what = match self.scene.unreachable {
            true => Coming::Unreachable,
            false => Coming::Reached(cast),
        };
        self.coming.push((self.now + after, what));
    }

    fn add_conn(&mut self, cast: Cast) -> ConnId {
        let end = cast.end(self.speakers, &self.dice, self.now);
        self.speakers += 1;
        let id = self.conns.add(end);
        self.add_place(id);
        id
    }

    fn add_place(&mut self, id: ConnId) {
        let place = Place {
            route: None,
            moved_at: self.now,
            alarms: [None; Alarm::KINDS],
            starts: Vec::new(),
            seat: None,
        };
        self.places.insert(id, place);
    }

    fn place(&mut self, id: ConnId) -> &mut Place {
        self.places
            .get_mut(&id)
            .expect("whoever is here has a place")
    }

    fn elapsed(&self) -> Duration {
        self.now - self.started
    }

    fn note(&self, words: impl FnOnce() -> String) {
        self.trace
            .note(|| format!("{:>6} ms  {}", self.elapsed().as_millis(), words()));
    }

    fn outcome(&self, status: Option<i32>) -> Outcome {
        let ends = self
            .conns
            .iter()
            .map(|(_, end)| end)
            .chain(self.gone.iter().map(|(end, _)| end));
        let mut ends: Vec<&End> = ends.collect();
        ends.sort_by_key(|end| end.voice.who);
        let heard = ends.iter().map(|end| {
            (
                end.ear.taken.clone(),
                end.voice.who == 0 || end.ear.finished,
            )
        });
        Outcome {
            status,
            heard: heard.collect(),
        }
    }
}
