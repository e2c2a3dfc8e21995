//! Both sides, with each other and with peers who mean no good.

mod clients;
mod servers;

use std::net::SocketAddr;

use super::oracle::{Outcome, meet};
use super::*;
use crate::data::Buf;
use crate::wire::oracle::{Sizes, run_stack};
use crate::wire::proxy::Credentials;
use crate::wire::{Answer, Endpoint, Fault, Host, Layer, Miss, Phase, Served, Stack, Want};

const AT: &str = "192.0.2.7:4711";

fn at(text: &str) -> SocketAddr {
    text.parse().expect("an address and a port")
}

/// `host:port`, of an address or of a name.
fn end(text: &str) -> Endpoint {
    let (host, port) = text.rsplit_once(':').expect("a port");
    let host = host.trim_matches(['[', ']']);
    let port = port.parse().expect("a port");
    let name = |_| Host::Name(host.to_owned());
    let host = host.parse().map_or_else(name, Host::Ip);
    Endpoint { host, port }
}

fn login(user: &str, password: &str) -> Credentials {
    Credentials {
        user: user.into(),
        password: password.into(),
    }
}

fn joe() -> Rules {
    Rules {
        login: Some(login("joe", "x:y")),
    }
}

/// What comes of a layer that hears `wire`, which is the same for every cut of it and any room.
fn outcome<L: Layer>(name: &str, make: impl Fn() -> L, wire: &[u8], answer: &Answer) -> Outcome {
    let whole = meet(&mut make(), [wire].into_iter(), 1000, answer);
    for room in [1, 2, 3, 7] {
        for cut in 0..=wire.len() {
            let (one, two) = wire.split_at(cut);
            let again = meet(&mut make(), [one, two].into_iter(), room, answer);
            assert_eq!(again, whole, "{name}, cut at {cut}, room for {room}");
        }
        for piece in 1..wire.len().min(12) {
            let again = meet(&mut make(), wire.chunks(piece), room, answer);
            assert_eq!(
                again, whole,
                "{name}, in pieces of {piece}, room for {room}"
            );
        }
    }
    whole
}

/// The two sides of a conversation, and what is on its way between them.
struct Pair {
    client: Box<dyn Layer>,
    server: Box<dyn Layer>,
    to_server: Buf,
    to_client: Buf,
    /// The most that comes at a time.
    piece: usize,
    /// The room that either has for what it says.
    room: usize,
}

impl Pair {
    fn of(meeting: &Meeting, target: &str, piece: usize, room: usize) -> Self {
        Self {
            client: (meeting.client)(&end(target)),
            server: (meeting.server)(),
            to_server: Buf::new(2000),
            to_client: Buf::new(2000),
            piece,
            room,
        }
    }

    /// Brings each side what is on its way to it; true if anything moved.
    fn turn(&mut self) -> Result<bool, Fault> {
        let Self {
            to_server,
            to_client,
            ..
        } = self;
        let sizes = (self.piece, self.room);
        let one = hear(&mut *self.client, to_client, to_server, sizes)?;
        let other = hear(&mut *self.server, to_server, to_client, sizes)?;
        Ok(one || other)
    }

    /// Lets both sides talk until neither has anything more to say; what was wanted.
    fn talk(&mut self, answer: &Answer) -> Result<Option<Want>, Fault> {
        let mut wanted = None;
        loop {
            let moved = self.turn()?;
            if let Some(ask) = self.server.ask() {
                wanted = Some(ask.want);
                self.server.answer(answer.clone());
            } else if !moved {
                return Ok(wanted);
            }
        }
    }
}

/// Brings a layer a piece of what is on its way to it, and takes what it says.
fn hear(
    layer: &mut dyn Layer,
    wire: &mut Buf,
    said: &mut Buf,
    (piece, room): (usize, usize),
) -> Result<bool, Fault> {
    if layer.phase() == Phase::Closed {
        return Ok(false);
    }
    let (mut up, mut down) = (Buf::new(1), Buf::new(room));
    let n = wire.len().min(piece);
    let used = layer.recv(&mut wire.filled_mut()[..n], &mut up, &mut down)?;
    wire.take(used);
    said.put(down.filled());
    Ok(used > 0 || !down.is_empty())
}

