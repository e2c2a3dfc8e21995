//! Datagrams: each stays what it is, an empty one too, and those who send them are told apart.

mod common;

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use common::deadline::USUAL;
use common::payload::{noise, same};
use common::scene::announced;
use common::table::{Case, all_hold};
use common::{In, Out, Program, Scene, Told, directory, told};

const A_MOMENT: Duration = Duration::from_millis(250);

/// A plain datagram socket, and the words by which an ncat reaches it.
enum Plain {
    Udp(UdpSocket),
    Unix(UnixDatagram, PathBuf),
}

/// Where a datagram came from, to answer to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Udp(std::net::SocketAddr),
    Unix(PathBuf),
}

const BOTH: [&str; 2] = ["UDP", "Unix"];

impl Plain {
    fn new(kind: &str, dir: &TempDir, name: &str) -> Told<Self> {
        match kind {
            "UDP" => {
                let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                Ok(Self::Udp(socket))
            }
            _ => {
                let path = dir.path().join(name);
                let socket = told(UnixDatagram::bind(&path))?;
                told(socket.set_read_timeout(Some(USUAL)))?;
                Ok(Self::Unix(socket, path))
            }
        }
    }

    fn words(&self) -> Told<Vec<String>> {
        Ok(match self {
            Self::Udp(socket) => vec![
                "127.0.0.1".into(),
                told(socket.local_addr())?.port().to_string(),
            ],
            Self::Unix(_, path) => vec!["-U".into(), path.display().to_string()],
        })
    }

    fn recv(&self) -> Told<(Vec<u8>, From)> {
        let mut room = vec![0; 70_000];
        let (size, from) = match self {
            Self::Udp(socket) => {
                told(socket.recv_from(&mut room)).map(|(n, from)| (n, From::Udp(from)))?
            }
            Self::Unix(socket, _) => {
                let (n, from) = told(socket.recv_from(&mut room))?;
                (
                    n,
                    From::Unix(
                        from.as_pathname()
                            .ok_or("the sender has no name to answer to")?
                            .into(),
                    ),
                )
            }
        };
        room.truncate(size);
        Ok((room, from))
    }

    fn send(&self, data: &[u8], to: &From) -> Told {
        match (self, to) {
            (Self::Udp(socket), From::Udp(to)) => told(socket.send_to(data, to)).map(drop),
            (Self::Unix(socket, _), From::Unix(to)) => told(socket.send_to(data, to)).map(drop),
            _ => Err("these two cannot talk".into()),
        }
    }
}

/// Plays a scene over UDP and over Unix datagram sockets.
fn over_both(play: impl Fn(&str, &TempDir) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |kind: &'static str| {
        Case::new(kind, move || {
            let dir = directory()?;
            play(kind, &dir)
        })
    };
    all_hold(&BOTH.map(case))
}

/// Our program as client of `plain`, after its first datagram has come.
fn client(plain: &Plain, options: &[&str]) -> Told<(Scene, From)> {
    let words = ["-u"]
        .iter()
        .chain(options)
        .map(|&word| word.to_owned())
        .chain(plain.words()?);
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    scene.program.stdin.push(b"first\n");
    scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
    let (got, from) = plain.recv()?;
    same("the first datagram", &got, b"first\n")?;
    Ok((scene, from))
}

/// Our program as server, and where it is.
fn server(kind: &str, dir: &TempDir, options: &[&str]) -> Told<(Scene, From)> {
    let place = match kind {
        "UDP" => vec!["127.0.0.1".to_owned(), "0".to_owned()],
        _ => vec![
            "-U".to_owned(),
            dir.path().join("server").display().to_string(),
        ],
    };
    let words = ["-l", "-u", "-v"]
        .iter()
        .chain(options)
        .map(|&word| word.to_owned())
        .chain(place);
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    let text = announced(&mut scene, 1)?.remove(0);
    let at = text
        .parse()
        .map_or_else(|_| From::Unix(text.into()), From::Udp);
    Ok((scene, at))
}

