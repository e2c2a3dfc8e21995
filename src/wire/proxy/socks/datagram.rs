//! What SOCKS5 puts before a datagram that is relayed: for whom it is, or from whom (RFC 1928, section 7).
//!
//! Promise: what was wrapped unwraps as it was. A part of a datagram is no datagram: RFC 1928 lets whoever
//! does not put them together drop them.

use super::address;
use crate::wire::{Endpoint, Fault};

/// "This is a whole datagram."
const WHOLE: u8 = 0;

/// Puts `payload` into `into` behind the address of whom it is for, or from.
///
/// # Errors
/// It has a name that cannot be carried; what was in `into` is left as it was. Addresses always can.
pub fn wrap(peer: &Endpoint, payload: &[u8], into: &mut Vec<u8>) -> Result<(), Fault> {
    let before = into.len();
    into.extend([0, 0, WHOLE]);
    address::encode(peer, into).inspect_err(|_| into.truncate(before))?;
    into.extend(payload);
    Ok(())
}

/// For whom a datagram is, or from whom, and what is in it, be it nothing; none if it is part of one or in
/// disorder.
pub fn unwrap(datagram: &[u8]) -> Option<(Endpoint, &[u8])> {
    let [_, _, WHOLE, address @ ..] = datagram else {
        return None;
    };
    let spelt = address::decode(address).ok()??;
    let host = spelt.place.host()?;
    let port = spelt.port;
    Some((Endpoint { host, port }, spelt.rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Host;

    #[test]
    fn what_was_wrapped_unwraps_and_none_of_its_beginnings_does() {
        for host in ["1.2.3.4", "::1", "host.example"] {
            let host = address::host(host.as_bytes()).expect("a host");
            let peer = Endpoint { host, port: 53 };
            for payload in [&b""[..], b"x", &[0; 65_535]] {
                let mut wrapped = Vec::new();
                wrap(&peer, payload, &mut wrapped).expect("it fits");
                let unwrapped = unwrap(&wrapped);
                assert_eq!(unwrapped, Some((peer.clone(), payload)), "for {peer}");
                for cut in 0..wrapped.len() - payload.len() {
                    assert_eq!(unwrap(&wrapped[..cut]), None, "for {peer}, cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn parts_and_disorder_are_no_datagrams() {
        let cases: [(&str, &[u8]); 6] = [
            ("a part", b"\0\0\x01\x01\x01\x02\x03\x04\0\x35x"),
            ("the last part", b"\0\0\x81\x01\x01\x02\x03\x04\0\x35x"),
            ("an unknown type", b"\0\0\0\x02\x01\x02\x03\x04\0\x35x"),
            ("an empty name", b"\0\0\0\x03\0\0\x35x"),
            ("a name that is none", b"\0\0\0\x03\x02a\n\0\x35x"),
            ("a name that is cut", b"\0\0\0\x03\xffabc\0\x35x"),
        ];
        for (what, datagram) in cases {
            assert_eq!(unwrap(datagram), None, "{what}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_carried_leaves_nothing_behind() {
        let host = Host::Name("x".repeat(256));
        let mut into = b"before".to_vec();
        wrap(&Endpoint { host, port: 1 }, b"x", &mut into).expect_err("256 bytes");
        assert_eq!(into, b"before");
    }
}
