//! Hubs among members that come, go, stop to listen, break off and speak at random: every byte is
//! accounted for, whoever was there to hear it.
//!
//! `NCAT_SOAK_SECONDS` says how long each crowd plays (4 if it is not set); `NCAT_SOAK_SEED` repeats the
//! choices of a crowd that failed, if not the moments at which they met the program.

mod acts;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod member;
mod words;

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use tempfile::TempDir;

use common::proc_net::descriptors;
use common::scene::place_of;
use common::table::{Case, all_hold};
use common::wire::socket_in;
use common::{Deadline, In, Place, Program, Scene, Told, directory};
use crowd::{Crowd, Shape};

/// How much more memory than before the first member came the program may ever have had, in KiB. Its
/// log holds 64, its inbox 128, and its pool keeps eight pieces of 64.
const MEMORY: u64 = 2 * 1024;

#[test]
fn every_byte_is_accounted_for_whoever_comes_and_goes() -> Told {
    all_hold(&[
        Case::new("a broker over TCP", || {
            soak(Shape::Mesh, |_| Place::any_port())
        }),
        Case::new("a broker over Unix sockets", || {
            soak(Shape::Mesh, |dir| socket_in(dir.path()))
        }),
        Case::new("a server that keeps open, over TCP", || {
            soak(Shape::Star, |_| Place::any_port())
        }),
    ])
}

fn soak(shape: Shape, place: impl Fn(&TempDir) -> Place) -> Told {
    let number = |name| std::env::var(name).ok().and_then(|word| word.parse().ok());
    let seconds = number("NCAT_SOAK_SECONDS").unwrap_or(4);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = number("NCAT_SOAK_SEED").unwrap_or(since.map_or(1, |since| since.as_nanos() as u64));
    let dir = directory()?;
    let play = || {
        play(
            shape,
            &place(&dir),
            &dir,
            Duration::from_secs(seconds),
            seed,
        )
    };
    play().map_err(|why| format!("with NCAT_SOAK_SEED={seed}: {why}"))
}

fn play(shape: Shape, place: &Place, dir: &TempDir, so_long: Duration, seed: u64) -> Told {
    let option = match shape {
        Shape::Mesh => "--broker",
        Shape::Star => "-k",
    };
    let options = [
        "-l",
        "-v",
        option,
        "--stall-timeout",
        "1s",
        "--max-queue",
        "64k",
    ];
    let words = options.map(str::to_owned).into_iter().chain(place.words());
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    let place = place_of(&mut scene)?;
    // It opens stdin after it has said where it listens.
    scene.until_quiet(Duration::from_millis(100))?;
    let id = scene.program.id();
    let (open, memory) = (descriptors(id), most_memory(id)?);
    let mut crowd = Crowd::new(scene, place, dir.path().into(), shape, seed);
    crowd.play(so_long)?;
    crowd.go_home()?;
    let came = crowd.came();
    let mut scene = crowd.scene;
    let closed = |id| (descriptors(id) == open).then_some(());
    let program = &mut scene.program;
    program.repeat_until(
        Deadline::usual(),
        "only its own descriptors are open",
        closed,
    )?;
    let more = most_memory(id)? - memory;
    if more > MEMORY {
        return Err(format!("it had {more} KiB more than at the start"));
    }
    eprintln!("{shape:?}: {came} members came, {more} KiB more memory");
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(128 + 15).map(drop)
}

/// The most memory a process has ever had, in KiB.
fn most_memory(id: u32) -> Told<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
    number.ok_or_else(|| "the kernel does not say how much memory it had".into())
}
