//! What passes between clients and origins, whole or broken off.

use super::*;

/// Name, what the client says, what each origin says, and what comes of it.
type Case = (
    &'static str,
    &'static [u8],
    &'static [u8],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        "a page",
        b"GET http://h/a?b#c HTTP/1.1\r\nHost: x\r\nA: 1\r\nProxy-Connection: keep-alive\r\n\r\n",
        b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nKeep-Alive: x\r\nB: 2\r\n\r\nok",
        &[
            "exchange h:80: GET http://h/a?b#c",
            "up GET /a?b HTTP/1.1|Host: h|A: 1|Connection: close []",
            "down HTTP/1.1 200 Fine|B: 2|Content-Length: 2 [ok]",
            "200 goes on: GET http://h/a?b#c",
        ],
    ),
    (
        "two pages of two origins, asked for at once",
        b"GET http://h/ HTTP/1.1\r\n\r\n\r\nGET http://[::1]:81 HTTP/1.1\nConnection: close\n\nxyz",
        b"HTTP/1.0 200 OK\n\nok",
        &[
            "exchange h:80: GET http://h/",
            "exchange [::1]:81: GET http://[::1]:81",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "up GET / HTTP/1.1|Host: [::1]:81|Connection: close []",
            "down HTTP/1.1 200 OK|Transfer-Encoding: chunked [ok]",
            "down HTTP/1.1 200 OK|Transfer-Encoding: chunked|Connection: close [ok]",
            "200 goes on: GET http://h/",
            "200 ends: GET http://[::1]:81",
        ],
    ),
    (
        "an old client, and an end that is the connection's",
        b"GET http://h/ HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Connection: close [ok]",
            "200 ends: GET http://h/",
        ],
    ),
    (
        "an old client that wants to stay and can",
        b"GET http://h/ HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than was promised",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Content-Length: 2|Connection: keep-alive [ok]",
            "200 goes on: GET http://h/",
        ],
    ),
    (
        "a body of known length",
        b"POST http://h:8080/f HTTP/1.1\r\nConnection: X-A\r\nX-A: b\r\nContent-Length: 05\r\n\r\nabcdeGET",
        b"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n",
        &[
            "exchange h:8080: POST http://h:8080/f",
            "up POST /f HTTP/1.1|Host: h:8080|Connection: close|Content-Length: 5 [abcde]",
            "down HTTP/1.1 204 No []",
            "204 goes on: POST http://h:8080/f",
        ],
    ),
    (
        "chunks both ways, with all that is dropped from them",
        b"PUT http://h/f HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n\
          3;x=y\r\nabc\r\n02\r\nde\r\n0\r\nT: u\r\n\r\n",
        b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
          Trailer: T\r\n\r\na\r\n0123456789\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n",
        &[
            "exchange h:80: PUT http://h/f",
            "up PUT /f HTTP/1.1|Host: h|Connection: close|Transfer-Encoding: chunked [abcde]",
            "down HTTP/1.1 103 Early|Link: a []",
            "down HTTP/1.1 200 OK|Transfer-Encoding: chunked [0123456789!]",
            "200 goes on: PUT http://h/f",
        ],
    ),
    (
        "a head alone",
        b"HEAD http://h/ HTTP/1.1\r\n\r\nGET http://h/ HTTP/1.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        &[
            "exchange h:80: HEAD http://h/",
            "exchange h:80: GET http://h/",
            "up HEAD / HTTP/1.1|Host: h|Connection: close []",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Content-Length: 2 []",
            "down HTTP/1.1 200 OK|Content-Length: 2|Connection: close [ok]",
            "200 goes on: HEAD http://h/",
            "200 ends: GET http://h/",
        ],
    ),
    (
        "what has not changed, and a body that may be empty",
        b"POST http://h?q HTTP/1.1\r\n\r\nOPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 200\r\nETag: x\r\n\r\n",
        &[
            "exchange h:80: POST http://h?q",
            "exchange h:80: OPTIONS http://h",
            "up POST /?q HTTP/1.1|Host: h|Connection: close|Content-Length: 0 []",
            "up OPTIONS * HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 304 Not Modified|ETag: x|Content-Length: 200 []",
            "down HTTP/1.1 304 Not Modified|ETag: x|Content-Length: 200 []",
            "304 goes on: POST http://h?q",
            "304 goes on: OPTIONS http://h",
        ],
    ),
    (
        "a tunnel, and what is said through it at once",
        b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\nhello",
        b"",
        &[
            "tunnel h:443: CONNECT h:443",
            "down HTTP/1.0 200 OK",
            "closed, 5 bytes left",
        ],
    ),
    (
        "a response that is cut short",
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Content-Length: 5 [ok] and no end",
            "200 breaks: GET http://h/",
        ],
    ),
    (
        "chunks that are cut short",
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Transfer-Encoding: chunked [ok] and no end",
            "200 breaks: GET http://h/",
        ],
    ),
    (
        "chunks that are none",
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 200 OK|Transfer-Encoding: chunked [ok] and no end",
            "200 breaks: GET http://h/",
        ],
    ),
    (
        "half a head",
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        &[
            "exchange h:80: GET http://h/",
            "up GET / HTTP/1.1|Host: h|Connection: close []",
            "down HTTP/1.1 502 Bad Gateway|Content-Length: 0 []",
            "502 goes on: GET http://h/",
        ],
    ),
    (
        "chunks of a request that are none",
        b"POST http://h/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nx\r\n",
        b"",
        &[
            "exchange h:80: POST http://h/",
            "up POST / HTTP/1.1|Host: h|Connection: close|Transfer-Encoding: chunked [ok] and no end",
            "down HTTP/1.1 400 Bad Request|Content-Length: 0|Connection: close []",
            "400 ends: POST http://h/",
        ],
    ),
];

