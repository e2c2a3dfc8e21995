//! Whole files through two of our programs, undisturbed and disturbed: every byte arrives, or the
//! test says which did not.
//!
//! `NCAT_TEST_RUNS` says how often each undisturbed transfer is made (5 if it is not set); the
//! disturbed ones, which take longer, are made a fifth as often, each time with another seed.
//!
//! The disturbance is made of everything the world may do: a relay between the two programs and the
//! programs at their stdin and stdout read and write in pieces of any size and pause at random, and
//! signals that interrupt system calls (SIGSTOP and SIGCONT, SIGWINCH, SIGCHLD) hit both programs
//! all the time.

mod common;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, read, write};
use rustix::net::{Shutdown, shutdown};
use rustix::process::Signal;
use tempfile::TempDir;

use common::payload::{Xorshift, noise, same};
use common::program::pipe;
use common::scene::place_of;
use common::table::{Case, all_hold, runs};
use common::wire::socket_in;
use common::{Carrier, Deadline, In, Out, Over, Place, Program, Scene, Told, directory};

const SIZE: usize = 20_000_000;

/// A disturbed transfer pauses for several seconds in all.
const DISTURBED: Duration = Duration::from_secs(60);

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| noise(20, SIZE));
static OTHER_BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| noise(21, SIZE));

/// Which of the two has the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    Client,
    Server,
    Both,
}

const EVERYTHING: [(Over, From); 6] = [
    (Over::Tcp, From::Client),
    (Over::Tcp, From::Server),
    (Over::Tcp, From::Both),
    (Over::Unix, From::Client),
    (Over::Unix, From::Server),
    (Over::Unix, From::Both),
];

/// The files of one transfer, and where they are.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new(from: From) -> Told<Self> {
        let dir = directory()?;
        let files = Self { dir };
        let put = |side, bytes: &[u8]| {
            fs::write(files.input(side), bytes).map_err(|e| format!("cannot write a file: {e}"))
        };
        if from != From::Server {
            put(From::Client, &BYTES)?;
        }
        if from != From::Client {
            put(From::Server, &OTHER_BYTES)?;
        }
        Ok(files)
    }

    fn input(&self, side: From) -> PathBuf {
        self.dir.path().join(format!("in-{side:?}"))
    }

    fn output(&self, side: From) -> PathBuf {
        self.dir.path().join(format!("out-{side:?}"))
    }

    /// What `side` reads, and /dev/null if it has no file.
    fn stdin(&self, side: From) -> In {
        let path = self.input(side);
        if path.exists() {
            In::File(path)
        } else {
            In::Null
        }
    }

    /// Sees that each side has written what the other one read.
    fn arrived(&self, from: From) -> Told {
        let read = |path: &Path| {
            fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
        };
        let upload = if from == From::Server {
            &[]
        } else {
            BYTES.as_slice()
        };
        let download = if from == From::Client {
            &[]
        } else {
            OTHER_BYTES.as_slice()
        };
        same(
            "the server's output",
            &read(&self.output(From::Server))?,
            upload,
        )?;
        same(
            "the client's output",
            &read(&self.output(From::Client))?,
            download,
        )
    }
}

fn listening(over: Over, dir: &Path, carrier: Carrier) -> Program {
    let words = match over {
        Over::Tcp => Place::any_port().words(),
        Over::Unix => socket_in(dir).words(),
    };
    Program::ncat(["-l".to_owned(), "-v".to_owned()].into_iter().chain(words)).carrier(carrier)
}

/// `ncat -l > out < file-or-null` and `ncat host < file-or-null > out`.
fn undisturbed(over: Over, from: From, carrier: Carrier) -> Told {
    let files = Files::new(from)?;
    let server = listening(over, files.dir.path(), carrier);
    let mut server = Scene::of(
        server
            .stdin(files.stdin(From::Server))
            .stdout(Out::File(files.output(From::Server))),
    )?;
    let client = Program::ncat(place_of(&mut server)?.words()).carrier(carrier);
    let mut client = Scene::of(
        client
            .stdin(files.stdin(From::Client))
            .stdout(Out::File(files.output(From::Client))),
    )?;
    client
        .ends_with(0)
        .map_err(|e| format!("the client: {e}"))?;
    server
        .ends_with(0)
        .map_err(|e| format!("the server: {e}"))?;
    files.arrived(from)
}

