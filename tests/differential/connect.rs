//! Connect mode, `-z` and the names of things.

use std::net::{Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::Row;
use crate::common::deadline::USUAL;
use crate::common::{Place, Scene, Told};
use crate::lab::{Difference, Field, Lab, Record};

const BRACKETS: Difference = (
    Field::Stderr,
    "an IPv6 address stands in brackets before a port, as in newer ncats",
);

const NO_SUMMARY: Difference = (
    Field::Stderr,
    "a scan may try many ports: one line for each that is open, and no count of bytes",
);

const COMMANDS: Difference = (
    Field::Stdout,
    "telnet commands are taken out once they are answered; 7.93 prints them as well",
);

/// The rows of connect mode. (`-k` is not among them: 7.93 takes it for listening.)
pub(crate) const ROWS: &[Row] = &[
    (
        "TCP, both talk",
        |lab| talk(lab, &["-v"], &Place::any_port()),
        &[],
    ),
    (
        "Unix stream, both talk",
        |lab| talk(lab, &["-v"], &lab.socket()),
        &[],
    ),
    (
        "IPv6, both talk",
        |lab| talk(lab, &["-v"], &ipv6()),
        &[BRACKETS],
    ),
    (
        "-4",
        |lab| talk(lab, &["-v", "-4"], &Place::any_port()),
        &[],
    ),
    (
        "-d",
        |lab| talk(lab, &["-d", "100ms"], &Place::any_port()),
        &[],
    ),
    (
        "-n and an address",
        |lab| talk(lab, &["-n"], &Place::any_port()),
        &[],
    ),
    (
        "-n and a name",
        |lab| alone(lab, &["-n", "localhost", "9"]),
        &[],
    ),
    ("-p", source_port, &[]),
    ("-s", |lab| source(lab, &["-s", "127.0.0.3"]), &[]),
    ("TCP refused", |lab| refused(lab, &["-v"]), &[]),
    ("TCP refused, silent", |lab| refused(lab, &[]), &[]),
    ("-z, closed", |lab| refused(lab, &["-z"]), &[]),
    ("-z -v, closed", |lab| refused(lab, &["-z", "-v"]), &[]),
    ("-z, open", |lab| scanned(lab, &["-z"]), &[]),
    (
        "-z -v, open",
        |lab| scanned(lab, &["-z", "-v"]),
        &[NO_SUMMARY],
    ),
    ("Unix without a socket", unix_nobody, &[]),
    (
        "no way to it",
        |lab| alone(lab, &["-v", "255.255.255.255", "9"]),
        &[],
    ),
    ("-w", never_answered, &[]),
    ("-i", idle, &[]),
    ("UDP, both talk", |lab| datagrams(lab, &["-u", "-v"]), &[]),
    ("UDP, refused", udp_refused, &[]),
    ("Unix datagrams, both talk", unix_datagrams, &[]),
    ("-C", crlf, &[]),
    ("-t", telnet, &[COMMANDS]),
    ("--send-only", send_only, &[]),
    ("--recv-only", recv_only, &[]),
    ("--no-shutdown", no_shutdown, &[]),
    ("reset", reset, &[]),
    ("SIGTERM", |lab| signal(lab, Signal::TERM), &[]),
    ("SIGINT", |lab| signal(lab, Signal::INT), &[]),
    ("SIGHUP", |lab| signal(lab, Signal::HUP), &[]),
];

fn ipv6() -> Place {
    Place::Tcp(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)))
}

fn alone(lab: &Lab, words: &[&str]) -> Told<Record> {
    let mut scene = lab.run(words, &[])?;
    Ok(lab.record(scene.outcome()?, b""))
}

/// Ends the peer's side, waits for the program's end and writes everything down.
pub(crate) fn finish(lab: &Lab, mut scene: Scene) -> Told<Record> {
    scene.peer().tx.finish();
    let outcome = scene.outcome()?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    let wire = scene.peer().rx.got.clone();
    Ok(lab.record(outcome, &wire))
}

/// hello, world, and both ends.
fn talk(lab: &Lab, options: &[&str], place: &Place) -> Told<Record> {
    let mut scene = lab.client(options, place)?;
    scene.program.stdin.push(b"hello\n");
    scene.until("the peer was greeted", |s| s.peer().rx.got == b"hello\n")?;
    scene.peer().tx.push(b"world\n");
    scene.until("stdout has the answer", |s| {
        s.program.stdout.got == b"world\n"
    })?;
    scene.program.stdin.finish();
    finish(lab, scene)
}

