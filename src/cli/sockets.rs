//! Words about sockets: marks, probes, groups, routes.
//!
//! Promise: an option that the wanted kind of socket does not know is refused by its name, and so is one
//! that contradicts another; reading a word asks nobody.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use super::opts::{Domain, Options};
use super::place::Place;
use super::plan::{At, Family, Group, KeepAlive, Probes, Role, Sockets};
use super::{UsageError, quantity, target, vain};

/// The system doubles what is asked for, and counts in an int.
pub(super) const BUFFER_SIZES: RangeInclusive<usize> = 1..=(1 << 30) - 1;

/// What fits behind the rest of an IPv4 header, where a route takes four bytes for each router.
const MOST_HOPS: usize = 8;

/// The longest name of an interface: `IFNAMSIZ` without its NUL.
const LONGEST_INTERFACE: usize = 15;

/// What Linux takes for the times and the number of probes.
const LONGEST_PAUSE: u16 = 32_767;
const MOST_PROBES: u8 = 127;

/// The options that are about sockets, as they were given.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Words {
    pub device: Option<String>,
    pub keepalive: KeepAlive,
    pub tos: Option<u8>,
    /// `--dscp`, as the byte that it makes.
    pub dscp: Option<u8>,
    pub ttl: Option<u8>,
    pub mptcp: bool,
    pub fastopen: bool,
    pub groups: Vec<Group>,
    pub multicast_ttl: Option<u8>,
    pub multicast_loop: Option<bool>,
    pub broadcast: Option<bool>,
    /// `-D`, which OpenBSD's netcat alone has.
    pub debug: bool,
    pub receive_buffer: Option<usize>,
    pub send_buffer: Option<usize>,
    /// `-g`: all that were given.
    pub hops: Vec<String>,
    /// `-G`.
    pub pointer: Option<usize>,
}

/// Which sockets know an option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kin {
    /// All.
    Any,
    /// Those over IP.
    Ip,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Words {
    /// The options that were given, and which sockets know them.
    fn given(&self) -> impl Iterator<Item = (&'static str, Kin)> {
        let all = [
            ("--bind-device", self.device.is_some(), Kin::Ip),
            ("--keepalive", self.keepalive != KeepAlive::Usual, Kin::Tcp),
            ("--tos", self.tos.is_some(), Kin::Ip),
            ("--dscp", self.dscp.is_some(), Kin::Ip),
            ("--ttl", self.ttl.is_some(), Kin::Ip),
            ("--mptcp", self.mptcp, Kin::Tcp),
            ("--fastopen", self.fastopen, Kin::Tcp),
            ("--multicast-join", !self.groups.is_empty(), Kin::Udp),
            ("--multicast-ttl", self.multicast_ttl.is_some(), Kin::Udp),
            ("--multicast-loop", self.multicast_loop.is_some(), Kin::Udp),
            ("--broadcast", self.broadcast.is_some(), Kin::Udp),
            ("--recv-buffer", self.receive_buffer.is_some(), Kin::Any),
            ("--send-buffer", self.send_buffer.is_some(), Kin::Any),
        ];
        all.into_iter()
            .filter(|(_, given, _)| *given)
            .map(|(name, _, kin)| (name, kin))
    }
}

/// What cannot be: options that the wanted kind of socket does not know, and those that contradict others.
pub(super) fn refuse(options: &Options) -> Result<(), UsageError> {
    for (name, kin) in options.sockets.given() {
        if let Some(why) = stranger(kin, options) {
            return Err(UsageError::quitting(format!("{name} {why}.")));
        }
    }
    match contradiction(options) {
        Some(sentence) => Err(UsageError::quitting(sentence)),
        None => Ok(()),
    }
}

