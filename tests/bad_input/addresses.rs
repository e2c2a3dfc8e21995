//! Addresses, names and paths at which nobody answers, that are taken, or that are not ours to
//! take.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::common::payload::same;
use crate::common::scene::announced;
use crate::common::wire::socket_in;
use crate::common::{In, Place, Program, Scene, Told, directory, told};
use crate::{deaf_port, expect, outcome_of, says};

#[test]
fn nobody_at_the_port_is_refused() -> Told {
    let (_held, port) = deaf_port()?;
    says(&["127.0.0.1", &port], 1, "Ncat: Connection refused.")?;
    says(&["-z", "127.0.0.1", &port], 1, "")
}

#[test]
fn nobody_at_the_datagram_port_is_refused_once_something_was_sent() -> Told {
    let deaf = told(UdpSocket::bind("127.0.0.1:0"))?;
    let port = told(deaf.local_addr())?.port().to_string();
    // Connected elsewhere it answers nobody but 127.0.0.1:9, and the kernel refuses for it.
    told(deaf.connect("127.0.0.1:9"))?;
    let mut scene = Scene::of(Program::ncat(["-u", "127.0.0.1", &port]).stdin(In::Pipe))?;
    scene.program.stdin.push(b"hello\n");
    expect(&scene.outcome()?, 1, "Ncat: Connection refused.")
}

#[test]
fn a_path_without_a_socket_or_without_a_listener_says_which() -> Told {
    let dir = directory()?;
    let (none, stale) = (dir.path().join("none"), dir.path().join("stale"));
    drop(told(UnixListener::bind(&stale))?);
    let (none, stale) = (none.display().to_string(), stale.display().to_string());
    says(&["-U", &none], 1, "Ncat: No such file or directory.")?;
    says(&["-U", &stale], 1, "Ncat: Connection refused.")?;
    says(&["-U", "-u", &none], 1, "Ncat: No such file or directory.")
}

#[test]
fn an_address_with_no_way_to_it_is_unreachable() -> Told {
    // TCP to the broadcast address goes nowhere without leaving this machine.
    says(
        &["255.255.255.255", "9"],
        1,
        "Ncat: Network is unreachable.",
    )
}

#[test]
fn a_listener_that_never_answers_is_a_timeout() -> Told {
    let socket = told(Socket::new(Domain::IPV4, Type::STREAM, None))?;
    told(socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))))?;
    told(socket.listen(0))?;
    let at = told(socket.local_addr())?.as_socket().ok_or("no address")?;
    // A backlog of 0 has room for one that nobody accepts; what comes after it is not answered at
    // all.
    let _first = told(TcpStream::connect(at))?;
    for words in [&["-w", "300ms"][..], &["-z", "-v", "-w", "300ms"]] {
        let begin = Instant::now();
        let port = at.port().to_string();
        let outcome = outcome_of(Program::ncat(
            words.iter().copied().chain(["127.0.0.1", &port]),
        ))?;
        let took = begin.elapsed();
        let said = outcome.stderr.lines().last().unwrap_or_default();
        if outcome.code != 1 || said != "Ncat: TIMEOUT." {
            return Err(format!("status {} with {:?}", outcome.code, outcome.stderr));
        }
        if took < Duration::from_millis(280) {
            return Err(format!("it gave up after {took:?}"));
        }
    }
    Ok(())
}

#[test]
fn an_address_in_use_is_refused_before_anything_else() -> Told {
    let taken = told(TcpListener::bind("127.0.0.1:0"))?;
    let port = told(taken.local_addr())?.port().to_string();
    let sentence = format!("Ncat: bind to 127.0.0.1:{port}: Address already in use. QUITTING.");
    says(&["-l", "127.0.0.1", &port], 2, &sentence)?;

    let taken = told(UdpSocket::bind("127.0.0.1:0"))?;
    let port = told(taken.local_addr())?.port().to_string();
    let sentence = format!("Ncat: bind to 127.0.0.1:{port}: Address already in use. QUITTING.");
    says(&["-l", "-u", "127.0.0.1", &port], 2, &sentence)?;

    let dir = directory()?;
    let path = dir.path().join("socket").display().to_string();
    let sentence = format!("Ncat: bind to {path}: Address already in use. QUITTING.");
    let listening = told(UnixListener::bind(&path))?;
    says(&["-l", "-U", &path], 2, &sentence)?;
    drop(listening);
    told(fs::remove_file(&path))?;
    let _bound = told(UnixDatagram::bind(&path))?;
    says(&["-l", "-U", "-u", &path], 2, &sentence)
}

