//! The shell around everything: it owns the descriptors, the tables and the loop, tells the mode
//! what happened and carries out what the mode asks.
//!
//! Promise: a mode's requests take effect in the order asked, after the mode has returned.

pub mod address;
pub mod dial;
pub mod given;
pub mod hint;
pub mod notify;
pub mod resolve;
pub mod sockopt;
pub mod stdio;
pub mod sys;

mod alarm;
mod appetite;
mod aside;
mod child;
mod conn;
mod datagram;
mod desk;
mod entrance;
mod errand;
mod event_loop;
mod gate;
mod greeting;
mod judge;
mod listener;
mod log_file;
mod mailbox;
mod names;
mod orphans;
mod parting;
mod pass_on;
mod phrases;
mod progress;
mod reach;
mod relay;
mod reload;
mod routes;
mod signals;
mod terminal;
mod token;
mod transport;
mod turn;
pub mod wishes;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mio::Poll;
use mio::event::Source;
use mio::unix::SourceFd;
use signal_hook_mio::v1_0::Signals;
use socket2::SockAddr;

use self::alarm::Alarms;
use self::aside::Aside;
use self::child::Process;
pub use self::child::Program;
use self::conn::{Conn, LayerPool};
use self::datagram::Hall;
use self::dial::{Attempt, Dial, Target};
use self::errand::{Errand, Seeker};
pub use self::errand::{Service, Unwrap};
use self::listener::{Door, Listener, Reserve};
use self::log_file::LogFile;
pub use self::names::LookUp;
use self::names::Names;
use self::orphans::Orphans;
pub use self::phrases::Phrases;
pub use self::progress::Checksum;
use self::progress::Progress;
use self::relay::Relay;
pub use self::reload::Reader;
use self::reload::Reload;
use self::routes::Route;
use self::sockopt::{BoundPath, Carriage};
use self::stdio::{Half, Kind};
pub use self::terminal::Asker;
use self::terminal::Person;
use self::transport::{Pipes, Transport};
use self::wishes::Wishes;
use crate::access::Access;
use crate::data::Pool;
use crate::ids::{ConnId, ListenId, ProcessId, RelayId, RouteId, Table, kind};
use crate::mode::{Alarm, Event};
use crate::route::{Form, Limits, Tap, Taps, Voice};
use crate::say::Say;
use crate::wire::{Clock, Stack};

/// What the machinery is to be like in this run.
pub struct Config {
    /// What all sockets towards others are to be like.
    pub wishes: Wishes,
    /// Whom [`crate::mode::Net::dial`] reaches.
    pub target: Option<Rc<Target>>,
    /// What the user calls the `n`th peer of the command line, where proxies are met in its place.
    pub name_of: Option<Box<dyn Fn(usize) -> String>>,
    /// What is said of connections with `-v`, where other words than ours are wanted.
    pub phrases: Option<Box<dyn Phrases>>,
    /// Who asks the user for what a proxy wants to hear, if anybody may.
    pub asker: Option<Asker>,
    /// The layers between us and a peer.
    pub peer_layers: Dresser,
    /// Peers are talked to in secret.
    pub secret: bool,
    /// What is done for the peers of a proxy that we are.
    pub service: Option<Service>,
    /// How long a peer that came in may take to agree with its layers how to talk.
    pub handshake: Duration,
    /// Who answers strangers at a datagram listener before they have a session.
    pub doorman: Option<Doorman>,
    /// The clock of the layers.
    pub clock: Clock,
    /// The layers between our stdio and the rest.
    pub stdio_layers: fn(&Config) -> Stack,
    /// What changes the words of members of a mesh, if anything does.
    pub voice: fn(&Config) -> Option<Box<dyn Voice>>,
    /// Members of a mesh go by numbers and learn who comes and goes.
    pub chat: bool,
    /// `-t`.
    pub telnet: bool,
    /// `-C`.
    pub crlf: bool,
    /// `-d`.
    pub delay: Option<Duration>,
    /// How much time passes between lines that we send to the only peer.
    pub interval: Option<Duration>,
    /// `-m`.
    pub max_conns: usize,
    /// As many as there are descriptors for, agreed or not, where each may need more than its own later on:
    /// whoever comes in must not take what somebody else needs to be brought on.
    pub most_guests: Option<usize>,
    /// Who may come in.
    pub access: Access,
    /// What reads the lists of hosts again when a signal asks for it.
    pub reader: Option<Reader>,
    /// The first peer that is let in is the only one.
    pub single: bool,
    /// A connection is left to others as it is when it is there.
    pub pass_on: bool,
    /// Peers are let in one after another.
    pub in_turn: bool,
    /// No more is received of a peer once so much has come.
    pub packets: Option<u32>,
    /// The most bytes of stdin that go into one datagram.
    pub datagram_size: usize,
    /// What a hub may hold.
    pub limits: Limits,
    /// The kernel may carry bytes that nothing of ours has to see.
    pub kernel_carries: bool,
    /// Signals end us in order rather than at once.
    pub catch_signals: bool,
    /// What is run for every peer, if anything is.
    pub program: Option<Program>,
    /// What is told of all bytes of a conversation in the end.
    pub checksum: Option<Checksum>,
    /// `--test`.
    pub announce: bool,
}

