//! Bodies of requests and answers: how their ends are told, and what becomes of those that have none.

use crate::common::payload::{noise, same};
use crate::common::{Ending, Told};
use crate::house::{A_MOMENT, HELLO, House, last_words};

/// What chunks say, if they are whole: their data.
pub(crate) fn unchunked(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            return (bytes == b"\r\n").then_some(data);
        }
        data.extend(bytes.get(..size)?);
        bytes = bytes.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

/// Chunks of these sizes, again and again.
fn chunked(data: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = data;
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, left) = rest.split_at(size.min(rest.len()));
        bytes.extend(format!("{:X};x=y\r\n", piece.len()).into_bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
        rest = left;
    }
    bytes.extend(b"0\r\nX-Trailer: z\r\n\r\n");
    bytes
}

/// What stands behind the head, once that has come.
pub(crate) fn body(got: &[u8]) -> &[u8] {
    let end = got.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(&[], |end| &got[end + 4..])
}

/// Waits for a whole body in chunks, and sees that it is right.
fn gets_chunks(house: &mut House, peer: usize, wanted: &[u8]) -> Told {
    house.scene.until("all chunks have come", |s| {
        let rx = &s.peers[peer].rx;
        rx.ended() || rx.got.ends_with(b"\r\n0\r\n\r\n") || body(&rx.got) == b"0\r\n\r\n"
    })?;
    let got = &house.scene.peers[peer].rx.got;
    let data = unchunked(body(got)).ok_or("these chunks are not whole")?;
    same("the body", &data, wanted)
}

