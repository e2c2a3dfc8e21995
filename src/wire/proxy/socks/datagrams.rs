//! Datagrams for one target through a proxy that relays them, and its answers.
//!
//! A layer over messages, open from the start: the connection on which the relay was asked for is another's.
//! Nothing is kept between calls. Here a message of no bytes is no message: a layer cannot tell it from being
//! called with nothing, so none is sent, and none comes up.

use super::address::encode;
use super::datagram::unwrap;
use crate::data::Buf;
use crate::wire::{Endpoint, Fault, Host, Layer};

/// The largest datagram that IPv4 carries: 65,535 bytes without the headers of IP and UDP.
const DATAGRAM_MAX: usize = 65_507;

/// The way to one target and back.
pub struct Datagrams {
    /// What is put before each datagram.
    header: Vec<u8>,
    /// From whom datagrams are taken; a name says of nobody that it is not meant.
    only: Option<Endpoint>,
}

impl Datagrams {
    /// To and from `target`. Who is known by address is the only one heard: a relay passes on what anybody
    /// sends to it.
    ///
    /// # Errors
    /// Its name cannot be told the proxy.
    pub fn new(target: &Endpoint) -> Result<Self, Fault> {
        let mut header = vec![0; 3];
        encode(target, &mut header)?;
        let only = match target.host {
            Host::Ip(_) => Some(canonical(target.clone())),
            Host::Name(_) => None,
        };
        Ok(Self { header, only })
    }

    /// What is in a datagram, if it comes from whom it should.
    fn open<'a>(&self, datagram: &'a [u8]) -> Option<&'a [u8]> {
        let (from, payload) = unwrap(datagram)?;
        let heard = match &self.only {
            Some(only) => canonical(from) == *only,
            None => true,
        };
        heard.then_some(payload)
    }
}

/// The same, with an address of IPv4 as one, whatever it was written as.
fn canonical(peer: Endpoint) -> Endpoint {
    let host = match peer.host {
        Host::Ip(ip) => Host::Ip(ip.to_canonical()),
        name @ Host::Name(_) => name,
    };
    Endpoint { host, ..peer }
}

impl Layer for Datagrams {
    fn seals(&self) -> bool {
        true // what is not wrapped would be taken for whatever it begins with
    }

    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, _: &mut Buf) -> Result<usize, Fault> {
        if !up.is_empty() {
            return Ok(0); // one message at a time
        }
        if let Some(payload) = self.open(wire) {
            up.grow(payload.len());
            up.put(payload);
        }
        Ok(wire.len())
    }

    /// What is longer than a datagram becomes several, for bytes from a stream must not be lost.
    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        if app.is_empty() || !down.is_empty() {
            return Ok(0);
        }
        let n = app.len().min(DATAGRAM_MAX - self.header.len());
        down.grow(self.header.len() + n);
        down.put(&self.header);
        Ok(down.put(&app[..n]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::host;
    use super::super::datagram::wrap;
    use super::*;

    fn peer(name: &str, port: u16) -> Endpoint {
        let host = host(name.as_bytes()).expect("a host");
        Endpoint { host, port }
    }

    fn wrapped(peer: &Endpoint, payload: &[u8]) -> Vec<u8> {
        let mut datagram = Vec::new();
        wrap(peer, payload, &mut datagram).expect("it fits");
        datagram
    }

    #[test]
    fn what_is_sent_is_for_the_target_and_one_at_a_time() {
        for target in [
            peer("10.0.0.1", 53),
            peer("::1", 53),
            peer("dns.example", 53),
        ] {
            let mut layer = Datagrams::new(&target).expect("it fits");
            let mut down = Buf::new(1);
            assert_eq!(layer.send(b"", &mut down), Ok(0), "nothing is no message");
            assert!(down.is_empty(), "nothing is no message");
            assert_eq!(layer.send(b"one", &mut down), Ok(3));
            assert_eq!(
                layer.send(b"two", &mut down),
                Ok(0),
                "the first has not gone"
            );
            assert_eq!(down.filled(), wrapped(&target, b"one"), "for {target}");
        }
    }

    #[test]
    fn what_is_longer_than_a_datagram_becomes_several() {
        let target = peer("10.0.0.1", 53);
        let mut layer = Datagrams::new(&target).expect("it fits");
        let long: Vec<u8> = (0..=255).cycle().take(2 * DATAGRAM_MAX).collect();
        let (mut sent, mut arrived) = (0, Vec::<u8>::new());
        while sent < long.len() {
            let mut down = Buf::new(1);
            sent += layer.send(&long[sent..], &mut down).expect("no faults");
            assert!(down.len() <= DATAGRAM_MAX, "{} bytes at a time", down.len());
            let (to, payload) = unwrap(down.filled()).expect("a datagram");
            assert_eq!(to, target);
            arrived.extend(payload);
        }
        assert!(arrived == long, "it arrived as it was sent");
    }

    #[test]
    fn only_the_target_is_heard_if_its_address_is_known() {
        let (known, named) = (peer("10.0.0.1", 53), peer("dns.example", 53));
        let cases = [
            (peer("10.0.0.1", 53), true),
            (peer("::ffff:10.0.0.1", 53), true),
            (peer("10.0.0.1", 54), false),
            (peer("10.0.0.2", 53), false),
            (peer("::1", 53), false),
            (peer("dns.example", 53), false),
        ];
        for (from, is_known) in cases {
            for (target, is_heard) in [(&known, is_known), (&named, true)] {
                let mut layer = Datagrams::new(target).expect("it fits");
                let (mut up, mut down) = (Buf::new(1), Buf::new(0));
                let mut datagram = wrapped(&from, b"hello");
                let used = layer.recv(&mut datagram, &mut up, &mut down);
                assert_eq!(used, Ok(datagram.len()), "from {from}: used whole");
                let heard: &[u8] = if is_heard { b"hello" } else { b"" };
                assert_eq!(up.filled(), heard, "{from} speaks to {target}");
            }
        }
    }

    #[test]
    fn a_message_waits_for_the_one_before_it_and_what_is_none_is_dropped() {
        let target = peer("10.0.0.1", 53);
        let mut layer = Datagrams::new(&target).expect("it fits");
        let (mut up, mut down) = (Buf::new(1), Buf::new(0));
        for noise in [
            &b""[..],
            b"x",
            &wrapped(&target, b""),
            b"\0\0\x01\x01\x0a\0\0\x01\0\x35x",
        ] {
            let mut noise = noise.to_vec();
            let used = layer.recv(&mut noise, &mut up, &mut down);
            assert_eq!((used, up.len()), (Ok(noise.len()), 0), "{noise:?}");
        }
        let mut one = wrapped(&target, b"one");
        layer.recv(&mut one, &mut up, &mut down).expect("no faults");
        let mut two = wrapped(&target, b"two");
        assert_eq!(
            layer.recv(&mut two, &mut up, &mut down),
            Ok(0),
            "one is there"
        );
        assert_eq!(up.filled(), b"one");
        up.clear();
        layer.recv(&mut two, &mut up, &mut down).expect("no faults");
        assert_eq!(up.filled(), b"two");
    }

    #[test]
    fn a_target_whose_name_cannot_be_carried_is_refused() {
        for length in [256, 1000] {
            let host = Host::Name("x".repeat(length));
            let made = Datagrams::new(&Endpoint { host, port: 53 });
            let fault = made.err().expect("a name that is too long");
            assert_eq!(
                fault.words,
                "SOCKS cannot carry a host name of over 255 bytes"
            );
        }
    }
}
