//! Where the users of a proxy of ours may go: hosts with ports behind them.
//!
//! `10.0.0.0/8:80,443,8000-8100,[2001:db8::]/32:22,example.com,:25` are four rules. A host is written as in
//! the other lists; nothing, or `*`, is any host. A name is meant as it is asked for, and by the addresses
//! that it has when we start.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::spec::is_blank;
use super::{Hosts, Mistake, Source};

/// Rules for destinations. Without any, everywhere is allowed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Destinations {
    /// There is a list of what is allowed, and so nothing else is.
    only_allowed: bool,
    allow: Rules,
    deny: Rules,
}

impl Destinations {
    /// Reads what options say of both lists, each with commas between rules.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(
        allow: &[String],
        deny: &[String],
        source: &mut dyn Source,
    ) -> Result<Self, Mistake> {
        Ok(Self {
            only_allowed: !allow.is_empty(),
            allow: Rules::read(allow, source)?,
            deny: Rules::read(deny, source)?,
        })
    }

    /// Whether one may go to that port of that address, which was found for that name if it was
    /// looked up.
    pub fn permits(&self, name: Option<&str>, ip: IpAddr, port: u16) -> bool {
        let name = name.map(plain);
        let name = name.as_deref();
        let (ip, reached) = (ip.to_canonical(), reached(ip));
        let allowed = !self.only_allowed || self.allow.mean(name, reached, port);
        let denied = [ip, reached].map(|ip| self.deny.mean(name, ip, port));
        allowed && !denied.contains(&true)
    }

    /// Whether that name may be looked up for somebody who wants to go to that port there. Where it
    /// leads to is judged when that is known.
    pub fn permits_name(&self, name: &str, port: u16) -> bool {
        !self.deny.name(&plain(name), port)
    }
}

/// A name as names are compared.
fn plain(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.to_ascii_lowercase()
}

/// Where a connection to that address ends: one of IPv4 may come in the clothes of IPv6, and to the system
/// no address in particular means the host itself.
pub fn reached(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// The first port and the last.
type Ports = (u16, u16);
const ALL_PORTS: Ports = (0, u16::MAX);

/// One list. What it costs to ask depends on how many different lists of ports there are, not on how
/// many hosts.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rules {
    by_ports: BTreeMap<Vec<Ports>, Group>,
}

/// All hosts with the same ports behind them.
#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    /// Any host at all.
    any: bool,
    /// As they are compared.
    names: HashSet<String>,
    hosts: Hosts,
}

impl Rules {
    fn read(options: &[String], source: &mut dyn Source) -> Result<Self, Mistake> {
        let mut rules = Self::default();
        for words in options {
            for rule in read(words)? {
                rules.add(rule, source)?;
            }
        }
        Ok(rules)
    }

    fn add(&mut self, rule: Rule, source: &mut dyn Source) -> Result<(), Mistake> {
        let mut ports = rule.ports;
        ports.sort_unstable();
        ports.dedup();
        let group = self.by_ports.entry(ports).or_default();
        if matches!(rule.host.as_str(), "" | "*") {
            group.any = true;
            return Ok(());
        }
        let told = group.hosts.add_telling(&rule.host, source);
        let name = told.map_err(|why| wrong(&rule.host, why))?;
        group.names.extend(name.map(plain));
        Ok(())
    }

    /// Whether there is a rule that means that place.
    fn mean(&self, name: Option<&str>, ip: IpAddr, port: u16) -> bool {
        let named = |group: &Group| name.is_some_and(|name| group.names.contains(name));
        self.at(port)
            .any(|group| group.any || named(group) || group.hosts.contains(ip))
    }

    /// Whether there is a rule that means that name, wherever it may lead.
    fn name(&self, name: &str, port: u16) -> bool {
        self.at(port)
            .any(|group| group.any || group.names.contains(name))
    }

    fn at(&self, port: u16) -> impl Iterator<Item = &Group> {
        let within = move |(first, last): &Ports| (*first..=*last).contains(&port);
        let groups = self.by_ports.iter();
        groups
            .filter(move |(ports, _)| ports.iter().any(within))
            .map(|(_, group)| group)
    }
}

/// One rule as it was written.
struct Rule {
    host: String,
    /// Never none.
    ports: Vec<Ports>,
    /// Ports were given, so that more of them may follow.
    open: bool,
}

/// Rules with commas between them. Nothing between commas is nothing.
fn read(words: &str) -> Result<Vec<Rule>, Mistake> {
    let mut rules: Vec<Rule> = Vec::new();
    for item in words.split(',') {
        let item = item.trim_start_matches(is_blank);
        if item.is_empty() {
            continue;
        }
        match (ports(item), rules.last_mut()) {
            (Some(ports), Some(rule)) if rule.open => rule.ports.push(ports),
            // An address can be written as a number, but hardly anybody means that here.
            (Some(_), _) => {
                let why = format!("There is no host with a colon before the port \"{item}\".");
                return Err(wrong(item, why));
            }
            (None, _) => rules.push(rule(item)?),
        }
    }
    Ok(rules)
}

fn rule(item: &str) -> Result<Rule, Mistake> {
    let (host, behind) =
        parts(item).ok_or_else(|| wrong(item, format!("Error parsing brackets in \"{item}\".")))?;
    let ports = match behind {
        None => ALL_PORTS,
        Some(digits) => ports(digits)
            .ok_or_else(|| wrong(item, format!("Error parsing port in \"{item}\".")))?,
    };
    Ok(Rule {
        host,
        ports: vec![ports],
        open: behind.is_some(),
    })
}

/// The host, and what stands behind its colon. More than one colon makes an IPv6 address, which has to
/// wear brackets beside a port: `[::1]:80`, `[2001:db8::]/32:80` or `[2001:db8::/32]:80`.
fn parts(item: &str) -> Option<(String, Option<&str>)> {
    let Some(rest) = item.strip_prefix('[') else {
        return match item.split_once(':') {
            Some((host, digits)) if !digits.contains(':') => Some((host.into(), Some(digits))),
            _ => Some((item.into(), None)),
        };
    };
    let (address, behind) = rest.split_once(']')?;
    let (bits, digits) = match behind.split_once(':') {
        Some((bits, digits)) => (bits, Some(digits)),
        None => (behind, None),
    };
    let good = address.contains(':') && (bits.is_empty() || bits.starts_with('/'));
    good.then(|| (format!("{address}{bits}"), digits))
}

/// `N` or `N-M`.
fn ports(word: &str) -> Option<Ports> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let ports = (port(first)?, port(last)?);
    (ports.0 <= ports.1).then_some(ports)
}

fn port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn wrong(spec: &str, why: String) -> Mistake {
    Mistake::Word {
        spec: spec.into(),
        why,
    }
}

#[cfg(test)]
mod tests;
