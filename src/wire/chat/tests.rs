//! What a chat writes: by example, and against the naive one.

mod views;

use super::*;
use crate::wire::oracle::chat::{self as oracle, Event, Setup};
use crate::wire::oracle::strings;

use Event::{Announce, End, Say};

const ROOMY: Setup = Setup {
    crlf: false,
    messages: false,
    room: 1 << 16,
};
const MESSAGES: Setup = Setup {
    messages: true,
    ..ROOMY
};
const CRLF: Setup = Setup {
    crlf: true,
    ..ROOMY
};

/// The fact, what happens, and what is written.
type Case = (&'static str, Setup, &'static [Event<'static>], &'static str);

const CASES: &[Case] = &[
    (
        "a line has its speaker's prefix",
        ROOMY,
        &[Say(7, b"hello\n"), Say(7, b"again\n")],
        "<user7> hello\n<user7> again\n",
    ),
    (
        "so has every line of a chunk, be it empty or a forgery",
        ROOMY,
        &[Say(7, b"a\n\n<user9> b\n")],
        "<user7> a\n<user7> \n<user7> <user9> b\n",
    ),
    (
        "a line goes on in the next chunk",
        ROOMY,
        &[Say(7, b"hel"), Say(7, b"lo"), Say(7, b"\nx")],
        "<user7> hello\n<user7> x",
    ),
    (
        "a line is ended before somebody else speaks, in every view",
        ROOMY,
        &[
            Say(7, b"hel"),
            Say(8, b"lo\n"),
            Announce("on"),
            Say(7, b"x\n"),
        ],
        "<user7> hel\n<user8> lo\n\n<announce> on\n<user7> x\n",
    ),
    (
        "whoever interrupted may go on before it is ended there",
        ROOMY,
        &[
            Say(7, b"hel"),
            Say(8, b"x\n"),
            Say(8, b"y\n"),
            Say(7, b"lo\n"),
        ],
        "<user7> hel\n<user8> x\n<user8> y\n\n<user7> lo\n",
    ),
    (
        "the server has no view",
        ROOMY,
        &[Say(7, b"hel"), Say(0, b"x\n"), Say(7, b"lo\n")],
        "<user7> hel\n<user0> x\n<user7> lo\n",
    ),
    (
        "but whoever says no more goes on listening",
        ROOMY,
        &[Say(7, b"hel"), Say(8, b"x\n"), End(8), Say(7, b"lo\n")],
        "<user7> hel\n<user8> x\n\n<user7> lo\n",
    ),
    (
        "an announcement ends what anybody sees open",
        ROOMY,
        &[
            Say(7, b"hel"),
            Say(8, b"x\n"),
            Announce("on"),
            Announce("off"),
        ],
        "<user7> hel\n<user8> x\n\n<announce> on\n<announce> off\n",
    ),
    (
        "an announcement is one line without controls",
        ROOMY,
        &[Announce("/tmp/\n<user0> \u{1b}[2J\u{9b}\té is connected")],
        "<announce> /tmp/\\012<user0> \\033[2J\\302\\233\té is connected\n",
    ),
    (
        "controls are escaped, tab and backslash are not",
        ROOMY,
        &[Say(7, b"\0\x07\x1b[m\x7f\\\t\xc2\x85\xc2\x9b\n")],
        "<user7> \\000\\007\\033[m\\177\\\t\\302\\205\\302\\233\n",
    ),
    (
        "what is not UTF-8 is escaped, byte by byte",
        ROOMY,
        &[Say(
            7,
            b"\xff\xc0\xafa\xed\xa0\x80\xe2\x82b\xf4\x90\x80\x80\n",
        )],
        "<user7> \\377\\300\\257a\\355\\240\\200\\342\\202b\\364\\220\\200\\200\n",
    ),
    (
        "UTF-8 passes, cut anywhere",
        ROOMY,
        &[
            Say(7, b"\xc3"),
            Say(7, b"\xa9\xe2\x82"),
            Say(7, b"\xac\xf0"),
            Say(7, b"\x9f\x98"),
            Say(7, b"\x80"),
        ],
        "<user7> é€😀",
    ),
    (
        "while others speak",
        ROOMY,
        &[
            Say(7, b"\xe2\x82"),
            Say(8, b"x\n\xc3"),
            Say(7, b"\xac\n"),
            Say(8, b"\xa9"),
        ],
        "<user8> x\n<user7> €\n<user8> é",
    ),
    (
        "half a character of somebody who says no more is not lost",
        ROOMY,
        &[Say(7, b"\xe2\x82"), End(7), Say(8, b"x\r"), End(8), End(9)],
        "<user7> \\342\\202\n<user8> x\\015",
    ),
    (
        "a CR before LF goes, another is escaped",
        ROOMY,
        &[
            Say(7, b"a\r\nb\r\r"),
            Say(7, b"\nc\rd\r"),
            Say(7, b"\xff\n"),
        ],
        "<user7> a\n<user7> b\\015\n<user7> c\\015d\\015\\377\n",
    ),
    (
        "with -C the server's own lines end in CR LF",
        CRLF,
        &[Say(0, b"a\nb\r"), Say(0, b"\n"), Say(7, b"c\r\nd\n")],
        "<user0> a\r\n<user0> b\r\n<user7> c\n<user7> d\n",
    ),
    (
        "a message is a whole line, whoever spoke before",
        MESSAGES,
        &[
            Say(7, b"hel"),
            Say(7, b"lo\n"),
            Say(8, b"x"),
            Say(7, b"\xc3"),
            Say(7, b"\xa9"),
        ],
        "<user7> hel\n<user7> lo\n<user8> x\n<user7> é\n",
    ),
];

#[test]
fn a_chat_reads_like_this() {
    for &(name, setup, events, text) in CASES {
        let written = oracle::run(setup, events).concat();
        assert_eq!(String::from_utf8_lossy(&written), text, "{name}");
        let naive = oracle::chat(setup, events).concat();
        assert_eq!(
            String::from_utf8_lossy(&naive),
            text,
            "{name}, says the naive chat"
        );
    }
}

#[test]
fn a_speaker_is_heard_the_same_however_the_bytes_are_cut() {
    for &(name, setup, events, _) in CASES.iter().filter(|case| !case.1.messages) {
        for &event in events {
            let Say(user, said) = event else { continue };
            let many = said.repeat(9);
            let whole = oracle::run(setup, &[Say(user, &many), End(user)]).concat();
            for piece in 1..=said.len() {
                for room in 64..80 {
                    let cut: Vec<Event> = many
                        .chunks(piece)
                        .map(|said| Say(user, said))
                        .chain([End(user)])
                        .collect();
                    let heard = oracle::run(Setup { room, ..setup }, &cut).concat();
                    assert_eq!(
                        heard, whole,
                        "{name}: {event:?} in pieces of {piece}, {room} free"
                    );
                }
            }
        }
    }
}

#[test]
fn every_short_text_is_read_as_the_naive_reader_does() {
    for said in strings(b"a\r\n\x1b\xc2\x85\xe2\xac", 5) {
        for piece in [1, 2, 5] {
            let mut events: Vec<Event> =
                said.chunks(piece).map(|said| Say(u32::MAX, said)).collect();
            events.push(End(u32::MAX));
            for setup in [Setup { room: 64, ..ROOMY }, MESSAGES] {
                assert_eq!(
                    oracle::run(setup, &events),
                    oracle::chat(setup, &events),
                    "{said:?} in pieces of {piece}, {setup:?}"
                );
            }
        }
    }
}

#[test]
fn no_control_byte_but_newline_and_tab_reaches_a_member() {
    for pair in strings(&(0..=255).collect::<Vec<u8>>(), 2) {
        let written = oracle::run(ROOMY, &[Say(1, &pair), End(1)]).concat();
        let text = String::from_utf8(written).expect("what is written is UTF-8");
        let control = text
            .chars()
            .find(|&c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(control, None, "{pair:?} was written as {text:?}");
    }
}

#[test]
fn only_speakers_that_have_begun_something_are_kept() {
    let (mut chat, mut out) = (Chat::new(false, false), Buf::new(200));
    for user in 0..100 {
        assert_eq!(chat.relay(user, b"\xe2\x82", &mut out), 2);
    }
    assert_eq!((chat.held.len(), out.len()), (100, 0));
    for user in 0..50 {
        out.clear();
        assert_eq!(chat.relay(user, b"\xac\n", &mut out), 2);
    }
    for user in 50..100 {
        out.clear();
        chat.end(user, &mut out);
    }
    assert!(
        chat.held.is_empty(),
        "{} speakers are still kept",
        chat.held.len()
    );
}

#[test]
fn farewells_and_announcements_find_room_in_a_full_queue() {
    let (mut chat, mut out) = (Chat::new(false, false), Buf::new(64));
    chat.relay(7, b"\xe2\x82", &mut out);
    out.put(&[b'-'; 63]);
    out.put(b"\n");
    chat.end(7, &mut out);
    chat.announce(&"x".repeat(500), &mut out);
    assert_eq!(out.len(), 64 + 16 + 1 + 11 + 500 + 1);
}

#[test]
fn a_message_that_finds_little_room_is_two_whole_lines() {
    let said = "tea \u{1b}\u{85} and\r\n\u{2615}\u{2615} ".repeat(9) + &"again ".repeat(99);
    for room in 64..130 {
        let (mut chat, mut out) = (Chat::new(true, true), Buf::new(room));
        let mut rest = said.as_bytes();
        while !rest.is_empty() {
            let used = chat.relay(SERVER, rest, &mut out);
            let message = String::from_utf8_lossy(out.filled());
            let is_whole = message.starts_with("<user0> ") && message.ends_with("\r\n");
            assert!(used > 0 && is_whole, "{message:?} with room for {room}");
            rest = &rest[used..];
            out.clear();
        }
    }
}
