//! A conversation of ours with openssl's own programs, over real datagrams and a way that may be bad.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ncat::wire::Clock;
use ncat::wire::dtls::{Door, Dtls, ServerKit, Verdict};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::kits::{Files, Kits};
use crate::relay::Relay;
use crate::seat::Seat;

/// How long a whole conversation may take, most of it waiting for openssl's timer, which doubles.
const LONG: Duration = Duration::from_secs(120);
/// How many words a conversation has each way, and of which length.
const WORDS: usize = 1024;
pub(crate) const WORD: usize = 1024;
/// Words that may be on their way at a time: sockets have small queues.
const BATCH: usize = 16;
/// Words that openssl is given at a time: a pipe keeps so many together.
const IN_A_PIECE: usize = 4;
/// A copy wakes openssl's programs, which then see nothing but the wire until something new comes.
const NUDGE: Duration = Duration::from_millis(300);

/// openssl, which is ended with its test.
pub(crate) struct Openssl {
    child: Child,
    said: Vec<u8>,
}

impl Openssl {
    fn start(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(args).stderr(Stdio::null());
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let child = child.expect("the other program is installed");
        let stdout = child.stdout.as_ref().expect("it is piped");
        let flags = rustix::fs::fcntl_getfl(stdout).expect("flags of a pipe");
        rustix::fs::fcntl_setfl(stdout, flags | rustix::fs::OFlags::NONBLOCK).expect("a pipe");
        Self {
            child,
            said: Vec::new(),
        }
    }

    /// Takes what it printed.
    fn listen(&mut self) {
        let mut room = [0; 65536];
        let stdout = self.child.stdout.as_mut().expect("it is piped");
        while let Ok(n @ 1..) = stdout.read(&mut room) {
            self.said.extend(&room[..n]);
        }
    }

    pub(crate) fn tell(&mut self, words: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(words).expect("openssl listens");
    }

    /// The words it printed; what it says of the session is passed over.
    pub(crate) fn words(&self) -> Vec<Vec<u8>> {
        let lines = self.said.split(|&byte| byte == b'\n');
        lines
            .filter_map(|line| Some(line.get(line.len().checked_sub(WORD - 1)?..)?.to_vec()))
            .filter(|line| line[..8].iter().all(u8::is_ascii_digit))
            .collect()
    }
}

impl Drop for Openssl {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

pub(crate) fn word(number: usize) -> Vec<u8> {
    let mut word = format!("{number:08}").into_bytes();
    word.resize(WORD - 1, b'x');
    word.push(b'\n');
    word
}

/// One conversation.
pub(crate) struct Scene {
    pub(crate) name: String,
    clock: Clock,
    pub(crate) openssl: Openssl,
    relay: Relay,
    pub(crate) seat: Option<Seat>,
    /// For a server without a session.
    door: Option<(Door, ServerKit)>,
    end: Instant,
}

impl Scene {
    pub(crate) fn client(seed: u64, bad: bool, kits: &Kits, files: &Files, args: &[&str]) -> Self {
        let cert = files.cert.to_str().expect("a plain path");
        let key = files.key.to_str().expect("a plain path");
        let all = [
            "s_server",
            "-nbio",
            "-dtls1_2",
            "-accept",
            "127.0.0.1:0",
            "-cert",
            cert,
            "-key",
            key,
        ];
        let mut openssl = Openssl::start("openssl", &[&all[..], args].concat());
        let end = Instant::now() + LONG;
        let port = loop {
            openssl.listen();
            let said = String::from_utf8_lossy(&openssl.said).into_owned();
            let after = said
                .split("ACCEPT 127.0.0.1:")
                .nth(1)
                .and_then(|rest| rest.split_once('\n'));
            if let Some((port, _)) = after {
                break port.parse::<u16>().expect("a port");
            }
            assert!(Instant::now() < end, "s_server does not listen: {said}");
            let stdout = openssl.child.stdout.as_ref().expect("it is piped");
            wait(&mut [PollFd::new(stdout, PollFlags::IN)], end);
        };
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(("127.0.0.1", port)).expect("an address");
        let clock = Clock::new(Instant::now());
        let layer = Dtls::client(&kits.client, clock.clone());
        Self {
            name: format!("client, seed {seed}"),
            seat: Some(Seat::new(layer)),
            relay: Relay::new(socket, seed, bad),
            door: None,
            clock,
            openssl,
            end,
        }
    }

    pub(crate) fn server(seed: u64, bad: bool, kits: &Kits, args: &[&str]) -> Self {
        Self::serve(seed, bad, kits, |port| {
            let to = format!("127.0.0.1:{port}");
            let all = ["s_client", "-dtls1_2", "-quiet", "-connect", &to];
            Openssl::start("openssl", &[&all[..], args].concat())
        })
    }

    /// The same with an ncat as the client.
    pub(crate) fn server_of_ncat(ncat: &str, kits: &Kits) -> Self {
        Self::serve(0, false, kits, |port| {
            let args = ["--udp", "--ssl", "127.0.0.1", &port.to_string()];
            Openssl::start(ncat, &args)
        })
    }