/// Moves bytes from one descriptor to another the way a bad line would, and ends the second when
/// the first ends.
fn trickle(from: &OwnedFd, to: &OwnedFd, seed: u64, deadline: Deadline) -> Told {
    let mut chance = Xorshift::new(seed);
    let mut piece = vec![0; 1 << 17];
    loop {
        ready(from, PollFlags::IN, deadline)?;
        let most = draw_size(&mut chance);
        let got = match read(from, &mut piece[..most]) {
            Ok(0) => break,
            Ok(got) => got,
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(error) => return Err(format!("the disturbed line broke while reading: {error}")),
        };
        let mut sent = 0;
        while sent < got {
            pause(&mut chance);
            ready(to, PollFlags::OUT, deadline)?;
            let until = got.min(sent + draw_size(&mut chance));
            match write(to, &piece[sent..until]) {
                Ok(n) => sent += n,
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => {
                    return Err(format!("the disturbed line broke while writing: {error}"));
                }
            }
        }
    }
    // A pipe ends when its descriptor is closed by the caller.
    let _ = shutdown(to, Shutdown::Write);
    Ok(())
}

/// Mostly large, sometimes a few bytes: all small would take all day and show no more.
fn draw_size(chance: &mut Xorshift) -> usize {
    let most = if chance.between(0, 3) == 0 {
        100
    } else {
        1 << 17
    };
    usize::try_from(chance.between(1, most)).expect("a small number fits")
}

/// A while in which nothing happens, now and then.
fn pause(chance: &mut Xorshift) {
    if chance.between(0, 7) == 0 {
        let _ = Deadline::after(Duration::from_micros(chance.between(1, 3000))).poll(&mut []);
    }
}

fn ready(fd: &impl AsFd, flags: PollFlags, deadline: Deadline) -> Told {
    let mut fds = [PollFd::new(fd, flags)];
    let ready = deadline.poll(&mut fds)?;
    if ready {
        Ok(())
    } else {
        Err(format!(
            "the disturbed line stands still, waiting for {flags:?}"
        ))
    }
}

/// Signals at random until told to stop; the program is left running.
fn pester(program: &common::Running, seed: u64, stop: &AtomicBool) -> Told {
    let mut chance = Xorshift::new(seed);
    while !stop.load(Ordering::Relaxed) {
        match chance.between(0, 2) {
            0 => {
                program.signal(Signal::STOP)?;
                pause(&mut chance);
                program.signal(Signal::CONT)?;
            }
            1 => program.signal(Signal::WINCH)?,
            _ => program.signal(Signal::CHILD)?,
        }
        let _ = Deadline::after(Duration::from_micros(chance.between(100, 5000))).poll(&mut []);
    }
    Ok(())
}

