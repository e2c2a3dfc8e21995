//! What clients and proxies say in both versions of SOCKS, written down by hand.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A version, as `--proxy-type` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socks {
    Four,
    Five,
}

/// "Nobody has to say who they are."
pub(crate) const HELLO5: [u8; 3] = [5, 1, 0];
/// "Then go on."
pub(crate) const WELCOME5: [u8; 2] = [5, 0];

pub(crate) const CONNECT: u8 = 1;
pub(crate) const BIND: u8 = 2;
pub(crate) const ASSOCIATE: u8 = 3;

/// What SOCKS4 calls done, and not.
pub(crate) const GRANTED: u8 = 90;
pub(crate) const REJECTED: u8 = 91;

/// Why SOCKS5 does not.
pub(crate) const NOT_ALLOWED: u8 = 2;
pub(crate) const HOST_UNREACHABLE: u8 = 4;
pub(crate) const REFUSED: u8 = 5;

impl Socks {
    pub(crate) const BOTH: [Self; 2] = [Self::Four, Self::Five];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Four => "socks4",
            Self::Five => "socks5",
        }
    }

    /// All that a client says who wants to be brought there.
    pub(crate) fn ask(self, to: SocketAddr) -> Vec<u8> {
        match self {
            Self::Four => request4(CONNECT, to, b""),
            Self::Five => [&HELLO5[..], &request5(CONNECT, &place(to))].concat(),
        }
    }

    /// The same with a name.
    pub(crate) fn ask_name(self, name: &str, port: u16) -> Vec<u8> {
        match self {
            Self::Four => request4a(CONNECT, name, port, b""),
            Self::Five => [&HELLO5[..], &request5(CONNECT, &named(name, port))].concat(),
        }
    }

    /// All that it is told once it is there.
    pub(crate) fn reached(self, own: SocketAddr) -> Vec<u8> {
        match self {
            Self::Four => reply4(GRANTED, own),
            Self::Five => [&WELCOME5[..], &reply5(0, own)].concat(),
        }
    }

    /// All that it is told if it cannot be brought there, which SOCKS5 calls by that code.
    pub(crate) fn missed(self, code: u8) -> Vec<u8> {
        match self {
            Self::Four => reply4(REJECTED, nowhere()),
            Self::Five => [&WELCOME5[..], &reply5(code, nowhere())].concat(),
        }
    }
}

pub(crate) fn request4(command: u8, to: SocketAddr, user: &[u8]) -> Vec<u8> {
    let IpAddr::V4(ip) = to.ip() else {
        panic!("SOCKS4 knows no IPv6");
    };
    let port = to.port().to_be_bytes();
    [&[4, command][..], &port, &ip.octets(), user, b"\0"].concat()
}

pub(crate) fn request4a(command: u8, name: &str, port: u16, user: &[u8]) -> Vec<u8> {
    let to = SocketAddr::from((Ipv4Addr::new(0, 0, 0, 1), port));
    [&request4(command, to, user)[..], name.as_bytes(), b"\0"].concat()
}

pub(crate) fn reply4(code: u8, at: SocketAddr) -> Vec<u8> {
    let IpAddr::V4(ip) = at.ip() else {
        panic!("SOCKS4 knows no IPv6");
    };
    [&[0, code][..], &at.port().to_be_bytes(), &ip.octets()].concat()
}

/// An address as SOCKS5 writes it.
pub(crate) fn place(at: SocketAddr) -> Vec<u8> {
    let port = at.port().to_be_bytes();
    match at.ip() {
        IpAddr::V4(ip) => [&[1][..], &ip.octets(), &port].concat(),
        IpAddr::V6(ip) => [&[4][..], &ip.octets(), &port].concat(),
    }
}

/// A name as SOCKS5 writes it.
pub(crate) fn named(name: &str, port: u16) -> Vec<u8> {
    let length = u8::try_from(name.len()).expect("names are that short");
    [&[3, length][..], name.as_bytes(), &port.to_be_bytes()].concat()
}

pub(crate) fn request5(command: u8, place: &[u8]) -> Vec<u8> {
    [&[5, command, 0][..], place].concat()
}

pub(crate) fn reply5(code: u8, at: SocketAddr) -> Vec<u8> {
    [&[5, code, 0][..], &place(at)].concat()
}

/// A name and a password (RFC 1929).
pub(crate) fn login5(user: &str, password: &str) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8][..], text.as_bytes()].concat();
    [vec![1], text(user), text(password)].concat()
}

/// What replies hold that have no address to tell.
pub(crate) fn nowhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
}
