//! A way through a proxy that speaks SOCKS5 (RFC 1928), with a name and a password if it wants them
//! (RFC 1929).

use std::mem;
use std::net::{IpAddr, Ipv4Addr};

use super::address::{self, Place, TEXT_MAX};
use super::numbers::{
    ANYBODY, ASSOCIATE, CONNECT, LOGIN_VERSION, NO_WAY, PASSWORD, SUCCEEDED, VERSION,
};
use super::talk::{LEFT_EARLY, Talk};
use crate::data::Buf;
use crate::wire::proxy::Credentials;
use crate::wire::{Endpoint, Fault, Host, Layer, Phase};

const FOREIGN: &str = "the proxy does not speak SOCKS5";

/// What the proxy is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Connect us to the target.
    Connect,
    /// Relay datagrams, which will be for the target. [`Layer::relay`] tells where they are to be sent.
    Associate,
}

/// Has the proxy do one errand, and is gone.
pub struct Socks5 {
    /// Said if the proxy wants it; none if we have none.
    login: Option<Vec<u8>>,
    /// Said once the proxy is content with who we are.
    request: Vec<u8>,
    errand: Errand,
    state: State,
    talk: Talk,
    remarks: Vec<String>,
    relay: Option<Endpoint>,
}

/// What we wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Which way to prove who we are the proxy chooses.
    Choice,
    /// Whether it believes us.
    Welcome,
    /// What came of the errand.
    Reply,
    /// Nothing.
    Done,
}

impl Socks5 {
    /// An errand to `target`, as somebody if the proxy wants to know.
    ///
    /// # Errors
    /// The protocol has no words for one of them.
    pub fn new(
        target: &Endpoint,
        login: Option<&Credentials>,
        errand: Errand,
    ) -> Result<Self, Fault> {
        let mut told = Vec::new();
        address::encode(target, &mut told)?;
        let mut request = vec![VERSION];
        match errand {
            Errand::Connect => {
                request.extend([CONNECT, 0]);
                request.extend(told);
            }
            Errand::Associate => {
                request.extend([ASSOCIATE, 0]);
                // Where our datagrams will come from: what we know of that may change on its way.
                address::encode_ip(UNKNOWN, 0, &mut request);
            }
        }
        let login = login.map(spell).transpose()?;
        let mut talk = Talk::default();
        match login {
            Some(_) => talk.say(&[VERSION, 2, ANYBODY, PASSWORD]),
            None => talk.say(&[VERSION, 1, ANYBODY]),
        }
        Ok(Self {
            login,
            request,
            errand,
            state: State::Choice,
            talk,
            remarks: Vec::new(),
            relay: None,
        })
    }

    /// What comes next; none if `heard`, which is not empty, is half a message.
    fn step(&mut self, heard: &[u8]) -> Result<Option<State>, Fault> {
        match self.state {
            State::Choice => self.choose(heard),
            State::Welcome => self.enter(heard),
            State::Reply => self.conclude(heard),
            State::Done => Ok(None),
        }
    }

    fn choose(&mut self, heard: &[u8]) -> Result<Option<State>, Fault> {
        match (heard, &self.login) {
            ([VERSION], _) => Ok(None),
            ([VERSION, ANYBODY], _) => {
                self.remarks.push("No authentication needed.".to_owned());
                Ok(Some(self.ask()))
            }
            ([VERSION, PASSWORD], Some(login)) => {
                let remark = "Doing username and password authentication.";
                self.remarks.push(remark.to_owned());
                self.talk.say(login);
                Ok(Some(State::Welcome))
            }
            ([VERSION, NO_WAY], _) => Err(Fault::new(
                "the proxy accepts no way of authentication that was offered",
            )),
            ([VERSION, _], _) => Err(Fault::new(
                "the proxy chose a way of authentication that was not offered",
            )),
            _ => Err(Fault::new(FOREIGN)),
        }
    }

