//! What the operands mean: a host and its ports, an address to listen on, or a Unix socket.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::opts::{Domain, Options};
use super::plan::{Address, At, Family, Given, Local, PortRange, Protocol, Target, UnixName, Way};
use super::way::Ahead;
use super::{UsageError, World, proxy, target};

/// Where to connect or listen unless a port is given.
pub(super) const DEFAULT_PORT: u16 = 31337;

/// How many sockets may wait for peers: what many systems let a program open before it asks for more.
const MOST_LISTENERS: usize = 1024;

/// The operands with all that decides how they are read.
pub(super) struct Place<'a> {
    pub(super) options: &'a Options,
    /// `-p`.
    pub(super) source_port: Option<u16>,
    pub(super) operands: &'a [OsString],
    /// The proxies on the way to whom the operands name.
    pub(super) ahead: Option<Ahead>,
    /// The sockets that we listen on instead of whatever the operands name.
    pub(super) given: Option<Given>,
    /// What may be worth knowing.
    pub(super) notes: Vec<String>,
    pub(super) world: &'a mut dyn World,
}

/// Whom to reach, and how.
pub(super) struct Goal {
    /// Who is dialled.
    pub(super) target: Target,
    /// The ports of whom the operands name: one, or those of `-z`, or those to be met in order.
    pub(super) ports: Vec<PortRange>,
    /// What lies between the two.
    pub(super) way: Option<Way>,
}

