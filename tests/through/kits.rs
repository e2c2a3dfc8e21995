//! What a proxy hears and says, proxies of our own, and callers that go through them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::{Door, In, Place, Program, Running, Scene, Told, told};
use crate::people::{port_of, words};

/// A name that nobody may look up here.
pub(crate) const NAME: &str = "target.example";

/// How a way through a proxy begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Http,
    Socks4,
    Socks5,
    /// SOCKS5 with a name and a password.
    Login,
}

/// What a proxy must have heard by then, and what it says to that.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) asked: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

impl Step {
    pub(crate) fn new(asked: impl AsRef<[u8]>, answer: impl AsRef<[u8]>) -> Self {
        Self {
            asked: asked.as_ref().into(),
            answer: answer.as_ref().into(),
        }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Http, Self::Socks4, Self::Socks5, Self::Login];

    /// The word for it on a command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks4 => "socks4",
            Self::Socks5 | Self::Login => "socks5",
        }
    }

    /// What else a command line says for it, on either side.
    pub(crate) fn auth(self) -> &'static [&'static str] {
        match self {
            Self::Login => &["--proxy-auth", "user:pass"],
            Self::Http | Self::Socks4 | Self::Socks5 => &[],
        }
    }

    /// The words by which a caller is sent there.
    pub(crate) fn to(self, place: &Place) -> Vec<String> {
        let there = place.to_string();
        let way = ["--proxy", &there, "--proxy-type", self.word()];
        words(&[&way, self.auth()])
    }

    /// The same as a URL.
    pub(crate) fn url(self, place: &Place) -> String {
        let login = match self {
            Self::Login => "user:pass@",
            Self::Http | Self::Socks4 | Self::Socks5 => "",
        };
        format!("{}://{login}{place}", self.word())
    }

    /// All that is said until a caller is through.
    pub(crate) fn steps(self, host: &str, port: u16) -> Vec<Step> {
        let request = [&[5, 1, 0][..], &socks5_address(host, port)].concat();
        let reply = b"\x05\0\0\x01\x7f\0\0\x01\x12\x34";
        match self {
            Self::Http => vec![Step::new(connect(host, port), b"HTTP/1.0 200 OK\r\n\r\n")],
            Self::Socks4 => vec![Step::new(socks4(host, port, ""), b"\0\x5a\0\0\0\0\0\0")],
            Self::Socks5 => vec![Step::new([5, 1, 0], [5, 0]), Step::new(request, reply)],
            Self::Login => vec![
                Step::new([5, 2, 0, 2], [5, 2]),
                Step::new(b"\x01\x04user\x04pass", [1, 0]),
                Step::new(request, reply),
            ],
        }
    }

    /// All that a proxy says of it.
    pub(crate) fn answers(self) -> Vec<u8> {
        let steps = self.steps(NAME, 80);
        steps.into_iter().flat_map(|step| step.answer).collect()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

pub(crate) fn connect(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("CONNECT [{host}]:{port} HTTP/1.0\r\n\r\n"),
        false => format!("CONNECT {host}:{port} HTTP/1.0\r\n\r\n"),
    }
}

pub(crate) fn socks4(host: &str, port: u16, user: &str) -> Vec<u8> {
    let (ip, name) = match host.parse() {
        Ok(IpAddr::V4(ip)) => (ip.octets(), String::new()),
        Ok(IpAddr::V6(_)) | Err(_) => ([0, 0, 0, 1], format!("{host}\0")),
    };
    let head = [&[4, 1][..], &port.to_be_bytes(), &ip].concat();
    [&head, user.as_bytes(), b"\0", name.as_bytes()].concat()
}

pub(crate) fn socks5_address(host: &str, port: u16) -> Vec<u8> {
    let host = match host.parse() {
        Ok(IpAddr::V4(ip)) => [&[1][..], &ip.octets()].concat(),
        Ok(IpAddr::V6(ip)) => [&[4][..], &ip.octets()].concat(),
        Err(_) => [&[3, host.len() as u8], host.as_bytes()].concat(),
    };
    [host, port.to_be_bytes().to_vec()].concat()
}

