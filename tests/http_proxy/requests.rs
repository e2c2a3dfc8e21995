//! What the origin gets to see of a request, to the byte, and what the client sees of the answer.

use crate::common::Told;
use crate::house::{HELLO, House};

/// What a client says behind `METHOD URI HTTP/1.1`, and what the origin gets behind its first line and host.
struct Case<'a> {
    line: &'a str,
    fields: &'a str,
    first: &'a str,
    rest: &'a str,
}

const fn case<'a>(line: &'a str, fields: &'a str, first: &'a str, rest: &'a str) -> Case<'a> {
    Case {
        line,
        fields,
        first,
        rest,
    }
}

#[test]
fn the_origin_gets_what_was_meant_and_nothing_that_was_for_us() -> Told {
    let cases = [
        case("GET http://ORIGIN/", "", "GET /", ""),
        case("GET http://ORIGIN", "", "GET /", ""),
        case("GET HTTP://ORIGIN/", "", "GET /", ""),
        case("GET http://ORIGIN?q", "", "GET /?q", ""),
        case("GET http://ORIGIN#f", "", "GET /", ""),
        case(
            "GET http://ORIGIN/a/../b;c?d=e&f#g?h",
            "",
            "GET /a/../b;c?d=e&f",
            "",
        ),
        case(
            "GET http://ORIGIN/%41%00%0d%0a%23",
            "",
            "GET /%41%00%0d%0a%23",
            "",
        ),
        case("GET http://ORIGIN//x", "", "GET //x", ""),
        case(
            "GET http://ORIGIN/http://other/",
            "",
            "GET /http://other/",
            "",
        ),
        case("DELETE http://ORIGIN/x", "", "DELETE /x", ""),
        case("TRACE http://ORIGIN/x", "", "TRACE /x", ""),
        case("OPTIONS http://ORIGIN/x", "", "OPTIONS /x", ""),
        case("OPTIONS http://ORIGIN", "", "OPTIONS *", ""),
        case("PROPFIND http://ORIGIN/x", "", "PROPFIND /x", ""),
        case("X-NEW_1 http://ORIGIN/x", "", "X-NEW_1 /x", ""),
        case(
            "POST http://ORIGIN/x",
            "",
            "POST /x",
            "Content-Length: 0\r\n",
        ),
        case(
            "PUT http://ORIGIN/x",
            "Content-Length: 0\r\n",
            "PUT /x",
            "Content-Length: 0\r\n",
        ),
        case(
            "GET http://ORIGIN/",
            "Host: elsewhere.invalid:99\r\n",
            "GET /",
            "",
        ),
        case("GET http://ORIGIN/", "hOsT:\r\n", "GET /", ""),
        case(
            "GET http://ORIGIN/",
            "A: 1\r\nb:2\r\nC:   3 \t\r\nA: 4\r\nEmpty:\r\n",
            "GET /",
            "A: 1\r\nb: 2\r\nC: 3\r\nA: 4\r\nEmpty: \r\n",
        ),
        case(
            "GET http://ORIGIN/",
            "Connection: X-One, x-two,, keep-alive\r\nX-One: 1\r\nX-TWO: 2\r\nX-Three: 3\r\n\
             Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n\
             Proxy-Authenticate: x\r\nTE: trailers\r\nTrailer: X\r\nTrailers: X\r\nUpgrade: h2c\r\n",
            "GET /",
            "X-Three: 3\r\n",
        ),
        case(
            "GET http://ORIGIN/",
            "Connection: Authorization, Host\r\nAuthorization: x\r\nCookie: y\r\n",
            "GET /",
            "Cookie: y\r\n",
        ),
        case(
            "GET http://ORIGIN/",
            "X: \u{e4}\u{20ac}\r\n",
            "GET /",
            "X: \u{e4}\u{20ac}\r\n",
        ),
    ];
    let mut house = House::open(&[])?;
    let client = house.client()?;
    for case in &cases {
        house.forgets(client);
        house.says(
            client,
            &format!("{} HTTP/1.1\r\n{}\r\n", case.line, case.fields),
        );
        let origin = house.met()?;
        // The length of a body is said last.
        let (fields, length) = match case.rest {
            "Content-Length: 0\r\n" => ("", case.rest),
            fields => (fields, ""),
        };
        let wanted = house.wire(&format!(
            "{} HTTP/1.1\r\nHost: ORIGIN\r\n{fields}Connection: close\r\n{length}\r\n",
            case.first
        ));
        let seen = house.heard(origin, &wanted);
        seen.map_err(|e| format!("{} {:?}: {e}", case.line, case.fields))?;
        house.says_bytes(origin, HELLO);
        house.heard(client, HELLO)?;
        house.heard_last(origin, &wanted)?;
    }
    Ok(())
}

