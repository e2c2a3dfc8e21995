//! What clients are told that want too much, or that nobody can understand.

use super::super::super::head::{FIELDS_MAX, HEAD_MAX, LINE_MAX};
use super::*;

/// What a client is told to whatever it says, and whether it may go on.
fn answer(client: &[u8]) -> (Vec<String>, bool) {
    let scene = Scene::new(client, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let told = told(&scene, None, &[0xff], (100, 100));
    assert_eq!(
        told.served.len(),
        1,
        "{:?}",
        String::from_utf8_lossy(client)
    );
    (told.lines(), told.served[0].goes_on())
}

#[test]
fn requests_that_could_mean_something_else_go_nowhere() {
    let fields = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 5,5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Transfer-Encoding: chunked,\r\n",
        "Transfer-Encoding: Chunked\r\n",
        "Transfer-Encoding: chunked\x0b\r\n",
        "Transfer-Encoding: chun\tked\r\n",
        "Transfer-Encoding: chunked\tx\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "Host: h\r\nHost: h\r\n",
        "A: b\r\n c\r\n",
        "A: b\r\n\tc\r\n",
        " A: b\r\n",
        "A : b\r\n",
        "A\t: b\r\n",
        ": b\r\n",
        "A\r\n",
        "A b: c\r\n",
        "A(: b\r\n",
        "A\u{e9}: b\r\n",
        "A: b\0\r\n",
        "A: b\rC: d\r\n",
        "A: b\r\r\n",
        "\rA: b\r\n",
        "A: \x7f\r\n",
    ];
    for said in fields {
        let client = format!("POST http://h/ HTTP/1.1\r\n{said}\r\n5\r\nabcde\r\n0\r\n\r\n");
        let (lines, _) = answer(client.as_bytes());
        let wanted = [
            "down HTTP/1.1 400 Bad Request|Content-Length: 0|Connection: close []",
            "400 ends: POST http://h/",
        ];
        assert_eq!(lines, wanted, "{said:?}");
    }
}

#[test]
fn lines_that_are_no_requests_are_told_so() {
    let cases: [(&[u8], &str); 26] = [
        (b"GET http://h/\r\n\r\n", "GET http://h/"),
        (b"GET http://h/ HTTP/0.9\r\n\r\n", "GET http://h/ HTTP/0.9"),
        (b"GET http://h/ HTTP/1.2\r\n\r\n", "GET http://h/ HTTP/1.2"),
        (b"GET http://h/ HTTP/2.0\r\n\r\n", "GET http://h/ HTTP/2.0"),
        (
            b"GET http://h/ HTTP/1.1 \r\n\r\n",
            "GET http://h/ HTTP/1.1 ",
        ),
        (
            b"GET http://h/ HTTP/1.1x\r\n\r\n",
            "GET http://h/ HTTP/1.1x",
        ),
        (b"GET http://h/ http/1.1\r\n\r\n", "GET http://h/ http/1.1"),
        (
            b"GET  http://h/ HTTP/1.1\r\n\r\n",
            "GET  http://h/ HTTP/1.1",
        ),
        (
            b"GET http://h/ a HTTP/1.1\r\n\r\n",
            "GET http://h/ a HTTP/1.1",
        ),
        (b"GET\r\n\r\n", "GET"),
        (
            b" GET http://h/ HTTP/1.1\r\n\r\n",
            " GET http://h/ HTTP/1.1",
        ),
        (
            b"G\rT http://h/ HTTP/1.1\r\n\r\n",
            "G\\rT http://h/ HTTP/1.1",
        ),
        (
            b"GET http://h/\0 HTTP/1.1\r\n\r\n",
            "GET http://h/\\x00 HTTP/1.1",
        ),
        (b"\x16\x03\x01\x02\n\n", "something that is not HTTP"),
        (b"\x16\x03\x01", "something that is not HTTP"),
        (b"\x05", "something that is not HTTP"),
        (b"GET / HTTP/1.1\r\n\r\n", "GET /"),
        (b"GET * HTTP/1.1\r\n\r\n", "GET *"),
        (b"GET h:80 HTTP/1.1\r\n\r\n", "GET h:80"),
        (b"GET https://h/ HTTP/1.1\r\n\r\n", "GET https://h/"),
        (b"GET http://u@h/ HTTP/1.1\r\n\r\n", "GET http://u@h/"),
        (b"GET http: HTTP/1.1\r\n\r\n", "GET http:"),
        (b"GET http:/x HTTP/1.1\r\n\r\n", "GET http:/x"),
        (b"CONNECT h HTTP/1.1\r\n\r\n", "CONNECT h"),
        (
            b"CONNECT http://h:1/ HTTP/1.1\r\n\r\n",
            "CONNECT http://h:1/",
        ),
        (
            b"CONNECT h:1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n",
            "CONNECT h:1",
        ),
    ];
    for (client, words) in cases {
        let lines = always("a bad line", &Scene::new(client, b""), None);
        let served = lines.last().map(String::as_str).unwrap_or_default();
        assert_eq!(served, format!("400 ends: {words}"), "{lines:?}");
    }
}

