//! One peer that somebody else has let in: Accept=yes.

use std::os::fd::OwnedFd;

use crate::common::payload::{noise, same};
use crate::common::program::pair;
use crate::common::{Deadline, Out, Peer, Place, Program, Scene, Told, told};
use crate::{TELL, TOLD, left, left_as};

/// How systemd leaves a connection when it is told StandardInput=socket.
const AS_STDIO: &str = "exec \"$@\"";

/// A peer, and the end of its connection that somebody has let in.
fn let_in() -> Told<(Peer, OwnedFd)> {
    let door = Place::any_port().open()?;
    let peer = door.place.connect()?;
    let fd = door.accept(Deadline::usual())?.into_fd()?;
    Ok((peer, fd))
}

/// Our program serves a peer that was let in, and ends with this status.
fn serves(words: &[&str], said: &[u8], status: i32) -> Told<(Vec<u8>, String, Vec<u8>)> {
    let (peer, fd) = let_in()?;
    play(left(fd, words), peer, said, status)
}

/// What the peer got, what stderr says, and what stdout gave.
fn play(
    program: Program,
    peer: Peer,
    said: &[u8],
    status: i32,
) -> Told<(Vec<u8>, String, Vec<u8>)> {
    let mut scene = Scene::of(program)?;
    scene.peers.push(peer);
    scene.peer().tx.push(said);
    scene.peer().tx.finish();
    let outcome = scene.ends_with(status)?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    let got = scene.peer().rx.got.clone();
    Ok((got, outcome.stderr, outcome.stdout))
}

#[test]
fn it_is_served_and_we_end_with_it() -> Told {
    let said = noise(5, 1_000_000);
    let (got, stderr, stdout) = serves(&["-l"], &said, 0)?;
    same("stdout", &stdout, &said)?;
    same("the peer", &got, b"")?;
    match stderr.contains("Listening on") || !stderr.contains("Ncat: Connection from 127.0.0.1:") {
        true => Err(format!("stderr says {stderr:?}")),
        false => Ok(()),
    }
}

#[test]
fn its_program_is_told_of_both_ends_and_inherits_three_descriptors() -> Told {
    let (peer, fd) = let_in()?;
    let ends = |at: Option<std::net::SocketAddr>| at.map(|at| format!("{} {}", at.ip(), at.port()));
    let (Some(far), Some(near)) = (ends(peer.local()), ends(peer.remote())) else {
        return Err("it has no addresses".into());
    };
    let line = "echo $NCAT_REMOTE_ADDR $NCAT_REMOTE_PORT $NCAT_LOCAL_ADDR $NCAT_LOCAL_PORT; exit";
    let program = left(fd, &["-l", "-c", line]);
    let (got, _, _) = play(program, peer, b"", 0)?;
    same("what it knows", &got, format!("{far} {near}\n").as_bytes())?;
    let (got, _, _) = serves(&["-l", "-c", TELL], b"", 0)?;
    same("what it has", &got, TOLD)
}

#[test]
fn it_may_be_our_standard_input() -> Told {
    let (peer, fd) = let_in()?;
    let program = left_as(AS_STDIO, fd, &["-l", "-e", "/bin/cat"]);
    let said = noise(6, 300_000);
    let (got, _, _) = play(program, peer, &said, 0)?;
    same("the echo", &got, &said)
}

/// The peer hears the program and none of our own words, of which there are some.
#[test]
fn it_may_be_our_standard_output_and_error_as_well() -> Told {
    let (peer, fd) = let_in()?;
    let script = "exec \"$@\" 2>&1";
    let output = told(fd.try_clone())?;
    let program = left_as(script, fd, &["-l", "-c", TELL]).stdout(Out::Given(output));
    let mut scene = Scene::of(program)?;
    scene.peers.push(peer);
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    same("the peer", &scene.peer().rx.got, TOLD)?;
    scene.ends_with(0).map(drop)
}

