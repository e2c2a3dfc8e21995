//! The same as systemd itself does it, where its tool for that is installed.

use std::path::Path;

use rustix::process::Signal;

use crate::common::payload::same;
use crate::common::wire::socket_in;
use crate::common::{Place, Program, Scene, Told, directory};

const TOOL: &str = "/usr/bin/systemd-socket-activate";

/// What it starts when somebody comes.
const SERVICE: [&str; 5] = ["-v", "-l", "--listen-fds", "-c", "echo hello; exit"];

/// The tool at work at a socket of ours; nothing where it is not installed.
fn waiting(place: &Place, options: &[&str], service: &[&str]) -> Told<Option<Scene>> {
    if !Path::new(TOOL).exists() {
        println!("SKIPPED: there is no {TOOL}");
        return Ok(None);
    }
    let Place::Unix(path) = place else {
        return Err("it is to listen at a path".into());
    };
    let ncat = std::env::var_os("NCAT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_ncat").into());
    let (path, ncat) = (path.display().to_string(), ncat.display().to_string());
    let listens = ["-l", &path];
    let words = options.iter().chain(&listens).copied();
    let words = words.chain([ncat.as_str()]).chain(service.iter().copied());
    let mut scene = Scene::of(Program::at(TOOL, words))?;
    scene.until("it listens", |s| {
        s.program.stderr.text().contains("Listening on")
    })?;
    Ok(Some(scene))
}

fn is_greeted(scene: &mut Scene, place: &Place) -> Told {
    scene.enter(place)?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    same("the greeting", &scene.peer().rx.got, b"hello\n")
}

#[test]
fn it_starts_us_with_the_socket_when_somebody_comes() -> Told {
    let dir = directory()?;
    let place = socket_in(dir.path());
    let Some(mut scene) = waiting(&place, &[], &SERVICE)? else {
        return Ok(());
    };
    is_greeted(&mut scene, &place)?;
    scene.ends_with(0).map(drop)
}

#[test]
fn it_starts_us_once_for_many() -> Told {
    let dir = directory()?;
    let place = socket_in(dir.path());
    let service = [&SERVICE[..], &["-k"]].concat();
    let Some(mut scene) = waiting(&place, &[], &service)? else {
        return Ok(());
    };
    for _ in 0..3 {
        is_greeted(&mut scene, &place)?;
    }
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143).map(drop)
}

#[test]
fn it_starts_us_for_each_who_comes() -> Told {
    for options in [&["--accept"][..], &["--accept", "--inetd"]] {
        let dir = directory()?;
        let place = socket_in(dir.path());
        let Some(mut scene) = waiting(&place, options, &SERVICE)? else {
            return Ok(());
        };
        for count in 1..4 {
            is_greeted(&mut scene, &place)?;
            scene.until("it is over", |s| {
                s.program.stderr.text().matches("died with code 0").count() == count
            })?;
        }
    }
    Ok(())
}
