//! Stdin and stdout that fail, are closed, or are something else than expected.

use std::fs;
use std::time::Duration;

use crate::common::payload::{endless_lines, noise, same};
use crate::common::program::pipe;
use crate::common::setting::{everywhere, in_settings};
use crate::common::{Ending, Feeder, In, Medium, Out, Place, Program, Scene, Side, Told, told};
use crate::{deaf_port, outcome_of};

/// Stdout fails while stdin had something for the peer: the peer still gets it.
fn stdout_fails_with(reason: &str, stdout: impl Fn() -> Told<Out> + Send + Sync) -> Told {
    everywhere(|setting| {
        let out = stdout()?;
        let mut scene = setting.meet(&[], |program| program.stdin(In::Pipe).stdout(out))?;
        let data = noise(1, 100_000);
        scene.program.stdin.push(&data);
        scene.until("the peer has everything", |s| {
            s.peer().rx.got.len() >= data.len()
        })?;
        scene.peer().tx.push(b"hello\n");
        let outcome = scene.ends_with(2)?;
        same("the peer", &scene.peer().rx.got, &data)?;
        let said = format!("Ncat: write: {reason}");
        if outcome.stderr.lines().any(|line| line.starts_with(&said)) {
            return Ok(());
        }
        Err(format!(
            "stderr does not say {said:?}: {:?}",
            outcome.stderr
        ))
    })
}

#[test]
fn a_stdout_that_nobody_reads_any_more_ends_it_with_2() -> Told {
    stdout_fails_with("Broken pipe", || {
        let (read, write) = pipe()?;
        drop(read);
        Ok(Out::Given(write))
    })
}

#[test]
fn a_full_disk_ends_it_with_2() -> Told {
    stdout_fails_with("No space left on device", || Ok(Out::Full))
}

#[test]
fn what_was_read_of_stdin_is_delivered_though_stdout_has_failed() -> Told {
    everywhere(|setting| {
        let (read, write) = pipe()?;
        let left_over = told(read.try_clone())?;
        let mut scene = setting.meet(&[], |program| {
            program.stdin(In::Given(read)).stdout(Out::Full)
        })?;
        scene.program.stdin = Feeder::new(write, Medium::Pipe);
        scene.peer().rx.paused = true;
        let pieces = endless_lines(1, 1 << 18);
        scene.flood(Duration::from_millis(50), pieces, |s| &mut s.program.stdin)?;
        scene.peer().tx.push(b"hello\n");
        scene.until("it is told", |s| {
            s.program.stderr.text().contains("No space left")
        })?;
        scene.peer().rx.paused = false;
        scene.ends_with(2)?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        let left = rustix::io::ioctl_fionread(&left_over).map_err(|e| e.to_string())?;
        let fed = scene.program.stdin.fed();
        let read = fed.len() - usize::try_from(left).map_err(|e| e.to_string())?;
        same("the peer", &scene.peers[0].rx.got, &fed[..read])
    })
}

#[test]
fn a_stdout_that_breaks_under_load_is_told_and_not_hung_on() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Pipe))?;
        scene.program.stdout.paused = true;
        let mut pieces = endless_lines(1, 1 << 18);
        scene.flood(Duration::from_millis(50), &mut pieces, |s| &mut s.peer().tx)?;
        scene.program.stdout.drop_end();
        scene.ends_with(2).map(drop)
    })
}

#[test]
fn a_closed_stdin_is_one_that_has_ended() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Closed))?;
        scene.until("the peer saw the end", |s| {
            s.peer().rx.end == Some(Ending::Eof)
        })?;
        scene.peer().tx.push(b"hello\n");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, b"hello\n")
    })
}

