//! What a command line means: every default filled in, and no conflict left that could be said.
//!
//! The types of this file are all that the rest of the program learns of the options.

mod sockets;
mod transfer;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use self::sockets::{Group, KeepAlive, Probes, Sockets};
pub use self::transfer::{Checksum, Progress, Transfer};
use crate::access::{Access, Destinations, Entries};
use crate::secure::Wishes;

/// The command line, understood.
#[derive(Debug, PartialEq)]
pub struct Plan {
    /// What to do, with whom.
    pub role: Role,
    /// Which way bytes flow, and what ends do.
    pub flow: Flow,
    /// How the bytes are changed, slowed and watched on their way.
    pub dress: Dress,
    /// `--ssl`: what every connection is wrapped in, those of `-z` too.
    pub secure: Option<Wishes>,
    /// What talks to peers in our place.
    pub command: Option<Command>,
    /// `--kill-after`: how long a program may run on when its peer is gone.
    pub kill_after: Duration,
    /// What sockets are to be like.
    pub sockets: Sockets,
    /// What is seen of the bytes while they pass, and how fast they may.
    pub transfer: Transfer,
    /// `-w`: one deadline for all of connecting.
    pub wait: Duration,
    /// `-i`: how long nothing may move.
    pub idle: Option<Duration>,
    /// Whose words messages have.
    pub tongue: Tongue,
    /// How many times `-v` was given.
    pub verbose: u8,
    /// `--test`: announce each listening socket for a waiting script.
    pub announce: bool,
    /// Sentences for the user about what does not stop us, such as options without effect.
    pub warnings: Vec<String>,
    /// Sentences for those who want to know more, such as who resolves a name.
    pub notes: Vec<String>,
}

/// Whose words messages have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tongue {
    /// Those of ncat.
    #[default]
    Ncat,
    /// Those of OpenBSD's nc.
    Nc {
        /// What the user calls whom we reach.
        host: Option<String>,
        /// `-n`: hosts and ports are told as numbers.
        numeric: bool,
    },
}

/// What is run for each connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments; there may be none.
    Program(Vec<OsString>),
    /// A line for /bin/sh.
    Shell(OsString),
    /// A script in Lua, which the world has loaded.
    Lua(PathBuf),
}

/// `--lua-exec-internal`: a script to be run instead of everything else, on our own stdin and stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What it is called, and where it is if no descriptor is given.
    pub name: PathBuf,
    /// The descriptor with its text, left to us by whoever started us: another ncat.
    pub descriptor: Option<i32>,
}

/// What the program is for in this run.
#[derive(Debug, PartialEq)]
pub enum Role {
    /// Reach one peer and talk.
    Connect(Connect),
    /// Wait for peers and talk.
    Listen(Listen),
    /// `-z`: see which ports answer, and talk to nobody.
    Scan(Scan),
}

impl Role {
    /// The proxies in between, if there are any.
    pub fn way(&self) -> Option<&Way> {
        match self {
            Self::Connect(connect) => connect.way.as_ref(),
            Self::Scan(scan) => scan.way.as_ref(),
            Self::Listen(_) => None,
        }
    }
}

/// Which protocol carries the bytes over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Bytes in order.
    Tcp,
    /// Datagrams.
    Udp,
    /// Bytes in order, with one end for both directions.
    Sctp,
}

/// `-4`, `-6` or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Both families.
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// An address with the interface it is meant on, if it is a link-local one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The index of the interface (`%eth0`), 0 when none was named.
    pub zone: u32,
}

/// Name of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnixName {
    /// A path in the file system.
    Path(PathBuf),
    /// `@name`: a name in the abstract name space, without the `@`.
    Abstract(OsString),
}

/// Connect mode.
#[derive(Debug, PartialEq)]
pub struct Connect {
    /// Whom to reach; with proxies in between, the first of these.
    pub target: Target,
    /// The ports at the end of the way: one, or several that are met one after another, in the order given.
    /// For what has no ports: one 0.
    pub ports: Vec<PortRange>,
    /// The proxies in between.
    pub way: Option<Way>,
}

impl Connect {
    /// How many ports there are to be met.
    pub fn count(&self) -> usize {
        self.ports.iter().map(|range| range.len()).sum()
    }
}

/// A way through proxies to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The proxies, in the order in which they are met; never empty.
    pub hops: Vec<Hop>,
    /// The target as the last of them is told.
    pub host: Far,
    /// The port there.
    pub port: u16,
    /// How the proxies are met that speak TLS themselves; none does if it is missing. It names nobody: the
    /// name to expect is each hop's.
    pub secure: Option<Wishes>,
}

