//! Clients, whose proxies may say whatever they like.

use super::*;

const EARLY: &str = "the proxy closed the connection before it had answered";
const FOREIGN: &str = "the proxy does not speak SOCKS5";
/// What no client needs, for it asks nobody.
const UNASKED: Answer = Answer::Over;

fn socks4() -> Socks4 {
    Socks4::new(&end("192.0.2.1:80"), b"joe").expect("it fits")
}

fn socks5(login: Option<&Credentials>, errand: Errand) -> Socks5 {
    Socks5::new(&end("host.example:443"), login, errand).expect("it fits")
}

/// What a proxy of SOCKS5 says to each client when all is well: without and with a login.
const WELCOMES: [&[u8]; 2] = [b"\x05\0", b"\x05\x02\x01\0"];

/// As whom, for what, what the proxy says, and what it is told.
type Asking<'a> = (Option<&'a Credentials>, Errand, &'a [u8], &'a [u8]);

#[test]
fn requests_are_as_documented() {
    let cases: [(&str, &[u8], &[u8]); 3] = [
        ("192.0.2.1:80", b"joe", b"\x04\x01\0\x50\xc0\0\x02\x01joe\0"),
        ("192.0.2.1:258", b"", b"\x04\x01\x01\x02\xc0\0\x02\x01\0"),
        ("a.b:80", b"joe:x", b"\x04\x01\0\x50\0\0\0\x01joe:x\0a.b\0"),
    ];
    for (target, user, said) in cases {
        let make = || Socks4::new(&end(target), user).expect("it fits");
        assert_eq!(outcome(target, make, b"", &UNASKED).said, said, "{target}");
    }
    let joe = login("joe", "x:y");
    let bare = login("joe", "");
    let (connect, associate) = (Errand::Connect, Errand::Associate);
    let cases: [Asking; 5] = [
        (
            None,
            connect,
            b"\x05\0",
            b"\x05\x01\0\x05\x01\0\x03\x0chost.example\x01\xbb",
        ),
        (
            None,
            associate,
            b"\x05\0",
            b"\x05\x01\0\x05\x03\0\x01\0\0\0\0\0\0",
        ),
        (
            Some(&joe),
            connect,
            b"\x05\0",
            b"\x05\x02\0\x02\x05\x01\0\x03\x0chost.example\x01\xbb",
        ),
        (
            Some(&joe),
            connect,
            b"\x05\x02",
            b"\x05\x02\0\x02\x01\x03joe\x03x:y",
        ),
        (
            Some(&bare),
            connect,
            b"\x05\x02",
            b"\x05\x02\0\x02\x01\x03joe\0",
        ),
    ];
    for (login, errand, wire, said) in cases {
        let name = format!("{login:?}, {errand:?}");
        let make = || socks5(login, errand);
        assert_eq!(outcome(&name, make, wire, &UNASKED).said, said, "{name}");
    }
}

#[test]
fn socks4_is_content_with_one_answer_only() {
    for first in [0, 4, 5, b'H'] {
        for code in 0..=255 {
            let reply = [first, code, 1, 2, 3, 4, 5, 6, b'x', b'y'];
            let read = outcome("SOCKS4", socks4, &reply, &UNASKED);
            let is_granted = (first, code) == (0, 90);
            let words = (!is_granted).then_some("Proxy connection failed");
            assert_eq!(read.fault.as_deref(), words, "{first} and {code}");
            assert_eq!(read.closed, is_granted, "{first} and {code}");
            let left = if is_granted { 2 } else { 0 };
            assert_eq!(read.left, left, "what is the target's");
        }
    }
    for cut in 0..8 {
        let reply = &[0, 90, 1, 2, 3, 4, 5, 6][..cut];
        let read = outcome("SOCKS4", socks4, reply, &UNASKED);
        assert_eq!(read.fault.as_deref(), Some(EARLY), "cut at {cut}");
    }
}

