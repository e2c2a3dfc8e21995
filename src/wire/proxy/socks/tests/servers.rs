//! Proxies, whose clients may say whatever they like.

use super::*;

/// The fact, what a client says, what it is told, and the request and its code in the log.
type Refusal = (
    &'static str,
    &'static [u8],
    &'static [u8],
    &'static str,
    Option<u16>,
);

/// `00 5B`, and nowhere.
const REJECTED: &[u8] = b"\0\x5b\0\0\0\0\0\0";
/// `00 5D`, and nowhere.
const STRANGER: &[u8] = b"\0\x5d\0\0\0\0\0\0";

fn reached() -> Answer {
    Answer::Reached(at(AT))
}

fn refuses<L: Layer>(make: impl Fn() -> L, cases: &[Refusal]) {
    for &(name, wire, said, words, status) in cases {
        let wire = [wire, b"more"].concat();
        let outcome = outcome(name, &make, &wire, &reached());
        let served = Served {
            words: words.to_owned(),
            status,
            goes_on: false,
            is_whole: true,
        };
        assert_eq!(outcome.said, said, "{name}");
        assert_eq!(outcome.served, [served], "{name}");
        assert_eq!(outcome.asked, [], "{name}: nobody is asked");
        assert!(!outcome.closed, "{name}: it stays, for others are to close");
        assert_eq!(outcome.fault, None, "{name}: no client is at fault");
    }
}

