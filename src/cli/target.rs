//! Words for places: hosts, ports, lists of ports and names of Unix sockets.
//!
//! Promise: reading a word asks nobody. Names of hosts and services are left for the world to
//! look up.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::plan::{PortRange, UnixName};
use super::quantity;

/// The longest name of a Unix socket: `sun_path` without its NUL.
const LONGEST_UNIX_NAME: usize = 107;

/// A port as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortWord {
    /// A number, not yet known to be below 65536.
    Number(u64),
    /// What may be the name of a service.
    Service(String),
}

/// Reads a port, which is a number or the name of a service.
pub fn port_word(word: &str) -> Option<PortWord> {
    match quantity::unsigned(word) {
        Some(number) => Some(PortWord::Number(number)),
        None => may_be_service(word).then(|| PortWord::Service(word.into())),
    }
}

/// Service names have a letter somewhere (RFC 6335); the old ones among them have `+`, `.` or `_` too.
fn may_be_service(word: &str) -> bool {
    let known = |c: u8| c.is_ascii_alphanumeric() || b"+-._".contains(&c);
    word.bytes().all(known) && word.bytes().any(|c| c.is_ascii_alphabetic())
}

/// Reads one port; `service` knows the ports of services.
pub fn port(word: &str, service: &mut dyn FnMut(&str) -> Option<u16>) -> Option<u16> {
    match port_word(word)? {
        PortWord::Number(number) => number.try_into().ok(),
        PortWord::Service(name) => service(&name),
    }
}

/// Reads a list of ports and ranges of ports, such as `20-25,80,http`.
pub fn ports(word: &str, service: &mut dyn FnMut(&str) -> Option<u16>) -> Option<Vec<PortRange>> {
    let lone = !word.contains(',');
    word.split(',')
        .map(|item| match item.is_empty() && !lone {
            true => None, // nothing at all is port 0, but nothing between commas is a slip
            false => range(item).or_else(|| {
                let port = port(item, service)?;
                Some(PortRange {
                    first: port,
                    last: port,
                })
            }),
        })
        .collect()
}

fn range(item: &str) -> Option<PortRange> {
    let (first, last) = item.split_once('-')?;
    let bound = |digits: &str| match digits.bytes().all(|c| c.is_ascii_digit()) {
        true => digits.parse().ok(),
        false => None,
    };
    let (first, last) = (bound(first)?, bound(last)?);
    (first <= last).then_some(PortRange { first, last })
}

/// The host in the brackets that an IPv6 address wears beside a port; other words as they are.
pub fn host(word: &str) -> &str {
    let inside = word
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'));
    inside.filter(|inside| inside.contains(':')).unwrap_or(word)
}

/// Reads the name of a Unix socket: a path, or `@` and a name in the abstract name space.
pub fn unix_name(word: &OsStr) -> Result<UnixName, String> {
    let bytes = word.as_bytes();
    let (name, kind) = match bytes.strip_prefix(b"@") {
        Some(name) => (name, "abstract name"),
        None => (bytes, "path"),
    };
    if name.is_empty() {
        return Err(format!(
            "The {kind} of a Unix domain socket must not be empty."
        ));
    }
    if name.len() > LONGEST_UNIX_NAME {
        let shown = word.to_string_lossy();
        return Err(format!(
            "The {kind} of a Unix domain socket must not be longer than {LONGEST_UNIX_NAME} bytes: \
             \"{shown}\"."
        ));
    }
    Ok(match name.len() == bytes.len() {
        true => UnixName::Path(word.into()),
        false => UnixName::Abstract(OsString::from_vec(name.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known_services(name: &str) -> Option<u16> {
        match name {
            "http" => Some(80),
            "http-alt" => Some(8080),
            "9pfs" => Some(564),
            _ => None,
        }
    }

    #[test]
    fn a_port_is_a_number_or_a_service() {
        let cases = [
            ("", Some(0)),
            ("0", Some(0)),
            ("65535", Some(65_535)),
            (" +80", Some(80)),
            ("http", Some(80)),
            ("9pfs", Some(564)),
            ("65536", None),
            ("18446744073709551616", None),
            ("-1", None),
            ("80-81", None),
            ("80,81", None),
            ("nosuch", None),
            ("0x50", None),
            ("ht tp", None),
        ];
        for (word, wanted) in cases {
            assert_eq!(port(word, &mut known_services), wanted, "port {word:?}");
        }
    }

    #[test]
    fn a_list_of_ports_keeps_its_order_and_its_ranges() {
        type Pairs = Option<&'static [(u16, u16)]>;
        let cases: &[(&str, Pairs)] = &[
            ("80", Some(&[(80, 80)])),
            ("", Some(&[(0, 0)])),
            ("20-25,80,http", Some(&[(20, 25), (80, 80), (80, 80)])),
            ("http-alt,1", Some(&[(8080, 8080), (1, 1)])),
            ("0-65535", Some(&[(0, 65_535)])),
            ("25-25", Some(&[(25, 25)])),
            ("25-20", None),
            ("20-", None),
            ("-20", None),
            ("20-25-30", None),
            ("20- 25", None),
            ("1-65536", None),
            ("20,,80", None),
            (",", None),
            ("20,", None),
            ("20,nosuch", None),
        ];
        for (word, wanted) in cases {
            let ports = ports(word, &mut known_services);
            let pairs =
                ports.map(|list| list.iter().map(|r| (r.first, r.last)).collect::<Vec<_>>());
            assert_eq!(pairs.as_deref(), *wanted, "ports {word:?}");
        }
    }

    #[test]
    fn only_ipv6_addresses_leave_their_brackets() {
        let cases = [
            ("[::1]", "::1"),
            ("[fe80::1%lo]", "fe80::1%lo"),
            ("::1", "::1"),
            ("[host]", "[host]"),
            ("[::1", "[::1"),
            ("[]", "[]"),
            ("", ""),
        ];
        for (word, wanted) in cases {
            assert_eq!(host(word), wanted, "host {word:?}");
        }
    }

    #[test]
    fn a_unix_name_is_a_path_or_abstract() {
        let path = |path: &str| UnixName::Path(path.into());
        assert_eq!(unix_name("/a b".as_ref()), Ok(path("/a b")), "a path");
        assert_eq!(
            unix_name("./@x".as_ref()),
            Ok(path("./@x")),
            "a file called @x"
        );
        let hidden = UnixName::Abstract("x".into());
        assert_eq!(unix_name("@x".as_ref()), Ok(hidden), "an abstract name");
        let odd = OsStr::from_bytes(b"/\xff");
        assert_eq!(
            unix_name(odd),
            Ok(UnixName::Path(odd.into())),
            "a path that is not UTF-8"
        );
    }

    #[test]
    fn a_unix_name_must_fit_and_must_not_be_empty() {
        for (length, fits) in [(0, false), (1, true), (107, true), (108, false)] {
            for front in ["", "@"] {
                let word = format!("{front}{}", "x".repeat(length));
                let name = unix_name(word.as_ref());
                assert_eq!(
                    name.is_ok(),
                    fits,
                    "{length} bytes after {front:?}: {name:?}"
                );
            }
        }
    }
}
