//! What is answered by the proxy itself, to the byte, and what becomes of the connection.

use std::net::UdpSocket;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::common::wire::Room;
use crate::common::{Place, Told, told};
use crate::house::{CONNECTED, House, dead_end, last_words, port, refusal};

/// A request, the status, and whether the connection stays.
type Case<'a> = (&'a str, &'a str, bool);

/// Each by a client of its own; those that stay are served afterwards.
fn answered(house: &mut House, cases: &[Case]) -> Told {
    for &(request, status, stays) in cases {
        let client = house.asks(request)?;
        let checked = match stays {
            true => {
                let wanted = refusal(status, "");
                let heard = house.heard(client, &wanted);
                heard.and_then(|()| house.is_unmet(request))
            }
            false => {
                let heard = house.heard_last(client, &last_words(status));
                heard.and_then(|()| house.is_unmet(request))
            }
        };
        checked.map_err(|e| format!("{request:?}: {e}"))?;
        if stays {
            house.serves(client)?;
        }
        house.scene.peers.clear();
    }
    Ok(())
}

#[test]
fn what_is_no_request_is_400() -> Told {
    let mut house = House::open(&[])?;
    let cases = [
        "x\r\n\r\n",
        "GET\r\n\r\n",
        "GET http://ORIGIN/\r\n\r\n",
        "GET http://ORIGIN/ HTTP/0.9\r\n\r\n",
        "GET http://ORIGIN/ HTTP/2.0\r\n\r\n",
        "GET http://ORIGIN/ HTTP/1.2\r\n\r\n",
        "GET http://ORIGIN/ HTTP/1.1 x\r\n\r\n",
        "GET http://ORIGIN/ http/1.1\r\n\r\n",
        "GET  http://ORIGIN/ HTTP/1.1\r\n\r\n",
        "GET http://ORIGIN/  HTTP/1.1\r\n\r\n",
        "GET\thttp://ORIGIN/\tHTTP/1.1\r\n\r\n",
        " GET http://ORIGIN/ HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\n\n",
        // What TLS and SOCKS begin with: it is not waited for more.
        "\x16\x03\x01",
        "\x05\x01\0",
        "\x04",
        "GET / HTTP/1.1\r\nHost: ORIGIN\r\n\r\n",
        "GET ORIGIN HTTP/1.1\r\n\r\n",
        "GET http: HTTP/1.1\r\n\r\n",
        "GET http:/x HTTP/1.1\r\n\r\n",
        "GET http:// HTTP/1.1\r\n\r\n",
        "GET http:///x HTTP/1.1\r\n\r\n",
        "GET https://ORIGIN/ HTTP/1.1\r\n\r\n",
        "GET ftp://ORIGIN/ HTTP/1.1\r\n\r\n",
        "GET http://user@ORIGIN/ HTTP/1.1\r\n\r\n",
        "GET http://127.0.0.1:0/ HTTP/1.1\r\n\r\n",
        "GET http://127.0.0.1:65536/ HTTP/1.1\r\n\r\n",
        "GET http://127.0.0.1:1:1/ HTTP/1.1\r\n\r\n",
        "GET http://a%00b/ HTTP/1.1\r\n\r\n",
        "GET http://a%0d%0ab/ HTTP/1.1\r\n\r\n",
        "GET http://[::1/ HTTP/1.1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n",
        "CONNECT 127.0.0.1 HTTP/1.1\r\n\r\n",
        "CONNECT 127.0.0.1: HTTP/1.1\r\n\r\n",
        "CONNECT [::1] HTTP/1.1\r\n\r\n",
        "CONNECT ::1:80 HTTP/1.1\r\n\r\n",
        "CONNECT 127.0.0.1:99999 HTTP/1.1\r\n\r\n",
        "CONNECT 127.0.0.1:http HTTP/1.1\r\n\r\n",
        "CONNECT http://ORIGIN/ HTTP/1.1\r\n\r\n",
        "CONNECT ORIGIN/ HTTP/1.1\r\n\r\n",
    ];
    answered(&mut house, &cases.map(|r| (r, "400 Bad Request", false)))
}

#[test]
fn a_method_that_is_none_is_405_and_those_are_named_that_are() -> Told {
    let mut house = House::open(&[])?;
    for method in ["get", "Get", "connect", "G.T", "POST!"] {
        let client = house.asks(&format!("{method} http://ORIGIN/ HTTP/1.1\r\n\r\n"))?;
        let wanted = "HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT, GET, HEAD, POST\r\n\
             Content-Length: 0\r\nConnection: close\r\n\r\n";
        let heard = house.heard_last(client, wanted.as_bytes());
        heard.map_err(|e| format!("{method}: {e}"))?;
        house.is_unmet(method)?;
    }
    Ok(())
}