/// The same transfer with a relay in between, dribbling pipes for stdin and stdout, and signals.
fn disturbed(over: Over, from: From, carrier: Carrier, seed: u64) -> Told {
    let deadline = Deadline::after(DISTURBED);
    let dir = directory()?;
    let ((server_in, feed_server), (catch_server, server_out)) = (pipe()?, pipe()?);
    let ((client_in, feed_client), (catch_client, client_out)) = (pipe()?, pipe()?);

    let server = listening(over, dir.path(), carrier)
        .stdin(In::Given(server_in))
        .stdout(Out::Given(server_out));
    let mut server = Scene::of(server)?;
    let place = place_of(&mut server)?;
    let door = match over {
        Over::Tcp => Place::any_port(),
        Over::Unix => Place::Unix(dir.path().join("relay")),
    }
    .open()?;
    let client = Program::ncat(door.place.words()).carrier(carrier);
    let mut client = Scene::of(
        client
            .stdin(In::Given(client_in))
            .stdout(Out::Given(client_out)),
    )?;
    let near = door.accept(deadline)?.into_fd()?;
    let far = place.connect()?.into_fd()?;

    let upload = if from == From::Server {
        &[]
    } else {
        BYTES.as_slice()
    };
    let download = if from == From::Client {
        &[]
    } else {
        OTHER_BYTES.as_slice()
    };
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let near = &near;
        let far = &far;
        let (from_client, from_server) = (&client.program, &server.program);
        let pests = [
            scope.spawn(|| pester(from_client, seed + 1, &stop)),
            scope.spawn(|| pester(from_server, seed + 2, &stop)),
        ];
        let lines = [
            scope.spawn(move || trickle(near, far, seed + 3, deadline)),
            scope.spawn(move || trickle(far, near, seed + 4, deadline)),
            scope.spawn(move || pour(upload, feed_client, seed + 5, deadline)),
            scope.spawn(move || pour(download, feed_server, seed + 6, deadline)),
            scope.spawn(move || {
                soak(
                    &catch_client,
                    download,
                    "the client's output",
                    seed + 7,
                    deadline,
                )
            }),
            scope.spawn(move || {
                soak(
                    &catch_server,
                    upload,
                    "the server's output",
                    seed + 8,
                    deadline,
                )
            }),
        ];
        let told: Vec<Told> = lines
            .into_iter()
            .map(|line| line.join().expect("a line does not panic"))
            .collect();
        stop.store(true, Ordering::Relaxed);
        for pest in pests {
            pest.join().expect("a pest does not panic")?;
        }
        told.into_iter().collect::<Told>()
    })
    .map_err(|e| {
        format!(
            "{e}; the client: {}; the server: {}",
            client.state(),
            server.state()
        )
    })?;
    client
        .ends_with(0)
        .map_err(|e| format!("the client: {e}"))?;
    server
        .ends_with(0)
        .map_err(|e| format!("the server: {e}"))?;
    Ok(())
}

/// Puts `bytes` into a pipe in pieces, then closes it.
fn pour(bytes: &[u8], into: OwnedFd, seed: u64, deadline: Deadline) -> Told {
    let mut chance = Xorshift::new(seed);
    let mut rest = bytes;
    while !rest.is_empty() {
        pause(&mut chance);
        ready(&into, PollFlags::OUT, deadline)?;
        // Not more than PIPE_BUF at once: writing may block only for what poll has promised.
        let most = draw_size(&mut chance).min(4096).min(rest.len());
        let sent = write(&into, &rest[..most]).map_err(|e| format!("stdin broke: {e}"))?;
        rest = &rest[sent..];
    }
    Ok(())
}

/// Takes everything out of a pipe in pieces and compares.
fn soak(from: &OwnedFd, want: &[u8], what: &str, seed: u64, deadline: Deadline) -> Told {
    let mut chance = Xorshift::new(seed);
    let mut got = Vec::with_capacity(want.len());
    let mut piece = vec![0; 1 << 17];
    loop {
        pause(&mut chance);
        ready(from, PollFlags::IN, deadline)?;
        let most = draw_size(&mut chance);
        match read(from, &mut piece[..most]).map_err(|e| format!("{what} broke: {e}"))? {
            0 => return same(what, &got, want),
            n => got.extend_from_slice(&piece[..n]),
        }
    }
}

#[test]
fn twenty_megabytes_arrive_whole_every_time() -> Told {
    let mut cases = Vec::new();
    for run in 1..=runs() {
        for carrier in Carrier::BOTH {
            for (over, from) in EVERYTHING {
                let name = format!("{over:?}, from {from:?}, {carrier}, run {run}");
                cases.push(Case::new(name, move || undisturbed(over, from, carrier)));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn twenty_megabytes_arrive_whole_on_a_bad_line_and_under_signals() -> Told {
    let mut cases = Vec::new();
    for run in 1..=runs().div_ceil(5) {
        for carrier in Carrier::BOTH {
            for (over, from) in EVERYTHING {
                let seed = run * 1000 + cases.len() as u64 * 10;
                let name = format!("{over:?}, from {from:?}, {carrier}, seed {seed}");
                cases.push(Case::new(name, move || {
                    disturbed(over, from, carrier, seed)
                }));
            }
        }
    }
    all_hold(&cases)
}
