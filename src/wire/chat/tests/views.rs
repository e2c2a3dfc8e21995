//! What each member sees of a chat in which anybody says anything at any time.

use super::{Announce, End, Event, MESSAGES, ROOMY, Say, Setup, oracle};
use crate::wire::oracle::Random;

/// What users say in the tests of views, each in a letter of its own, written `x` here.
const SAYINGS: &[&[u8]] = &[
    b"x",
    b"xx\n",
    b"\n",
    b"x\nx",
    b"x\r\n",
    b"x\r",
    b"\nx",
    b"\r",
    b"\x1bx",
    b"\xff",
    b"\xe2\x82",
    b"\xac",
    b"x\xc3\xa9x",
    b"\xc2",
    b"\x85",
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\n\n\n",
];
const USERS: [u32; 4] = [0, 1, 2, u32::MAX];
const LETTERS: &[u8] = b"abcd";

/// What somebody at random says, or that they say no more; `None` is an announcement.
type Turn = (Option<usize>, Option<Vec<u8>>);

fn turns(random: &mut Random, sayings: &[&[u8]]) -> Vec<Turn> {
    let mut silent = [false; USERS.len()];
    let mut turn = |_| {
        let user = random.below(USERS.len());
        if random.below(12) == 0 || silent[user] {
            return (None, None);
        }
        silent[user] = random.below(40) == 0;
        let mut said = sayings[random.below(sayings.len())].to_vec();
        for byte in said.iter_mut().filter(|byte| **byte == b'x') {
            *byte = LETTERS[user];
        }
        (Some(user), (!silent[user]).then_some(said))
    };
    (0..60).map(&mut turn).collect()
}

fn events<'a>(turns: &'a [Turn]) -> Vec<Event<'a>> {
    let event = |turn: &'a Turn| match turn {
        (None, _) => Announce("!"),
        (Some(user), None) => End(USERS[*user]),
        (Some(user), Some(said)) => Say(USERS[*user], said),
    };
    turns.iter().map(event).collect()
}

/// What each member sees, and what others see who say nothing and come in with an
/// announcement.
fn views(events: &[Event], written: &[Vec<u8>]) -> Vec<String> {
    let view = |member: Option<u32>, from: usize| {
        let heard = events[from..].iter().zip(&written[from..]);
        let heard = heard.filter(|(event, _)| event.origin().is_none() || event.origin() != member);
        let bytes: Vec<u8> = heard.flat_map(|(_, text)| text).copied().collect();
        String::from_utf8(bytes).expect("what is written is UTF-8")
    };
    let announced = (0..events.len()).filter(|&nth| matches!(events[nth], Announce(_)));
    let late = announced.map(|from| view(None, from));
    let members = USERS[1..].iter().map(|&user| view(Some(user), 0));
    members.chain(late).chain([view(None, 0)]).collect()
}

/// Who speaks on a line: an index into `USERS`, and what. `None` is the server.
fn speaker(line: &str) -> Option<(Option<usize>, &str)> {
    if let Some(words) = line.strip_prefix("<announce> ") {
        return Some((None, words));
    }
    let (number, text) = line.strip_prefix("<user")?.split_once("> ")?;
    let user = USERS.iter().position(|user| user.to_string() == number)?;
    Some((Some(user), text))
}

#[test]
fn in_every_view_a_line_holds_the_words_of_whoever_its_prefix_names() {
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let turns = turns(&mut random, SAYINGS);
        let events = events(&turns);
        let setup = Setup {
            messages: seed % 4 == 0,
            room: 64 + random.below(40),
            ..ROOMY
        };
        let written = oracle::run(setup, &events);
        for (nth, view) in views(&events, &written).iter().enumerate() {
            for line in view.lines().filter(|line| !line.is_empty()) {
                let (user, text) =
                    speaker(line).unwrap_or_else(|| panic!("{line:?} has no prefix, seed {seed}"));
                let allowed: &[u8] = user.map_or(b"!", |user| &LETTERS[user..=user]);
                let foreign = text
                    .bytes()
                    .find(|byte| b"abcd!<>".contains(byte) && !allowed.contains(byte));
                assert_eq!(
                    foreign, None,
                    "in {line:?} of view {nth} somebody else speaks, seed {seed}"
                );
            }
        }
    }
}

#[test]
fn no_byte_is_lost() {
    for seed in 0..1000 {
        let mut random = Random::new(seed);
        let mut turns = turns(&mut random, SAYINGS);
        turns.extend((0..USERS.len()).map(|user| (Some(user), None)));
        let events = events(&turns);
        let room = 64 + random.below(40);
        let view = oracle::run(Setup { room, ..ROOMY }, &events).concat();
        let view = String::from_utf8(view).expect("what is written is UTF-8");
        for (at, &user) in USERS.iter().enumerate() {
            let mine = |event: &Event| match *event {
                Say(who, said) if who == user => said.to_vec(),
                Say(..) | End(_) | Announce(_) => Vec::new(),
            };
            let said: Vec<u8> = events.iter().flat_map(mine).collect();
            let lines = view
                .lines()
                .filter_map(speaker)
                .filter(|line| line.0 == Some(at));
            let heard: String = lines.map(|(_, text)| text).collect();
            assert_eq!(
                unescaped(&heard),
                without_line_ends(&said),
                "user {user} was misheard, seed {seed}"
            );
        }
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..3], 8).expect("three octal digits"));
        bytes.extend(part[3..].bytes());
    }
    bytes
}

fn without_line_ends(said: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, &byte) in said.iter().enumerate() {
        let is_end = byte == b'\n' || byte == b'\r' && said.get(at + 1) == Some(&b'\n');
        text.extend((!is_end).then_some(byte));
    }
    text
}

#[test]
fn every_chat_reads_as_the_naive_one_does() {
    for seed in 0..4000 {
        let mut random = Random::new(seed);
        let turns = turns(&mut random, SAYINGS);
        let events = events(&turns);
        let setup = match seed % 3 {
            0 => MESSAGES,
            _ => Setup {
                crlf: seed % 2 == 0,
                room: 64 + random.below(40),
                ..ROOMY
            },
        };
        assert_eq!(
            oracle::run(setup, &events),
            oracle::chat(setup, &events),
            "seed {seed}: {events:?}"
        );
    }
}

#[test]
fn whoever_speaks_in_whole_lines_makes_nobody_see_an_empty_one() {
    for seed in 0..500 {
        let turns = turns(&mut Random::new(seed), &[b"x\n", b"x\nxx\r\n", b"\x1b\n"]);
        let events = events(&turns);
        for view in views(&events, &oracle::run(ROOMY, &events)) {
            assert!(
                view.lines().all(|line| !line.is_empty()),
                "an empty line, seed {seed}: {view}"
            );
        }
    }
}
