//! A set of hosts: prefixes by their length, and what is no prefix by the values of its octets.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::patterns::{Octets, Patterns, as_prefix};

/// How many bits stand in front of an IPv4 address that is written as an IPv6 one.
const MAPPED: u32 = 96;

/// Hosts, of which one asks whether a peer is among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hosts {
    /// Addresses and names. IPv4 is kept as IPv6 here (`::ffff:1.2.3.4`), for it means the same.
    addresses: Prefixes,
    /// Patterns that come to a prefix, kept in the same way. They mean IPv4 peers only.
    simple: Prefixes,
    /// All other patterns.
    patterns: Patterns,
}

impl Hosts {
    /// Adds all addresses that begin with the first `bits` of this one. There are no more than its
    /// family has.
    pub(super) fn add_address(&mut self, ip: IpAddr, bits: u32) {
        let front = if ip.is_ipv4() { MAPPED } else { 0 };
        self.addresses.add(number(ip), front + bits);
    }

    /// Adds all IPv4 addresses whose first `bits` are those of one that the octets allow.
    pub(super) fn add_pattern(&mut self, octets: &Octets, bits: u32) {
        let octets = octets.masked(bits);
        match as_prefix(&octets) {
            Some((ip, bits)) => self.simple.add(number(ip.into()), MAPPED + bits),
            None => self.patterns.add(&octets),
        }
    }

    /// Whether a peer is among them.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let wanted = number(peer);
        self.addresses.contains(wanted)
            || match peer {
                IpAddr::V4(v4) => self.simple.contains(wanted) || self.patterns.contains(v4),
                IpAddr::V6(_) => false,
            }
    }

    /// How many places are looked at, at most, for one peer.
    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.addresses.by_length.len() + self.simple.by_length.len() + self.patterns.steps()
    }
}

/// Prefixes of 128-bit addresses: for each length that there is, the set of those so long.
#[derive(Clone, Debug, Default, PartialEq)]
struct Prefixes {
    by_length: BTreeMap<u32, HashSet<u128>>,
}

impl Prefixes {
    fn add(&mut self, ip: u128, bits: u32) {
        let set = self.by_length.entry(bits).or_default();
        set.insert(beginning(ip, bits));
    }

    fn contains(&self, ip: u128) -> bool {
        let mut lengths = self.by_length.iter();
        lengths.any(|(&bits, set)| set.contains(&beginning(ip, bits)))
    }
}

/// The first bits, and zeros behind them.
fn beginning(ip: u128, bits: u32) -> u128 {
    let rest = u128::MAX.checked_shr(bits).unwrap_or(0);
    ip & !rest
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => Ipv4Addr::to_ipv6_mapped(&v4).to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6),
    }
}

#[cfg(test)]
mod tests;