/// The fact, what a client says, what it wants, and that in words.
type Wish = (&'static str, &'static [u8], Want, &'static str);

fn asks<L: Layer>(make: impl Fn() -> L, cases: &[Wish], before: &[u8], reply: &[u8]) {
    for (name, wire, want, words) in cases {
        let wire = [wire, &b"early"[..]].concat();
        let outcome = outcome(name, &make, &wire, &reached());
        let [asked] = &outcome.asked[..] else {
            panic!("{name}: it is asked once, not {:?}", outcome.asked);
        };
        assert_eq!((&asked.want, &asked.words[..]), (want, *words), "{name}");
        assert_eq!(outcome.said, [before, reply].concat(), "{name}");
        assert_eq!(outcome.served, [], "{name}: it goes on");
        assert_eq!(outcome.fault, None, "{name}");
        let wanted = match want {
            Want::Associate(_) => (false, 0),
            Want::Tunnel(_) | Want::Exchange(_) => (true, 5),
        };
        let found = (outcome.closed, outcome.left);
        assert_eq!(found, wanted, "{name}: what is early is the target's");
    }
}

fn tunnel(target: &str) -> Want {
    Want::Tunnel(end(target))
}

#[test]
fn socks4_serves_who_may_come() {
    let anybody = || Socks4Server::new(Rules::default());
    let only_joe = || Socks4Server::new(joe());
    let reply = b"\0\x5a\x12\x67\xc0\0\x02\x07";
    let plain = "CONNECT 192.0.2.1:80";
    asks(
        anybody,
        &[
            (
                "an address",
                b"\x04\x01\0\x50\xc0\0\x02\x01\0",
                tunnel("192.0.2.1:80"),
                plain,
            ),
            (
                "whoever it is",
                b"\x04\x01\0\x50\xc0\0\x02\x01joe\0",
                tunnel("192.0.2.1:80"),
                plain,
            ),
            (
                "a name",
                b"\x04\x01\0\x50\0\0\0\xffx\0a.b\0",
                tunnel("a.b:80"),
                "CONNECT a.b:80",
            ),
            (
                "no name",
                b"\x04\x01\0\x50\0\0\0\0x\0",
                tunnel("0.0.0.0:80"),
                "CONNECT 0.0.0.0:80",
            ),
            (
                "an address as a name",
                b"\x04\x01\0\x50\0\0\0\x01\0::1\0",
                tunnel("[::1]:80"),
                "CONNECT [::1]:80",
            ),
        ],
        b"",
        reply,
    );
    asks(
        only_joe,
        &[(
            "joe",
            b"\x04\x01\0\x50\xc0\0\x02\x01joe:x:y\0",
            tunnel("192.0.2.1:80"),
            "CONNECT 192.0.2.1:80 as joe",
        )],
        b"",
        reply,
    );
    refuses(
        only_joe,
        &[
            (
                "another",
                b"\x04\x01\0\x50\xc0\0\x02\x01jim\0",
                STRANGER,
                plain,
                Some(93),
            ),
            (
                "nobody",
                b"\x04\x01\0\x50\xc0\0\x02\x01\0",
                STRANGER,
                plain,
                Some(93),
            ),
            (
                "joe without his password",
                b"\x04\x01\0\x50\xc0\0\x02\x01joe\0",
                STRANGER,
                plain,
                Some(93),
            ),
            (
                "another who wants to be called",
                b"\x04\x02\0\x50\xc0\0\x02\x01jim\0",
                STRANGER,
                "BIND 192.0.2.1:80",
                Some(93),
            ),
        ],
    );
    refuses(
        anybody,
        &[
            (
                "to be called",
                b"\x04\x02\0\x15\xc0\0\x02\x01x\0",
                REJECTED,
                "BIND 192.0.2.1:21",
                Some(91),
            ),
            (
                "another command",
                b"\x04\x09\0\x50\xc0\0\x02\x01\0",
                REJECTED,
                "command 9 192.0.2.1:80",
                Some(91),
            ),
            (
                "an empty name",
                b"\x04\x01\0\x50\0\0\0\x01\0\0",
                REJECTED,
                "CONNECT :80",
                Some(91),
            ),
            (
                "a name that is none",
                b"\x04\x01\0\x50\0\0\0\x01\0a\nb\0",
                REJECTED,
                "CONNECT a\\nb:80",
                Some(91),
            ),
            (
                "SOCKS5",
                b"\x05\x01\0",
                b"",
                "what is no SOCKS4 request",
                None,
            ),
            (
                "HTTP",
                b"GET / HTTP/1.0\r\n\r\n",
                b"",
                "what is no SOCKS4 request",
                None,
            ),
        ],
    );
}

#[test]
fn socks4_reads_texts_of_255_bytes_and_refuses_longer_ones() {
    let make = || Socks4Server::new(Rules::default());
    for (user, name) in [(255, 255), (256, 1), (1, 256), (1000, 1), (1, 1000)] {
        let head = b"\x04\x01\0\x50\0\0\0\x01".to_vec();
        let wire = [head, vec![b'u'; user], vec![0], vec![b'x'; name], vec![0]].concat();
        let read = meet(&mut make(), wire.chunks(1), 1, &reached());
        let again = meet(&mut make(), [&wire[..]].into_iter(), 1000, &reached());
        assert_eq!(read.said, again.said, "{user} and {name}");
        assert_eq!(read.asked, again.asked, "{user} and {name}");
        if (user, name) == (255, 255) {
            assert_eq!(read.asked.len(), 1, "what fits is asked for");
            continue;
        }
        assert_eq!(read.said, REJECTED, "{user} and {name}");
        assert_eq!(read.asked, [], "{user} and {name}: nothing is cut to fit");
        assert_eq!(read.served[0].words, "a request that is too long");
        assert_eq!(read.served[0].status, Some(91));
    }
}

#[test]
fn socks5_serves_who_may_come() {
    let anybody = || Socks5Server::new(Rules::default());
    let only_joe = || Socks5Server::new(joe());
    let reply = b"\x05\0\0\x01\xc0\0\x02\x07\x12\x67";
    let nowhere = Want::Associate(at("0.0.0.0:53"));
    asks(
        anybody,
        &[
            (
                "an address",
                b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x01\0\x50",
                tunnel("192.0.2.1:80"),
                "CONNECT 192.0.2.1:80",
            ),
            (
                "many ways",
                b"\x05\x03\x02\x01\0\x05\x01\xff\x01\xc0\0\x02\x01\0\x50",
                tunnel("192.0.2.1:80"),
                "CONNECT 192.0.2.1:80",
            ),
            (
                "one of IPv6",
                b"\x05\x01\0\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
                tunnel("[::1]:80"),
                "CONNECT [::1]:80",
            ),
            (
                "a name",
                b"\x05\x01\0\x05\x01\0\x03\x03a.b\0\x50",
                tunnel("a.b:80"),
                "CONNECT a.b:80",
            ),
            (
                "an address as a name",
                b"\x05\x01\0\x05\x01\0\x03\x03::1\0\x50",
                tunnel("[::1]:80"),
                "CONNECT [::1]:80",
            ),
            (
                "datagrams",
                b"\x05\x01\0\x05\x03\0\x01\xc0\0\x02\x01\0\x35",
                Want::Associate(at("192.0.2.1:53")),
                "UDP ASSOCIATE",
            ),
            (
                "datagrams from a name",
                b"\x05\x01\0\x05\x03\0\x03\x03a.b\0\x35",
                nowhere.clone(),
                "UDP ASSOCIATE",
            ),
            (
                "datagrams from no name",
                b"\x05\x01\0\x05\x03\0\x03\0\0\x35",
                nowhere,
                "UDP ASSOCIATE",
            ),
        ],
        b"\x05\0",
        reply,
    );
    asks(
        only_joe,
        &[
            (
                "joe",
                b"\x05\x02\0\x02\x01\x03joe\x03x:y\x05\x01\0\x03\x03a.b\0\x50",
                tunnel("a.b:80"),
                "CONNECT a.b:80 as joe",
            ),
            (
                "joe's datagrams",
                b"\x05\x01\x02\x01\x03joe\x03x:y\x05\x03\0\x01\0\0\0\0\0\0",
                Want::Associate(at("0.0.0.0:0")),
                "UDP ASSOCIATE as joe",
            ),
        ],
        b"\x05\x02\x01\0",
        reply,
    );
}

#[test]
fn socks5_refuses_who_may_not_come() {
    let foreign = "what is no SOCKS5 request";
    let way = "no way to log in that is accepted";
    refuses(
        || Socks5Server::new(joe()),
        &[
            ("nobody", b"\x05\x01\0", b"\x05\xff", way, Some(255)),
            (
                "another way",
                b"\x05\x02\0\x01",
                b"\x05\xff",
                way,
                Some(255),
            ),
            (
                "another",
                b"\x05\x01\x02\x01\x03jim\x03x:y",
                b"\x05\x02\x01\x01",
                "login as jim",
                Some(1),
            ),
            (
                "another password",
                b"\x05\x01\x02\x01\x03joe\x03x:z",
                b"\x05\x02\x01\x01",
                "login as joe",
                Some(1),
            ),
            (
                "empty ones",
                b"\x05\x01\x02\x01\0\0",
                b"\x05\x02\x01\x01",
                "login as ",
                Some(1),
            ),
            (
                "an odd one",
                b"\x05\x01\x02\x01\x03j\n\xff\0",
                b"\x05\x02\x01\x01",
                "login as j\\n\\xff",
                Some(1),
            ),
            (
                "no login",
                b"\x05\x01\x02\x05\x01\0",
                b"\x05\x02",
                foreign,
                None,
            ),
        ],
    );
    refuses(
        || Socks5Server::new(Rules::default()),
        &[
            ("SOCKS4", b"\x04\x01\0\x50", b"", foreign, None),
            ("TLS", b"\x16\x03\x01", b"", foreign, None),
            ("no way", b"\x05\0", b"\x05\xff", way, Some(255)),
            (
                "passwords only",
                b"\x05\x01\x02",
                b"\x05\xff",
                way,
                Some(255),
            ),
            (
                "another version",
                b"\x05\x01\0\x04\x01",
                b"\x05\0",
                foreign,
                None,
            ),
        ],
    );
}

#[test]
fn socks5_refuses_what_it_does_not_do() {
    let told = |code: u8| [b"\x05\0\x05", &[code][..], b"\0\x01\0\0\0\0\0\0"].concat();
    let cases: [(&str, &[u8], u8, &str); 8] = [
        (
            "to be called",
            b"\x02\0\x01\xc0\0\x02\x01\0\x15",
            7,
            "BIND 192.0.2.1:21",
        ),
        (
            "to be called by no host",
            b"\x02\0\x03\0\0\x15",
            7,
            "BIND :21",
        ),
        (
            "command 0",
            b"\0\0\x01\xc0\0\x02\x01\0\x50",
            7,
            "command 0 192.0.2.1:80",
        ),
        (
            "command 255",
            b"\xff\0\x03\x03a.b\0\x50",
            7,
            "command 255 a.b:80",
        ),
        (
            "another address",
            b"\x01\0\x02",
            8,
            "CONNECT to an address of type 2",
        ),
        (
            "datagrams from one",
            b"\x03\0\0",
            8,
            "UDP ASSOCIATE to an address of type 0",
        ),
        ("an empty name", b"\x01\0\x03\0\0\x50", 1, "CONNECT :80"),
        (
            "a name that is none",
            b"\x01\0\x03\x03a\x1bb\0\x50",
            1,
            "CONNECT a\\u{1b}b:80",
        ),
    ];
    for (name, wish, code, words) in cases {
        let wire = [b"\x05\x01\0\x05", wish, b"more"].concat();
        let make = || Socks5Server::new(Rules::default());
        let read = outcome(name, make, &wire, &reached());
        assert_eq!(read.said, told(code), "{name}");
        assert_eq!(read.asked, [], "{name}: nobody is asked");
        let served = &read.served[0];
        assert_eq!(served.words, words, "{name}");
        assert_eq!(served.status, Some(code.into()), "{name}");
    }
}

#[test]
fn replies_name_our_end_as_far_as_they_can() {
    let cases: [(&str, &[u8], &[u8]); 3] = [
        (
            "192.0.2.7:4711",
            b"\0\x5a\x12\x67\xc0\0\x02\x07",
            b"\x05\0\0\x01\xc0\0\x02\x07\x12\x67",
        ),
        (
            "[::ffff:192.0.2.7]:4711",
            b"\0\x5a\x12\x67\xc0\0\x02\x07",
            b"\x05\0\0\x01\xc0\0\x02\x07\x12\x67",
        ),
        (
            "[::2]:4711",
            b"\0\x5a\x12\x67\0\0\0\0",
            b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x67",
        ),
    ];
    for (ours, four, five) in cases {
        let answer = Answer::Reached(at(ours));
        let wire = b"\x04\x01\0\x50\xc0\0\x02\x01\0";
        let read = outcome(ours, || Socks4Server::new(Rules::default()), wire, &answer);
        assert_eq!(read.said, four, "{ours} in SOCKS4");
        let wire = b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x01\0\x50";
        let read = outcome(ours, || Socks5Server::new(Rules::default()), wire, &answer);
        assert_eq!(read.said[2..], *five, "{ours} in SOCKS5");
    }
}

#[test]
fn a_client_that_leaves_halfway_is_told_from_one_that_waits() {
    let four: &[u8] = b"\x04\x01\0\x50\0\0\0\x01u\0a\0";
    let five: &[u8] = b"\x05\x01\x02\x01\x03joe\x03x:y\x05\x01\0\x03\x01a\0\x50";
    let make = |wire: &[u8]| -> Box<dyn Layer> {
        match wire[0] {
            4 => Box::new(Socks4Server::new(Rules::default())),
            _ => Box::new(Socks5Server::new(joe())),
        }
    };
    for wire in [four, five] {
        for cut in 0..wire.len() {
            let read = meet(&mut *make(wire), [&wire[..cut]].into_iter(), 9, &reached());
            let words = "the client left before it had said what it wants";
            assert_eq!(read.fault.as_deref(), Some(words), "{wire:?} cut at {cut}");
            assert_eq!((read.asked, read.served), (vec![], vec![]), "cut at {cut}");
        }
        let (mut layer, mut wire) = (make(wire), wire.to_vec());
        let (mut up, mut down) = (Buf::new(1), Buf::new(9));
        let used = layer.recv(&mut wire, &mut up, &mut down);
        assert_eq!(used, Ok(wire.len()), "{wire:?}");
        for told in [false, true] {
            assert_eq!(layer.phase(), Phase::Asking, "{wire:?}, asked {told}");
            assert_eq!(layer.recv_eof(), Ok(()), "{wire:?}: it may wait in silence");
            assert_eq!(layer.ask().is_none(), told, "{wire:?}: it is told once");
        }
    }
}

#[test]
fn a_client_with_datagrams_may_say_what_it_likes_for_as_long_as_it_stays() {
    let mut layer = Socks5Server::new(Rules::default());
    let (mut up, mut down) = (Buf::new(1), Buf::new(100));
    let mut wire = *b"\x05\x01\0\x05\x03\0\x01\0\0\0\0\0\0";
    layer
        .recv(&mut wire, &mut up, &mut down)
        .expect("no faults");
    layer.ask().expect("a wish");
    layer.answer(reached());
    for _ in 0..3 {
        let used = layer.recv(&mut [7; 50], &mut up, &mut down);
        assert_eq!(used, Ok(50), "what it says is swallowed");
        assert_eq!(layer.send(b"x", &mut down), Ok(0), "nobody talks to it");
        assert_eq!((layer.phase(), up.len()), (Phase::Handshake, 0));
        layer.answer(Answer::Missed(Miss::Failed));
    }
    assert_eq!(down.len(), 12, "it was answered once");
    assert_eq!(layer.recv_eof(), Ok(()), "it may leave when it likes");
    assert_eq!(layer.served(), None, "others know when it is over");
}
