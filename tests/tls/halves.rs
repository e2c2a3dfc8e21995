//! One direction may end while the other goes on, as over plain TCP, whichever side says so first.

use crate::common::payload::{noise, same};
use crate::common::{In, Program, Scene, Told};
use crate::library::{Caller, config};
use crate::people::{Two, holds, listening, port_of};

const BULK: usize = 1 << 20;

#[test]
fn the_caller_ends_first_and_hears_the_rest() -> Told {
    let mut two = Two::ncats(&["--half-close"], &[])?;
    let (first, rest) = (noise(3, BULK), noise(4, BULK));
    two.caller.program.stdin.push(&first);
    two.caller.program.stdin.finish();
    two.until("the listener heard the end", |two| {
        two.listener.program.stdout.ended()
    })?;
    same("the listener", &two.listener.program.stdout.got, &first)?;
    two.listener.program.stdin.push(&rest);
    two.listener.program.stdin.finish();
    two.both_end_well()?;
    same("the caller", &two.caller.program.stdout.got, &rest)
}

#[test]
fn the_listener_ends_first_and_hears_the_rest() -> Told {
    let mut two = Two::ncats(&[], &["--half-close"])?;
    let (first, rest) = (noise(5, BULK), noise(6, BULK));
    two.listener.program.stdin.push(&first);
    two.listener.program.stdin.finish();
    two.until("the caller heard the end", |two| {
        two.caller.program.stdout.ended()
    })?;
    same("the caller", &two.caller.program.stdout.got, &first)?;
    two.caller.program.stdin.push(&rest);
    two.caller.program.stdin.finish();
    two.both_end_well()?;
    same("the listener", &two.listener.program.stdout.got, &rest)
}

#[test]
fn a_file_is_sent_to_its_end_though_the_peer_has_ended() -> Told {
    let dir = crate::common::directory()?;
    let (path, all) = (dir.path().join("file"), noise(7, 4 * BULK));
    std::fs::write(&path, &all).map_err(|e| e.to_string())?;
    let (mut scene, place) =
        crate::people::listening_as(&["--ssl"], |program| program.stdin(In::File(path)))?;
    let mut caller = Caller::connect(&place, &config()?)?;
    caller.finish()?;
    same("what the library heard", &caller.hear_all()?, &all)?;
    scene.ends_with(0)?;
    Ok(())
}

#[test]
fn an_end_of_stdin_is_told_to_the_library_which_goes_on() -> Told {
    let (mut scene, place) = listening(&["--ssl"])?;
    let mut caller = Caller::connect(&place, &config()?)?;
    scene.program.stdin.push(b"all of it");
    scene.program.stdin.finish();
    scene.until("stdin is taken", |s| s.program.stdin.is_done())?;
    assert_eq!(caller.hear_all()?, b"all of it", "before the end");
    caller.say(b"and I go on\n")?;
    scene.until("stdout shows it", |s| {
        s.program.stdout.text() == "and I go on\n"
    })?;
    caller.finish()?;
    scene.ends_with(0)?;
    Ok(())
}

#[test]
fn the_end_of_stdin_is_kept_back_when_that_is_asked_for() -> Told {
    let (mut scene, place) = listening(&["--ssl", "--no-shutdown"])?;
    let mut caller = Caller::connect(&place, &config()?)?;
    scene.program.stdin.push(b"hello");
    scene.program.stdin.finish();
    scene.until("stdin is taken", |s| s.program.stdin.is_done())?;
    assert_eq!(caller.hear(5)?, b"hello", "before the end");
    caller.say(b"still there?\n")?;
    scene.until("stdout shows it", |s| {
        s.program.stdout.text() == "still there?\n"
    })?;
    caller.finish()?;
    scene.ends_with(0)?;
    assert_eq!(caller.hear_all()?, b"", "a goodbye in the end");
    Ok(())
}

#[test]
fn sending_only_says_goodbye_and_leaves() -> Told {
    let all = noise(8, BULK);
    let (listener, place) = listening(&["--ssl", "--recv-only"])?;
    let words = ["--ssl", "--send-only", "127.0.0.1", &port_of(&place)];
    let caller = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    let mut two = Two { listener, caller };
    two.caller.program.stdin.push(&all);
    two.caller.program.stdin.finish();
    two.both_end_well()?;
    same("the listener", &two.listener.program.stdout.got, &all)
}

#[test]
fn a_peer_that_breaks_the_protocol_behind_our_goodbye_is_found_out() -> Told {
    let (mut scene, place) = listening(&["--ssl"])?;
    let mut caller = Caller::connect(&place, &config()?)?;
    scene.program.stdin.finish();
    assert_eq!(caller.hear_all()?, b"", "a goodbye");
    caller.spoil()?;
    let outcome = scene.ends_with(1)?;
    holds("stderr", &outcome.stderr, "cannot be decrypted")
}

#[test]
fn a_peer_that_breaks_the_protocol_and_takes_nothing_is_not_waited_for() -> Told {
    // What it does not take is on its way by then or not; either must do.
    for _ in 0..4 {
        let endless = |program: Program| program.stdin(In::File("/dev/zero".into()));
        let (mut scene, place) = crate::people::listening_as(&["--ssl"], endless)?;
        let mut caller = Caller::connect(&place, &config()?)?;
        caller.hear(1)?;
        caller.spoil()?;
        let outcome = scene.ends_with(1)?;
        holds("stderr", &outcome.stderr, "cannot be decrypted")?;
    }
    Ok(())
}
