//! Where a request wants to go: `http://host:port/path` or, for a tunnel, `host:port`.
//!
//! Promise: a host that comes out is one of [`Host`]'s, whatever was behind its percent signs, and what is
//! not plainly one host and one port is nothing at all.

use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;

use crate::wire::{Endpoint, Host};

/// The port of an address that names none.
pub(super) const HTTP_PORT: u16 = 80;

/// An address of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Who has it.
    pub to: Endpoint,
    /// Path and query as they were given: not decoded, and perhaps empty. What stands behind a `#` is for
    /// the client alone.
    pub path: String,
}

/// Reads `http://host[:port][/path][?query][#fragment]`.
pub fn of_uri(uri: &str) -> Option<Target> {
    let (scheme, rest) = uri.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    if !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = parts(authority)?;
    let port = match port {
        None | Some("") => HTTP_PORT,
        Some(digits) => number(digits)?,
    };
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    Some(Target {
        to: Endpoint { host, port },
        path: path.into(),
    })
}

/// Reads `host:port`.
pub fn of_authority(authority: &str) -> Option<Endpoint> {
    let (host, port) = parts(authority)?;
    let port = number(port?)?;
    Some(Endpoint { host, port })
}

/// The host, and what stands behind its colon if there is one.
fn parts(authority: &str) -> Option<(Host, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':')?),
        };
        return Some((Host::Ip(address.into()), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host = percent_decode_str(host).decode_utf8().ok()?;
    Some((named(&host)?, port))
}

/// The host that is called like that, if any may be.
fn named(host: &str) -> Option<Host> {
    if let Ok(address) = host.parse() {
        return Some(Host::Ip(std::net::IpAddr::V4(address)));
    }
    Host::named(host)
}

/// A port, in digits and nothing else.
fn number(digits: &str) -> Option<u16> {
    let all_digits = digits.bytes().all(|c| c.is_ascii_digit());
    let port = digits.parse().ok().filter(|_| all_digits)?;
    (port > 0).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was asked for, and the host as it is printed, the port and the path that are meant.
    const GOOD: &[(&str, &str, u16, &str)] = &[
        ("http://www.example.com", "www.example.com", 80, ""),
        ("HTTP://www.example.com", "www.example.com", 80, ""),
        ("http://WWW.EXAMPLE.COM", "WWW.EXAMPLE.COM", 80, ""),
        ("http://www.example.com:100", "www.example.com", 100, ""),
        ("http://www.example.com:1", "www.example.com", 1, ""),
        ("http://www.example.com:65535", "www.example.com", 65535, ""),
        ("http://www.example.com:", "www.example.com", 80, ""),
        ("http://www.example.com:/", "www.example.com", 80, "/"),
        ("http://www.example.com/", "www.example.com", 80, "/"),
        ("http://www.example.com:100/", "www.example.com", 100, "/"),
        ("http://1.2.3.4", "1.2.3.4", 80, ""),
        ("http://1.2.3.4:100", "1.2.3.4", 100, ""),
        ("http://[::ffff]", "[::ffff]", 80, ""),
        ("http://[::ffff]:100", "[::ffff]", 100, ""),
        (
            "http://www.example.com/path?query#frag",
            "www.example.com",
            80,
            "/path?query",
        ),
        ("http://www.exampl%65.com", "www.example.com", 80, ""),
        ("http://www.exampl%6a.com", "www.examplj.com", 80, ""),
        ("http://www.exampl%6A.com", "www.examplj.com", 80, ""),
        (
            "http://www.example.com/a%23b",
            "www.example.com",
            80,
            "/a%23b",
        ),
        ("http://h:080", "h", 80, ""),
        ("http://h?q", "h", 80, "?q"),
        ("http://h#f", "h", 80, ""),
        ("http://h/@", "h", 80, "/@"),
        ("http://h/a#b?c#d", "h", 80, "/a"),
        ("http://b%C3%BCcher.example/", "bücher.example", 80, "/"),
        ("http://bücher.example/", "bücher.example", 80, "/"),
        ("http://%31.2.3.4/", "1.2.3.4", 80, "/"),
        ("http://a_b-c/", "a_b-c", 80, "/"),
    ];

    const BAD: &[&str] = &[
        "",
        "/dir/file",
        "*",
        "http://www.example.com:%380",
        "http://www.example.com:-1",
        "http://www.example.com:0",
        "http://www.example.com:65536",
        "http://user@www.example.com",
        "http://user:pass@www.example.com",
        "unknown://www.example.com",
        "unknown:",
        "h2+tp-x.y://h:1/",
        "https://h/",
        "ftp://h/",
        "1http://h",
        " http://h/",
        "http:",
        "http:/x",
        "http://",
        "http:///x",
        "http://:80/",
        "http://?q",
        "http://h:80:90/",
        "http://::1/",
        "http://h%00x",
        "http://h%0d%0ax",
        "http://h%20x",
        "http://h%2fx",
        "http://h%c2%85",
        "http://h%ff",
        // Decoded once, and no host has a percent sign in its name.
        "http://www.exampl%2523.com",
        "http://h:+80",
        "http://h: 80",
        "http://h:8e1",
        "http://h:70000",
        "http://a:b/c@d",
        "http://[::1",
        "http://[::1]x",
        "http://[::1]80",
        "http://[]",
        "http://[1.2.3.4]",
        "http://[fe80::1%25eth0]/",
        "http://h%zz",
        "http://h%4",
        "http://h\\@other/",
    ];

    #[test]
    fn an_address_of_a_page_says_one_host_one_port_and_a_path() {
        for &(uri, host, port, path) in GOOD {
            let target = of_uri(uri).unwrap_or_else(|| panic!("{uri} leads nowhere"));
            let read = (target.to.host.to_string(), target.to.port, target.path);
            assert_eq!(read, (host.into(), port, path.into()), "{uri}");
        }
    }

    #[test]
    fn what_is_not_plainly_an_address_leads_nowhere() {
        for uri in BAD {
            assert_eq!(of_uri(uri), None, "{uri:?}");
        }
    }

    #[test]
    fn numbers_are_addresses_and_not_names() {
        for host in ["1.2.3.4", "[::ffff]"] {
            let target = of_authority(&format!("{host}:1")).expect("a good address");
            assert!(
                matches!(target.host, Host::Ip(_)),
                "{host} is to be looked up"
            );
        }
    }

    #[test]
    fn a_tunnel_leads_to_a_host_and_a_port_and_nowhere_without_one() {
        let cases = [
            ("h:443", Some("h:443")),
            ("[::1]:443", Some("[::1]:443")),
            ("1.2.3.4:1", Some("1.2.3.4:1")),
            ("exampl%65:1", Some("example:1")),
            ("h", None),
            ("h:", None),
            (":1", None),
            ("[::1]", None),
            ("[::1]:", None),
            ("::1:80", None),
            ("h:0", None),
            ("h:65536", None),
            ("h:1/", None),
            ("u@h:1", None),
            ("http://h:1", None),
            ("http://h:1/", None),
        ];
        for (authority, wanted) in cases {
            let read = of_authority(authority).map(|to| to.to_string());
            assert_eq!(read.as_deref(), wanted, "{authority}");
        }
    }

    #[test]
    fn names_may_have_255_bytes_and_no_more() {
        for (length, good) in [(1, true), (255, true), (256, false), (1000, false)] {
            let read = of_authority(&format!("{}:1", "n".repeat(length)));
            assert_eq!(read.is_some(), good, "a name of {length} bytes");
        }
    }
}
