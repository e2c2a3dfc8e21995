//! What the operands mean: a host and its ports, an address to listen on, or a Unix socket.

use std::borrow::Cow;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::opts::{Domain, Options};
use super::plan::{Address, At, Family, Local, PortRange, Protocol, Target, UnixName};
use super::{UsageError, World, target};

/// Where to connect or listen unless a port is given.
const DEFAULT_PORT: u16 = 31337;

/// The operands with all that decides how they are read.
pub(super) struct Place<'a> {
    pub(super) options: &'a Options,
    /// `-p`.
    pub(super) source_port: Option<u16>,
    pub(super) operands: &'a [OsString],
    pub(super) world: &'a mut dyn World,
}

/// The protocol over IP.
pub(super) fn protocol(options: &Options) -> Protocol {
    match options.datagram {
        true => Protocol::Udp,
        false => Protocol::Tcp,
    }
}

impl<'a> Place<'a> {
    /// Whom to connect to.
    pub(super) fn target(&mut self) -> Result<Target, UsageError> {
        if self.options.domain == Domain::Unix {
            return self.unix_target();
        }
        let local = self.local()?;
        self.lists()?;
        let (addresses, port) = self.host()?;
        let port = match port {
            Some(word) => self.port(&word)?,
            None => DEFAULT_PORT,
        };
        Ok(Target::Inet {
            protocol: protocol(self.options),
            addresses,
            port,
            local,
        })
    }

    /// Whom to try, and the ports to try there.
    pub(super) fn targets(&mut self) -> Result<(Target, Vec<PortRange>), UsageError> {
        if self.options.domain == Domain::Unix {
            let none = PortRange { first: 0, last: 0 };
            return Ok((self.unix_target()?, vec![none]));
        }
        let local = self.local()?;
        self.lists()?;
        let (addresses, word) = self.host()?;
        let ports = match word {
            Some(word) => self.ports(&word)?,
            None => vec![PortRange {
                first: DEFAULT_PORT,
                last: DEFAULT_PORT,
            }],
        };
        let port = ports.first().map_or(DEFAULT_PORT, |range| range.first);
        let target = Target::Inet {
            protocol: protocol(self.options),
            addresses,
            port,
            local,
        };
        Ok((target, ports))
    }

    /// Where to listen.
    pub(super) fn at(&mut self) -> Result<At, UsageError> {
        if self.options.domain == Domain::Unix {
            let name = self.unix_name("listen on")?;
            return Ok(At::Unix {
                name,
                datagram: self.options.datagram,
            });
        }
        let (host, ports) = self.host_and_ports();
        let addresses = match host {
            Some(host) => self.resolve(host)?.into_iter().take(1).collect(),
            None => everywhere(self.family()),
        };
        let port = match one_port(self.source_port, ports)? {
            Some(word) => self.port(&word)?,
            None => DEFAULT_PORT,
        };
        Ok(At::Inet {
            protocol: protocol(self.options),
            addresses,
            port,
        })
    }

    /// What to listen on as it was typed, unless that is a Unix socket or everything.
    pub(super) fn listening_host(&self) -> Option<String> {
        let (host, _) = match self.options.domain {
            Domain::Unix => return None,
            Domain::Any | Domain::V4 | Domain::V6 => self.host_and_ports(),
        };
        host.map(|word| target::host(&word.to_string_lossy()).into())
    }

    /// The operands of a listener, which may leave the host out.
    fn host_and_ports(&self) -> (Option<&'a OsString>, &'a [OsString]) {
        match self.operands {
            [port] if self.source_port.is_none() && is_port(port) => (None, self.operands),
            [host, ports @ ..] => (Some(host), ports),
            [] => (None, self.operands),
        }
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

    /// The host to connect to, and the word for its ports.
    fn host(&mut self) -> Result<(Vec<Address>, Option<String>), UsageError> {
        let missing = || UsageError::quitting("You must specify a host to connect to.");
        let (host, ports) = self.operands.split_first().ok_or_else(missing)?;
        // Somebody who gives a port and nothing else has forgotten the host, or -l.
        if ports.is_empty() && is_port(host) {
            return Err(missing());
        }
        let addresses = self.resolve(host)?;
        Ok((addresses, one_port(None, ports)?))
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
        match self.options.domain {
            Domain::Any | Domain::Unix => Family::Any,
            Domain::V4 => Family::V4,
            Domain::V6 => Family::V6,
        }
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

/// What listening on no address in particular means: one socket for each family.
fn everywhere(family: Family) -> Vec<Address> {
    let v6 = Address {
        ip: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        zone: 0,
    };
    let v4 = Address {
        ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        zone: 0,
    };
    match family {
        Family::Any => vec![v6, v4],
        Family::V4 => vec![v4],
        Family::V6 => vec![v6],
    }
}

/// Whether a word alone is taken for a port: longer numbers are addresses.
fn is_port(word: &OsString) -> bool {
    let word = word.as_encoded_bytes();
    (1..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// The only port that was given, behind `-p` or as an operand.
fn one_port(source: Option<u16>, operands: &[OsString]) -> Result<Option<String>, UsageError> {
    let mut ports = words(operands);
    if let Some(source) = source {
        ports.insert(0, source.to_string());
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

fn invalid_port(word: &str) -> UsageError {
    UsageError::quitting(format!("Invalid port number \"{word}\"."))
}
