//! Events in, requests out, for both policies of listening.

use std::time::Duration;

use super::*;
use crate::mode::script::{self, Script, accept, alarm, asked, broken, conn, end};

/// Plain manners of a listener.
fn manners() -> Manners {
    Manners {
        listening: true,
        ..script::manners()
    }
}

#[test]
fn the_first_peer_is_the_only_one() {
    let events = vec![accept(1), accept(2), end(0), end(1)];
    let wanted = [
        "say Connection from peer 1.",
        "stop listening",
        "link 0 1 Pass Pass",
        "close 2 Now",
        "finish 1",
        "exit 0 Delivered",
    ];
    assert_eq!(asked(Listen::new(manners()), events), wanted);
    let events = vec![Event::Signal { number: 15 }];
    assert_eq!(asked(Listen::new(manners()), events), ["exit 143 Now"]);
}

const IN: [&str; 3] = [
    "hub 0 Pass Pass Star",
    "say Connection from peer 1.",
    "join 1 as 1",
];

#[test]
fn a_member_goes_when_it_has_said_all_and_has_everything() {
    const BROKE: &str = "say Connection with peer 1 broke: Broken pipe.";
    let cases: [(&str, Vec<Event>, &[&str]); 9] = [
        (
            "it ends, and nothing is left for it",
            vec![end(1), alarm(1, Alarm::Lull)],
            &["arm 1 Lull 500", "release 1", "close 1 Delivered"],
        ),
        (
            "it ends, then stdin does",
            vec![end(1), end(0)],
            &["arm 1 Lull 500", "release 1", "close 1 Delivered"],
        ),
        (
            "stdin ends, then it does",
            vec![end(0), end(1)],
            &["finish 1", "close 1 Delivered"],
        ),
        (
            "it cannot be read",
            vec![broken(1, Doing::Reading)],
            &[BROKE, "close 1 Now"],
        ),
        (
            "it cannot be written, but is heard to its end",
            vec![broken(1, Doing::Writing), end(1)],
            &[BROKE, "close 1 Delivered"],
        ),
        (
            "it cannot be written and then not read",
            vec![broken(1, Doing::Writing), broken(1, Doing::Reading)],
            &[BROKE, BROKE, "close 1 Now"],
        ),
        (
            "it cannot be written when stdin ends",
            vec![broken(1, Doing::Writing), end(0), end(1)],
            &[BROKE, "close 1 Delivered"],
        ),
        (
            "it has ended and then breaks",
            vec![end(1), broken(1, Doing::Writing)],
            &["arm 1 Lull 500", "release 1", BROKE, "close 1 Now"],
        ),
        (
            "it stalls after it was let go",
            vec![end(0), end(1), Event::Stalled { conn: conn(1) }],
            &[
                "finish 1",
                "close 1 Delivered",
                "say peer 1 takes nothing and holds others back: dropped.",
                "close 1 Now",
            ],
        ),
    ];
    for (name, events, wanted) in cases {
        let events = [accept(1)].into_iter().chain(events).collect();
        let all: Vec<&str> = IN.iter().chain(wanted).copied().collect();
        assert_eq!(asked(KeepOpen::new(manners()), events), all, "{name}");
    }
}

