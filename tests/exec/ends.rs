//! Who ends first, and what the other one still gets.

use std::time::Duration;

use crate::common::payload::{noise, same};
use crate::common::program::code;
use crate::common::program::pipe;
use crate::common::scene::place_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Carrier, In, Told, directory, told};
use crate::meeting::{Kind, Meeting, WAYS, Way, in_every_way, over_tcp};
use crate::{all_of, answer_to_a_new_peer, expect, kin, server};

const A_MOMENT: Duration = Duration::from_millis(250);

#[test]
fn a_program_that_reads_nothing_is_heard_by_a_peer_that_sends_much() -> Told {
    in_every_way(|meeting| {
        for line in [
            "echo done",
            "echo done; exec <&-; exec sleep .1",
            "exec <&-; echo done",
        ] {
            let mut scene = meeting.meet(&["-c", line])?;
            scene.peer().tx.push(&noise(1, 5_000_000));
            scene.peer().tx.finish();
            let way = |e| format!("{line:?}: {e}");
            let got = meeting.end_of_talk(&mut scene).map_err(way)?;
            same(line, &got, b"done\n")?;
        }
        Ok(())
    })
}

#[test]
fn a_program_that_has_said_its_last_word_goes_on_reading() -> Told {
    in_every_way(|meeting| {
        let (fifo, file) = (meeting.path("read"), meeting.path("file"));
        let line = format!("echo bye; exec >&-; cat > {file}; mv {file} {fifo}");
        let mut scene = meeting.meet(&["-c", &line])?;
        same("its last word", &all_of(&mut scene)?, b"bye\n")?;
        let data = noise(2, 300_000);
        scene.peer().tx.push(&data);
        scene.peer().tx.finish();
        scene.until("all is sent", |s| s.peer().tx.is_done())?;
        let read = |_| std::fs::read(&fifo).ok();
        let usual = crate::common::Deadline::usual();
        match meeting.way {
            Way::Keep => {
                let got = scene
                    .program
                    .repeat_until(usual, "the file is there", read)?;
                same("what it read", &got, &data)
            }
            Way::Connect | Way::Listen => {
                scene.ends_with(0)?;
                same("what it read", &told(std::fs::read(&fifo))?, &data)
            }
        }
    })
}

#[test]
fn the_status_of_a_program_is_its_own() -> Told {
    over_tcp(|meeting| {
        for command in [["-e", "/bin/false"], ["-c", "exit 3"], ["-c", "kill -9 $$"]] {
            let mut scene = meeting.meet(&command)?;
            same("the output", &meeting.end(&mut scene)?, b"")?;
        }
        Ok(())
    })
}

#[test]
fn a_program_that_does_not_exist_closes_the_connection_and_is_told() -> Told {
    over_tcp(|meeting| {
        let file = meeting.path("file");
        told(std::fs::write(&file, "no program"))?;
        for (command, why) in [
            ("/nonexistent/program", "No such file or directory"),
            ("cat", "No such file or directory"),
            (file.as_str(), "Permission denied"),
            ("/tmp", "Permission denied"),
            (" \t", "No such file or directory"),
        ] {
            let mut scene = meeting.meet(&["-e", command])?;
            same("the output", &meeting.end(&mut scene)?, b"")?;
            let words = format!("Ncat: exec: {why}.\n");
            let last = |text: &str| text.split_inclusive('\n').any(|line| line == words);
            scene.until("it said why", |s| last(&s.program.stderr.text()))?;
        }
        Ok(())
    })
}

#[test]
fn a_server_serves_on_after_a_program_that_cannot_be_started() -> Told {
    let dir = directory()?;
    let path = dir.path().join("late").display().to_string();
    let (mut scene, place) = server(&["-e", &path])?;
    expect("without it", &answer_to_a_new_peer(&mut scene, &place)?, "")?;
    told(std::os::unix::fs::symlink("/bin/pwd", &path))?;
    let here = answer_to_a_new_peer(&mut scene, &place)?;
    if here.starts_with('/') {
        Ok(())
    } else {
        Err(format!("it said {here:?}"))
    }
}

/// How many descriptors of a process lead where its stdin does.
fn copies_of_stdin(id: u32) -> usize {
    let target = |fd: &str| std::fs::read_link(format!("/proc/{id}/fd/{fd}")).ok();
    let stdin = target("0");
    let same = |fd: &String| target(fd) == stdin;
    kin::descriptors(id).iter().filter(|fd| same(fd)).count()
}

#[test]
fn our_own_stdin_and_stdout_are_nobodys_business() -> Told {
    let play = |way: Way, stdin_is_closed: bool| {
        let meeting = Meeting::new(way, Kind::Tcp4, Carrier::Kernel)?;
        let (ours, into) = pipe()?;
        told(rustix::io::write(&into, b"not for you").map_err(Into::into))?;
        let stdin = match stdin_is_closed {
            true => In::Closed,
            false => In::Given(told(ours.try_clone())?),
        };
        let line = "echo ready; read word; echo $word";
        let mut scene = meeting.dressed(&["-c", line], |program| program.stdin(stdin))?;
        scene.until("it is ready", |s| s.peer().rx.got == b"ready\n")?;
        let copies = copies_of_stdin(scene.program.id());
        scene.peer().tx.push(b"for the program\n");
        let got = meeting.end(&mut scene)?;
        same("the answer", &got, b"ready\nfor the program\n")?;
        same("stdout", &scene.program.stdout.got, b"")?;
        let mut left = [0; 64];
        let n = told(rustix::io::read(&ours, &mut left).map_err(Into::into))?;
        same("what is left in the pipe", &left[..n], b"not for you")?;
        match copies {
            1 => Ok(()),
            _ if stdin_is_closed => Ok(()),
            n => Err(format!("it has its stdin open {n} times")),
        }
    };
    let mut cases = Vec::new();
    for way in WAYS {
        for closed in [false, true] {
            let name = format!("{way:?}, stdin closed: {closed}");
            cases.push(Case::new(name, move || play(way, closed)));
        }
    }
    all_hold(&cases)
}

#[test]
fn without_keep_open_only_one_comes_in() -> Told {
    let meeting = Meeting::new(Way::Listen, Kind::Tcp4, Carrier::Kernel)?;
    let mut scene = meeting.meet(&["-e", "/bin/cat"])?;
    let place = place_of(&mut scene)?;
    scene.peer().tx.push(b"hello\n");
    scene.until("it is answered", |s| s.peer().rx.got == b"hello\n")?;
    if place.connect().is_ok() {
        return Err("somebody else came in".into());
    }
    scene.peer().tx.finish();
    same("the echo", &meeting.end(&mut scene)?, b"hello\n")
}

#[test]
fn a_peer_that_breaks_is_told_and_counts() -> Told {
    over_tcp(|meeting| {
        let mut scene = meeting.meet(&["-e", "/bin/cat"])?;
        scene.peer().tx.push(b"hello\n");
        scene.until("it is answered", |s| s.peer().rx.got == b"hello\n")?;
        scene.peers.remove(0).reset()?;
        let words = "Connection reset by peer.\n";
        scene.until("it is told", |s| s.program.stderr.text().contains(words))?;
        if meeting.way == Way::Keep {
            return scene.holds(A_MOMENT, "the server is there", |s| {
                s.program.status.map(code).is_none()
            });
        }
        scene.ends_with(1).map(drop)
    })
}