#[test]
fn exchanges_are_the_same_however_the_bytes_are_cut() {
    for &(name, client, origin, wanted) in CASES {
        let lines = always(name, &Scene::new(client, origin), None);
        assert_eq!(lines, wanted, "{name}");
    }
}

#[test]
fn a_response_that_ends_with_a_broken_connection_has_not_ended() {
    let mut scene = Scene::new(
        b"GET http://h/ HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nok",
    );
    scene.end = Answer::Cut;
    let lines = always("cut", &scene, None);
    let wanted = [
        "down HTTP/1.1 200 OK|Transfer-Encoding: chunked [ok] and no end",
        "200 breaks: GET http://h/",
    ];
    assert_eq!(lines[2..], wanted);
}

#[test]
fn who_is_answered_before_it_has_said_all_is_told_that_this_was_all() {
    let origin = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    for body in [
        "Content-Length: 5\r\n\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ] {
        let client = format!("POST http://h/ HTTP/1.1\r\n{body}");
        let lines = always("early", &Scene::new(client.as_bytes(), origin), None);
        let wanted = [
            "down HTTP/1.1 413 Too Large|Content-Length: 0|Connection: close []",
            "413 ends: POST http://h/",
        ];
        assert_eq!(lines[2..], wanted, "{body}");
    }
}

