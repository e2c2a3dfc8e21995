//! Whatever a proxy says to a client of SOCKS, in whatever pieces and with however little room: the same
//! comes of it. Which client, the room, eight lengths of pieces, then what the proxy says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::proxy::Credentials;
use ncat::wire::proxy::socks::oracle::meet;
use ncat::wire::proxy::socks::{Errand, Socks4, Socks5};
use ncat::wire::{Answer, Endpoint, Host, Layer, oracle};

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, room, ref lengths @ ..], wire)) = data.split_first_chunk::<10>() else {
        return;
    };
    let room = 1 + usize::from(room);
    let whole = meet(&mut *client(kind), [wire].into_iter(), 1000, &Answer::Over);
    let cut = oracle::cut(wire, lengths);
    let again = meet(&mut *client(kind), cut, room, &Answer::Over);
    assert_eq!(whole, again, "at once, and in pieces");
    assert!(whole.closed != whole.fault.is_some(), "it ends in one way");
});

fn client(kind: u8) -> Box<dyn Layer> {
    let login = Credentials {
        user: b"joe".to_vec(),
        password: b"secret".to_vec(),
    };
    let login = (kind & 1 != 0).then_some(&login);
    let target = Endpoint {
        host: Host::Name("host.example".to_owned()),
        port: 443,
    };
    match kind >> 1 & 3 {
        0 => Box::new(Socks4::new(&target, b"joe").expect("it fits")),
        1 => Box::new(Socks5::new(&target, login, Errand::Associate).expect("it fits")),
        _ => Box::new(Socks5::new(&target, login, Errand::Connect).expect("it fits")),
    }
}