#[test]
fn a_method_is_in_capitals_and_others_are_told_which_there_are() {
    for method in ["get", "Get", "GE.T", "x"] {
        let client = format!("{method} http://h/ HTTP/1.1\r\nbad head\r\n\r\n");
        let (lines, _) = answer(client.as_bytes());
        let wanted = "down HTTP/1.1 405 Method Not Allowed|Allow: CONNECT, GET, HEAD, POST|\
                      Content-Length: 0|Connection: close []";
        assert_eq!(lines[0], wanted, "{method}");
    }
    for method in ["GET", "PUT", "PROPFIND", "M-SEARCH", "X_1"] {
        let (lines, goes_on) = answer(format!("{method} http://h/ HTTP/1.1\r\n\r\n").as_bytes());
        assert!(goes_on, "{lines:?}");
    }
}

#[test]
fn heads_that_are_too_long_are_not_read_to_their_end() {
    let line = format!("GET http://h/{}", "x".repeat(LINE_MAX));
    let field = format!("GET http://h/ HTTP/1.1\r\nA: {}", "x".repeat(HEAD_MAX));
    let empty = "\r\n".repeat(HEAD_MAX);
    let many = format!(
        "GET http://h/ HTTP/1.1\r\n{}\r\n",
        "A: b\r\n".repeat(FIELDS_MAX + 1)
    );
    for client in [line, field, empty, many] {
        let (lines, _) = answer(client.as_bytes());
        let wanted =
            "down HTTP/1.1 413 Request Entity Too Large|Content-Length: 0|Connection: close []";
        assert_eq!(lines[0], wanted, "{}", &client[..20]);
    }
    let fits = format!(
        "GET http://h/ HTTP/1.1\r\nA: {}\r\n\r\n",
        "x".repeat(HEAD_MAX - 31)
    );
    assert_eq!(fits.len(), HEAD_MAX);
    let (lines, goes_on) = answer(fits.as_bytes());
    assert!(goes_on, "a head that fits: {:?}", lines.last());
}

#[test]
fn who_cannot_be_brought_there_is_told_so_and_may_try_another() {
    let cases = [
        (Miss::Denied, "403 Forbidden"),
        (Miss::Loop, "403 Forbidden"),
        (Miss::Unresolvable, "504 Gateway Timeout"),
        (Miss::Refused, "504 Gateway Timeout"),
        (Miss::NetworkUnreachable, "504 Gateway Timeout"),
        (Miss::HostUnreachable, "504 Gateway Timeout"),
        (Miss::TimedOut, "504 Gateway Timeout"),
        (Miss::Failed, "500 Internal Server Error"),
    ];
    for (miss, status) in cases {
        let client =
            "POST http://h/ HTTP/1.1\r\n\r\nGET http://i/ HTTP/1.0\r\n\r\nand this is not read";
        let mut scene = Scene::new(client.as_bytes(), b"");
        scene.answer = Answer::Missed(miss);
        let number = &status[..3];
        let wanted = [
            format!("down HTTP/1.1 {status}|Content-Length: 0 []"),
            format!("down HTTP/1.1 {status}|Content-Length: 0|Connection: close []"),
            format!("{number} goes on: POST http://h/"),
            format!("{number} ends: GET http://i/"),
        ];
        let lines = always("missed", &scene, None);
        assert_eq!(lines[2..], wanted, "{miss:?}");
    }
}

