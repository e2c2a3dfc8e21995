//! What the program is for: small policies that decide who talks to whom and see no bytes.
//!
//! A mode is told what happened, in order, and asks by name for what should happen next. Its
//! requests take effect in the order asked, after it returns; no mode is entered twice at once.

mod broker;
mod connect;
mod exec;
mod listen;
mod members;
mod pass_on;
mod proxy;
mod scan;
#[cfg(test)]
mod script;
mod series;
mod talk;

use std::fmt;
use std::time::Duration;

pub use broker::Broker;
pub use connect::Connect;
pub use exec::{Entry, Exec};
pub use listen::{KeepOpen, Listen};
pub use pass_on::PassOn;
pub use proxy::Proxy;
pub use scan::Scan;
pub use series::Series;
pub use talk::{Ending, Manners, Quit};

use crate::ids::ConnId;
pub use crate::route::Flow;
pub use crate::say::{Fact, Level};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// The program begins.
    Start,
    /// A dial has led to a connection.
    Open {
        /// Which of the command line's peers.
        dial: usize,
        /// The connection.
        conn: ConnId,
    },
    /// A dial has led nowhere, or a server's only peer came and did not agree how to talk.
    Fail {
        /// Which of the command line's peers; 0 for one that came.
        dial: usize,
        /// What the last of its addresses answered, or why there was no agreement.
        why: Failure,
    },
    /// A peer came in and was let in.
    Accept {
        /// Its connection.
        conn: ConnId,
    },
    /// The source of a route is over and what it gave has been handed over.
    End {
        /// The source.
        conn: ConnId,
    },
    /// A connection cannot be read or written any more. What had been read has been handed over
    /// unless it is the writing that failed. A program that takes no input is not broken.
    Broken {
        /// The connection.
        conn: ConnId,
        /// Which of the two failed.
        doing: Doing,
        /// Why.
        why: Failure,
    },
    /// A member of a hub has taken nothing for too long while it held the others back.
    Stalled {
        /// The member.
        conn: ConnId,
    },
    /// Time is up.
    Alarm {
        /// The connection it was set for.
        conn: ConnId,
        /// What it was set for.
        what: Alarm,
    },
    /// The program for a peer was started.
    Spawned {
        /// The peer.
        peer: ConnId,
        /// What the program writes and reads.
        child: ConnId,
    },
    /// It could not be started.
    NotSpawned {
        /// The peer.
        peer: ConnId,
        /// Why.
        why: Failure,
    },
    /// A program has exited; some of its output may still be on its way. Said again when it
    /// had been hung up on after its exit, and the time has come.
    Exited {
        /// What it wrote and read.
        child: ConnId,
    },
    /// A peer of a proxy wants something done.
    Ask {
        /// The peer.
        conn: ConnId,
        /// What.
        errand: Errand,
        /// The request, as a log shows it.
        words: String,
    },
    /// What it wanted was reached, and the peer has been told.
    Reached {
        /// The peer.
        asker: ConnId,
        /// The connection to there; none where datagrams are passed on.
        conn: Option<ConnId>,
    },
    /// A request of a peer is over, and the peer has been told.
    Served {
        /// The peer.
        conn: ConnId,
        /// The request, as a log shows it.
        words: String,
        /// What the peer was told, as its protocol numbers it.
        status: Option<u16>,
        /// What is to come.
        next: Next,
    },
    /// A signal asks us to end.
    Signal {
        /// Its number.
        number: i32,
    },
}

/// What is to come behind a request that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The peer may ask for more.
    Request,
    /// Its connection is to be closed.
    End,
    /// The same, and the peer is to see that it has not been told all.
    Cut,
}

/// What a peer of a proxy wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// A connection through which bytes pass unseen.
    Tunnel,
    /// A connection for one request and its response, whose ends its layers know.
    Exchange,
    /// Datagrams passed on, for as long as its connection lasts.
    Relay,
}