#[test]
fn socks5_skips_bound_addresses_of_any_type_and_leaves_the_rest() {
    let name = |length: u8| {
        let mut bound = vec![3, length];
        bound.extend((0..length).rev());
        bound.extend([0, 80]);
        bound
    };
    let bounds = [
        vec![1, 192, 0, 2, 7, 0x12, 0x67],
        [&[4][..], &[0xfe; 16], &[0, 80]].concat(),
        name(0),
        name(1),
        name(255),
    ];
    let joe = login("joe", "x:y");
    let remarks = [
        "No authentication needed.",
        "Doing username and password authentication.",
    ];
    for bound in &bounds {
        for (way, login) in [None, Some(&joe)].into_iter().enumerate() {
            let make = || socks5(login, Errand::Connect);
            let wire = [WELCOMES[way], b"\x05\0\xff", bound, b"early"].concat();
            let name = format!("a bound address {bound:?}, {login:?}");
            let read = outcome(&name, make, &wire, &UNASKED);
            assert_eq!((read.closed, read.left), (true, 5), "{name}");
            assert_eq!(read.remarks, [remarks[way], "connection succeeded."]);
            assert_eq!(read.relay, None, "{name}: nothing is relayed");
            for cut in 0..wire.len() - 5 {
                let read = meet(&mut make(), wire[..cut].chunks(1), 1, &UNASKED);
                assert_eq!(read.fault.as_deref(), Some(EARLY), "{name}, cut at {cut}");
                assert_eq!(read.remarks, [""; 0], "{name}, cut at {cut}");
            }
        }
    }
}

#[test]
fn socks5_says_why_it_was_refused() {
    let way = "the proxy accepts no way of authentication that was offered";
    let other = "the proxy chose a way of authentication that was not offered";
    let stranger = "the proxy refused the user name or the password";
    let odd = "the proxy answered with an address of an unknown type";
    let mut cases: Vec<(bool, Vec<u8>, &str)> = vec![
        (false, b"\x04".into(), FOREIGN),
        (false, b"HTTP/1.1 400 Bad".into(), FOREIGN),
        (false, b"\x05\xff".into(), way),
        (true, b"\x05\xff".into(), way),
        (false, b"\x05\x01".into(), other),
        (false, b"\x05\x02".into(), other),
        (true, b"\x05\x01".into(), other),
        (true, b"\x05\x02\x01\x01".into(), stranger),
        (true, b"\x05\x02\x05\xff".into(), stranger),
        (false, b"\x05\0\x04\0\0\x01".into(), FOREIGN),
        (false, b"\x05\0\x05\0\0\0".into(), odd),
        (false, b"\x05\0\x05\0\0\x02".into(), odd),
        (false, b"\x05\0\x05\0\0\xff\xff".into(), odd),
    ];
    let codes = [
        "general SOCKS server failure",
        "connection not allowed by ruleset",
        "Network unreachable",
        "Host unreachable",
        "Connection refused",
        "TTL expired",
        "Command not supported",
        "Address type not supported",
    ];
    for code in 1..=255 {
        let index = usize::from(code) - 1;
        let words = codes.get(index).unwrap_or(&"unassigned value in the reply");
        cases.push((false, vec![5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0], words));
        cases.push((true, vec![5, 2, 1, 0, 5, code], words));
    }
    let joe = login("joe", "x:y");
    for (is_joe, wire, words) in cases {
        let make = || socks5(is_joe.then_some(&joe), Errand::Connect);
        let name = format!("{}", wire.escape_ascii());
        let read = outcome(&name, make, &wire, &UNASKED);
        assert_eq!(read.fault.as_deref(), Some(words), "{name}");
    }
}