/// Puts layers on a stack, from the wire upward.
pub type Dresser = Box<dyn Fn(&Config, Whose, &mut Stack)>;

/// For whom a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// For a peer that came in.
    Guest,
    /// For the `n`th peer of the command line.
    Line(usize),
    /// For datagrams to the `n`th peer of the command line, which a proxy passes on.
    Relayed(usize),
}

/// What is done with a stranger's datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    /// It is answered with that, and forgotten.
    Answer(Vec<u8>),
    /// It begins a session.
    Admit,
    /// It is forgotten.
    Ignore,
}

/// Looks at a stranger's datagram, and at the address it came from.
pub type Doorman = Box<dyn FnMut(&[u8], &[u8]) -> Word>;

/// The program at work.
pub struct Shell {
    config: Config,
    say: Say,
    poll: Poll,
    signals: Option<Signals>,
    orphans: Orphans,
    reload: Option<Reload>,
    conns: Table<kind::Conn, Conn>,
    routes: Table<kind::Route, Route>,
    listeners: Table<kind::Listener, Listener>,
    dials: Table<kind::Dial, Dial>,
    attempts: Table<kind::Attempt, Attempt>,
    processes: Table<kind::Process, Process>,
    /// The process behind each child.
    of_child: BTreeMap<ConnId, ProcessId>,
    /// What peers of our proxy have asked for and is being done.
    errands: BTreeMap<ConnId, Errand>,
    /// Whose datagrams are passed on.
    relays: Table<kind::Relay, Relay>,
    /// The relay of each connection that has one.
    of_control: BTreeMap<ConnId, RelayId>,
    /// Looks up what those peers ask for.
    names: Option<Names>,
    /// Who waits for each name that is being looked up.
    lookups: BTreeMap<usize, Seeker>,
    /// The number of the last look-up.
    last_lookup: usize,
    /// What the hosts of peers are called.
    aside: Option<Aside>,
    person: Person,
    alarms: Alarms,
    /// What the mode has not been told yet.
    outbox: VecDeque<Event>,
    /// Routes that may be able to move.
    ready: VecDeque<RouteId>,
    /// Connections whose layers may be able to go on agreeing with their peers.
    greeting: VecDeque<ConnId>,
    /// Those who came in and had not agreed yet when they were last looked through, oldest first.
    newcomers: VecDeque<ConnId>,
    /// Listeners at which somebody may wait.
    waiting: VecDeque<ListenId>,
    /// Connections to be closed once they have everything.
    closing: Vec<ConnId>,
    /// How many of those have been asked whether they have it.
    swept: usize,
    /// When peers of those are asked next whether they have acknowledged it.
    sweep: Patience,
    stdio: ConnId,
    /// The hub, if the mode asked for one.
    hub: Option<RouteId>,
    /// Peers that are in.
    admitted: usize,
    /// All who came in, whether they are in or not yet.
    guests: usize,
    /// For peers that are turned away because there is no descriptor left for them.
    reserve: Reserve,
    /// The last sender of messages that was kept out.
    sent_away: Option<SockAddr>,
    pool: Pool,
    pipes: sys::Pipes,
    layer_pool: LayerPool,
    taps: Taps,
    /// Room for the datagram that is being looked at; no memory before the first.
    scratch: Vec<u8>,
    /// How long each kind of alarm waits, by `Alarm as usize`.
    after: [Duration; Alarm::KINDS],
    progress: Progress,
    started: Instant,
    now: Instant,
    leaving: Option<Leaving>,
    exit: Option<i32>,
    /// Socket files of our own that go when we go.
    paths: Vec<BoundPath>,
    /// Those that we gave sockets we reach others from, and their names.
    sources: Vec<(String, BoundPath)>,
}

