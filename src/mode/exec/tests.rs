//! Events in, requests out, for programs: every order in which a program and its peer can end.

use super::*;
use crate::mode::Doing;
use crate::mode::script::{
    self, accept, alarm, conn, end as peer_ends, failure, manners, open, refused,
};

const AFTER: Duration = Duration::from_secs(5);

fn asked(entry: Entry, events: Vec<Event>) -> Vec<String> {
    script::asked(Exec::new(manners(), entry, AFTER), events)
}

/// The program of peer `n` goes by the number 10 + `n`.
fn program_of(n: usize) -> ConnId {
    conn(10 + n)
}

fn spawned(n: usize) -> Event {
    let (peer, child) = (conn(n), program_of(n));
    Event::Spawned { peer, child }
}
fn not_spawned(n: usize) -> Event {
    let why = failure("No such file or directory");
    let peer = conn(n);
    Event::NotSpawned { peer, why }
}
fn exited(n: usize) -> Event {
    let child = program_of(n);
    Event::Exited { child }
}
fn heard(n: usize) -> Event {
    let conn = program_of(n);
    Event::End { conn }
}
fn breaks(conn: ConnId, doing: Doing) -> Event {
    let why = failure("Connection reset by peer");
    Event::Broken { conn, doing, why }
}
fn signal(number: i32) -> Event {
    Event::Signal { number }
}

/// How the program of peer 1 comes to run.
fn begun(entry: Entry) -> (Vec<Event>, Vec<&'static str>) {
    const ENTERS: &str = "say Connection from peer 1.";
    const LINK: &str = "link 11 1 Pass Pass";
    match entry {
        Entry::Dial => {
            let lines = vec!["dial 0", "say Connected to peer 1.", "spawn 1", LINK];
            (vec![open(0), spawned(1)], lines)
        }
        Entry::One => {
            let lines = vec![ENTERS, "stop listening", "spawn 1", LINK];
            (vec![accept(1), spawned(1)], lines)
        }
        Entry::Many => {
            let lines = vec![ENTERS, "spawn 1", LINK];
            (vec![accept(1), spawned(1)], lines)
        }
    }
}

const SINGLE: [Entry; 2] = [Entry::Dial, Entry::One];
const EVERY: [Entry; 3] = [Entry::Dial, Entry::One, Entry::Many];

/// What is asked of a program that runs when those events come, for one of these entries.
fn assert_asked(what: &str, entry: Entry, events: Vec<Event>, wanted: &[&str]) {
    let (mut all, mut lines) = begun(entry);
    all.extend(events);
    lines.extend(wanted);
    assert_eq!(asked(entry, all), lines, "{what}, {entry:?}");
}

/// All orders of these events.
fn orders(events: &[fn() -> Event]) -> Vec<Vec<fn() -> Event>> {
    if events.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |at: usize| {
        let mut rest = events.to_vec();
        let first = rest.remove(at);
        let join = move |mut order: Vec<fn() -> Event>| {
            order.insert(0, first);
            order
        };
        orders(&rest).into_iter().map(join)
    };
    (0..events.len()).flat_map(with_first).collect()
}

#[test]
fn a_conversation_is_over_with_the_programs_exit_and_its_last_byte_in_every_order() {
    let ends: [fn() -> Event; 3] = [|| exited(1), || heard(1), || peer_ends(1)];
    for entry in EVERY {
        for order in orders(&ends) {
            let (mut events, mut wanted) = begun(entry);
            let (mut has_exited, mut is_heard, mut is_over) = (false, false, false);
            for event in &order {
                let event = event();
                match &event {
                    Event::Exited { .. } => has_exited = true,
                    Event::End { conn } if *conn == program_of(1) => is_heard = true,
                    _ if is_over => {}
                    _ => wanted.push("finish 11"),
                }
                if is_heard && matches!(&event, Event::End { conn } if *conn == program_of(1)) {
                    // The peer learns of the end at once, not only when the program exits.
                    wanted.extend((!has_exited).then_some("finish 1"));
                }
                if has_exited && is_heard && !is_over {
                    is_over = true;
                    wanted.push("forget 11");
                    wanted.push(match entry {
                        Entry::Many => "close 1 Delivered",
                        Entry::Dial | Entry::One => "exit 0 Delivered",
                    });
                }
                events.push(event);
            }
            assert_eq!(asked(entry, events), wanted, "{entry:?}, {wanted:?}");
        }
    }
}

