//! What a proxy says that speaks SOCKS4 and 4a.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use memchr::memchr;

use super::address::{self, TEXT_MAX};
use super::proof;
use super::server::{Dialect, Heard, Rules, Server, as_user};
use crate::wire::proxy::words::plain;
use crate::wire::{Ask, Endpoint, Host, Miss, Want};

const VERSION: u8 = 4;
const CONNECT: u8 = 1;
const BIND: u8 = 2;
/// "Granted."
const GRANTED: u8 = 90;
/// "Rejected or failed", for whatever reason.
const REJECTED: u8 = 91;
/// "You are not who you say you are."
const STRANGER: u8 = 93;
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A client that speaks SOCKS4 or 4a.
pub type Socks4Server = Server<Dialect4>;

impl Socks4Server {
    /// One that has said nothing yet.
    pub fn new(rules: Rules) -> Self {
        Self::speaking(Dialect4 { rules })
    }
}

/// The words of SOCKS4.
pub struct Dialect4 {
    rules: Rules,
}

/// A request as it was written.
struct Request<'a> {
    command: u8,
    port: u16,
    ip: Ipv4Addr,
    user: &'a [u8],
    /// What 4a puts in the place of the address.
    name: Option<&'a [u8]>,
}

/// Why there is no request.
enum Not {
    Complete,
    Socks4,
    Short,
}

impl Dialect for Dialect4 {
    fn hear(&mut self, heard: &[u8], say: &mut dyn FnMut(&[u8])) -> Heard {
        let (words, status) = match read(heard) {
            Ok(request) => match self.judge(&request) {
                Ok(ask) => return Heard::Wish(ask),
                Err((words, code)) => (words, Some(code)),
            },
            Err(Not::Complete) => return Heard::Half,
            Err(Not::Socks4) => ("what is no SOCKS4 request".to_owned(), None),
            Err(Not::Short) => ("a request that is too long".to_owned(), Some(REJECTED)),
        };
        if let Some(code) = status {
            say(&reply(code, NOWHERE));
        }
        Heard::Refused { words, status }
    }

    fn reached(&self, at: SocketAddr) -> Vec<u8> {
        reply(GRANTED, at)
    }

    fn missed(&self, _: Miss) -> (Vec<u8>, u8) {
        (reply(REJECTED, NOWHERE), REJECTED)
    }
}

impl Dialect4 {
    /// What is wanted, or what is told a log and the client about why it cannot be had. A stranger learns
    /// nothing else.
    fn judge(&self, request: &Request<'_>) -> Result<Ask, (String, u8)> {
        let host = match request.name {
            Some(name) => address::host(name),
            None => Some(Host::Ip(request.ip.into())),
        };
        let words = request.words(host.as_ref());
        let login = self.rules.login.as_ref();
        if login.is_some_and(|login| !proof::is_id(login, request.user)) {
            return Err((words, STRANGER));
        }
        let words = words + &as_user(&self.rules);
        match host {
            Some(host) if request.command == CONNECT => {
                let port = request.port;
                let want = Want::Tunnel(Endpoint { host, port });
                Ok(Ask { want, words })
            }
            Some(_) | None => Err((words, REJECTED)),
        }
    }
}

impl Request<'_> {
    fn words(&self, host: Option<&Host>) -> String {
        let command = match self.command {
            CONNECT => "CONNECT".to_owned(),
            BIND => "BIND".to_owned(),
            other => format!("command {other}"),
        };
        let host = match host {
            Some(host) => host.to_string(),
            None => plain(self.name.unwrap_or_default()),
        };
        format!("{command} {host}:{}", self.port)
    }
}

fn read(heard: &[u8]) -> Result<Request<'_>, Not> {
    let (command, port, ip, texts) = match *heard {
        [VERSION, command, p, q, a, b, c, d, ref texts @ ..] => {
            let port = u16::from_be_bytes([p, q]);
            (command, port, Ipv4Addr::new(a, b, c, d), texts)
        }
        [VERSION, ..] => return Err(Not::Complete),
        _ => return Err(Not::Socks4),
    };
    let (user, texts) = text(texts)?;
    let name = match ip.octets() {
        [0, 0, 0, last] if last > 0 => Some(text(texts)?.0),
        _ => None,
    };
    Ok(Request {
        command,
        port,
        ip,
        user,
        name,
    })
}

/// A text, and what stands behind the NUL that ends it.
fn text(bytes: &[u8]) -> Result<(&[u8], &[u8]), Not> {
    match memchr(0, bytes) {
        Some(end) if end <= TEXT_MAX => Ok((&bytes[..end], &bytes[end + 1..])),
        None if bytes.len() <= TEXT_MAX => Err(Not::Complete),
        Some(_) | None => Err(Not::Short),
    }
}

/// An answer. It has no room for addresses of IPv6, so they are left out.
fn reply(code: u8, at: SocketAddr) -> Vec<u8> {
    let ip = match at.ip().to_canonical() {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    [&[0, code][..], &at.port().to_be_bytes(), &ip.octets()].concat()
}
