use super::*;
use crate::wire::oracle::{self, Sizes, drain};
use crate::wire::proxy::head::HEAD_MAX;
use crate::wire::proxy::{Credentials, Noise};
use crate::wire::{Host, Stack, Then};

const NO_LOGIN: &[u8] = b"HTTP/1.0 407 No\r\n\r\n";

fn login(named: bool) -> Rc<RefCell<Login>> {
    let credentials = named.then(|| Credentials {
        user: b"user".into(),
        password: b"secret".into(),
    });
    Rc::new(RefCell::new(Login::new(credentials, Noise::new([3; 32]))))
}

fn target(host: &str) -> Endpoint {
    let host = match host.parse() {
        Ok(ip) => Host::Ip(ip),
        Err(_) => Host::Name(host.into()),
    };
    Endpoint { host, port: 443 }
}

/// What comes of an answer: what was said to the proxy, and what is left for the target.
fn meet(
    login: &Rc<RefCell<Login>>,
    answer: &[u8],
    sizes: Sizes,
) -> (Vec<u8>, Result<Vec<u8>, Fault>) {
    let mut connect = Connect::new(target("example.org"), Rc::clone(login));
    let (mut up, mut down) = (Buf::new(sizes.up), Buf::new(sizes.down));
    let (mut wire, mut said) = (Vec::new(), Vec::new());
    let mut pieces = answer.chunks(sizes.piece);
    loop {
        let used = match connect.recv(&mut wire, &mut up, &mut down) {
            Ok(used) => used,
            Err(fault) => return (said, Err(fault)),
        };
        wire.drain(..used);
        assert!(
            up.is_empty(),
            "something went up before the target was there"
        );
        if !down.is_empty() {
            drain(&mut down, 1, &mut said);
        } else if let Some(piece) = pieces.next() {
            wire.extend(piece);
        } else {
            return (said, connect.recv_eof().map(|()| wire));
        }
    }
}

fn all_at_once(login: &Rc<RefCell<Login>>, answer: &[u8]) -> (String, Result<Vec<u8>, Fault>) {
    let sizes = Sizes {
        piece: answer.len().max(1),
        up: 1,
        down: 1000,
    };
    let (said, outcome) = meet(login, answer, sizes);
    (String::from_utf8(said).expect("ASCII"), outcome)
}

#[test]
fn the_request_is_that_of_the_reference() {
    let cases = [
        ("example.org", "CONNECT example.org:443 HTTP/1.0\r\n\r\n"),
        ("192.0.2.1", "CONNECT 192.0.2.1:443 HTTP/1.0\r\n\r\n"),
        ("2001:db8::1", "CONNECT [2001:db8::1]:443 HTTP/1.0\r\n\r\n"),
    ];
    for (host, wanted) in cases {
        let mut connect = Connect::new(target(host), login(true));
        let (mut up, mut down) = (Buf::new(9), Buf::new(99));
        assert_eq!(connect.recv(&mut [], &mut up, &mut down), Ok(0));
        assert_eq!(String::from_utf8_lossy(down.filled()), wanted);
        assert_eq!(
            connect.send(b"early", &mut down),
            Ok(0),
            "not before the answer"
        );
        assert_eq!(connect.phase(), Phase::Handshake);
    }
}

#[test]
fn a_name_that_would_be_more_than_a_name_is_not_told() {
    for name in ["a b", "a\r\nX: y", "a\0", "a\x7f"] {
        let mut connect = Connect::new(target(name), login(false));
        let (mut up, mut down) = (Buf::new(9), Buf::new(99));
        let told = connect.recv(&mut [], &mut up, &mut down);
        assert!(told.is_err() && down.is_empty(), "{name:?}: {told:?}");
    }
}

#[test]
fn an_answer_means_the_same_however_it_is_cut() {
    let through = |rest: &str| Ok(rest.as_bytes().to_vec());
    let status = |code: &str| Err(Fault::new(format!("Proxy returned status code {code}")));
    let junk = || Err(Fault::new(NOT_HTTP));
    let cut = || Err(Fault::new(CUT));
    let cases = [
        ("HTTP/1.0 200 OK\r\n\r\n", through("")),
        ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nSSH-2.0", through("SSH-2.0")),
        ("HTTP/1.1 200\r\n\r\n\r\n", through("\r\n")),
        ("HTTP/1.1 200 \n\nx", through("x")),
        ("\r\n\nHTTP/1.0 200 OK\n\nx", through("x")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            through("hi"),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            through("0\r\n\r\n"),
        ),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\nx", through("x")),
        (
            "HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx",
            through("x"),
        ),
        (
            "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 403 No\r\n\r\nx",
            status("403"),
        ),
        ("HTTP/1.1 101 Other\r\n\r\n", status("101")),
        ("HTTP/1.1 201 Made\r\n\r\n", status("201")),
        ("HTTP/1.0 407 No\r\n\r\n", status("407")),
        ("HTTP/1.0 503 No\r\nA: b\r\n\r\nbody", status("503")),
        ("HTTP/1.0 999 ?\r\n\r\n", status("999")),
        ("HTTP/1.0 099 ?\r\n\r\n", junk()),
        ("HTTP/1.0 99 ?\r\n\r\n", junk()),
        ("HTTP/1.0 1000 ?\r\n\r\n", junk()),
        ("HTTP/1.0 +20 ?\r\n\r\n", junk()),
        ("HTTP/2.0 200 OK\r\n\r\n", junk()),
        ("HTTP/1.0\r\n\r\n", junk()),
        ("http/1.1 200 OK\r\n\r\n", junk()),
        ("<html>", junk()),
        ("SSH-2.0-x\r\n", junk()),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", junk()),
        ("HTTP/1.1 200 OK\r\n: empty\r\n\r\n", junk()),
        ("HTTP/1.1 200 O\0K\r\n\r\n", junk()),
        ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", junk()),
        ("HTTP/1.1 200 OK\rA: b\r\n\r\n", junk()),
        ("", cut()),
        ("\r\n", cut()),
        ("HTTP/1", cut()),
        ("HTTP/1.1 200 OK\r\nA: b\r\n", cut()),
        ("HTTP/1.1 100 Wait\r\n\r\n", cut()),
    ];
    for (answer, wanted) in cases {
        for sizes in Sizes::all(answer.len(), 1..4) {
            let (said, outcome) = meet(&login(false), answer.as_bytes(), sizes);
            assert_eq!(outcome, wanted, "{answer:?} with {sizes:?}");
            let request = b"CONNECT example.org:443 HTTP/1.0\r\n\r\n";
            assert_eq!(said, request, "{answer:?} with {sizes:?}");
        }
    }
}

