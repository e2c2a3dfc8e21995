//! One host specification: an address, a pattern of octets or a name, with `/bits` behind it or not.
//!
//! Promise: a word that cannot be the name of a host is refused before anybody is asked for it.

use std::net::IpAddr;

use super::patterns::Octets;
use super::{Hosts, Source};

/// The longest name that DNS can carry, and the longest part of it.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

impl Hosts {
    /// Adds what a word means, or says what is wrong with it.
    pub fn add(&mut self, spec: &str, source: &mut dyn Source) -> Result<(), String> {
        self.add_telling(spec, source).map(drop)
    }

    /// The same; tells the name if that is what the word was.
    pub(super) fn add_telling<'a>(
        &mut self,
        spec: &'a str,
        source: &mut dyn Source,
    ) -> Result<Option<&'a str>, String> {
        let word = spec.trim_start_matches(is_blank);
        let (host, bits) = match word.split_once('/') {
            Some((host, digits)) => {
                let why = || format!("Error parsing netmask in \"{spec}\".");
                (host, Some(number(digits).ok_or_else(why)?))
            }
            None => (word, None),
        };
        if let Some(ip) = host.parse().ok().or_else(|| source.numeric(host)) {
            let bits = within(bits, width(ip)).ok_or_else(|| too_long(spec))?;
            self.add_address(ip, bits);
            return Ok(None);
        }
        let between = || format!("Illegal netmask in \"{spec}\". Must be between 0 and 32.");
        if let Some(octets) = pattern(host) {
            self.add_pattern(&octets, within(bits, 32).ok_or_else(between)?);
            return Ok(None);
        }
        for ip in named(host, source)? {
            self.add_address(ip, within(bits, width(ip)).ok_or_else(between)?);
        }
        Ok(Some(host))
    }
}

fn too_long(spec: &str) -> String {
    format!("Illegal netmask in \"{spec}\". Must be smaller than address bit length.")
}

/// White space in the sense of C.
pub(super) fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// As many bits as were asked for, or all there are.
fn within(bits: Option<u64>, width: u32) -> Option<u32> {
    let bits = bits.map_or(Some(width), |bits| bits.try_into().ok())?;
    (bits <= width).then_some(bits)
}

fn width(ip: IpAddr) -> u32 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Four sets of values with dots between them.
fn pattern(word: &str) -> Option<Octets> {
    let mut words = word.split('.');
    let mut octets = Octets([[false; 256]; 4]);
    for values in &mut octets.0 {
        fill(words.next()?, values)?;
    }
    words.next().is_none().then_some(octets)
}

/// `*`, or a list of values and of ranges of values.
fn fill(word: &str, values: &mut [bool; 256]) -> Option<()> {
    if word == "*" {
        values.fill(true);
        return Some(());
    }
    for item in word.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let range = value(first, item, 0)?..=value(last, item, 255)?;
        if range.is_empty() {
            return None;
        }
        values[range].fill(true);
    }
    Some(())
}

/// A value, or where the range goes on to if nothing is said. An item that says nothing at all is
/// no range.
fn value(digits: &str, item: &str, open: usize) -> Option<usize> {
    if digits.is_empty() && !item.is_empty() {
        return Some(open);
    }
    let value = number(digits).and_then(|value| u8::try_from(value).ok());
    value.map(usize::from)
}

fn named(host: &str, source: &mut dyn Source) -> Result<Vec<IpAddr>, String> {
    let found = match may_be_name(host) {
        true => source.named(host),
        false => Err("Name or service not known".into()),
    };
    found.map_err(|why| format!("Error resolving name \"{host}\": {why}"))
}

/// Whether a name server may be asked for it. The last part of a name has a letter, for otherwise it
/// is an address that went wrong; underscores are not for hosts but in use.
fn may_be_name(word: &str) -> bool {
    let name = word.strip_suffix('.').unwrap_or(word);
    let known = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let good = |label: &str| {
        let fits = (1..=LONGEST_LABEL).contains(&label.len());
        fits && !label.starts_with('-') && label.bytes().all(known)
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= LONGEST_NAME
        && name.split('.').all(good)
        && last.bytes().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests;
