//! What a proxy says that speaks SOCKS5 (RFC 1928), and asks for a name and a password if it is to
//! (RFC 1929).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::address::{self, Place, UnknownType};
use super::numbers::{
    ANYBODY, ASSOCIATE, BIND, CONNECT, LOGIN_VERSION, NO_WAY, PASSWORD, SUCCEEDED, VERSION,
};
use super::proof;
use super::server::{Dialect, Heard, Rules, Server, as_user};
use crate::wire::proxy::words::plain;
use crate::wire::{Ask, Endpoint, Host, Miss, Want};

const FAILED: u8 = 1;
const NOT_ALLOWED: u8 = 2;
const NETWORK_UNREACHABLE: u8 = 3;
const HOST_UNREACHABLE: u8 = 4;
const REFUSED: u8 = 5;
const UNKNOWN_COMMAND: u8 = 7;
const UNKNOWN_ADDRESS: u8 = 8;
/// Behind [`LOGIN_VERSION`]: "I do not believe you."
const STRANGER: u8 = 1;
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A client that speaks SOCKS5.
pub type Socks5Server = Server<Dialect5>;

impl Socks5Server {
    /// One that has said nothing yet.
    pub fn new(rules: Rules) -> Self {
        let awaited = Awaited::Ways;
        Self::speaking(Dialect5 { rules, awaited })
    }
}

/// The words of SOCKS5.
pub struct Dialect5 {
    rules: Rules,
    awaited: Awaited,
}

/// What the client is to say.
#[derive(Clone, Copy)]
enum Awaited {
    /// In which ways it can prove who it is.
    Ways,
    /// Who that is.
    Login,
    /// What it wants.
    Request,
}

impl Dialect for Dialect5 {
    fn hear(&mut self, heard: &[u8], say: &mut dyn FnMut(&[u8])) -> Heard {
        match self.awaited {
            Awaited::Ways => self.choose(heard, say),
            Awaited::Login => self.check(heard, say),
            Awaited::Request => self.judge(heard).unwrap_or_else(|(words, code)| {
                say(&reply(code, NOWHERE));
                refused(words, code)
            }),
        }
    }

    fn reached(&self, at: SocketAddr) -> Vec<u8> {
        reply(SUCCEEDED, at)
    }

    fn missed(&self, miss: Miss) -> (Vec<u8>, u8) {
        let code = code(miss);
        (reply(code, NOWHERE), code)
    }
}

impl Dialect5 {
    fn choose(&mut self, heard: &[u8], say: &mut dyn FnMut(&[u8])) -> Heard {
        let ways = match *heard {
            [VERSION] => return Heard::Half,
            [VERSION, many, ref ways @ ..] if ways.len() < usize::from(many) => return Heard::Half,
            [VERSION, _, ref ways @ ..] => ways,
            _ => return foreign(),
        };
        let (way, next) = match self.rules.login {
            None => (ANYBODY, Awaited::Request),
            Some(_) => (PASSWORD, Awaited::Login),
        };
        if !ways.contains(&way) {
            say(&[VERSION, NO_WAY]);
            return refused("no way to log in that is accepted".to_owned(), NO_WAY);
        }
        say(&[VERSION, way]);
        self.awaited = next;
        Heard::Whole
    }

    fn check(&mut self, heard: &[u8], say: &mut dyn FnMut(&[u8])) -> Heard {
        let [LOGIN_VERSION, texts @ ..] = heard else {
            return foreign();
        };
        let password = |(user, rest)| Some((user, address::text(rest)?.0));
        let Some((user, password)) = address::text(texts).and_then(password) else {
            return Heard::Half;
        };
        let login = self.rules.login.as_ref();
        if login.is_some_and(|login| !proof::is_login(login, user, password)) {
            say(&[LOGIN_VERSION, STRANGER]);
            return refused(format!("login as {}", plain(user)), STRANGER);
        }
        say(&[LOGIN_VERSION, SUCCEEDED]);
        self.awaited = Awaited::Request;
        Heard::Whole
    }

    /// What is wanted, or what is told a log and the client about why it cannot be had.
    fn judge(&self, heard: &[u8]) -> Result<Heard, (String, u8)> {
        let (command, place) = match heard {
            [VERSION] | [VERSION, _] | [VERSION, _, _] => return Ok(Heard::Half),
            [VERSION, command, _, place @ ..] => (*command, place),
            _ => return Ok(foreign()),
        };
        let user = as_user(&self.rules);
        let spelt = address::decode(place).map_err(|UnknownType(kind)| {
            let words = format!("{} to an address of type {kind}{user}", verb(command));
            (words, UNKNOWN_ADDRESS)
        })?;
        let Some(spelt) = spelt else {
            return Ok(Heard::Half);
        };
        if command == ASSOCIATE {
            let words = verb(command) + &user;
            let want = Want::Associate(source(spelt.place, spelt.port));
            return Ok(Heard::Wish(Ask { want, words }));
        }
        let (host, port) = (spelt.place.host(), spelt.port);
        let words = format!("{} {}:{port}{user}", verb(command), shown(spelt.place));
        match host {
            _ if command != CONNECT => Err((words, UNKNOWN_COMMAND)),
            None => Err((words, FAILED)),
            Some(host) => {
                let want = Want::Tunnel(Endpoint { host, port });
                Ok(Heard::Wish(Ask { want, words }))
            }
        }
    }
}

fn refused(words: String, code: u8) -> Heard {
    let status = Some(code);
    Heard::Refused { words, status }
}

/// Whoever speaks something else would not understand an answer.
fn foreign() -> Heard {
    Heard::Refused {
        words: "what is no SOCKS5 request".to_owned(),
        status: None,
    }
}

fn verb(command: u8) -> String {
    match command {
        CONNECT => "CONNECT".to_owned(),
        BIND => "BIND".to_owned(),
        ASSOCIATE => "UDP ASSOCIATE".to_owned(),
        other => format!("command {other}"),
    }
}

fn shown(place: Place<'_>) -> String {
    match (place, place.host()) {
        (_, Some(host)) => host.to_string(),
        (Place::Name(name), None) => plain(name),
        (Place::Ip(ip), None) => Host::Ip(ip).to_string(),
    }
}

/// Where a client says that it will send datagrams from. A name says nothing of that: many have the same,
/// and to look it up would ask others whether to believe the client.
fn source(place: Place<'_>, port: u16) -> SocketAddr {
    match place.host() {
        Some(Host::Ip(ip)) => SocketAddr::new(ip, port),
        Some(Host::Name(_)) | None => SocketAddr::new(NOWHERE.ip(), port),
    }
}

/// Why an errand was not done, as SOCKS5 numbers it. "TTL expired" (6) speaks of packets that went round
/// in circles, so a host that did not answer in time is one that cannot be reached.
fn code(miss: Miss) -> u8 {
    match miss {
        Miss::Unresolvable | Miss::HostUnreachable | Miss::TimedOut => HOST_UNREACHABLE,
        Miss::Refused => REFUSED,
        Miss::NetworkUnreachable => NETWORK_UNREACHABLE,
        Miss::Denied | Miss::Loop => NOT_ALLOWED,
        Miss::Failed => FAILED,
    }
}

fn reply(code: u8, at: SocketAddr) -> Vec<u8> {
    let mut reply = vec![VERSION, code, 0];
    address::encode_ip(at.ip().to_canonical(), at.port(), &mut reply);
    reply
}