/// An answer is spoilt in each of its bytes: whatever comes of that, it does not depend on how it is cut.
#[test]
fn spoilt_answers_are_read_or_refused() {
    let joe = login("joe", "x:y");
    let wire = b"\x05\x02\x01\0\x05\0\0\x03\x05relay\x12\x67early";
    let mut ends = std::collections::HashMap::new();
    for at in 0..wire.len() - 5 {
        for value in 0..=255 {
            let mut wire = *wire;
            wire[at] = value;
            let make = || socks5(Some(&joe), Errand::Associate);
            let whole = meet(&mut make(), [&wire[..]].into_iter(), 1000, &UNASKED);
            let again = meet(&mut make(), wire.chunks(1), 1, &UNASKED);
            assert_eq!(whole, again, "{value} at {at}");
            assert!(whole.closed || whole.fault.is_some(), "{value} at {at}");
            *ends.entry(whole.closed).or_insert(0) += 1;
        }
    }
    assert!(
        ends.len() == 2,
        "some are read and some are refused: {ends:?}"
    );
}

#[test]
fn a_relay_is_where_the_proxy_says() {
    let nowhere = Err("the proxy relays datagrams nowhere");
    let cases: [(&[u8], Result<&str, &str>); 8] = [
        (b"\x01\xc0\0\x02\x07\x12\x67", Ok("192.0.2.7:4711")),
        (b"\x01\0\0\0\0\x12\x67", Ok("0.0.0.0:4711")),
        (b"\x03\x05relay\x12\x67", Ok("relay:4711")),
        (b"\x03\x03::1\x12\x67", Ok("[::1]:4711")),
        (b"\x03\0\x12\x67", Ok("0.0.0.0:4711")),
        (b"\x03\x05re\nay\x12\x67", nowhere),
        (b"\x03\x05relay\0\0", nowhere),
        (b"\x01\xc0\0\x02\x07\0\0", nowhere),
    ];
    for (bound, wanted) in cases {
        let wire = [b"\x05\0\x05\0\0", bound].concat();
        let name = format!("{}", bound.escape_ascii());
        let make = || socks5(None, Errand::Associate);
        let read = outcome(&name, make, &wire, &UNASKED);
        let relay = read.relay.map(|relay| relay.to_string());
        assert_eq!(relay.as_deref(), wanted.ok(), "{name}");
        assert_eq!(read.fault.as_deref(), wanted.err(), "{name}");
    }
}

#[test]
fn what_a_version_has_no_words_for_is_refused() {
    let long = "x".repeat(256);
    let to = end("192.0.2.1:80");
    let fours: [(&str, &[u8], &str); 5] = [
        ("[::1]:80", b"", "SOCKS4 cannot reach IPv6 addresses"),
        (
            "h:80",
            long.as_bytes(),
            "SOCKS4 cannot carry a user of over 255 bytes",
        ),
        ("h:80", b"a\0b", "SOCKS4 cannot carry a NUL in a user"),
        ("a\0b:80", b"", "SOCKS cannot carry a NUL in a host name"),
        (":80", b"", "SOCKS cannot carry an empty host name"),
    ];
    for (target, user, words) in fours {
        let made = Socks4::new(&end(target), user);
        assert_eq!(made.err(), Some(Fault::new(words)), "{target:?}, {user:?}");
    }
    let user = "SOCKS5 carries user names of 1 to 255 bytes";
    let password = "SOCKS5 carries passwords of up to 255 bytes";
    let fives = [
        (login("", "x"), user),
        (login(&long, "x"), user),
        (login("joe", &long), password),
    ];
    for (login, words) in fives {
        let made = Socks5::new(&to, Some(&login), Errand::Connect);
        assert_eq!(made.err(), Some(Fault::new(words)), "{login:?}");
    }
    let longest = login(&long[1..], &long[1..]);
    let made = Socks5::new(&to, Some(&longest), Errand::Connect);
    assert!(made.is_ok(), "255 bytes each can be carried");
    assert!(
        Socks4::new(&to, &long.as_bytes()[1..]).is_ok(),
        "so can a user"
    );
}