#[test]
fn a_peer_that_breaks_leaves_a_program_that_is_hung_up_on_after_a_while() {
    for doing in [Doing::Reading, Doing::Writing] {
        let gone = || vec![breaks(conn(1), doing)];
        let wanted = [
            "say Connection with peer 1 broke: Connection reset by peer.",
            "close 1 Now",
            "hang up 11 5000",
        ];
        assert_asked("the peer breaks", Entry::Many, gone(), &wanted);
        let exits = gone().into_iter().chain([exited(1)]).collect();
        let wanted = [&wanted[..], &["forget 11"]].concat();
        assert_asked("the program exits then", Entry::Many, exits, &wanted);
        for entry in SINGLE {
            let events = gone().into_iter().chain([exited(1)]).collect();
            let wanted = [
                "say Connection reset by peer.",
                "close 1 Now",
                "hang up 11 5000",
                "forget 11",
                "exit 1 Now",
            ];
            assert_asked("the only peer breaks", entry, events, &wanted);
        }
    }
}

#[test]
fn the_descendants_of_a_program_that_has_exited_are_hung_up_on_as_well() {
    let events = vec![exited(1), breaks(conn(1), Doing::Reading), exited(1)];
    let wanted = [
        "say Connection with peer 1 broke: Connection reset by peer.",
        "close 1 Now",
        "hang up 11 5000",
        "forget 11",
    ];
    assert_asked("they hold the pipe", Entry::Many, events, &wanted);
    let events = vec![exited(1), signal(15), exited(1)];
    let wanted = [
        "stop listening",
        "close 1 Now",
        "hang up 11 0",
        "forget 11",
        "exit 143 Now",
    ];
    assert_asked("and we are to end", Entry::Many, events, &wanted);
}

#[test]
fn a_peer_that_breaks_when_all_is_said_hangs_up_on_nobody() {
    let events = vec![
        exited(1),
        heard(1),
        breaks(conn(1), Doing::Reading),
        peer_ends(1),
    ];
    let wanted = [
        "forget 11",
        "close 1 Delivered",
        "say Connection with peer 1 broke: Connection reset by peer.",
        "close 1 Now",
    ];
    assert_asked("the peer breaks", Entry::Many, events, &wanted);
    for entry in SINGLE {
        let events = vec![exited(1), heard(1), breaks(conn(1), Doing::Writing)];
        let wanted = [
            "forget 11",
            "exit 0 Delivered",
            "say Connection reset by peer.",
            "close 1 Now",
            "exit 1 Now",
        ];
        assert_asked("it had not all of it", entry, events, &wanted);
    }
}

#[test]
fn a_program_whose_output_breaks_has_said_everything() {
    for entry in EVERY {
        let events = vec![breaks(program_of(1), Doing::Reading)];
        assert_asked("its stdout breaks", entry, events, &["finish 1"]);
    }
}

#[test]
fn a_silent_peer_goes_with_its_program() {
    let wanted = |entry| match entry {
        Entry::Dial => ("Idle timeout expired (1000 ms).", Some("exit 1 Now")),
        Entry::One => (
            "Idle timeout expired (1000 ms). QUITTING.",
            Some("exit 2 Now"),
        ),
        Entry::Many => ("peer 1: Idle timeout expired (1000 ms).", None),
    };
    for entry in EVERY {
        let impatient = Manners {
            idle: Some(Duration::from_secs(1)),
            listening: entry != Entry::Dial,
            ..manners()
        };
        let (mut events, mut lines) = begun(entry);
        events.extend([alarm(1, Alarm::Idle), exited(1)]);
        let armed = lines.iter().position(|line| *line == "spawn 1");
        lines.insert(armed.expect("a program is started"), "arm 1 Idle 1000");
        let (words, exit) = wanted(entry);
        let words = format!("say {words}");
        lines.extend([
            words.as_str(),
            "close 1 Now",
            "hang up 11 5000",
            "forget 11",
        ]);
        lines.extend(exit);
        let mode = Exec::new(impatient, entry, AFTER);
        assert_eq!(script::asked(mode, events), lines, "{entry:?}");
    }
}

#[test]
fn a_signal_ends_all_programs_and_us_with_the_last_of_them() {
    for entry in EVERY {
        let events = vec![signal(15), heard(1), exited(1)];
        let wanted = [
            "stop listening",
            "close 1 Now",
            "hang up 11 0",
            "forget 11",
            "exit 143 Now",
        ];
        assert_asked("a signal comes", entry, events, &wanted);
    }
    let two = || vec![accept(1), accept(2), spawned(1), spawned(2)];
    let lines = asked(
        Entry::Many,
        two()
            .into_iter()
            .chain([signal(2), exited(2), exited(1)])
            .collect(),
    );
    let wanted = [
        "stop listening",
        "close 1 Now",
        "hang up 11 0",
        "close 2 Now",
        "hang up 12 0",
        "forget 12",
        "forget 11",
        "exit 130 Now",
    ];
    assert_eq!(lines[lines.len() - 8..], wanted, "with two programs");
}