/// Why the sockets of this run do not know such an option.
fn stranger(kin: Kin, options: &Options) -> Option<&'static str> {
    let unix = options.domain == Domain::Unix;
    let vsock = options.domain == Domain::Vsock;
    match kin {
        Kin::Ip | Kin::Tcp | Kin::Udp if unix => Some("means nothing to a Unix domain socket"),
        Kin::Ip | Kin::Tcp | Kin::Udp if vsock => Some("means nothing to a vsock socket"),
        Kin::Tcp if options.sctp => Some("is for TCP, and --sctp is not"),
        Kin::Tcp if options.datagram => Some("is for TCP, and --udp is not"),
        Kin::Udp if !options.datagram => Some("is for datagrams (--udp)"),
        Kin::Any | Kin::Ip | Kin::Tcp | Kin::Udp => None,
    }
}

fn contradiction(options: &Options) -> Option<&'static str> {
    let words = &options.sockets;
    let is_v4 = match options.listens() {
        true => options.domain != Domain::Unix,
        false => options.domain == Domain::V4,
    };
    let marks_ecn = words.tos.is_some_and(|class| class & 3 != 0);
    if words.tos.is_some() && words.dscp.is_some() {
        Some("--tos and --dscp set the same byte; give one of them.")
    } else if marks_ecn && !options.datagram && !options.sctp {
        Some("The lowest two bits of --tos are ECN's, which TCP sets by itself.")
    } else if words.fastopen && options.runs() && !options.listens() {
        Some(
            "A program cannot be told whom --fastopen reaches: nobody is reached before it speaks.",
        )
    } else if words.fastopen && options.zero_io {
        Some("Invalid option combination: -z and --fastopen, which tells too late who answers.")
    } else if !words.groups.is_empty() && !options.listens() {
        Some("--multicast-join is for a listener (--listen).")
    } else if !words.hops.is_empty() && !is_v4 {
        Some("-g can only currently be used with IPv4.")
    } else if words.pointer.is_some_and(|n| n / 4 > words.hops.len()) && !words.hops.is_empty() {
        Some("-G points behind the last hop of -g.")
    } else {
        None
    }
}

/// A sentence for each option that was given in vain.
pub(super) fn warnings(options: &Options) -> Vec<String> {
    let words = &options.sockets;
    let listens = (options.listens(), "with --listen");
    let scans = (options.zero_io, "with -z");
    let led = (!options.proxy.hops.is_empty(), "with --proxy");
    let no_route = (words.hops.is_empty(), "without -g");
    let keeps = words.keepalive != KeepAlive::Usual;
    let v6 = (options.domain == Domain::V6, "with -6");
    let table: [vain::Row; 6] = [
        ("-g", !words.hops.is_empty(), &[listens]),
        ("-G", words.pointer.is_some(), &[listens, no_route]),
        ("--keepalive", keeps, &[scans]),
        (
            "--multicast-ttl",
            words.multicast_ttl.is_some(),
            &[listens, led],
        ),
        (
            "--multicast-loop",
            words.multicast_loop.is_some(),
            &[listens, led],
        ),
        (
            "--broadcast",
            words.broadcast.is_some(),
            &[listens, led, v6],
        ),
    ];
    let given = table.iter().filter(|(_, given, _)| *given);
    given
        .filter_map(|(name, _, reasons)| {
            let (_, why) = reasons.iter().find(|(holds, _)| *holds)?;
            Some(format!("{name} has no effect {why}."))
        })
        .collect()
}

impl Place<'_> {
    /// What all sockets are to be like. Routers are looked up here, and groups need a place to be heard.
    pub(super) fn sockets(&mut self, role: &Role) -> Result<Sockets, UsageError> {
        let words = &self.options.sockets;
        let route = match role {
            Role::Listen(listen) => {
                heard(&words.groups, &listen.at)?;
                Vec::new()
            }
            Role::Connect(_) | Role::Scan(_) => self.route()?,
        };
        Ok(Sockets {
            device: words.device.clone(),
            keepalive: words.keepalive,
            class: words.tos.or(words.dscp),
            ttl: words.ttl,
            mptcp: words.mptcp,
            fastopen: words.fastopen,
            groups: words.groups.clone(),
            multicast_ttl: words.multicast_ttl,
            multicast_loop: words.multicast_loop,
            broadcast: words.broadcast.unwrap_or(true),
            debug: words.debug,
            receive_buffer: words.receive_buffer,
            send_buffer: words.send_buffer,
            route,
        })
    }

    /// The routers from where `-G` points: those before it count as passed.
    fn route(&mut self) -> Result<Vec<Ipv4Addr>, UsageError> {
        let words = &self.options.sockets;
        let passed = words.pointer.map_or(0, |pointer| pointer / 4 - 1);
        let hops = words.hops.iter().skip(passed);
        hops.map(|hop| router(hop, self.options.numeric_only, self.world))
            .collect()
    }
}

