//! `-P` without a password: who is asked for it, and when.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::common::scene::place_of;
use crate::common::{Deadline, In, Place, Program, Scene, Told, told};
use crate::{Who, normal, with_both, words};

/// A person at a terminal.
struct Person {
    screen: OwnedFd,
    seen: Vec<u8>,
}

impl Person {
    /// Somebody, and the terminal.
    fn new() -> Told<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let screen = told(openpt(flags).map_err(io::Error::from))?;
        told(unlockpt(&screen).map_err(io::Error::from))?;
        let terminal = ioctl_tiocgptpeer(&screen, flags);
        let terminal = told(terminal.map_err(io::Error::from))?;
        let seen = Vec::new();
        Ok((Self { screen, seen }, terminal))
    }

    /// Waits for the `n`th question, and answers.
    fn answers(&mut self, n: usize, word: &str) -> Told {
        self.is_asked(n)?;
        self.types(&format!("{word}\n"))
    }

    /// Waits for the `n`th question.
    fn is_asked(&mut self, n: usize) -> Told {
        let deadline = Deadline::usual();
        while self.text().matches(QUESTION).count() < n {
            let time = rustix::event::Timespec {
                tv_sec: 1,
                tv_nsec: 0,
            };
            let screen = self.screen.as_fd();
            let mut fds = [PollFd::new(&screen, PollFlags::IN)];
            told(poll(&mut fds, Some(&time)).map_err(io::Error::from))?;
            if fds[0].revents().contains(PollFlags::IN) {
                let mut bytes = [0; 1024];
                let read = rustix::io::read(&self.screen, &mut bytes);
                let n = told(read.map_err(io::Error::from))?;
                self.seen.extend(&bytes[..n]);
            }
            if deadline.passed() {
                return Err(format!("nobody asked; on the screen: {:?}", self.text()));
            }
        }
        Ok(())
    }

    fn types(&self, keys: &str) -> Told {
        told(rustix::io::write(&self.screen, keys.as_bytes()).map_err(io::Error::from))?;
        Ok(())
    }

    /// Whether keys appear on the screen.
    fn sees_keys(&self) -> Told<bool> {
        let modes = told(tcgetattr(&self.screen).map_err(io::Error::from))?.local_modes;
        Ok(modes.contains(LocalModes::ECHO))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into()
    }
}

const QUESTION: &str = "Proxy password for user@127.0.0.1: ";

/// A proxy, with a password or without.
fn proxy(login: &[&str]) -> Told<(Scene, String)> {
    let args = [
        &["-l", "-v", "--proxy-type", "http"],
        login,
        &["127.0.0.1", "0"],
    ]
    .concat();
    let mut proxy = Scene::of(Program::ncat(args).stdin(In::Null))?;
    let at = place_of(&mut proxy)?.to_string();
    Ok((proxy, at))
}

/// Somebody whose terminal is `stdin`, which is left alone.
fn begin(who: Who, at: &str, target: &Place, stdin: In) -> Told<Scene> {
    let target = words(target);
    let args = [
        "-d", "-X", "connect", "-x", at, "-P", "user", &target[0], &target[1],
    ];
    let program = who.program(&args).with_usual_signals().stdin(stdin);
    Scene::of(program.through(&["setsid", "--ctty"]))
}

#[test]
fn a_password_is_asked_for_when_the_proxy_wants_it() -> Told {
    with_both(|who| {
        for tries in 1..=3 {
            let (_proxy, at) = proxy(&["--proxy-auth", "user:good"])?;
            let door = Place::any_port().open()?;
            let (mut person, terminal) = Person::new()?;
            let mut scene = begin(who, &at, &door.place, In::Given(terminal))?;
            for n in 1..tries {
                person.answers(n, "bad")?;
            }
            person.answers(tries, "good")?;
            scene.admit(&door)?;
            scene.peer().tx.push(b"welcome");
            scene.peer().tx.finish();
            let outcome = scene.ends_with(0)?;
            assert_eq!(outcome.stdout, b"welcome", "{who:?}, {tries} tries");
            let said = normal(&outcome.stderr).replace("nc: ", "");
            let wanted = "Proxy authentication failed\n".repeat(tries - 1);
            assert_eq!(said, wanted, "{who:?}, {tries} tries");
        }
        Ok(())
    })
}

#[test]
fn three_wrong_passwords_are_enough() -> Told {
    with_both(|who| {
        let (_proxy, at) = proxy(&["--proxy-auth", "user:good"])?;
        let (mut person, terminal) = Person::new()?;
        let nobody = Place::local(1);
        let mut scene = begin(who, &at, &nobody, In::Given(terminal))?;
        for n in 1..=3 {
            person.answers(n, "bad")?;
        }
        scene.ends_with(1)?;
        Ok(())
    })
}

#[test]
fn nobody_is_asked_whom_the_proxy_lets_in() -> Told {
    with_both(|who| {
        let (_proxy, at) = proxy(&[])?;
        let door = Place::any_port().open()?;
        let (_person, terminal) = Person::new()?;
        let mut scene = begin(who, &at, &door.place, In::Given(terminal))?;
        scene.admit(&door)?;
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?}");
        Ok(())
    })
}

#[test]
fn without_a_terminal_nobody_can_be_asked() -> Told {
    with_both(|who| {
        let (_proxy, at) = proxy(&["--proxy-auth", "user:good"])?;
        let target = words(&Place::local(1));
        let args = [
            "-X", "connect", "-x", &at, "-P", "user", &target[0], &target[1],
        ];
        let program = who.program(&args).through(&["setsid"]);
        let outcome = Scene::of(program.stdin(In::Null))?.ends_with(1)?;
        let one_line = outcome.stderr.lines().count() == 1;
        assert!(
            one_line && outcome.stderr.contains("pass"),
            "{}",
            outcome.stderr
        );
        Ok(())
    })
}

/// Theirs goes on waiting if the signal comes before it has begun to read.
#[test]
fn whoever_breaks_off_is_left_a_terminal_that_shows_what_is_typed() -> Told {
    let (_proxy, at) = proxy(&["--proxy-auth", "user:good"])?;
    let (mut person, terminal) = Person::new()?;
    assert!(person.sees_keys()?, "before");
    let mut scene = begin(Who::Ours, &at, &Place::local(1), In::Given(terminal))?;
    person.is_asked(1)?;
    assert!(!person.sees_keys()?, "asked");
    person.types("\x03")?;
    scene.ends_with(128 + Signal::INT.as_raw())?;
    assert!(person.sees_keys()?, "after");
    Ok(())
}