#[test]
fn a_path_that_is_no_socket_is_never_replaced() -> Told {
    let dir = directory()?;
    let path = dir.path().join("file");
    told(fs::write(&path, "dear"))?;
    let words = path.display().to_string();
    says(
        &["-l", "-U", &words],
        2,
        &format!("Ncat: bind to {words}: Address already in use. QUITTING."),
    )?;
    same("the file", &told(fs::read(&path))?, b"dear")
}

#[test]
fn a_foreign_address_cannot_be_bound() -> Told {
    // 192.0.2.0/24 is for documentation; .99 of it is nobody here.
    says(
        &["-l", "192.0.2.99", "9"],
        2,
        "Ncat: bind to 192.0.2.99:9: Cannot assign requested address. QUITTING.",
    )?;
    let outcome = outcome_of(Program::ncat(["-s", "192.0.2.99", "127.0.0.1", "9"]))?;
    let said = outcome.stderr.contains("Cannot assign requested address");
    if outcome.code == 1 && said {
        Ok(())
    } else {
        Err(format!("status {} with {:?}", outcome.code, outcome.stderr))
    }
}

#[test]
fn no_permission_is_told_as_such() -> Told {
    let dir = directory()?;
    let locked = dir.path().join("locked");
    told(fs::create_dir(&locked))?;
    told(fs::set_permissions(
        &locked,
        fs::Permissions::from_mode(0o000),
    ))?;
    let path = locked.join("x").display().to_string();
    // Root may do everything, so it has to become somebody else first.
    let nobody: &[&str] = &["setpriv", "--reuid=65534", "--clear-groups"];
    let through = if rustix::process::geteuid().is_root() {
        nobody
    } else {
        &[]
    };
    let program = |words: &[&str]| Program::ncat(words).through(through);
    if outcome_of(program(&["--version"])).is_ok_and(|outcome| outcome.code != 0) {
        println!("SKIPPED: another user cannot run the program where it was built");
        return Ok(());
    }
    expect(
        &outcome_of(program(&["-U", &path]))?,
        1,
        "Ncat: Permission denied.",
    )?;
    let sentence = format!("Ncat: bind to {path}: Permission denied. QUITTING.");
    expect(&outcome_of(program(&["-l", "-U", &path]))?, 2, &sentence)?;
    expect(
        &outcome_of(program(&["-o", &path, "127.0.0.1", "9"]))?,
        2,
        "open: Permission denied",
    )
}

#[test]
fn a_name_is_not_looked_up_when_that_is_forbidden() -> Told {
    says(
        &["-n", "localhost", "9"],
        2,
        "Ncat: Could not resolve hostname \"localhost\": Name or service not known. QUITTING.",
    )?;
    // More letters than any label may have: no server is asked.
    let name = "x".repeat(70);
    let outcome = outcome_of(Program::ncat([&name, "9"]))?;
    let said = outcome
        .stderr
        .starts_with(&format!("Ncat: Could not resolve hostname \"{name}\": "));
    if outcome.code == 2 && said {
        Ok(())
    } else {
        Err(format!("status {} with {:?}", outcome.code, outcome.stderr))
    }
}

#[test]
fn one_of_two_addresses_in_use_is_an_error_and_not_half_a_server() -> Told {
    // The port is free for [::] and taken for 0.0.0.0.
    let taken = told(TcpListener::bind("0.0.0.0:0"))?;
    let port = told(taken.local_addr())?.port().to_string();
    says(
        &["-l", &port],
        2,
        &format!("Ncat: bind to 0.0.0.0:{port}: Address already in use. QUITTING."),
    )
}

#[test]
fn a_stale_socket_file_is_replaced_and_ours_is_removed_at_the_end() -> Told {
    let dir = directory()?;
    let Place::Unix(path) = socket_in(dir.path()) else {
        return Err("that is no Unix socket".into());
    };
    drop(told(UnixListener::bind(&path))?);
    let words = path.display().to_string();
    let mut scene = Scene::of(Program::ncat(["-l", "-v", "-U", &words]))?;
    announced(&mut scene, 1)?;
    scene.enter(&Place::Unix(path.clone()))?;
    scene.peer().tx.push(b"hello\n");
    scene.peer().tx.finish();
    same("stdout", &scene.ends_with(0)?.stdout, b"hello\n")?;
    if path.exists() {
        Err("the socket file is still there".into())
    } else {
        Ok(())
    }
}