fn router(
    hop: &str,
    numeric_only: bool,
    world: &mut dyn super::World,
) -> Result<Ipv4Addr, UsageError> {
    let found = world.resolve(target::host(hop), Family::V4, numeric_only);
    let found = found.map_err(|why| {
        UsageError::quitting(format!("Could not resolve hop \"{hop}\" of -g: {why}."))
    })?;
    let ip = found.iter().find_map(|address| match address.ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    });
    ip.ok_or_else(|| UsageError::quitting(format!("Hop \"{hop}\" of -g has no IPv4 address.")))
}

/// A group is heard by a socket of its family that is not bound to an address of ours.
fn heard(groups: &[Group], at: &At) -> Result<(), UsageError> {
    let At::Inet { hosts, .. } = at else {
        return Ok(()); // such options are refused before
    };
    for group in groups {
        let hears = |ip: &IpAddr| {
            ip.is_ipv4() == group.ip.is_ipv4() && (ip.is_unspecified() || *ip == group.ip)
        };
        if !hosts.iter().flatten().any(|address| hears(&address.ip)) {
            return Err(UsageError::quitting(format!(
                "What is sent to the group {} is not heard at the address to listen on; listen on all \
                 addresses, or on the group's.",
                group.ip
            )));
        }
    }
    Ok(())
}

/// The name of an interface.
pub fn device(word: &str) -> Result<String, String> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    match (1..=LONGEST_INTERFACE).contains(&word.len()) && !word.contains(bad) {
        true => Ok(word.into()),
        false => Err(format!(
            "Invalid interface \"{}\" (must be a name of 1 to {LONGEST_INTERFACE} bytes).",
            word.escape_debug()
        )),
    }
}

/// `idle,interval,count`, of which each may be missing, or `off`.
pub fn keepalive(word: &str) -> Result<KeepAlive, String> {
    if word == "off" || word == "0" {
        return Ok(KeepAlive::Off);
    }
    let invalid = || {
        format!(
            "Invalid --keepalive \"{word}\" (must be off, or idle,interval,count: seconds up to \
             {LONGEST_PAUSE} and a number up to {MOST_PROBES}, each of which may be missing)."
        )
    };
    let mut parts = word.splitn(4, ',');
    let mut part = |most: u16| match parts.next() {
        None | Some("") => Ok(None),
        Some(digits) => number(digits)
            .and_then(|n| u16::try_from(n).ok())
            .filter(|n| (1..=most).contains(n))
            .map(Some)
            .ok_or_else(invalid),
    };
    let (idle, interval) = (part(LONGEST_PAUSE)?, part(LONGEST_PAUSE)?);
    let count = part(MOST_PROBES.into())?.and_then(|n| u8::try_from(n).ok());
    match parts.next() {
        Some(_) => Err(invalid()),
        None => Ok(KeepAlive::On(Probes {
            idle,
            interval,
            count,
        })),
    }
}

/// The byte of `--tos`.
pub fn tos(word: &str) -> Result<u8, String> {
    let byte = number(word).and_then(|n| u8::try_from(n).ok());
    let old = || OLD_NAMES.iter().find(|(name, _)| same(name, word));
    byte.or_else(|| code_point(word))
        .or_else(|| old().map(|(_, byte)| *byte))
        .ok_or_else(|| {
            format!(
                "Invalid --tos \"{word}\" (must be a number from 0 to 255, lowdelay, throughput, \
                 reliability, or a name of --dscp)."
            )
        })
}