/// The program ends when everything that was read has been handed over.
struct Leaving {
    status: i32,
    /// Peers have been told that no more will come.
    said_goodbye: bool,
    /// When peers are asked next whether they have acknowledged everything.
    patience: Patience,
}

/// When to ask again for what the system has no event for, less and less often.
#[derive(Debug, Default)]
struct Patience {
    /// How long was waited the last time; 0: not asked yet.
    after: Duration,
    /// When to ask next.
    at: Option<Instant>,
}

impl Patience {
    /// The first pause, and the longest.
    const FIRST: Duration = Duration::from_millis(1);
    const LAST: Duration = Duration::from_millis(100);

    /// It was asked in vain. When to ask next, if that is not known yet: events may bring us here before
    /// the time, and one alarm is enough.
    fn wait(&mut self, now: Instant) -> Option<Instant> {
        if self.at.is_some_and(|at| at > now) {
            return None;
        }
        self.after = (self.after * 2).clamp(Self::FIRST, Self::LAST);
        self.at = Some(now + self.after);
        self.at
    }
}

impl Shell {
    /// A shell without connections, but with our stdio.
    ///
    /// # Errors
    /// The system has no room for another event queue or signal handler.
    pub fn new(mut config: Config, say: Say, started: Instant) -> io::Result<Self> {
        let poll = Poll::new()?;
        let reader = config.reader.take();
        let reload = reader.map(|reader| Reload::new(reader, poll.registry()));
        let mut conns = Table::default();
        let nothing = Transport::Stdio {
            input: None,
            output: None,
        };
        let stdio = conns.add(Conn::new(nothing, "stdio".into(), started));
        let mut shell = Self {
            config,
            say,
            poll,
            signals: None,
            reload: reload.transpose()?,
            conns,
            routes: Table::default(),
            listeners: Table::default(),
            dials: Table::default(),
            attempts: Table::default(),
            processes: Table::default(),
            orphans: Orphans::default(),
            of_child: BTreeMap::new(),
            errands: BTreeMap::new(),
            relays: Table::default(),
            of_control: BTreeMap::new(),
            names: None,
            lookups: BTreeMap::new(),
            last_lookup: 0,
            aside: None,
            person: Person::default(),
            alarms: Alarms::default(),
            outbox: VecDeque::from([Event::Start]),
            ready: VecDeque::new(),
            greeting: VecDeque::new(),
            newcomers: VecDeque::new(),
            waiting: VecDeque::new(),
            closing: Vec::new(),
            swept: 0,
            sweep: Patience::default(),
            stdio,
            hub: None,
            admitted: 0,
            guests: 0,
            reserve: Reserve::default(),
            sent_away: None,
            pool: Pool::default(),
            pipes: sys::Pipes::default(),
            layer_pool: LayerPool::default(),
            taps: Taps::default(),
            scratch: Vec::new(),
            after: [Duration::ZERO; Alarm::KINDS],
            progress: Progress::default(),
            started,
            now: started,
            leaving: None,
            exit: None,
            paths: Vec::new(),
            sources: Vec::new(),
        };
        if let Some(service) = &shell.config.service {
            let look_up = service.look_up.clone();
            shell.names = Some(Names::new(look_up, shell.poll.registry())?);
        }
        if shell.config.catch_signals {
            shell.watch_signals()?;
        }
        Ok(shell)
    }

