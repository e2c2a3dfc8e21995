//! What cannot be listened on, in a sentence and with status 2.

use std::os::fd::OwnedFd;

use socket2::{Domain, Socket, Type};

use crate::common::payload::same;
use crate::common::program::{pair, pipe};
use crate::common::{In, Out, Place, Program, Scene, Told, told};
use crate::{left, left_as};

fn refused(program: Program, sentence: &str) -> Told {
    let outcome = Scene::of(program)?.ends_with(2)?;
    let said = outcome.stderr.lines().last().unwrap_or_default();
    let wanted = format!("Ncat: {sentence} QUITTING.");
    same("stderr", said.as_bytes(), wanted.as_bytes())
}

fn socket(kind: Type) -> Told<OwnedFd> {
    told(Socket::new(Domain::IPV4, kind, None)).map(OwnedFd::from)
}

fn listener() -> Told<OwnedFd> {
    Ok(Place::any_port().open()?.socket.into())
}

#[test]
fn each_socket_must_be_of_use() -> Told {
    let unfit = "Descriptor 3 (door) was left to us to listen on, but cannot be used:";
    let idle = socket(Type::STREAM)?;
    refused(
        left(idle, &["-l"]),
        &format!("{unfit} it neither listens nor has a peer."),
    )?;
    let (odd, _other) = told(Socket::pair(Domain::UNIX, Type::SEQPACKET, None))?;
    let odd = OwnedFd::from(odd);
    let words = "it carries neither streams nor datagrams.";
    refused(left(odd, &["-l"]), &format!("{unfit} {words}"))?;
    refused(
        left(pipe()?.0, &["-l"]),
        &format!("{unfit} it is no socket."),
    )?;
    let datagrams = "The sockets that we are given take datagrams: --listen-fds needs --udp.";
    refused(left(socket(Type::DGRAM)?, &["-l"]), datagrams)?;
    let streams = "The sockets that we are given are streams, and --udp is for datagrams.";
    refused(left(listener()?, &["-l", "-u"]), streams)?;
    let one = "The socket that we are given is one connection: --keep-open, --broker and --chat \
               need one that listens.";
    refused(left(pair()?.0, &["-l", "-k"]), "")
        .map_or_else(|_| Ok(()), |()| Err("silent".to_owned()))?;
    let (ours, theirs) = pair()?;
    refused(left(theirs, &["-l", "-k"]), one)?;
    drop(ours);
    Ok(())
}

#[test]
fn all_sockets_must_be_of_one_kind() -> Told {
    let script = "LISTEN_PID=$$ LISTEN_FDS=2 exec \"$@\" 3<&0 4<&1 0</dev/null 1>/dev/null";
    let two = |one, other| left_as(script, one, &["-l"]).stdout(Out::Given(other));
    let mixed = "Descriptor 3 and Descriptor 4 are sockets of different kinds: one program serves \
                 one kind.";
    refused(two(listener()?, socket(Type::DGRAM)?), mixed)?;
    let ((_a, one), (_b, other)) = (pair()?, pair()?);
    let crowd = "2 connections were left to us: one program serves one.";
    refused(two(one, other), crowd)
}

#[test]
fn what_is_said_of_them_must_be_right() -> Told {
    let nobody = "--listen-fds: no socket was left to us, neither by LISTEN_FDS nor as our standard \
                  input.";
    let alone = Program::ncat(["-l", "--listen-fds"]).stdin(In::Null);
    refused(alone, nobody)?;
    let none = "LISTEN_PID=$$ LISTEN_FDS=0 exec \"$@\" </dev/null";
    refused(left_as(none, listener()?, &["-l"]), nobody)?;
    let closed = "LISTEN_PID=$$ LISTEN_FDS=2 exec \"$@\" 3<&0 0</dev/null";
    let sentence =
        "Descriptor 4 was left to us to listen on, but cannot be used: Bad file descriptor.";
    refused(left_as(closed, listener()?, &["-l"]), sentence)?;
    for count in ["x", "-1", "1025", "99999999999"] {
        let script = format!("LISTEN_PID=$$ LISTEN_FDS={count} exec \"$@\" 3<&0 0</dev/null");
        let sentence = format!("LISTEN_FDS says \"{count}\", which is no count of sockets.");
        refused(left_as(&script, listener()?, &["-l"]), &sentence)?;
    }
    Ok(())
}

/// As when a unit starts a shell that does not make way for us.
#[test]
fn sockets_for_somebody_else_are_left_alone() -> Told {
    let script = "LISTEN_PID=1 LISTEN_FDS=1 exec \"$@\" 3<&0 0</dev/null";
    let mut scene = Scene::of(left_as(script, listener()?, &["-l"]))?;
    let id = scene.program.id();
    let outcome = scene.ends_with(2)?;
    let sentence = format!(
        "Ncat: LISTEN_PID says that the sockets are for process 1, and this is {id}. QUITTING.\n"
    );
    match outcome.stderr.ends_with(&sentence) {
        true => Ok(()),
        false => Err(format!("stderr says {:?}", outcome.stderr)),
    }
}

#[test]
fn without_the_option_nothing_of_it_counts() -> Told {
    let door = Place::any_port().open()?;
    let script = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 0</dev/null";
    let program = Program::ncat(["-l", "-v", "127.0.0.1", "0", "-c", "echo $LISTEN_FDS"])
        .stdin(In::Given(told(door.socket.try_clone())?.into()))
        .through(&["sh", "-c", script, "sh"]);
    let mut scene = Scene::of(program)?;
    let place = crate::common::scene::place_of(&mut scene)?;
    if place == door.place {
        return Err("it listens on the socket that it was not told of".into());
    }
    scene.enter(&place)?;
    scene.until("the program has told", |s| s.peer().rx.ended())?;
    same("the variable", &scene.peer().rx.got, b"1\n")
}
