//! Every event of the table happens, and is told with its fields.

use std::collections::BTreeSet;
use std::net::UdpSocket;

use ncat::say::EVENTS;
use serde_json::Value;

use crate::common::{In, Out, Place, Scene, Told, told};
use crate::read::{Object, closed_port, objects, serving, speaking, tells, told_by_now, word};

/// What makes something happen, and the event that it is.
type Case = (
    &'static str,
    &'static [&'static str],
    fn() -> Told<Vec<Object>>,
);

const CASES: &[Case] = &[
    ("version", &[], || of_run(&["--version"])),
    ("usage", &["status"], || of_run(&["--nonsense"])),
    ("warning", &[], || {
        of_run(&["--half-close", "-z", "127.0.0.1", "1"])
    }),
    ("attempt_failed", &["peer", "reason"], nobody_there),
    ("failed", &["reason", "status"], nobody_there),
    ("listening", &["address"], || visited(&[], "listening")),
    ("accepted", &["peer"], || visited(&[], "accepted")),
    ("accepted", &["peer", "user"], || {
        visited(&["--chat"], "accepted")
    }),
    ("closed", &["peer", "sent", "received", "seconds"], || {
        visited(&[], "closed")
    }),
    ("denied", &["peer", "reason"], || {
        visited(&["-m", "0"], "denied")
    }),
    ("test", &[], || visited(&["--test"], "test")),
    ("program_failed", &["peer", "reason"], || {
        visited(&["-e", "/missing"], "program_failed")
    }),
    ("timeout", &["peer", "seconds"], || {
        visited(&["-i", "30ms"], "timeout")
    }),
    ("connected", &["peer"], conversation),
    ("end", &["side"], conversation),
    (
        "closed",
        &["peer", "sent", "received", "seconds"],
        conversation,
    ),
    ("broken", &["peer", "reason"], reset),
    ("stdio_failed", &["side", "reason"], no_room),
    ("error", &[], || {
        said_by_guest(&["-o", "/dev/full"], b"a word", "error")
    }),
    ("stalled", &["peer"], stalled),
    ("message", &[], probe),
    #[cfg(feature = "transfer")]
    (
        "checksum",
        &["peer", "side", "bytes", "kind", "digest"],
        || {
            said_by_guest(
                &["--checksum", "sha256", "-e", "/bin/cat"],
                b"a word",
                "checksum",
            )
        },
    ),
    #[cfg(feature = "proxy")]
    (
        "request",
        &["peer", "request", "result", "sent", "received", "seconds"],
        || {
            said_by_guest(
                &["--proxy-type", "http"],
                b"GET / HTTP/1.0\r\n\r\n",
                "request",
            )
        },
    ),
    #[cfg(feature = "proxy")]
    ("proxy_connected", &["peer"], through_proxy),
    #[cfg(feature = "tls")]
    ("handshake_failed", &["peer", "reason"], || {
        said_by_guest(&["--ssl"], b"GET / HTTP/1.0\r\n\r\n", "handshake_failed")
    }),
    #[cfg(feature = "tls")]
    ("certificate", &["peer"], in_secret),
    #[cfg(feature = "tls")]
    ("secured", &["peer"], in_secret),
];

/// Events of other tests, and of machinery that this build may lack.
fn elsewhere(event: &str) -> bool {
    match event {
        "dropped" => true, // in `lines`
        "checksum" => !cfg!(feature = "transfer"),
        "request" | "proxy_connected" => !cfg!(feature = "proxy"),
        "handshake_failed" | "certificate" | "secured" => !cfg!(feature = "tls"),
        _ => false,
    }
}

#[test]
fn every_event_of_the_table_is_told_with_its_fields() -> Told {
    for &(event, fields, make) in CASES {
        let all = make().map_err(|why| format!("{event}: {why}"))?;
        let mut told = all.iter().filter(|object| word(object, "event") == event);
        let complete = |object: &Object| fields.iter().all(|field| object.contains_key(*field));
        if !told.any(complete) {
            return Err(format!("{event} with {fields:?} is not in {all:?}"));
        }
    }
    let made: BTreeSet<&str> = CASES.iter().map(|(event, ..)| *event).collect();
    let events = EVENTS.iter().map(|(event, _)| *event);
    let missing: Vec<&str> = events
        .filter(|event| !made.contains(event) && !elsewhere(event))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("no case makes these happen: {missing:?}")),
    }
}

/// A run that ends by itself.
fn of_run(args: &[&str]) -> Told<Vec<Object>> {
    objects(&Scene::of(speaking(args))?.outcome()?.stderr)
}

/// A port that is nobody's.
fn nobody_there() -> Told<Vec<Object>> {
    let (_reserved, port) = closed_port()?;
    of_run(&["127.0.0.1", &port])
}

/// A guest of a server comes, and leaves when it has heard the end or has been let in.
fn visited(args: &[&str], event: &str) -> Told<Vec<Object>> {
    said_by_guest(args, b"", event)
}

fn said_by_guest(args: &[&str], words: &[u8], event: &str) -> Told<Vec<Object>> {
    let (mut scene, place) = serving(args)?;
    scene.enter(&place)?;
    scene.peer().tx.push(words);
    if ["checksum", "closed"].contains(&event) {
        scene.peer().tx.finish();
    }
    tells(&mut scene, event)?;
    told_by_now(&scene)
}