/// What the peer learns of where the program comes from stands in for the wire.
fn source(lab: &Lab, options: &[&str]) -> Told<Record> {
    let mut scene = lab.client(options, &Place::any_port())?;
    let from = scene
        .peer()
        .remote()
        .map(|at| at.ip().to_string())
        .unwrap_or_default();
    scene.program.stdin.finish();
    let mut record = finish(lab, scene)?;
    record.wire = from.into_bytes();
    Ok(record)
}

fn source_port(lab: &Lab) -> Told<Record> {
    // Known to be free a moment ago, and bound by nobody in between but a very unlucky neighbour.
    let free = Place::any_port().open()?;
    let Place::Tcp(at) = free.place else {
        return Err("that is no TCP port".into());
    };
    drop(free);
    let mut scene = lab.client(&["-p", &at.port().to_string()], &Place::any_port())?;
    let right = scene
        .peer()
        .remote()
        .is_some_and(|from| from.port() == at.port());
    scene.program.stdin.finish();
    let mut record = finish(lab, scene)?;
    record.wire = format!("from the port that was asked for: {right}").into_bytes();
    Ok(record)
}

/// A port at which nobody can be listening, for it is bound and deaf.
fn deaf() -> Told<(socket2::Socket, u16)> {
    let bind = || {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
        let port = socket.local_addr()?.as_socket().map_or(0, |at| at.port());
        Ok::<_, std::io::Error>((socket, port))
    };
    bind().map_err(|e| format!("no deaf port: {e}"))
}

