//! Events in, requests out, for broker and chat.

use std::time::Duration;

use super::*;
use crate::mode::Doing;
use crate::mode::script::{accept, alarm, asked, broken, conn, end, manners};

const HUB: &str = "hub 0 Pass Pass Mesh";

#[test]
fn a_broker_goes_on_whatever_ends() {
    const FIRST: [&str; 3] = [HUB, "say Connection from peer 1.", "join 1 as 1"];
    const BROKE: &str = "say Connection with peer 1 broke: Broken pipe.";
    let cases: [(&str, Vec<Event>, &[&str]); 7] = [
        ("stdin ends", vec![end(0)], &[]),
        (
            "stdin breaks",
            vec![broken(0, Doing::Reading)],
            &["say read: Broken pipe (standard input)."],
        ),
        ("a member ends", vec![end(1)], &["close 1 Delivered"]),
        (
            "a member cannot be read",
            vec![broken(1, Doing::Reading)],
            &[BROKE, "close 1 Now"],
        ),
        (
            "a member takes nothing more, but may have said something",
            vec![broken(1, Doing::Writing), end(1)],
            &[BROKE, "close 1 Delivered"],
        ),
        (
            "a member stalls",
            vec![Event::Stalled { conn: conn(1) }],
            &[
                "say peer 1 takes nothing and holds others back: dropped.",
                "close 1 Now",
            ],
        ),
        (
            "a signal comes",
            vec![Event::Signal { number: 2 }],
            &["exit 130 Now"],
        ),
    ];
    for (what, mut events, wanted) in cases {
        events.insert(0, accept(1));
        let lines = asked(Broker::new(manners(), false), events);
        assert_eq!(lines, [&FIRST, wanted].concat(), "when {what}");
    }
}

#[test]
fn with_half_close_a_member_that_ended_goes_on_listening() {
    let polite = Manners {
        half_close: true,
        ..manners()
    };
    let events = vec![accept(1), end(1), broken(1, Doing::Writing)];
    let lines = asked(Broker::new(polite, false), events);
    assert_eq!(
        lines[3..],
        [
            "say Connection with peer 1 broke: Broken pipe.",
            "close 1 Now"
        ]
    );
}

#[test]
fn a_silent_member_goes_alone() {
    let impatient = Manners {
        idle: Some(Duration::from_secs(1)),
        ..manners()
    };
    let events = vec![accept(1), alarm(1, Alarm::Idle)];
    let lines = asked(Broker::new(impatient, false), events);
    let wanted = [
        "arm 1 Idle 1000",
        "say peer 1: Idle timeout expired (1000 ms).",
        "close 1 Now",
    ];
    assert_eq!(lines[3..], wanted);
}

#[test]
fn a_chat_tells_everybody_who_comes_and_goes() {
    let events = vec![accept(1), accept(2), end(1), end(1), accept(3)];
    let wanted = [
        HUB,
        "join 1 as 1",
        "say Connection from peer 1 as <user1>.",
        "announce peer 1 is connected as <user1>.",
        "announce already connected: nobody.",
        "join 2 as 2",
        "say Connection from peer 2 as <user2>.",
        "announce peer 2 is connected as <user2>.",
        "announce already connected: peer 1 as <user1>.",
        "close 1 Delivered",
        "announce <user1> is disconnected.",
        "close 1 Delivered",
        "join 3 as 3",
        "say Connection from peer 3 as <user3>.",
        "announce peer 3 is connected as <user3>.",
        "announce already connected: peer 2 as <user2>.",
    ];
    assert_eq!(asked(Broker::new(manners(), true), events), wanted);
}

#[test]
fn a_large_chat_names_some_and_counts_the_others() {
    let events = (1..=NAMED + 4).map(accept).collect();
    let lines = asked(Broker::new(manners(), true), events);
    let last = lines.last().expect("something was asked");
    assert!(
        last.starts_with("announce already connected: peer 1 as <user1>, peer 2 as <user2>, "),
        "{last}"
    );
    assert!(
        last.ends_with("peer 100 as <user100> and 3 more."),
        "{last}"
    );
}
