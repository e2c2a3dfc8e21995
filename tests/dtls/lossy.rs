//! Two layers and a bad wire, in a time that passes as fast as they work.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::{Duration, Instant};

use ncat::wire::dtls::{Door, Dtls, ServerKit, Verdict};
use ncat::wire::{Clock, Layer};

use crate::chance::Chance;
use crate::kits::{self, Files};
use crate::seat::Seat;

/// What a wire does to datagrams, in percent.
#[derive(Clone, Copy)]
struct Badness {
    loss: u64,
    copies: u64,
    /// The longest way, in milliseconds; the shortest takes one.
    delay: u64,
}

const GOOD: Badness = Badness {
    loss: 0,
    copies: 0,
    delay: 1,
};
const BAD: Badness = Badness {
    loss: 15,
    copies: 10,
    delay: 40,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Client,
    Server,
}

type Arrival = (Instant, u64, To, Vec<u8>);

struct World {
    clock: Clock,
    chance: Chance,
    badness: Badness,
    /// Arrivals, soonest first, each with the number of its departure.
    wire: BinaryHeap<Reverse<Arrival>>,
    departed: u64,
    kit: ServerKit,
    door: Door,
    client: Seat,
    server: Option<Seat>,
    largest: usize,
}

impl World {
    fn new(seed: u64, badness: Badness, client: &kits::Kits) -> Self {
        let clock = Clock::new(Instant::now());
        Self {
            chance: Chance::new(seed),
            badness,
            wire: BinaryHeap::new(),
            departed: 0,
            door: Door::new(&client.server, clock.clone()).expect("a door"),
            kit: client.server.clone(),
            client: Seat::new(Dtls::client(&client.client, clock.clone())),
            clock,
            server: None,
            largest: 0,
        }
    }

    fn depart(&mut self) {
        for datagram in std::mem::take(&mut self.client.out) {
            self.throw(To::Server, datagram);
        }
        let out = self
            .server
            .as_mut()
            .map(|server| std::mem::take(&mut server.out));
        for datagram in out.unwrap_or_default() {
            self.throw(To::Client, datagram);
        }
    }

    fn throw(&mut self, to: To, datagram: Vec<u8>) {
        self.largest = self.largest.max(datagram.len());
        let copies = if self.chance.percent(self.badness.copies) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            if self.chance.percent(self.badness.loss) {
                continue;
            }
            let way = Duration::from_millis(1 + self.chance.below(self.badness.delay));
            self.departed += 1;
            let arrival = (self.clock.now() + way, self.departed, to, datagram.clone());
            self.wire.push(Reverse(arrival));
        }
    }

    /// The next thing happens; false when nothing ever will.
    fn step(&mut self) -> bool {
        self.depart();
        let arrival = self.wire.peek().map(|Reverse((at, ..))| *at);
        let deadlines = [
            self.client.deadline(),
            self.server.as_ref().and_then(Seat::deadline),
        ];
        let Some(at) = deadlines.into_iter().flatten().chain(arrival).min() else {
            return false;
        };
        self.clock.set(at.max(self.clock.now()));
        if arrival == Some(at) {
            if let Some(Reverse((_, _, to, datagram))) = self.wire.pop() {
                self.arrive(to, &datagram);
            }
        } else {
            self.client.on_deadline();
            if let Some(server) = &mut self.server {
                server.on_deadline();
            }
        }
        true
    }

    fn arrive(&mut self, to: To, datagram: &[u8]) {
        match (to, &mut self.server) {
            (To::Client, _) => self.client.hear(datagram),
            (To::Server, Some(server)) => server.hear(datagram),
            (To::Server, None) => match self.door.look(datagram, b"the client") {
                Verdict::Answer(answer) => self.throw(To::Client, answer),
                Verdict::Admit => {
                    let layer = Dtls::server(&self.kit, self.clock.clone());
                    self.server.insert(Seat::new(layer)).hear(datagram);
                }
                Verdict::Ignore => {}
            },
        }
    }

    fn both_open(&self) -> bool {
        self.client.is_open() && self.server.as_ref().is_some_and(Seat::is_open)
    }

    /// Runs until both are open and says how long that took.
    fn shake_hands(&mut self) -> Duration {
        let begin = self.clock.now();
        while !self.both_open() {
            assert!(
                self.step(),
                "nobody waits for anything, but hands are not shaken"
            );
            assert_eq!(self.client.fault, None, "the client");
            let fault = self.server.as_ref().and_then(|server| server.fault.clone());
            assert_eq!(fault, None, "the server");
            assert!(
                self.clock.now() < begin + Duration::from_secs(600),
                "ten minutes are over"
            );
        }
        self.clock.now() - begin
    }

    fn server(&mut self) -> &mut Seat {
        self.server.as_mut().expect("the server has a session")
    }
}

#[test]
fn hands_are_shaken_over_a_good_wire_in_three_ways_there_and_back() {
    let mut world = World::new(1, GOOD, &kits::Kits::plain());
    assert_eq!(world.shake_hands(), Duration::from_millis(6));
    world.client.say(b"from the client");
    world.server().say(b"from the server");
    world.client.finish();
    while world.step() {}
    assert_eq!(world.client.heard, [b"from the server"]);
    assert_eq!(world.server().heard, [b"from the client"]);
    assert!(world.server().layer.has_ended() && !world.client.layer.has_ended());
}

