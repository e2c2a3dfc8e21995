//! A way through a proxy that speaks SOCKS4, or 4a if the proxy is to look the target up.

use std::net::{IpAddr, Ipv4Addr};

use super::address::{TEXT_MAX, carried};
use super::talk::{LEFT_EARLY, Talk};
use crate::data::Buf;
use crate::wire::{Endpoint, Fault, Host, Layer, Phase};

/// "A name follows": any address 0.0.0.x but the unspecified one says so.
const NAME_FOLLOWS: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);
/// What a proxy answers, the address and port in it included.
const REPLY: usize = 8;
/// "Request granted."
const GRANTED: u8 = 90;

/// Asks for one connection, and is gone.
pub struct Socks4 {
    talk: Talk,
    granted: bool,
}

impl Socks4 {
    /// To `target`, as `user`, who may have no name.
    ///
    /// # Errors
    /// The protocol has no words for one of the two.
    pub fn new(target: &Endpoint, user: &[u8]) -> Result<Self, Fault> {
        let (ip, name) = match &target.host {
            Host::Ip(IpAddr::V4(ip)) => (*ip, None),
            Host::Ip(IpAddr::V6(_)) => {
                return Err(Fault::new("SOCKS4 cannot reach IPv6 addresses"));
            }
            Host::Name(name) => (NAME_FOLLOWS, Some(carried(name)?)),
        };
        if user.len() > TEXT_MAX {
            return Err(Fault::new("SOCKS4 cannot carry a user of over 255 bytes"));
        }
        if user.contains(&0) {
            return Err(Fault::new("SOCKS4 cannot carry a NUL in a user"));
        }
        let mut talk = Talk::default();
        talk.say(&[4, 1]);
        talk.say(&target.port.to_be_bytes());
        talk.say(&ip.octets());
        for text in [Some(user), name].into_iter().flatten() {
            talk.say(text);
            talk.say(&[0]);
        }
        Ok(Self {
            talk,
            granted: false,
        })
    }
}

impl Layer for Socks4 {
    fn phase(&self) -> Phase {
        match self.granted {
            true => Phase::Closed,
            false => Phase::Handshake,
        }
    }

    fn recv(&mut self, wire: &mut [u8], _: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        self.talk.pour(down);
        let mut bytes = wire.iter();
        while !self.granted
            && self.talk.has_said_all()
            && let Some(&byte) = bytes.next()
        {
            let heard = self.talk.hear(byte);
            if !matches!(heard[..], [0] | [0, GRANTED, ..]) {
                return Err(Fault::new("Proxy connection failed"));
            }
            self.granted = heard.len() == REPLY;
            self.talk.keep(heard);
        }
        Ok(wire.len() - bytes.len())
    }

    fn send(&mut self, _: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        self.talk.pour(down);
        Ok(0)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        match self.granted {
            true => Ok(()),
            false => Err(Fault::new(LEFT_EARLY)),
        }
    }
}
