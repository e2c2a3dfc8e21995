//! Members that end, break off or are half closed, and the ends of stdin and of the server.

use std::path::Path;

use rustix::process::Signal;

use crate::common::meeting::whichever;
use crate::common::payload::{noise, same};
use crate::common::{By, In, Meeting, Program, Told, directory};
use crate::{A_MOMENT, is_served};

#[test]
fn a_member_that_ends_is_let_go_and_the_others_go_on() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 3)?;
        meeting.say(Some(1), b"my last word\n")?;
        meeting.go(1)?;
        meeting.say(Some(0), b"it has gone\n")?;
        meeting.come()?;
        meeting.say(Some(3), b"and I have come\n")?;
        meeting.say(Some(2), b"welcome\n")
    })
}

#[test]
fn the_last_words_of_a_member_that_leaves_are_heard() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 2)?;
        let words = noise(2, 1_000_000);
        meeting.murmur(Some(0), &words);
        meeting.scene.peers[0].tx.finish();
        meeting.minute(Some(0), &words);
        meeting.all_is_heard()
    })
}

/// What a member has said is its own; what was said to it until it ended is still for it.
#[test]
fn a_member_that_ends_gets_what_was_said_until_then_and_nothing_later() -> Told {
    whichever(&[By::Tcp, By::Unix], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 3)?;
        meeting.scene.peers[0].rx.paused = true;
        meeting.say(Some(1), &noise(3, 8_000_000))?;
        let due = meeting.due(0);
        meeting.scene.peers[0].tx.finish();
        meeting.scene.until_quiet(A_MOMENT)?;
        meeting.say(Some(1), b"later\n")?;
        meeting.scene.peers[0].rx.paused = false;
        meeting
            .scene
            .until("it is let go", |s| s.peers[0].rx.ended())?;
        same("who ended", &meeting.scene.peers[0].rx.got, &due)
    })
}

#[test]
fn with_half_close_a_member_that_ended_goes_on_listening() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "--half-close"], 2)?;
        meeting.say(Some(0), b"only listening from now on\n")?;
        meeting.scene.peers[0].tx.finish();
        meeting.scene.until_quiet(A_MOMENT)?;
        meeting.say(Some(1), b"good\n")?;
        is_served(&mut meeting, 0)
    })
}

#[test]
fn a_member_that_breaks_off_is_named_and_the_others_go_on() -> Told {
    whichever(&[By::Tcp, By::Tcp6], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 3)?;
        meeting.say(Some(2), b"I am about to break off\n")?;
        let name = meeting.name(2);
        meeting.scene.peers.remove(2).reset()?;
        meeting.told(&format!(
            "Connection with {name} broke: Connection reset by peer."
        ))?;
        meeting.say(Some(0), b"it has gone\n")?;
        meeting.say(Some(1), b"indeed\n")
    })
}

#[test]
fn a_member_that_is_gone_without_a_word_ends_nothing() -> Told {
    whichever(&[By::Tcp, By::Unix, By::Udp, By::UnixMessages], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 3)?;
        meeting.say(Some(2), b"I am about to go\n")?;
        meeting.scene.peers.remove(2).close();
        for _ in 0..3 {
            meeting.say(Some(0), b"has it gone?\n")?;
            meeting.say(Some(1), b"it has\n")?;
            meeting.say(None, b"it has\n")?;
        }
        Ok(())
    })
}

#[test]
fn the_end_of_stdin_ends_nothing_and_nobody_is_told() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 2)?;
        meeting.say(None, b"my last word\n")?;
        meeting.scene.program.stdin.finish();
        meeting.say(Some(0), b"we go on\n")?;
        meeting.come()?;
        meeting.say(Some(2), b"with me\n")?;
        meeting.say(Some(1), b"and me\n")?;
        meeting.scene.holds(A_MOMENT, "nobody sees an end", |s| {
            s.program.status.is_none() && s.peers.iter().all(|peer| !peer.rx.ended())
        })
    })
}

#[test]
fn a_stdin_with_nothing_in_it_ends_nothing() -> Told {
    let bare: [fn(Program) -> Program; 2] = [|p| p.stdin(In::Null), |p| p.stdin(In::Closed)];
    for dress in bare {
        for option in ["--broker", "--send-only"] {
            let mut meeting = Meeting::dressed(By::Tcp, &["--broker", option], dress)?;
            meeting.come()?;
            meeting.scene.holds(A_MOMENT, "everybody is there", |s| {
                s.program.status.is_none() && !s.peers[0].rx.ended()
            })?;
        }
    }
    Ok(())
}

#[test]
fn a_file_on_stdin_is_for_the_first_who_comes_and_ends_nothing() -> Told {
    let dir = directory()?;
    let (file, data) = (dir.path().join("file"), noise(4, 3_000_000));
    std::fs::write(&file, &data).map_err(|e| format!("no file: {e}"))?;
    let mut meeting = Meeting::dressed(By::Tcp, &["--broker"], |p| p.stdin(In::File(file)))?;
    meeting.knock()?;
    meeting.minute(None, &data);
    meeting.all_is_heard()?;
    meeting.come()?;
    meeting.say(Some(1), b"I came late\n")
}

#[test]
fn a_signal_ends_it_with_its_number_and_takes_its_path_away() -> Told {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        whichever(&[By::Tcp, By::Unix, By::Udp, By::UnixMessages], |by| {
            let dress = |p: Program| p.with_usual_signals().stdin(In::Pipe);
            let mut meeting = Meeting::dressed(by, &["--broker"], dress)?;
            meeting.come()?;
            meeting.come()?;
            meeting.say(Some(0), b"hello\n")?;
            let place = meeting.doors()[0].clone();
            meeting.scene.program.signal(signal)?;
            let outcome = meeting.scene.ends_with(status)?;
            if place.starts_with('/') && Path::new(&place).exists() {
                return Err("the socket file is still there".into());
            }
            same("stdout", &outcome.stdout, b"")
        })?;
    }
    Ok(())
}
