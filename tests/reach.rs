//! Whom one can reach and where one can be reached: families, names with several addresses, ports
//! the system chooses, names without a file, and scans.

mod common;

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use tempfile::TempDir;

use common::payload::same;
use common::scene::{announced, place_of};
use common::{Door, In, Place, Program, Scene, Told, directory, told};

fn listening(words: &[&str]) -> Program {
    Program::ncat(["-l", "-v"].iter().chain(words)).stdin(In::Pipe)
}

/// Everything that goes wrong with IPv6 here goes wrong without ncat, too.
fn has_ipv6() -> bool {
    let has = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has {
        println!("SKIPPED: this machine has no IPv6");
    }
    has
}

/// The peer that came says hello, and it comes out.
fn hello(scene: &mut Scene) -> Told {
    scene.peer().tx.push(b"hello\n");
    scene.until("stdout has the greeting", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    scene.program.stdin.push(b"world\n");
    scene.until("the peer is answered", |s| s.peer().rx.got == b"world\n")
}

fn at(text: &str) -> Told<SocketAddr> {
    text.parse()
        .map_err(|e| format!("{text:?} is no address: {e}"))
}

#[test]
fn without_an_address_it_listens_on_both_families_at_ports_of_the_systems_choice() -> Told {
    if !has_ipv6() {
        return Ok(());
    }
    for ipv6 in [true, false] {
        let mut scene = Scene::of(listening(&["0"]))?;
        let said = announced(&mut scene, 2)?;
        let (six, four) = (at(&said[0])?, at(&said[1])?);
        if six.ip() != Ipv6Addr::UNSPECIFIED
            || four.ip() != Ipv4Addr::UNSPECIFIED
            || six.port() * four.port().min(1) == 0
        {
            return Err(format!("it says that it listens on {said:?}"));
        }
        let place = if ipv6 {
            Place::Tcp((Ipv6Addr::LOCALHOST, six.port()).into())
        } else {
            Place::local(four.port())
        };
        scene.enter(&place)?;
        hello(&mut scene)?;
    }
    Ok(())
}

#[test]
fn one_family_can_be_asked_for() -> Told {
    let mut scene = Scene::of(listening(&["-4", "0"]))?;
    let said = announced(&mut scene, 1)?;
    scene.enter(&Place::local(at(&said[0])?.port()))?;
    hello(&mut scene)?;
    if !has_ipv6() {
        return Ok(());
    }
    let mut scene = Scene::of(listening(&["-6", "0"]))?;
    let said = announced(&mut scene, 1)?;
    let port = at(&said[0])?.port();
    if Place::local(port).connect().is_ok() {
        return Err("a listener for IPv6 alone was reached by IPv4".into());
    }
    scene.enter(&Place::Tcp((Ipv6Addr::LOCALHOST, port).into()))?;
    hello(&mut scene)
}

#[test]
fn a_name_without_a_file_is_reached_by_its_name() -> Told {
    let dir = directory()?;
    // The name of a directory of our own is a name that nobody else takes.
    let name = format!("@{}", dir.path().display());
    let mut server = Scene::of(listening(&["-U", &name]))?;
    announced(&mut server, 1)?;
    let mut client = Scene::of(Program::ncat(["-U", &name]).stdin(In::Pipe))?;
    client.program.stdin.push(b"hello\n");
    client.program.stdin.finish();
    client.until("stdin was taken", |s| s.program.stdin.is_done())?;
    server.until("the greeting is heard", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    server.program.stdin.finish();
    client.ends_with(0)?;
    server.ends_with(0)?;
    if told(fs::read_dir(dir.path()))?.next().is_some() {
        Err("a file was made".into())
    } else {
        Ok(())
    }
}

/// Starts a program in a world where `many` has two addresses. That takes a name space of mounts,
/// which only root can make.
fn where_many_is_two(program: Program, dir: &TempDir) -> Told<Program> {
    let hosts = dir.path().join("hosts");
    told(fs::write(
        &hosts,
        "127.0.0.1 localhost\n127.0.0.2 many\n127.0.0.3 many\n",
    ))?;
    let script = format!("mount --bind {} /etc/hosts && exec \"$@\"", hosts.display());
    Ok(program.through(&["unshare", "--mount", "sh", "-c", &script, "sh"]))
}

fn can_have_many(dir: &TempDir) -> Told<bool> {
    let probe = where_many_is_two(Program::at("getent", ["ahosts", "many"]), dir)?;
    let outcome = Scene::of(probe)?.outcome()?;
    let can = outcome.code == 0 && String::from_utf8_lossy(&outcome.stdout).contains("127.0.0.3");
    if !can {
        println!("SKIPPED: this user cannot give a name two addresses");
    }
    Ok(can)
}

#[test]
fn all_addresses_of_a_name_are_tried() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let mut failures = 0;
    for host in [2, 3] {
        let door: Door = Place::Tcp(SocketAddr::from(([127, 0, 0, host], 0))).open()?;
        let Place::Tcp(at) = door.place else {
            return Err("that is no address".into());
        };
        let port = at.port().to_string();
        let program = Program::ncat(["-v", "many", &port]).stdin(In::Pipe);
        let mut scene = Scene::of(where_many_is_two(program, &dir)?)?;
        scene.admit(&door)?;
        hello(&mut scene)?;
        let said = scene.program.stderr.text();
        if !said.contains(&format!("Ncat: Connected to {at}.\n")) {
            return Err(format!("stderr says {said:?}"));
        }
        let other = format!(
            "Ncat: Connection to 127.0.0.{} failed: Connection refused.\n",
            5 - host
        );
        failures += usize::from(said.contains(&(other + "Ncat: Trying next address...\n")));
    }
    // Whichever comes first, it failed in one of the two scenes and was not needed in the other.
    if failures == 1 {
        Ok(())
    } else {
        Err(format!("{failures} of the two say which address failed"))
    }
}

#[test]
fn when_no_address_of_a_name_answers_the_last_reason_is_told() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let socket = told(socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::STREAM,
        None,
    ))?;
    told(socket.bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into()))?;
    let port = told(socket.local_addr())?
        .as_socket()
        .map_or(0, |at| at.port())
        .to_string();
    let program = Program::ncat(["many", &port]);
    let outcome = Scene::of(where_many_is_two(program, &dir)?)?.ends_with(1)?;
    same(
        "stderr",
        outcome.stderr.as_bytes(),
        b"Ncat: Connection refused.\n",
    )
}

