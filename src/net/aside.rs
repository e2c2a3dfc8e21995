//! What the hosts of peers are called, asked of name servers by a thread that serves nobody.
//!
//! The thread asks for one name after another, and begins with the first. Promise: nobody who is served waits for
//! a name, and lines are said in the order in which they came up.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Registry, Waker};

use super::mailbox::Mailbox;
use super::{Shell, token};
use crate::say::Level;

/// How many lines may wait for names. With a name server that is slower than peers are, those who come then
/// are told of by their addresses.
const NAMES: usize = 64;
/// How long the last lines of a run wait for the names in them.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the thread sleeps at most when it has nothing to do. It is woken, and only has to say something.
const SLEEP: Duration = Duration::from_secs(3600);

/// Says what a host is called, if it is called anything.
type Namer = fn(IpAddr) -> Option<String>;

/// The thread, and what it is asked.
pub(super) struct Aside {
    questions: Arc<Mailbox<(Namer, IpAddr)>>,
    answers: Arc<Mailbox<Option<String>>>,
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
        let questions = Mailbox::<(Namer, IpAddr)>::of_thread();
        let answers = Mailbox::of_loop(Waker::new(registry, token::ASIDE)?);
        let (asked, told) = (Arc::clone(&questions), Arc::clone(&answers));
        let work = move || {
            loop {
                if let Some((name, host)) = asked.wait(SLEEP) {
                    told.put(name(host));
                }
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
    fn ask_for_name(&mut self, line: Line, host: IpAddr, namer: Namer) -> Option<Line> {
        let aside = self.aside().ok().filter(|aside| aside.lines.len() < NAMES);
        let Some(aside) = aside else {
            return Some(line);
        };
        aside.lines.push_back(line);
        aside.questions.put((namer, host));
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

    /// The thread has something to say.
    pub(super) fn note_aside(&mut self) {
        while let Some(host) = self.aside.as_ref().and_then(|a| a.answers.take()) {
            self.take_name(host);
        }
    }

    /// What the host is called of the line that has waited longest.
    fn take_name(&mut self, host: Option<String>) {
        let line = self.aside.as_mut().and_then(|a| a.lines.pop_front());
        if let Some(line) = line {
            self.say_line(&line, host.as_deref());
        }
    }

    /// The run is over: what has not been told yet is told now.
    pub(super) fn end_aside(&mut self) {
        let until = Instant::now() + FAREWELL;
        while let Some(aside) = self.aside.as_mut().filter(|aside| !aside.lines.is_empty()) {
            let left = until.saturating_duration_since(Instant::now());
            let answer = aside.answers.wait(left);
            self.take_name(answer.flatten());
        }
    }
}