/// A host that others reach for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Far {
    /// They look it up.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

/// One proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// What it speaks.
    pub kind: ProxyKind,
    /// It speaks that in TLS.
    pub secure: bool,
    /// Its host as it was typed, without brackets.
    pub name: String,
    /// Its host as the proxy before it is told.
    pub host: Far,
    /// The port there.
    pub port: u16,
    /// Who we are there.
    pub login: Option<Login>,
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// HTTP.
    Http,
    /// SOCKS4 and 4a.
    Socks4,
    /// SOCKS5.
    Socks5,
}

/// A name and a password, of whatever bytes the user typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// What stands before the first colon, or all of it.
    pub user: Vec<u8>,
    /// What stands behind it; none if there is no colon.
    pub password: Option<Vec<u8>>,
}

impl fmt::Debug for Login {
    /// Without the password, for whatever is debugged ends up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", String::from_utf8_lossy(&self.user))
    }
}

/// One peer to reach.
#[derive(Debug, PartialEq)]
pub enum Target {
    /// Over IP. The addresses are in the resolver's order and of the wanted family; never empty.
    Inet {
        /// What carries the user's bytes in the end, though a proxy be reached over TCP.
        protocol: Protocol,
        /// All addresses of the host.
        addresses: Vec<Address>,
        /// The port at each of them.
        port: u16,
        /// `-s` and `-p`.
        local: Local,
    },
    /// A virtual machine, or the host of ours.
    Vsock {
        /// Who it is.
        cid: u32,
        /// The port there.
        port: u32,
        /// `-u`: a datagram socket.
        datagram: bool,
        /// `-s` and `-p`.
        local: Option<Vsock>,
    },
    /// A Unix socket.
    Unix {
        /// Its name.
        name: UnixName,
        /// `-u`: a datagram socket.
        datagram: bool,
        /// `-s`: the name of our own datagram socket.
        local: Option<UnixName>,
    },
}

/// A place of our own among virtual machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vsock {
    /// Who we are there; the system's choice when not given.
    pub cid: Option<u32>,
    /// The port; the system's choice when not given.
    pub port: Option<u32>,
}

/// The local end of an outgoing connection over IP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Local {
    /// `-s`: all addresses of the name given, in the resolver's order; empty when not given.
    pub addresses: Vec<Address>,
    /// `-p`; 0 when not given.
    pub port: u16,
}

/// Listen mode.
#[derive(Debug, PartialEq)]
pub struct Listen {
    /// Where to listen.
    pub at: At,
    /// The name of that place as it was typed: a certificate made for this run bears it.
    pub host: Option<String>,
    /// Who is let in, and who hears whom.
    pub guests: Guests,
    /// `-m`: how many peers at once.
    pub max_conns: usize,
    /// The limit was asked for, not filled in.
    pub limited: bool,
    /// Who is kept out. Boxed, for it is large and the other roles have nothing of it.
    pub gate: Box<Gate>,
    /// The proxy that peers find, if they find one.
    pub proxy: Option<Box<Service>>,
    /// Peers are served one after another; others wait at the door.
    pub in_turn: bool,
}

/// A proxy of our own.
#[derive(Debug, PartialEq)]
pub struct Service {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Who may use it; whoever comes in if it is missing.
    pub login: Option<Login>,
    /// Where its users may go.
    pub destinations: Destinations,
    /// The family in which names are looked up for them.
    pub family: Family,
    /// `-n`: names are not looked up for them.
    pub numeric_only: bool,
    /// `--handshake-timeout`: how long they may take to say what they want.
    pub patience: Duration,
}

/// Who is let in by a listener, and who hears whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guests {
    /// One peer; its end is ours.
    One,
    /// `-k`: many peers around our stdio, without end.
    Many,
    /// `--broker`: many peers who hear each other.
    Broker,
    /// `--chat`: the same, by name.
    Chat,
    /// `--proxy-type`: many peers, whom we bring to others.
    Proxy,
}

/// Who may come in.
#[derive(Debug, Default, PartialEq)]
pub struct Gate {
    /// The lists.
    pub access: Access,
    /// `--allowfile` and `--denyfile`: lists to be read again when they may have changed.
    pub again: Option<Again>,
}

/// How lists are read again.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    /// Where they stand.
    pub entries: Entries,
    /// The family in which names are looked up.
    pub family: Family,
    /// `-n`: names are not looked up.
    pub numeric_only: bool,
}