#[test]
fn lines_may_end_with_a_line_feed_alone_and_empty_ones_may_come_before() -> Told {
    let mut house = House::open(&[])?;
    for request in [
        "GET http://ORIGIN/x HTTP/1.1\nA: b\n\n",
        "\r\n\r\nGET http://ORIGIN/x HTTP/1.1\r\nA: b\r\n\r\n",
        "\nGET http://ORIGIN/x HTTP/1.1\nA: b\r\n\n",
    ] {
        let client = house.asks(request)?;
        let origin = house.met()?;
        let wanted =
            house.wire("GET /x HTTP/1.1\r\nHost: ORIGIN\r\nA: b\r\nConnection: close\r\n\r\n");
        let seen = house.heard(origin, &wanted);
        seen.map_err(|e| format!("{request:?}: {e}"))?;
        house.says_bytes(origin, HELLO);
        house.heard(client, HELLO)?;
    }
    Ok(())
}

#[test]
fn a_request_is_the_same_however_it_is_cut() -> Told {
    let mut house = House::open(&[])?;
    let request = "POST http://ORIGIN/x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    let all = house.wire(request);
    let wanted = house.wire(
        "POST /x HTTP/1.1\r\nHost: ORIGIN\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
    );
    for cut in 1..all.len() {
        let client = house.client()?;
        house.says_bytes(client, &all[..cut]);
        // Somebody else is served meanwhile, so the first piece has been read.
        let other = house.asks("GET http://127.0.0.1:PROXY/ HTTP/1.1\r\n\r\n")?;
        house
            .scene
            .until("another is answered", |s| !s.peers[other].rx.got.is_empty())?;
        house.says_bytes(client, &all[cut..]);
        let origin = house.met()?;
        let seen = house.heard(origin, &wanted);
        seen.map_err(|e| format!("cut at {cut}: {e}"))?;
        house.says_bytes(origin, HELLO);
        house.heard(client, HELLO)?;
        house.scene.peers.clear();
    }
    Ok(())
}

#[test]
fn the_client_gets_the_answer_without_what_was_for_us() -> Told {
    let cases = [
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        (
            "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "HTTP/1.1 599 So be it\r\nServer: x\r\nConnection: close, X-Own\r\nX-Own: 1\r\n\
             Keep-Alive: timeout=1\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\
             Proxy-Authenticate: Basic realm=x\r\nUpgrade: y\r\n\r\nok",
            "HTTP/1.1 599 So be it\r\nServer: x\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\
             Content-Length: 2\r\n\r\nok",
        ),
        (
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        // What an origin says behind its answer is nobody's.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
    ];
    let mut house = House::open(&[])?;
    let client = house.client()?;
    for (answer, wanted) in cases {
        house.forgets(client);
        house.says(client, "GET http://ORIGIN/ HTTP/1.1\r\n\r\n");
        let origin = house.met()?;
        house.says(origin, answer);
        let heard = house.heard(client, wanted.as_bytes());
        heard.map_err(|e| format!("{answer:?}: {e}"))?;
    }
    house.serves(client)
}

#[test]
fn answers_without_a_body_end_with_their_heads_though_the_origin_stays() -> Told {
    let cases = [
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        ),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
        ),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
        ),
        (
            "DELETE",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ),
        (
            "POST",
            "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        ),
    ];
    let mut house = House::open(&[])?;
    let client = house.client()?;
    for (method, answer, wanted) in cases {
        house.forgets(client);
        house.says(client, &format!("{method} http://ORIGIN/ HTTP/1.1\r\n\r\n"));
        let origin = house.met()?;
        house.says(origin, answer);
        let heard = house.heard(client, wanted.as_bytes());
        heard.map_err(|e| format!("{method}, {answer:?}: {e}"))?;
        let left = house
            .scene
            .until("the origin is left", |s| s.peers[origin].rx.ended());
        left.map_err(|e| format!("{method}, {answer:?}: {e}"))?;
        house.serves(client)?;
    }
    Ok(())
}
