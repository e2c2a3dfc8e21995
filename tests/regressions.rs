//! Defects that were found once, each with the scene in which it showed.

mod common;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use common::scene::place_of;
use common::wire::Room;
use common::{Deadline, In, Out, Place, Program, Running, Scene, Told, directory};

/// Long enough for whatever moves by itself to have moved.
const A_MOMENT: Duration = Duration::from_millis(150);

/// The words that make the program go to a door of ours, after these options.
fn going_to(place: &Place, options: &[&str]) -> Vec<String> {
    let options = options.iter().map(|word| (*word).to_owned());
    options.chain(place.words()).collect()
}

/// A program that listens on any port with these options, in a scene without peers.
fn listening(options: &[&str], dress: impl FnOnce(Program) -> Program) -> Told<(Scene, Place)> {
    let words = ["-l", "-v", "-4", "127.0.0.1", "0"];
    let program = Program::ncat(words.iter().chain(options)).stdin(In::Pipe);
    let mut scene = Scene::of(dress(program))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

#[test]
fn what_layers_hold_when_stdout_breaks_is_not_reported_as_delivered() -> Told {
    let door = Place::any_port().open()?;
    // A socket, for a pipe is made larger when bulk goes through it.
    let program = Program::ncat(going_to(&door.place, &["-C"])).stdout(Out::Socket);
    let mut scene = Scene::of(program)?;
    scene.program.stdout.paused = true;
    scene.admit(&door)?;
    scene.peer().tx.push(&[b'x'; 300_000]);
    scene.peer().tx.finish();
    scene.until("the peer saw our end and was read", |s| {
        s.peer().tx.is_done() && s.peer().rx.ended()
    })?;
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.drop_end();
    let outcome = scene.ends_with(2)?;
    let said = "Ncat: write: Broken pipe (standard output).\n";
    assert_eq!(outcome.stderr, said, "the lost bytes are owned up to");
    Ok(())
}

#[test]
fn a_lost_reader_of_stdout_ends_us_though_the_peer_listens_only_when_heard() -> Told {
    let echo = "/bin/cat";
    let door = Place::any_port().open()?;
    let program = Program::ncat(going_to(&door.place, &[]));
    let mut scene = Scene::of(
        program
            .stdin(In::File("/dev/zero".into()))
            .stdout(Out::Pipe),
    )?;
    scene.program.stdout.paused = true;
    // A peer that answers all it hears takes no more once its answers are not heard.
    let peer = door.accept(Deadline::usual())?.into_fd()?;
    let answers = peer.try_clone().map_err(|e| e.to_string())?;
    let empty: [&str; 0] = [];
    let _echo: Running = Program::at(echo, empty)
        .stdin(In::Given(peer))
        .stdout(Out::Given(answers))
        .start()?;
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.drop_end();
    scene.ends_with(2)?;
    Ok(())
}

#[test]
fn a_peer_that_breaks_off_before_it_has_everything_is_a_failure_though_we_only_send() -> Told {
    let door = Place::any_port().open_with(&Room::Narrow, 1)?;
    let program = Program::ncat(going_to(&door.place, &["--send-only"])).stdin(In::Pipe);
    let mut scene = Scene::of(program)?;
    scene.admit(&door)?;
    scene.peer().rx.paused = true;
    scene.program.stdin.push(&[b'x'; 300_000]);
    scene.program.stdin.finish();
    scene.until("stdin was read", |s| s.program.stdin.is_done())?;
    scene.until_quiet(A_MOMENT)?;
    scene.peers.remove(0).reset()?;
    let outcome = scene.ends_with(1)?;
    assert_eq!(outcome.stderr, "Ncat: Connection reset by peer.\n");
    Ok(())
}

#[test]
fn datagrams_that_stdout_does_not_take_are_a_failure_though_stdin_has_ended() -> Told {
    let peer = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = peer.local_addr().map_err(|e| e.to_string())?.port();
    let words = ["-u", "127.0.0.1", &port.to_string()];
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    scene.program.stdout.paused = true;
    scene.program.stdin.push(b"hello");
    scene.until("stdin was read", |s| s.program.stdin.is_empty())?;
    let (_, program) = peer.recv_from(&mut [0; 9]).map_err(|e| e.to_string())?;
    for _ in 0..20 {
        let sent = peer.send_to(&[b'x'; 8000], program);
        sent.map_err(|e| e.to_string())?;
    }
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdin.finish();
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.drop_end();
    scene.ends_with(2)?;
    Ok(())
}

#[test]
fn what_a_member_said_before_it_broke_off_reaches_a_slow_stdout() -> Told {
    const SAID: usize = 400_000;
    let (mut scene, place) = listening(&["-k"], |program| program)?;
    scene.program.stdout.paused = true;
    scene.enter(&place)?;
    scene.peer().tx.push(&[b'x'; SAID]);
    scene.until("the member was heard", |s| s.peer().tx.is_done())?;
    scene.until_quiet(A_MOMENT)?;
    // It is gone before it has read what stdin gave, so that is answered with a reset.
    scene.peer().rx.paused = true;
    scene.program.stdin.push(b"somebody there?");
    scene.until_quiet(A_MOMENT)?;
    scene.peers.clear();
    scene.program.stdin.push(b"still there?");
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.paused = false;
    scene.until("stdout got all of it", |s| {
        s.program.stdout.got.len() == SAID
    })
}

#[test]
fn a_socket_that_meets_itself_has_not_met_anybody() -> Told {
    // With the source port fixed the system cannot choose another one than that which is dialled.
    let free = Place::any_port().open()?;
    let Place::Tcp(at) = free.place else {
        return Err("a TCP place has an address".into());
    };
    drop(free);
    let port = at.port().to_string();
    let words = ["-z", "-v", "-p", &port, "127.0.0.1", &port];
    let outcome = Scene::of(Program::ncat(words))?.ends_with(1)?;
    let said = "Ncat: Connection refused.\n";
    assert!(outcome.stderr.ends_with(said), "{}", outcome.stderr);
    Ok(())
}

#[test]
fn unix_datagrams_wait_for_a_slow_stdout_and_are_not_lost() -> Told {
    const MESSAGES: usize = 600;
    let dir = directory()?;
    let (server, client) = (dir.path().join("server"), dir.path().join("client"));
    let words = ["-l", "-k", "-U", "-u", "-v"].map(OsString::from);
    let program = Program::ncat(words.into_iter().chain([server.clone().into()]));
    let mut scene = Scene::of(program)?;
    place_of(&mut scene)?;
    scene.program.stdout.paused = true;
    let socket = UnixDatagram::bind(&client).map_err(|e| e.to_string())?;
    let said = thread::spawn(move || {
        (0..MESSAGES).all(|_| socket.send_to(&[b'x'; 1000], &server).is_ok())
    });
    scene.until_quiet(A_MOMENT)?;
    scene.program.stdout.paused = false;
    scene.until("stdout got every message", |s| {
        s.program.stdout.got.len() == MESSAGES * 1000
    })?;
    assert!(said.join().is_ok_and(|sent| sent), "every message was sent");
    Ok(())
}

#[test]
fn a_log_whose_reader_has_stopped_stops_nobody() -> Told {
    const SAID: usize = 200_000;
    let dir = directory()?;
    let path = dir.path().join("log");
    let made = rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    );
    made.map_err(|e| e.to_string())?;
    let both = OpenOptions::new().read(true).write(true).open(&path);
    let mut reader = both.map_err(|e| e.to_string())?;
    let log = path.display().to_string();
    let door = Place::any_port().open()?;
    let program = Program::ncat(going_to(&door.place, &["-o", &log]));
    let mut scene = Scene::of(program)?;
    scene.admit(&door)?;
    scene.peer().tx.push(&[b'x'; SAID]);
    scene.peer().tx.finish();
    scene.until("stdout got all of it", |s| {
        s.program.stdout.got.len() == SAID
    })?;
    let mut logged = vec![0; SAID];
    let read = reader.read_exact(&mut logged);
    read.map_err(|e| format!("the log is not whole: {e}"))?;
    scene.ends_with(0)?;
    Ok(())
}

