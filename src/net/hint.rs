//! What is certain to help when the system refuses something, in a sentence of its own.
//!
//! Promise: no guesses. Where a refusal can have several causes, nothing is said.

use std::io;
use std::net::Ipv6Addr;

use rustix::io::Errno;
use socket2::SockAddr;

use super::address;

/// Ports below this one are the system's, unless its administrator says otherwise.
const FIRST_FREE_PORT: u16 = 1024;

/// Why nobody can listen there, if that is certain.
pub fn bind(address: &SockAddr, error: &io::Error) -> Option<String> {
    let port = address.as_socket().map(|socket| socket.port());
    match Errno::from_io_error(error)? {
        Errno::ACCESS if port.is_some_and(|port| port < FIRST_FREE_PORT) => {
            Some("Ports below 1024 need root or CAP_NET_BIND_SERVICE.".into())
        }
        Errno::ADDRNOTAVAIL if port.is_some() => {
            let host = address::host(address);
            Some(format!("{host} is not an address of this machine."))
        }
        Errno::ADDRINUSE => port.map(|port| {
            format!("\"ss -anp sport = :{port}\" shows who uses the port, as far as you may know.")
        }),
        Errno::INVAL if lacks_zone(address) => Some(ZONE.into()),
        _ => None,
    }
}

/// Why nobody can be reached there, if that is certain.
pub(super) fn dial(peer: &SockAddr, error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::INVAL if lacks_zone(peer) => Some(ZONE),
        Errno::CONNREFUSED if peer.as_pathname().is_some() => {
            Some("The socket's path is there, but nobody listens at it any more.")
        }
        Errno::NOENT if peer.as_pathname().is_some() => Some("There is no socket at that path."),
        _ => None,
    }
}

const ZONE: &str = "A link-local address needs its interface behind it, as in fe80::1%eth0.";

fn lacks_zone(address: &SockAddr) -> bool {
    // ff02::/16 are groups that are heard on one link.
    let local = |ip: &Ipv6Addr| ip.is_unicast_link_local() || ip.segments()[0] & 0xff0f == 0xff02;
    let v6 = address.as_socket_ipv6();
    v6.is_some_and(|v6| v6.scope_id() == 0 && local(v6.ip()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn inet(words: &str) -> SockAddr {
        words.parse::<SocketAddr>().expect("an address").into()
    }

    #[test]
    fn a_hint_is_given_where_the_cause_is_certain_only() {
        let unix = SockAddr::unix("/tmp/x").expect("a short path");
        let cases = [
            (inet("127.0.0.1:80"), Errno::ACCESS, "below 1024"),
            (inet("127.0.0.1:8080"), Errno::ACCESS, ""),
            (inet("1.2.3.4:80"), Errno::ADDRNOTAVAIL, "1.2.3.4 is not"),
            (inet("[::1]:80"), Errno::ADDRINUSE, "sport = :80"),
            (inet("[fe80::1]:80"), Errno::INVAL, "%eth0"),
            (inet("[fe80::1%3]:80"), Errno::INVAL, ""),
            (inet("[::1]:80"), Errno::INVAL, ""),
            (unix.clone(), Errno::ADDRINUSE, ""),
            (unix.clone(), Errno::ACCESS, ""),
        ];
        for (address, error, wanted) in cases {
            let hint = bind(&address, &error.into()).unwrap_or_default();
            let right = hint.contains(wanted) && hint.is_empty() == wanted.is_empty();
            assert!(right, "{address:?}, {error}: {hint:?}");
        }
        let cases = [
            (inet("127.0.0.1:80"), Errno::CONNREFUSED, ""),
            (inet("[ff02::1]:80"), Errno::INVAL, "%eth0"),
            (unix.clone(), Errno::CONNREFUSED, "nobody listens"),
            (unix, Errno::NOENT, "no socket"),
            (inet("[fe80::1]:80"), Errno::INVAL, "%eth0"),
        ];
        for (address, error, wanted) in cases {
            let hint = dial(&address, &error.into()).unwrap_or_default();
            let right = hint.contains(wanted) && hint.is_empty() == wanted.is_empty();
            assert!(right, "{address:?}, {error}: {hint:?}");
        }
        assert_eq!(bind(&inet("1.2.3.4:80"), &io::Error::other("x")), None);
    }
}
