//! `--rate-limit`: no faster than that, by whichever way the bytes go.
//!
//! The time runs from before the program is started until the last byte is there, so that it can be too
//! long but never too short.

use std::cell::Cell;
use std::fs;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::common::payload::{noise, same};
use crate::common::setting::{directory, everywhere};
use crate::common::{Carrier, In, Program, Scene, Told, told};
use crate::{both, listening};

/// Bytes a second, in words and as a number, and how many bytes are sent: in four tenths of a second.
const RATE: &str = "500K";
const RATE_OF_IT: f64 = 512_000.0;
const SIZE: usize = 204_800;

/// A busy machine may take that many times as long.
const SLACK: f64 = 20.0;

/// So many bytes have passed since then.
fn took_its_time(what: &str, bytes: usize, since: Instant) {
    let least = bytes as f64 / RATE_OF_IT;
    let took = since.elapsed().as_secs_f64();
    assert!(took >= least, "{what}: {bytes} bytes in {took} s");
    assert!(took <= least * SLACK, "{what}: {bytes} bytes in {took} s");
}

#[test]
fn what_is_sent_is_no_faster() -> Told {
    everywhere(|setting| {
        let (path, data) = (setting.dir().join("in"), noise(1, SIZE));
        told(fs::write(&path, &data))?;
        let since = Instant::now();
        let options = ["--send-only", "--rate-limit", RATE];
        let mut scene = setting.meet(&options, |p| p.stdin(In::File(path)))?;
        scene.until("the peer has all", |s| s.peer().rx.got.len() >= SIZE)?;
        took_its_time("sending", SIZE, since);
        same("the peer", &scene.peer().rx.got, &data)?;
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn what_is_received_is_no_faster() -> Told {
    everywhere(|setting| {
        let data = noise(2, SIZE);
        let since = Instant::now();
        let mut scene = setting.meet(&["--rate-limit", RATE], |p| p)?;
        scene.peer().tx.push(&data);
        scene.peer().tx.finish();
        scene.until("stdout has all", |s| s.program.stdout.got.len() >= SIZE)?;
        took_its_time("receiving", SIZE, since);
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, &data)
    })
}

#[test]
fn both_ways_have_a_rate_of_their_own() -> Told {
    everywhere(|setting| {
        let data = noise(3, SIZE);
        let since = Instant::now();
        let mut scene = setting.meet(&["--rate-limit", RATE], |p| p.stdin(In::Pipe))?;
        scene.program.stdin.push(&data);
        scene.peer().tx.push(&data);
        let ends: [Cell<Option<Instant>>; 2] = Default::default();
        scene.until("both have all", |s| {
            let got = [s.peer().rx.got.len(), s.program.stdout.got.len()];
            for (end, got) in ends.iter().zip(got) {
                if got >= SIZE && end.get().is_none() {
                    end.set(Some(Instant::now()));
                }
            }
            ends.iter().all(|end| end.get().is_some())
        })?;
        for end in ends.iter().filter_map(Cell::get) {
            let took = (end - since).as_secs_f64();
            let least = SIZE as f64 / RATE_OF_IT;
            assert!(took >= least, "one way took {took} s");
        }
        scene.program.stdin.finish();
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, &data)?;
        same("the peer", &scene.peer().rx.got, &data)
    })
}

#[cfg(feature = "tls")]
#[test]
fn what_goes_through_tls_is_no_faster() -> Told {
    let dir = directory()?;
    let (path, into) = (dir.path().join("in"), dir.path().join("out"));
    let data = noise(4, SIZE);
    told(fs::write(&path, &data))?;
    let limit = ["--ssl", "--send-only", "--rate-limit", RATE];
    for (caller, listener) in [
        (&limit[..], &["--ssl", "--recv-only"][..]),
        (&limit[..2], &["--ssl", "--recv-only", "--rate-limit", RATE]),
    ] {
        let since = Instant::now();
        let stdin = |program: Program| program.stdin(In::File(path.clone()));
        let (mut calling, mut listening) = both(&into, (caller, listener), stdin)?;
        calling.ends_with(0)?;
        listening.ends_with(0)?;
        took_its_time("TLS", SIZE, since);
        same("the file", &told(fs::read(&into))?, &data)?;
    }
    Ok(())
}

#[test]
fn datagrams_go_whole_and_no_faster() -> Told {
    const MESSAGE: usize = 1024;
    for carrier in Carrier::BOTH {
        let peer = told(UdpSocket::bind("127.0.0.1:0"))?;
        told(peer.set_read_timeout(Some(Duration::from_secs(20))))?;
        let port = told(peer.local_addr())?.port().to_string();
        let dir = directory()?;
        let (path, data) = (dir.path().join("in"), noise(5, SIZE));
        told(fs::write(&path, &data))?;
        let since = Instant::now();
        let size = MESSAGE.to_string();
        let words = ["-u", "--datagram-size", &size, "--rate-limit", RATE];
        let words = words.iter().copied().chain(["127.0.0.1", &port]);
        let program = Program::ncat(words).carrier(carrier);
        let mut scene = Scene::of(program.stdin(In::File(path)))?;
        let (mut got, mut message) = (Vec::new(), [0; 2 * MESSAGE]);
        while got.len() < SIZE {
            let (n, _) = told(peer.recv_from(&mut message))?;
            assert_eq!(n, MESSAGE, "the size of a message");
            got.extend_from_slice(&message[..n]);
        }
        // The first is not waited for.
        took_its_time("datagrams", SIZE - MESSAGE, since);
        same("the messages", &got, &data)?;
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn every_member_of_a_hub_has_rates_of_its_own() -> Told {
    for options in [&["-k"][..], &["--broker"]] {
        let since = Instant::now();
        let options = [options, &["--rate-limit", RATE]].concat();
        let (mut scene, place) = listening(&options, |p| p.stdin(In::Pipe))?;
        for _ in 0..3 {
            scene.enter(&place)?;
        }
        let all = |s: &mut Scene| s.program.stderr.text().matches("Connection from").count() == 3;
        scene.until("all are in", all)?;
        let data = noise(6, SIZE);
        scene.program.stdin.push(&data);
        scene.until("all members have all", |s| {
            s.peers.iter().all(|peer| peer.rx.got.len() >= SIZE)
        })?;
        took_its_time("members", SIZE, since);
        for peer in &scene.peers {
            same("a member", &peer.rx.got, &data)?;
        }
    }
    Ok(())
}

#[test]
fn a_member_is_heard_no_faster() -> Told {
    let since = Instant::now();
    let (mut scene, place) = listening(&["-k", "--rate-limit", RATE], |p| p.stdin(In::Pipe))?;
    scene.enter(&place)?;
    let data = noise(7, SIZE);
    scene.peer().tx.push(&data);
    scene.until("stdout has all", |s| s.program.stdout.got.len() >= SIZE)?;
    took_its_time("a member", SIZE, since);
    same("stdout", &scene.program.stdout.got, &data)
}
