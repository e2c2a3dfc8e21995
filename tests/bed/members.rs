//! Servers of many, over SCTP as over TCP.

use crate::common::meeting::whichever;
use crate::common::payload::{noise, same};
use crate::common::{By, Meeting, Told};

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn members_of_a_broker_hear_each_other() -> Told {
    whichever(&By::ASSOCIATIONS, |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 3)?;
        meeting.say(Some(0), b"hello\n")?;
        meeting.say(None, b"order!\n")?;
        for (nth, size) in [1, 1000, 60_000].into_iter().enumerate() {
            meeting.say(Some(nth), &noise(nth as u64, size))?;
        }
        meeting.go(1)?;
        meeting.come()?;
        meeting.say(Some(3), b"a newcomer speaks\n")?;
        meeting.say(Some(2), b"and is answered\n")
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_chat_says_who_is_talking() -> Told {
    whichever(&By::ASSOCIATIONS, |by| {
        let mut meeting = Meeting::of(by, &["--chat"], 2)?;
        let scene = &mut meeting.scene;
        scene.until("the first is told of the second", |s| {
            s.peers[0].rx.text().contains("<user2>")
        })?;
        scene.peers[1].tx.push(b"hello\n");
        scene.until("the first hears the second", |s| {
            s.peers[0].rx.text().ends_with("<user2> hello\n")
        })
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn one_listener_serves_many_one_after_the_other_and_at_once() -> Told {
    whichever(&By::ASSOCIATIONS, |by| {
        let mut meeting = Meeting::of(by, &["-l", "-k"], 3)?;
        meeting.scene.program.stdin.push(b"to all\n");
        meeting.scene.until("all hear what stdin says", |s| {
            s.peers.iter().all(|peer| peer.rx.got == b"to all\n")
        })?;
        for nth in 0..3 {
            let scene = &mut meeting.scene;
            let word = [b'0' + nth as u8];
            scene.peers[nth].tx.push(&word);
            scene.until("stdout has what was said", |s| {
                s.program.stdout.got.len() > nth
            })?;
            meeting.go(nth)?;
        }
        same("stdout", &meeting.scene.program.stdout.got, b"012")?;
        meeting.come()?;
        meeting.scene.peer().tx.push(b"3");
        meeting
            .scene
            .until("another one is heard", |s| s.program.stdout.got == b"0123")
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn no_more_are_let_in_than_may() -> Told {
    whichever(&By::ASSOCIATIONS, |by| {
        let mut meeting = Meeting::of(by, &["-l", "-k", "-m", "2"], 2)?;
        meeting.knock_in_vain()?;
        meeting.go(0)?;
        meeting.come()?;
        meeting.scene.peer().tx.push(b"in its place\n");
        meeting.scene.until("who came instead is heard", |s| {
            s.program.stdout.got == b"in its place\n"
        })
    })
}
