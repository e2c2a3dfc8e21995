use std::time::Duration;

use super::*;
use crate::mode::script::{self, alarm, broken, conn, end};

/// What is asked when those events are told, after the start.
fn asked(idle: Option<Duration>, events: Vec<Event>) -> Vec<String> {
    script::asked(Proxy::new(idle), events)
}

fn ask(n: usize, errand: Errand) -> Event {
    let (conn, words) = (conn(n), "GET there".into());
    Event::Ask {
        conn,
        errand,
        words,
    }
}

fn reached(asker: usize, far: usize) -> Event {
    let (asker, conn) = (conn(asker), Some(conn(far)));
    Event::Reached { asker, conn }
}

fn served(n: usize, status: u16, goes_on: bool) -> Event {
    Event::Served {
        conn: conn(n),
        words: "GET there".into(),
        status: Some(status),
        goes_on,
    }
}

/// What is said of a request of that peer.
fn said(n: usize, came: &str) -> String {
    format!("say peer {n} GET there: {came}, 0 bytes sent, 0 bytes received in 0.00 seconds.")
}

#[test]
fn a_tunnel_passes_each_end_on_and_is_over_with_the_second() {
    for (first, second, other) in [(1, 2, 2), (2, 1, 1)] {
        let events = vec![
            ask(1, Errand::Tunnel),
            reached(1, 2),
            end(first),
            end(second),
        ];
        let wanted = [
            "reach for 1".into(),
            "link 1 2 Pass Pass".into(),
            format!("finish {other}"),
            format!("finish {first}"),
            said(1, "over"),
            "close 2 Delivered".into(),
            "close 1 Delivered".into(),
        ];
        assert_eq!(asked(None, events), wanted, "the end of {first} first");
    }
}

#[test]
fn an_exchange_is_over_when_its_layers_say_so_and_the_peer_may_ask_again() {
    for (goes_on, then) in [(true, "hear 1"), (false, "close 1 Delivered")] {
        let events = vec![
            ask(1, Errand::Exchange),
            reached(1, 2),
            end(1),
            served(1, 200, goes_on),
        ];
        let wanted = [
            "reach for 1".into(),
            "link 1 2 Pass Pass".into(),
            said(1, "200"),
            "close 2 Now".into(),
            then.into(),
        ];
        assert_eq!(asked(None, events), wanted, "goes on: {goes_on}");
    }
}

#[test]
fn the_layers_of_an_exchange_are_told_how_the_other_end_ended() {
    let cases = [
        (end(2), "conclude 1 in order"),
        (broken(2, Doing::Reading), "conclude 1 cut"),
    ];
    for (event, wanted) in cases {
        let events = vec![ask(1, Errand::Exchange), reached(1, 2), event];
        assert_eq!(asked(None, events)[2..], [wanted]);
    }
}

#[test]
fn what_a_server_said_before_it_stopped_listening_is_still_to_be_had() {
    let events = vec![
        ask(1, Errand::Tunnel),
        reached(1, 2),
        broken(2, Doing::Writing),
        end(2),
    ];
    let wanted = [
        "finish 1".into(),
        said(1, "over"),
        "close 2 Delivered".into(),
        "close 1 Delivered".into(),
    ];
    assert_eq!(asked(None, events)[2..], wanted);
}

#[test]
fn a_break_ends_both_sides() {
    let near = vec![
        ask(1, Errand::Tunnel),
        reached(1, 2),
        broken(1, Doing::Reading),
    ];
    let wanted = [
        said(1, "broken off: Broken pipe"),
        "close 2 Now".into(),
        "close 1 Now".into(),
    ];
    assert_eq!(asked(None, near)[2..], wanted, "the peer breaks");
    let far = vec![
        ask(1, Errand::Tunnel),
        reached(1, 2),
        broken(2, Doing::Reading),
    ];
    let wanted = [
        "spoil 1".into(),
        said(1, "broken by the other end: Broken pipe"),
        "close 2 Delivered".into(),
        "close 1 Delivered".into(),
    ];
    assert_eq!(asked(None, far)[2..], wanted, "the other end breaks");
}

#[test]
fn whoever_leaves_before_it_is_served_leaves_nothing_behind() {
    let events = vec![
        ask(1, Errand::Tunnel),
        broken(1, Doing::Writing),
        reached(1, 2),
    ];
    let wanted = [
        "reach for 1".into(),
        said(1, "broken off: Broken pipe"),
        "close 1 Now".into(),
        "close 2 Now".into(),
    ];
    assert_eq!(asked(None, events), wanted);
}

#[test]
fn datagrams_are_passed_on_until_the_connection_ends() {
    let there = Event::Reached {
        asker: conn(1),
        conn: None,
    };
    let events = vec![ask(1, Errand::Relay), there, end(1)];
    let wanted = ["reach for 1".into(), said(1, "over"), "close 1 Now".into()];
    assert_eq!(asked(None, events), wanted);
}

#[test]
fn silence_ends_a_tunnel_and_whoever_asks_for_nothing_more() {
    let idle = Some(Duration::from_secs(3));
    let events = vec![
        ask(1, Errand::Tunnel),
        reached(1, 2),
        alarm(1, Alarm::Idle),
        alarm(3, Alarm::Idle),
    ];
    let wanted = [
        "arm 1 Idle 3000".into(),
        "reach for 1".into(),
        "link 1 2 Pass Pass".into(),
        said(1, "Idle timeout expired (3000 ms)"),
        "close 2 Now".into(),
        "close 1 Now".into(),
        "close 3 Now".into(),
    ];
    assert_eq!(asked(idle, events), wanted);
}

#[test]
fn a_signal_ends_it() {
    assert_eq!(
        asked(None, vec![Event::Signal { number: 15 }]),
        ["exit 143 Now"]
    );
}
