//! Command lines that people copy: the diagnostic services of the guide and the examples of a
//! tutorial, run as they are written. Only ports come from the kernel, files lie in a directory of the
//! test, and a program that may be missing has a stand-in.

mod common;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use common::deadline::USUAL;
use common::payload::{noise, same};
use common::scene::announced;
use common::{Ending, Place, Program, Scene, Told, directory, told};

/// A command line at work in a shell, in a directory of its own.
struct Service {
    scene: Scene,
    at: SocketAddr,
    dir: TempDir,
}

impl Service {
    fn start(line: &str) -> Told<Self> {
        Self::start_with(line, |_| Ok(()))
    }

    /// Starts it once `prepare` has put files into its directory.
    fn start_with(line: &str, prepare: impl FnOnce(&Path) -> Told) -> Told<Self> {
        let dir = directory()?;
        let ncat =
            std::env::var_os("NCAT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_ncat").into());
        // Says which ports it was given, and by which number it can be told to end.
        let ncat = format!(
            "#!/bin/sh\necho $$ > {}/id\nexec {} -v \"$@\"\n",
            dir.path().display(),
            ncat.display()
        );
        script(&dir.path().join("ncat"), &ncat)?;
        script(
            &dir.path().join("fortune"),
            "#!/bin/sh\necho Waste not, fret not.\n",
        )?;
        prepare(dir.path())?;
        let here = dir.path().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let line = line.replace("/usr/games/", &format!("{here}/"));
        let shell = Program::at("/bin/bash", ["-c", &line])
            .env("PATH", format!("{here}:{path}"))
            .through(&["env", "--default-signal=INT,TERM,HUP,PIPE", "-C", &here]);
        let mut scene = Scene::of(shell)?;
        let places = announced(&mut scene, 2)?;
        let ipv4 = places
            .iter()
            .find_map(|place| place.strip_prefix("0.0.0.0:"));
        let port = ipv4.and_then(|port| port.parse().ok());
        let port: u16 = port.ok_or_else(|| format!("it listens at {places:?}"))?;
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { scene, at, dir })
    }

    fn enter(&mut self) -> Told<usize> {
        self.scene.enter(&Place::Tcp(self.at))?;
        Ok(self.scene.peers.len() - 1)
    }

    /// Peer `n` says something, and gets this much in all.
    fn ask(&mut self, n: usize, words: &[u8], answer: &[u8]) -> Told {
        self.scene.peers[n].tx.push(words);
        self.until_got(n, answer)
    }

    fn until_got(&mut self, n: usize, answer: &[u8]) -> Told {
        let enough = |s: &mut Scene| s.peers[n].rx.got.len() >= answer.len();
        self.scene.until("the peer is answered", enough)?;
        same("the answer", &self.scene.peers[n].rx.got, answer)
    }

    /// What peer `n` has got when the connection ends in an orderly way.
    fn all_of(&mut self, n: usize) -> Told<Vec<u8>> {
        let ended = |s: &mut Scene| s.peers[n].rx.ended();
        self.scene.until("the peer saw the end", ended)?;
        match self.scene.peers[n].rx.end {
            Some(Ending::Eof) => Ok(self.scene.peers[n].rx.got.clone()),
            _ => Err(format!("it broke; {}", self.scene.state())),
        }
    }

    /// A plain socket that talks to it.
    fn sender(&self) -> Told<UdpSocket> {
        let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
        told(socket.connect(self.at))?;
        told(socket.set_read_timeout(Some(USUAL)))?;
        Ok(socket)
    }

    /// Tells ncat to end, and sees the whole command line end.
    fn end(mut self) -> Told {
        self.tell_to_end().ok_or("ncat is gone")?;
        self.scene.ends_with(143).map(drop)
    }

    fn tell_to_end(&self) -> Option<()> {
        let id = fs::read_to_string(self.dir.path().join("id")).ok()?;
        let id = Pid::from_raw(id.trim().parse().ok()?)?;
        kill_process(id, Signal::TERM).ok()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that fails leaves its command line at work, of which the scene knows the shell only.
        if self.scene.program.status.is_none() {
            let _ = self.tell_to_end();
        }
    }
}