#[test]
fn what_is_said_to_a_program_that_has_just_left_is_no_failure() -> Told {
    let (mut scene, place) = listening(&["-c", "echo $$; kill -STOP $$"], |program| program)?;
    scene.enter(&place)?;
    scene.until("the program runs", |s| s.peer().rx.got.ends_with(b"\n"))?;
    let id: i32 = scene
        .peer()
        .rx
        .text()
        .trim()
        .parse()
        .map_err(|e| format!("no id: {e}"))?;
    // Everything is to happen while we do not look: the program ends, and then its peer speaks.
    scene.program.signal(Signal::STOP)?;
    let state = |wanted: char| {
        move |_: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            stat.contains(&format!(") {wanted} ")).then_some(())
        }
    };
    let deadline = Deadline::usual();
    scene
        .program
        .repeat_until(deadline, "the program has stopped", state('T'))?;
    let id = Pid::from_raw(id).ok_or("that is no process")?;
    kill_process(id, Signal::CONT).map_err(|e| format!("no signal to the program: {e}"))?;
    scene
        .program
        .repeat_until(deadline, "the program has ended", state('Z'))?;
    scene.peer().tx.push(b"too late");
    scene.until("that is on its way", |s| s.peer().tx.is_done())?;
    scene.program.signal(Signal::CONT)?;
    scene.ends_with(0).map(drop)
}

/// A client of the program's that waits for nothing longer than for anything else here.
fn client_at(place: &Place) -> TcpStream {
    let client = TcpStream::connect(place.to_string()).expect("the program listens");
    let patience = Some(Duration::from_secs(20));
    client.set_read_timeout(patience).expect("a patience");
    client
}

#[test]
fn a_client_of_a_proxy_that_has_said_its_last_gets_the_last_of_its_answer() -> Told {
    const LENGTH: usize = 12 << 20;
    let (_scene, place) = listening(&["--proxy-type", "http"], |program| program)?;
    let origin = TcpListener::bind("127.0.0.1:0").expect("a door");
    let at = origin.local_addr().expect("it has an address");
    let answers = thread::spawn(move || {
        let (mut peer, _) = origin.accept().expect("the proxy comes");
        let _ = peer.read(&mut [0; 4096]).expect("a request");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
        let answer = [head.as_bytes(), &vec![b'x'; LENGTH]].concat();
        peer.write_all(&answer).expect("all of it is taken");
    });
    let mut client = client_at(&place);
    let request = format!("GET http://{at}/ HTTP/1.1\r\n\r\n");
    client
        .write_all(request.as_bytes())
        .expect("a request fits");
    client
        .shutdown(Shutdown::Write)
        .expect("an open connection");
    // Small bites: whoever sends is always ahead of this.
    let (mut bite, mut body, mut head) = ([0; 2048], 0, Vec::new());
    loop {
        let n = client.read(&mut bite).expect("the answer goes on");
        let is_head = !head.ends_with(b"\r\n\r\n");
        for byte in bite[..n].iter().filter(|_| is_head) {
            match head.ends_with(b"\r\n\r\n") {
                true => body += 1,
                false => head.push(*byte),
            }
        }
        body += if is_head { 0 } else { n };
        if n == 0 {
            break;
        }
    }
    answers.join().expect("the origin said it all");
    assert_eq!(body, LENGTH, "bytes of the answer that arrived");
    Ok(())
}