#[test]
fn one_that_may_not_come_in_is_closed_and_that_is_all() -> Told {
    for options in [["--deny", "127.0.0.1"], ["--allow", "::1"]] {
        let (mut peer, fd) = let_in()?;
        peer.tx.drop_end();
        let words = [&["-l", "-e", "/bin/cat"], &options[..]].concat();
        let mut scene = Scene::of(left(fd, &words))?;
        scene.peers.push(peer);
        let outcome = scene.ends_with(0)?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, b"")?;
        if !outcome
            .stderr
            .contains("New connection denied: not allowed")
        {
            return Err(format!("stderr says {:?}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn one_that_breaks_is_told_by_the_status() -> Told {
    let (peer, fd) = let_in()?;
    let mut scene = Scene::of(left(fd, &["-l"]))?;
    scene.until("it is in", |s| {
        s.program.stderr.text().contains("Connection from")
    })?;
    peer.reset()?;
    scene.ends_with(1).map(drop)
}

#[test]
fn a_nameless_peer_is_served_as_well() -> Told {
    let (ours, theirs) = pair()?;
    let peer = Peer::of(ours.into())?;
    let (got, _, _) = play(left(theirs, &["-l", "-e", "/bin/cat"]), peer, b"echo", 0)?;
    same("the echo", &got, b"echo")
}

#[cfg(feature = "tls")]
#[test]
fn one_that_does_not_speak_tls_ends_it() -> Told {
    let (_, stderr, _) = serves(&["-l", "--ssl", "-e", "/bin/cat"], b"this is no TLS\n", 1)?;
    match stderr.contains("Failed SSL connection from 127.0.0.1:") {
        true => Ok(()),
        false => Err(format!("stderr says {stderr:?}")),
    }
}

#[cfg(feature = "tls")]
#[test]
fn one_that_speaks_tls_is_served() -> Told {
    let door = Place::any_port().open()?;
    let words = ["--ssl".to_owned()].into_iter().chain(door.place.words());
    let mut client = Scene::of(Program::ncat(words).stdin(crate::common::In::Pipe))?;
    let fd = door.accept(Deadline::usual())?.into_fd()?;
    let mut server = Scene::of(left(fd, &["-l", "--ssl", "-e", "/bin/cat"]))?;
    client.program.stdin.push(b"echo");
    client.program.stdin.finish();
    same("the answer", &client.ends_with(0)?.stdout, b"echo")?;
    server.ends_with(0).map(drop)
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_ends_with_its_only_client() -> Told {
    let target = Place::any_port().open()?;
    let (peer, fd) = let_in()?;
    let mut scene = Scene::of(left(fd, &["-l", "--proxy-type", "http"]))?;
    scene.peers.push(peer);
    let request = format!("CONNECT {} HTTP/1.1\r\n\r\n", target.place);
    scene.peer().tx.push(request.as_bytes());
    scene.until("it is let through", |s| {
        s.peer().rx.text().contains(" 200 ")
    })?;
    scene.admit(&target)?;
    scene.peers[0].tx.push(b"up");
    scene.peers[0].tx.finish();
    scene.until("the target has it all", |s| s.peers[1].rx.ended())?;
    same("the target", &scene.peers[1].rx.got, b"up")?;
    scene.peers[1].tx.push(b"down");
    scene.peers[1].tx.finish();
    scene.until("the client has it all", |s| s.peers[0].rx.ended())?;
    if !scene.peers[0].rx.text().ends_with("\r\n\r\ndown") {
        return Err(format!("the client has {:?}", scene.peers[0].rx.text()));
    }
    scene.ends_with(0).map(drop)
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_whose_client_leaves_without_a_word_ends() -> Told {
    let (peer, fd) = let_in()?;
    let mut scene = Scene::of(left(fd, &["-l", "--proxy-type", "http"]))?;
    drop(peer);
    scene.ends_with(0).map(drop)
}
