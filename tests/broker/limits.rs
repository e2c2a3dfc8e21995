//! How many may come, what one that takes nothing can do, and what is left of those who went.

use std::fs;

use crate::common::meeting::whichever;
use crate::common::payload::{endless_lines, noise, same};
use crate::common::{By, Deadline, Meeting, Told, proc_net};
use crate::{A_MOMENT, is_served};

#[test]
fn one_too_many_is_turned_away_at_once() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "-m", "2"], 2)?;
        meeting.knock_in_vain()?;
        meeting.told("New connection denied: connection limit reached (2)")?;
        meeting.say(Some(0), b"who was that?\n")?;
        meeting.say(Some(1), b"one too many\n")
    })
}

#[test]
fn who_leaves_makes_room_at_once() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = Meeting::of(by, &["--broker", "-m", "2"], 2)?;
        for last in 1..6 {
            meeting.go(last)?;
            meeting.come()?;
            meeting.say(Some(last + 1), b"there was room for me\n")?;
            meeting.say(Some(0), b"welcome\n")?;
        }
        Ok(())
    })
}

#[test]
fn a_limit_of_0_turns_everybody_away() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--broker", "-m", "0"], 0)?;
    for _ in 0..3 {
        meeting.knock_in_vain()?;
    }
    Ok(())
}

/// A hundred is what is let in when nobody asks for another limit.
#[test]
fn the_usual_limit_is_a_hundred() -> Told {
    let mut meeting = Meeting::of(By::Unix, &["--broker"], 100)?;
    meeting.knock_in_vain()?;
    meeting.told("New connection denied: connection limit reached (100)")
}

#[test]
fn a_member_that_takes_nothing_is_dropped_and_named_and_all_others_get_everything() -> Told {
    let options = ["--broker", "--stall-timeout", "1s", "--max-queue", "1M"];
    whichever(&[By::Tcp, By::Tcp6, By::Unix], |by| {
        let mut meeting = Meeting::of(by, &options, 4)?;
        meeting.say(None, b"all are in\n")?;
        meeting.scene.peers[2].rx.paused = true;
        let name = meeting.name(2);
        meeting.say(Some(0), &noise(7, 12_000_000))?;
        meeting.told(&format!(
            "{name} takes nothing and holds others back: dropped."
        ))?;
        meeting.scene.peers[2].rx.paused = false;
        meeting
            .scene
            .until("it is out", |s| s.peers[2].rx.ended())?;
        let (got, due) = (meeting.scene.peers[2].rx.got.clone(), meeting.due(2));
        same("what it took", &got, &due[..got.len()])?;
        if got.len() == due.len() {
            return Err("nothing was lost to it".into());
        }
        meeting.say(Some(3), b"it has gone\n")?;
        is_served(&mut meeting, 1)
    })
}

#[test]
fn a_member_that_takes_its_time_is_waited_for_and_loses_nothing() -> Told {
    let options = ["--broker", "--stall-timeout", "60s", "--max-queue", "256K"];
    whichever(&[By::Tcp, By::Unix], |by| {
        let mut meeting = Meeting::of(by, &options, 3)?;
        meeting.scene.peers[2].rx.paused = true;
        let pieces = endless_lines(8, 1 << 20);
        meeting
            .scene
            .flood(A_MOMENT, pieces, |s| &mut s.peers[0].tx)?;
        let words = meeting.scene.peers[0].tx.pushed().to_vec();
        meeting.minute(Some(0), &words);
        meeting.scene.peers[2].rx.paused = false;
        meeting.all_is_heard()
    })
}

/// A figure of /proc/PID/status, in kilobytes.
fn memory(meeting: &Meeting, figure: &str) -> Told<u64> {
    let path = format!("/proc/{}/status", meeting.scene.program.id());
    let status = fs::read_to_string(path).map_err(|e| format!("no status: {e}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure));
    let figure = line.and_then(|rest| rest.trim_matches([':', '\t', ' ']).split(' ').next());
    figure
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| format!("no such figure in {status:?}"))
}

/// With a queue of 2 MiB ten members who speak at once, while one takes nothing, cost that and
/// little more, and not ten times as much.
#[test]
fn memory_is_bounded_while_a_member_takes_nothing() -> Told {
    let options = ["--broker", "--stall-timeout", "60s", "--max-queue", "2M"];
    let mut meeting = Meeting::of(By::Unix, &options, 11)?;
    meeting.say(Some(0), &noise(9, 200_000))?;
    let before = memory(&meeting, "VmHWM")?;
    meeting.scene.peers[10].rx.paused = true;
    for member in 0..10 {
        meeting.murmur(Some(member), &noise(10, 2_000_000));
    }
    meeting.scene.until_quiet(A_MOMENT)?;
    let grown = memory(&meeting, "VmHWM")? - before;
    match grown {
        0..=4096 => Ok(()),
        _ => Err(format!("it grew by {grown} kB; {}", meeting.scene.state())),
    }
}

#[test]
fn nothing_is_left_of_five_hundred_who_came_and_went() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--broker"], 1)?;
    meeting.say(None, b"everything is open that will be\n")?;
    let before = proc_net::descriptors(meeting.scene.program.id()) - 1;
    meeting.forget_all();
    let mut memory_after_the_first = 0;
    for round in 0..6 {
        for _ in 0..100 {
            meeting.come()?;
        }
        meeting.say(None, &noise(11, 5000))?;
        meeting.say(Some(50), b"we are many\n")?;
        meeting.forget_all();
        let deadline = Deadline::usual();
        meeting
            .scene
            .program
            .repeat_until(deadline, "all have left", |id| {
                (proc_net::descriptors(id) == before).then_some(())
            })?;
        if round == 0 {
            memory_after_the_first = memory(&meeting, "VmRSS")?;
        }
    }
    let after = memory(&meeting, "VmRSS")?;
    match after <= memory_after_the_first + 512 {
        true => Ok(()),
        false => Err(format!("{memory_after_the_first} kB became {after} kB")),
    }
}

#[test]
fn who_comes_and_who_goes_is_told_with_what_passed() -> Told {
    whichever(&[By::Tcp, By::Tcp6, By::Unix], |by| {
        let mut meeting = Meeting::of(by, &["--broker"], 2)?;
        let name = meeting.name(0);
        meeting.told(&format!("Connection from {name}."))?;
        meeting.say(Some(0), b"seven!\n")?;
        meeting.say(Some(1), b"four")?;
        meeting.say(None, b"ten more!\n")?;
        meeting.go(0)?;
        let front =
            format!("Ncat: Connection from {name} closed: 14 bytes sent, 7 bytes received in ");
        meeting.scene.until("its end is told", |s| {
            let text = s.program.stderr.text();
            let line = text
                .split_inclusive('\n')
                .find_map(|line| line.strip_prefix(&front));
            line.is_some_and(|rest| rest.ends_with(" seconds.\n"))
        })
    })
}
