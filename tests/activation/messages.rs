//! Sockets for datagrams that somebody else has opened.

use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;

use crate::common::deadline::USUAL;
use crate::common::payload::same;
use crate::common::{Scene, Told, directory, told};
use crate::{TELL, TOLD, left};

fn socket() -> Told<UdpSocket> {
    let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
    told(socket.set_read_timeout(Some(USUAL)))?;
    Ok(socket)
}

fn sender(to: &UdpSocket) -> Told<UdpSocket> {
    let sender = socket()?;
    told(sender.connect(told(to.local_addr())?))?;
    Ok(sender)
}

fn copy(socket: &UdpSocket) -> Told<OwnedFd> {
    told(socket.try_clone()).map(OwnedFd::from)
}

fn hear(socket: &UdpSocket, wanted: &[u8]) -> Told {
    let mut room = [0; 100];
    let n = told(socket.recv(&mut room))?;
    same("what was heard", &room[..n], wanted)
}

/// Whoever opened the socket can use it as before, for all who come later.
#[test]
fn one_peer_is_served_and_the_socket_goes_on() -> Told {
    let door = socket()?;
    let mut scene = Scene::of(left(
        copy(&door)?,
        &["-l", "-u", "-c", "read x; echo $x $x; exit"],
    ))?;
    let (first, second) = (sender(&door)?, sender(&door)?);
    told(first.send(b"one\n"))?;
    hear(&first, b"one one\n")?;
    scene.ends_with(0)?;
    told(second.send(b"two\n"))?;
    hear(&door, b"two\n")
}

#[test]
fn one_peer_alone_is_heard() -> Told {
    let door = socket()?;
    let mut scene = Scene::of(left(copy(&door)?, &["-l", "-u"]))?;
    let (first, second) = (sender(&door)?, sender(&door)?);
    told(first.send(b"one\n"))?;
    scene.until("it is heard", |s| s.program.stdout.got == b"one\n")?;
    told(second.send(b"two\n"))?;
    told(first.send(b"three\n"))?;
    scene.until("more is heard", |s| s.program.stdout.got.len() > 4)?;
    same("stdout", &scene.program.stdout.got, b"one\nthree\n")
}

#[test]
fn many_peers_have_a_program_each() -> Told {
    let door = socket()?;
    let _scene = Scene::of(left(copy(&door)?, &["-l", "-u", "-k", "-c", TELL]))?;
    for _ in 0..3 {
        let sender = sender(&door)?;
        told(sender.send(b"hello"))?;
        hear(&sender, TOLD)?;
    }
    Ok(())
}

#[test]
fn unix_peers_are_served() -> Told {
    let dir = directory()?;
    let at = |name: &str| dir.path().join(name);
    let door = told(UnixDatagram::bind(at("door")))?;
    let words = ["-l", "-u", "-e", "/bin/cat"];
    let _scene = Scene::of(left(told(door.try_clone())?.into(), &words))?;
    let sender = told(UnixDatagram::bind(at("sender")))?;
    told(sender.set_read_timeout(Some(USUAL)))?;
    for words in [b"one", b"two"] {
        told(sender.send_to(words, at("door")))?;
        let mut room = [0; 10];
        let n = told(sender.recv(&mut room))?;
        same("the echo", &room[..n], words)?;
    }
    Ok(())
}
