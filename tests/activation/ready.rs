//! `--ready-fd`: a newline, and the end.

use std::io::Write;
use std::os::fd::OwnedFd;

use crate::common::payload::same;
use crate::common::program::pipe;
use crate::common::scene::place_of;
use crate::common::{In, Out, Place, Program, Scene, Told, told};

/// What is written to descriptor 3 is what the test gets as its stdout.
const APART: [&str; 4] = ["sh", "-c", "exec \"$@\" 3>&1 1>/dev/null", "sh"];

fn ncat<'a>(words: impl IntoIterator<Item = &'a str>) -> Program {
    let words = ["-v", "--ready-fd", "3"].into_iter().chain(words);
    Program::ncat(words).through(&APART)
}

fn is_told(scene: &mut Scene) -> Told {
    scene.until("the descriptor is closed", |s| s.program.stdout.ended())?;
    same("what was written", &scene.program.stdout.got, b"\n")
}

#[test]
fn it_is_told_when_all_places_are_open() -> Told {
    for options in [&["-l"][..], &["-l", "-k"], &["-l", "-u"], &["--chat"]] {
        let words = options
            .iter()
            .copied()
            .chain(["127.0.0.1,127.0.0.2", "0,0"]);
        let mut scene = Scene::of(ncat(words))?;
        is_told(&mut scene)?;
        let said = scene.program.stderr.text();
        let count = said.matches("Listening on").count();
        if count != 4 {
            return Err(format!("{options:?}: it listens at {count} places"));
        }
    }
    Ok(())
}

#[test]
fn it_is_told_when_the_peer_is_met() -> Told {
    let door = Place::any_port().open()?;
    let words = door.place.words();
    let mut scene = Scene::of(ncat(words.iter().map(String::as_str)))?;
    scene.admit(&door)?;
    is_told(&mut scene)?;
    scene.peer().tx.finish();
    scene.ends_with(0).map(drop)
}

#[test]
fn nothing_is_told_when_nothing_comes_of_it() -> Told {
    let held = Place::any_port().open()?;
    let words = held.place.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut scene = Scene::of(ncat(["-l"].into_iter().chain(words)))?;
    same("what was written", &scene.ends_with(2)?.stdout, b"")?;
    let mut scene = Scene::of(ncat(["127.0.0.1", "1"]))?;
    same("what was written", &scene.ends_with(1)?.stdout, b"")
}

#[test]
fn a_program_has_no_part_in_it() -> Told {
    let mut scene = Scene::of(ncat(["-l", "-c", crate::TELL, "127.0.0.1", "0"]))?;
    is_told(&mut scene)?;
    let place = place_of(&mut scene)?;
    scene.enter(&place)?;
    scene.until("the program has told", |s| s.peer().rx.ended())?;
    same("what it has", &scene.peer().rx.got, crate::TOLD)
}

/// A listener that cannot tell goes on, and says why.
fn goes_on(descriptor: OwnedFd, why: &str) -> Told {
    let words = ["-v", "--ready-fd", "3", "-l", "127.0.0.1", "0"];
    let program = Program::ncat(words)
        .through(&["sh", "-c", "exec \"$@\" 3>&1 1>/dev/null", "sh"])
        .stdin(In::Null)
        .stdout(Out::Given(descriptor));
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    let sentence = format!("Ncat: Nobody could be told at --ready-fd that we are ready: {why}.\n");
    scene.until("it says so", |s| {
        s.program.stderr.text().contains(&sentence)
    })?;
    scene.enter(&place)?;
    scene.peer().tx.finish();
    scene.ends_with(0).map(drop)
}

#[test]
fn whoever_has_left_or_does_not_listen_keeps_nobody_from_going_on() -> Told {
    let (from, to) = pipe()?;
    drop(from);
    goes_on(to, "Broken pipe")?;
    let (_from, to) = pipe()?;
    told(rustix::io::ioctl_fionbio(&to, true).map_err(Into::into))?;
    let mut file = std::fs::File::from(to);
    while file.write(&[0; 4096]).is_ok() {}
    told(rustix::io::ioctl_fionbio(&file, false).map_err(Into::into))?;
    goes_on(file.into(), "it takes no more")
}

#[test]
fn a_number_must_be_that_of_a_descriptor_left_to_us() -> Told {
    let cases = [
        (
            "99",
            "Descriptor 99 was not left to us for --ready-fd to write to: Bad file descriptor.",
        ),
        (
            "1",
            "Invalid descriptor \"1\": --ready-fd takes the number of one, from 3 on.",
        ),
        (
            "x",
            "Invalid descriptor \"x\": --ready-fd takes the number of one, from 3 on.",
        ),
    ];
    for (number, sentence) in cases {
        let outcome = Scene::of(Program::ncat(["-l", "--ready-fd", number]))?.ends_with(2)?;
        let wanted = format!("Ncat: {sentence} QUITTING.\n");
        same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())?;
    }
    let (from, _to) = pipe()?;
    let program = Program::ncat(["-l", "--ready-fd", "3"]).stdin(In::Given(from));
    let program = program.through(&["sh", "-c", "exec \"$@\" 3<&0", "sh"]);
    let outcome = Scene::of(program)?.ends_with(2)?;
    let wanted = "Ncat: Descriptor 3 was not left to us for --ready-fd to write to: it is for \
                  reading. QUITTING.\n";
    same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())?;
    let socket = Place::any_port().open()?.socket;
    let program = crate::left(socket.into(), &["-l", "--ready-fd", "3"]);
    let outcome = Scene::of(program)?.ends_with(2)?;
    let wanted = "Ncat: Descriptor 3 is a socket to listen on, and not where --ready-fd can tell \
                  anybody. QUITTING.\n";
    same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())
}

/// A log is opened behind that, and might have got the number.
#[test]
fn what_we_open_ourselves_is_not_taken_for_it() -> Told {
    let dir = crate::common::directory()?;
    let log = dir.path().join("log").display().to_string();
    let words = ["-l", "-o", &log, "--ready-fd", "3", "127.0.0.1", "0"];
    let outcome = Scene::of(Program::ncat(words))?.ends_with(2)?;
    let wanted = "Ncat: Descriptor 3 was not left to us for --ready-fd to write to: Bad file descriptor. \
                  QUITTING.\n";
    same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())
}
