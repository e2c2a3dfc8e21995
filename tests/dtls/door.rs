//! Cookies before state, and a client that begins anew.

use std::time::{Duration, Instant};

use ncat::wire::dtls::{Door, Dtls, Verdict};
use ncat::wire::{Clock, Layer};

use crate::kits::{self, Kits};
use crate::seat::Seat;

fn clock() -> Clock {
    Clock::new(Instant::now())
}

fn answer(verdict: Verdict) -> Vec<u8> {
    match verdict {
        Verdict::Answer(answer) => answer,
        Verdict::Admit | Verdict::Ignore => panic!("a stranger is asked for a cookie: {verdict:?}"),
    }
}

/// A client whose next hello has the door's cookie for this address.
fn with_cookie(door: &mut Door, kits: &Kits, clock: &Clock, peer: &[u8]) -> Seat {
    let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
    let hello = std::mem::take(&mut client.out).remove(0);
    client.hear(&answer(door.look(&hello, peer)));
    client
}

#[test]
fn a_cookie_is_good_for_its_address_its_hello_and_two_minutes() {
    let (kits, clock) = (Kits::plain(), clock());
    let mut door = Door::new(&kits.server, clock.clone()).expect("a door");
    let client = with_cookie(&mut door, &kits, &clock, b"here");
    let hello = &client.out[0];
    assert_eq!(door.look(hello, b"here"), Verdict::Admit);
    assert_eq!(door.look(hello, b"here"), Verdict::Admit, "said again");
    answer(door.look(hello, b"there"));
    let mut other = hello.clone();
    other[30] ^= 1;
    answer(door.look(&other, b"here"));
    let mut door_after_restart = Door::new(&kits.server, clock.clone()).expect("a door");
    answer(door_after_restart.look(hello, b"here"));
    clock.set(clock.now() + Duration::from_secs(60));
    assert_eq!(door.look(hello, b"here"), Verdict::Admit, "after a minute");
    clock.set(clock.now() + Duration::from_secs(60));
    answer(door.look(hello, b"here"));
}

#[test]
fn a_client_comes_in_though_the_minute_changed_between() {
    let (kits, clock) = (Kits::plain(), clock());
    let mut door = Door::new(&kits.server, clock.clone()).expect("a door");
    let mut client = with_cookie(&mut door, &kits, &clock, b"here");
    clock.set(clock.now() + Duration::from_secs(200));
    let hello = std::mem::take(&mut client.out).remove(0);
    client.hear(&answer(door.look(&hello, b"here")));
    assert_eq!(door.look(&client.out[0], b"here"), Verdict::Admit);
}

#[test]
fn an_answer_is_no_longer_than_the_question_whatever_that_is() {
    let (kits, clock) = (Kits::plain(), clock());
    let mut door = Door::new(&kits.server, clock.clone()).expect("a door");
    let hello = Seat::new(Dtls::client(&kits.client, clock)).out.remove(0);
    answer(door.look(&hello, b"x"));
    for cut in 0..hello.len() {
        assert_eq!(
            door.look(&hello[..cut], b"x"),
            Verdict::Ignore,
            "cut at {cut}"
        );
        let mut damaged = hello.clone();
        damaged[cut] ^= 0x11;
        match door.look(&damaged, b"x") {
            Verdict::Answer(answer) => assert!(answer.len() <= damaged.len()),
            Verdict::Ignore => {}
            Verdict::Admit => panic!("without a cookie, damaged at {cut}"),
        }
    }
    // The shortest that has a place for a cookie: it may be the first piece of a longer one.
    let mut short = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48];
    short.extend([1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 36]);
    short.extend([254, 253]);
    short.extend([5; 32]);
    short.extend([0, 0]);
    assert!(answer(door.look(&short, b"x")).len() <= short.len());
}

/// A hello in two datagrams, as the reference sends it.
fn in_two(hello: &[u8]) -> [Vec<u8>; 2] {
    let (header, body) = (&hello[13..25], &hello[25..]);
    let (first, second) = body.split_at(100);
    [(0, first), (100, second)].map(|(from, bytes)| {
        let mut datagram = hello[..11].to_vec();
        datagram[10] += u8::from(from > 0); // another record, another number
        datagram.extend([0, (bytes.len() + 12) as u8]);
        datagram.extend(&header[..6]);
        datagram.extend([0, 0, from, 0, 0, bytes.len() as u8]);
        datagram.extend(bytes);
        datagram
    })
}