#[test]
fn an_origin_that_answers_before_it_is_asked_is_heard() {
    let mut scene = Scene::new(
        b"POST http://h/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    scene.is_eager = true;
    for pieces in [1, 2, 7] {
        let told = told(&scene, None, &[pieces], (3, 3));
        assert_eq!(told.served.len(), 1, "the exchange is over");
        assert_eq!(told.served[0].status, Some(200));
        assert!(
            told.down.ends_with(b"ok"),
            "the response came: {:?}",
            told.down
        );
    }
}

#[test]
fn a_client_that_leaves_has_left_in_the_middle_or_not() {
    let cases: [(&[u8], bool); 9] = [
        (b"", false),
        (b"\r\n\r\n", false),
        (b"G", true),
        (b"GET http://h/ HTTP/1.1\r\n", true),
        (b"GET http://h/ HTTP/1.1\r\n\r\n", false),
        (
            b"POST http://h/ HTTP/1.1\r\nContent-Length: 2\r\n\r\na",
            true,
        ),
        (
            b"POST http://h/ HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
            false,
        ),
        (
            b"POST http://h/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
            true,
        ),
        (b"nonsense\r\n\r\n", false),
    ];
    for (client, is_cut) in cases {
        let mut scene = Scene::new(client, b"");
        scene.leaves = true;
        for sizes in [(1, 1), (100, 100)] {
            let told = told(&scene, None, &[3], sizes);
            assert_eq!(told.fault.is_some(), is_cut, "{client:?}: {:?}", told.fault);
        }
    }
}

#[test]
fn a_client_is_not_told_that_it_left_while_its_words_wait_for_room() {
    let mut layer = HttpServer::new(None);
    let (mut up, mut down) = (Buf::new(900), Buf::new(900));
    let mut wire = b"POST http://h/ HTTP/1.1\r\nContent-Length: 900\r\n\r\n".to_vec();
    layer
        .recv(&mut wire, &mut up, &mut down)
        .expect("a good head");
    layer.ask().expect("it wants the origin");
    layer.answer(Scene::new(b"", b"").answer);
    let mut body = vec![b'x'; 900];
    let used = layer
        .recv(&mut body, &mut up, &mut down)
        .expect("a good body");
    assert!(used < 900, "there was room for all");
    assert_eq!(layer.recv_eof(), Ok(()), "the rest waits below");
    let mut none: [u8; 0] = [];
    layer.recv(&mut none, &mut up, &mut down).expect("no more");
    assert!(layer.recv_eof().is_err(), "the rest never came");
}

#[test]
fn responses_that_could_mean_something_else_are_none() {
    let cases: [&[u8]; 19] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\nok",
        b"HTTP/1.1 200 O\rK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n: b\r\n\r\nok",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nok",
        b"HTTP/1.1 099 No\r\n\r\nok",
        b"HTTP/1.1 20 OK\r\n\r\nok",
        b"HTTP/2.0 200 OK\r\n\r\nok",
        b"ICY 200 OK\r\n\r\nok",
        b"\r\n\r\n\r\n",
    ];
    for origin in cases {
        let scene = Scene::new(b"GET http://h/ HTTP/1.1\r\n\r\n", origin);
        let lines = always("a bad response", &scene, None);
        let wanted = [
            "down HTTP/1.1 502 Bad Gateway|Content-Length: 0 []",
            "502 goes on: GET http://h/",
        ];
        assert_eq!(lines[2..], wanted, "{:?}", String::from_utf8_lossy(origin));
    }
}

#[test]
fn an_origin_may_say_that_it_works_on_it_but_not_for_ever() {
    for (interims, status) in [(32, 200), (33, 502)] {
        let origin = "HTTP/1.1 102 Processing\r\n\r\n".repeat(interims)
            + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let scene = Scene::new(b"GET http://h/ HTTP/1.1\r\n\r\n", origin.as_bytes());
        let told = told(&scene, None, &[100], (100, 100));
        assert_eq!(told.served[0].status, Some(status), "after {interims}");
    }
}

#[test]
fn a_tunnel_is_there_when_its_word_has_gone_by_whichever_way() {
    let mut layer = HttpServer::new(None);
    let (mut up, mut down) = (Buf::new(9), Buf::new(9));
    let mut wire = b"CONNECT h:1 HTTP/1.1\r\n\r\nhello".to_vec();
    let used = layer.recv(&mut wire, &mut up, &mut down);
    assert_eq!(used, Ok(wire.len() - 5), "the rest is the target's");
    layer.ask().expect("it wants a tunnel");
    assert_eq!(layer.phase(), Phase::Asking);
    layer.answer(Scene::new(b"", b"").answer);
    let mut sent: Vec<u8> = Vec::new();
    while layer.phase() == Phase::Handshake {
        let taken = layer.send(b"early", &mut down);
        assert_eq!((taken, down.is_empty()), (Ok(0), false), "its word first");
        sent.extend(down.filled());
        down.clear();
    }
    assert_eq!(layer.phase(), Phase::Closed);
    assert_eq!(sent, b"HTTP/1.0 200 OK\r\n\r\n");
}

#[test]
fn layers_below_say_goodbye_when_the_last_word_has_gone() {
    let mut layer = HttpServer::new(None);
    let (mut up, mut down) = (Buf::new(9), Buf::new(9));
    let mut wire = b"nonsense\r\n\r\nmore".to_vec();
    let used = layer
        .recv(&mut wire, &mut up, &mut down)
        .expect("an answer");
    let served = layer.served().expect("it is over");
    assert!(!served.goes_on && layer.served().is_none(), "told once");
    assert_eq!(layer.phase(), Phase::Handshake, "there is more to be said");
    let mut turns = 0;
    while layer.phase() == Phase::Handshake {
        down.clear();
        let more = layer.recv(&mut wire[used..], &mut up, &mut down);
        assert_eq!(more, Ok(0), "nobody reads what follows");
        turns += 1;
    }
    assert!(turns > 2, "in {turns} turns");
    assert_eq!(layer.phase(), Phase::Open);
}