#[test]
fn hands_are_shaken_within_ten_seconds_whatever_the_wire_does() {
    let rsa = kits::Kits::mutual(&Files::make(&["-newkey", "rsa:2048"]));
    for (name, kits) in [
        ("a small key", kits::Kits::plain()),
        ("RSA on both sides", rsa),
    ] {
        let mut times: Vec<_> = (0..100)
            .map(|seed| {
                let mut world = World::new(seed, BAD, &kits);
                let took = world.shake_hands();
                assert!(
                    world.largest <= 1200,
                    "{name}: a datagram of {} bytes",
                    world.largest
                );
                took
            })
            .collect();
        times.sort();
        assert!(times[97] < Duration::from_secs(10), "{name}: {times:?}");
    }
}

#[test]
fn what_the_wire_delivers_comes_up_once_and_nothing_else_does() {
    for seed in 0..20 {
        let mut world = World::new(seed, BAD, &kits::Kits::plain());
        world.shake_hands();
        // Nothing is on its way any more, so that all that is thrown from here on is messages.
        while world.step() {}
        world.server().heard.clear();
        let mut delivered = BTreeSet::new();
        for number in 0..1000u32 {
            let message = [&number.to_be_bytes()[..], &[number as u8; 1020]].concat();
            world.client.say(&message);
            let before = world.wire.len();
            world.depart();
            if world.wire.len() > before {
                delivered.insert(message);
            }
            let next = world.clock.now() + Duration::from_millis(1);
            while world
                .wire
                .peek()
                .is_some_and(|Reverse((at, ..))| *at <= next)
            {
                world.step();
            }
            world.clock.set(next);
        }
        while world.step() {}
        let heard = std::mem::take(&mut world.server().heard);
        assert_eq!(
            heard.len(),
            delivered.len(),
            "seed {seed}: how many came up"
        );
        assert!(
            heard.into_iter().collect::<BTreeSet<_>>() == delivered,
            "seed {seed}"
        );
        assert_eq!(world.server().fault, None, "seed {seed}");
    }
}

#[test]
fn the_largest_message_goes_through_and_a_larger_one_becomes_two() {
    let mut world = World::new(3, GOOD, &kits::Kits::plain());
    world.shake_hands();
    let message = vec![7; Dtls::LARGEST];
    world.client.say(&message);
    while world.step() {}
    assert!(world.server().heard == [message], "the largest");
    let mut down = ncat::data::Buf::new(100);
    let taken = world
        .client
        .layer
        .send(&vec![7; Dtls::LARGEST + 1], &mut down);
    assert_eq!(taken, Ok(Dtls::LARGEST));
}

#[test]
fn forged_and_damaged_datagrams_change_nothing() {
    let mut world = World::new(4, GOOD, &kits::Kits::plain());
    world.shake_hands();
    world.client.say(b"genuine");
    let datagram = world.client.out.pop().expect("a datagram");
    for at in 0..datagram.len() {
        let mut damaged = datagram.clone();
        damaged[at] ^= 0x40;
        world.server().hear(&damaged);
    }
    // Alerts and hellos that anybody can write.
    world
        .server()
        .hear(&[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40]);
    world
        .server()
        .hear(&[21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0]);
    let hello = Seat::new(Dtls::client(
        &kits::client(&kits::wishes()),
        world.clock.clone(),
    ));
    world.server().hear(&hello.out[0]);
    assert_eq!(
        (world.server().fault.clone(), world.server().heard.len()),
        (None, 0)
    );
    assert!(!world.server().layer.has_ended());
    world.server().hear(&datagram);
    world.server().hear(&datagram);
    assert_eq!(
        world.server().heard,
        [b"genuine"],
        "and a copy is not another"
    );
}

#[test]
fn a_session_that_is_open_waits_for_nothing() {
    let mut world = World::new(5, BAD, &kits::Kits::plain());
    world.shake_hands();
    while world.step() {}
    assert_eq!(
        (world.client.deadline(), world.server().deadline()),
        (None, None)
    );
}

#[test]
fn a_server_may_be_asked_again_until_its_client_says_something_or_for_so_long() {
    type Tell = fn(&mut World);
    let words: [(&str, Tell); 3] = [
        ("a message", |world| world.client.say(b"said")),
        ("a goodbye", |world| world.client.finish()),
        ("silence", |world| {
            world
                .clock
                .set(world.clock.now() + Duration::from_millis(2500));
        }),
    ];
    for (name, tell) in words {
        let mut world = World::new(6, GOOD, &kits::Kits::plain());
        world.shake_hands();
        let asked = |world: &mut World| {
            let server = world.server().layer.may_be_asked_again();
            (world.client.layer.may_be_asked_again(), server)
        };
        assert_eq!(asked(&mut world), (false, true), "{name} is to come");
        tell(&mut world);
        while world.step() {}
        assert_eq!(asked(&mut world), (false, false), "{name} has come");
    }
}

#[test]
fn a_message_waits_until_there_is_a_place_for_it() {
    let mut world = World::new(7, GOOD, &kits::Kits::plain());
    world.shake_hands();
    world.client.say(b"said");
    let mut datagram = world.client.out.pop().expect("a datagram");
    let server = &mut world.server().layer;
    let (mut nowhere, mut down) = (ncat::data::Buf::new(0), ncat::data::Buf::new(100));
    let used = server.recv(&mut datagram, &mut nowhere, &mut down);
    assert_eq!((used, nowhere.len()), (Ok(datagram.len()), 0));
    let mut up = ncat::data::Buf::new(100);
    assert_eq!(server.recv(&mut [], &mut up, &mut down), Ok(0));
    assert_eq!(up.filled(), b"said");
}
