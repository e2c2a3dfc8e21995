//! The options that change what is said, by whom, when, and what is written down of it.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::deadline::in_time;
use crate::common::meeting::whichever;
use crate::common::payload::{noise, same};
use crate::common::{By, Deadline, Meeting, Told, directory};
use crate::{A_MOMENT, is_served};

/// More than the kernel holds on one connection, so that it only goes in if it is read.
const MUCH: usize = 12_000_000;

fn much_is_taken(meeting: &mut Meeting, member: usize) -> Told {
    meeting.murmur(Some(member), &noise(5, MUCH));
    meeting
        .scene
        .until("all of it was taken", |s| s.peers[member].tx.is_empty())
}

#[test]
fn send_only_lets_nobody_hear_the_members_and_all_hear_stdin() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "--send-only"], 3)?;
        meeting.say(None, b"listen\n")?;
        much_is_taken(&mut meeting, 0)?;
        meeting.say(None, b"is it quiet?\n")?;
        meeting.scene.program.stdin.finish();
        meeting.scene.holds(A_MOMENT, "the server is there", |s| {
            s.program.status.is_none() && s.peers.iter().all(|peer| !peer.rx.ended())
        })
    })
}

#[test]
fn recv_only_sends_nothing_to_anybody_and_leaves_stdin_alone() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "--recv-only"], 3)?;
        meeting.murmur(None, &noise(6, 1_000_000));
        much_is_taken(&mut meeting, 0)?;
        much_is_taken(&mut meeting, 2)?;
        meeting.all_is_heard()?;
        // As much as a pipe holds.
        match meeting.scene.program.stdin.fed().len() {
            0..=65_536 => Ok(()),
            taken => Err(format!("{taken} bytes of stdin were taken")),
        }
    })
}

#[test]
fn line_ends_of_stdin_become_those_of_the_network_and_members_keep_theirs() -> Told {
    whichever(&[By::Tcp, By::Unix, By::Udp], |by| {
        let mut meeting = Meeting::of(by, &["--broker", "-C"], 2)?;
        meeting.say_as(None, b"one\ntwo\r\n", b"one\r\ntwo\r\n")?;
        meeting.say(Some(0), b"three\nfour\r\n")?;
        meeting.say(Some(1), b"five\n")
    })
}

/// Two members speak at once and each is heard after its own delay, not after the other's as well.
#[test]
fn the_delay_keeps_back_what_members_say_and_nobody_else() -> Told {
    const DELAY: Duration = Duration::from_millis(1500);
    in_time(DELAY / 2, |watch| {
        let mut meeting = Meeting::of(By::Tcp, &["--broker", "-d", "1500ms"], 3)?;
        watch.begin();
        let begin = Instant::now();
        meeting.murmur(Some(0), b"first\n");
        meeting.murmur(Some(1), b"other\n");
        meeting.say(None, b"at once\n")?;
        watch.end();
        meeting.scene.until("both are heard", |s| {
            s.peers[2].rx.got.len() >= b"at once\nfirst\nother\n".len()
        })?;
        let took = begin.elapsed();
        same(
            "the third before it heard both",
            &meeting.scene.peers[2].rx.got[..8],
            b"at once\n",
        )?;
        if took < DELAY {
            return Err(format!("they were heard after {took:?}"));
        }
        meeting.scene.until("all have everything", |s| {
            let got = |nth: usize| s.peers[nth].rx.got.clone();
            got(0) == b"at once\nother\n" && got(1) == b"at once\nfirst\n"
        })?;
        let took = begin.elapsed();
        match took < DELAY * 2 {
            true => Ok(()),
            false => Err(format!("one waited for the other: {took:?}")),
        }
    })
}

