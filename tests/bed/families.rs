//! A host that can be reached by one of its addresses only, over a real line.

use std::fs;
use std::time::{Duration, Instant};

use crate::common::scene::announced;
use crate::common::{In, Program, Scene, Told, directory, told};
use crate::tap::Tap;
use crate::world::World;

/// An address that nobody answers for, and nobody refuses.
const NOBODY: &str = "fd77::99";

/// RFC 8305: so long does the first address have the line to itself.
const HEAD_START: Duration = Duration::from_millis(250);

/// The longest that connecting may take, with 40 ms each way and the start of the program.
const AT_MOST: Duration = Duration::from_millis(900);

/// The protocols in the head of a packet of either family.
const TCP: u8 = 6;

fn is_first_of(family: u8, packet: &[u8]) -> bool {
    const SYN: u8 = 2;
    let (protocol, flags) = match family {
        4 => (packet.get(9), packet.get(20 + 13)),
        _ => (packet.get(6), packet.get(40 + 13)),
    };
    packet.first().is_some_and(|first| first >> 4 == family)
        && protocol == Some(&TCP)
        && flags.is_some_and(|flags| flags & 0x12 == SYN)
}

/// Connects from the near host to the far one by its name, and says how long that took.
fn connect(world: &World, hosts: &str) -> Told<Duration> {
    let mut tap = Tap::at(&world.near)?;
    let calls = Program::ncat(["-v", "both", "7777"]).stdin(In::Pipe);
    let begun = Instant::now();
    let mut caller = Scene::of(world.near.home_with_names(calls, hosts))?;
    tap.next("to the first address", |p| is_first_of(6, p))?;
    let second = tap.next("to the second address", |p| is_first_of(4, p))?;
    let connected = format!("Ncat: Connected to {}:7777.\n", World::FAR);
    caller.until("it is connected", |s| {
        s.program.stderr.text().contains(&connected)
    })?;
    let took = begun.elapsed();
    let alone = second.at.duration_since(begun);
    match alone >= HEAD_START {
        true => Ok(took),
        false => Err(format!("the first address was given {alone:?} only")),
    }
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn an_address_that_does_not_answer_holds_nobody_up() -> Told {
    /// A busy machine may be late, but not so often in turn.
    const TRIES: usize = 5;
    let world = World::pair()?;
    world.make_lines_long()?;
    // Neither is there anybody with this address, nor does the system look for them.
    world.near.says(&format!(
        "ip -6 neigh add {NOBODY} lladdr 02:00:00:00:00:99 dev line"
    ))?;
    let dir = directory()?;
    let hosts = dir.path().join("hosts");
    let names = format!("{NOBODY} both\n{} both\n", World::FAR);
    told(fs::write(&hosts, names))?;
    let host = World::FAR.to_string();
    let listens = Program::ncat(["-l", "-k", "-v", &host, "7777"]).stdin(In::Pipe);
    let mut listener = Scene::of(world.far.home_of(listens))?;
    announced(&mut listener, 1)?;
    let mut took = Vec::new();
    for _ in 0..TRIES {
        took.push(connect(&world, &hosts.display().to_string())?);
        if took.last() <= Some(&AT_MOST) {
            return Ok(());
        }
    }
    Err(format!("connecting took {took:?}"))
}
