//! Too few descriptors: at start, for the kernel path, and for one client more.

use std::fs;
use std::time::Duration;

use crate::common::deadline::USUAL;
use crate::common::payload::{noise, same};
use crate::common::program::code;
use crate::common::scene::{Outcome, place_of};
use crate::common::table::{Case, all_hold};
use crate::common::{Carrier, In, Place, Program, Scene, Told};

/// With so few descriptors it either does all of its work or says why it cannot. Below 4 not even
/// its libraries load.
#[test]
fn few_descriptors_are_enough_or_are_told() -> Told {
    let mut cases = Vec::new();
    for most in 4..=14 {
        for carrier in Carrier::BOTH {
            cases.push(Case::new(
                format!("client with {most}, {carrier}"),
                move || client_with(most, carrier),
            ));
            cases.push(Case::new(
                format!("server with {most}, {carrier}"),
                move || server_with(most, carrier),
            ));
        }
    }
    all_hold(&cases)
}

fn client_with(most: usize, carrier: Carrier) -> Told {
    let door = Place::any_port().open()?;
    let limit = format!("--nofile={most}");
    let program = Program::ncat(door.place.words())
        .carrier(carrier)
        .through(&["prlimit", &limit]);
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    let data = noise(3, 300_000);
    scene.program.stdin.push(&data);
    scene.program.stdin.finish();
    // The kernel lets it in before it knows whether it can go on.
    scene.patience = Duration::from_secs(2);
    let admitted = scene.admit(&door).is_ok();
    scene.patience = USUAL;
    if admitted {
        scene.peer().tx.push(&data);
        scene.peer().tx.finish();
    }
    let outcome = scene.outcome()?;
    if outcome.code == 0 {
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, &data)?;
        return same("stdout", &outcome.stdout, &data);
    }
    too_many_open_files(&outcome)
}

fn server_with(most: usize, carrier: Carrier) -> Told {
    let limit = format!("--nofile={most}");
    let program = Program::ncat(["-l", "-v", "127.0.0.1", "0"])
        .carrier(carrier)
        .through(&["prlimit", &limit]);
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    scene.until("it listens or ends", |s| {
        s.program.status.is_some()
            || s.program.stderr.text().contains("Listening on")
                && s.program.stderr.text().ends_with('\n')
    })?;
    if scene.program.status.is_some() {
        return too_many_open_files(&scene.outcome()?);
    }
    let place = place_of(&mut scene)?;
    scene.enter(&place)?;
    let data = noise(4, 300_000);
    scene.program.stdin.push(&data);
    scene.program.stdin.finish();
    scene.peer().tx.push(&data);
    scene.peer().tx.finish();
    let complained = |s: &mut Scene| s.program.stderr.text().contains("Too many open files");
    scene.until("it ended or complained", |s| {
        s.program.status.is_some() || complained(s)
    })?;
    if scene.program.status.is_none_or(|status| code(status) != 0) {
        return Ok(());
    }
    let outcome = scene.outcome()?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    same("the peer", &scene.peer().rx.got, &data)?;
    same("stdout", &outcome.stdout, &data)
}

fn too_many_open_files(outcome: &Outcome) -> Told {
    let told = outcome.stderr.contains("Too many open files");
    let by_itself = outcome.code == 1 || outcome.code == 2;
    if told && by_itself {
        Ok(())
    } else {
        Err(format!("status {} with {:?}", outcome.code, outcome.stderr))
    }
}

/// Time a process has used so far, in clock ticks of a hundredth of a second.
fn ticks(id: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    // utime and stime are the 14th and 15th word, the state after the name is the third.
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum()
}

/// A server with room for a handful of peers, and twenty who want to be in.
fn crowded() -> Told<(Scene, Place)> {
    let program =
        Program::ncat(["-l", "-k", "-v", "127.0.0.1", "0"]).through(&["prlimit", "--nofile=16"]);
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    let place = place_of(&mut scene)?;
    for _ in 0..20 {
        scene.enter(&place)?;
    }
    scene.until("the server has no more room", |s| {
        s.program.stderr.text().contains("Cannot accept more")
    })?;
    Ok((scene, place))
}

/// The last peer says something, is heard, and is answered.
fn the_last_one_is_served(scene: &mut Scene) -> Told {
    scene.peer().tx.push(b"late\n");
    scene.until("the late one is heard", |s| {
        s.program.stdout.got.ends_with(b"late\n")
    })?;
    scene.program.stdin.push(b"answer\n");
    scene.until("the late one is answered", |s| {
        s.peer().rx.got.ends_with(b"answer\n")
    })
}

#[test]
fn whoever_comes_to_a_full_house_gets_the_place_of_one_who_leaves() -> Told {
    let (mut scene, _) = crowded()?;
    scene.peers.drain(..15);
    the_last_one_is_served(&mut scene)
}

#[test]
fn a_server_without_a_free_descriptor_turns_away_who_has_waited_long_and_does_not_spin() -> Told {
    let (mut scene, place) = crowded()?;
    let before = ticks(scene.program.id());
    scene.until("the late one was turned away", |s| s.peer().rx.ended())?;
    scene.holds(Duration::from_millis(1500), "the server is there", |s| {
        s.program.status.is_none()
    })?;
    let used = ticks(scene.program.id()) - before;
    if used > 30 {
        return Err(format!(
            "it used {used} hundredths of a second for doing nothing"
        ));
    }
    let told = "New connection denied: Too many open files";
    if !scene.program.stderr.text().contains(told) {
        return Err(format!("nobody was told; {}", scene.state()));
    }
    scene.peers.clear();
    scene.until("the first ones are gone", |s| {
        s.program.stderr.text().contains(" closed: ")
    })?;
    scene.enter(&place)?;
    the_last_one_is_served(&mut scene)
}

/// A new one every tenth of a second must not put off the time of those who came before.
#[test]
fn who_has_waited_long_is_turned_away_though_others_keep_coming() -> Told {
    let (mut scene, place) = crowded()?;
    let last = scene.peers.len() - 1;
    for _ in 0..50 {
        scene.enter(&place)?;
        let a_while = Duration::from_millis(100);
        scene.holds(a_while, "the server is there", |s| {
            s.program.status.is_none()
        })?;
        if scene.peers[last].rx.ended() {
            return Ok(());
        }
    }
    Err(format!(
        "it waits for ever; {}",
        scene.program.stderr.text()
    ))
}