fn is_there(scene: &mut Scene) -> bool {
    scene.program.status.is_none()
}

#[test]
fn an_empty_datagram_ends_nothing_for_a_client() -> Told {
    over_both(|kind, dir| {
        let plain = Plain::new(kind, dir, "plain")?;
        let (mut scene, from) = client(&plain, &[])?;
        plain.send(b"", &from)?;
        plain.send(b"after\n", &from)?;
        scene.until("what came after it is on stdout", |s| {
            s.program.stdout.got == b"after\n"
        })?;
        scene.holds(A_MOMENT, "the program is there", is_there)
    })
}

#[test]
fn an_empty_datagram_ends_nothing_for_a_server() -> Told {
    over_both(|kind, dir| {
        for options in [&[][..], &["-k"]] {
            let (mut scene, at) = server(kind, dir, options)?;
            let plain = Plain::new(kind, dir, &format!("plain{}", options.len()))?;
            plain.send(b"", &at)?;
            plain.send(b"after\n", &at)?;
            scene.until("what came after it is on stdout", |s| {
                s.program.stdout.got == b"after\n"
            })?;
            scene.program.stdin.push(b"answer\n");
            scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
            same("the answer", &plain.recv()?.0, b"answer\n")?;
            scene.program.signal(Signal::TERM)?;
            scene.ends_with(143)?;
        }
        Ok(())
    })
}

#[test]
fn a_client_leaves_with_the_end_of_stdin_once_all_is_sent() -> Told {
    over_both(|kind, dir| {
        let plain = Plain::new(kind, dir, "plain")?;
        let (mut scene, _) = client(&plain, &[])?;
        scene.program.stdin.push(b"last\n");
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        same("the last datagram", &plain.recv()?.0, b"last\n")
    })
}

#[test]
fn q_keeps_a_client_for_the_answer() -> Told {
    over_both(|kind, dir| {
        let plain = Plain::new(kind, dir, "plain")?;
        let (mut scene, from) = client(&plain, &["-q", "600ms"])?;
        let begin = Instant::now();
        scene.program.stdin.finish();
        plain.send(b"answer\n", &from)?;
        scene.until("stdout has the answer", |s| {
            s.program.stdout.got == b"answer\n"
        })?;
        scene.ends_with(1)?;
        let took = begin.elapsed();
        if took < Duration::from_millis(580) {
            Err(format!("it left after {took:?}"))
        } else {
            Ok(())
        }
    })
}

#[test]
fn a_negative_q_keeps_a_client_for_ever() -> Told {
    over_both(|kind, dir| {
        let plain = Plain::new(kind, dir, "plain")?;
        let (mut scene, from) = client(&plain, &["-q", "-1"])?;
        scene.program.stdin.finish();
        scene.holds(A_MOMENT * 3, "the program is there", is_there)?;
        plain.send(b"answer\n", &from)?;
        scene.until("stdout has the answer", |s| {
            s.program.stdout.got == b"answer\n"
        })
    })
}

#[test]
fn large_datagrams_arrive_whole() -> Told {
    over_both(|kind, dir| {
        let plain = Plain::new(kind, dir, "plain")?;
        let (mut scene, from) = client(&plain, &[])?;
        let largest = noise(1, 65_507);
        let mut want = Vec::new();
        for size in [1, 8192, 8193, 40_000, 65_507] {
            plain.send(&largest[..size], &from)?;
            want.extend_from_slice(&largest[..size]);
            scene.until("stdout has the datagram", |s| {
                s.program.stdout.got.len() >= want.len()
            })?;
        }
        same("stdout", &scene.program.stdout.got, &want)
    })
}

