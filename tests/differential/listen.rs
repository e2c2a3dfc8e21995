//! Listen mode, with and without `-k`.

use std::net::UdpSocket;
use std::time::Duration;

use rustix::process::Signal;

use crate::Row;
use crate::common::deadline::USUAL;
use crate::common::{Deadline, In, Place, Scene, Told, proc_net};
use crate::connect::finish;
use crate::lab::{Difference, Field, Lab, Record};

const REASON: Difference = (Field::Stderr, "a status other than 0 says why");

const CLOSED: Difference = (
    Field::Stderr,
    "with -v the end of a connection is told as well, with what passed",
);

/// The rows of listen mode.
pub(crate) const ROWS: &[Row] = &[
    (
        "listen on TCP, both talk",
        |lab| talk(lab, &["-v"], &Place::any_port()),
        &[CLOSED],
    ),
    (
        "listen on a Unix stream, both talk",
        |lab| talk(lab, &[], &lab.socket()),
        &[],
    ),
    ("listen, --send-only", send_only, &[]),
    ("listen, --recv-only", recv_only, &[]),
    (
        "listen, --no-shutdown",
        |lab| talk(lab, &["--no-shutdown"], &Place::any_port()),
        &[],
    ),
    ("listen, -i", idle, &[]),
    ("listen, -C", crlf, &[]),
    (
        "listen, -d",
        |lab| talk(lab, &["-d", "100ms"], &Place::any_port()),
        &[],
    ),
    ("listen, reset", reset, &[REASON]),
    ("listen on UDP, both talk, SIGTERM", datagrams, &[]),
    (
        "listen, SIGTERM while nobody is there",
        |lab| signal(lab, Signal::TERM),
        &[],
    ),
    (
        "listen, SIGINT while nobody is there",
        |lab| signal(lab, Signal::INT),
        &[],
    ),
    ("nohup ncat -l", hangup, &[]),
    (
        "-k, one after the other, SIGTERM",
        |lab| many(lab, &["-k"]),
        &[],
    ),
    ("-k, -m 0", nobody_let_in, &[]),
    (
        "-k, --allow, one is kept out and one let in",
        |lab| kept_out(lab, &["--allow", "127.0.0.2-9"]),
        &[],
    ),
    (
        "-k, --deny, one is kept out and one let in",
        |lab| kept_out(lab, &["--deny", "127.0.0.1,127.0.0.9"]),
        &[],
    ),
    (
        "-k, denied and over the limit",
        |lab| kept_out(lab, &["--deny", "127.0.0.0/8", "-m", "0"]),
        &[],
    ),
    ("address in use", in_use, &[]),
    (
        "a foreign address",
        |lab| alone(lab, &["-l", "-v", "192.0.2.99", "9"]),
        &[],
    ),
];

