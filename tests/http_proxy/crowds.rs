//! Many who never finish, and many who leave at any moment: nobody else notices, and nothing is left of
//! them.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::common::payload::Xorshift;
use crate::common::proc_net::descriptors;
use crate::common::{Deadline, Place, Told, told};
use crate::house::{CONNECTED, HELLO, House};

#[test]
fn a_thousand_who_never_finish_their_heads_disturb_nobody_and_are_gone_in_time() -> Told {
    const MANY: usize = 1000;
    let mut house = House::dressed(&["--handshake-timeout", "4s"], |program| {
        program.through(&["prlimit", "--nofile=4096"])
    })?;
    let before = descriptors(house.scene.program.id());
    let Place::Tcp(at) = house.place else {
        return Err("the proxy is found by TCP".into());
    };
    let begin = std::time::Instant::now();
    let mut crowd = Vec::new();
    for n in 0..MANY {
        crowd.push(drip(at, n)?);
    }
    // All of them are in.
    let deadline = Deadline::usual();
    let limit = house.scene.program.repeat_until(deadline, "all are in", |id| {
        let count = descriptors(id);
        (count >= before + MANY || begin.elapsed() > Duration::from_secs(4)).then_some(count)
    })?;
    let watch = std::time::Instant::now();
    let client = house.client()?;
    house.serves(client)?;
    let (tunnel, origin) = house.tunnel()?;
    house.says(tunnel, "x");
    house.heard(origin, b"x")?;
    let took = watch.elapsed();
    if took > Duration::from_secs(3) {
        return Err(format!("others wait for {took:?}, beside {limit} descriptors"));
    }
    // One more client and both ends of two connections to the origin at most.
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
    gone(&mut house, None)?;
    let before = settled(&mut house)?;
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
        let meets = request.contains("ORIGIN") && chance.draw() % 2 == 0;
        if meets {
            let origin = house.met()?;
            match chance.draw() % 4 {
                0 => house.says_bytes(origin, HELLO),
                1 => house.says(origin, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                2 => house.scene.peers.pop().map_or(Ok(()), crate::common::Peer::reset)?,
                _ => {}
            }
        }
        if chance.draw() % 2 == 0 && house.scene.peers.len() > client {
            house.scene.peers.swap_remove(client).reset()?;
        }
        house.scene.peers.clear();
    }
    gone(&mut house, Some(before))?;
    let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
    // Those whom nobody met are still at the door.
    house.heard(client, CONNECTED)
}

/// Waits until no more descriptors are open than there should be. Who waits at the origin's door is let go.
fn gone(house: &mut House, wanted: Option<usize>) -> Told {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    while house.origin.accept(Deadline::after(Duration::ZERO)).is_ok() {}
    let origin = &house.origin;
    let result = house
        .scene
        .program
        .repeat_until(Deadline::usual(), "nothing is left of them", |id| {
            while origin.accept(Deadline::after(Duration::ZERO)).is_ok() {}
            (descriptors(id) <= wanted).then_some(())
        });
    let id = house.scene.program.id();
    result.map_err(|e| format!("{} descriptors instead of {wanted}: {e}", descriptors(id)))
}

/// How many descriptors there are when nobody is there.
fn settled(house: &mut House) -> Told<usize> {
    let Place::Tcp(_) = house.place else {
        return Err("the proxy is found by TCP".into());
    };
    house.scene.until_quiet(crate::house::A_MOMENT)?;
    Ok(descriptors(house.scene.program.id()))
}