#[test]
fn a_hello_in_pieces_comes_in_and_an_old_one_does_not_take_its_place() {
    let (kits, clock) = (Kits::plain(), clock());
    let mut door = Door::new(&kits.server, clock.clone()).expect("a door");
    let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
    let old = in_two(&client.out.remove(0));
    assert_eq!(door.look(&old[1], b"here"), Verdict::Ignore);
    client.hear(&answer(door.look(&old[0], b"here")));
    let new = in_two(&client.out.remove(0));
    assert_eq!(door.look(&new[0], b"here"), Verdict::Admit);
    let mut server = Seat::new(Dtls::server(&kits.server, clock.clone()));
    for datagram in [&new[0], &old[0], &old[1], &new[1]] {
        server.hear(datagram);
    }
    meet(&mut client, &mut server);
    assert!(client.is_open() && server.is_open());
}

/// Carries all datagrams between two until neither has any.
fn meet(client: &mut Seat, server: &mut Seat) {
    while !(client.out.is_empty() && server.out.is_empty()) {
        for datagram in std::mem::take(&mut client.out) {
            server.hear(&datagram);
        }
        for datagram in std::mem::take(&mut server.out) {
            client.hear(&datagram);
        }
    }
}

/// A client and a server that have shaken hands.
fn met(kits: &Kits, clock: &Clock) -> (Seat, Seat) {
    let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
    let mut server = Seat::new(Dtls::server(&kits.server, clock.clone()));
    meet(&mut client, &mut server);
    assert!(client.is_open() && server.is_open());
    (client, server)
}

#[test]
fn a_client_that_begins_anew_takes_over_once_it_is_proven_and_not_before() {
    let (kits, clock) = (Kits::plain(), clock());
    let (mut old, mut server) = met(&kits, &clock);
    let mut new = Seat::new(Dtls::client(&kits.client, clock.clone()));
    for _ in 0..2 {
        for datagram in std::mem::take(&mut new.out) {
            server.hear(&datagram);
        }
        old.say(b"still here");
        server.hear(&old.out.remove(0));
        assert_eq!(server.heard.pop().as_deref(), Some(&b"still here"[..]));
        for datagram in std::mem::take(&mut server.out) {
            old.hear(&datagram);
            new.hear(&datagram);
        }
    }
    meet(&mut new, &mut server);
    assert!(new.is_open());
    old.say(b"from the past");
    server.hear(&old.out.remove(0));
    new.say(b"anew");
    server.say(b"welcome");
    meet(&mut new, &mut server);
    assert_eq!(
        (server.heard, new.heard),
        (vec![b"anew".to_vec()], vec![b"welcome".to_vec()])
    );
    assert_eq!((server.fault, old.fault), (None, None));
}

#[test]
fn who_only_pretends_to_begin_anew_ends_nothing_and_is_forgotten() {
    let (kits, clock) = (Kits::plain(), clock());
    let (mut old, mut server) = met(&kits, &clock);
    let mut pretender = Seat::new(Dtls::client(&kits.client, clock.clone()));
    server.hear(&pretender.out.remove(0));
    pretender.hear(&server.out.remove(0));
    server.hear(&pretender.out.remove(0));
    assert!(server.deadline().is_some(), "a handshake is on its way");
    let begin = clock.now();
    while let Some(at) = server.deadline() {
        clock.set(at);
        server.on_deadline();
        assert!(
            at <= begin + Duration::from_secs(11),
            "it is given ten seconds"
        );
    }
    server.out.clear();
    old.say(b"still here");
    meet(&mut old, &mut server);
    assert_eq!(server.heard, [b"still here"]);
}

#[test]
fn a_client_with_another_certificate_does_not_take_over() {
    let clock = clock();
    let [one, two] = ["one", "two"].map(|_| kits::Files::make(&["-newkey", "rsa:2048"]));
    let mut server = kits::wishes();
    server.verify = true;
    let both = tempfile::NamedTempFile::new().expect("a file");
    let certificates = [&one, &two].map(|files| std::fs::read(&files.cert).expect("a certificate"));
    std::fs::write(both.path(), certificates.concat()).expect("a file");
    server.trust = Some(both.path().to_owned());
    let [one, two] = [one, two].map(|files| {
        let mut client = kits::wishes();
        files.give(&mut client);
        Kits::of(&client, &server)
    });
    let (mut old, mut server) = met(&one, &clock);
    let mut new = Seat::new(Dtls::client(&two.client, clock.clone()));
    meet(&mut new, &mut server);
    old.say(b"still here");
    meet(&mut old, &mut server);
    assert_eq!(server.heard, [b"still here"]);
    assert!(!server.layer.has_ended() && server.fault.is_none());
}