/// A listening socket of the test on 127.0.0.1.
pub(crate) fn door() -> Told<Door> {
    Place::any_port().open()
}

/// A port of 127.0.0.1 where nobody listens, for as long as it is held. Whoever reuses addresses may
/// still connect from there.
pub(crate) fn nobody() -> Told<(Socket, Place)> {
    let socket = told(Socket::new(Domain::IPV4, Type::STREAM, None))?;
    told(socket.set_reuse_address(true))?;
    told(socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()))?;
    let at = told(socket.local_addr())?.as_socket();
    let at = at.ok_or("a socket of IPv4 has an address")?;
    Ok((socket, Place::Tcp(at)))
}

/// Our program with these words; its stdin is a pipe.
pub(crate) fn ncat<T: AsRef<str>>(parts: &[&[T]]) -> Told<Scene> {
    Scene::of(Program::ncat(words(parts)).stdin(In::Pipe))
}

/// Our program on its way to `NAME` through a proxy that the test plays; its connection is the peer.
pub(crate) fn calls(kind: Kind, options: &[&str], door: &Door) -> Told<Scene> {
    let way = kind.to(&door.place);
    let mut scene = ncat(&[&way, &words(&[options, &[NAME, "80"]])])?;
    scene.admit(door)?;
    Ok(scene)
}

/// Plays the proxy to the last peer, who must say nothing but what it should.
pub(crate) fn play(scene: &mut Scene, steps: &[Step]) -> Told {
    let mut due = scene.peer().rx.got.clone();
    for step in steps {
        due.extend(&step.asked);
        heard(scene, &due)?;
        scene.peer().tx.push(&step.answer);
    }
    Ok(())
}

/// Sees that the last peer has heard just this, as soon as it has heard as much.
pub(crate) fn heard(scene: &mut Scene, all: &[u8]) -> Told {
    let length = all.len();
    scene.until("it heard what it should", |s| {
        s.peer().rx.got.len() >= length || s.peer().rx.ended()
    })?;
    same("what was heard", &scene.peer().rx.got, all)
}

/// Our program on its way to `NAME`, and through.
pub(crate) fn is_through(kind: Kind, options: &[&str]) -> Told<Scene> {
    let mut scene = calls(kind, options, &door()?)?;
    play(&mut scene, &kind.steps(NAME, 80))?;
    scene.peer().rx.got.clear();
    Ok(scene)
}

/// Brings the program to its end with this status and these words, as far as stderr has any.
pub(crate) fn ends_saying(scene: &mut Scene, status: i32, said: &str) -> Told {
    let outcome = scene.ends_with(status)?;
    match outcome.stderr == said {
        true => Ok(()),
        false => Err(format!(
            "stderr says {:?} instead of {said:?}",
            outcome.stderr
        )),
    }
}

/// A proxy of our own and where it is.
pub(crate) fn serving(kind: Kind, options: &[&str]) -> Told<(Running, Place)> {
    let usual = ["--proxy-type", kind.word()];
    let (scene, place) = listening(&words(&[&usual, kind.auth(), options]))?;
    Ok((scene.program, place))
}

/// Our program, listening on a port of 127.0.0.1 with these options; its stdin is a pipe.
///
/// It says itself where, for the system's tables are long while others run beside this.
pub(crate) fn listening<T: AsRef<str>>(options: &[T]) -> Told<(Scene, Place)> {
    let usual = ["-l", "-v", "127.0.0.1", "0"].map(String::from);
    let mut scene = ncat(&[&usual[..], &words(&[options])])?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// Our program through a proxy of our own to a listening socket of the test, by this name of it.
pub(crate) fn brought(kind: Kind, host: &str, options: &[&str], door: &Door) -> Told<Scene> {
    let (proxy, place) = serving(kind, &[])?;
    let there = [host.to_owned(), port_of(&door.place)];
    let mut scene = ncat(&[&kind.to(&place), &words(&[options]), &there])?;
    scene.others.push(proxy);
    scene.admit(door)?;
    Ok(scene)
}
