//! A host and a port as SOCKS5 writes them: the type of the address, what that type asks for, the port.
//!
//! Promise: whatever comes is read within its bounds, and what is written is read as the same again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::{Endpoint, Fault, Host};

/// Four bytes follow.
const IPV4: u8 = 1;
/// A byte with the length of a name follows, and the name.
const NAME: u8 = 3;
/// Sixteen bytes follow.
const IPV6: u8 = 4;

/// The longest text that one byte can tell the length of: names of hosts and users, and passwords.
pub(super) const TEXT_MAX: usize = 255;

/// A host as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// An address.
    Ip(IpAddr),
    /// Whatever was written for a name, be it empty.
    Name(&'a [u8]),
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelt<'a> {
    pub(super) place: Place<'a>,
    pub(super) port: u16,
    /// What stands behind it.
    pub(super) rest: &'a [u8],
}

/// An address of a type that we do not know, so nobody can tell where it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownType(pub(super) u8);

/// Reads what `bytes` begin with; nothing yet if that is not complete.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<Spelt<'_>>, UnknownType> {
    let Some((&kind, bytes)) = bytes.split_first() else {
        return Ok(None);
    };
    let parted = match kind {
        IPV4 => bytes
            .split_first_chunk()
            .map(|(&ip, rest)| (Place::Ip(Ipv4Addr::from(ip).into()), rest)),
        IPV6 => bytes
            .split_first_chunk()
            .map(|(&ip, rest)| (Place::Ip(Ipv6Addr::from(ip).into()), rest)),
        NAME => text(bytes).map(|(name, rest)| (Place::Name(name), rest)),
        kind => return Err(UnknownType(kind)),
    };
    let spelt = parted.and_then(|(place, rest)| {
        let (&port, rest) = rest.split_first_chunk()?;
        let port = u16::from_be_bytes(port);
        Some(Spelt { place, port, rest })
    });
    Ok(spelt)
}

/// A text behind the byte that tells its length, and what follows; none if it is not complete.
pub(super) fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, bytes) = bytes.split_first()?;
    bytes.split_at_checked(usize::from(length))
}

/// Writes `to` behind what is there.
///
/// # Errors
/// Its name cannot be written, and nothing has been.
pub(super) fn encode(to: &Endpoint, into: &mut Vec<u8>) -> Result<(), Fault> {
    match &to.host {
        Host::Ip(ip) => encode_ip(*ip, to.port, into),
        Host::Name(name) => {
            let name = carried(name)?;
            into.extend([NAME, name.len() as u8]); // `carried` has measured it
            into.extend(name);
            into.extend(to.port.to_be_bytes());
        }
    }
    Ok(())
}

/// The same for an address, which can always be written.
pub(super) fn encode_ip(ip: IpAddr, port: u16, into: &mut Vec<u8>) {
    match ip {
        IpAddr::V4(ip) => {
            into.push(IPV4);
            into.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            into.push(IPV6);
            into.extend(ip.octets());
        }
    }
    into.extend(port.to_be_bytes());
}

/// The name of a host as any version of SOCKS can carry it.
///
/// # Errors
/// It cannot. To cut it would reach somebody else.
pub(super) fn carried(name: &str) -> Result<&[u8], Fault> {
    match name.as_bytes() {
        [] => Err(Fault::new("SOCKS cannot carry an empty host name")),
        name if name.len() > TEXT_MAX => Err(Fault::new(
            "SOCKS cannot carry a host name of over 255 bytes",
        )),
        name if name.contains(&0) => Err(Fault::new("SOCKS cannot carry a NUL in a host name")),
        name => Ok(name),
    }
}

impl Place<'_> {
    /// The host that is meant; none if what was written for a name is none.
    pub(super) fn host(&self) -> Option<Host> {
        match *self {
            Place::Ip(ip) => Some(Host::Ip(ip)),
            Place::Name(name) => host(name),
        }
    }
}

/// The host that a peer named: an address if it wrote one as text, for many do; none if it is no host.
pub(super) fn host(name: &[u8]) -> Option<Host> {
    let name = str::from_utf8(name).ok()?;
    if let Ok(ip) = name.parse() {
        return Some(Host::Ip(ip));
    }
    Host::named(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written_and_none_of_its_beginnings_is_one() {
        let longest = "x".repeat(TEXT_MAX);
        for host in [
            "1.2.3.4",
            "::1",
            "a",
            "sub_1.host-2.example",
            "bücher.example",
            &longest,
        ] {
            let host = super::host(host.as_bytes()).expect("a host");
            let to = Endpoint { host, port: 0x0102 };
            let mut written = Vec::new();
            encode(&to, &mut written).expect("it fits");
            for cut in 0..written.len() {
                assert_eq!(decode(&written[..cut]), Ok(None), "{to} cut at {cut}");
            }
            written.extend(b"rest");
            let spelt = decode(&written).expect("a known type").expect("all of it");
            assert_eq!(spelt.place.host(), Some(to.host), "the host");
            assert_eq!((spelt.port, spelt.rest), (0x0102, &b"rest"[..]));
        }
    }

    #[test]
    fn types_that_are_none_are_told_from_addresses_that_are_not_complete() {
        for kind in 0..=255 {
            let known = [IPV4, NAME, IPV6].contains(&kind);
            let wanted = if known {
                Ok(None)
            } else {
                Err(UnknownType(kind))
            };
            assert_eq!(decode(&[kind]), wanted, "type {kind}");
        }
    }

    #[test]
    fn a_host_is_an_address_or_a_name_that_can_be_printed() {
        let ip = |ip: &str| Some(Host::Ip(ip.parse().expect("an address")));
        let name = |name: &str| Some(Host::Name(name.to_owned()));
        let cases: [(&[u8], Option<Host>); 14] = [
            (b"127.0.0.1", ip("127.0.0.1")),
            (b"::1", ip("::1")),
            (b"127.1", name("127.1")),
            (b"LocalHost.", name("LocalHost.")),
            ("bücher".as_bytes(), name("bücher")),
            (b"", None),
            (b"[::1]", None),
            (b"fe80::1%eth0", None),
            (b"a b", None),
            (b"a\0", None),
            (b"a\n", None),
            (b"a:80", None),
            (b"\xff", None),
            ("a\u{85}".as_bytes(), None),
        ];
        for (written, wanted) in cases {
            assert_eq!(host(written), wanted, "{}", written.escape_ascii());
        }
        assert_eq!(host(&[b'x'; 256]), None, "a name of 256 bytes");
    }

    #[test]
    fn what_cannot_be_carried_leaves_nothing_written() {
        for name in [
            String::new(),
            "a\0b".to_owned(),
            "x".repeat(256),
            "x".repeat(1000),
        ] {
            let to = Endpoint {
                host: Host::Name(name),
                port: 1,
            };
            let mut written = vec![7];
            encode(&to, &mut written).expect_err("it does not fit");
            assert_eq!(
                written,
                [7],
                "{} bytes of a name",
                to.host.to_string().len()
            );
        }
    }
}
