//! How lines look: time, colour, and what becomes of them when nobody reads.

use std::time::Duration;

use rustix::pipe::fcntl_setpipe_size;

use crate::common::program::terminal;
use crate::common::{Catcher, In, Medium, Place, Program, Scene, Told};
use crate::read::{serving, tells, told_by_now, word};

/// Long enough for all that a program says by itself.
const A_MOMENT: Duration = Duration::from_millis(100);

/// The complaint of a run without a listener, as these options and variables make it look.
fn complaint(options: &[&str], env: &[(&str, &str)]) -> Told<String> {
    let args = options.iter().chain(&["-l", "192.0.2.1", "1"]);
    let mut program = Program::ncat(args);
    for (name, value) in env {
        program = program.env(name, value);
    }
    let stderr = Scene::of(program)?.ends_with(2)?.stderr;
    Ok(stderr.lines().next().unwrap_or_default().to_owned())
}

const WORDS: &str = "bind to 192.0.2.1:1: Cannot assign requested address. QUITTING.";

#[test]
fn colour_is_in_front_of_a_line_only_and_where_it_is_wanted() -> Told {
    let red = format!("\x1b[31mNcat:\x1b[0m {WORDS}");
    let plain = format!("Ncat: {WORDS}");
    for (options, env, wanted) in [
        (&[][..], &[][..], &plain),
        (&["--color", "always"], &[("NO_COLOR", "1")], &red),
        (&["--color", "always"], &[("TERM", "dumb")], &red),
        (&["--color", "auto"], &[("TERM", "xterm")], &plain),
        (&["--color", "never"], &[], &plain),
    ] {
        let said = complaint(options, env)?;
        if said != *wanted {
            return Err(format!("{options:?} with {env:?}: {said:?}"));
        }
    }
    Ok(())
}

/// What the program says on a terminal.
pub(crate) fn on_terminal(options: &[&str], env: &[(&str, &str)]) -> Told<String> {
    let (ours, theirs) = terminal()?;
    let onto_stdin = ["sh", "-c", "exec \"$@\" 2>&0", "sh"];
    let mut program = Program::ncat(options)
        .stdin(In::Given(theirs))
        .through(&onto_stdin)
        .env("TERM", "xterm")
        .env("NO_COLOR", "");
    for (name, value) in env {
        program = program.env(name, value);
    }
    let mut scene = Scene::of(program)?;
    scene.program.stderr = Catcher::new(ours, Medium::Terminal);
    Ok(scene.outcome()?.stderr)
}

#[test]
fn a_terminal_sees_colour_unless_it_is_unwanted() -> Told {
    for (options, env, coloured) in [
        (&[][..], &[][..], true),
        (&[], &[("NO_COLOR", "1")], false),
        (&[], &[("NO_COLOR", "")], true),
        (&[], &[("TERM", "dumb")], false),
        (&["--color", "never"], &[], false),
        (&["--log-format", "json"], &[], false),
    ] {
        let args = [options, &["-l", "192.0.2.1", "1"]].concat();
        let said = on_terminal(&args, env)?;
        if said.contains("\x1b[31mNcat:\x1b[0m bind") != coloured {
            return Err(format!("{options:?} with {env:?}: {said:?}"));
        }
        if !said.contains("Cannot assign requested address. QUITTING.") {
            return Err(format!("{options:?} with {env:?} hides words: {said:?}"));
        }
    }
    Ok(())
}

#[test]
fn each_line_has_the_time_if_that_is_wanted() -> Told {
    let said = complaint(&["--timestamps"], &[])?;
    let (time, words) = said.split_at_checked(25).ok_or("no time")?;
    let shape: String = time
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    match shape == "0000-00-00T00:00:00.000Z " && words == format!("Ncat: {WORDS}") {
        true => Ok(()),
        false => Err(format!("no time and words: {said:?}")),
    }
}

#[test]
fn lines_that_nobody_reads_are_counted_and_never_cut() -> Told {
    // A pipe of this size holds some thirty of these lines.
    const VISITS: usize = 100;
    let (mut scene, place) = serving(&["-m", "0"])?;
    let pipe = scene.program.stderr.fd().ok_or("there is no stderr")?;
    fcntl_setpipe_size(pipe, 4096).map_err(|e| format!("the pipe keeps its size: {e}"))?;
    scene.program.stderr.paused = true;
    for _ in 0..VISITS {
        visit(&mut scene, &place)?;
    }
    scene.program.stderr.paused = false;
    scene.until_quiet(A_MOMENT)?;
    visit(&mut scene, &place)?;
    tells(&mut scene, "dropped")?;
    scene.until("all were told of", |s| {
        heard_and_missing(s).is_ok_and(|(all, _)| all > VISITS as u64)
    })?;
    let (all, missing) = heard_and_missing(&scene)?;
    match missing > 0 && all == VISITS as u64 + 1 {
        true => Ok(()),
        false => Err(format!(
            "of {VISITS} visits and one, {all} are known of, {missing} by number"
        )),
    }
}

/// Those who were told of or counted, and those who were counted only.
fn heard_and_missing(scene: &Scene) -> Told<(u64, u64)> {
    let (mut all, mut missing) = (0, 0);
    for object in told_by_now(scene)? {
        match word(&object, "event") {
            "denied" => all += 1,
            "dropped" => missing += object["count"].as_u64().unwrap_or_default(),
            _ => {}
        }
    }
    Ok((all + missing, missing))
}

/// Comes, and waits until it is sent away.
fn visit(scene: &mut Scene, place: &Place) -> Told {
    scene.enter(place)?;
    scene.until("it is sent away", |s| s.peer().rx.ended())?;
    scene.peers.clear();
    Ok(())
}
