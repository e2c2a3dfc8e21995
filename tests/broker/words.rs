//! Who hears what, and that nothing of it is lost, doubled or swapped.

use std::net::UdpSocket;

use crate::common::deadline::USUAL;
use crate::common::meeting::whichever;
use crate::common::payload::{noise, same};
use crate::common::{By, Carrier, In, Meeting, Told};

/// Three members and stdin, each with words of its own, in turns.
fn converse(meeting: &mut Meeting) -> Told {
    meeting.say(Some(0), b"first\n")?;
    meeting.say(Some(1), b"second\n")?;
    meeting.say(None, b"stdin\n")?;
    meeting.say(Some(2), b"third, without a line end")?;
    meeting.say(Some(0), &noise(1, 8000))?;
    meeting.say(None, &(0..=255).collect::<Vec<u8>>())?;
    meeting.say(Some(2), b"third\n")?;
    meeting.say(Some(1), b"second\n")
}

#[test]
fn everybody_hears_everybody_else_and_nobody_itself() -> Told {
    let play = |by| converse(&mut Meeting::of(by, &["--broker"], 3)?);
    whichever(&By::STREAMS, play)?;
    whichever(&By::MESSAGES, play)
}

#[test]
fn it_is_the_same_with_listen_and_keep_open_and_without_splicing() -> Told {
    for options in [
        &["-l", "--broker"][..],
        &["-l", "-k", "--broker"],
        &["-k", "--broker"],
    ] {
        converse(&mut Meeting::of(By::Tcp, options, 3)?)?;
    }
    let dress = |p: crate::common::Program| p.stdin(In::Pipe).carrier(Carrier::Copy);
    let mut meeting = Meeting::dressed(By::Tcp, &["--broker"], dress)?;
    (0..3).try_for_each(|_| meeting.come())?;
    converse(&mut meeting)
}

#[test]
fn who_comes_late_hears_what_is_said_from_then_on() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 2)?;
        meeting.say(Some(0), b"before\n")?;
        meeting.come()?;
        meeting.say(Some(1), b"after\n")?;
        same("the newcomer", &meeting.scene.peers[2].rx.got, b"after\n")
    })
}

#[test]
fn what_is_typed_for_nobody_waits_for_the_first_who_comes() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--broker"], 0)?;
    meeting.murmur(None, b"is anybody there?\n");
    meeting
        .scene
        .until("stdin was typed", |s| s.program.stdin.is_empty())?;
    meeting.scene.until_quiet(crate::A_MOMENT)?;
    meeting.knock()?;
    meeting.minute(None, b"is anybody there?\n");
    meeting.all_is_heard()
}

/// Each voice has a high nibble of its own, so that a listener can tell them apart wherever the
/// stream of one was cut to let another in.
fn voice(number: u8, size: usize) -> Vec<u8> {
    let tag = |byte: u8| number << 4 | byte & 15;
    noise(u64::from(number) + 1, size)
        .into_iter()
        .map(tag)
        .collect()
}

#[test]
fn all_at_once_lose_nothing_and_each_stays_in_order() -> Told {
    const MEMBERS: usize = 6;
    const EACH: usize = 600_000;
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], MEMBERS)?;
        let voices: Vec<Vec<u8>> = (0..=MEMBERS).map(|n| voice(n as u8, EACH)).collect();
        for (number, words) in voices.iter().enumerate() {
            meeting.murmur((number < MEMBERS).then_some(number), words);
        }
        let complete = |rx: &crate::common::Catcher| rx.got.len() >= MEMBERS * EACH;
        meeting.scene.until("everybody heard all voices", |s| {
            s.peers.iter().all(|peer| complete(&peer.rx))
        })?;
        for (listener, peer) in meeting.scene.peers.iter().enumerate() {
            for (number, words) in voices.iter().enumerate() {
                let of_that_voice = |byte: &&u8| usize::from(**byte >> 4) == number;
                let got: Vec<u8> = peer.rx.got.iter().filter(of_that_voice).copied().collect();
                let due = if listener == number { &[][..] } else { words };
                same(&format!("{listener} of {number}"), &got, due)?;
            }
        }
        same("stdout", &meeting.scene.program.stdout.got, b"")
    })
}

#[test]
fn many_members_say_one_line_each_and_everybody_has_every_line() -> Told {
    const MANY: usize = 80;
    whichever(&[By::Tcp, By::Unix], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], MANY)?;
        let line = |number: usize| format!("number {number:04}\n");
        for number in 0..MANY {
            meeting.murmur(Some(number), line(number).as_bytes());
        }
        let length = line(0).len();
        meeting.scene.until("everybody has all lines", |s| {
            s.peers
                .iter()
                .all(|p| p.rx.got.len() >= (MANY - 1) * length)
        })?;
        for (listener, peer) in meeting.scene.peers.iter().enumerate() {
            let text = peer.rx.text();
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.sort_unstable();
            let due: Vec<String> = (0..MANY).filter(|n| *n != listener).map(line).collect();
            if lines != due {
                return Err(format!("{listener} has heard {lines:?}"));
            }
        }
        Ok(())
    })
}

#[test]
fn a_message_stays_what_it_is_and_an_empty_one_too() -> Told {
    let mut meeting = Meeting::of(By::Udp, &["--broker"], 1)?;
    let socket = |to: std::net::SocketAddr| {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(USUAL))?;
        socket.connect(to)?;
        socket.send(b"here I am")?;
        Ok::<_, std::io::Error>(socket)
    };
    let server = meeting.scene.peers[0].remote().ok_or("no address")?;
    let listener = socket(server).map_err(|e| format!("the socket of the test: {e}"))?;
    meeting.minute(None, b"here I am");
    meeting.all_is_heard()?;
    let mut room = vec![0; 70_000];
    for size in [1, 0, 8192, 8193, 65_507, 3] {
        let words = noise(size as u64, size);
        match size {
            0 => meeting.scene.peers[0].send_nothing()?,
            _ => meeting.murmur(Some(0), &words),
        }
        meeting.all_is_heard()?;
        meeting
            .scene
            .until("it was sent", |s| s.peers[0].tx.is_empty())?;
        let size = listener
            .recv(&mut room)
            .map_err(|e| format!("nothing came: {e}"))?;
        same("the message", &room[..size], &words)?;
    }
    Ok(())
}

/// By IPv6 a datagram may be larger than any of IPv4, and a Unix peer may give its socket more room
/// than the server's has. What others cannot be sent is lost to them, and they stay.
#[test]
fn a_message_that_is_too_large_for_somebody_drives_nobody_out() -> Told {
    whichever(&[By::UdpAny, By::UnixMessages], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 2)?;
        let size = match by {
            By::UnixMessages => 250_000,
            _ => 65_520,
        };
        meeting.scene.peers[0].make_room(1 << 20)?;
        meeting.murmur(Some(0), &noise(12, size));
        meeting
            .scene
            .until("it was sent", |s| s.peers[0].tx.is_empty())?;
        meeting.say(Some(0), b"who is still there?\n")?;
        meeting.say(Some(1), b"I am\n")
    })
}
