//! `--lua-exec`: a script for every peer, as users meet it. What is true of all programs for peers is
//! tested with `--exec`; here is what scripts have besides.
#![cfg(feature = "lua")]

#[path = "../common/mod.rs"]
mod common;
mod examples;
mod messages;
mod process;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use common::payload::{noise, same};
use common::scene::place_of;
use common::setting::everywhere;
use common::{Place, Program, Scene, Told, directory, told};

/// A directory with one script.
pub(crate) struct Script {
    dir: TempDir,
    pub(crate) path: PathBuf,
}

impl Script {
    pub(crate) fn new(text: &str) -> Told<Self> {
        let dir = directory()?;
        let path = dir.path().join("script.lua");
        told(fs::write(&path, text))?;
        Ok(Self { dir, path })
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The path as one of an ncat's words, and as Lua speaks of it.
    pub(crate) fn word(&self) -> &str {
        self.path.to_str().unwrap_or_default()
    }
}

/// A server that runs the script for each peer, and its place.
pub(crate) fn server(options: &[&str], script: &str) -> Told<(Scene, Place)> {
    let first = ["-l", "-v", "--lua-exec", script];
    let words = first.iter().chain(options).chain(&["127.0.0.1", "0"]);
    let mut scene = Scene::of(Program::ncat(words))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// What one peer of a server hears that says `said`.
pub(crate) fn heard(scene: &mut Scene, place: &Place, said: &[u8]) -> Told<Vec<u8>> {
    scene.enter(place)?;
    scene.peer().tx.push(said);
    scene.peer().tx.finish();
    scene.until("the script has ended", |s| s.peer().rx.ended())?;
    Ok(scene.peer().rx.got.clone())
}

#[test]
fn a_script_hears_and_answers_its_peer_byte_for_byte() -> Told {
    let script = Script::new("io.write(io.read('a'))")?;
    let bytes = noise(7, 300_000);
    everywhere(|setting| {
        let mut scene = setting.meet(&["--lua-exec", script.word()], |program| program)?;
        scene.peer().tx.push(&bytes);
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        scene.until("all has come back", |s| s.peer().rx.ended())?;
        same("what comes back", &scene.peer().rx.got, &bytes)
    })
}

#[test]
fn a_prompt_is_seen_before_it_is_answered() -> Told {
    let text = "io.write('name> ') local name = io.read() print('hello ' .. name) io.read()";
    let script = Script::new(text)?;
    everywhere(|setting| {
        let mut scene = setting.meet(&["--lua-exec", script.word()], |program| program)?;
        scene.until("it asks", |s| s.peer().rx.got == b"name> ")?;
        scene.peer().tx.push(b"Bob\n");
        scene.until("it greets", |s| s.peer().rx.got == b"name> hello Bob\n")?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn a_script_knows_its_peer_and_has_no_arguments() -> Told {
    let text = "print(arg, select('#', ...), _VERSION)
        for _, name in ipairs{'REMOTE_ADDR', 'REMOTE_PORT', 'LOCAL_ADDR', 'LOCAL_PORT', 'PROTO'} do
          print(os.getenv('NCAT_' .. name))
        end";
    let script = Script::new(text)?;
    let (mut scene, place) = server(&[], script.word())?;
    let got = heard(&mut scene, &place, b"")?;
    let (Place::Tcp(there), Some(here)) = (&place, scene.peer().local()) else {
        return Err("that is no address".into());
    };
    let wanted = format!(
        "nil\t0\tLua 5.4\n127.0.0.1\n{}\n127.0.0.1\n{}\nTCP\n",
        here.port(),
        there.port()
    );
    same("what the script says", &got, wanted.as_bytes())
}

#[test]
fn every_peer_meets_the_script_as_it_was_at_the_start() -> Told {
    let script = Script::new("print('first') error('named')")?;
    let (mut scene, place) = server(&["-k"], script.word())?;
    let first = heard(&mut scene, &place, b"")?;
    told(fs::write(&script.path, "print('second')"))?;
    let changed = heard(&mut scene, &place, b"")?;
    told(fs::remove_file(&script.path))?;
    let gone = heard(&mut scene, &place, b"")?;
    for got in [first, changed, gone] {
        same("what a peer hears", &got, b"first\n")?;
    }
    let named = format!("{}:1: named\n", script.word());
    scene.until("three tracebacks name the script", |s| {
        s.program.stderr.text().matches(&named).count() == 3
    })
}

#[test]
fn a_script_can_come_through_a_pipe_and_still_serves_many() -> Told {
    let run = "exec \"$0\" -lkv --lua-exec /dev/stdin 127.0.0.1 0";
    let ncat = env!("CARGO_BIN_EXE_ncat");
    let program = Program::at("/bin/sh", ["-c", run, ncat]).stdin(common::In::Pipe);
    let mut scene = Scene::of(program)?;
    scene.program.stdin.push(b"#!/usr/bin/lua\nprint('here')");
    scene.program.stdin.finish();
    let place = place_of(&mut scene)?;
    for _ in 0..2 {
        same(
            "what a peer hears",
            &heard(&mut scene, &place, b"")?,
            b"here\n",
        )?;
    }
    Ok(())
}

#[test]
fn a_hundred_peers_at_once_are_each_answered_for_themselves() -> Told {
    const PEERS: usize = 100;
    let script = Script::new("io.write('ready\\n') print(io.read() .. ' it is')")?;
    let (mut scene, place) = server(&["-k"], script.word())?;
    for _ in 0..PEERS {
        scene.enter(&place)?;
    }
    scene.until("all scripts run at once", |s| {
        s.peers.iter().all(|peer| peer.rx.got == b"ready\n")
    })?;
    for (n, peer) in scene.peers.iter_mut().enumerate() {
        peer.tx.push(format!("{n}\n").as_bytes());
    }
    scene.until("all are answered", |s| {
        s.peers.iter().all(|peer| peer.rx.ended())
    })?;
    for (n, peer) in scene.peers.iter().enumerate() {
        let wanted = format!("ready\n{n} it is\n");
        same(&format!("peer {n}"), &peer.rx.got, wanted.as_bytes())?;
    }
    Ok(())
}