#[test]
fn a_file_becomes_datagrams_of_the_size_that_was_asked_for() -> Told {
    over_both(|kind, dir| {
        for (options, size) in [
            (&[][..], 8192),
            (&["--datagram-size", "1000"], 1000),
            (&["--datagram-size", "65507"], 65_507),
        ] {
            let plain = Plain::new(kind, dir, &format!("plain{size}"))?;
            // All of it fits into the socket of the test, whatever the size of the pieces.
            let data = noise(2, 66_000);
            let file = dir.path().join("file");
            told(std::fs::write(&file, &data))?;
            let words = ["-u"]
                .iter()
                .chain(options)
                .map(|&word| word.to_owned())
                .chain(plain.words()?);
            let mut scene = Scene::of(Program::ncat(words).stdin(In::File(file)))?;
            let mut rest = data.as_slice();
            while !rest.is_empty() {
                let (want, after) = rest.split_at(size.min(rest.len()));
                same("a datagram", &plain.recv()?.0, want)?;
                rest = after;
            }
            scene.ends_with(0)?;
        }
        Ok(())
    })
}

#[test]
fn the_path_that_answers_come_to_is_told_and_so_is_its_end() -> Told {
    let dir = directory()?;
    let plain = Plain::new("Unix", &dir, "plain")?;
    let own = dir.path().join("own").display().to_string();
    let words = ["-u", "-v", "-s", &own].map(str::to_owned);
    let program = Program::ncat(words.into_iter().chain(plain.words()?)).stdin(In::Null);
    let outcome = Scene::of(program)?.ends_with(0)?;
    let begin =
        format!("Ncat: [{own}] used as source DGRAM Unix domain socket.\nNcat: Connected to ");
    let end = format!("\nNcat: Deleting source DGRAM Unix domain socket. [{own}]\n");
    let told = outcome.stderr;
    let is_told = told.contains(&begin) && told.ends_with(&end);
    is_told.then_some(()).ok_or(format!("stderr says {told:?}"))
}

#[test]
fn a_server_keeps_to_the_first_who_spoke() -> Told {
    let dir = directory()?;
    let (mut scene, at) = server("UDP", &dir, &[])?;
    let (first, second) = (Plain::new("UDP", &dir, "")?, Plain::new("UDP", &dir, "")?);
    first.send(b"first\n", &at)?;
    scene.until("the first is heard", |s| s.program.stdout.got == b"first\n")?;
    second.send(b"second\n", &at)?;
    scene.program.stdin.push(b"answer\n");
    scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
    same("the answer", &first.recv()?.0, b"answer\n")?;
    first.send(b"again\n", &at)?;
    scene.until("the first is heard again", |s| {
        s.program.stdout.got.ends_with(b"again\n")
    })?;
    same("stdout", &scene.program.stdout.got, b"first\nagain\n")
}

#[test]
fn a_server_that_keeps_open_talks_with_everybody() -> Told {
    over_both(|kind, dir| {
        let (mut scene, at) = server(kind, dir, &["-k"])?;
        let peers: Vec<Plain> = (0..5)
            .map(|n| Plain::new(kind, dir, &n.to_string()))
            .collect::<Told<_>>()?;
        for peer in &peers {
            let want = scene.program.stdout.got.len() + b"hello\n".len();
            peer.send(b"hello\n", &at)?;
            scene.until("the peer is heard", |s| s.program.stdout.got.len() >= want)?;
        }
        scene.program.stdin.push(b"to all\n");
        scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
        for peer in &peers {
            same("the answer", &peer.recv()?.0, b"to all\n")?;
        }
        Ok(())
    })
}