/// Where to listen.
#[derive(Debug, PartialEq)]
pub enum At {
    /// Over IP, on each port of each host.
    Inet {
        /// What carries the bytes.
        protocol: Protocol,
        /// The addresses of each host; never empty, nor is any of them. Of a name with several, those that
        /// cannot be had are done without. `[::]` comes before `0.0.0.0`.
        hosts: Vec<Vec<Address>>,
        /// The ports; never empty. 0 lets the system choose one for each address.
        ports: Vec<PortRange>,
    },
    /// For virtual machines, or the host of ours.
    Vsock {
        /// Where: a port must have been given, be it the default.
        at: Vsock,
        /// `-u`: a datagram socket.
        datagram: bool,
    },
    /// On a Unix socket.
    Unix {
        /// Its name.
        name: UnixName,
        /// `-u`: a datagram socket.
        datagram: bool,
    },
    /// `--listen-fds`: on sockets that whoever started us has opened.
    Given(Given),
}

/// What kind of sockets we are given by whoever started us; all are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Stream sockets that listen.
    Listeners {
        /// What comes in is carried by SCTP.
        sctp: bool,
    },
    /// Datagram sockets.
    Datagrams,
    /// One stream with a peer at its other end.
    Connection {
        /// It is carried by SCTP.
        sctp: bool,
    },
}

/// `-z`.
#[derive(Debug, PartialEq)]
pub struct Scan {
    /// What each port is tried with; every target of one scan differs in its port only.
    pub target: Target,
    /// The ports, in the order given, each range counting up. For a Unix socket: one 0. With proxies in
    /// between, those of the way's host.
    pub ports: Vec<PortRange>,
    /// The proxies in between.
    pub way: Option<Way>,
    /// One port is tried after another, and not many at once.
    pub in_turn: bool,
}

impl Scan {
    /// How many ports there are to be tried.
    pub fn count(&self) -> usize {
        self.ports.iter().map(|range| range.len()).sum()
    }
}

/// Ports from `first` to `last`, both included; `first <= last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl PortRange {
    /// How many ports that is; never none.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a range holds at least one port"
    )]
    pub fn len(self) -> usize {
        usize::from(self.last - self.first) + 1
    }
}

/// Which way bytes flow, and what the ends of streams do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// `--send-only`.
    pub send_only: bool,
    /// `--recv-only`.
    pub recv_only: bool,
    /// `--no-shutdown`: the end of stdin is not passed on.
    pub no_shutdown: bool,
    /// `--half-close`, or `-k` in connect mode: the peer's end does not end us while stdin goes on.
    pub half_close: bool,
    /// `-q`.
    pub quit: Quit,
    /// A time-out, and a peer that refuses messages, are ends like any other, which nothing is said of.
    pub lenient: bool,
    /// No more is received once so much has come: packets, or pieces of a stream.
    pub packets: Option<u32>,
    /// The connection is left to whoever reads our stdout.
    pub pass_on: bool,
}

/// `-q`: what the end of stdin does besides being passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quit {
    /// Not given: the mode's own rule.
    #[default]
    Default,
    /// Quit this long after it.
    After(Duration),
    /// A negative time: never quit because of it.
    Never,
}

/// How bytes are changed, slowed and watched on their way.
#[derive(Debug, PartialEq)]
pub struct Dress {
    /// `-C`: what stdin gives has LF turned into CRLF.
    pub crlf: bool,
    /// `-t`: the peer's telnet commands are answered and taken out.
    pub telnet: bool,
    /// `-d`.
    pub delay: Option<Duration>,
    /// How much time passes between lines that we send to the only peer.
    pub interval: Option<Duration>,
    /// `-o`.
    pub output: Option<PathBuf>,
    /// `-x`.
    pub hex_dump: Option<PathBuf>,
    /// `--append-output`.
    pub append: bool,
    /// `--datagram-size`: the most bytes of stdin that go into one datagram.
    pub datagram_size: usize,
    /// `--stall-timeout`: how long a member that takes nothing may hold the others back.
    pub stall_after: Duration,
    /// `--max-queue`: the most bytes a hub's log holds.
    pub max_queue: usize,
}

impl From<SocketAddr> for Address {
    fn from(socket: SocketAddr) -> Self {
        let zone = match socket {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(v6) => v6.scope_id(),
        };
        Self {
            ip: socket.ip(),
            zone,
        }
    }
}