#[test]
fn every_beginning_of_a_good_answer_is_too_short() {
    let answer = b"HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    for length in 0..answer.len() {
        let (_, outcome) = all_at_once(&login(false), &answer[..length]);
        assert_eq!(outcome, Err(Fault::new(CUT)), "{length} bytes");
    }
}

#[test]
fn an_answer_without_measure_is_a_fault() {
    let wait = |times| "HTTP/1.1 100 Wait\r\n\r\n".repeat(times);
    let field = |size| format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(size));
    let fields = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count));
    let ok = "HTTP/1.1 200 OK\r\n\r\n";
    let cases = [
        (wait(INTERIM_MAX) + ok, true),
        (wait(INTERIM_MAX + 1), false),
        (fields(FIELDS_MAX), true),
        (fields(FIELDS_MAX + 1), false),
        (field(HEAD_MAX - 24), true),
        (field(HEAD_MAX - 23), false),
        (
            format!("HTTP/1.1 200 {}\r\n\r\n", "x".repeat(10 << 10)),
            false,
        ),
        (format!("HTTP/1.1 200 {}", "x".repeat(10 << 10)), false),
        (field(1 << 20), false),
        ("\r\n".repeat(1 << 20), false),
    ];
    for (answer, good) in cases {
        for piece in [1000, answer.len()] {
            let (up, down) = (1, 1000);
            let sizes = Sizes { piece, up, down };
            let (_, outcome) = meet(&login(false), answer.as_bytes(), sizes);
            let wanted = if good {
                Ok(Vec::new())
            } else {
                Err(Fault::new(TOO_LONG))
            };
            let length = answer.len();
            assert_eq!(
                outcome,
                wanted,
                "{:?} of {length} in {piece}",
                &answer[..40]
            );
        }
    }
}

#[test]
fn credentials_are_told_when_asked_for_and_by_later_connections_at_once() {
    let login = login(true);
    let asks = b"HTTP/1.1 407 No\r\nproxy-AUTHENTICATE: Basic\r\n realm=\"x\"\r\n\r\nbody";
    let plain = "CONNECT example.org:443 HTTP/1.0\r\n\r\n".to_owned();
    let again = Fault::again("Proxy returned status code 407");
    assert_eq!(all_at_once(&login, asks), (plain, Err(again)));
    let named =
        "CONNECT example.org:443 HTTP/1.0\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n";
    for _ in 0..2 {
        let good = b"HTTP/1.0 200 OK\r\n\r\n";
        assert_eq!(all_at_once(&login, good), (named.into(), Ok(Vec::new())));
    }
    let (said, outcome) = all_at_once(&login, asks);
    let refused = Fault::new("Proxy returned status code 407");
    assert_eq!(
        (said.as_str(), outcome),
        (named, Err(refused)),
        "no third time"
    );
}

#[test]
fn a_proxy_that_asks_for_what_we_do_not_know_is_the_wrong_one() {
    let (_, outcome) = all_at_once(
        &login(true),
        b"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n",
    );
    let fault = outcome.expect_err("refused");
    assert_eq!(
        (fault.words.as_str(), fault.then),
        ("Unknown authentication type", Then::Quit)
    );
    for named in [true, false] {
        let (_, outcome) = all_at_once(&login(named), NO_LOGIN);
        assert_eq!(outcome, Err(Fault::new("Proxy returned status code 407")));
    }
}

#[test]
fn an_answer_before_the_question_waits() {
    let mut connect = Connect::new(target("example.org"), login(false));
    let (mut up, mut down) = (Buf::new(9), Buf::new(10));
    let mut early = *b"HTTP/1.0 200 OK\r\n\r\nhello";
    while down.free() == 0 || connect.phase() == Phase::Handshake {
        let used = connect.recv(&mut early, &mut up, &mut down).expect("good");
        let through = connect.phase() == Phase::Closed;
        assert_eq!(used, if through { 19 } else { 0 });
        down.clear();
    }
}

#[test]
fn what_comes_behind_a_good_answer_goes_up_and_the_layer_leaves() {
    let answer = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nSSH-2.0-x\r\n";
    for sizes in Sizes::all(answer.len(), 1..4) {
        let mut stack = Stack::with_queues(4);
        stack.push(Box::new(Connect::new(target("a"), login(false))));
        let (text, said) = oracle::run_stack(&mut stack, answer, sizes);
        assert_eq!(text, b"SSH-2.0-x\r\n", "{sizes:?}");
        assert_eq!(said, b"CONNECT a:443 HTTP/1.0\r\n\r\n", "{sizes:?}");
        assert!(stack.is_empty(), "the layer stayed: {sizes:?}");
    }
}