fn script(path: &Path, text: &str) -> Told {
    told(fs::write(path, text))?;
    told(fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
}

fn ask(socket: &UdpSocket, words: &[u8]) -> Told<Vec<u8>> {
    told(socket.send(words))?;
    let mut room = vec![0; 70_000];
    let n = socket
        .recv(&mut room)
        .map_err(|e| format!("no answer: {e}"))?;
    room.truncate(n);
    Ok(room)
}

/// One line, which begins with a day of the week.
fn is_a_date(text: &[u8]) -> Told {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let text = String::from_utf8_lossy(text);
    match days.iter().any(|day| text.starts_with(day)) && text.find('\n') == Some(text.len() - 1) {
        true => Ok(()),
        false => Err(format!("this is no date: {text:?}")),
    }
}

#[test]
fn discard_over_tcp_takes_everything_and_says_nothing() -> Told {
    let mut service = Service::start("ncat -l --keep-open 0 --recv-only > /dev/null")?;
    for _ in 0..2 {
        let n = service.enter()?;
        service.scene.peer().tx.push(&noise(1, 1_000_000));
        service.scene.peer().tx.finish();
        same("the answer", &service.all_of(n)?, b"")?;
    }
    service.end()
}

#[test]
fn discard_over_udp_takes_everything_and_says_nothing() -> Told {
    let line = r#"ncat -l 0 --keep-open --udp --sh-exec "cat > /dev/null""#;
    let mut service = Service::start(line)?;
    let senders = [service.sender()?, service.sender()?];
    for sender in &senders {
        told(sender.send(b"one"))?;
        told(sender.send(b"two"))?;
    }
    let known = |s: &mut Scene| s.program.stderr.text().matches("Connection from").count() == 2;
    service.scene.until("both are served", known)?;
    for sender in &senders {
        told(sender.set_read_timeout(Some(Duration::from_millis(200))))?;
        if sender.recv(&mut [0; 10]).is_ok() {
            return Err("it answered".into());
        }
    }
    service.end()
}

#[test]
fn echo_over_tcp_serves_several_at_once() -> Told {
    let mut service = Service::start(r#"ncat -l 0 --keep-open --exec "/bin/cat""#)?;
    let (one, other) = (service.enter()?, service.enter()?);
    service.ask(one, b"hello", b"hello")?;
    service.ask(other, b"good day", b"good day")?;
    service.ask(one, b" again", b"hello again")?;
    service.scene.peers[other].tx.finish();
    same("the other", &service.all_of(other)?, b"good day")?;
    service.end()
}

#[test]
fn echo_over_udp_serves_several_at_once() -> Told {
    let service = Service::start(r#"ncat -l 0 --keep-open --udp --exec "/bin/cat""#)?;
    let senders = [service.sender()?, service.sender()?];
    for words in [b"one".as_slice(), b"two", &noise(2, 8192)] {
        for sender in &senders {
            same("the echo", &ask(sender, words)?, words)?;
        }
    }
    service.end()
}

#[test]
fn daytime_tells_the_time_and_ignores_what_is_said() -> Told {
    let mut service = Service::start(r#"ncat -l 0 --keep-open --send-only --exec "/bin/date""#)?;
    for _ in 0..3 {
        let n = service.enter()?;
        service.scene.peer().tx.push(b"what time is it?\n");
        is_a_date(&service.all_of(n)?)?;
    }
    service.end()?;
    let service = Service::start(r#"ncat -l 0 --keep-open --udp --send-only --exec "/bin/date""#)?;
    for _ in 0..3 {
        is_a_date(&ask(&service.sender()?, b"what time is it?\n")?)?;
    }
    service.end()
}

#[test]
fn the_quote_of_the_day_comes_every_time() -> Told {
    const QUOTE: &[u8] = b"Waste not, fret not.\n";
    let line = r#"ncat -l 0 --keep-open --send-only --exec "/usr/games/fortune""#;
    let mut service = Service::start(line)?;
    for _ in 0..3 {
        let n = service.enter()?;
        same("the quote", &service.all_of(n)?, QUOTE)?;
    }
    service.end()?;
    let line = r#"ncat -l 0 --keep-open --udp --send-only --exec "/usr/games/fortune""#;
    let service = Service::start(line)?;
    for _ in 0..3 {
        same("the quote", &ask(&service.sender()?, b"\n")?, QUOTE)?;
    }
    service.end()
}

#[test]
fn chargen_over_tcp_never_stops_until_one_has_had_enough() -> Told {
    let line = r#"yes "chargenchargenchargen" | ncat -l --keep-open 0 --send-only"#;
    let mut service = Service::start(line)?;
    for _ in 0..2 {
        service.enter()?;
        let enough = |s: &mut Scene| s.peer().rx.got.len() > 1_000_000;
        service.scene.until("it is a lot", enough)?;
        let got = service.scene.peers.remove(0).rx.got;
        let begin = got.iter().position(|&byte| byte == b'\n').unwrap_or(0) + 1;
        let want = b"chargenchargenchargen\n".iter().copied().cycle();
        let want: Vec<u8> = want.take(got.len() - begin).collect();
        same("the characters", &got[begin..], &want)?;
    }
    service.end()
}

#[test]
fn chargen_over_udp_answers_with_one_datagram() -> Told {
    // The shell's random number is fixed, for a size of 0 would be no datagram.
    let line = concat!(
        "unset SRANDOM; SRANDOM=1324; ncat -l 0 --keep-open --udp --send-only --sh-exec ",
        r#""yes chargenchargenchargen | dd count=1 bs=$((SRANDOM % 512)) 2> /dev/null""#
    );
    let service = Service::start(line)?;
    let want = b"chargenchargenchargen\n".iter().copied().cycle();
    let want: Vec<u8> = want.take(1324 % 512).collect();
    for _ in 0..3 {
        same("the characters", &ask(&service.sender()?, b"\n")?, &want)?;
    }
    service.end()
}

#[test]
fn the_message_of_the_day_is_said_once() -> Told {
    let mut service = Service::start(r#"ncat -c "echo hello world" -lp 0"#)?;
    let port = service.at.port().to_string();
    let mut client = Scene::of(Program::ncat(["localhost", &port]))?;
    same("the client", &client.ends_with(0)?.stdout, b"hello world\n")?;
    service.scene.ends_with(0).map(drop)
}

#[test]
fn the_echo_server_of_the_tutorial_answers_line_by_line() -> Told {
    let mut service = Service::start("ncat -c cat -lp 0 -k")?;
    let n = service.enter()?;
    service.ask(n, b"is this on?\n", b"is this on?\n")?;
    service.ask(n, b"this is echoed.\n", b"is this on?\nthis is echoed.\n")?;
    service.end()
}

fn empty_messages(dir: &Path) -> Told {
    told(fs::write(dir.join("messages"), ""))
}

#[test]
fn the_chat_through_a_file_reaches_everybody() -> Told {
    let line = r#"ncat -c "cat >>messages | tail -f messages" -lp 0 -k"#;
    let mut service = Service::start_with(line, empty_messages)?;
    let (one, other) = (service.enter()?, service.enter()?);
    service.ask(one, b"hello\n", b"hello\n")?;
    service.until_got(other, b"hello\n")?;
    service.ask(other, b"good day\n", b"hello\ngood day\n")?;
    service.until_got(one, b"hello\ngood day\n")?;
    service.end()
}

#[test]
fn the_improved_chat_tells_members_apart_by_the_parents_number() -> Told {
    let line = concat!(
        r#"ncat -c 'sed -ue "s/^/$PPID: /"  | cat >>messages | tail -f messages "#,
        r#"| grep --line-buffered -v "^$PPID:"' -lp 0 -k"#
    );
    let mut service = Service::start_with(line, empty_messages)?;
    let (one, other) = (service.enter()?, service.enter()?);
    service.scene.peers[one].tx.push(b"I am one\n");
    let has_line = |n: usize| move |s: &mut Scene| s.peers[n].rx.got.ends_with(b"\n");
    service.scene.until("the other has it", has_line(other))?;
    service.scene.peers[other].tx.push(b"I am the other\n");
    service.scene.until("the first has it", has_line(one))?;
    let text = |n: usize| service.scene.peers[n].rx.text();
    let (at_one, at_other) = (text(one), text(other));
    let number = |text: &str, words: &str| {
        let number = text.strip_suffix(words)?.strip_suffix(": ")?;
        number.parse::<u32>().ok()
    };
    match (
        number(&at_one, "I am the other\n"),
        number(&at_other, "I am one\n"),
    ) {
        (Some(one), Some(other)) if one != other => service.end(),
        _ => Err(format!("one reads {at_one:?}, the other {at_other:?}")),
    }
}

const HEAD: &str =
    "HTTP/1.0 200 OK\nContent-type: text/html; charset=utf-8\nConnection: close\n\n\n";

/// What a browser gets that asks this service.
fn browse(service: &mut Service) -> Told<Vec<u8>> {
    let n = service.enter()?;
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
    service.scene.peer().tx.push(request);
    service.all_of(n)
}

#[test]
fn the_http_server_gives_its_page_to_everybody() -> Told {
    let page = format!("{HEAD}<!doctype html>\n<html>\n<h1>Hello world</h1>\n</html>\n");
    let prepare = |dir: &Path| told(fs::write(dir.join("response.txt"), &page));
    let mut service = Service::start_with(r#"ncat -c "cat response.txt" -lp 0 -k"#, prepare)?;
    for _ in 0..3 {
        same("the page", &browse(&mut service)?, page.as_bytes())?;
    }
    service.end()
}

#[test]
fn the_fuzzing_server_gives_a_million_bytes_every_time() -> Told {
    let mut service = Service::start(r#"ncat -c "head -c 1000000 /dev/urandom" -lp 0 -k"#)?;
    for _ in 0..3 {
        let got = browse(&mut service)?.len();
        if got != 1_000_000 {
            return Err(format!("{got} bytes came"));
        }
    }
    service.end()?;
    let prepare = |dir: &Path| told(fs::write(dir.join("response1.txt"), HEAD));
    let line = r#"ncat -c "head -c 1000000 /dev/urandom | cat response1.txt -" -lp 0 -k"#;
    let mut service = Service::start_with(line, prepare)?;
    let got = browse(&mut service)?;
    same(
        "the head",
        &got[..HEAD.len().min(got.len())],
        HEAD.as_bytes(),
    )?;
    match got.len() - HEAD.len() {
        1_000_000 => service.end(),
        n => Err(format!("{n} bytes came behind the head")),
    }
}