#[test]
fn a_scan_names_each_open_port_and_is_content_with_one() -> Told {
    let (first, second, closed) = (
        Place::any_port().open()?,
        Place::any_port().open()?,
        Place::any_port().open()?,
    );
    let port = |door: &Door| match door.place {
        Place::Tcp(at) => at.port(),
        Place::Unix(_) => 0,
    };
    let (open, other, shut) = (port(&first), port(&second), port(&closed));
    drop(closed);
    let scan = |options: &[&str], ports: String, status| {
        let words =
            options
                .iter()
                .map(|&w| w.to_owned())
                .chain(["-z".into(), "127.0.0.1".into(), ports]);
        Scene::of(Program::ncat(words))?.ends_with(status)
    };
    let outcome = scan(&["-v"], format!("{open},{shut},{other}-{other}"), 0)?;
    for port in [open, other] {
        if !outcome
            .stderr
            .contains(&format!("Ncat: Connected to 127.0.0.1:{port}.\n"))
        {
            return Err(format!(
                "port {port} is open, but stderr says {:?}",
                outcome.stderr
            ));
        }
    }
    if outcome.stderr.contains(&format!(":{shut}.")) {
        return Err(format!(
            "port {shut} is closed, but stderr says {:?}",
            outcome.stderr
        ));
    }
    same(
        "stderr without -v",
        scan(&[], format!("{open}"), 0)?.stderr.as_bytes(),
        b"",
    )?;
    same(
        "stderr of a closed port",
        scan(&[], format!("{shut}"), 1)?.stderr.as_bytes(),
        b"",
    )
}

#[test]
fn a_scan_leaves_stdin_alone() -> Told {
    let door = Place::any_port().open()?;
    let words = ["-z".to_owned()].into_iter().chain(door.place.words());
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Terminal))?;
    scene.ends_with(0)?;
    scene.admit(&door)?;
    scene.until("it hung up without a word", |s| s.peer().rx.ended())?;
    same("the peer", &scene.peer().rx.got, b"")
}

#[test]
fn each_listening_socket_is_announced_to_a_script() -> Told {
    let mut scene = Scene::of(Program::ncat(["-l", "--test", "-4", "-v", "0"]))?;
    place_of(&mut scene)?;
    scene.until("it was announced", |s| {
        s.program.stderr.text().contains("NCAT TEST: LISTEN\n")
    })
}
