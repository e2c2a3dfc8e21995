//! What could be read in more than one way is refused, and nobody behind us gets to read it at all.

use crate::common::Told;
use crate::house::{House, last_words};

#[test]
fn an_ambiguous_request_is_refused_and_the_connection_with_it() -> Told {
    const LENGTH: &str = "Content-Length: 5\r\n";
    let fields = [
        format!("{LENGTH}Transfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\n{LENGTH}"),
        format!("{LENGTH}{LENGTH}"),
        format!("{LENGTH}content-length: 6\r\n"),
        "Content-Length: 5, 5\r\n".into(),
        "Content-Length: +5\r\n".into(),
        "Content-Length: -5\r\n".into(),
        "Content-Length: 0x5\r\n".into(),
        "Content-Length: 5 5\r\n".into(),
        "Content-Length: five\r\n".into(),
        "Content-Length:\r\n".into(),
        "Content-Length: 18446744073709551616\r\n".into(),
        "Transfer-Encoding: chunked,\r\n".into(),
        "Transfer-Encoding: ,chunked\r\n".into(),
        "Transfer-Encoding: chunked, chunked\r\n".into(),
        "Transfer-Encoding: Chunked\r\n".into(),
        "Transfer-Encoding: xchunked\r\n".into(),
        "Transfer-Encoding: chunked x\r\n".into(),
        "Transfer-Encoding: chunked;q=1\r\n".into(),
        "Transfer-Encoding: \"chunked\"\r\n".into(),
        "Transfer-Encoding: \x0bchunked\r\n".into(),
        "Transfer-Encoding: gzip, chunked\r\n".into(),
        "Transfer-Encoding: identity\r\n".into(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".into(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".into(),
        "Transfer-Encoding : chunked\r\n".into(),
        "Transfer-Encoding\t: chunked\r\n".into(),
        "Content-Length : 5\r\n".into(),
        "Transfer-Encoding:\r\n chunked\r\n".into(),
        format!("X: y\r\n {LENGTH}"),
        format!("X: y\r\n\t{LENGTH}"),
        format!(" {LENGTH}"),
        "X: a\0b\r\n".into(),
        "X\0: b\r\n".into(),
        "X: a\rb\r\n".into(),
        format!("X: a\r{LENGTH}"),
        "X: a\r\r\n".into(),
        ": b\r\n".into(),
        "no colon\r\n".into(),
        "X Y: b\r\n".into(),
        "X(: b\r\n".into(),
        "Host: a\r\nHost: b\r\n".into(),
        "Host: a\r\nhost: a\r\n".into(),
    ];
    let mut house = House::open(&[])?;
    for fields in &fields {
        for method in ["GET", "POST"] {
            for before in ["", "Host: ORIGIN\r\n"] {
                if before == "Host: ORIGIN\r\n" && fields.starts_with(' ') {
                    continue; // that is a folded line, which other cases have
                }
                let head = format!("{method} http://ORIGIN/ HTTP/1.1\r\n{before}{fields}\r\n");
                refused(&mut house, &head)?;
            }
        }
    }
    for head in [
        "POST http://ORIGIN/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "CONNECT ORIGIN HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        "CONNECT ORIGIN HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "CONNECT ORIGIN HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "GET http://ORIGIN/\0 HTTP/1.1\r\n\r\n",
        "GET http://ORIGIN/\rx HTTP/1.1\r\n\r\n",
        "GET http://ORIGIN/a b HTTP/1.1\r\n\r\n",
        "G\0T http://ORIGIN/ HTTP/1.1\r\n\r\n",
    ] {
        refused(&mut house, head)?;
    }
    let client = house.client()?;
    house.serves(client)
}

/// With something behind it that another reader could take for a request of its own.
fn refused(house: &mut House, head: &str) -> Told {
    let smuggled = "0\r\n\r\nGET http://ORIGIN/smuggled HTTP/1.1\r\nX: ";
    let client = house.asks(&format!("{head}{smuggled}"))?;
    let heard = house
        .heard_last(client, &last_words("400 Bad Request"))
        .and_then(|()| house.is_unmet("ambiguous"));
    heard.map_err(|e| format!("{head:?}: {e}"))?;
    house.scene.peers.clear();
    Ok(())
}

#[test]
fn chunks_that_are_none_end_the_request_and_nothing_behind_them_is_one() -> Told {
    let bodies = [
        "x\r\n",
        "-1\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        "1\na\n0\n\n",
        "1\r\nab\r\n",
        "1\r\na\n",
        "10000000000000000\r\na",
        ";x\r\n",
        "1;\0\r\na\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nX\r\n\r\n",
        "0\r\n\n",
    ];
    let mut house = House::open(&[])?;
    for body in bodies {
        let head = "POST http://ORIGIN/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let next = "GET http://ORIGIN/smuggled HTTP/1.1\r\n\r\n";
        let client = house.asks(&format!("{head}{body}{next}"))?;
        let origin = house.met()?;
        let heard = house.heard_last(client, &last_words("400 Bad Request"));
        heard.map_err(|e| format!("{body:?}: {e}"))?;
        house
            .scene
            .until("the origin is left", |s| s.peers[origin].rx.ended())?;
        let got = house.scene.peers[origin].rx.text();
        if got.contains("smuggled") || got.ends_with("0\r\n\r\n") {
            return Err(format!("{body:?}: the origin got {got:?}"));
        }
        house.is_unmet(body)?;
    }
    let client = house.client()?;
    house.serves(client)
}
