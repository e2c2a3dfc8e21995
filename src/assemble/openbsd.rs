//! The words and the statuses of OpenBSD's netcat, for a run in which we are called as it.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::SockAddr;

use super::is_datagram;
use crate::cli::plan::{At, Plan, Role, Tongue};
use crate::net::{Phrases, address, dial, resolve};
use crate::say::Say;

/// Our mouth in this run.
pub(super) fn say(plan: &Plan) -> Say {
    let say = Say::new(plan.verbose);
    match plan.tongue {
        Tongue::Ncat => say,
        Tongue::Nc { .. } => say.named("nc: "),
    }
}

/// It knows one status for whatever goes wrong; signals are told by more.
pub(super) fn status(plan: &Plan, status: u8) -> u8 {
    match plan.tongue {
        Tongue::Nc { .. } if status == 2 => 1,
        Tongue::Nc { .. } | Tongue::Ncat => status,
    }
}

/// A sentence of ours without what only ncat adds to it.
pub(super) fn sentence<'a>(plan: &Plan, words: &'a str) -> &'a str {
    match plan.tongue {
        Tongue::Nc { .. } => words.strip_suffix(" QUITTING.").unwrap_or(words),
        Tongue::Ncat => words,
    }
}

/// What it says of connections.
pub(super) fn phrases(plan: &Plan) -> Option<Box<dyn Phrases>> {
    let Tongue::Nc { host, numeric } = &plan.tongue else {
        return None;
    };
    let (far, ports) = match &plan.role {
        Role::Scan(scan) => (scan.way.is_some(), &scan.ports[..]),
        Role::Connect(connect) => (connect.way.is_some(), &connect.ports[..]),
        Role::Listen(_) => (false, &[][..]),
    };
    let ports = ports.iter().flat_map(|range| range.first..=range.last);
    Some(Box::new(Words {
        host: host.clone().unwrap_or_default(),
        far: far.then(|| ports.collect()),
        datagrams: is_datagram(&plan.role),
        numeric: *numeric,
        path: path(&plan.role),
    }))
}

struct Words {
    /// What the user calls the peer.
    host: String,
    /// The ports that proxies bring us to, if they do.
    far: Option<Vec<u16>>,
    datagrams: bool,
    /// Hosts and ports are told as numbers.
    numeric: bool,
    /// The Unix socket that we listen on, whose peers have no names mostly.
    path: Option<String>,
}

/// The Unix socket that is listened on.
fn path(role: &Role) -> Option<String> {
    match role {
        Role::Listen(listen) => match &listen.at {
            At::Unix { name, .. } => super::unix(name).ok().map(|name| address::full(&name)),
            At::Inet { .. } | At::Vsock { .. } | At::Given(_) => None,
        },
        Role::Connect(_) | Role::Scan(_) => None,
    }
}

impl Words {
    fn protocol(&self) -> &'static str {
        if self.datagrams { "udp" } else { "tcp" }
    }

    /// The host as it was typed, and its address unless that is what was typed.
    fn host_at(&self, address: &str) -> String {
        match self.far.is_some() || self.host == address {
            true => address.into(),
            false => format!("{} ({address})", self.host),
        }
    }

    fn connection(&self, host: &str, port: u16) -> String {
        let protocol = self.protocol();
        let service = (!self.numeric).then(|| resolve::service_at(port, self.datagrams));
        let service = service.flatten().unwrap_or_else(|| "*".into());
        format!("Connection to {host} {port} port [{protocol}/{service}] succeeded!")
    }
}

impl Phrases for Words {
    fn listening(&self, place: &str, datagrams: bool, host: Option<&str>) -> String {
        let verb = if datagrams { "Bound" } else { "Listening" };
        if let (Some(_), false) = (&self.path, datagrams) {
            return format!("Bound on {place}\n{verb} on {place}");
        }
        format!("{verb} on {}", apart(place, host))
    }

    fn namer(&self) -> Option<fn(IpAddr) -> Option<String>> {
        (!self.numeric).then_some(resolve::name)
    }

    fn accepted(&self, peer: &str, host: Option<&str>) -> String {
        let path = self.path.as_deref();
        let peer = path.map_or_else(|| apart(peer, host), String::from);
        format!("Connection received on {peer}")
    }

    fn reached(&self, n: usize, peer: &str) -> String {
        let far = self.far.as_ref().and_then(|ports| ports.get(n));
        match (far, peer.parse::<SocketAddr>()) {
            (Some(port), _) => self.connection(&self.host, *port),
            (None, Ok(peer)) => self.connection(&self.host_at(&peer.ip().to_string()), peer.port()),
            (None, Err(_)) => format!("Connection to {peer} succeeded!"),
        }
    }

    fn failed(&self, peer: &SockAddr, why: &io::Error) -> String {
        let protocol = self.protocol();
        // What was wrong on our side says so itself.
        if why.get_ref().is_some() && why.kind() != io::ErrorKind::TimedOut {
            return dial::words(why);
        }
        let Some(address) = peer.as_socket() else {
            return format!("{}: {}", address::full(peer), dial::words(why));
        };
        let host = self.host_at(&address.ip().to_string());
        let words = match why.kind() {
            io::ErrorKind::TimedOut => "timed out: Operation now in progress".into(),
            _ => format!("failed: {}", dial::words(why)),
        };
        let port = address.port();
        format!("connect to {host} port {port} ({protocol}) {words}")
    }
}

/// A host, by its name if it has one, and a port with a blank between them.
fn apart(place: &str, host: Option<&str>) -> String {
    match (place.parse::<SocketAddr>(), host) {
        (Ok(address), Some(host)) => format!("{host} {}", address.port()),
        (Ok(address), None) => format!("{} {}", address.ip(), address.port()),
        (Err(_), _) => place.into(),
    }
}
