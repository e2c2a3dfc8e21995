//! Places that cannot be had: spelled out, they end it; of a name, they are told.

use std::fs;
use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::common::payload::same;
use crate::common::scene::announced;
use crate::common::{Program, Scene, Told, directory, told};

/// A port that nobody else takes at that address while the socket lives.
fn held(host: [u8; 4], kind: Type) -> Told<(Socket, String)> {
    let socket = told(Socket::new(Domain::IPV4, kind, None))?;
    told(socket.bind(&SocketAddr::from((host, 0)).into()))?;
    let port = told(socket.local_addr())?
        .as_socket()
        .map_or(0, |at| at.port());
    Ok((socket, port.to_string()))
}

#[test]
fn one_place_that_is_taken_ends_it_and_is_named() -> Told {
    for (option, kind) in [("-4", Type::STREAM), ("-u", Type::DGRAM)] {
        let (_socket, port) = held([127, 0, 0, 1], kind)?;
        let words = ["-l", option, "127.0.0.2,127.0.0.1", &port];
        let outcome = Scene::of(Program::ncat(words))?.ends_with(2)?;
        let wanted = format!("Ncat: bind to 127.0.0.1:{port}: Address already in use. QUITTING.\n");
        same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())?;
    }
    Ok(())
}

#[test]
fn a_place_that_is_named_twice_is_taken_the_second_time() -> Told {
    let (_socket, port) = held([127, 0, 0, 1], Type::STREAM)?;
    for (hosts, ports) in [
        ("127.0.0.2,127.0.0.2", port.clone()),
        ("127.0.0.2", format!("{port},{port}")),
        ("127.0.0.2", format!("{port}-{port},{port}")),
    ] {
        let words = ["-l", hosts, &ports];
        let outcome = Scene::of(Program::ncat(words))?.ends_with(2)?;
        let wanted = format!("Ncat: bind to 127.0.0.2:{port}: Address already in use. QUITTING.\n");
        same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())?;
    }
    Ok(())
}

/// A world of our own in which every port is free and `many` has these addresses. Only root can make it.
fn where_many_is(addresses: &[&str], program: Program, dir: &TempDir) -> Told<Program> {
    let hosts = dir.path().join("hosts");
    let lines: String = addresses.iter().map(|at| format!("{at} many\n")).collect();
    told(fs::write(&hosts, lines))?;
    let script = format!(
        "mount --bind {} /etc/hosts && ip link set lo up && exec \"$@\"",
        hosts.display()
    );
    let words = ["unshare", "--mount", "--net", "sh", "-c", &script, "sh"];
    Ok(program.through(&words))
}

fn can_have_many(dir: &TempDir) -> Told<bool> {
    let probe = Program::at("getent", ["ahosts", "many"]);
    let outcome = Scene::of(where_many_is(&["127.0.0.3"], probe, dir)?)?.outcome()?;
    if outcome.code != 0 {
        println!("SKIPPED: this user cannot have a network of its own");
    }
    Ok(outcome.code == 0)
}

#[test]
fn a_range_is_every_port_from_its_first_to_its_last() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let program = Program::ncat(["-l", "-v", "-4", "8000-8003,9000"]);
    let mut scene = Scene::of(where_many_is(&[], program, &dir)?)?;
    let said = announced(&mut scene, 5)?.join(" ");
    let wanted = [8000, 8001, 8002, 8003, 9000].map(|port| format!("0.0.0.0:{port}"));
    same(
        "where it listens",
        said.as_bytes(),
        wanted.join(" ").as_bytes(),
    )
}

#[test]
fn all_addresses_of_a_name_are_listened_on() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let program = Program::ncat(["-l", "-v", "many", "8000"]);
    let mut scene = Scene::of(where_many_is(&["127.0.0.2", "127.0.0.3"], program, &dir)?)?;
    let mut said = announced(&mut scene, 2)?;
    said.sort();
    let wanted = "127.0.0.2:8000 127.0.0.3:8000";
    same(
        "where it listens",
        said.join(" ").as_bytes(),
        wanted.as_bytes(),
    )
}

#[test]
fn an_address_of_a_name_that_is_not_ours_is_told_and_done_without() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let program = Program::ncat(["-l", "-v", "many", "8000"]);
    let mut scene = Scene::of(where_many_is(&["192.0.2.9", "127.0.0.3"], program, &dir)?)?;
    let said = announced(&mut scene, 1)?;
    same("where it listens", said[0].as_bytes(), b"127.0.0.3:8000")?;
    let sentence = "Ncat: Warning: 192.0.2.9:8000 is one address of that name and cannot be \
                    listened on: Cannot assign requested address.\n";
    scene.until("the other one is told of", |s| {
        s.program.stderr.text().contains(sentence)
    })
}

#[test]
fn a_name_without_an_address_of_ours_ends_it() -> Told {
    let dir = directory()?;
    if !can_have_many(&dir)? {
        return Ok(());
    }
    let program = Program::ncat(["-l", "many", "8000"]);
    let theirs = ["192.0.2.9", "192.0.2.10"];
    let outcome = Scene::of(where_many_is(&theirs, program, &dir)?)?.ends_with(2)?;
    let wanted = [9, 10].map(|host| {
        format!("Ncat: bind to 192.0.2.{host}:8000: Cannot assign requested address. QUITTING.\n")
    });
    match wanted.contains(&outcome.stderr) {
        true => Ok(()),
        false => Err(format!("stderr says {:?}", outcome.stderr)),
    }
}

#[test]
fn more_places_than_anybody_means_are_a_mistake() -> Told {
    let outcome = Scene::of(Program::ncat(["-l", "1-1024"]))?.ends_with(2)?;
    let wanted = "Ncat: Listening there would take 2048 sockets, and 1024 is the most. QUITTING.\n";
    same("stderr", outcome.stderr.as_bytes(), wanted.as_bytes())
}