/// The byte that a code point makes.
pub fn dscp(word: &str) -> Result<u8, String> {
    let point = number(word).and_then(|n| u8::try_from(n).ok());
    let byte = point.filter(|point| *point < 64).map(|point| point << 2);
    byte.or_else(|| code_point(word)).ok_or_else(|| {
        format!(
            "Invalid --dscp \"{word}\" (must be a number from 0 to 63, df, le, ef, va, cs0 to cs7, or \
             af11 to af43)."
        )
    })
}

/// The names of RFC 1349 that are still heard of, and the byte that each means.
const OLD_NAMES: [(&str, u8); 3] = [
    ("lowdelay", 0x10),
    ("throughput", 0x08),
    ("reliability", 0x04),
];

/// Code points that are neither a class nor of an assured forwarding group (RFC 2474, 3246, 5865, 8622).
const LONE_NAMES: [(&str, u8); 5] = [("be", 0), ("df", 0), ("le", 1), ("va", 44), ("ef", 46)];

/// The byte of a code point that has a name.
fn code_point(word: &str) -> Option<u8> {
    let lower = word.to_ascii_lowercase();
    let digit = |c: &u8, within: RangeInclusive<u8>| {
        let n = c.wrapping_sub(b'0');
        within.contains(&n).then_some(n)
    };
    let lone = || LONE_NAMES.iter().find(|(name, _)| *name == lower);
    let point = match lower.as_bytes() {
        [b'c', b's', class] => digit(class, 0..=7)? << 3,
        [b'a', b'f', class, drop] => digit(class, 1..=4)? << 3 | digit(drop, 1..=3)? << 1,
        _ => lone()?.1,
    };
    Some(point << 2)
}

fn same(name: &str, word: &str) -> bool {
    name.eq_ignore_ascii_case(word)
}

/// How many routers.
pub fn ttl(option: &str, word: &str, least: u8) -> Result<u8, String> {
    let number = number(word).and_then(|n| u8::try_from(n).ok());
    number
        .filter(|n| *n >= least)
        .ok_or_else(|| format!("Invalid {option} \"{word}\" (must be from {least} to 255)."))
}

/// `on` or `off`.
pub fn on_or_off(option: &str, word: &str) -> Result<bool, String> {
    match word {
        "on" | "1" => Ok(true),
        "off" | "0" => Ok(false),
        _ => Err(format!("Invalid {option} \"{word}\" (must be on or off).")),
    }
}

/// A group, and the interface behind a percent sign.
pub fn group(word: &str) -> Result<Group, String> {
    let plain = target::host(word);
    let (address, interface) = match plain.split_once('%') {
        Some((address, interface)) => (address, Some(device(interface)?)),
        None => (plain, None),
    };
    let ip: Option<IpAddr> = address.parse().ok();
    match ip.filter(IpAddr::is_multicast) {
        Some(ip) => Ok(Group { ip, interface }),
        None => Err(format!(
            "Invalid --multicast-join \"{word}\" (must be an address from 224.0.0.0 to \
             239.255.255.255 or in ff00::/8, with %interface behind it or not)."
        )),
    }
}

/// Adds hops with commas between them to those that were given before.
pub fn add_hops(hops: &mut Vec<String>, word: &str) -> Result<(), String> {
    for hop in word.split(',') {
        if hop.is_empty() {
            return Err(format!(
                "Invalid -g \"{word}\" (a hop between commas is missing)."
            ));
        }
        hops.push(hop.into());
    }
    match hops.len() > MOST_HOPS {
        true => Err(format!("-g takes {MOST_HOPS} hops in all.")),
        false => Ok(()),
    }
}

/// Where a route is begun: the number of a byte in it.
pub fn pointer(word: &str) -> Result<usize, String> {
    match quantity::lenient(word) {
        n @ (4 | 8 | 12 | 16 | 20 | 24 | 28) => Ok(n as usize),
        _ => Err(format!(
            "Invalid -G \"{word}\" (must be 4, 8, 12, 16, 20, 24 or 28)."
        )),
    }
}

/// Decimal, or hexadecimal behind `0x`.
fn number(word: &str) -> Option<u32> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    let plain = digits.bytes().all(|c| c.is_ascii_hexdigit());
    u32::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests;
