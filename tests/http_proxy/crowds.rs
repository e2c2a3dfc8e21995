//! Many who never finish, and many who leave at any moment: nobody else notices, and nothing is left of
//! them.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::common::deadline::{Watch, in_time};
use crate::common::payload::Xorshift;
use crate::common::proc_net::descriptors;
use crate::common::{Deadline, Place, Told, told};
use crate::house::{A_MOMENT, CONNECTED, HELLO, House};

#[test]
fn a_thousand_who_never_finish_their_heads_disturb_nobody_and_are_gone_in_time() -> Told {
    // Who is served must be so before the crowd is sent away.
    in_time(Duration::from_secs(3), |watch| crowded(4, watch))
}

fn crowded(seconds: u32, watch: &Watch) -> Told {
    const MANY: usize = 1000;
    let limit = format!("--handshake-timeout={seconds}s");
    let mut house = House::dressed(&[&limit], |program| {
        program.through(&["prlimit", "--nofile=4096"])
    })?;
    let id = house.scene.program.id();
    let before = descriptors(id);
    let Place::Tcp(at) = house.place else {
        return Err("the proxy is found by TCP".into());
    };
    watch.begin();
    let crowd: Vec<TcpStream> = (0..MANY).map(|n| drip(at, n)).collect::<Told<_>>()?;
    let client = house.client()?;
    house.serves(client)?;
    let (tunnel, origin) = house.tunnel()?;
    house.says(tunnel, "x");
    house.heard(origin, b"x")?;
    let there = descriptors(id);
    watch.end();
    if there < before + MANY {
        return Err("the crowd was gone before anybody else was served".into());
    }
    // A client, both ends of a tunnel, and pipes that are kept.
    house
        .scene
        .program
        .repeat_until(Deadline::usual(), "all of them are gone", |id| {
            (descriptors(id) <= before + 5).then_some(())
        })?;
    house.says(tunnel, "y");
    house.heard(origin, b"xy")?;
    let newcomer = house.client()?;
    house.serves(newcomer)?;
    drop(crowd);
    Ok(())
}

/// Somebody who begins a request, each at another place of it.
fn drip(at: SocketAddr, n: usize) -> Told<TcpStream> {
    use std::io::Write;
    let head = b"GET http://127.0.0.1:1/ HTTP/1.1\r\nX: y\r\n\r";
    let mut stream = told(TcpStream::connect(at))?;
    told(stream.write_all(&head[..n % head.len()]))?;
    Ok(stream)
}

#[test]
fn nothing_is_left_of_those_who_leave_at_any_moment() -> Told {
    let mut house = House::open(&["--handshake-timeout", "30s"])?;
    // Whatever is opened once and kept has been opened.
    for _ in 0..5 {
        let client = house.client()?;
        house.serves(client)?;
        let (_, origin) = house.tunnel()?;
        house.says(origin, "x");
        house.scene.peers.clear();
    }
    house.scene.until_quiet(A_MOMENT)?;
    let before = descriptors(house.scene.program.id());
    let mut chance = Xorshift::new(11);
    let requests = [
        "",
        "GET http://ORIG",
        "GET http://ORIGIN/ HTTP/1.1\r\n\r\n",
        "POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 100\r\n\r\nbody",
        "POST http://ORIGIN/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "CONNECT ORIGIN HTTP/1.1\r\n\r\nearly",
        "CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n",
        "CONNECT no-such-name.invalid:1 HTTP/1.1\r\n\r\n",
        "x\r\n\r\n",
    ];
    for round in 0..400 {
        let request = requests[round % requests.len()];
        let client = house.asks(request)?;
        house
            .scene
            .until("it is said", |s| s.peers[client].tx.is_empty())?;
        let meets = request.contains("ORIGIN") && chance.draw().is_multiple_of(2);
        if meets {
            let origin = house.met()?;
            match chance.draw() % 4 {
                0 => house.says_bytes(origin, HELLO),
                1 => house.says(origin, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                2 => house
                    .scene
                    .peers
                    .pop()
                    .map_or(Ok(()), crate::common::Peer::reset)?,
                _ => {}
            }
        }
        if chance.draw().is_multiple_of(2) && house.scene.peers.len() > client {
            house.scene.peers.swap_remove(client).reset()?;
        }
        house.scene.peers.clear();
    }
    gone(&mut house, before)?;
    let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
    // Those whom nobody met are still at the door.
    house.heard(client, CONNECTED)
}

/// Waits until no more descriptors are open than there should be. Who waits at the origin's door is let go.
fn gone(house: &mut House, wanted: usize) -> Told {
    let origin = &house.origin;
    let program = &mut house.scene.program;
    let result = program.repeat_until(Deadline::usual(), "nothing is left of them", |id| {
        while origin.accept(Deadline::after(Duration::ZERO)).is_ok() {}
        (descriptors(id) <= wanted).then_some(())
    });
    let count = descriptors(program.id());
    result.map_err(|e| format!("{count} descriptors instead of {wanted}: {e}"))
}