#[test]
fn telnet_commands_of_members_are_answered_and_not_passed_on() -> Told {
    const WILL_ECHO: &[u8] = b"\xff\xfb\x01";
    const DONT_ECHO: &[u8] = b"\xff\xfe\x01";
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "-t"], 3)?;
        meeting.murmur(Some(0), WILL_ECHO);
        meeting
            .scene
            .until("it is answered", |s| s.peers[0].rx.got == DONT_ECHO)?;
        meeting.murmur(Some(0), b"hel\xff\xfd\x03lo\n");
        meeting.scene.until("the others heard it", |s| {
            s.peers[1].rx.got == b"hello\n" && s.peers[2].rx.got == b"hello\n"
        })?;
        meeting.scene.until("it is answered again", |s| {
            s.peers[0].rx.got == [DONT_ECHO, b"\xff\xfc\x03"].concat()
        })
    })
}

/// Waits until a log holds exactly this.
fn logged(meeting: &mut Meeting, path: &str, want: &str) -> Told {
    let holds = |_| (fs::read(path).ok()? == want.as_bytes()).then_some(());
    let found = meeting
        .scene
        .program
        .repeat_until(Deadline::usual(), "the log holds it", holds);
    found.map_err(|e| {
        format!(
            "{e}; it holds {:?} instead of {want:?}",
            fs::read_to_string(path)
        )
    })
}

/// A broadcast is one, however many or few get it.
#[test]
fn what_members_say_is_logged_as_it_comes_and_as_it_goes() -> Told {
    let dir = directory()?;
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (raw, hex) = (path("raw"), path("hex"));
    let options = ["--broker", "-o", &raw, "-x", &hex];
    let mut meeting = Meeting::of(By::Tcp, &options, 1)?;
    meeting.murmur(Some(0), b"alone\n");
    meeting
        .scene
        .until("it was said", |s| s.peers[0].tx.is_empty())?;
    logged(&mut meeting, &raw, "alone\nalone\n")?;
    meeting.say(None, b"stdin\n")?;
    logged(&mut meeting, &raw, "alone\nalone\nstdin\n")?;
    meeting.come()?;
    meeting.come()?;
    meeting.say(Some(2), b"all hear it\n")?;
    let all = "alone\nalone\nstdin\nall hear it\nall hear it\n";
    logged(&mut meeting, &raw, all)?;
    let dump = fs::read_to_string(&hex).map_err(|e| format!("no dump: {e}"))?;
    let words: String = dump
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    same(
        "the words of the dump",
        words.as_bytes(),
        b"alone.alone.stdin.all.hear.it.all.hear.it.",
    )
}

/// Nobody is sent anything, so that the silent one is not busy with what the other says.
#[test]
fn the_idle_timeout_ends_the_idle_member_and_nobody_else() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "--recv-only", "-i", "1500ms"], 2)?;
        let name = meeting.name(1);
        let begin = Instant::now();
        while !meeting.scene.peers[1].rx.ended() {
            meeting.murmur(Some(0), b"tick\n");
            meeting
                .scene
                .holds(A_MOMENT, "the busy one is in", |s| !s.peers[0].rx.ended())?;
            if begin.elapsed() > meeting.scene.patience {
                return Err(format!("the silent one stays; {}", meeting.scene.state()));
            }
        }
        let took = begin.elapsed();
        meeting.told(&format!("{name}: Idle timeout expired (1500 ms)."))?;
        match took > Duration::from_millis(1200) {
            true => Ok(()),
            false => Err(format!("after {took:?} already")),
        }
    })
}

#[test]
fn a_listening_member_is_not_idle() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--broker", "-i", "3s"], 2)?;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(4) {
        meeting.say(Some(0), b"tick\n")?;
        meeting
            .scene
            .holds(Duration::from_millis(200), "both are there", |s| {
                s.peers.iter().all(|peer| !peer.rx.ended())
            })?;
    }
    is_served(&mut meeting, 1)
}

#[test]
fn an_option_without_effect_on_a_broker_is_named() -> Told {
    let options = ["--broker", "--no-shutdown", "-q", "1", "-w", "3"];
    let mut meeting = Meeting::of(By::Tcp, &options, 1)?;
    meeting.told("Warning: --no-shutdown has no effect with --broker or --chat.")?;
    meeting.told("Warning: -q has no effect with --broker or --chat.")?;
    meeting.told("Warning: --wait has no effect with --listen.")?;
    is_served(&mut meeting, 0)
}
