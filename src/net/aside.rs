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

/// How many names may be waited for. With a name server that is slower than peers are, those who come then
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
    /// What the host of the peer is called that has waited longest, if it is called anything.
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
    /// Peers whose names are being looked up.
    peers: VecDeque<String>,
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
            peers: VecDeque::new(),
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

    /// Says that a peer came, by the name of its host if that is wanted.
    pub(super) fn say_accepted(&mut self, peer: &str) {
        let namer = self.config.phrases.as_ref().and_then(|p| p.namer());
        let address = peer.parse::<SocketAddr>().map(|address| address.ip());
        match (namer, address) {
            (Some(namer), Ok(ip)) if self.say.hears(Level::Verbose) => {
                if !self.ask_for_name(peer, ip, namer) {
                    self.say_came(peer, None);
                }
            }
            _ => self.say_came(peer, None),
        }
    }

    fn ask_for_name(
        &mut self,
        peer: &str,
        ip: IpAddr,
        namer: fn(IpAddr) -> Option<String>,
    ) -> bool {
        let Ok(aside) = self.aside() else {
            return false;
        };
        if aside.peers.len() == NAMES {
            return false;
        }
        aside.peers.push_back(peer.into());
        let question = Box::new(move || Answer::Host(namer(ip)));
        let _ = aside.questions.send(question); // the thread lasts as long as we do
        true
    }

    fn say_came(&self, peer: &str, host: Option<&str>) {
        if let Some(phrases) = &self.config.phrases {
            let words = phrases.accepted(peer, host);
            self.say.bare(Level::Verbose, &words);
        }
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
                let peer = self.aside.as_mut().and_then(|a| a.peers.pop_front());
                if let Some(peer) = peer {
                    self.say_came(&peer, host.as_deref());
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

    /// The run is over: whoever came and has not been told of yet is told of now.
    pub(super) fn end_aside(&mut self) {
        let until = Instant::now() + FAREWELL;
        while let Some(aside) = self.aside.as_mut().filter(|aside| !aside.peers.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            let answer = aside.answers.recv_timeout(left);
            self.take_answer(answer.unwrap_or(Answer::Host(None)));
        }
    }
}
