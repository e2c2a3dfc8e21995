//! Whatever comes as a relayed datagram is read as nothing, or as what wraps and unwraps to the same; and a
//! client hears no more of it than what is in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::data::Buf;
use ncat::wire::Layer;
use ncat::wire::proxy::socks::Datagrams;
use ncat::wire::proxy::socks::datagram::{unwrap, wrap};

/// What fits into one datagram however its peer is written.
const SHORT: usize = 65_000;

fuzz_target!(|datagram: &[u8]| {
    let datagram = &datagram[..datagram.len().min(SHORT)];
    let Some((peer, payload)) = unwrap(datagram) else {
        return;
    };
    let mut wrapped = Vec::new();
    wrap(&peer, payload, &mut wrapped).expect("a host that was read can be written");
    assert_eq!(unwrap(&wrapped), Some((peer.clone(), payload)), "as it was");
    let mut layer = Datagrams::new(&peer).expect("such a target");
    let (mut up, mut down) = (Buf::new(1), Buf::new(1));
    let used = layer.recv(&mut datagram.to_vec(), &mut up, &mut down);
    assert_eq!(used, Ok(datagram.len()), "it is used whole");
    assert_eq!(up.filled(), payload, "its peer is heard");
    assert_eq!(layer.send(payload, &mut down), Ok(payload.len()));
    let said = if payload.is_empty() {
        &[][..]
    } else {
        &wrapped
    };
    assert!(down.filled() == said, "it is answered in the same wrapping");
});