    /// Our own stdin and stdout.
    pub fn stdio(&self) -> ConnId {
        self.stdio
    }

    /// Logs what passes into a file that was opened for us alone, which messages call `name`.
    ///
    /// # Errors
    /// Those of fcntl(2) and of the event queue.
    pub fn add_log(&mut self, form: Form, name: String, file: File) -> io::Result<()> {
        let (fd, writable) = (file.as_raw_fd(), mio::Interest::WRITABLE);
        let log = LogFile::new(file)?;
        let watched = SourceFd(&fd).register(self.poll.registry(), token::LOGS, writable);
        match watched {
            // A file or /dev/null, whose readers make nobody wait.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            result => result?,
        }
        self.taps.add(Tap::new(form, name, Box::new(log)));
        Ok(())
    }

    /// Waits for peers at that address, and says so.
    ///
    /// # Errors
    /// Those of socket(2), bind(2) and listen(2).
    pub fn listen(&mut self, address: &SockAddr, carriage: Carriage) -> io::Result<()> {
        let (socket, path) = sockopt::listen(address, carriage, &self.config.wishes)?;
        let own = socket.local_addr()?;
        let fd = sockopt::descriptor(socket);
        let door = match carriage {
            Carriage::Stream | Carriage::Sctp => Door::Stream {
                socket: fd,
                carriage,
            },
            Carriage::Datagram => Door::Hall(Hall::new(fd, own.is_unix())),
        };
        self.open_door(Listener::new(door, own, path))
    }

    /// Lets the loop tell who comes, and the user where.
    fn open_door(&mut self, listener: Listener) -> io::Result<()> {
        let place = listener.place();
        let datagrams = matches!(listener.door, Door::Hall(_));
        let id = self.listeners.add(listener);
        self.watch_listener(id)?;
        self.reserve.refill();
        if let Some(place) = place {
            self.say_listening(&place, datagrams);
            if self.config.announce {
                self.say.announce("LISTEN");
            }
        }
        Ok(())
    }

    /// Opens those of stdin and stdout that a route needs.
    fn open_stdio(&mut self, input: bool, output: bool) -> io::Result<()> {
        let input = if input { Some(Half::input()?) } else { None };
        let output = if output { Some(Half::output()?) } else { None };
        let layers = (self.config.stdio_layers)(&self.config);
        if let Some(conn) = self.conns.find_mut(self.stdio) {
            conn.transport = Transport::Stdio { input, output };
            conn.set_layers(layers, &self.layer_pool);
        }
        self.watch(self.stdio)
    }

    /// What a program of ours writes and reads; `-C` is for what it writes.
    fn add_child(&mut self, pipes: Pipes) -> ConnId {
        let mut conn = Conn::new(
            Transport::Child(Box::new(pipes)),
            "program".into(),
            self.now,
        );
        conn.set_layers((self.config.stdio_layers)(&self.config), &self.layer_pool);
        self.conns.add(conn)
    }

    /// A connection of ours from a socket that is connected, watched by the loop.
    fn add_conn(&mut self, transport: Transport, name: String, whose: Whose) -> ConnId {
        let mut conn = Conn::new(transport, name, self.now);
        let mut stack = Stack::default();
        (self.config.peer_layers)(&self.config, whose, &mut stack);
        conn.set_layers(stack, &self.layer_pool);
        if self.config.pass_on {
            conn.sip();
        }
        conn.left = self.config.packets.unwrap_or(conn::UNLIMITED);
        self.conns.add(conn)
    }

    /// Tells the user of logs that had to be given up.
    fn say_log_failures(&mut self) {
        for (name, error) in self.taps.failures() {
            let why = dial::words(&error);
            self.say.error(&format!(
                "write to log {name}: {why}. The log ends here; the conversation goes on."
            ));
        }
    }
}

/// Whether stdin will be sent to its end whatever the peer does: a file or a disk.
pub fn stdin_is_file() -> bool {
    stdio::input_kind().is_ok_and(|kind| kind == Kind::File)
}
