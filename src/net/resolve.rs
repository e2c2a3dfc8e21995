//! Names to addresses and services to ports, as the system knows them.
//!
//! These calls may wait for a name server. They are for the time before anything is served.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dns_lookup::{AddrInfoHints, LookupError, getaddrinfo, getnameinfo};
use libc::{AF_INET, AF_INET6, AF_UNSPEC, AI_NUMERICHOST, SOCK_DGRAM, SOCK_STREAM};
use libc::{NI_DGRAM, NI_NUMERICHOST, NI_NUMERICSERV};

use super::address;
use crate::cli::plan::{Address, Family, Protocol};

/// All addresses of a host in the resolver's order, each once; IPv4 may be written in all the ways
/// of `inet_aton`. On failure the reason, in the resolver's words. Never empty.
pub fn host(name: &str, family: Family, numeric_only: bool) -> Result<Vec<Address>, String> {
    let hints = AddrInfoHints {
        flags: if numeric_only { AI_NUMERICHOST } else { 0 },
        address: match family {
            Family::Any => AF_UNSPEC,
            Family::V4 => AF_INET,
            Family::V6 => AF_INET6,
        },
        socktype: SOCK_STREAM, // of whatever type: without one, every address comes three times
        protocol: 0,
    };
    let found = getaddrinfo(Some(name), None, Some(hints));
    let found = found.map_err(|error| no_interface(name).unwrap_or_else(|| reason(error)))?;
    let mut addresses = Vec::new();
    for address in found.flatten().map(|info| Address::from(info.sockaddr)) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err("Name or service not known".into()),
        false => Ok(addresses),
    }
}

/// What is wrong with an interface behind an address, if that is what is wrong.
fn no_interface(name: &str) -> Option<String> {
    let (address, zone) = name.split_once('%')?;
    let _: Ipv6Addr = address.parse().ok()?;
    match address::interface(zone) {
        Err(error) if error.kind() == io::ErrorKind::NotFound || is_no_device(&error) => {
            Some(format!("there is no interface \"{}\"", zone.escape_debug()))
        }
        Ok(_) | Err(_) => None,
    }
}

fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENODEV) || error.raw_os_error() == Some(libc::ENXIO)
}

/// The port of a service.
pub fn service(name: &str, protocol: Protocol) -> Option<u16> {
    let hints = AddrInfoHints {
        socktype: match protocol {
            // Few services have an entry of their own for SCTP, and those have the ports they have with TCP.
            Protocol::Tcp | Protocol::Sctp => SOCK_STREAM,
            Protocol::Udp => SOCK_DGRAM,
        },
        ..AddrInfoHints::default()
    };
    let found = getaddrinfo(None, Some(name), Some(hints)).ok()?;
    found.flatten().map(|info| info.sockaddr.port()).next()
}

/// The service that has that port, if one has: a look into a file of the system, which waits for nobody.
pub fn service_at(port: u16, datagrams: bool) -> Option<String> {
    let kind = if datagrams { NI_DGRAM } else { 0 };
    let place = (Ipv4Addr::LOCALHOST, port).into();
    let (_, name) = getnameinfo(&place, NI_NUMERICHOST | kind).ok()?;
    Some(name).filter(|name| name.parse::<u16>().is_err())
}

/// What the host with that address is called, if anybody knows.
pub fn name(ip: IpAddr) -> Option<String> {
    let (name, _) = getnameinfo(&(ip, 0).into(), NI_NUMERICSERV).ok()?;
    Some(name).filter(|name| name.parse::<IpAddr>().is_err())
}

/// The resolver's own words, without what is put around them on the way to us.
fn reason(error: LookupError) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let (_, words) = words
        .split_once("failed to lookup address information: ")
        .unwrap_or(("", words));
    words.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numeric_addresses_need_no_name_server() {
        let cases = [
            ("127.0.0.1", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("123456", "0.1.226.64"),
            ("::1", "::1"),
        ];
        for (word, wanted) in cases {
            let found = host(word, Family::Any, true).expect(word);
            let shown: Vec<_> = found.iter().map(|address| address.ip.to_string()).collect();
            assert_eq!(shown, [wanted], "addresses of {word:?}");
        }
    }

    #[test]
    fn a_zone_is_kept() {
        let found = host("fe80::1%lo", Family::Any, true).expect("lo is everywhere");
        assert_ne!(found[0].zone, 0, "the index of lo");
    }

    #[test]
    fn failures_are_told_in_the_resolvers_words() {
        let cases = [
            ("localhost", Family::Any, "Name or service not known"),
            ("", Family::Any, "Name or service not known"),
            (
                "::1",
                Family::V4,
                "Address family for hostname not supported",
            ),
            (
                "127.0.0.1",
                Family::V6,
                "Address family for hostname not supported",
            ),
        ];
        for (word, family, wanted) in cases {
            let failed = host(word, family, true);
            assert_eq!(
                failed,
                Err(wanted.into()),
                "addresses of {word:?}, {family:?}"
            );
        }
        assert!(
            host("a\0b", Family::Any, true).is_err(),
            "a name with a NUL"
        );
    }

    #[test]
    fn a_service_that_nobody_knows_has_no_port() {
        assert_eq!(
            service("no-such-service", Protocol::Tcp),
            None,
            "port of no-such-service"
        );
    }
}
