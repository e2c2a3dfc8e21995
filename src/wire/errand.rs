//! What the peer of a served proxy wants done by others, and what came of it: the words in which layers
//! and whoever runs their errands talk to each other.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A host as a protocol names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// To be looked up. Not empty, at most 255 bytes, and only bytes that are printed as they are: letters,
    /// digits, `-`, `.`, `_` and whatever UTF-8 has beyond ASCII that is seen.
    Name(String),
    /// An address.
    Ip(IpAddr),
}

/// The longest name of a host; that of a domain is two bytes shorter.
const NAME_MAX: usize = 255;

impl Host {
    /// The host of this name, if it can be the name of one.
    pub fn named(name: &str) -> Option<Self> {
        let good = |c: char| match c.is_ascii() {
            true => c.is_ascii_alphanumeric() || "-._".contains(c),
            // Neither what controls a terminal nor what is not seen or turns a line around.
            false => c.escape_debug().count() == 1,
        };
        let is_name = (1..=NAME_MAX).contains(&name.len()) && name.chars().all(good);
        is_name.then(|| Self::Name(name.into()))
    }
}

/// A host and a port there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
}

/// What a peer wants done, and how it said that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What.
    pub want: Want,
    /// The request for a log, on one line and without control characters: `CONNECT host:443`, with
    /// ` as user` behind it if the peer has said who it is.
    pub words: String,
}

/// What a peer wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// A connection to there, through which bytes pass unseen both ways from then on.
    Tunnel(Endpoint),
    /// A connection to there for one request, which the layer writes, and its response, which it reads.
    Exchange(Endpoint),
    /// A place to send datagrams to, for others. The peer sends them from there, as far as it knows: an
    /// unspecified address or port 0 says that it does not.
    Associate(SocketAddr),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done: our end of the connection to there, or the place to send datagrams to.
    Reached(SocketAddr),
    /// It cannot be done.
    Missed(Miss),
    /// The other end of an exchange has said its last.
    Over,
    /// The other end of an exchange broke.
    Cut,
}

/// Why it cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The name has no address of a family that may be used.
    Unresolvable,
    /// Nobody listens there.
    Refused,
    /// No way leads to that network.
    NetworkUnreachable,
    /// No way leads to that host.
    HostUnreachable,
    /// Nobody answered in time.
    TimedOut,
    /// It is not allowed to go there.
    Denied,
    /// It would lead back to ourselves.
    Loop,
    /// Something else: we lack the means, or the system refuses in other words.
    Failed,
}

/// A request that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The request as in [`Ask::words`], or what could be read of it.
    pub words: String,
    /// What the peer was told, as its protocol numbers it; none if it was told nothing.
    pub status: Option<u16>,
    /// What is to come.
    pub next: Next,
}

/// What is to come behind a request that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The peer may ask for more.
    Request,
    /// The connection ends once everything has been sent.
    End,
    /// It ends, and the peer has not been told all that it was promised: it is to see that.
    Cut,
}

impl Served {
    /// Whether the peer may ask for more.
    pub fn goes_on(&self) -> bool {
        self.next == Next::Request
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: Host::Ip(address.ip()),
            port: address.port(),
        }
    }
}
