//! Programs that talk in datagrams: one for each sender, for as long as it keeps sending.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::common::deadline::USUAL;
use crate::common::payload::{noise, same};
use crate::common::scene::announced;
use crate::common::table::{Case, all_hold};
use crate::common::{Program, Scene, Told, directory, told};
use crate::expect;
use crate::kin::Mark;

/// What carries the datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Udp,
    Unix,
}

/// A plain socket that knows one peer.
enum Plain {
    Udp(UdpSocket),
    Unix(UnixDatagram),
}

/// Where a server is.
enum At {
    Udp(SocketAddr),
    Unix(PathBuf),
}

impl At {
    fn connect(&self, dir: &Path, name: usize) -> Told<Plain> {
        Ok(match self {
            Self::Udp(at) => {
                let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
                told(socket.connect(at))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                Plain::Udp(socket)
            }
            Self::Unix(at) => {
                let socket = told(UnixDatagram::bind(dir.join(name.to_string())))?;
                told(socket.connect(at))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                Plain::Unix(socket)
            }
        })
    }
}

impl Plain {
    fn send(&self, data: &[u8]) -> Told {
        let sent = match self {
            Self::Udp(socket) => socket.send(data),
            Self::Unix(socket) => socket.send(data),
        };
        told(sent).map(drop)
    }

    fn recv(&self) -> Told<Vec<u8>> {
        let mut room = vec![0; 70_000];
        let got = match self {
            Self::Udp(socket) => socket.recv(&mut room),
            Self::Unix(socket) => socket.recv(&mut room),
        };
        room.truncate(got.map_err(|e| format!("no datagram came: {e}"))?);
        Ok(room)
    }

    fn ask(&self, data: &[u8]) -> Told<String> {
        self.send(data)?;
        Ok(String::from_utf8_lossy(&self.recv()?).into_owned())
    }
}

fn over_both(play: impl Fn(Kind, &Path) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |kind| {
        Case::new(format!("{kind:?}"), move || {
            let dir = directory()?;
            play(kind, dir.path())
        })
    };
    all_hold(&[Kind::Udp, Kind::Unix].map(case))
}

fn serve(kind: Kind, dir: &Path, options: &[&str], mark: &Mark) -> Told<(Scene, At)> {
    let path = dir.join("server").display().to_string();
    let place: &[&str] = match kind {
        Kind::Udp => &["127.0.0.1", "0"],
        Kind::Unix => &["-U", &path],
    };
    let words = [&["-l", "-u", "-v"], options, place].concat();
    let mut scene = Scene::of(mark.on(Program::ncat(words).with_usual_signals()))?;
    let text = announced(&mut scene, 1)?.remove(0);
    let at = text.parse().map_or_else(|_| At::Unix(text.into()), At::Udp);
    Ok((scene, at))
}

#[test]
fn every_sender_has_a_program_of_its_own_and_keeps_it() -> Told {
    over_both(|kind, dir| {
        let mark = Mark::new();
        let line = "while read word; do echo $$ $word; done";
        let (mut scene, at) = serve(kind, dir, &["-k", "-c", line], &mark)?;
        let senders = [
            at.connect(dir, 0)?,
            at.connect(dir, 1)?,
            at.connect(dir, 2)?,
        ];
        let mut answers = BTreeSet::new();
        for word in ["one", "two", "three"] {
            for sender in &senders {
                let answer = sender.ask(format!("{word}\n").as_bytes())?;
                let (id, rest) = answer.trim_end().split_once(' ').unwrap_or_default();
                expect("the word", rest, word)?;
                answers.insert(id.to_owned());
            }
        }
        if answers.len() != senders.len() {
            return Err(format!("three senders met these programs: {answers:?}"));
        }
        scene.program.signal(Signal::TERM)?;
        scene.ends_with(143)?;
        mark.is_gone()
    })
}