fn refused(lab: &Lab, options: &[&str]) -> Told<Record> {
    let (_held, port) = deaf()?;
    let mut scene = lab.run(options, &Place::local(port).words())?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn scanned(lab: &Lab, options: &[&str]) -> Told<Record> {
    let door = Place::any_port().open()?;
    let mut scene = lab.run(options, &door.place.words())?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn unix_nobody(lab: &Lab) -> Told<Record> {
    let mut scene = lab.run(&["-v"], &lab.socket().words())?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn never_answered(lab: &Lab) -> Told<Record> {
    let (socket, port) = deaf()?;
    socket.listen(0).map_err(|e| e.to_string())?;
    // A backlog of 0 has room for one.
    let _first = Place::local(port).connect()?;
    let mut scene = lab.run(&["-v", "-w", "300ms"], &Place::local(port).words())?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn idle(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-v", "-i", "300ms"], &Place::any_port())?;
    let outcome = scene.outcome()?;
    Ok(lab.record(outcome, b""))
}

fn datagrams(lab: &Lab, options: &[&str]) -> Told<Record> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    socket
        .set_read_timeout(Some(USUAL))
        .map_err(|e| e.to_string())?;
    let port = socket.local_addr().map_err(|e| e.to_string())?.port();
    let mut scene = lab.run(options, &Place::local(port).words())?;
    scene.program.stdin.push(b"hello\n");
    scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
    let mut got = [0; 100];
    let (size, from) = socket
        .recv_from(&mut got)
        .map_err(|e| format!("nothing came: {e}; {}", scene.state()))?;
    socket
        .send_to(b"world\n", from)
        .map_err(|e| e.to_string())?;
    scene.until("stdout has the answer", |s| {
        s.program.stdout.got == b"world\n"
    })?;
    scene.program.stdin.finish();
    Ok(lab.record(scene.outcome()?, &got[..size]))
}

fn unix_datagrams(lab: &Lab) -> Told<Record> {
    let path = lab.path("socket");
    let socket = UnixDatagram::bind(&path).map_err(|e| e.to_string())?;
    socket
        .set_read_timeout(Some(USUAL))
        .map_err(|e| e.to_string())?;
    let mut scene = lab.run(&["-u"], &lab.socket().words())?;
    scene.program.stdin.push(b"hello\n");
    scene.until("stdin was taken", |s| s.program.stdin.is_empty())?;
    let mut got = [0; 100];
    let (size, from) = socket
        .recv_from(&mut got)
        .map_err(|e| format!("nothing came: {e}"))?;
    let from = from
        .as_pathname()
        .ok_or("the program's socket has no name to answer to")?;
    socket
        .send_to(b"world\n", from)
        .map_err(|e| e.to_string())?;
    scene.until("stdout has the answer", |s| {
        s.program.stdout.got == b"world\n"
    })?;
    scene.program.stdin.finish();
    let mut record = lab.record(scene.outcome()?, &got[..size]);
    record.files = format!("its socket is still there: {}", from.exists()).into_bytes();
    Ok(record)
}

fn udp_refused(lab: &Lab) -> Told<Record> {
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = socket.local_addr().map_err(|e| e.to_string())?.port();
    // It listens to the discard port only; for everybody else the kernel refuses.
    socket.connect("127.0.0.1:9").map_err(|e| e.to_string())?;
    let mut scene = lab.run(&["-u", "-v"], &Place::local(port).words())?;
    scene.program.stdin.push(b"hello\n");
    Ok(lab.record(scene.outcome()?, b""))
}

/// Pieces as they are typed: a CR and its LF may come in two.
fn crlf(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-C"], &Place::any_port())?;
    let mut size = 0;
    for piece in ["one\n", "two\r\n", "\n\n\nthree", "four\r", "five\n"] {
        scene.program.stdin.push(piece.as_bytes());
        size += piece.len();
        scene.until("the peer got the piece", move |s| {
            s.peer().rx.got.len() >= size
        })?;
    }
    scene.peer().tx.push(b"answer\nwith\r\nlines\n");
    scene.until("stdout has the answer", |s| {
        s.program.stdout.got.len() >= 19
    })?;
    scene.program.stdin.finish();
    finish(lab, scene)
}

fn telnet(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-t"], &Place::any_port())?;
    // WILL 1, WONT 2, DO 3, DONT 4; 7.93 looks for commands at the start of a chunk only.
    scene
        .peer()
        .tx
        .push(b"\xff\xfb\x01\xff\xfc\x02\xff\xfd\x03\xff\xfe\x04");
    scene.until("the peer is answered", |s| s.peer().rx.got.len() >= 12)?;
    scene.peer().tx.push(b"login: ");
    scene.until("stdout asks", |s| {
        s.program.stdout.got.ends_with(b"login: ")
    })?;
    scene.program.stdin.push(b"me\n");
    scene.until("the peer has the name", |s| {
        s.peer().rx.got.ends_with(b"\n")
    })?;
    scene.program.stdin.finish();
    finish(lab, scene)
}

fn send_only(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-v", "--send-only"], &Place::any_port())?;
    scene.program.stdin.push(b"hello\n");
    scene.program.stdin.finish();
    let outcome = scene.outcome()?;
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    let wire = scene.peer().rx.got.clone();
    Ok(lab.record(outcome, &wire))
}

fn recv_only(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-v", "--recv-only"], &Place::any_port())?;
    scene.program.stdin.push(b"not for you\n");
    scene.peer().tx.push(b"world\n");
    scene.until("stdout has it", |s| s.program.stdout.got == b"world\n")?;
    finish(lab, scene)
}

fn no_shutdown(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["--no-shutdown"], &Place::any_port())?;
    scene.program.stdin.push(b"hello\n");
    scene.program.stdin.finish();
    scene.until("the peer was greeted", |s| s.peer().rx.got == b"hello\n")?;
    let open = |s: &mut Scene| !s.peer().rx.ended();
    scene.holds(Duration::from_millis(150), "the peer sees no end", open)?;
    finish(lab, scene)
}

fn reset(lab: &Lab) -> Told<Record> {
    let mut scene = lab.client(&["-v"], &Place::any_port())?;
    scene.peer().tx.push(b"world\n");
    scene.until("stdout has it", |s| s.program.stdout.got == b"world\n")?;
    scene.peers.remove(0).reset()?;
    Ok(lab.record(scene.outcome()?, b""))
}

fn signal(lab: &Lab, signal: Signal) -> Told<Record> {
    let mut scene = lab.client(&[], &Place::any_port())?;
    scene.program.stdin.push(b"hello\n");
    scene.until("the peer was greeted", |s| s.peer().rx.got == b"hello\n")?;
    scene.program.signal(signal)?;
    Ok(lab.record(scene.outcome()?, b"hello\n"))
}