#[test]
fn a_head_that_is_too_long_is_413() -> Told {
    let mut house = House::open(&[])?;
    let many = |count: usize| {
        let fields: String = (0..count).map(|n| format!("X-{n}: y\r\n")).collect();
        format!("GET http://ORIGIN/ HTTP/1.1\r\n{fields}\r\n")
    };
    let line = |length: usize| format!("GET http://ORIGIN/{} HTTP/1.1\r\n", "x".repeat(length));
    let head = |length: usize| {
        let field = format!("X: {}\r\n", "y".repeat(length));
        format!("GET http://ORIGIN/ HTTP/1.1\r\n{field}\r\n")
    };
    for (what, request) in [
        ("a line", line(9000) + "\r\n"),
        ("a line without an end", "x".repeat(9000)),
        ("a head", head(33_000)),
        (
            "a field without an end",
            "GET http://ORIGIN/ HTTP/1.1\r\nX: ".to_owned() + &"y".repeat(40_000),
        ),
        ("nothing but empty lines", "\r\n".repeat(20_000)),
    ] {
        let client = house.asks(&request)?;
        let wanted = last_words("413 Request Entity Too Large");
        let heard = house.heard(client, &wanted);
        heard.map_err(|e| format!("{what}: {e}"))?;
        let ended = house
            .scene
            .until("the connection ended", |s| s.peers[client].rx.ended());
        ended.map_err(|e| format!("{what}: {e}"))?;
        house.is_unmet(what)?;
    }
    for (count, status) in [
        (101, "413 Request Entity Too Large"),
        (1000, "413 Request Entity Too Large"),
    ] {
        let client = house.asks(&many(count))?;
        let heard = house.heard_last(client, &last_words(status));
        heard.map_err(|e| format!("{count} fields: {e}"))?;
        house.is_unmet("too many fields")?;
    }
    // What just fits is served.
    for request in [line(8000) + "\r\n", head(32_000), many(100)] {
        let _client = house.asks(&request)?;
        let origin = house.met()?;
        house.scene.until("the origin got the request", |s| {
            s.peers[origin].rx.got.ends_with(b"\r\n\r\n")
        })?;
    }
    Ok(())
}

/// An address of this machine beside those of its loopback, if it has one. Nothing is sent to find out.
fn another_own_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    Some(ip.to_string())
}

#[test]
fn whoever_asks_us_for_ourselves_is_403() -> Told {
    let own = another_own_address();
    if own.is_none() {
        println!("SKIPPED: this machine has no address but those of its loopback");
    }
    let usual = [
        "127.0.0.1",
        "127.0.0.2",
        "localhost",
        "LocalHost",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::ffff:0.0.0.0]",
    ];
    let hosts: Vec<String> = usual.map(String::from).into_iter().chain(own).collect();
    let mut house = House::at("0.0.0.0", &["-4"], |p| p)?;
    house.place = Place::local(house.own_port());
    both_ways(&mut house, &hosts)?;
    let mut house = House::open(&[])?;
    both_ways(&mut house, &["127.0.0.1", "0.0.0.0"].map(String::from))?;
    // Nobody is met at the same port of another address.
    let client = house.asks("CONNECT 127.0.0.2:PROXY HTTP/1.1\r\n\r\n")?;
    house.heard(client, &last_words("504 Gateway Timeout"))?;
    for listens in ["::", "::1"] {
        let Ok(mut house) = House::at(listens, &["-6"], |p| p) else {
            println!("SKIPPED: this machine has no IPv6");
            return Ok(());
        };
        house.place = Place::Tcp(([0, 0, 0, 0, 0, 0, 0, 1], house.own_port()).into());
        forbidden(&mut house, &["[::1]", "[::]", "[0:0::1]"].map(String::from))?;
    }
    Ok(())
}

fn both_ways(house: &mut House, hosts: &[String]) -> Told {
    forbidden(house, hosts)?;
    // An own port is no secret, and other ports there are served.
    let client = house.client()?;
    house.serves(client)
}

fn forbidden(house: &mut House, hosts: &[String]) -> Told {
    for host in hosts {
        let client = house.client()?;
        for request in [
            format!("GET http://{host}:PROXY/ HTTP/1.1\r\n\r\n"),
            format!("HEAD http://{host}:PROXY HTTP/1.1\r\n\r\n"),
            format!("CONNECT {host}:PROXY HTTP/1.1\r\n\r\n"),
        ] {
            house.forgets(client);
            house.says(client, &request);
            let heard = house.heard(client, &dead_end(&request, "403 Forbidden"));
            heard.map_err(|e| format!("{request:?}: {e}"))?;
        }
    }
    Ok(())
}

#[test]
fn where_nobody_is_found_is_504_and_the_next_request_is_served() -> Told {
    let mut house = House::open(&["-4"])?;
    let nobody = Place::any_port().open()?;
    let free = port(&nobody.place);
    drop(nobody);
    let cases = [
        format!("GET http://127.0.0.1:{free}/ HTTP/1.1\r\n\r\n"),
        format!("CONNECT 127.0.0.1:{free} HTTP/1.1\r\n\r\n"),
        format!("POST http://127.0.0.1:{free}/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"),
        "GET http://no-such-name.invalid/ HTTP/1.1\r\n\r\n".into(),
        "CONNECT no-such-name.invalid:1 HTTP/1.1\r\n\r\n".into(),
        // No address of the family that may be used.
        "GET http://[::1]:80/ HTTP/1.1\r\n\r\n".into(),
        "CONNECT [::1]:80 HTTP/1.1\r\n\r\n".into(),
    ];
    for request in &cases {
        let stays = !request.starts_with("CONNECT");
        answered(&mut house, &[(request, "504 Gateway Timeout", stays)])?;
    }
    Ok(())
}