    fn enter(&mut self, heard: &[u8]) -> Result<Option<State>, Fault> {
        // Only the second byte counts: some say 5 where the version of the login belongs.
        match heard {
            [_] => Ok(None),
            [_, SUCCEEDED] => Ok(Some(self.ask())),
            _ => Err(Fault::new(
                "the proxy refused the user name or the password",
            )),
        }
    }

    fn ask(&mut self) -> State {
        let request = mem::take(&mut self.request);
        self.talk.say(&request);
        State::Reply
    }

    fn conclude(&mut self, heard: &[u8]) -> Result<Option<State>, Fault> {
        let bound = match heard {
            [VERSION] | [VERSION, SUCCEEDED] | [VERSION, SUCCEEDED, _] => return Ok(None),
            [VERSION, SUCCEEDED, _, bound @ ..] => bound,
            [VERSION, code, ..] => return Err(Fault::new(reason(*code))),
            _ => return Err(Fault::new(FOREIGN)),
        };
        let bound = address::decode(bound)
            .map_err(|_| Fault::new("the proxy answered with an address of an unknown type"))?;
        let Some(bound) = bound else {
            return Ok(None);
        };
        if self.errand == Errand::Associate {
            self.relay = Some(relay(bound.place, bound.port)?);
        }
        self.remarks.push("connection succeeded.".to_owned());
        Ok(Some(State::Done))
    }
}

const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Who we are, as the proxy is told.
fn spell(login: &Credentials) -> Result<Vec<u8>, Fault> {
    if !(1..=TEXT_MAX).contains(&login.user.len()) {
        let words = "SOCKS5 carries user names of 1 to 255 bytes";
        return Err(Fault::new(words));
    }
    if login.password.len() > TEXT_MAX {
        return Err(Fault::new("SOCKS5 carries passwords of up to 255 bytes"));
    }
    let mut words = vec![LOGIN_VERSION];
    for text in [&login.user, &login.password] {
        words.push(text.len() as u8); // measured above
        words.extend(text);
    }
    Ok(words)
}

/// Where datagrams are to be sent. A proxy that leaves the host out means itself, as one does that
/// answers with an unspecified address.
fn relay(place: Place<'_>, port: u16) -> Result<Endpoint, Fault> {
    let host = match place {
        Place::Name([]) => Some(Host::Ip(UNKNOWN)),
        place => place.host(),
    };
    match host {
        Some(host) if port > 0 => Ok(Endpoint { host, port }),
        Some(_) | None => Err(Fault::new("the proxy relays datagrams nowhere")),
    }
}

/// Why an errand was not done.
fn reason(code: u8) -> &'static str {
    match code {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "Network unreachable",
        4 => "Host unreachable",
        5 => "Connection refused",
        6 => "TTL expired",
        7 => "Command not supported",
        8 => "Address type not supported",
        _ => "unassigned value in the reply",
    }
}

impl Layer for Socks5 {
    fn phase(&self) -> Phase {
        match self.state {
            State::Done => Phase::Closed,
            State::Choice | State::Welcome | State::Reply => Phase::Handshake,
        }
    }

    fn recv(&mut self, wire: &mut [u8], _: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        self.talk.pour(down);
        let mut bytes = wire.iter();
        // Who answers before it has been asked waits for the question.
        while self.state != State::Done
            && self.talk.has_said_all()
            && let Some(&byte) = bytes.next()
        {
            let heard = self.talk.hear(byte);
            match self.step(&heard)? {
                Some(next) => self.state = next,
                None => self.talk.keep(heard),
            }
            self.talk.pour(down);
        }
        Ok(wire.len() - bytes.len())
    }

    fn send(&mut self, _: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        self.talk.pour(down);
        Ok(0)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        match self.state {
            State::Done => Ok(()),
            State::Choice | State::Welcome | State::Reply => Err(Fault::new(LEFT_EARLY)),
        }
    }

    fn remarks(&mut self) -> Vec<String> {
        match self.state {
            State::Done => mem::take(&mut self.remarks),
            State::Choice | State::Welcome | State::Reply => Vec::new(),
        }
    }

    fn relay(&mut self) -> Option<Endpoint> {
        self.relay.take()
    }
}