#[test]
fn a_program_knows_who_sends() -> Told {
    let mark = Mark::new();
    let line =
        "echo $NCAT_REMOTE_ADDR/$NCAT_REMOTE_PORT/$NCAT_LOCAL_ADDR/$NCAT_LOCAL_PORT/$NCAT_PROTO";
    let dir = directory()?;
    let (_scene, at) = serve(Kind::Udp, dir.path(), &["-k", "-c", line], &mark)?;
    let At::Udp(place) = at else {
        return Err("that is no UDP port".into());
    };
    let Plain::Udp(socket) = at.connect(dir.path(), 0)? else {
        return Err("that is no UDP socket".into());
    };
    let from = told(socket.local_addr())?;
    let got = Plain::Udp(socket).ask(b"who am I?")?;
    let want = format!("127.0.0.1/{}/127.0.0.1/{}/UDP\n", from.port(), place.port());
    expect("the variables", &got, &want)
}

#[test]
fn one_sender_is_served_without_keep_open() -> Told {
    over_both(|kind, dir| {
        let mark = Mark::new();
        let line = "read word; echo you said $word";
        let (mut scene, at) = serve(kind, dir, &["-c", line], &mark)?;
        let got = at.connect(dir, 0)?.ask(b"hello\n")?;
        expect("the answer", &got, "you said hello\n")?;
        scene.ends_with(0)?;
        mark.is_gone()
    })
}

#[test]
fn a_datagram_goes_through_a_program_and_back_whole() -> Told {
    over_both(|kind, dir| {
        let (_scene, at) = serve(kind, dir, &["-k", "-e", "/bin/cat"], &Mark::new())?;
        let sender = at.connect(dir, 0)?;
        for size in [1, 1000, 8192] {
            let data = noise(1, size);
            sender.send(&data)?;
            same("the echo", &sender.recv()?, &data)?;
        }
        Ok(())
    })
}

#[test]
fn a_program_starts_anew_for_whoever_sends_after_its_end() -> Told {
    over_both(|kind, dir| {
        let line = "read word; echo $word";
        let (mut scene, at) = serve(kind, dir, &["-k", "-c", line], &Mark::new())?;
        let sender = at.connect(dir, 0)?;
        for (count, word) in ["one\n", "two\n", "three\n"].into_iter().enumerate() {
            expect("the answer", &sender.ask(word.as_bytes())?, word)?;
            // What is sent while the last program ends is for that one.
            let closed = |s: &Scene| s.program.stderr.text().matches(" closed: ").count();
            scene.until("the conversation is over", |s| closed(s) > count)?;
        }
        Ok(())
    })
}

#[test]
fn a_silent_sender_goes_with_its_program() -> Told {
    over_both(|kind, dir| {
        let mark = Mark::new();
        let options = [
            "-k",
            "-i",
            "300ms",
            "--kill-after",
            "100ms",
            "-e",
            "/bin/cat",
        ];
        let (mut scene, at) = serve(kind, dir, &options, &mark)?;
        let sender = at.connect(dir, 0)?;
        for _ in 0..2 {
            expect("the echo", &sender.ask(b"hello")?, "hello")?;
            mark.until_borne_by(0, &mut scene.program)?;
        }
        Ok(())
    })
}

#[test]
fn a_program_may_reach_a_datagram_socket() -> Told {
    over_both(|kind, dir| {
        let line = "echo hello; read word; echo you said $word";
        let path = dir.join("plain");
        let (plain, place) = match kind {
            Kind::Udp => {
                let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                let port = told(socket.local_addr())?.port().to_string();
                (Plain::Udp(socket), vec!["127.0.0.1".to_owned(), port])
            }
            Kind::Unix => {
                let socket = told(UnixDatagram::bind(&path))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                let path = path.display().to_string();
                (Plain::Unix(socket), vec!["-U".to_owned(), path])
            }
        };
        let options = ["-u", "-c", line].map(str::to_owned);
        let mut scene = Scene::of(Program::ncat(options.into_iter().chain(place)))?;
        let mut room = [0; 100];
        let first = match &plain {
            Plain::Udp(socket) => {
                let (n, from) = told(socket.recv_from(&mut room))?;
                told(socket.connect(from))?;
                n
            }
            Plain::Unix(socket) => {
                let (n, from) = told(socket.recv_from(&mut room))?;
                let from = from.as_pathname().ok_or("the sender has no name")?;
                told(socket.connect(from))?;
                n
            }
        };
        same("the first datagram", &room[..first], b"hello\n")?;
        expect(
            "the second",
            &plain.ask(b"welcome\n")?,
            "you said welcome\n",
        )?;
        scene.ends_with(0).map(drop)
    })
}