#[test]
fn what_was_to_go_through_a_tunnel_that_is_not_there_is_no_request() {
    let client = b"CONNECT h:1 HTTP/1.1\r\n\r\nGET http://inside/ HTTP/1.1\r\n\r\n";
    let mut scene = Scene::new(client, b"");
    scene.answer = Answer::Missed(Miss::Refused);
    let lines = always("a tunnel", &scene, None);
    let wanted = [
        "down HTTP/1.1 504 Gateway Timeout|Content-Length: 0|Connection: close []",
        "504 ends: CONNECT h:1",
    ];
    assert_eq!(lines[1..], wanted, "all that was said: {lines:?}");
}

/// Lets in who says the word.
struct Word(Vec<String>);

impl Guard for Word {
    fn judge(&mut self, authorization: &[&[u8]], method: &str, uri: &str) -> Judgement {
        self.0.push(format!("{authorization:?} {method} {uri}"));
        match authorization {
            [b"sesame"] => Judgement::Welcome("ali".into()),
            _ => Judgement::Challenge(vec![
                "Proxy-Authenticate: Word realm=\"x\"".into(),
                "Proxy-Authenticate: Basic realm=\"x\"".into(),
            ]),
        }
    }
}

#[test]
fn who_does_not_say_the_word_may_say_it_next() {
    let cases = [
        ("GET http://h/ HTTP/1.1\r\n\r\n", true),
        ("GET http://h/ HTTP/1.0\r\n\r\n", false),
        (
            "GET http://h/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            true,
        ),
        ("GET http://h/ HTTP/1.1\r\nConnection: close\r\n\r\n", false),
        (
            "POST http://h/ HTTP/1.1\r\nContent-Length: 3\r\n\r\nGET",
            true,
        ),
        (
            "POST http://h/ HTTP/1.1\r\nContent-Length: 16385\r\n\r\nGET",
            false,
        ),
        (
            "POST http://h/ HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
            false,
        ),
        (
            "POST http://h/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            false,
        ),
        (
            "CONNECT h:1 HTTP/1.1\r\nProxy-Authorization: open\r\n\r\n",
            true,
        ),
    ];
    for (first, goes_on) in cases {
        let guard: Rc<RefCell<dyn Guard>> = Rc::new(RefCell::new(Word(Vec::new())));
        let client = format!("{first}CONNECT h:2 HTTP/1.1\r\nproxy-authorization: sesame\r\n\r\n");
        let lines = always(first, &Scene::new(client.as_bytes(), b""), Some(&guard));
        let refused = "HTTP/1.1 407 Proxy Authentication Required|Proxy-Authenticate: Word realm=\"x\"|\
                       Proxy-Authenticate: Basic realm=\"x\"|Content-Length: 0";
        assert!(lines.iter().any(|line| line.contains(refused)), "{lines:?}");
        let tunnel = "tunnel h:2: CONNECT h:2 as ali";
        assert_eq!(
            lines.iter().any(|line| line == tunnel),
            goes_on,
            "{first}: {lines:?}"
        );
        let closing = lines.iter().any(|line| line.contains("Connection: close"));
        assert_eq!(closing, !goes_on, "{first}: {lines:?}");
    }
}

#[test]
fn the_word_is_not_passed_on_and_a_bad_address_is_told_to_friends_only() {
    let guard: Rc<RefCell<dyn Guard>> = Rc::new(RefCell::new(Word(Vec::new())));
    let client = b"GET http://h/ HTTP/1.1\r\nProxy-Authorization: sesame\r\n\r\n\
                   GET /nowhere HTTP/1.1\r\nProxy-Authorization: open\r\n\r\n\
                   GET /nowhere HTTP/1.1\r\nProxy-Authorization: sesame\r\n\r\n";
    let origin = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let lines = always("a word", &Scene::new(client, origin), Some(&guard));
    assert_eq!(lines[1], "up GET / HTTP/1.1|Host: h|Connection: close []");
    let served = &lines[lines.len() - 3..];
    let wanted = [
        "200 goes on: GET http://h/ as ali",
        "407 goes on: GET /nowhere",
        "400 ends: GET /nowhere as ali",
    ];
    assert_eq!(served, wanted);
}