impl Event {
    /// The connection it is about, if it is about one.
    pub fn conn(&self) -> Option<ConnId> {
        match *self {
            Self::Open { conn, .. }
            | Self::Accept { conn }
            | Self::End { conn }
            | Self::Broken { conn, .. }
            | Self::Stalled { conn }
            | Self::Ask { conn, .. }
            | Self::Served { conn, .. }
            | Self::Alarm { conn, .. } => Some(conn),
            Self::Start | Self::Fail { .. } | Self::Signal { .. } => None,
            // A program may outlive the connection with its pipes, and its peer.
            Self::Spawned { .. } | Self::NotSpawned { .. } | Self::Exited { .. } => None,
            // Who asked may have left meanwhile, and the connection is to be closed.
            Self::Reached { .. } => None,
        }
    }
}

/// What was being done when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Reading.
    Reading,
    /// Writing.
    Writing,
}

/// Why something failed, in the words a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The system's or the protocol's words, without a full stop.
    pub words: String,
    /// The peer is the wrong one: nothing like it is to be tried again.
    pub wrong_peer: bool,
    /// What is certain to help, in a sentence.
    pub hint: Option<&'static str>,
    /// Whoever was to read it has left.
    pub hung_up: bool,
    /// The user has been told already.
    pub told: bool,
}

impl Failure {
    /// Ends a run that has nothing else to do.
    fn end(&self, net: &mut dyn Net) {
        let (quitting, status) = match self.wrong_peer {
            true => (" QUITTING.", 2),
            false => ("", 1),
        };
        if !self.told {
            let fact = self.fact().number("status", status as u64);
            net.tell(Level::Error, format!("{self}.{quitting}"), fact);
        }
        net.exit(status, When::Now);
    }

    /// For machines: that nothing came of it.
    fn fact(&self) -> Fact {
        let fact = Fact::new("failed").reason(&self.words);
        match &self.hint {
            Some(hint) => fact.hint(*hint),
            None => fact,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

/// What a mode can ask to be woken for, each at most once at a time for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Nothing has moved at the connection for that long. Rings again and again.
    Idle,
    /// Our own end has been silent for that long, and everything it said has been handed over. Does
    /// not ring when a link hands something over meanwhile.
    Lull,
    /// `-q`.
    Quit,
}

impl Alarm {
    /// How many kinds there are.
    pub const KINDS: usize = 3;
}

/// Who hears whom in a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Members hear the centre, and the centre hears them.
    Star,
    /// Members hear the centre and each other; the centre hears nobody.
    Mesh,
}

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When everything that was read has been handed over.
    Delivered,
    /// At once.
    Now,
}

