//! Whatever a proxy answers means the same in whatever pieces it comes and with however little room: the
//! size of the queue below, whether we have a name to tell, how the answer begins, eight lengths of
//! pieces, then the answer. What is told in the end is the answer's rest, for the target, or a fault.

#![no_main]

use std::cell::RefCell;
use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use ncat::data::Buf;
use ncat::wire::proxy::auth::Login;
use ncat::wire::proxy::{Connect, Credentials, Noise};
use ncat::wire::{Endpoint, Fault, Host, Layer, oracle};

/// Beginnings that would take long to find.
const BEGINNINGS: [&str; 4] = [
    "",
    "HTTP/1.1 ",
    "HTTP/1.0 200 OK\r\n",
    "HTTP/1.1 407 No\r\nProxy-Authenticate: ",
];

fuzz_target!(|data: &[u8]| {
    let Some((&[down, named, beginning, ref lengths @ ..], rest)) = data.split_first_chunk::<11>()
    else {
        return;
    };
    let beginning = BEGINNINGS[usize::from(beginning) % BEGINNINGS.len()];
    let answer = [beginning.as_bytes(), rest].concat();
    let named = named % 2 == 1;
    let cut = meet(named, oracle::cut(&answer, lengths), 1 + usize::from(down));
    let whole = meet(named, std::iter::once(&answer[..]), 1000);
    assert_eq!(cut, whole, "what comes of it, and what was said");
});

/// What comes of an answer, and what was said to the proxy.
fn meet<'a>(
    named: bool,
    mut pieces: impl Iterator<Item = &'a [u8]>,
    room: usize,
) -> (Result<Vec<u8>, Fault>, Vec<u8>) {
    let credentials = named.then(|| Credentials {
        user: b"user".into(),
        password: b"secret".into(),
    });
    let login = Login::new(credentials, Noise::new([7; 32]));
    let target = Endpoint {
        host: Host::Name("a".into()),
        port: 1,
    };
    let mut connect = Connect::new(target, Rc::new(RefCell::new(login)));
    let (mut up, mut down) = (Buf::new(1), Buf::new(room));
    let (mut wire, mut said) = (Vec::new(), Vec::new());
    loop {
        match connect.recv(&mut wire, &mut up, &mut down) {
            Ok(used) => drop(wire.drain(..used)),
            Err(fault) => return (Err(fault), said),
        }
        assert!(up.is_empty(), "nothing goes up before the target is there");
        if !down.is_empty() {
            oracle::drain(&mut down, 1000, &mut said);
        } else if let Some(piece) = pieces.next() {
            wire.extend(piece);
        } else {
            return (connect.recv_eof().map(|()| wire), said);
        }
    }
}
