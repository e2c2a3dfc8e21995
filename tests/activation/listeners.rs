//! Sockets that listen: Accept=no.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::process::Signal;

use crate::common::payload::same;
use crate::common::wire::socket_in;
use crate::common::{Deadline, Door, Place, Scene, Told, directory, told};
use crate::{TELL, TOLD, left};

fn copy(door: &Door) -> Told<OwnedFd> {
    told(door.socket.try_clone()).map(OwnedFd::from)
}

/// Plays the same scene at each kind of socket that listens.
fn at_each(play: impl Fn(&Door) -> Told) -> Told {
    let dir = directory()?;
    let mut places = vec![Place::any_port(), socket_in(dir.path())];
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        places.push(Place::Tcp(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))));
    }
    for place in places {
        play(&place.open()?).map_err(|e| format!("{place}: {e}"))?;
    }
    Ok(())
}

#[test]
fn one_peer_is_served_and_the_socket_goes_on() -> Told {
    at_each(|door| {
        let mut scene = Scene::of(left(copy(door)?, &["-l"]))?;
        scene.enter(&door.place)?;
        scene.peer().tx.push(b"hello");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, b"hello")?;
        let line = format!("Ncat: Listening on {}\n", door.place);
        let line = line
            .replace("::1:", "[::1]:")
            .replace("[[", "[")
            .replace("]]", "]");
        if !outcome.stderr.contains(&line) {
            return Err(format!("{line:?} is missing in {:?}", outcome.stderr));
        }
        let next = door.place.connect()?;
        door.accept(Deadline::usual())?;
        drop(next);
        Ok(())
    })
}

#[test]
fn who_was_there_before_us_is_served() -> Told {
    at_each(|door| {
        let early = door.place.connect()?;
        let mut scene = Scene::of(left(copy(door)?, &["-l", "-e", "/bin/cat"]))?;
        scene.peers.push(early);
        scene.peer().tx.push(b"hello");
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the answer", &scene.peer().rx.got, b"hello")
    })
}

#[test]
fn many_peers_are_served_until_it_is_told_to_end() -> Told {
    at_each(|door| {
        let mut scene = Scene::of(left(copy(door)?, &["-l", "-k"]))?;
        for count in 1..4 {
            scene.enter(&door.place)?;
            scene.peer().tx.push(b"x");
            scene.until("it is heard", |s| s.program.stdout.got.len() == count)?;
        }
        scene.program.signal(Signal::TERM)?;
        scene.ends_with(143)?;
        match &door.place {
            Place::Unix(path) if !path.exists() => Err("a path of others is gone".into()),
            Place::Unix(_) | Place::Tcp(_) => Ok(()),
        }
    })
}

#[test]
fn a_program_gets_neither_the_socket_nor_the_words_about_it() -> Told {
    at_each(|door| {
        let mut scene = Scene::of(left(copy(door)?, &["-l", "-k", "-c", TELL]))?;
        for _ in 0..2 {
            scene.enter(&door.place)?;
            scene.until("the program has told", |s| s.peer().rx.ended())?;
            same("what it has", &scene.peer().rx.got, TOLD)?;
        }
        Ok(())
    })
}

#[test]
fn those_who_come_hear_each_other() -> Told {
    at_each(|door| {
        let mut scene = Scene::of(left(copy(door)?, &["--broker"]))?;
        for nth in 1..3 {
            scene.enter(&door.place)?;
            scene.until("it is in", |s| {
                s.program.stderr.text().matches("Connection from").count() == nth
            })?;
        }
        scene.peers[0].tx.push(b"hello");
        scene.until("the other hears it", |s| s.peers[1].rx.got == b"hello")
    })
}

#[test]
fn lists_of_hosts_say_who_may_come() -> Told {
    let door = Place::any_port().open()?;
    let mut scene = Scene::of(left(copy(&door)?, &["-l", "--allow", "127.0.0.7"]))?;
    scene.enter(&door.place)?;
    scene.until("it is refused", |s| s.peer().rx.ended())?;
    scene
        .peers
        .push(door.place.connect_from([127, 0, 0, 7].into())?);
    scene.peer().tx.push(b"hello");
    scene.peer().tx.finish();
    same("stdout", &scene.ends_with(0)?.stdout, b"hello")
}

#[cfg(feature = "tls")]
#[test]
fn those_who_come_speak_tls() -> Told {
    let door = Place::any_port().open()?;
    let _server = Scene::of(left(copy(&door)?, &["-l", "-k", "--ssl", "-e", "/bin/cat"]))?;
    let words = ["--ssl".to_owned()].into_iter().chain(door.place.words());
    let client = crate::common::Program::ncat(words).stdin(crate::common::In::Pipe);
    let mut client = Scene::of(client)?;
    client.program.stdin.push(b"echo");
    client.program.stdin.finish();
    same("the answer", &client.ends_with(0)?.stdout, b"echo")
}

#[cfg(feature = "proxy")]
#[test]
fn those_who_come_find_a_proxy() -> Told {
    let (door, target) = (Place::any_port().open()?, Place::any_port().open()?);
    let mut scene = Scene::of(left(copy(&door)?, &["-l", "--proxy-type", "http"]))?;
    scene.enter(&door.place)?;
    let request = format!("CONNECT {} HTTP/1.1\r\n\r\n", target.place);
    scene.peer().tx.push(request.as_bytes());
    scene.until("it is let through", |s| {
        s.peer().rx.text().contains(" 200 ")
    })
}

/// A socket in the way of the first is a peer of nobody, and both are served.
#[test]
fn all_sockets_are_listened_on() -> Told {
    let (one, other) = (Place::any_port().open()?, Place::any_port().open()?);
    let script = "LISTEN_PID=$$ LISTEN_FDS=2 exec \"$@\" 3<&0 4<&1 0</dev/null 1>/dev/null";
    let program = crate::left_as(script, copy(&one)?, &["-l", "-k", "-e", "/bin/cat"]);
    let program = program.stdout(crate::common::Out::Given(copy(&other)?));
    let mut scene = Scene::of(program)?;
    for door in [&one, &other] {
        scene.enter(&door.place)?;
        scene.peer().tx.push(b"echo");
        scene.until("it is answered", |s| s.peer().rx.got == b"echo")?;
    }
    Ok(())
}