#[test]
fn a_signal_reaches_programs_whose_peers_are_gone_and_comes_a_second_time() {
    let events = vec![
        breaks(conn(1), Doing::Reading),
        signal(15),
        signal(15),
        exited(1),
    ];
    let wanted = [
        "say Connection with peer 1 broke: Connection reset by peer.",
        "close 1 Now",
        "hang up 11 5000",
        "stop listening",
        "hang up 11 0",
        "stop listening",
        "hang up 11 0",
        "forget 11",
        "exit 143 Now",
    ];
    assert_asked("a signal comes", Entry::Many, events, &wanted);
}

#[test]
fn a_signal_waits_for_a_program_that_is_just_being_started() {
    let lines = asked(
        Entry::Many,
        vec![accept(1), signal(15), spawned(1), exited(1)],
    );
    let wanted = [
        "say Connection from peer 1.",
        "spawn 1",
        "stop listening",
        "link 11 1 Pass Pass",
        "close 1 Now",
        "hang up 11 0",
        "forget 11",
        "exit 143 Now",
    ];
    assert_eq!(lines, wanted, "it starts");
    let lines = asked(Entry::Many, vec![accept(1), signal(15), not_spawned(1)]);
    let wanted = [
        "say Connection from peer 1.",
        "spawn 1",
        "stop listening",
        "say exec: No such file or directory.",
        "close 1 Delivered",
        "exit 143 Now",
    ];
    assert_eq!(lines, wanted, "it does not");
}

#[test]
fn a_signal_waits_for_nobody_if_nothing_runs() {
    for (entry, begin) in [
        (Entry::Dial, vec!["dial 0"]),
        (Entry::One, vec![]),
        (Entry::Many, vec![]),
    ] {
        let wanted = [begin, vec!["stop listening", "exit 143 Now"]].concat();
        assert_eq!(asked(entry, vec![signal(15)]), wanted, "{entry:?}");
    }
    let wanted = [
        "forget 11",
        "close 1 Delivered",
        "stop listening",
        "exit 143 Now",
    ];
    assert_asked(
        "a peer has not taken everything yet",
        Entry::Many,
        vec![exited(1), heard(1), signal(15)],
        &wanted,
    );
}

#[test]
fn a_peer_that_comes_in_when_we_are_to_end_is_closed() {
    let events = vec![signal(15), accept(2), exited(1)];
    let wanted = [
        "stop listening",
        "close 1 Now",
        "hang up 11 0",
        "close 2 Now",
        "forget 11",
        "exit 143 Now",
    ];
    assert_asked("one more comes", Entry::Many, events, &wanted);
}

#[test]
fn only_one_comes_in_without_keep_open() {
    assert_asked(
        "another comes",
        Entry::One,
        vec![accept(2)],
        &["close 2 Now"],
    );
}

#[test]
fn many_talk_to_a_program_of_their_own() {
    let events = vec![
        accept(2),
        spawned(2),
        exited(1),
        peer_ends(2),
        heard(1),
        heard(2),
        exited(2),
    ];
    let wanted = [
        "say Connection from peer 2.",
        "spawn 2",
        "link 12 2 Pass Pass",
        "finish 12",
        "forget 11",
        "close 1 Delivered",
        "finish 2",
        "forget 12",
        "close 2 Delivered",
    ];
    assert_asked("there are two", Entry::Many, events, &wanted);
}

#[test]
fn a_program_that_cannot_be_started_closes_its_connection() {
    let told = ["say exec: No such file or directory.", "close 1 Delivered"];
    for entry in EVERY {
        let (mut events, mut wanted) = begun(entry);
        events.pop();
        wanted.pop();
        events.push(not_spawned(1));
        wanted.extend(told);
        wanted.extend((entry != Entry::Many).then_some("exit 0 Delivered"));
        assert_eq!(asked(entry, events), wanted, "{entry:?}");
    }
}

#[test]
fn nobody_is_reached_and_nothing_runs() {
    let lines = asked(Entry::Dial, vec![refused(0)]);
    assert_eq!(lines, ["dial 0", "say Connection refused.", "exit 1 Now"]);
}

#[test]
fn one_way_conversations_are_linked_as_such() {
    for (send_only, recv_only, link) in [
        (true, false, "link 11 1 Pass Discard"),
        (false, true, "link 11 1 Discard Pass"),
    ] {
        let manners = Manners {
            send_only,
            recv_only,
            ..manners()
        };
        let mode = Exec::new(manners, Entry::Many, AFTER);
        let lines = script::asked(mode, vec![accept(1), spawned(1)]);
        assert_eq!(lines[2], link);
    }
}

#[test]
fn events_of_what_is_over_ask_for_nothing() {
    let late = vec![
        exited(1),
        heard(1),
        exited(1),
        heard(1),
        peer_ends(1),
        Event::Stalled { conn: conn(1) },
    ];
    let wanted = ["forget 11", "close 1 Delivered"];
    assert_asked("late events", Entry::Many, late, &wanted);
}
