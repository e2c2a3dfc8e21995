//! Who meets in these tests: our program as one side, and other programs through whose stdin and stdout
//! a test speaks as it would through a plain socket.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::time::Duration;

use socket2::Socket;

use crate::common::payload::{noise, same};
use crate::common::proc_net::tcp_port_of;
use crate::common::program::pair;
use crate::common::{Deadline, In, Out, Peer, Place, Program, Running, Scene, Told};

/// Words of a command line, from whatever they were put together.
pub(crate) fn words<T: AsRef<str>>(parts: &[&[T]]) -> Vec<String> {
    let all = parts.iter().flat_map(|part| part.iter());
    all.map(|word| word.as_ref().to_owned()).collect()
}

/// Our program, listening on a port of 127.0.0.1 with these options; its stdin is a pipe.
pub(crate) fn listening<T: AsRef<str>>(options: &[T]) -> Told<(Scene, Place)> {
    listening_as(options, |program| program)
}

pub(crate) fn listening_as<T: AsRef<str>>(
    options: &[T],
    dress: impl FnOnce(Program) -> Program,
) -> Told<(Scene, Place)> {
    let place = ["-l", "-v", "127.0.0.1", "0"].map(String::from);
    let words = words(&[&place, &words(&[options])]);
    let mut scene = Scene::of(dress(Program::ncat(words).stdin(In::Pipe)))?;
    let port = tcp_port_of(&mut scene.program, Deadline::after(scene.patience))?;
    Ok((scene, Place::local(port)))
}

/// Our program, connecting there with these options; its stdin is a pipe.
pub(crate) fn calling<T: AsRef<str>>(place: &Place, options: &[T]) -> Told<Scene> {
    calling_as("127.0.0.1", place, options)
}

/// The same, by another name of that place.
pub(crate) fn calling_as<T: AsRef<str>>(host: &str, place: &Place, options: &[T]) -> Told<Scene> {
    let there = [host.to_owned(), port_of(place)];
    let words = words(&[&words(&[options]), &there]);
    Scene::of(Program::ncat(words).stdin(In::Pipe))
}

pub(crate) fn port_of(place: &Place) -> String {
    place.words().pop().unwrap_or_default()
}

/// Another program, and what stands in for its stdin and stdout.
pub(crate) fn speaker<T: AsRef<OsStr>>(program: &str, words: &[T]) -> Told<(Running, Peer)> {
    let (ours, theirs) = pair()?;
    let copy = theirs
        .try_clone()
        .map_err(|e| format!("no copy of a socket: {e}"))?;
    let program = Program::at(program, words);
    let running = program
        .stdin(In::Given(theirs))
        .stdout(Out::Given(copy))
        .start()?;
    Ok((running, Peer::of(Socket::from(ours))?))
}

/// `openssl s_server` with these options, where it is, and what is said through it.
pub(crate) fn s_server<T: AsRef<str>>(options: &[T]) -> Told<(Running, Place, Peer)> {
    let usual = ["s_server", "-accept", "127.0.0.1:0", "-naccept", "1"].map(String::from);
    let (mut running, peer) = speaker("openssl", &words(&[&usual, &words(&[options])]))?;
    let port = tcp_port_of(&mut running, Deadline::usual())?;
    Ok((
        running,
        Place::Tcp((Ipv4Addr::LOCALHOST, port).into()),
        peer,
    ))
}

/// `openssl s_client` at this place.
pub(crate) fn s_client<T: AsRef<str>>(place: &Place, options: &[T]) -> Told<(Running, Peer)> {
    let there = format!("127.0.0.1:{}", port_of(place));
    let usual = ["s_client".into(), "-connect".into(), there];
    speaker("openssl", &words(&[&usual, &words(&[options])]))
}

/// How long one of two programs may be waited for before the other has its turn.
const TURN: Duration = Duration::from_millis(2);

/// A program that listens and one that has come to it.
pub(crate) struct Two {
    pub(crate) listener: Scene,
    pub(crate) caller: Scene,
}

impl Two {
    /// Both are ours, with a pipe as their stdin.
    pub(crate) fn ncats(listens: &[&str], calls: &[&str]) -> Told<Self> {
        let (listener, place) = listening(&[&["--ssl"], listens].concat())?;
        let caller = calling(&place, &[&["--ssl"], calls].concat())?;
        Ok(Self { listener, caller })
    }

    /// Moves bytes at both until `fact` holds.
    pub(crate) fn until(&mut self, what: &str, fact: impl Fn(&mut Self) -> bool) -> Told {
        let deadline = Deadline::usual();
        while !fact(self) {
            self.listener.turn(Deadline::after(TURN))?;
            self.caller.turn(Deadline::after(TURN))?;
            if deadline.passed() {
                let (one, other) = (self.listener.state(), self.caller.state());
                return Err(format!(
                    "waited in vain until {what}; {one}; and the other: {other}"
                ));
            }
        }
        Ok(())
    }

    pub(crate) fn both_end_well(&mut self) -> Told {
        self.until("both ended", |two| {
            let ended = |scene: &Scene| scene.program.status.is_some();
            ended(&two.listener) && ended(&two.caller)
        })?;
        self.listener.ends_with(0)?;
        self.caller.ends_with(0).map(drop)
    }
}

/// Says so much in both directions, and sees that all of it arrives.
pub(crate) fn both_say_all(scene: &mut Scene, size: usize) -> Told {
    let (out, back) = (noise(1, size), noise(2, size));
    scene.program.stdin.push(&out);
    scene.peer().tx.push(&back);
    scene.until("both heard all", |s| {
        s.peer().rx.got.len() >= size && s.program.stdout.got.len() >= size
    })?;
    same("what the other side heard", &scene.peer().rx.got, &out)?;
    same("what our side heard", &scene.program.stdout.got, &back)
}

/// Waits until so many have shaken hands with a server: their own side may be done before.
pub(crate) fn are_in(scene: &mut Scene, count: usize) -> Told {
    let came = |line: &&str| line.starts_with("Ncat: Connection from ") && line.ends_with('.');
    scene.until(&format!("{count} are in"), |s| {
        let stderr = s.program.stderr.text();
        stderr
            .lines()
            .filter(came)
            .filter(|line| !line.contains(" closed: "))
            .count()
            >= count
    })
}

/// Has our program say something, and waits until the last peer has heard it.
pub(crate) fn say(scene: &mut Scene, text: &'static str) -> Told {
    scene.program.stdin.push(text.as_bytes());
    scene.until(&format!("the peer heard {text:?}"), |s| {
        s.peer().rx.text().contains(text)
    })
}

/// Has the last peer say something, and waits until our stdout shows it.
pub(crate) fn hear(scene: &mut Scene, text: &'static str) -> Told {
    scene.peer().tx.push(text.as_bytes());
    scene.until(&format!("stdout shows {text:?}"), |s| {
        s.program.stdout.text().contains(text)
    })
}

/// Sees that a text holds another, or shows it.
pub(crate) fn holds(what: &str, text: &str, wanted: &str) -> Told {
    match text.contains(wanted) {
        true => Ok(()),
        false => Err(format!("{what} lacks {wanted:?}: {text}")),
    }
}
