//! What the sets of hosts must agree with: one specification held against one peer, without a set.
//!
//! Nothing here is part of the program. It is compiled into the library so that tests and fuzz
//! targets judge by the same reader; it favours being obviously right over being fast.

use std::net::IpAddr;

use super::Source;

/// Whether a specification means the peer; nothing if it is to be refused.
pub fn means(spec: &str, peer: IpAddr, source: &mut dyn Source) -> Option<bool> {
    let blanks = [' ', '\t', '\n', '\x0b', '\x0c', '\r'];
    let word = spec.trim_start_matches(blanks);
    let mut halves = word.splitn(2, '/');
    let host = halves.next()?;
    let bits = match halves.next() {
        Some(digits) if digits.contains('+') => return None,
        Some(digits) => Some(digits.parse::<u64>().ok()?),
        None => None,
    };
    let numeric = host.parse().ok().or_else(|| source.numeric(host));
    if let Some(ip) = numeric {
        return begins(ip, bits, peer);
    }
    if let Some(octets) = octets(host) {
        return allows(&octets, bits, peer);
    }
    if !is_name(host) {
        return None;
    }
    let found = source.named(host).ok()?;
    let each = found.into_iter().map(|ip| begins(ip, bits, peer));
    let each: Vec<bool> = each.collect::<Option<_>>()?;
    Some(each.contains(&true))
}

/// Whether the peer begins like the address, both as they are written in 128 bits.
fn begins(ip: IpAddr, bits: Option<u64>, peer: IpAddr) -> Option<bool> {
    let own = if ip.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(own);
    let unheeded = usize::try_from(own.checked_sub(bits)?).ok()?;
    let (ip, peer) = (in_bits(ip), in_bits(peer));
    Some(ip[..128 - unheeded] == peer[..128 - unheeded])
}

fn in_bits(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => format!("{:080}{:016b}{:032b}", 0, 0xffff, v4.to_bits()),
        IpAddr::V6(v6) => format!("{:0128b}", v6.to_bits()),
    }
}

/// Whether some address that the octets allow begins like the peer.
fn allows(octets: &[Vec<u8>], bits: Option<u64>, peer: IpAddr) -> Option<bool> {
    let mut bits = Some(bits.unwrap_or(32)).filter(|&bits| bits <= 32)?;
    let IpAddr::V4(peer) = peer else {
        return Some(false);
    };
    for (values, wanted) in octets.iter().zip(peer.octets()) {
        let counting = bits.min(8) as u32;
        let mask = (0xff00_u32 >> counting) as u8;
        if !values.iter().any(|value| value & mask == wanted & mask) {
            return Some(false);
        }
        bits -= u64::from(counting);
    }
    Some(true)
}

fn octets(word: &str) -> Option<Vec<Vec<u8>>> {
    let octets: Option<Vec<_>> = word.split('.').map(values).collect();
    octets.filter(|octets| octets.len() == 4)
}

fn values(word: &str) -> Option<Vec<u8>> {
    if word == "*" {
        return Some((0..=255).collect());
    }
    let mut values = Vec::new();
    for item in word.split(',') {
        let ends: Vec<&str> = item.split('-').collect();
        let (first, last) = match ends[..] {
            [""] => return None,
            [one] => (byte(one)?, byte(one)?),
            ["", ""] => (0, 255),
            ["", last] => (0, byte(last)?),
            [first, ""] => (byte(first)?, 255),
            [first, last] => (byte(first)?, byte(last)?),
            _ => return None,
        };
        if first > last {
            return None;
        }
        values.extend(first..=last);
    }
    Some(values)
}

fn byte(digits: &str) -> Option<u8> {
    if digits.contains('+') {
        return None;
    }
    digits.parse().ok()
}

fn is_name(word: &str) -> bool {
    let labels: Vec<&str> = word.strip_suffix('.').unwrap_or(word).split('.').collect();
    let plain = |label: &&str| {
        let mut chars = label.chars();
        chars.all(|c| matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_'))
    };
    let lettered = |label: &&str| label.contains(|c: char| c.is_ascii_alphabetic());
    labels.iter().all(plain)
        && labels
            .iter()
            .all(|label| !label.is_empty() && !label.starts_with('-'))
        && labels.iter().all(|label| label.len() < 64)
        && labels.join(".").len() < 254
        && labels.last().is_some_and(lettered)
}
