//! Many on one socket of our program: sessions, and those who never mean to have one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use ncat::wire::Clock;
use ncat::wire::dtls::{ClientKit, Dtls};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::kits;
use crate::seat::Seat;

/// How long any of this may take.
const LONG: Duration = Duration::from_secs(120);
/// How long nothing comes out before nothing more is waited for.
const SILENCE: Duration = Duration::from_secs(20);
/// How many shake hands at a time: more would lose most of what they say to a full socket.
const WAVE: usize = 50;

/// Our program, serving datagrams in secret.
struct Server {
    child: Child,
    at: SocketAddr,
    /// Lines of its stderr that came behind the one with its address.
    stderr: Receiver<String>,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ncat"))
            .args(["-l", "-k", "-u", "--ssl", "-v", "-m", "2000"])
            .args(["127.0.0.1", "0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("our program starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (told, lines) = mpsc::channel();
        thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| told.send(line))
        });
        let at = loop {
            let line = lines.recv_timeout(LONG).expect("it says where it listens");
            if let Some(at) = line.strip_prefix("Ncat: Listening on ") {
                break at.parse().expect("an address");
            }
        };
        Self {
            child,
            at,
            stderr: lines,
        }
    }

    /// What it holds of the machine's memory, in KiB.
    fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.and_then(|line| line.split_whitespace().next());
        figure.and_then(|kib| kib.parse().ok()).expect("a figure")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

/// A client of ours with a socket of its own.
struct Caller {
    socket: UdpSocket,
    seat: Seat,
    said: bool,
}

impl Caller {
    fn new(kit: &ClientKit, clock: &Clock, server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.connect(server).expect("an address");
        socket.set_nonblocking(true).expect("a socket");
        let seat = Seat::new(Dtls::client(kit, clock.clone()));
        Self {
            socket,
            seat,
            said: false,
        }
    }

    /// Hears and says what there is; true once it has said its word.
    fn turn(&mut self, clock: &Clock, word: &str) -> bool {
        let mut room = [0; 2048];
        loop {
            match self.socket.recv(&mut room) {
                Ok(n) => self.seat.hear(&room[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{word}: {error}"),
            }
        }
        if self.seat.deadline().is_some_and(|at| at <= clock.now()) {
            self.seat.on_deadline();
        }
        assert_eq!(self.seat.fault, None, "{word}");
        if self.seat.is_open() && !self.said {
            self.said = true;
            self.seat.say(format!("{word}\n").as_bytes());
        }
        for datagram in self.seat.out.drain(..) {
            let _ = self.socket.send(&datagram); // what is lost is said again
        }
        self.said
    }
}

fn as_many_descriptors_as_there_are() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, all).expect("up to the hard limit");
}

/// Has everybody say a word that is a number, and returns when all have.
fn all_speak(callers: &mut [Caller], first: usize, clock: &Clock, end: Instant) {
    loop {
        clock.set(Instant::now());
        assert!(clock.now() < end, "not all who came have a session");
        let numbered = callers.iter_mut().zip(first..);
        let waiting =
            numbered.filter_map(|(caller, n)| (!caller.turn(clock, &n.to_string())).then_some(()));
        if waiting.count() == 0 {
            return;
        }
        thread::yield_now();
    }
}

/// The words that come out of it, until there are so many or no more come.
fn words_of(server: &mut Server, count: usize) -> BTreeSet<usize> {
    let stdout = BufReader::new(server.child.stdout.take().expect("it is piped"));
    let (told, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut lines = stdout.lines().map_while(Result::ok);
        lines.try_for_each(|line| told.send(line))
    });
    let mut words = BTreeSet::new();
    while words.len() < count {
        match lines.recv_timeout(SILENCE) {
            Ok(line) => words.insert(line.parse().expect("a number")),
            Err(_) => break,
        };
    }
    words
}

#[test]
fn a_thousand_sessions_share_a_socket() {
    const COUNT: usize = 1000;
    as_many_descriptors_as_there_are();
    let mut server = Server::start();
    let clock = Clock::new(Instant::now());
    let kit = kits::client(&kits::wishes());
    let end = Instant::now() + LONG;
    let mut all = Vec::new();
    for first in (0..COUNT).step_by(WAVE) {
        let new = || Caller::new(&kit, &clock, server.at);
        let mut wave: Vec<_> = std::iter::repeat_with(new).take(WAVE).collect();
        all_speak(&mut wave, first, &clock, end);
        all.append(&mut wave);
    }
    let words = words_of(&mut server, COUNT);
    let missing: Vec<_> = (0..COUNT).filter(|n| !words.contains(n)).collect();
    assert!(missing.is_empty(), "these are not heard: {missing:?}");
    // All are still there, and have more to say.
    all.iter_mut().for_each(|caller| caller.said = false);
    for (wave, first) in all.chunks_mut(WAVE).zip((0..COUNT).step_by(WAVE)) {
        all_speak(wave, first, &clock, end);
    }
}

#[test]
fn strangers_who_never_come_back_leave_nothing_behind() {
    let mut server = Server::start();
    let clock = Clock::new(Instant::now());
    let kit = kits::client(&kits::wishes());
    let honest = |server: &Server, word| {
        let mut caller = [Caller::new(&kit, &clock, server.at)];
        all_speak(&mut caller, word, &clock, Instant::now() + LONG);
    };
    honest(&server, 7);
    let before = server.resident();
    let hello = Seat::new(Dtls::client(&kit, clock.clone())).out.remove(0);
    for n in 0..10_000_u16 {
        let [high, low] = n.to_be_bytes();
        let made_up = UdpSocket::bind((Ipv4Addr::new(127, 77, high, low), 0)).expect("a socket");
        made_up.send_to(&hello, server.at).expect("it is sent");
    }
    honest(&server, 8);
    let words = words_of(&mut server, 2);
    assert_eq!(words, [7, 8].into(), "both who mean it are heard");
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 1024, "ten thousand strangers are worth {grown} KiB");
    let _ = server.child.kill(); // its stderr ends with it
    let met: Vec<String> = server.stderr.iter().collect();
    let strangers = met.iter().filter(|line| line.contains("127.77."));
    assert_eq!(strangers.count(), 0, "somebody was let in: {met:?}");
}