/// Two sides that should understand each other.
struct Meeting {
    name: &'static str,
    client: fn(&Endpoint) -> Box<dyn Layer>,
    server: fn() -> Box<dyn Layer>,
    targets: &'static [&'static str],
}

const MEETINGS: [Meeting; 5] = [
    Meeting {
        name: "SOCKS4",
        client: |to| Box::new(Socks4::new(to, b"").expect("it fits")),
        server: || Box::new(Socks4Server::new(Rules::default())),
        targets: &["192.0.2.1:80", "0.0.0.0:1", "host.example:80"],
    },
    Meeting {
        name: "SOCKS4 with a user",
        client: |to| Box::new(Socks4::new(to, b"joe:x:y").expect("it fits")),
        server: || Box::new(Socks4Server::new(joe())),
        targets: &["192.0.2.1:80", "host.example:80"],
    },
    Meeting {
        name: "SOCKS5",
        client: |to| Box::new(Socks5::new(to, None, Errand::Connect).expect("it fits")),
        server: || Box::new(Socks5Server::new(Rules::default())),
        targets: &["192.0.2.1:80", "[2001:db8::1]:65535", "host.example:80"],
    },
    Meeting {
        name: "SOCKS5 with a login",
        client: |to| {
            let joe = login("joe", "x:y");
            Box::new(Socks5::new(to, Some(&joe), Errand::Connect).expect("it fits"))
        },
        server: || Box::new(Socks5Server::new(joe())),
        targets: &["192.0.2.1:80", "[2001:db8::1]:65535", "host.example:80"],
    },
    Meeting {
        name: "datagrams",
        client: |to| Box::new(Socks5::new(to, None, Errand::Associate).expect("it fits")),
        server: || Box::new(Socks5Server::new(Rules::default())),
        targets: &["192.0.2.1:53", "host.example:53"],
    },
];

#[test]
fn both_sides_understand_each_other_however_their_words_are_cut() {
    for meeting in &MEETINGS {
        for target in meeting.targets {
            for (piece, room) in (1..30).flat_map(|piece| (1..8).map(move |room| (piece, room))) {
                let case = format!("{} to {target}, {piece} and {room}", meeting.name);
                let mut pair = Pair::of(meeting, target, piece, room);
                let wanted = pair.talk(&Answer::Reached(at(AT)));
                let (want, phase, relay) = match meeting.name {
                    "datagrams" => {
                        let want = Want::Associate(at("0.0.0.0:0"));
                        (want, Phase::Handshake, Some(end(AT)))
                    }
                    _ => (Want::Tunnel(end(target)), Phase::Closed, None),
                };
                assert_eq!(wanted, Ok(Some(want)), "{case}");
                assert_eq!(pair.client.phase(), Phase::Closed, "{case}: the client");
                assert_eq!(pair.server.phase(), phase, "{case}: the server");
                assert_eq!(pair.client.relay(), relay, "{case}");
                assert_eq!(pair.client.relay(), None, "{case}: told once");
                assert_eq!(pair.server.served(), None, "{case}: it goes on");
            }
        }
    }
}

#[test]
fn what_the_proxy_tells_of_a_miss_is_what_its_client_reads() {
    let cases = [
        (Miss::Unresolvable, 4, "Host unreachable"),
        (Miss::Refused, 5, "Connection refused"),
        (Miss::NetworkUnreachable, 3, "Network unreachable"),
        (Miss::HostUnreachable, 4, "Host unreachable"),
        (Miss::TimedOut, 4, "Host unreachable"),
        (Miss::Denied, 2, "connection not allowed by ruleset"),
        (Miss::Loop, 2, "connection not allowed by ruleset"),
        (Miss::Failed, 1, "general SOCKS server failure"),
    ];
    for meeting in &MEETINGS {
        for (miss, code, words) in cases {
            let (code, words) = match meeting.name.starts_with("SOCKS4") {
                true => (91, "Proxy connection failed"),
                false => (code, words),
            };
            let name = format!("{} and {miss:?}", meeting.name);
            let mut pair = Pair::of(meeting, meeting.targets[0], 100, 100);
            let read = pair.talk(&Answer::Missed(miss));
            assert_eq!(read, Err(Fault::new(words)), "{name}");
            let served = pair.server.served().expect("a request that is over");
            assert_eq!(served.status, Some(code), "{name}");
            assert!(!served.goes_on, "{name}: one request is all there is");
            assert_eq!(pair.server.phase(), Phase::Open, "{name}: it stays");
            assert_eq!(pair.server.recv_eof(), Ok(()), "{name}: it may leave");
        }
    }
}

