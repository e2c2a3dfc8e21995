//! What is done through a proxy besides talking: commands, looking for ports, logs.

use std::fs;

use crate::common::payload::same;
use crate::common::table::{Case, all_hold};
use crate::common::{Told, directory, told};
use crate::kits::{Kind, NAME, brought, calls, door, is_through, ncat, nobody, play, serving};
use crate::people::{hear, holds, port_of, say, words};

#[test]
fn a_command_talks_to_the_target() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for command in [["--exec", "/bin/cat"], ["--sh-exec", "cat"]] {
            cases.push(Case::new(format!("{kind} {command:?}"), move || {
                let mut scene = calls(kind, &command, &door()?)?;
                let mut steps = kind.steps(NAME, 80);
                if let Some(last) = steps.last_mut() {
                    last.answer.extend(b"early, ");
                }
                play(&mut scene, &steps)?;
                scene.peer().rx.got.clear();
                scene.peer().tx.push(b"and late\n");
                scene.peer().tx.finish();
                scene.until("it ended", |s| s.peer().rx.ended())?;
                scene.ends_with(0)?;
                same("what came back", &scene.peer().rx.got, b"early, and late\n")
            }));
            cases.push(Case::new(format!("{kind} {command:?}, ours"), move || {
                let mut scene = brought(kind, "127.0.0.1", &command, &door()?)?;
                scene.peer().tx.push(b"to and fro\n");
                scene.peer().tx.finish();
                scene.until("it ended", |s| s.peer().rx.ended())?;
                scene.ends_with(0)?;
                same("what came back", &scene.peer().rx.got, b"to and fro\n")
            }));
        }
    }
    all_hold(&cases)
}

#[test]
fn a_command_is_not_started_before_the_way_is_open() -> Told {
    for kind in Kind::ALL {
        let dir = directory()?;
        let file = dir.path().join("started");
        let command = format!("touch {}", file.display());
        let mut scene = calls(kind, &["-c", &command], &door()?)?;
        scene.peer().tx.finish();
        scene.ends_with(1)?;
        if file.exists() {
            return Err(format!("{kind}: it was started"));
        }
    }
    Ok(())
}

#[test]
fn ports_are_looked_for_through_each_kind() -> Told {
    let (_kept, gone) = nobody()?;
    let gone = port_of(&gone);
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        let gone = &gone;
        cases.push(Case::new(kind.to_string(), move || {
            let doors = (door()?, door()?);
            let (one, two) = (port_of(&doors.0.place), port_of(&doors.1.place));
            let all = format!("{one},{gone},{two}");
            let some = format!("{gone},{gone}");
            for (ports, status) in [(one.as_str(), 0), (gone, 1), (&all, 0), (&some, 1)] {
                let (running, place) = serving(kind, &[])?;
                let way = kind.to(&place);
                let mut scene = ncat(&[&way, &words(&[&["-z", "-v", "127.0.0.1", ports]])])?;
                scene.others.push(running);
                let outcome = scene.outcome()?;
                if outcome.code != status || !outcome.stdout.is_empty() {
                    return Err(format!("{ports}: {outcome:?}"));
                }
                for port in [&one, &two] {
                    let listed = ports.split(',').any(|listed| listed == port);
                    let told = outcome.stderr.contains(&format!("127.0.0.1:{port}"));
                    if listed != told {
                        return Err(format!("{ports}: {outcome:?}"));
                    }
                }
            }
            Ok(())
        }));
    }
    all_hold(&cases)
}

#[test]
fn of_many_ports_only_the_open_ones_are_named() -> Told {
    for kind in Kind::ALL {
        // Whoever asks for a name asks each that comes for the first time.
        for auth in [&[][..], &["--proxy-auth", "user:pass"]] {
            if kind == Kind::Login && !auth.is_empty() {
                continue; // it has told its own
            }
            let (kept, gone) = nobody()?;
            let (one, two) = (door()?, door()?);
            let (one, two) = (&one.place, &two.place);
            let ports = [&gone, one, &gone, &gone, two, &gone]
                .map(port_of)
                .join(",");
            let (running, place) = serving(kind, auth)?;
            let options = words(&[auth, &["-z", "-v", "127.0.0.1", &ports]]);
            let mut scene = ncat(&[&kind.to(&place), &options])?;
            scene.others.push(running);
            let said = scene.ends_with(0)?.stderr;
            drop(kept);
            let mut met: Vec<_> = said
                .lines()
                .filter(|line| line.contains("Connected"))
                .collect();
            met.sort_unstable();
            let mut due = [one, two].map(|place| format!("Ncat: Connected to {place}."));
            due.sort_unstable();
            if met != due {
                return Err(format!("{kind} {auth:?}: {said}"));
            }
        }
    }
    Ok(())
}

#[test]
fn logs_hold_what_goes_through_and_nothing_else() -> Told {
    for kind in Kind::ALL {
        let dir = directory()?;
        let (log, dump) = (dir.path().join("log"), dir.path().join("dump"));
        let (log, dump) = (log.display().to_string(), dump.display().to_string());
        let mut scene = calls(kind, &["-o", &log, "-x", &dump], &door()?)?;
        let mut steps = kind.steps(NAME, 80);
        if let Some(last) = steps.last_mut() {
            last.answer.extend(b"early\n");
        }
        play(&mut scene, &steps)?;
        scene.until("it is heard", |s| s.program.stdout.text() == "early\n")?;
        say(&mut scene, "there\n")?;
        hear(&mut scene, "back\n")?;
        scene.peer().tx.finish();
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        same("the log", &told(fs::read(&log))?, b"early\nthere\nback\n")?;
        let dump = told(fs::read_to_string(&dump))?;
        if dump.lines().count() != 3 {
            return Err(format!("{kind}: the dump is {dump}"));
        }
        holds("the dump", &dump, "0000   65 61 72 6c 79 0a")?;
    }
    Ok(())
}

#[test]
fn what_is_sent_only_or_heard_only_is_so_through_a_proxy_too() -> Told {
    for kind in Kind::ALL {
        let mut scene = is_through(kind, &["--send-only"])?;
        scene.program.stdin.push(b"all\n");
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        scene.until("it came", |s| s.peer().rx.ended())?;
        same("what came", &scene.peer().rx.got, b"all\n")?;
        let mut scene = is_through(kind, &["--recv-only"])?;
        scene.program.stdin.push(b"nothing of this\n");
        hear(&mut scene, "all\n")?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        same("what was said", &scene.peer().rx.got, b"")?;
    }
    Ok(())
}
