//! NOTIFY_SOCKET: messages to the service manager.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use rustix::process::Signal;

use crate::common::deadline::USUAL;
use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::{Place, Program, Scene, Told, directory, told};
use crate::{TELL, TOLD};

/// Whoever is told, and by what name: a path or an abstract name.
fn managers(dir: &Path) -> Told<Vec<(UnixDatagram, String)>> {
    let path = dir.join("notify").display().to_string();
    let by_path = told(UnixDatagram::bind(&path))?;
    let name = format!("{path}-abstract");
    let address = told(SocketAddr::from_abstract_name(&name))?;
    let by_name = told(UnixDatagram::bind_addr(&address))?;
    for manager in [&by_path, &by_name] {
        told(manager.set_read_timeout(Some(USUAL)))?;
    }
    Ok(vec![(by_path, path), (by_name, format!("@{name}"))])
}

fn hears(manager: &UnixDatagram, wanted: &str) -> Told {
    let mut room = [0; 4096];
    let n = told(manager.recv(&mut room))?;
    same("the message", &room[..n], wanted.as_bytes())
}

fn ncat(words: &[&str], socket: &str) -> Program {
    Program::ncat(["-v"].iter().chain(words)).env("NOTIFY_SOCKET", socket)
}

#[test]
fn it_is_told_of_the_beginning_and_of_the_end() -> Told {
    let dir = directory()?;
    for (manager, name) in managers(dir.path())? {
        let words = ["-l", "-k", "-c", TELL, "127.0.0.1", "0"];
        let mut scene = Scene::of(ncat(&words, &name))?;
        let place = place_of(&mut scene)?;
        hears(&manager, &format!("READY=1\nSTATUS=Listening on {place}"))?;
        scene.enter(&place)?;
        scene.until("the program has told", |s| s.peer().rx.ended())?;
        same("what it has", &scene.peer().rx.got, TOLD)?;
        scene.program.signal(Signal::TERM)?;
        hears(&manager, "STOPPING=1")?;
        scene.ends_with(143)?;
        nothing_more(&manager)?;
    }
    Ok(())
}

fn nothing_more(manager: &UnixDatagram) -> Told {
    told(manager.set_nonblocking(true))?;
    match manager.recv(&mut [0; 100]) {
        Ok(_) => Err("it is told more".into()),
        Err(_) => Ok(()),
    }
}

#[test]
fn it_is_told_of_an_end_that_nobody_asked_for() -> Told {
    let dir = directory()?;
    for (manager, name) in managers(dir.path())? {
        let mut scene = Scene::of(ncat(&["-l", "127.0.0.1", "0"], &name))?;
        let place = place_of(&mut scene)?;
        hears(&manager, &format!("READY=1\nSTATUS=Listening on {place}"))?;
        scene.enter(&place)?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        hears(&manager, "STOPPING=1")?;
        nothing_more(&manager)?;
    }
    Ok(())
}

#[test]
fn who_connects_tells_nobody_and_leaves_it_to_the_program() -> Told {
    let dir = directory()?;
    for (manager, name) in managers(dir.path())? {
        let door = Place::any_port().open()?;
        let words = door.place.words();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(["-c", "echo $NOTIFY_SOCKET"]);
        let mut scene = Scene::of(ncat(&words, &name))?;
        scene.admit(&door)?;
        scene.until("the program has told", |s| s.peer().rx.ended())?;
        same(
            "the variable",
            &scene.peer().rx.got,
            format!("{name}\n").as_bytes(),
        )?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        nothing_more(&manager)?;
    }
    Ok(())
}

#[test]
fn a_manager_that_is_not_there_changes_nothing_but_what_is_said() -> Told {
    let cases = [
        ("/nonexistent/socket", "No such file or directory"),
        ("@nobody-is-there", "Connection refused"),
        ("relative", "it is neither a path nor an abstract name"),
    ];
    for (name, why) in cases {
        let mut scene = Scene::of(ncat(&["-l", "127.0.0.1", "0"], name))?;
        let place = place_of(&mut scene)?;
        let sentence = format!("Ncat: NOTIFY_SOCKET {name} could not be told: {why}.\n");
        scene.until("it says so", |s| {
            s.program.stderr.text().contains(&sentence)
        })?;
        scene.enter(&place)?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

/// One that does not read what it is told is no reason to wait.
#[test]
fn a_manager_that_does_not_listen_keeps_nobody_waiting() -> Told {
    let dir = directory()?;
    let name = dir.path().join("notify").display().to_string();
    let _manager = told(UnixDatagram::bind(&name))?;
    let other = told(UnixDatagram::unbound())?;
    told(other.set_nonblocking(true))?;
    while other.send_to(b"noise", &name).is_ok() {}
    let mut scene = Scene::of(ncat(&["-l", "127.0.0.1", "0"], &name))?;
    let place = place_of(&mut scene)?;
    scene.until("it says so", |s| {
        s.program
            .stderr
            .text()
            .contains("could not be told: Resource temporarily unavailable")
    })?;
    scene.enter(&place)?;
    scene.peer().tx.finish();
    scene.ends_with(0).map(drop)
}
