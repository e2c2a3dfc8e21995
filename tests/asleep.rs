//! With nothing to do nothing runs: a program that waits is not woken by any clock of its own.

mod common;

use std::fs;
use std::time::Duration;

use common::setting::everywhere;
use common::table::{Case, all_hold};
use common::{Carrier, In, Over, Place, Program, Scene, Setting, Side, Told, directory};

/// How long the silence is watched.
const A_WHILE: Duration = Duration::from_millis(1000);

/// How often the process has given the processor away or lost it; waking up and going back to sleep
/// adds one at least.
fn switches(id: u32) -> Told<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).map_err(|e| e.to_string())?;
    let count = |name| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
    };
    count("voluntary_ctxt_switches:").ok_or_else(|| "the kernel does not count".into())
}

/// Sees that the program sleeps and is still there afterwards.
fn sleeps(scene: &mut Scene) -> Told {
    sleeps_but_for(0, scene)
}

/// The same where the kernel itself may have `news` to tell.
fn sleeps_but_for(news: u64, scene: &mut Scene) -> Told {
    scene.until_quiet(Duration::from_millis(100))?;
    let before = switches(scene.program.id())?;
    scene.holds(A_WHILE, "the program is there", |s| {
        s.program.status.is_none()
    })?;
    match switches(scene.program.id())? - before {
        times if times <= news => Ok(()),
        times => Err(format!("it woke up {times} times in {A_WHILE:?}")),
    }
}

#[test]
fn a_conversation_in_which_nobody_speaks_sleeps() -> Told {
    let play = |setting: &Setting, options: &[&str]| {
        let mut scene = setting.meet(options, |program| program.stdin(In::Pipe))?;
        scene.peer().tx.push(b"hello\n");
        scene.program.stdin.push(b"hello\n");
        scene.until("both have spoken", |s| {
            s.peer().rx.got.len() + s.program.stdout.got.len() == 12
        })?;
        sleeps(&mut scene)
    };
    everywhere(|setting| play(setting, &[]))?;
    let dressed = [
        &["-i", "1h"][..],
        &["-d", "10ms"],
        &["-o", "/dev/null"],
        &["-q", "1h"],
    ];
    let cases = dressed.map(|options| {
        Case::new(options[0], move || {
            play(
                &Setting::new(Side::Client, Over::Tcp, Carrier::Kernel)?,
                options,
            )
        })
    });
    all_hold(&cases)
}

#[test]
fn a_conversation_with_one_half_ended_sleeps() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Null))?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        sleeps(&mut scene)
    })?;
    everywhere(|setting| {
        let mut scene = setting.meet(&["--half-close"], |program| program.stdin(In::Pipe))?;
        scene.peer().tx.finish();
        scene.until("stdout ended", |s| s.program.stdout.ended())?;
        sleeps(&mut scene)
    })
}

#[test]
fn a_conversation_that_is_stuck_sleeps() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Pipe))?;
        scene.program.stdout.paused = true;
        scene.peer().rx.paused = true;
        let lull = Duration::from_millis(60);
        scene.flood(lull, common::payload::endless_lines(1, 1 << 18), |s| {
            &mut s.peer().tx
        })?;
        scene.flood(lull, common::payload::endless_lines(2, 1 << 18), |s| {
            &mut s.program.stdin
        })?;
        // TCP probes a window that is closed, and the answer may be news.
        sleeps_but_for(2, &mut scene)
    })
}

#[test]
fn a_server_that_waits_sleeps() -> Told {
    let dir = directory()?;
    let path = dir.path().join("socket").display().to_string();
    let unix = ["-U", &path];
    let mut cases = Vec::new();
    for (name, words) in [
        ("TCP", &["127.0.0.1", "0"][..]),
        ("TCP -k", &["-k", "127.0.0.1", "0"]),
        ("both families", &["0"]),
        ("UDP", &["-u", "127.0.0.1", "0"]),
        ("UDP -k", &["-u", "-k", "127.0.0.1", "0"]),
        ("Unix", &unix),
    ] {
        cases.push(Case::new(name, move || {
            let words = ["-l", "-v"].iter().chain(words).copied();
            let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
            common::scene::announced(&mut scene, 1)?;
            sleeps(&mut scene)
        }));
    }
    all_hold(&cases)
}

#[test]
fn a_server_with_many_silent_peers_sleeps() -> Told {
    for carrier in Carrier::BOTH {
        let words = ["-l", "-k", "-v", "127.0.0.1", "0"];
        let mut scene = Scene::of(Program::ncat(words).carrier(carrier).stdin(In::Pipe))?;
        let place: Place = common::scene::place_of(&mut scene)?;
        for _ in 0..20 {
            scene.enter(&place)?;
        }
        scene.peers[0].tx.finish();
        scene.until("the one that ended was let go", |s| s.peers[0].rx.ended())?;
        sleeps(&mut scene)?;
    }
    Ok(())
}