/// Both say a word and end.
fn conversation() -> Told<Vec<Object>> {
    let door = Place::any_port().open()?;
    let words = door.place.words();
    let mut scene = Scene::of(speaking(&[&words[0], &words[1]]).stdin(In::Pipe))?;
    scene.admit(&door)?;
    scene.program.stdin.push(b"four");
    scene.program.stdin.finish();
    scene.peer().tx.push(b"eleven here");
    scene.peer().tx.finish();
    let all = objects(&scene.ends_with(0)?.stderr)?;
    let closed = all.iter().find(|object| word(object, "event") == "closed");
    let passed = closed.map(|object| (object["sent"].as_u64(), object["received"].as_u64()));
    match passed {
        Some((Some(4), Some(11))) => Ok(all),
        _ => Err(format!(
            "4 bytes sent and 11 received are told as {passed:?}"
        )),
    }
}

fn reset() -> Told<Vec<Object>> {
    let door = Place::any_port().open()?;
    let words = door.place.words();
    let mut scene = Scene::of(speaking(&[&words[0], &words[1]]).stdin(In::Pipe))?;
    scene.admit(&door)?;
    tells(&mut scene, "connected")?;
    let peer = scene.peers.pop().ok_or("nobody came")?;
    peer.reset()?;
    objects(&scene.ends_with(1)?.stderr)
}

/// Nobody takes what a peer says.
fn no_room() -> Told<Vec<Object>> {
    let door = Place::any_port().open()?;
    let words = door.place.words();
    let program = speaking(&[&words[0], &words[1]]).stdin(In::Pipe);
    let mut scene = Scene::of(program.stdout(Out::Full))?;
    scene.admit(&door)?;
    scene.peer().tx.push(b"too much");
    objects(&scene.ends_with(2)?.stderr)
}

/// One guest reads nothing, and the server has more to say than the system holds.
fn stalled() -> Told<Vec<Object>> {
    let args = ["--stall-timeout", "100ms", "--max-queue", "64K"];
    let (mut scene, place) = serving(&args)?;
    for _ in 0..2 {
        scene.enter(&place)?;
    }
    scene.until("both are in", |s| {
        s.program.stderr.text().matches("\"accepted\"").count() == 2
    })?;
    scene.peers[0].rx.paused = true;
    scene.program.stdin.push(&vec![b'x'; 40_000_000]);
    tells(&mut scene, "stalled")?;
    told_by_now(&scene)
}

/// A datagram port that takes what comes.
fn probe() -> Told<Vec<Object>> {
    let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
    let port = told(socket.local_addr())?.port().to_string();
    of_run(&["-z", "-u", "127.0.0.1", &port])
}

#[cfg(feature = "proxy")]
fn through_proxy() -> Told<Vec<Object>> {
    let door = Place::any_port().open()?;
    let proxy = door.place.words().join(":");
    let args = ["--proxy", &proxy, "192.0.2.1", "80"];
    let mut scene = Scene::of(speaking(&args).stdin(In::Pipe))?;
    scene.admit(&door)?;
    scene.until("it asked", |s| s.peer().rx.got.ends_with(b"\r\n\r\n"))?;
    scene.peer().tx.push(b"HTTP/1.0 200 OK\r\n\r\n");
    tells(&mut scene, "connected")?;
    let all = told_by_now(&scene)?;
    let name = |event| {
        let mut told = all.iter().filter(|object| word(object, "event") == event);
        told.next().map(|object| word(object, "peer").to_owned())
    };
    match (name("proxy_connected"), name("connected")) {
        (Some(there), Some(behind)) if there == proxy && behind == "192.0.2.1:80" => Ok(all),
        names => Err(format!("the proxy and the peer are told as {names:?}")),
    }
}

#[cfg(feature = "tls")]
fn in_secret() -> Told<Vec<Object>> {
    let (server, place) = serving(&["--ssl"])?;
    let words = place.words();
    let args = ["--ssl", &words[0], &words[1]];
    let mut scene = Scene::of(speaking(&args).stdin(In::Pipe))?;
    tells(&mut scene, "secured")?;
    told_by_now(&server)?;
    told_by_now(&scene)
}

#[test]
fn names_of_peers_are_told_whole_and_harmless() -> Told {
    let dir = told(tempfile::tempdir())?;
    let door = dir.path().join("door");
    let odd = dir.path().join("a\"b\\c\n{\"event\":\"forged\"}\x1b[31m");
    let place = Place::Unix(door.clone());
    let args = ["-l", "-k", "-U", &door.display().to_string()];
    let mut scene = Scene::of(speaking(&args).stdin(In::Pipe))?;
    tells(&mut scene, "listening")?;
    let room = crate::common::wire::Room::Usual;
    scene.peers.push(place.connect_as(&odd, &room)?);
    tells(&mut scene, "accepted")?;
    let all = told_by_now(&scene)?;
    let names: Vec<&Value> = all.iter().filter_map(|object| object.get("peer")).collect();
    let wanted = Value::from(odd.display().to_string());
    match names == [&wanted] {
        true => Ok(()),
        false => Err(format!("{wanted} is not the one name of a peer in {all:?}")),
    }
}
