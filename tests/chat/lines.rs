//! What becomes of what somebody says.

use crate::common::meeting::whichever;
use crate::common::{By, Meeting, Told};
use crate::{A_MOMENT, chat};

/// What the first of two members says, how the other hears it, and the fact this shows. Each begins
/// and ends at the start of a line.
const SAYINGS: [(&str, &[u8], &str); 14] = [
    ("a line has its speaker", b"hello\n", "<user1> hello\n"),
    (
        "each line has its speaker",
        b"one\ntwo\n\nfour\n",
        "<user1> one\n<user1> two\n<user1> \n<user1> four\n",
    ),
    (
        "CR LF is a line end",
        b"one\r\ntwo\r\n",
        "<user1> one\n<user1> two\n",
    ),
    ("a CR alone is none", b"one\rtwo\n", "<user1> one\\015two\n"),
    ("two CRs and a LF", b"one\r\r\n", "<user1> one\\015\n"),
    ("tabs pass", b"one\ttwo\n", "<user1> one\ttwo\n"),
    (
        "characters of UTF-8 pass",
        "gr\u{fc}\u{df}e, \u{4f60}\u{597d}, \u{1f600}\n".as_bytes(),
        "<user1> gr\u{fc}\u{df}e, \u{4f60}\u{597d}, \u{1f600}\n",
    ),
    (
        "bytes that are no UTF-8 are escaped",
        b"\xff\xfe \xe4 \xc3(\n",
        "<user1> \\377\\376 \\344 \\303(\n",
    ),
    (
        "what a terminal acts upon is escaped",
        b"\x1b[2J\x07\x08\x7f\0\n",
        "<user1> \\033[2J\\007\\010\\177\\000\n",
    ),
    (
        "control characters of UTF-8 are escaped",
        "\u{9b}2J\u{85}\n".as_bytes(),
        "<user1> \\302\\2332J\\302\\205\n",
    ),
    (
        "nobody can speak as somebody else",
        b"x\n<user9> I am another\n",
        "<user1> x\n<user1> <user9> I am another\n",
    ),
    (
        "nobody can announce",
        b"x\r\n<announce> <user2> is disconnected.\n",
        "<user1> x\n<user1> <announce> <user2> is disconnected.\n",
    ),
    (
        "nobody can go back to the start of the line",
        b"x\r<user9> I am another\n",
        "<user1> x\\015<user9> I am another\n",
    ),
    (
        "other line ends of Unicode cannot be told from text by a terminal",
        "x\u{2028}y\n".as_bytes(),
        "<user1> x\u{2028}y\n",
    ),
];

#[test]
fn what_is_said_becomes_lines_that_say_who_said_them() -> Told {
    let play = |by| {
        let mut meeting = chat(by, &[], 3)?;
        for (fact, said, heard) in SAYINGS {
            let told = meeting.say_as(Some(0), said, heard.as_bytes());
            told.map_err(|why| format!("{fact}: {why}"))?;
        }
        Ok(())
    };
    whichever(&By::STREAMS, play)?;
    whichever(&By::MESSAGES, play)
}

/// The pieces go one by one, and the server sleeps in between.
fn in_pieces(meeting: &mut Meeting, who: Option<usize>, pieces: &[&[u8]], heard: &[u8]) -> Told {
    for piece in pieces {
        meeting.murmur(who, piece);
        meeting.scene.until_quiet(A_MOMENT)?;
    }
    meeting.minute(who, heard);
    meeting.all_is_heard()
}

#[test]
fn a_character_that_comes_in_pieces_is_one_and_so_is_a_line_end() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 2)?;
        for who in [Some(0), None] {
            let number = who.map_or(0, |nth: usize| nth + 1);
            let pieces: [&[u8]; 4] = [b"\xf0\x9f", b"\x98", b"\x80 gr\xc3", b"\xbc\xc3\x9fe\n"];
            let heard = format!("<user{number}> \u{1f600} gr\u{fc}\u{df}e\n");
            in_pieces(&mut meeting, who, &pieces, heard.as_bytes())?;
            let pieces: [&[u8]; 3] = [b"one\r", b"\ntwo\r", b"three\n"];
            let heard = format!("<user{number}> one\n<user{number}> two\\015three\n");
            in_pieces(&mut meeting, who, &pieces, heard.as_bytes())?;
        }
        Ok(())
    })
}

#[test]
fn a_line_that_comes_in_pieces_has_its_speaker_once() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 2)?;
        meeting.say_as(Some(0), b"I have", b"<user1> I have")?;
        meeting.say_as(Some(0), b" something to say", b" something to say")?;
        meeting.say_as(Some(0), b".\nIndeed\n", b".\n<user1> Indeed\n")
    })
}

#[test]
fn who_speaks_into_an_unfinished_line_begins_a_new_one() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 3)?;
        meeting.say_as(Some(0), b"I was", b"<user1> I was")?;
        meeting.say_as(Some(1), b"me too\n", b"\n<user2> me too\n")?;
        meeting.say_as(Some(0), b" saying\n", b"\n<user1>  saying\n")
    })
}

#[test]
fn over_datagrams_each_message_begins_and_ends_its_lines() -> Told {
    whichever(&By::MESSAGES, |by| {
        let mut meeting = chat(by, &[], 2)?;
        meeting.say_as(Some(0), b"no line end", b"<user1> no line end\n")?;
        meeting.say_as(Some(1), b"one\ntwo", b"<user2> one\n<user2> two\n")?;
        meeting.say_as(None, b"and me", b"<user0> and me\n")
    })
}

#[test]
fn with_crlf_the_lines_of_the_server_end_in_it_and_those_of_members_do_not() -> Told {
    let mut meeting = chat(By::Tcp, &["-C"], 2)?;
    meeting.say_as(None, b"one\ntwo\r\n", b"<user0> one\r\n<user0> two\r\n")?;
    meeting.say_as(Some(0), b"three\r\n", b"<user1> three\n")
}

#[test]
fn a_long_line_has_its_speaker_once_and_loses_nothing() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 3)?;
        let words = "gr\u{fc}\u{df}e ".repeat(100_000) + "\n";
        let heard = format!("<user1> {words}");
        meeting.say_as(Some(0), words.as_bytes(), heard.as_bytes())?;
        let words = b"\x01".repeat(200_000);
        let heard = format!("<user2> {}\n", "\\001".repeat(words.len()));
        meeting.say_as(Some(1), &[&words[..], b"\n"].concat(), heard.as_bytes())
    })
}

/// What had begun when its speaker ended is heard, and before the speaker is announced as gone: a
/// number that has left says no more.
#[test]
fn nobody_speaks_who_was_announced_as_gone() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 2)?;
        meeting.say_as(Some(0), b"gr\xc3", b"<user1> gr")?;
        meeting.go(0)?;
        let rest = b"\\303\n<announce> <user1> is disconnected.\n";
        meeting.minute(Some(0), rest);
        meeting.all_is_heard()
    })
}
