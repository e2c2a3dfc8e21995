//! Whatever a client says to a proxy that speaks SOCKS, in whatever pieces and with however little room: the
//! same comes of it, nobody is asked for a host that is none, and every line for a log is one. Which proxy,
//! the room, eight lengths of pieces, then what the client says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::proxy::Credentials;
use ncat::wire::proxy::socks::oracle::meet;
use ncat::wire::proxy::socks::{Rules, Socks4Server, Socks5Server};
use ncat::wire::{Answer, Host, Layer, Miss, Want, oracle};

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, room, ref lengths @ ..], wire)) = data.split_first_chunk::<10>() else {
        return;
    };
    let room = 1 + usize::from(room);
    let answer = match kind >> 2 & 3 {
        0 => Answer::Reached(([192, 0, 2, 7], 4711).into()),
        1 => Answer::Reached(([7u16; 8], 4711).into()),
        2 => Answer::Missed(Miss::Denied),
        _ => Answer::Missed(Miss::TimedOut),
    };
    let whole = meet(&mut *server(kind), [wire].into_iter(), 1000, &answer);
    let cut = oracle::cut(wire, lengths);
    let again = meet(&mut *server(kind), cut, room, &answer);
    assert_eq!(whole, again, "at once, and in pieces");
    assert!(
        whole.asked.len() <= 1 && whole.served.len() <= 1,
        "one request is all there is"
    );
    for ask in &whole.asked {
        if let Want::Tunnel(to) = &ask.want
            && let Host::Name(name) = &to.host
        {
            assert!((1..=255).contains(&name.len()), "a name that was cut");
            assert!(
                !name.contains(|c: char| c.is_control() || c == ' '),
                "{name:?}"
            );
        }
    }
    let asked = whole.asked.iter().map(|ask| &ask.words);
    for words in asked.chain(whole.served.iter().map(|served| &served.words)) {
        assert!(!words.contains(char::is_control), "{words:?}");
    }
});

fn server(kind: u8) -> Box<dyn Layer> {
    let login = Credentials {
        user: b"joe".to_vec(),
        password: b"pw".to_vec(),
    };
    let login = (kind & 1 != 0).then_some(login);
    let rules = Rules { login };
    match kind & 2 {
        0 => Box::new(Socks4Server::new(rules)),
        _ => Box::new(Socks5Server::new(rules)),
    }
}