/// The protocol over IP.
pub(super) fn protocol(options: &Options) -> Protocol {
    match options {
        Options { datagram: true, .. } => Protocol::Udp,
        Options { sctp: true, .. } => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// The family that `-4` and `-6` leave.
pub(super) fn family(options: &Options) -> Family {
    match options.domain {
        Domain::Any | Domain::Unix | Domain::Vsock => Family::Any,
        Domain::V4 => Family::V4,
        Domain::V6 => Family::V6,
    }
}

impl<'a> Place<'a> {
    /// Whom to connect to, or whom to try.
    pub(super) fn goal(&mut self) -> Result<Goal, UsageError> {
        let only = match self.options.domain {
            Domain::Unix => Some(self.unix_target()?),
            Domain::Vsock => Some(self.vsock_target()?),
            Domain::Any | Domain::V4 | Domain::V6 => None,
        };
        if let Some(target) = only {
            return Ok(Goal {
                target,
                ports: vec![lone(0)],
                way: None,
            });
        }
        let local = self.local()?;
        self.lists()?;
        let (host, words) = self.host()?;
        let ahead = self.ahead.take();
        let (addresses, far) = match &ahead {
            Some(ahead) => (ahead.addresses.clone(), Some(self.far(host, ahead)?)),
            None => (self.resolve(host)?, None),
        };
        let ports = match one_port(None::<u16>, words)? {
            Some(word) if self.options.zero_io || self.options.in_order => self.ports(&word)?,
            Some(word) => vec![lone(self.port(&word)?)],
            None => vec![lone(DEFAULT_PORT)],
        };
        let port = ports.first().map_or(DEFAULT_PORT, |range| range.first);
        let dialled = ahead.as_ref().map_or(port, Ahead::port);
        let way = ahead.zip(far).map(|(ahead, far)| ahead.way(far, port));
        let target = Target::Inet {
            protocol: protocol(self.options),
            addresses,
            port: dialled,
            local,
        };
        Ok(Goal { target, ports, way })
    }

    /// Where to listen.
    pub(super) fn at(&mut self) -> Result<At, UsageError> {
        if let Some(given) = self.given {
            return Ok(At::Given(given));
        }
        let datagram = self.options.datagram;
        if self.options.domain == Domain::Unix {
            let name = self.unix_name("listen on")?;
            return Ok(At::Unix { name, datagram });
        }
        if self.options.domain == Domain::Vsock {
            let at = self.vsock_place()?;
            return Ok(At::Vsock { at, datagram });
        }
        let (hosts, ports) = self.hosts_and_ports();
        let hosts = match hosts {
            Some(words) => self.resolve_each(words)?,
            None => everywhere(self.family()),
        };
        let kind = self.options.proxy.kind;
        let ports = match one_port(self.source_port, ports)? {
            Some(word) => self.ports(&word)?,
            None => vec![lone(kind.map_or(DEFAULT_PORT, proxy::usual_port))],
        };
        not_too_many(&hosts, &ports)?;
        Ok(At::Inet {
            protocol: protocol(self.options),
            hosts,
            ports,
        })
    }

    /// What to listen on as it was typed, unless that is a Unix socket or everything; of a list, the first.
    pub(super) fn listening_host(&mut self) -> Option<String> {
        let (hosts, _) = match self.options.domain {
            Domain::Unix | Domain::Vsock => return None,
            Domain::Any | Domain::V4 | Domain::V6 => self.hosts_and_ports(),
        };
        let words = hosts?.to_string_lossy();
        let first = words.split(',').next().unwrap_or_default();
        Some(target::host(first).into())
    }

    /// The operands of a listener, which may leave the hosts out.
    fn hosts_and_ports(&mut self) -> (Option<&'a OsString>, &'a [OsString]) {
        let operands = self.operands;
        match operands {
            [word] if self.source_port.is_none() && self.are_ports(word) => (None, operands),
            [hosts, ports @ ..] => (Some(hosts), ports),
            [] => (None, operands),
        }
    }

    /// Whether a word alone is taken for ports: a port, a range, or a list that names nothing else. The
    /// name of a service alone is a host, as it is to the reference.
    fn are_ports(&mut self, word: &OsString) -> bool {
        let protocol = protocol(self.options);
        let word = word.to_string_lossy();
        let is_list = word.contains(',');
        word.split(',').all(|item| {
            let digits = |item: &str| is_port(item.as_ref());
            let bounds = item.split_once('-');
            let is_range = bounds.is_some_and(|(first, last)| digits(first) && digits(last));
            let mut is_service = || is_list && self.world.service(item, protocol).is_some();
            digits(item) || is_range || is_service()
        })
    }

    /// The addresses of each host in a list.
    fn resolve_each(&mut self, words: &OsString) -> Result<Vec<Vec<Address>>, UsageError> {
        let words = words.to_string_lossy();
        let hosts = words.split(',').map(OsString::from);
        hosts.map(|host| self.resolve(&host)).collect()
    }

    /// `-s` and `-p` of a connection over IP.
    fn local(&mut self) -> Result<Local, UsageError> {
        let port = self.source_port.unwrap_or(0);
        let Some(source) = &self.options.source else {
            return Ok(Local {
                addresses: Vec::new(),
                port,
            });
        };
        let addresses = self.look_up(source).map_err(|(host, why)| {
            let sentence = format!("Could not resolve source address \"{host}\": {why}.");
            UsageError::quitting(sentence)
        })?;
        Ok(Local { addresses, port })
    }

    /// The host to connect to, and the words for its ports.
    fn host(&self) -> Result<(&'a OsString, &'a [OsString]), UsageError> {
        let missing = || UsageError::quitting("You must specify a host to connect to.");
        let (host, ports) = self.operands.split_first().ok_or_else(missing)?;
        // Somebody who gives a port and nothing else has forgotten the host, or -l; and a script, whose variable is
        // empty, has none.
        if host.is_empty() || (ports.is_empty() && is_port(host)) {
            return Err(missing());
        }
        Ok((host, ports))
    }

    fn resolve(&mut self, host: &OsString) -> Result<Vec<Address>, UsageError> {
        self.look_up(host).map_err(|(host, why)| {
            UsageError::quitting(format!("Could not resolve hostname \"{host}\": {why}."))
        })
    }

    /// The addresses of a host, or the host again with the reason why it has none.
    fn look_up<'w>(&mut self, word: &'w OsString) -> Result<Vec<Address>, (Cow<'w, str>, String)> {
        let (family, numeric_only) = (self.family(), self.options.numeric_only);
        let word = word.to_string_lossy();
        let host = target::host(&word);
        self.world
            .resolve(host, family, numeric_only)
            .map_err(|why| (word, why))
    }

    pub(super) fn family(&self) -> Family {
        family(self.options)
    }

    fn port(&mut self, word: &str) -> Result<u16, UsageError> {
        let protocol = protocol(self.options);
        let port = target::port(word, &mut |name| self.world.service(name, protocol));
        port.ok_or_else(|| invalid_port(word))
    }

    fn ports(&mut self, word: &str) -> Result<Vec<PortRange>, UsageError> {
        let protocol = protocol(self.options);
        let ports = target::ports(word, &mut |name| self.world.service(name, protocol));
        ports.ok_or_else(|| invalid_port(word))
    }

    fn unix_target(&mut self) -> Result<Target, UsageError> {
        let datagram = self.options.datagram;
        // Only a datagram socket of our own needs a name, to be answered.
        let source = self.options.source.as_ref().filter(|_| datagram);
        let local = source.map(|word| target::unix_name(word)).transpose();
        let local = local.map_err(UsageError::quitting)?;
        self.lists()?;
        let name = self.unix_name("connect to")?;
        Ok(Target::Unix {
            name,
            datagram,
            local,
        })
    }

    fn unix_name(&self, purpose: &str) -> Result<UnixName, UsageError> {
        match self.operands {
            [name] => target::unix_name(name).map_err(UsageError::quitting),
            [] => {
                let sentence = format!("You have to specify path to a socket to {purpose}.");
                Err(UsageError::quitting(sentence))
            }
            [_, more @ ..] => {
                let more = words(more).join(" ");
                let sentence = format!("A Unix domain socket has no port, so what is: {more}?");
                Err(UsageError::quitting(sentence))
            }
        }
    }
}

/// A port alone.
fn lone(port: u16) -> PortRange {
    PortRange {
        first: port,
        last: port,
    }
}

/// Every listener costs a descriptor, and this many are more than anybody names but by mistake.
fn not_too_many(hosts: &[Vec<Address>], ports: &[PortRange]) -> Result<(), UsageError> {
    let addresses: usize = hosts.iter().map(Vec::len).sum();
    let ports: usize = ports.iter().map(|range| range.len()).sum();
    let sockets = addresses.saturating_mul(ports);
    match sockets > MOST_LISTENERS {
        false => Ok(()),
        true => Err(UsageError::quitting(format!(
            "Listening there would take {sockets} sockets, and {MOST_LISTENERS} is the most."
        ))),
    }
}

/// What listening on no address in particular means: one socket for each family, and both must be had.
fn everywhere(family: Family) -> Vec<Vec<Address>> {
    let v6 = Address {
        ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        zone: 0,
    };
    let v4 = Address {
        ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        zone: 0,
    };
    match family {
        Family::Any => vec![vec![v6], vec![v4]],
        Family::V4 => vec![vec![v4]],
        Family::V6 => vec![vec![v6]],
    }
}

/// Whether a word alone is taken for a port: longer numbers are addresses.
fn is_port(word: &OsStr) -> bool {
    let word = word.as_encoded_bytes();
    (1..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// The only port that was given, behind `-p` or as an operand.
pub(super) fn one_port(
    source: Option<impl Into<u32>>,
    operands: &[OsString],
) -> Result<Option<String>, UsageError> {
    let mut ports = words(operands);
    if let Some(source) = source {
        ports.insert(0, source.into().to_string());
    }
    if ports.len() > 1 {
        let all = ports.join(" ");
        let sentence = format!("Got more than one port specification: {all}.");
        return Err(UsageError::quitting(sentence));
    }
    Ok(ports.pop())
}

fn words(operands: &[OsString]) -> Vec<String> {
    operands
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

pub(super) fn invalid_port(word: &str) -> UsageError {
    UsageError::quitting(format!("Invalid port number \"{word}\"."))
}
