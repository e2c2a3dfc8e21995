//! A second line says what helps, where that is certain, and the first line stays as it is.

use std::fs;
use std::os::unix::net::UnixListener;

use serde_json::Value;

use crate::common::{Place, Program, Scene, Told, told};
use crate::lines::on_terminal;
use crate::read::{closed_port, objects, speaking};

/// The lines of a run, the last of which is a hint with these words; and that machines get the hint as well.
fn hinted(args: &[&str], first: &str, hint: &str) -> Told {
    let plain = Scene::of(Program::ncat(args))?.outcome()?.stderr;
    if plain.contains(hint) {
        return Err(format!("scripts read {hint:?} as well: {plain:?}"));
    }
    let stderr = on_terminal(args, &[("TERM", "dumb")])?;
    let mut lines = stderr.lines();
    if !lines.next().unwrap_or_default().ends_with(first) {
        return Err(format!(
            "{args:?} does not begin with {first:?}: {stderr:?}"
        ));
    }
    if !lines.next_back().unwrap_or_default().contains(hint) {
        return Err(format!("{args:?} does not end with {hint:?}: {stderr:?}"));
    }
    let told = objects(&Scene::of(speaking(args))?.outcome()?.stderr)?;
    let hints = told.iter().filter_map(|object| object.get("hint"));
    let mut right = hints.filter(|told| told.as_str().is_some_and(|told| told.contains(hint)));
    match right.next() {
        Some(_) => Ok(()),
        None => Err(format!("machines are not told of {hint:?}: {told:?}")),
    }
}

#[test]
fn what_helps_is_said_in_a_line_of_its_own() -> Told {
    let dir = told(tempfile::tempdir())?;
    let (deserted, missing) = (dir.path().join("deserted"), dir.path().join("missing"));
    drop(told(UnixListener::bind(&deserted))?);
    let (deserted, missing) = (
        deserted.display().to_string(),
        missing.display().to_string(),
    );
    let taken = Place::any_port().open()?;
    let words = taken.place.words();
    for (args, first, hint) in [
        (
            &["--ssl-verfy", "localhost"][..],
            "unrecognized option '--ssl-verfy'",
            "Ncat: Did you mean --ssl-verify?",
        ),
        (
            &["-l", "192.0.2.1", "9"],
            "Ncat: bind to 192.0.2.1:9: Cannot assign requested address. QUITTING.",
            "192.0.2.1 is not an address of this machine.",
        ),
        (
            &["-l", &words[0], &words[1]],
            "Address already in use. QUITTING.",
            "shows who uses the port",
        ),
        (
            &["-U", &deserted],
            "Ncat: Connection refused.",
            "nobody listens at it",
        ),
        (
            &["-U", &missing],
            "Ncat: No such file or directory.",
            "no socket at that path",
        ),
        (&["fe80::1", "9"], "Ncat: Invalid argument.", "%eth0"),
    ] {
        // What a machine hears of comes without the name in front.
        hinted(args, first, hint.trim_start_matches("Ncat: "))?;
    }
    Ok(())
}

#[test]
fn nothing_is_said_where_nothing_is_certain() -> Told {
    let (_reserved, port) = closed_port()?;
    for args in [&["--nothing-like-it"][..], &["127.0.0.1", &port]] {
        let stderr = Scene::of(speaking(args))?.outcome()?.stderr;
        let told = objects(&stderr)?;
        let hint = told.iter().find_map(|object| object.get("hint"));
        if let Some(Value::String(hint)) = hint {
            return Err(format!("{args:?} is answered by {hint:?}"));
        }
    }
    Ok(())
}

#[cfg(feature = "tls")]
#[test]
fn a_certificate_signed_by_itself_can_be_trusted() -> Told {
    let (_server, place) = crate::read::serving(&["--ssl"])?;
    let words = place.words();
    let args = [
        "--ssl-verify",
        "--ssl-servername",
        "localhost",
        &words[0],
        &words[1],
    ];
    hinted(
        &args,
        "The certificate is self-signed and not trusted.",
        "--ssl-trustfile",
    )
}

#[test]
fn what_is_not_a_path_is_harmless_in_front_of_a_terminal() -> Told {
    let dir = told(tempfile::tempdir())?;
    let door = dir.path().join("door");
    let odd = dir.path().join("\x1b[31m\u{9b}x");
    let args = ["-l", "-v", "-U", &door.display().to_string()];
    let mut scene = Scene::of(Program::ncat(args))?;
    scene.until("it listens", |s| {
        s.program.stderr.text().contains("Listening")
    })?;
    let room = crate::common::wire::Room::Usual;
    scene.peers.push(Place::Unix(door).connect_as(&odd, &room)?);
    scene.until("it was told who came", |s| {
        s.program.stderr.text().contains("Connection from")
    })?;
    let said = scene.program.stderr.text();
    let _ = fs::remove_file(&odd); // the directory goes anyway
    match said.chars().all(|c| c == '\n' || !c.is_control()) {
        true => Ok(()),
        false => Err(format!("a terminal would obey {said:?}")),
    }
}