#[test]
fn a_closed_stdout_takes_nothing_away_from_the_peer() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Pipe).stdout(Out::Closed))?;
        let data = noise(2, 300_000);
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, &data)?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn a_stdin_that_cannot_be_read_is_told_with_its_reason() -> Told {
    everywhere(|setting| {
        let dir = setting.dir().to_owned();
        let mut scene = setting.meet(&[], |program| program.stdin(In::File(dir)))?;
        let outcome = scene.ends_with(1)?;
        let told = outcome.stderr.contains("Is a directory");
        if told {
            Ok(())
        } else {
            Err(format!("stderr gives no reason: {:?}", outcome.stderr))
        }
    })
}

#[test]
fn a_failing_stdout_does_not_end_a_server_that_keeps_open() -> Told {
    in_settings(
        |s| s.side == Side::Server,
        |setting| {
            let mut scene =
                setting.meet(&["-k"], |program| program.stdin(In::Pipe).stdout(Out::Full))?;
            scene.peer().tx.push(b"hello\n");
            scene.until("it is told", |s| {
                s.program.stderr.text().contains("No space left on device")
            })?;
            scene.program.stdin.push(b"answer\n");
            scene.until("the peer is answered", |s| s.peer().rx.got == b"answer\n")?;
            scene.holds(Duration::from_millis(100), "the server is there", |s| {
                s.program.status.is_none()
            })
        },
    )
}

#[test]
fn a_terminal_that_hangs_up_ends_stdin() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |program| program.stdin(In::Terminal))?;
        scene.program.stdin.push(b"hello\n");
        scene.until("the peer has the line", |s| s.peer().rx.got == b"hello\n")?;
        scene.program.stdin.drop_end();
        scene.until("the peer saw an end", |s| s.peer().rx.ended())?;
        scene.peer().tx.finish();
        scene.outcome().map(drop)
    })
}

#[test]
fn a_stdin_that_is_only_open_for_writing_is_told() -> Told {
    everywhere(|setting| {
        let file = told(fs::File::create(setting.dir().join("file")))?;
        let mut scene = setting.meet(&[], |program| program.stdin(In::Given(file.into())))?;
        let outcome = scene.ends_with(1)?;
        let told = outcome.stderr.contains("Bad file descriptor");
        if told {
            Ok(())
        } else {
            Err(format!("stderr gives no reason: {:?}", outcome.stderr))
        }
    })
}

#[test]
fn a_stderr_that_takes_nothing_changes_nothing_else() -> Told {
    let (_held, port) = deaf_port()?;
    for stderr in ["exec \"$@\" 2>/dev/full", "exec \"$@\" 2>&-"] {
        let program = |words: &[&str]| Program::ncat(words).through(&["sh", "-c", stderr, "sh"]);
        for (words, status) in [
            (&["-v", "127.0.0.1", &port][..], 1),
            (&["--bogus"], 2),
            (&["-v", "-l", "192.0.2.99", "9"], 2),
            (&["--version"], 0),
        ] {
            let outcome = outcome_of(program(words))?;
            if outcome.code != status {
                return Err(format!(
                    "{words:?} with {stderr:?} gives {} instead of {status}",
                    outcome.code
                ));
            }
        }
        let door = Place::any_port().open()?;
        let words: Vec<String> = ["-vvv".to_owned()]
            .into_iter()
            .chain(door.place.words())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut scene = Scene::of(program(&words).stdin(In::Pipe))?;
        scene.admit(&door)?;
        scene.program.stdin.push(b"hello\n");
        scene.program.stdin.finish();
        scene.peer().tx.push(b"world\n");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, b"hello\n")?;
        same("stdout", &outcome.stdout, b"world\n")?;
    }
    Ok(())
}

#[test]
fn help_that_cannot_be_printed_is_no_success() -> Told {
    let outcome = outcome_of(Program::ncat(["--help"]).stdout(Out::Full))?;
    let told = outcome
        .stderr
        .starts_with("Ncat: write: No space left on device");
    if outcome.code == 2 && told {
        Ok(())
    } else {
        Err(format!("status {} with {:?}", outcome.code, outcome.stderr))
    }
}
