//! Nobody's program outlives its peer for long, and none of them outlives us.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Carrier, Deadline, Place, Program, Scene, Told};
use crate::kin::{Mark, children};
use crate::meeting::{Kind, Meeting, WAYS, Way};
use crate::{answer_to_a_new_peer, server_words};

/// Commands that say `ready` and then do not go by themselves, each in its own way; the second word
/// is how many processes each of them is.
const STAYERS: [(&str, usize); 7] = [
    ("echo ready; exec sleep 1000", 1),
    ("echo ready; cat; sleep 1000; :", 2),
    ("sleep 1000 & echo ready; wait", 2),
    (
        "trap '' HUP TERM INT; echo ready; sleep 1000; sleep 1000; :",
        2,
    ),
    ("echo ready; kill -STOP $$; sleep 1000", 1),
    // The shell is gone; who is left holds its output, and the last one does not even do that.
    ("sleep 1000 & echo ready", 1),
    (
        "sleep 1000 & exec >&-; (trap '' HUP; exec sleep 1000) & echo ready >&2; wait",
        3,
    ),
];

/// Starts one of them and waits until all of it is there.
fn begun(meeting: &Meeting, line: &str, count: usize, mark: &Mark) -> Told<Scene> {
    let options = ["--kill-after", "300ms", "-c", line];
    let dress = |program: Program| mark.on(program.with_usual_signals());
    let mut scene = meeting.dressed(&options, dress)?;
    scene.until("the program is ready", |s| {
        s.peer().rx.got == b"ready\n" || s.program.stderr.text().contains("ready\n")
    })?;
    mark.until_borne_by(count, &mut scene.program)
        .map_err(|e| format!("{e}; they are {:?}", mark.bearers(scene.program.id())))?;
    Ok(scene)
}

fn for_all_stayers(play: impl Fn(Way, &str, usize) -> Told + Send + Sync) -> Told {
    let play = &play;
    let mut cases = Vec::new();
    for way in WAYS {
        for (line, count) in STAYERS {
            let name = format!("{way:?}, {line:?}");
            cases.push(Case::new(name, move || play(way, line, count)));
        }
    }
    all_hold(&cases)
}

#[test]
fn a_signal_to_us_ends_all_of_them_and_then_us() -> Told {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for_all_stayers(|way, line, count| {
            let meeting = Meeting::new(way, Kind::Tcp4, Carrier::Kernel)?;
            let mark = Mark::new();
            let mut scene = begun(&meeting, line, count, &mark)?;
            scene.program.signal(signal)?;
            scene.ends_with(status)?;
            mark.is_gone()
        })?;
    }
    Ok(())
}

#[test]
fn a_peer_that_resets_takes_its_program_along_after_a_while() -> Told {
    for_all_stayers(|way, line, count| {
        let meeting = Meeting::new(way, Kind::Tcp4, Carrier::Kernel)?;
        let mark = Mark::new();
        let mut scene = begun(&meeting, line, count, &mark)?;
        let begin = Instant::now();
        scene.peers.remove(0).reset()?;
        match way {
            Way::Keep => mark.until_borne_by(0, &mut scene.program)?,
            Way::Connect | Way::Listen => {
                scene.ends_with(1)?;
                mark.is_gone()?;
            }
        }
        let took = begin.elapsed();
        if took < Duration::from_millis(280) {
            return Err(format!("after {took:?} already"));
        }
        Ok(())
    })
}

#[test]
fn a_program_that_ends_by_itself_when_its_peer_is_gone_is_let() -> Told {
    let meeting = Meeting::new(Way::Keep, Kind::Tcp4, Carrier::Kernel)?;
    let file = meeting.path("file");
    let line = format!("echo ready; cat >/dev/null; sleep .2; echo in peace > {file}");
    let mut scene = meeting.meet(&["-c", &line])?;
    scene.until("the program is ready", |s| s.peer().rx.got == b"ready\n")?;
    scene.peers.remove(0).reset()?;
    let wrote = |_| {
        std::fs::read(&file)
            .ok()
            .filter(|text| text == b"in peace\n")
    };
    let deadline = Deadline::usual();
    scene
        .program
        .repeat_until(deadline, "it has ended", wrote)
        .map(drop)
}

#[test]
fn exited_programs_are_reaped_at_once() -> Told {
    let meeting = Meeting::new(Way::Keep, Kind::Tcp4, Carrier::Kernel)?;
    let mut scene = meeting.meet(&["-c", "echo hello"])?;
    same("the answer", &meeting.end(&mut scene)?, b"hello\n")?;
    let place = place_of(&mut scene)?;
    for _ in 0..20 {
        answer_to_a_new_peer(&mut scene, &place)?;
    }
    let nobody = |id| children(id).is_empty().then_some(());
    let what = "it has no child, not even a dead one";
    scene.program.repeat_until(Deadline::usual(), what, nobody)
}

#[test]
fn a_daemon_that_lets_go_of_everything_is_left_alone() -> Told {
    let meeting = Meeting::new(Way::Listen, Kind::Tcp4, Carrier::Kernel)?;
    let mark = Mark::new();
    let line = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $!";
    let mut scene = meeting.dressed(&["-c", line], |program| mark.on(program))?;
    let got = meeting.end(&mut scene)?;
    let id = String::from_utf8_lossy(&got).trim().parse().ok();
    let id = id.and_then(rustix::process::Pid::from_raw);
    let id = id.ok_or_else(|| format!("it said {got:?}"))?;
    let lives = rustix::process::kill_process(id, Signal::KILL);
    lives.map_err(|e| format!("it is gone: {e}"))
}

#[test]
fn a_server_told_to_end_does_not_wait_for_a_peer_that_takes_nothing() -> Told {
    let mark = Mark::new();
    // The first peer's program writes more than a peer that does not read has room for, and less than
    // the kernel takes; the second one's only has to end.
    let line = "read n; if [ $n = 0 ]; then exec cat; fi; head -c $n /dev/zero";
    let program = mark.on(Program::ncat(server_words(&["-c", line])));
    let mut scene = Scene::of(program.with_usual_signals())?;
    let place = place_of(&mut scene)?;
    let narrow = place.connect_with(&crate::common::wire::Room::Narrow)?;
    scene.peers.push(narrow);
    scene.peer().rx.paused = true;
    scene.peer().tx.push(b"200000\n");
    scene.until("the first has asked", |s| s.peer().tx.is_done())?;
    scene.until_quiet(Duration::from_millis(50))?;
    scene.enter(&place)?;
    scene.peer().tx.push(b"0\nhello\n");
    scene.until("the second is served", |s| s.peer().rx.got == b"hello\n")?;
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143)?;
    mark.is_gone()
}

#[test]
fn the_place_is_free_when_we_are_gone() -> Told {
    let mark = Mark::new();
    let program = mark.on(Program::ncat(server_words(&["-e", "/bin/cat"])));
    let mut scene = Scene::of(program.with_usual_signals())?;
    let place = place_of(&mut scene)?;
    scene.enter(&place)?;
    scene.peer().tx.push(b"hello\n");
    scene.until("it is answered", |s| s.peer().rx.got == b"hello\n")?;
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143)?;
    mark.is_gone()?;
    let Place::Tcp(at) = place else {
        return Err("that is no TCP port".into());
    };
    let (host, port) = (at.ip().to_string(), at.port().to_string());
    let mut again = Scene::of(Program::ncat(["-l", "-v", &host, &port]))?;
    place_of(&mut again).map(drop)
}
