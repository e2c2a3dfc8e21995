//! Members that say anything at all.

use crate::common::meeting::whichever;
use crate::common::payload::Xorshift;
use crate::common::{By, Meeting, Told};
use crate::{A_MOMENT, chat};

const MEMBERS: usize = 4;
const TURNS: usize = 150;

/// Bytes of every kind, line ends and parts of characters more often than others. What is a letter is
/// this member's own, so that it is seen on whose line it ends up.
fn anything(chance: &mut Xorshift, member: usize) -> Vec<u8> {
    const SPICE: [&[u8]; 10] = [
        b"\n",
        b"\r",
        b"\r\n",
        b"\x1b[2;",
        b"\xc2\x9b",
        b"\xe2\x82",
        b"\xf0\x9f\x98\x80",
        b"\xc3",
        b"<9> ",
        b"\t",
    ];
    let letter = b'A' + member as u8;
    let mut words = Vec::new();
    for _ in 0..chance.between(1, 60) {
        match chance.between(0, 2) {
            0 => words.extend_from_slice(SPICE[chance.between(0, 9) as usize]),
            1 => words.push(letter),
            _ => match chance.draw() as u8 {
                byte if byte.is_ascii_alphabetic() => words.push(letter),
                byte => words.push(byte),
            },
        }
    }
    words
}

/// Each line is empty, an announcement, or begins with its speaker and holds no letter of another.
fn is_trusty(line: &str) -> Told {
    let wrong = |what: &str| Err(format!("{what}: {line:?}"));
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return wrong("a control character");
    }
    if line.is_empty() || line.starts_with("<announce> ") {
        return Ok(());
    }
    let Some((number, words)) = line
        .strip_prefix("<user")
        .and_then(|rest| rest.split_once("> "))
    else {
        return wrong("no speaker");
    };
    let number: u8 = number.parse().map_err(|_| format!("no number: {line:?}"))?;
    let own = char::from(b'A' + number);
    match words.chars().all(|c| !c.is_ascii_alphabetic() || c == own) {
        true => Ok(()),
        false => wrong("somebody else's words"),
    }
}

/// Everybody says anything; at the end a word of stdin, which all hear after everything else.
///
/// No more at once than a socket for datagrams holds, so that none is lost, the end least of all.
fn babble(by: By, seed: u64) -> Told {
    let mut meeting: Meeting = chat(by, &[], MEMBERS)?;
    let mut chance = Xorshift::new(seed);
    for _ in 0..TURNS {
        let who = chance.between(0, MEMBERS as u64) as usize;
        let words = anything(&mut chance, who);
        meeting.murmur(who.checked_sub(1), &words);
        if chance.between(0, 3) == 0 {
            meeting.scene.until("it was said", |s| {
                s.program.stdin.is_empty() && s.peers.iter().all(|peer| peer.tx.is_empty())
            })?;
        }
    }
    meeting.scene.until_quiet(A_MOMENT)?;
    meeting.murmur(None, b"\nthe end\n");
    meeting.scene.until("everybody heard the end", |s| {
        s.peers
            .iter()
            .all(|peer| peer.rx.got.ends_with(b"> the end\n"))
    })?;
    for (nth, peer) in meeting.scene.peers.iter().enumerate() {
        let text = std::str::from_utf8(&peer.rx.got)
            .map_err(|e| format!("member {nth} was sent what is no UTF-8: {e}"))?;
        for line in text.split('\n').filter(|line| !line.ends_with("the end")) {
            is_trusty(line).map_err(|e| format!("member {nth} was sent {e}"))?;
        }
    }
    Ok(())
}

#[test]
fn whatever_members_say_each_line_is_its_speakers_and_holds_no_control_character() -> Told {
    whichever(&[By::Tcp, By::Unix, By::Udp, By::UnixMessages], |by| {
        let play = |seed| babble(by, seed).map_err(|e| format!("seed {seed}: {e}"));
        (1..=6).try_for_each(play)
    })
}