    fn serve(seed: u64, bad: bool, kits: &Kits, start: impl FnOnce(u16) -> Openssl) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let openssl = start(socket.local_addr().expect("an address").port());
        socket.set_read_timeout(Some(LONG)).expect("a limit");
        let (_, peer) = socket
            .peek_from(&mut [0; 1])
            .expect("the client says hello");
        socket.connect(peer).expect("an address");
        let clock = Clock::new(Instant::now());
        let door = Door::new(&kits.server, clock.clone()).expect("a door");
        Self {
            name: format!("server, seed {seed}"),
            relay: Relay::new(socket, seed, bad),
            seat: None,
            door: Some((door, kits.server.clone())),
            clock,
            openssl,
            end: Instant::now() + LONG,
        }
    }

    fn turn(&mut self) {
        self.clock.set(Instant::now());
        self.openssl.listen();
        for datagram in self.relay.work() {
            match (&mut self.seat, &mut self.door) {
                (Some(seat), _) => seat.hear(&datagram),
                (None, Some((door, kit))) => match door.look(&datagram, b"openssl") {
                    Verdict::Answer(answer) => _ = self.relay.throw(false, &answer),
                    Verdict::Admit => {
                        let layer = Dtls::server(kit, self.clock.clone());
                        self.seat.insert(Seat::new(layer)).hear(&datagram);
                    }
                    Verdict::Ignore => {}
                },
                (None, None) => unreachable!("a client has its seat"),
            }
        }
        if let Some(seat) = &mut self.seat {
            if seat.deadline().is_some_and(|at| at <= Instant::now()) {
                seat.on_deadline();
            }
            for datagram in std::mem::take(&mut seat.out) {
                self.relay.throw(false, &datagram);
            }
            assert_eq!(seat.fault, None, "{}", self.name);
        }
    }

    pub(crate) fn run_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        loop {
            self.turn();
            if done(self) {
                return;
            }
            assert!(Instant::now() < self.end, "{}: no {what}", self.name);
            let seat = self.seat.as_ref().and_then(Seat::deadline);
            let soon = Some(Instant::now() + NUDGE);
            let next = [seat, self.relay.due(), soon].into_iter().flatten().min();
            let stdout = self.openssl.child.stdout.as_ref().expect("it is piped");
            let mut fds = [
                PollFd::new(stdout, PollFlags::IN),
                PollFd::new(&self.relay.socket, PollFlags::IN),
            ];
            wait(&mut fds, next.unwrap_or(self.end));
        }
    }

    /// Says all words to openssl and finds those that the relay let through, each once.
    fn speak(&mut self) {
        let mut passed = HashSet::new();
        for number in 0..WORDS {
            let word = word(number);
            let seat = self.seat.as_mut().expect("hands were shaken");
            seat.say(&word);
            for datagram in std::mem::take(&mut seat.out) {
                if self.relay.throw(false, &datagram) {
                    passed.insert(word[..WORD - 1].to_vec());
                }
            }
            if number % BATCH == BATCH - 1 {
                let there = passed.len();
                self.run_until("words", |scene| scene.openssl.words().len() >= there);
            }
        }
        let printed = self.openssl.words();
        assert_eq!(
            printed.len(),
            passed.len(),
            "{}: as many as got through",
            self.name
        );
        let printed: HashSet<_> = printed.into_iter().collect();
        assert!(printed == passed, "{}: what got through", self.name);
    }

    /// Has openssl say all words, and hears those datagrams that the relay let through, each once.
    fn listen(&mut self) {
        for number in (0..WORDS).step_by(IN_A_PIECE) {
            let words: Vec<u8> = (number..number + IN_A_PIECE).flat_map(word).collect();
            self.openssl.tell(&words);
            let there = (number + IN_A_PIECE) * WORD;
            while self.relay.sent_to_us < there {
                let nudge = Instant::now() + NUDGE;
                self.run_until("words of openssl", |scene| {
                    scene.relay.sent_to_us >= there || Instant::now() >= nudge
                });
                if self.relay.sent_to_us < there {
                    self.seat
                        .as_mut()
                        .expect("hands were shaken")
                        .say(b"nudge\n");
                }
            }
        }
        self.run_until("quiet", |scene| scene.relay.due().is_none());
        let heard = &self.seat.as_ref().expect("hands were shaken").heard;
        let passed = self.relay.passed_to_us.len();
        assert_eq!(heard.len(), passed, "{}: as many as got through", self.name);
        let all: HashSet<_> = (0..WORDS).map(word).collect();
        let words: Vec<_> = heard
            .iter()
            .flat_map(|message| message.chunks(WORD))
            .collect();
        assert!(
            words.iter().all(|&word| all.contains(word)),
            "{}: invented",
            self.name
        );
        let different: HashSet<_> = words.iter().collect();
        assert_eq!(different.len(), words.len(), "{}: heard twice", self.name);
    }

    pub(crate) fn converse(&mut self) {
        self.run_until("handshake", |scene| {
            scene.seat.as_ref().is_some_and(Seat::is_open)
        });
        // It speaks first: what it gets before its handshake is over is lost on it.
        self.listen();
        self.speak();
    }
}

fn wait(fds: &mut [PollFd<'_>], until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).expect("a short time");
    let _ = poll(fds, Some(&left)); // the caller looks at what there is
}
