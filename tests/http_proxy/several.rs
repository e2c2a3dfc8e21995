//! Several requests over one connection.

use std::time::Duration;

use crate::common::deadline::in_time;
use crate::common::{Place, Told};
use crate::house::{A_MOMENT, CONNECTED, HELLO, House, refusal};

#[test]
fn a_connection_serves_requests_to_different_origins() -> Told {
    let mut house = House::open(&[])?;
    let other = Place::any_port().open()?;
    let client = house.client()?;
    for _ in 0..3 {
        house.serves(client)?;
        house.forgets(client);
        let there = other.place.words().join(":");
        house.says(
            client,
            &format!("GET http://{there}/other HTTP/1.1\r\n\r\n"),
        );
        house
            .scene
            .until("the request is said", |s| s.peers[client].tx.is_empty())?;
        house.scene.admit(&other)?;
        let origin = house.scene.peers.len() - 1;
        let wanted = format!("GET /other HTTP/1.1\r\nHost: {there}\r\nConnection: close\r\n\r\n");
        house.heard(origin, wanted.as_bytes())?;
        house.says_bytes(origin, HELLO);
        house.heard(client, HELLO)?;
    }
    Ok(())
}

#[test]
fn requests_that_are_said_at_once_are_answered_in_their_order() -> Told {
    let mut house = House::open(&[])?;
    let client = house.asks(
        "POST http://ORIGIN/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\
         GET http://127.0.0.1:PROXY/2 HTTP/1.1\r\n\r\n\
         PUT http://ORIGIN/3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n\
         \r\nGET http://ORIGIN/4 HTTP/1.1\r\n\r\n\
         CONNECT ORIGIN HTTP/1.1\r\n\r\nthrough the tunnel",
    )?;
    let mut answers = Vec::new();
    for (line, end) in [
        ("POST /1", "Content-Length: 3\r\n\r\nabc"),
        (
            "PUT /3",
            "Transfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n",
        ),
        ("GET /4", "\r\n"),
    ] {
        let origin = house.met()?;
        let wanted = house.wire(&format!(
            "{line} HTTP/1.1\r\nHost: ORIGIN\r\nConnection: close\r\n{end}"
        ));
        house.heard(origin, &wanted)?;
        house.is_unmet("a request before the last was answered")?;
        house.says_bytes(origin, HELLO);
        answers.extend(HELLO);
        if line == "POST /1" {
            answers.extend(refusal("403 Forbidden", ""));
        }
        if line == "GET /4" {
            answers.extend(CONNECTED);
        }
        house.heard(client, &answers)?;
    }
    let origin = house.met()?;
    house.heard(origin, b"through the tunnel")
}

#[test]
fn many_requests_over_one_connection_leave_nothing_behind() -> Told {
    let mut house = House::open(&[])?;
    let client = house.client()?;
    house.serves(client)?;
    let count = |house: &House| crate::common::proc_net::descriptors(house.scene.program.id());
    for _ in 0..100 {
        house.serves(client)?;
        let gone = house.scene.peers.len() - 1;
        house
            .scene
            .until("the origin is left", |s| s.peers[gone].rx.ended())?;
        house.scene.peers.truncate(1);
    }
    let before = count(&house);
    for _ in 0..100 {
        house.serves(client)?;
        let gone = house.scene.peers.len() - 1;
        house
            .scene
            .until("the origin is left", |s| s.peers[gone].rx.ended())?;
        house.scene.peers.truncate(1);
    }
    let after = count(&house);
    match after == before {
        true => Ok(()),
        false => Err(format!("{before} descriptors became {after}")),
    }
}

#[test]
fn a_connection_ends_when_the_client_says_so_or_is_too_old_to_know_better() -> Told {
    let mut house = House::open(&[])?;
    const CLOSES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    const STAYS: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";
    let cases: [(&str, &str, &[u8], bool); 8] = [
        ("1.1", "", HELLO, true),
        ("1.1", "Connection: keep-alive\r\n", HELLO, true),
        ("1.1", "Connection: close\r\n", CLOSES, false),
        ("1.1", "Connection: x, Close\r\n", CLOSES, false),
        ("1.1", "Proxy-Connection: close\r\n", CLOSES, false),
        ("1.0", "", CLOSES, false),
        ("1.0", "Connection: Keep-Alive\r\n", STAYS, true),
        ("1.0", "Proxy-Connection: keep-alive\r\n", STAYS, true),
    ];
    for (version, field, wanted, stays) in cases {
        let request = format!("GET http://ORIGIN/ HTTP/{version}\r\n{field}\r\n");
        // What stands behind it is served only if it stays.
        let client = house.asks(&request)?;
        house.says(client, "GET http://ORIGIN/2 HTTP/1.1\r\n\r\n");
        let origin = house.met()?;
        house.says_bytes(origin, HELLO);
        let heard = match stays {
            true => house.heard(client, wanted),
            false => house.heard_or_cut(client, wanted),
        };
        heard.map_err(|e| format!("HTTP/{version}, {field:?}: {e}"))?;
        match stays {
            true => {
                house.met()?;
            }
            false => house.is_unmet(&request)?,
        }
    }
    Ok(())
}

#[test]
fn a_connection_that_nobody_uses_is_closed_when_the_time_is_up() -> Told {
    in_time(Duration::from_millis(700), |watch| {
        let mut house = House::open(&["--handshake-timeout", "800ms"])?;
        watch.begin();
        let client = house.client()?;
        let served = house.serves(client);
        watch.end();
        served?;
        house.heard_last(client, HELLO)?;
        // A tunnel and an exchange may take as long as they like.
        watch.begin();
        let tunnel = house.tunnel();
        let other = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
        let slow = house.met();
        watch.end();
        let ((client, origin), slow) = (tunnel?, slow?);
        let silent = house.client()?;
        house.heard_last(silent, b"")?;
        house
            .scene
            .holds(A_MOMENT, "the others are left alone", |s| {
                let all = [client, origin, other, slow];
                all.iter().all(|&peer| !s.peers[peer].rx.ended())
            })?;
        house.says_bytes(slow, HELLO);
        house.heard(other, HELLO)
    })
}
