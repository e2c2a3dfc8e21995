//! Questions whose answers may be long in coming, put to a thread that serves nobody.
//!
//! What a peer's host is called has to be asked of a name server, and a password of a person. One thread asks,
//! one question after another, and begins with the first. Promise: nobody who is served waits for an
//! answer, and answers come in the order of the questions.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Registry, Waker};

use super::dial::words;
use super::{Shell, token};
use crate::mode::{Event, Failure};
use crate::say::Level;

/// How many lines may wait for names. With a name server that is slower than peers are, those who come then
/// are told of by their addresses.
const NAMES: usize = 64;
/// How long the last lines of a run wait for the names in them.
const FAREWELL: Duration = Duration::from_secs(1);

/// Asks a person for what opens a proxy, and hands on what was said.
pub struct Asker {
    /// Asks, and may take its time.
    pub ask: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
    /// Takes the answer.
    pub tell: Box<dyn Fn(String)>,
}

/// What is done by the thread.
type Question = Box<dyn FnOnce() -> Answer + Send>;

/// What came of it.
enum Answer {
    /// What the host is called of the line that has waited longest, if it is called anything.
    Host(Option<String>),
    /// What the user says that opens the way to that peer of the command line.
    Secret {
        dial: usize,
        said: Result<String, String>,
    },
}

/// The thread, and what it is asked.
pub(super) struct Aside {
    questions: Sender<Question>,
    answers: Receiver<Answer>,
    /// Lines about hosts whose names are being looked up.
    lines: VecDeque<Line>,
}

/// A line about a place that is to be told of by the name of its host.
pub(super) enum Line {
    /// We listen there, to datagrams or not.
    Listening { place: String, datagrams: bool },
    /// A peer came from there.
    Came { peer: String },
}

impl Line {
    /// The host, if it is one that may have a name.
    fn host(&self) -> Option<IpAddr> {
        let (Self::Listening { place, .. } | Self::Came { peer: place }) = self;
        let address: SocketAddr = place.parse().ok()?;
        Some(address.ip()).filter(|ip| !ip.is_unspecified())
    }
}

impl Aside {
    fn begin(registry: &Registry) -> io::Result<Self> {
        let waker = Waker::new(registry, token::ASIDE)?;
        let (questions, asked) = channel::<Question>();
        let (sender, answers) = channel();
        let work = move || {
            for question in asked {
                let _ = sender.send(question()); // it is taken unless we are ending
                let _ = waker.wake(); // fails for want of kernel memory only
            }
        };
        thread::Builder::new().name("aside".into()).spawn(work)?;
        Ok(Self {
            questions,
            answers,
            lines: VecDeque::new(),
        })
    }
}

impl Shell {
    /// The thread, which begins when it is wanted.
    fn aside(&mut self) -> io::Result<&mut Aside> {
        let aside = match self.aside.take() {
            Some(aside) => aside,
            None => Aside::begin(self.poll.registry())?,
        };
        Ok(self.aside.insert(aside))
    }

    /// Says it by the name of the host, when that is known, if names are wanted.
    pub(super) fn say_by_name(&mut self, line: Line) {
        let namer = self.config.phrases.as_ref().and_then(|p| p.namer());
        let namer = namer.filter(|_| self.say.hears(Level::Verbose));
        let unnamed = match namer.zip(line.host()) {
            Some((namer, host)) => self.ask_for_name(line, host, namer),
            None => Some(line),
        };
        if let Some(line) = unnamed {
            self.say_line(&line, None);
        }
    }

    /// Has a name looked up; gives the line back if that cannot be.
    fn ask_for_name(
        &mut self,
        line: Line,
        host: IpAddr,
        namer: fn(IpAddr) -> Option<String>,
    ) -> Option<Line> {
        let aside = self.aside().ok().filter(|aside| aside.lines.len() < NAMES);
        let Some(aside) = aside else {
            return Some(line);
        };
        aside.lines.push_back(line);
        let question = Box::new(move || Answer::Host(namer(host)));
        let _ = aside.questions.send(question); // the thread lasts as long as we do
        None
    }

    fn say_line(&self, line: &Line, host: Option<&str>) {
        let Some(phrases) = &self.config.phrases else {
            return;
        };
        let words = match line {
            Line::Listening { place, datagrams } => phrases.listening(place, *datagrams, host),
            Line::Came { peer } => phrases.accepted(peer, host),
        };
        self.say.bare(Level::Verbose, &words);
    }

    /// Asks the user for what a proxy wants to hear before it brings us to a peer.
    pub(super) fn ask_user(&mut self, dial: usize) {
        let Some(ask) = self
            .config
            .asker
            .as_ref()
            .map(|asker| Arc::clone(&asker.ask))
        else {
            return self.untold(dial, "the user cannot be asked");
        };
        let aside = match self.aside() {
            Ok(aside) => aside,
            Err(error) => return self.untold(dial, &words(&error)),
        };
        let question = Box::new(move || Answer::Secret { dial, said: ask() });
        let _ = aside.questions.send(question); // the thread lasts as long as we do
    }

    fn untold(&mut self, dial: usize, why: &str) {
        self.say.error(&format!("{why}."));
        let why = Failure {
            words: why.into(),
            wrong_peer: false,
            hint: None,
            hung_up: false,
            told: true,
        };
        self.outbox.push_back(Event::Fail { dial, why });
    }

    /// The thread has something to say.
    pub(super) fn note_aside(&mut self) {
        while let Some(answer) = self.aside.as_ref().and_then(|a| a.answers.try_recv().ok()) {
            self.take_answer(answer);
        }
    }

    fn take_answer(&mut self, answer: Answer) {
        match answer {
            Answer::Host(host) => {
                let line = self.aside.as_mut().and_then(|a| a.lines.pop_front());
                if let Some(line) = line {
                    self.say_line(&line, host.as_deref());
                }
            }
            Answer::Secret {
                dial,
                said: Ok(said),
            } => {
                if let Some(asker) = &self.config.asker {
                    (asker.tell)(said);
                }
                // A person's time is not the proxy's: that begins anew.
                let wait = self.config.target.as_ref().and_then(|target| target.wait);
                self.dial_until(dial, wait.map(|wait| self.now + wait));
            }
            Answer::Secret {
                dial,
                said: Err(why),
            } => self.untold(dial, &why),
        }
    }

    /// The run is over: what has not been told yet is told now.
    pub(super) fn end_aside(&mut self) {
        let until = Instant::now() + FAREWELL;
        while let Some(aside) = self.aside.as_mut().filter(|aside| !aside.lines.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            let answer = aside.answers.recv_timeout(left);
            self.take_answer(answer.unwrap_or(Answer::Host(None)));
        }
    }
}