#[test]
fn a_name_of_255_bytes_is_carried_and_a_longer_one_never_cut() {
    for meeting in &MEETINGS[..4] {
        let longest = "x".repeat(255);
        for target in ["host.example:80", &format!("{longest}:80")] {
            let mut pair = Pair::of(meeting, target, 1, 1);
            let wanted = pair.talk(&Answer::Reached(at(AT)));
            let name = meeting.name;
            assert_eq!(wanted, Ok(Some(Want::Tunnel(end(target)))), "{name}");
        }
    }
    for length in [256, 1000] {
        let target = end(&format!("{}:80", "x".repeat(length)));
        let joe = login("joe", "");
        let words = "SOCKS cannot carry a host name of over 255 bytes";
        let fault = Some(Fault::new(words));
        assert_eq!(Socks4::new(&target, b"").err(), fault, "SOCKS4");
        for errand in [Errand::Connect, Errand::Associate] {
            for login in [None, Some(&joe)] {
                let made = Socks5::new(&target, login, errand);
                assert_eq!(made.err(), fault, "SOCKS5, {errand:?}, {login:?}");
            }
        }
    }
}

#[test]
fn a_chain_of_two_proxies_leaves_the_stack_and_nothing_but_the_target_is_heard() {
    let wire = b"\0\x5a\0\0\0\0\0\0\x05\0\x05\0\0\x01\0\0\0\0\0\0hello";
    let said = b"\x04\x01\x04\x38\xc0\0\x02\x01\0\x05\x01\0\x05\x01\0\x03\x03a.b\0\x50";
    for sizes in Sizes::all(wire.len(), 1..5) {
        let mut stack = Stack::with_queues(sizes.up);
        let first = Socks4::new(&end("192.0.2.1:1080"), b"");
        let second = Socks5::new(&end("a.b:80"), None, Errand::Connect);
        stack.push(Box::new(first.expect("it fits")));
        stack.push(Box::new(second.expect("it fits")));
        let heard = run_stack(&mut stack, wire, sizes);
        assert_eq!(heard, (b"hello".into(), said.into()), "{sizes:?}");
        assert!(stack.is_empty(), "both have left, {sizes:?}");
        let remarks = ["No authentication needed.", "connection succeeded."];
        assert_eq!(stack.remarks(), remarks, "{sizes:?}");
    }
}

#[test]
fn a_proxy_leaves_the_stack_once_it_has_answered_and_what_came_early_goes_on() {
    let mut stack = Stack::with_queues(3);
    stack.push(Box::new(Socks5Server::new(Rules::default())));
    let sizes = Sizes {
        piece: 1,
        up: 3,
        down: 3,
    };
    let greeted = run_stack(&mut stack, b"\x05\x01\0", sizes);
    assert_eq!(greeted, (vec![], b"\x05\0".into()));
    let (mut wire, mut up, mut down) = (Buf::new(50), Buf::new(50), Buf::new(50));
    wire.put(b"\x05\x01\0\x03\x03a.b\0\x50early");
    stack.recv(&mut wire, &mut up, &mut down).expect("no fault");
    let ask = stack.ask().expect("a wish");
    assert_eq!(ask.want, Want::Tunnel(end("a.b:80")));
    assert!(up.is_empty() && down.is_empty(), "nothing passes before");
    stack.answer(&Answer::Reached(at(AT)));
    stack.recv(&mut wire, &mut up, &mut down).expect("no fault");
    assert_eq!(down.filled(), b"\x05\0\0\x01\xc0\0\x02\x07\x12\x67");
    assert_eq!(up.filled(), b"early", "the target's");
    assert!(stack.is_empty(), "it has left");
}
