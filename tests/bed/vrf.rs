//! `--bind-device` with a VRF: a table of routes of its own, which nobody else hears or reaches.

use crate::common::scene::announced;
use crate::common::table::{Case, all_hold};
use crate::common::{In, Program, Scene, Told};
use crate::world::World;

/// Two hosts, of which the far one has its line in a VRF.
fn world() -> Told<World> {
    let world = World::pair()?;
    world.far.says(
        "ip link add blue type vrf table 10; ip link set blue up; ip link set line master blue; \
         ip addr add fd77::2/64 dev line nodad",
    )?;
    Ok(world)
}

/// How something is carried, and the addresses of the hosts in its words.
struct Way {
    name: &'static str,
    options: &'static [&'static str],
    near: &'static str,
    far: &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        name: "TCP",
        options: &[],
        near: "10.77.0.1",
        far: "10.77.0.2",
    },
    Way {
        name: "TCP over IPv6",
        options: &[],
        near: "fd77::1",
        far: "fd77::2",
    },
    Way {
        name: "UDP",
        options: &["-u"],
        near: "10.77.0.1",
        far: "10.77.0.2",
    },
    Way {
        name: "UDP over IPv6",
        options: &["-u"],
        near: "fd77::1",
        far: "fd77::2",
    },
];

impl Way {
    fn program(&self, before: &[&str], place: &[&str]) -> Program {
        let words = [self.options, before, place].concat();
        Program::ncat(words).stdin(In::Pipe)
    }

    fn listener(&self, options: &[&str], at: &str) -> Program {
        self.program(&[&["-l", "-v"], options].concat(), &[at, "0"])
    }
}

/// The port of a listener that has just been started.
fn port_of(listener: &mut Scene) -> Told<String> {
    let place = announced(listener, 1)?.remove(0);
    let port = place.rsplit(':').next();
    Ok(port.ok_or_else(|| format!("no port in {place}"))?.into())
}

/// Says something that the other hears.
fn says(from: &mut Scene, to: &mut Scene) -> Told {
    from.program.stdin.push(b"heard\n");
    from.until("stdin was taken", |s| s.program.stdin.is_done())?;
    to.until("it arrives", |s| s.program.stdout.got == b"heard\n")
        .map_err(|why| format!("{why}; the other: {}", from.state()))
}

/// Who listens in the VRF is reached through it, and who listens beside it is not.
fn a_listener_hears_its_own(way: &Way) -> Told {
    let world = world()?;
    let blue = &["--bind-device", "blue"];
    let mut listener = Scene::of(world.far.home_of(way.listener(blue, way.far)))?;
    let port = port_of(&mut listener)?;
    let caller = way.program(&[], &[way.far, &port]);
    let mut caller = Scene::of(world.near.home_of(caller))?;
    says(&mut caller, &mut listener)?;
    let any = if way.far.contains(':') {
        "::"
    } else {
        "0.0.0.0"
    };
    let mut beside = Scene::of(world.far.home_of(way.listener(&[], any)))?;
    let port = port_of(&mut beside)?;
    let caller = way.program(&[], &[way.far, &port]);
    let mut caller = Scene::of(world.near.home_of(caller))?;
    caller.program.stdin.push(b"refused\n");
    let told = caller.ends_with(1)?.stderr;
    match told.ends_with("Connection refused.\n") && beside.program.stdout.got.is_empty() {
        true => Ok(()),
        false => Err(format!("beside the VRF: {told}; {}", beside.state())),
    }
}

/// Who calls from the VRF gets out by its line, and who calls from beside it does not.
fn a_caller_takes_its_own(way: &Way) -> Told {
    let world = world()?;
    let mut listener = Scene::of(world.near.home_of(way.listener(&[], way.near)))?;
    let port = port_of(&mut listener)?;
    let there = &[way.near, &port];
    let mut lost = Scene::of(world.far.home_of(way.program(&[], there)))?;
    let told = lost.ends_with(1)?.stderr;
    if !told.ends_with("Network is unreachable.\n") {
        return Err(format!("beside the VRF: {told}"));
    }
    let caller = way.program(&["--bind-device", "blue"], there);
    let mut caller = Scene::of(world.far.home_of(caller))?;
    says(&mut caller, &mut listener)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_vrf_is_a_world_of_its_own() -> Told {
    let mut cases = Vec::new();
    for way in &WAYS {
        let name = |what| format!("{}, {what}", way.name);
        cases.push(Case::new(name("a listener"), || {
            a_listener_hears_its_own(way)
        }));
        cases.push(Case::new(name("a caller"), || a_caller_takes_its_own(way)));
    }
    all_hold(&cases)
}