/// What a mode may ask.
pub trait Net {
    /// Reach the `n`th peer of the command line.
    fn dial(&mut self, n: usize);
    /// Let these two talk: `out` is from `near` to `far`.
    fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow);
    /// Make `centre` the middle of a hub.
    fn hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach);
    /// Add a member to the hub; in a chat it goes by that number.
    fn join(&mut self, conn: ConnId, number: u32);
    /// Say something to all members of a chat.
    fn announce(&mut self, words: String);
    /// Start the program for a peer.
    fn spawn(&mut self, peer: ConnId);
    /// Tell a program to end, after that time if it still runs.
    fn hang_up(&mut self, child: ConnId, after: Duration);
    /// Leave the connection to whoever reads our stdout, and end.
    fn pass_on(&mut self, conn: ConnId);
    /// A program that has exited is not wanted any more.
    fn forget(&mut self, child: ConnId);
    /// Do what a peer of a proxy wants done.
    fn reach(&mut self, asker: ConnId);
    /// Listen to what a peer of a proxy wants next.
    fn hear(&mut self, conn: ConnId);
    /// Tell a peer's exchange that the other end is over, in order or not.
    fn conclude(&mut self, asker: ConnId, in_order: bool);
    /// Tell the connection that no more will be sent, once everything has been.
    fn finish(&mut self, conn: ConnId);
    /// Close the connection.
    fn close(&mut self, conn: ConnId, when: When);
    /// Close it when everything that was read has been handed over, and so that the peer sees that this
    /// was not all.
    fn cut(&mut self, conn: ConnId);
    /// The connection takes nobody's place any more, unless it is to be closed and is not done: somebody
    /// else may come in for it.
    fn release(&mut self, conn: ConnId);
    /// Accept nobody any more.
    fn stop_listening(&mut self);
    /// Ring after that time; a new request for the same alarm replaces the old one.
    fn arm(&mut self, conn: ConnId, what: Alarm, after: Duration);
    /// End the program.
    fn exit(&mut self, status: i32, when: When);
    /// Tell the user: a sentence without the program's name in front.
    fn say(&mut self, level: Level, words: String);
    /// The same, of something that machines want to know as well.
    fn tell(&mut self, level: Level, words: String, fact: Fact) {
        let _ = fact; // who remembers sentences only
        self.say(level, words);
    }
    /// The peer's address as the user knows it.
    fn name(&self, conn: ConnId) -> String;
    /// Bytes handed to the connection and taken from it so far.
    fn passed(&self, conn: ConnId) -> (u64, u64);
    /// Whether the peer's system has everything that was handed to the connection.
    fn has_all(&self, conn: ConnId) -> bool;
    /// Time since the program began.
    fn elapsed(&self) -> Duration;
}

/// Policy. Told in order, asks by name.
pub trait Mode {
    /// Reacts to one event.
    fn on_event(&mut self, event: Event, net: &mut dyn Net);
}

/// How long our end must be silent, after the peer's end, to count as having nothing to say.
const LULL: Duration = Duration::from_millis(500);

/// Says that stdio has failed.
fn say_stdio_failure(doing: Doing, why: &Failure, net: &mut dyn Net) {
    let (side, words) = match doing {
        Doing::Reading => ("stdin", format!("read: {why} (standard input).")),
        Doing::Writing => ("stdout", format!("write: {why} (standard output).")),
    };
    let fact = Fact::new("stdio_failed").text("side", side);
    net.tell(Level::Error, words, fact.reason(&why.words));
}

/// Says that somebody came in.
fn say_connection(conn: ConnId, net: &mut dyn Net) {
    let name = net.name(conn);
    let words = format!("Connection from {name}.");
    net.tell(Level::Verbose, words, Fact::new("accepted").peer(name));
}

/// Says that whom we dialled is there.
fn say_connected(conn: ConnId, net: &mut dyn Net) {
    let name = net.name(conn);
    let words = format!("Connected to {name}.");
    net.tell(Level::Verbose, words, Fact::new("connected").peer(name));
}

/// Says that a connection that is one of many has broken.
fn say_broken(conn: ConnId, why: &Failure, net: &mut dyn Net) {
    let name = net.name(conn);
    let words = format!("Connection with {name} broke: {why}.");
    let fact = Fact::new("broken").peer(name).reason(&why.words);
    net.tell(Level::Verbose, words, fact);
}

/// For machines: a peer's time is up.
fn timeout(peer: String, after: Duration) -> Fact {
    let fact = Fact::new("timeout").peer(peer);
    fact.seconds("seconds", after.as_secs_f64())
}

/// Says that one of many peers has been silent for too long.
fn say_silent(conn: ConnId, after: Duration, net: &mut dyn Net) {
    let name = net.name(conn);
    let words = format!("{name}: {}", idle_sentence(after));
    net.tell(Level::Verbose, words, timeout(name, after));
}

/// The sentence for a time-out.
fn idle_sentence(after: Duration) -> String {
    format!("Idle timeout expired ({} ms).", after.as_millis())
}

/// The same where it ends a listener, in the words that scripts know.
fn quitting_sentence(after: Duration) -> String {
    format!("{} QUITTING.", idle_sentence(after))
}