fn alone(lab: &Lab, words: &[&str]) -> Told<Record> {
    let mut scene = lab.run(words, &[])?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn talk(lab: &Lab, options: &[&str], place: &Place) -> Told<Record> {
    let mut scene = lab.served(options, place)?;
    scene.peer().tx.push(b"hello\n");
    scene.until("stdout has the greeting", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    scene.program.stdin.push(b"world\n");
    scene.until("the peer is answered", |s| s.peer().rx.got == b"world\n")?;
    scene.program.stdin.finish();
    finish(lab, scene)
}

fn send_only(lab: &Lab) -> Told<Record> {
    let mut scene = lab.served(&["--send-only"], &Place::any_port())?;
    scene.program.stdin.push(b"world\n");
    scene.program.stdin.finish();
    let outcome = scene.outcome()?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    let wire = scene.peer().rx.got.clone();
    Ok(lab.record(outcome, &wire))
}

fn recv_only(lab: &Lab) -> Told<Record> {
    let mut scene = lab.served(&["--recv-only"], &Place::any_port())?;
    scene.program.stdin.push(b"not for you\n");
    scene.peer().tx.push(b"hello\n");
    scene.until("stdout has it", |s| s.program.stdout.got == b"hello\n")?;
    finish(lab, scene)
}

fn idle(lab: &Lab) -> Told<Record> {
    let mut scene = lab.served(&["-i", "300ms"], &Place::any_port())?;
    let outcome = scene.outcome()?;
    Ok(lab.record(outcome, b""))
}

fn crlf(lab: &Lab) -> Told<Record> {
    let mut scene = lab.served(&["-C"], &Place::any_port())?;
    scene.program.stdin.push(b"one\ntwo\r\n");
    scene.until("the peer has both lines", |s| {
        s.peer().rx.got.ends_with(b"two\r\n")
    })?;
    scene.peer().tx.push(b"answer\n");
    scene.until("stdout has the answer", |s| {
        s.program.stdout.got == b"answer\n"
    })?;
    scene.program.stdin.finish();
    finish(lab, scene)
}

fn reset(lab: &Lab) -> Told<Record> {
    let mut scene = lab.served(&[], &Place::any_port())?;
    scene.peer().tx.push(b"hello\n");
    scene.until("stdout has it", |s| s.program.stdout.got == b"hello\n")?;
    scene.peers.remove(0).reset()?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn datagrams(lab: &Lab) -> Told<Record> {
    let mut scene = lab.run(&["-l", "-u"], &Place::any_port().words())?;
    let port = proc_net::udp_port_of(&mut scene.program, Deadline::usual())?;
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    socket
        .set_read_timeout(Some(USUAL))
        .map_err(|e| e.to_string())?;
    socket
        .send_to(b"hello\n", ("127.0.0.1", port))
        .map_err(|e| e.to_string())?;
    scene.until("stdout has the greeting", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    scene.program.stdin.push(b"world\n");
    scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
    let mut got = [0; 100];
    let size = socket
        .recv(&mut got)
        .map_err(|e| format!("no answer: {e}; {}", scene.state()))?;
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, &got[..size]))
}

fn signal(lab: &Lab, signal: Signal) -> Told<Record> {
    let (mut scene, _) = lab.server(&[], &Place::any_port())?;
    scene.program.signal(signal)?;
    Ok(lab.record(scene.outcome()?, b""))
}

/// A signal that was ignored when it started does nothing to it, so `nohup` works.
fn hangup(lab: &Lab) -> Told<Record> {
    let words = ["-l".to_owned()]
        .into_iter()
        .chain(Place::any_port().words());
    let program = lab.program(&words.collect::<Vec<_>>());
    let mut scene = Scene::of(program.without_hangups().stdin(In::Pipe))?;
    proc_net::tcp_port_of(&mut scene.program, Deadline::usual())?;
    scene.program.signal(Signal::HUP)?;
    scene.holds(Duration::from_millis(150), "it lives on", |s| {
        s.program.status.is_none()
    })?;
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, b""))
}

/// Two clients in turn, each is answered; then the server is told to go.
fn many(lab: &Lab, options: &[&str]) -> Told<Record> {
    let (mut scene, place) = lab.server(options, &Place::any_port())?;
    let mut wire = Vec::new();
    for greeting in [b"first\n", b"other\n"] {
        scene.enter(&place)?;
        scene.peer().tx.push(greeting);
        scene.until("stdout has the greeting", |s| {
            s.program.stdout.got.ends_with(greeting)
        })?;
        scene.program.stdin.push(b"world\n");
        scene.until("the peer is answered", |s| s.peer().rx.got == b"world\n")?;
        scene.peer().tx.finish();
        scene.until("the server let it go", |s| s.peer().rx.ended())?;
        wire.extend(scene.peers.remove(0).rx.got);
    }
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, &wire))
}

fn nobody_let_in(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = lab.server(&["-k", "-m", "0"], &Place::any_port())?;
    let gone = |s: &mut Scene| s.peer().rx.ended();
    for _ in 0..2 {
        scene.enter(&place)?;
        scene.until("it was turned away", gone)?;
    }
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, b""))
}

/// One knocks and is sent away, then another, who is heard if it is let in.
fn kept_out(lab: &Lab, options: &[&str]) -> Told<Record> {
    let options = [&["-k", "-v"], options].concat();
    let (mut scene, place) = lab.server(&options, &Place::any_port())?;
    for source in ["127.0.0.1", "127.0.0.2"] {
        let source = source.parse().map_err(|e| format!("{source}: {e}"))?;
        scene.peers.push(place.connect_from(source)?);
        scene.peer().tx.push(b"hello\n");
        scene.until("it is heard or sent away", |s| {
            s.program.stdout.got == b"hello\n" || s.peer().rx.ended()
        })?;
    }
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn in_use(lab: &Lab) -> Told<Record> {
    let door = Place::any_port().open()?;
    let mut scene = lab.run(&["-l", "-v"], &door.place.words())?;
    Ok(lab.record(scene.outcome()?, b""))
}
