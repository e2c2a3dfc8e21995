//! `-F`: the connection is left to whoever holds the other end of stdout.

use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::common::{In, Out, Scene, Told, told};
#[cfg(feature = "proxy")]
use crate::common::{Program, scene::place_of};
use crate::{Who, with_both};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(20);
const BANNER: &[u8] = b"SSH-2.0-somebody who speaks first\r\n";

/// What that program leaves to us, when it is led to a server that speaks first by those arguments.
fn is_passed_on(who: Who, way: &[&str]) -> Told {
    let server = told(TcpListener::bind("127.0.0.1:0"))?;
    let port = told(server.local_addr())?.port().to_string();
    let (ours, theirs) = told(UnixStream::pair())?;
    told(ours.set_read_timeout(Some(PATIENCE)))?;
    let args = [&["-F"], way, &["127.0.0.1", &port]].concat();
    let program = who.program(&args).stdin(In::Null);
    let mut scene = Scene::of(program.stdout(Out::Given(theirs.into())))?;
    let (mut peer, _) = told(server.accept())?;
    told(peer.write_all(BANNER))?;
    let mut socket = TcpStream::from(socket_from(&ours)?);
    scene.ends_with(0)?;
    // The other one leaves it as it has used it itself.
    told(socket.set_nonblocking(false))?;
    told(socket.set_read_timeout(Some(PATIENCE)))?;
    let mut banner = vec![0; BANNER.len()];
    told(socket.read_exact(&mut banner))?;
    assert_eq!(banner, BANNER, "the first words of the server");
    told(socket.write_all(b"hello"))?;
    drop(socket);
    let mut heard = String::new();
    told(peer.set_read_timeout(Some(PATIENCE)))?;
    told(peer.read_to_string(&mut heard))?;
    assert_eq!(heard, "hello", "what the server hears");
    Ok(())
}

fn socket_from(stdout: &UnixStream) -> Told<OwnedFd> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(&mut byte)];
    let received = recvmsg(stdout.as_fd(), &mut parts, &mut rights, RecvFlags::empty());
    told(received.map_err(std::io::Error::from))?;
    let sockets = rights.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets.collect::<Vec<_>>()),
        _ => None,
    });
    let socket = sockets.and_then(|mut sockets| sockets.pop());
    socket.ok_or_else(|| "no socket came".into())
}

#[test]
fn a_connection_is_left_to_whoever_reads_stdout() -> Told {
    with_both(|who| is_passed_on(who, &[]))
}

#[cfg(feature = "proxy")]
#[test]
fn what_comes_behind_the_answer_of_a_proxy_goes_with_it() -> Told {
    with_both(|who| {
        for (kind, ours) in [("connect", "http"), ("5", "socks5"), ("4", "socks4")] {
            let program = Program::ncat(["-l", "-v", "--proxy-type", ours, "127.0.0.1", "0"]);
            let mut proxy = Scene::of(program.stdin(In::Null))?;
            let at = place_of(&mut proxy)?;
            let at = at.to_string();
            is_passed_on(who, &["-X", kind, "-x", &at]).map_err(|why| format!("{kind}: {why}"))?;
        }
        Ok(())
    })
}

#[test]
fn what_cannot_be_passed_on_is_an_error() -> Told {
    let server = told(TcpListener::bind("127.0.0.1:0"))?;
    let port = told(server.local_addr())?.port().to_string();
    let program = Who::Ours.program(&["-F", "127.0.0.1", &port]);
    let outcome = Scene::of(program.stdin(In::Null))?.ends_with(1)?;
    let wanted = "nc: The connection could not be passed on: standard output is no Unix socket.\n";
    assert_eq!(outcome.stderr, wanted, "what is said");
    Ok(())
}