#[test]
fn a_target_that_is_silent_is_504_when_the_time_is_up() -> Told {
    let mut house = House::open(&["-w", "300ms"])?;
    // A backlog of 0 has room for one that nobody accepts; what comes after it is not answered.
    let silent = Place::any_port().open_with(&Room::Usual, 0)?;
    let _inside = silent.place.connect()?;
    let there = silent.place.words().join(":");
    for request in [
        format!("CONNECT {there} HTTP/1.1\r\n\r\n"),
        format!("GET http://{there}/ HTTP/1.1\r\n\r\n"),
    ] {
        let stays = !request.starts_with("CONNECT");
        answered(&mut house, &[(&request, "504 Gateway Timeout", stays)])?;
    }
    Ok(())
}

#[test]
fn an_answer_that_is_none_is_502() -> Told {
    let mut house = House::open(&[])?;
    let cases = [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "hello\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 99 x\r\n\r\n",
        "HTTP/1.1 2000 x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\na",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na",
        "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\0: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\rz\r\n\r\n",
    ];
    for answer in cases {
        let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, answer);
        house.finishes(origin)?;
        let heard = house.heard(client, &refusal("502 Bad Gateway", ""));
        heard.map_err(|e| format!("{answer:?}: {e}"))?;
        house.serves(client)?;
    }
    // An endless head is one of the worst.
    let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
    let origin = house.met()?;
    house.says(
        origin,
        &("HTTP/1.1 200 OK\r\nX: ".to_owned() + &"y".repeat(100_000)),
    );
    house.heard(client, &refusal("502 Bad Gateway", ""))?;
    house.serves(client)
}

fn limit_descriptors(house: &House, current: Option<u64>) -> Told {
    let pid = i32::try_from(house.scene.program.id());
    let pid = pid.ok().and_then(Pid::from_raw);
    let limits = Rlimit {
        current,
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    told(prlimit(pid, Resource::Nofile, limits).map_err(Into::into)).map(drop)
}

#[test]
fn who_lacks_the_means_says_500() -> Told {
    let mut house = House::open(&[])?;
    let client = house.client()?;
    house.serves(client)?;
    let other = house.client()?;
    house.serves(other)?;
    // Not one descriptor more than there are.
    limit_descriptors(&house, Some(3))?;
    for (client, request) in [
        (client, "GET http://ORIGIN/ HTTP/1.1\r\n\r\n"),
        (other, "CONNECT ORIGIN HTTP/1.1\r\n\r\n"),
    ] {
        house.forgets(client);
        house.says(client, request);
        let heard = house.heard(client, &dead_end(request, "500 Internal Server Error"));
        heard.map_err(|e| format!("{request:?}: {e}"))?;
    }
    limit_descriptors(&house, getrlimit(Resource::Nofile).maximum)?;
    house.serves(client)
}

#[test]
fn an_old_client_is_told_in_its_own_words() -> Told {
    let mut house = House::open(&[])?;
    let cases = [
        ("Connection: keep-alive\r\n", "Connection: keep-alive\r\n"),
        (
            "Proxy-Connection: Keep-Alive\r\n",
            "Connection: keep-alive\r\n",
        ),
        ("", "Connection: close\r\n"),
    ];
    for (field, connection) in cases {
        let client = house.asks(&format!(
            "GET http://127.0.0.1:PROXY/ HTTP/1.0\r\n{field}\r\n"
        ))?;
        let wanted = refusal("403 Forbidden", connection);
        match connection.contains("close") {
            true => house.heard_last(client, &wanted)?,
            false => house.heard(client, &wanted)?,
        }
    }
    let client = house.asks("CONNECT ORIGIN HTTP/1.0\r\n\r\n")?;
    house.met()?;
    house.heard(client, CONNECTED)
}

#[test]
fn a_refused_request_takes_its_body_along_or_the_connection() -> Told {
    let mut house = House::open(&[])?;
    let body = house
        .wire("GET http://ORIGIN/smuggled HTTP/1.1\r\n\r\n")
        .len();
    let client = house.asks(&format!(
        "POST http://127.0.0.1:PROXY/ HTTP/1.1\r\nContent-Length: {body}\r\n\r\n\
         GET http://ORIGIN/smuggled HTTP/1.1\r\n\r\n"
    ))?;
    house.heard(client, &refusal("403 Forbidden", ""))?;
    house.is_unmet("a body that looks like a request")?;
    house.serves(client)?;
    for fields in [
        "Content-Length: 1000000\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n",
    ] {
        let client = house.asks(&format!(
            "POST http://127.0.0.1:PROXY/ HTTP/1.1\r\n{fields}"
        ))?;
        let heard = house.heard_last(client, &last_words("403 Forbidden"));
        heard.map_err(|e| format!("{fields:?}: {e}"))?;
    }
    Ok(())
}
