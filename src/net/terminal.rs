//! A person at the terminal, who is asked for what nobody else is to see.
//!
//! Promise: what is typed is not shown, the terminal is afterwards as it was, though a signal end us meanwhile,
//! and the loop waits for an answer as for any other event.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use mio::Interest;
use mio::event::Source;
use mio::unix::SourceFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::low_level::emulate_default_handler;

use super::dial::words;
use super::{Shell, token};
use crate::mode::{Event, Failure};

/// The most that an answer may hold; no terminal takes a longer line.
const LONGEST: usize = 4096;

/// What a person is asked for that opens a proxy, and who is told.
pub struct Asker {
    /// What is shown.
    pub prompt: String,
    /// Takes the answer.
    pub tell: Box<dyn Fn(Vec<u8>)>,
}

/// What is known of the person.
#[derive(Default)]
pub(super) struct Person {
    question: Option<Question>,
    /// There has been a question before.
    was_asked: bool,
    /// Signals are caught only to leave the terminal as it was.
    mortal: bool,
}

/// A question that has been asked.
struct Question {
    terminal: OwnedFd,
    /// How the terminal was.
    before: Termios,
    typed: Vec<u8>,
    /// Which peer of the command line the answer opens the way to.
    dial: usize,
}

impl Question {
    fn ask(prompt: &str, dial: usize) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = open("/dev/tty", flags, Mode::empty())?;
        let before = tcgetattr(&terminal)?;
        let question = Self {
            terminal,
            before,
            typed: Vec::new(),
            dial,
        };
        let mut hidden = question.before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden
            .local_modes
            .insert(LocalModes::ECHONL | LocalModes::ICANON);
        // What was typed before was not meant for us.
        tcsetattr(&question.terminal, OptionalActions::Flush, &hidden)?;
        rustix::io::write(&question.terminal, prompt.as_bytes())?;
        Ok(question)
    }

    /// The answer, once it is there.
    fn answer(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut room = [0; 256];
        loop {
            let n = match rustix::io::read(&self.terminal, &mut room) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => n,
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            self.typed.extend_from_slice(&room[..n]);
            if let Some(end) = self.typed.iter().position(|byte| *byte == b'\n') {
                self.typed.truncate(end);
                return Ok(Some(std::mem::take(&mut self.typed)));
            }
            if self.typed.len() > LONGEST {
                return Err(io::Error::other("the answer is too long"));
            }
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before); // nobody is left to be told
    }
}

impl Shell {
    /// Asks the person for what a proxy wants to hear before it brings us to a peer.
    pub(super) fn ask_person(&mut self, dial: usize) {
        if std::mem::replace(&mut self.person.was_asked, true) {
            self.say.error("Proxy authentication failed");
        }
        if let Err(error) = self.try_to_ask(dial) {
            self.untold(dial, &error);
        }
    }

    fn try_to_ask(&mut self, dial: usize) -> io::Result<()> {
        if self.signals.is_none() {
            self.watch_signals()?;
            self.person.mortal = true;
        }
        let asker = self.config.asker.as_ref();
        let asker = asker.ok_or(io::ErrorKind::Unsupported)?;
        let question = Question::ask(&asker.prompt, dial)?;
        SourceFd(&question.terminal.as_raw_fd()).register(
            self.poll.registry(),
            token::TERMINAL,
            Interest::READABLE,
        )?;
        self.person.question = Some(question);
        Ok(())
    }

    /// Something was typed.
    pub(super) fn note_terminal(&mut self) {
        let Some(question) = &mut self.person.question else {
            return;
        };
        let dial = question.dial;
        let answer = match question.answer() {
            Ok(None) => return,
            Ok(Some(answer)) => Ok(answer),
            Err(error) => Err(error),
        };
        self.leave_terminal();
        match answer {
            Ok(answer) => {
                if let Some(asker) = &self.config.asker {
                    (asker.tell)(answer);
                }
                // A person's time is not the proxy's: that begins anew.
                let wait = self.config.target.as_ref().and_then(|target| target.wait);
                self.dial_until(dial, wait.map(|wait| self.now + wait));
            }
            Err(error) => self.untold(dial, &error),
        }
    }

    /// Leaves the terminal as it was.
    pub(super) fn leave_terminal(&mut self) {
        self.person.question = None;
    }

    /// A signal that would have ended us, had the terminal been ours to leave; false if it is caught for
    /// another reason.
    pub(super) fn dies_of(&mut self, signal: i32) -> bool {
        if self.person.mortal {
            self.leave_terminal();
            // It returns only if it could not.
            let _ = emulate_default_handler(signal);
            self.exit = Some(128 + signal);
        }
        self.person.mortal
    }

    fn untold(&mut self, dial: usize, error: &io::Error) {
        let why = words(error);
        let words = format!("The proxy wants a password, and no terminal gives it: {why}");
        self.say.error(&format!("{words}."));
        let why = Failure {
            words,
            wrong_peer: false,
            hint: None,
            hung_up: false,
            told: true,
        };
        self.outbox.push_back(Event::Fail { dial, why });
    }
}
