//! Logs that cannot be opened, and logs that must not be emptied.

use std::fs;

use crate::common::payload::same;
use crate::common::{In, Place, Program, Scene, Told, directory, told};
use crate::{deaf_port, outcome_of, says};

#[test]
fn a_log_that_cannot_be_opened_stops_it_at_once() -> Told {
    let dir = directory()?;
    let none = dir.path().join("none/log").display().to_string();
    let this = dir.path().display().to_string();
    for option in ["-o", "-x"] {
        says(
            &[option, &none, "127.0.0.1", "9"],
            2,
            "open: No such file or directory",
        )?;
        says(
            &[option, &this, "-l", "127.0.0.1", "0"],
            2,
            "open: Is a directory",
        )?;
    }
    Ok(())
}

#[test]
fn a_log_is_emptied_only_once_the_command_line_is_known_to_be_right() -> Told {
    let dir = directory()?;
    let (_held, port) = deaf_port()?;
    for option in ["-o", "-x"] {
        let log = dir.path().join("log");
        told(fs::write(&log, "old"))?;
        let words = log.display().to_string();
        for wrong in [
            &["127.0.0.1", "1", "2"][..],
            &["127.0.0.1", "x"],
            &["-m", "3", "127.0.0.1"],
            &["--bogus"],
        ] {
            let outcome = outcome_of(Program::ncat([option, &words].iter().chain(wrong)))?;
            same(
                &format!("the log after {wrong:?}"),
                &told(fs::read(&log))?,
                b"old",
            )?;
            if outcome.code != 2 {
                return Err(format!("{wrong:?} gave {}", outcome.code));
            }
        }
        outcome_of(Program::ncat([
            option,
            &words,
            "--append-output",
            "127.0.0.1",
            &port,
        ]))?;
        same(
            "the log with --append-output",
            &told(fs::read(&log))?,
            b"old",
        )?;
        outcome_of(Program::ncat([option, &words, "127.0.0.1", &port]))?;
        same(
            "the log after a right command line",
            &told(fs::read(&log))?,
            b"",
        )?;
    }
    Ok(())
}

#[test]
fn a_log_that_takes_nothing_is_told_in_plain_words() -> Told {
    for option in ["-o", "-x"] {
        let door = Place::any_port().open()?;
        let words = [option, "/dev/full"].map(str::to_owned);
        let program = Program::ncat(words.into_iter().chain(door.place.words()));
        let mut scene = Scene::of(program.stdin(In::Null))?;
        scene.admit(&door)?;
        scene.peer().tx.push(b"hello\n");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, b"hello\n")?;
        let wanted = "Ncat: write to log /dev/full: No space left on device. \
                      The log ends here; the conversation goes on.\n";
        same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())?;
    }
    Ok(())
}