#[test]
fn flags_bend_the_rule_for_members() {
    let cases: [(&str, Manners, Vec<Event>, &[&str]); 6] = [
        (
            "--half-close",
            Manners {
                half_close: true,
                ..manners()
            },
            vec![end(1), end(0)],
            &["close 1 Delivered"],
        ),
        (
            "a file is sent to its end",
            Manners {
                stdin_is_file: true,
                ..manners()
            },
            vec![end(1), end(0)],
            &["close 1 Delivered"],
        ),
        (
            "--no-shutdown",
            Manners {
                no_shutdown: true,
                ..manners()
            },
            vec![end(0), end(1)],
            &["close 1 Delivered"],
        ),
        (
            "-q 2",
            Manners {
                quit: Quit::After(Duration::from_secs(2)),
                ..manners()
            },
            vec![end(0), alarm(0, Alarm::Quit)],
            &[
                "finish 1",
                "arm 0 Quit 2000",
                "say Idle timeout expired (2000 ms). QUITTING.",
                "exit 2 Now",
            ],
        ),
        (
            "datagrams that cannot be sent end their session",
            Manners {
                ending: Ending::Untold,
                ..manners()
            },
            vec![broken(1, Doing::Writing)],
            &[
                "say Connection with peer 1 broke: Broken pipe.",
                "close 1 Now",
            ],
        ),
        (
            "peers whose words would end with ours are let speak, and leave at their own end",
            Manners {
                ending: Ending::Whole,
                ..manners()
            },
            vec![end(0), end(1)],
            &["close 1 Delivered"],
        ),
    ];
    for (name, manners, events, wanted) in cases {
        let events = [accept(1)].into_iter().chain(events).collect();
        let all: Vec<&str> = IN.iter().chain(wanted).copied().collect();
        assert_eq!(asked(KeepOpen::new(manners), events), all, "{name}");
    }
}

#[test]
fn idle_members_are_dropped_alone() {
    let manners = Manners {
        idle: Some(Duration::from_secs(3)),
        ..manners()
    };
    let events = vec![accept(1), accept(2), alarm(1, Alarm::Idle)];
    let wanted = [
        "hub 0 Pass Pass Star",
        "say Connection from peer 1.",
        "join 1 as 1",
        "arm 1 Idle 3000",
        "say Connection from peer 2.",
        "join 2 as 2",
        "arm 2 Idle 3000",
        "say peer 1: Idle timeout expired (3000 ms).",
        "close 1 Now",
    ];
    assert_eq!(asked(KeepOpen::new(manners), events), wanted);
}

#[test]
fn one_way_servers_end_with_stdin_or_never() {
    let send = Manners {
        send_only: true,
        ..manners()
    };
    let ends = asked(KeepOpen::new(send.clone()), vec![end(0)]);
    assert_eq!(ends, ["hub 0 Pass Discard Star", "exit 0 Delivered"]);
    let breaks = asked(KeepOpen::new(send), vec![broken(0, Doing::Reading)]);
    let said = "say read: Broken pipe (standard input).";
    assert_eq!(
        breaks,
        ["hub 0 Pass Discard Star", said, "exit 1 Delivered"]
    );
    let receive = Manners {
        recv_only: true,
        ..manners()
    };
    let events = vec![accept(1), end(1)];
    let wanted = [
        "hub 0 Shut Pass Star",
        "say Connection from peer 1.",
        "join 1 as 1",
        "close 1 Delivered",
    ];
    assert_eq!(asked(KeepOpen::new(receive), events), wanted);
}

#[test]
fn a_broken_stdout_is_told_once_and_ends_nothing() {
    let twice = vec![broken(0, Doing::Writing), broken(0, Doing::Writing)];
    let said = "say write: Broken pipe (standard output).";
    let asked = asked(KeepOpen::new(manners()), twice);
    assert_eq!(asked, ["hub 0 Pass Pass Star", said]);
}

#[test]
fn only_so_many_linger() {
    let mut script = Script::default();
    let mut mode = KeepOpen::new(manners());
    let mut tell = |event| mode.on_event(event, &mut script);
    (1..=LINGERERS + 2).for_each(|n| tell(accept(n)));
    tell(end(1));
    tell(alarm(1, Alarm::Lull)); // it has left when its turn would come
    (2..=LINGERERS + 2).for_each(|n| tell(end(n)));
    let lines = script.lines().into_iter();
    let closed: Vec<_> = lines.filter(|line| line.starts_with("close")).collect();
    assert_eq!(closed, ["close 1 Delivered", "close 2 Delivered"]);
}