#[test]
fn chunks_of_a_request_reach_the_origin_however_they_are_cut() -> Told {
    let mut house = House::open(&[])?;
    let client = house.client()?;
    for (size, pieces) in [
        (0, &[1][..]),
        (1, &[1]),
        (3000, &[1]),
        (3000, &[7, 1, 1000]),
        (200_000, &[1, 65_535, 3]),
        (1_000_000, &[100_000]),
    ] {
        house.forgets(client);
        house.says(
            client,
            "POST http://ORIGIN/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        let origin = house.met()?;
        let data = noise(7, size);
        house.says_bytes(client, &chunked(&data, pieces));
        let arrived = gets_chunks(&mut house, origin, &data);
        arrived.map_err(|e| format!("{size} bytes in pieces of {pieces:?}: {e}"))?;
        let head = house.wire(
            "POST / HTTP/1.1\r\nHost: ORIGIN\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        let got = &house.scene.peers[origin].rx.got;
        same("the head", &got[..head.len().min(got.len())], &head)?;
        house.says_bytes(origin, HELLO);
        house.heard(client, HELLO)?;
    }
    Ok(())
}

#[test]
fn chunks_that_come_byte_by_byte_are_passed_on_as_they_come() -> Told {
    let mut house = House::open(&[])?;
    let client = house.asks("PUT http://ORIGIN/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let origin = house.met()?;
    for &byte in b"5\r\nhel" {
        house.says_bytes(client, &[byte]);
        house
            .scene
            .until("the byte is taken", |s| s.peers[client].tx.is_empty())?;
    }
    house.scene.until("what has come has gone on", |s| {
        let text = s.peers[origin].rx.text();
        text.contains("h\r\n") || text.contains("hel")
    })?;
    for &byte in b"lo\r\n0\r\n\r\n" {
        house.says_bytes(client, &[byte]);
        house
            .scene
            .until("the byte is taken", |s| s.peers[client].tx.is_empty())?;
    }
    gets_chunks(&mut house, origin, b"hello")?;
    house.says_bytes(origin, HELLO);
    house.heard(client, HELLO)
}

#[test]
fn chunks_of_an_answer_reach_new_clients_as_chunks_and_old_ones_until_the_end() -> Told {
    let mut house = House::open(&[])?;
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let data = noise(8, 300_000);
    for pieces in [&[1000][..], &[1, 2, 3], &[100_000, 1]] {
        let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, head);
        house.says_bytes(origin, &chunked(&data, pieces));
        gets_chunks(&mut house, client, &data)?;
        house.serves(client)?;

        let client = house.asks("GET http://ORIGIN/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, head);
        house.says_bytes(origin, &chunked(&data, pieces));
        let wanted = [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &data].concat();
        house.heard_last(client, &wanted)?;
    }
    Ok(())
}

#[test]
fn an_answer_that_ends_with_its_connection_is_whole_for_everybody() -> Told {
    let mut house = House::open(&[])?;
    let data = noise(9, 300_000);
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"] {
        let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, head);
        house.says_bytes(origin, &data);
        house.finishes(origin)?;
        gets_chunks(&mut house, client, &data)?;
        house.serves(client)?;

        let client = house.asks("GET http://ORIGIN/ HTTP/1.0\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, head);
        house.says_bytes(origin, &data);
        house.finishes(origin)?;
        let wanted = [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &data].concat();
        house.heard_last(client, &wanted)?;
    }
    Ok(())
}

#[test]
fn an_answer_that_is_cut_short_does_not_look_whole() -> Told {
    let answers = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
            "hello",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "5\r\nhello\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "5\r\nhello\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
            "5\r\nhello\r\n",
        ),
    ];
    let mut house = House::open(&[])?;
    for (answer, wanted) in answers {
        for breaks in [false, true] {
            let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
            let origin = house.met()?;
            house.says(origin, answer);
            house.scene.until("the answer's head has come", |s| {
                s.peers[client].rx.text().contains("\r\n\r\n")
            })?;
            if breaks {
                house.scene.until("all has come", |s| {
                    body(&s.peers[client].rx.got) == wanted.as_bytes()
                })?;
                house
                    .scene
                    .peers
                    .pop()
                    .map_or(Ok(()), crate::common::Peer::reset)?;
            } else {
                house.finishes(origin)?;
            }
            house
                .scene
                .until("the connection ends", |s| s.peers[client].rx.ended())?;
            let got = house.scene.peers[client].rx.got.clone();
            same("the body", body(&got), wanted.as_bytes())
                .map_err(|e| format!("{answer:?}: {e}"))?;
        }
    }
    // Whoever reads to the end sees a connection that breaks.
    let client = house.asks("GET http://ORIGIN/ HTTP/1.0\r\n\r\n")?;
    let origin = house.met()?;
    house.says(
        origin,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    house.scene.until("all has come", |s| {
        body(&s.peers[client].rx.got) == b"hello"
    })?;
    house.finishes(origin)?;
    house
        .scene
        .until("the connection ends", |s| s.peers[client].rx.ended())?;
    match house.scene.peers[client].rx.end {
        Some(Ending::Broken(_)) => Ok(()),
        end => Err(format!("half an answer ends like a whole one: {end:?}")),
    }
}

#[test]
fn who_waits_to_be_told_to_go_on_is_told_by_the_origin() -> Told {
    let mut house = House::open(&[])?;
    let client = house.asks(
        "POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    )?;
    let origin = house.met()?;
    let head = house.wire(
        "POST / HTTP/1.1\r\nHost: ORIGIN\r\nExpect: 100-continue\r\nConnection: close\r\n\
         Content-Length: 5\r\n\r\n",
    );
    house.heard(origin, &head)?;
    house.says(origin, "HTTP/1.1 100 Continue\r\n\r\n");
    house.heard(client, b"HTTP/1.1 100 Continue\r\n\r\n")?;
    house.says(client, "hello");
    house.heard(origin, &[&head[..], b"hello"].concat())?;
    house.says_bytes(origin, HELLO);
    house.heard(client, &[b"HTTP/1.1 100 Continue\r\n\r\n", HELLO].concat())?;
    house.serves(client)?;
    // An answer at once: the body may or may not come, so nothing may follow it.
    let client = house.asks(
        "POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    )?;
    let origin = house.met()?;
    house.says(origin, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
    let wanted = b"HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    house.heard_last(client, wanted)?;
    // Early hints as well, in any number that makes sense; an old client knows nothing of them.
    for (version, interims) in [("1.1", 2), ("1.0", 0)] {
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        let client = house.asks(&format!(
            "GET http://ORIGIN/ HTTP/{version}\r\nConnection: keep-alive\r\n\r\n"
        ))?;
        let origin = house.met()?;
        house.says(origin, &hint.repeat(2));
        house.says_bytes(origin, HELLO);
        let last = match interims {
            0 => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
            _ => HELLO,
        };
        house.heard(client, &[hint.repeat(interims).as_bytes(), last].concat())?;
    }
    Ok(())
}

#[test]
fn an_early_answer_is_heard_while_the_body_is_still_being_sent() -> Told {
    let mut house = House::open(&[])?;
    let client = house.asks("POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n")?;
    let origin = house.met()?;
    house.scene.peers[origin].rx.paused = true;
    // More than the system has room for in sockets.
    house.says_bytes(client, &noise(3, 80_000_000));
    house.scene.until_quiet(A_MOMENT)?;
    if house.scene.peers[client].tx.is_empty() {
        return Err("the proxy swallows what the origin does not read".into());
    }
    house.says(
        origin,
        "HTTP/1.1 413 Too much\r\nContent-Length: 4\r\n\r\nstop",
    );
    house.scene.until("the answer came", |s| {
        s.peers[client].rx.got.ends_with(b"stop")
    })?;
    let wanted = b"HTTP/1.1 413 Too much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop";
    same("the answer", &house.scene.peers[client].rx.got, wanted)
}

#[test]
fn an_origin_that_hears_nothing_may_still_answer() -> Told {
    // It closes its ears once it has said its answer, as many do.
    let mut house = House::open(&[])?;
    let client = house.asks("POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n")?;
    let origin = house.met()?;
    house.scene.peers[origin].rx.paused = true;
    house.says_bytes(client, &noise(3, 5_000_000));
    house.says(origin, "HTTP/1.1 401 Who\r\nContent-Length: 3\r\n\r\nwho");
    let said = house.finishes(origin);
    said?;
    house.scene.until("the answer came", |s| {
        s.peers[client].rx.got.ends_with(b"who")
    })
}

#[test]
fn a_body_that_is_cut_short_is_not_whole_for_the_origin_either() -> Told {
    let mut house = House::open(&[])?;
    for fields in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let client = house.asks(&format!(
            "POST http://ORIGIN/ HTTP/1.1\r\n{fields}\r\n\r\n5\r\nab"
        ))?;
        let origin = house.met()?;
        house.scene.until("the body began", |s| {
            body(&s.peers[origin].rx.got)
                .windows(2)
                .any(|two| two == b"ab")
        })?;
        house.scene.peers[client].tx.finish();
        house
            .scene
            .until("the origin is left", |s| s.peers[origin].rx.ended())?;
        if house.scene.peers[origin].rx.got.ends_with(b"0\r\n\r\n") {
            return Err("half a body was ended like a whole one".into());
        }
        house
            .scene
            .until("the client is left", |s| s.peers[client].rx.ended())?;
    }
    Ok(())
}

#[test]
fn a_client_that_leaves_takes_its_request_along() -> Told {
    let mut house = House::open(&[])?;
    let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
    let origin = house.met()?;
    house.says(origin, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    house.scene.until("the answer begins", |s| {
        s.peers[client].rx.got.ends_with(b"hello")
    })?;
    house.scene.peers.swap_remove(client).reset()?;
    // The origin is where the client was.
    house
        .scene
        .until("the origin is left", |s| s.peers[client].rx.ended())
}

#[test]
fn who_says_it_has_nothing_more_to_ask_is_answered() -> Told {
    // Half-closing behind a request is what many small clients do.
    let mut house = House::open(&[])?;
    let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
    house.finishes(client)?;
    let origin = house.met()?;
    house.scene.until("the request is there", |s| {
        s.peers[origin].rx.got.ends_with(b"\r\n\r\n")
    })?;
    house.says_bytes(origin, HELLO);
    house.heard_last(client, HELLO)?;
    // And so is one whose request is refused.
    let client = house.asks("GET / HTTP/1.1\r\n\r\n")?;
    house.finishes(client)?;
    house.heard_last(client, &last_words("400 Bad Request"))
}