#[test]
fn a_silent_session_makes_room_for_another() -> Told {
    let dir = directory()?;
    let (mut scene, at) = server("UDP", &dir, &["-k", "-m", "1", "-i", "400ms"])?;
    let (first, second) = (Plain::new("UDP", &dir, "")?, Plain::new("UDP", &dir, "")?);
    first.send(b"first\n", &at)?;
    scene.until("the first is heard", |s| s.program.stdout.got == b"first\n")?;
    let begin = Instant::now();
    while !scene.program.stdout.got.ends_with(b"second\n") {
        second.send(b"second\n", &at)?;
        let _ = scene.until_quiet(Duration::from_millis(50));
        if begin.elapsed() > USUAL {
            return Err(format!("the second was never let in; {}", scene.state()));
        }
    }
    let took = begin.elapsed();
    if took < Duration::from_millis(300) {
        Err(format!("the second was let in after {took:?}"))
    } else {
        Ok(())
    }
}

#[test]
fn a_sender_that_has_gone_ends_no_server() -> Told {
    over_both(|kind, dir| {
        let (mut scene, at) = server(kind, dir, &["-k"])?;
        let gone = Plain::new(kind, dir, "gone")?;
        gone.send(b"bye\n", &at)?;
        if let Plain::Unix(_, path) = &gone {
            told(std::fs::remove_file(path))?;
        }
        drop(gone);
        scene.until("its word is heard", |s| s.program.stdout.got == b"bye\n")?;
        scene.program.stdin.push(b"to nobody\n");
        scene.until_quiet(A_MOMENT)?;
        scene.program.stdin.push(b"to nobody again\n");
        scene.until_quiet(A_MOMENT)?;
        let plain = Plain::new(kind, dir, "plain")?;
        plain.send(b"hello\n", &at)?;
        scene.until("the next one is heard", |s| {
            s.program.stdout.got == b"bye\nhello\n"
        })
    })
}

#[test]
fn a_nameless_unix_sender_is_heard_and_ends_no_server() -> Told {
    let dir = directory()?;
    for options in [&[][..], &["-k"]] {
        let (mut scene, at) = server("Unix", &dir, options)?;
        let From::Unix(path) = at else {
            return Err("that is no Unix socket".into());
        };
        let nameless = told(UnixDatagram::unbound())?;
        told(nameless.send_to(b"hello\n", &path))?;
        scene.until("it is heard", |s| s.program.stdout.got == b"hello\n")?;
        scene.holds(A_MOMENT, "the server is there", is_there)?;
        scene.program.signal(Signal::TERM)?;
        scene.ends_with(143)?;
        if path.exists() {
            return Err("the socket file is still there".into());
        }
    }
    Ok(())
}

#[test]
fn a_full_stdout_delays_datagrams_and_loses_none_it_has_taken() -> Told {
    let dir = directory()?;
    let plain = Plain::new("UDP", &dir, "")?;
    let (mut scene, from) = client(&plain, &[])?;
    scene.program.stdout.paused = true;
    let data = noise(3, 30_000);
    for _ in 0..4 {
        plain.send(&data, &from)?;
    }
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.paused = false;
    scene.until("all four are on stdout", |s| {
        s.program.stdout.got.len() >= 4 * data.len()
    })?;
    same("stdout", &scene.program.stdout.got, &data.repeat(4))
}

#[test]
fn a_port_scan_by_udp_tells_what_is_known() -> Told {
    let dir = directory()?;
    let plain = Plain::new("UDP", &dir, "")?;
    let words = ["-z", "-u", "-v", "-i", "300ms"]
        .map(str::to_owned)
        .into_iter()
        .chain(plain.words()?);
    let outcome = Scene::of(Program::ncat(words).stdout(Out::Pipe))?.ends_with(0)?;
    if !outcome.stderr.contains("UDP packet sent successfully") {
        return Err(format!("stderr says {:?}", outcome.stderr));
    }
    let Plain::Udp(socket) = &plain else {
        return Err("that is no UDP socket".into());
    };
    // Connected elsewhere it has its port refuse everybody.
    told(socket.connect("127.0.0.1:9"))?;
    let words = ["-z", "-u", "-i", "10s"]
        .map(str::to_owned)
        .into_iter()
        .chain(plain.words()?);
    Scene::of(Program::ncat(words))?.ends_with(1).map(drop)
}
