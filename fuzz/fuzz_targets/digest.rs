//! Fields that ask for a name, and fields that tell one, are read whatever they hold; what a client writes
//! into a field ends no field; and what it writes for our own proxy is let in, once. A choice among our
//! offers, lengths of a name and of a password, then those two, then the fields of both sides.

#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use ncat::wire::proxy::auth::{Judgement, Login, Warden};
use ncat::wire::proxy::{Credentials, Noise};
use ncat::wire::{Clock, Then};

fuzz_target!(|data: &[u8]| {
    let Some((&[choice, user, password], rest)) = data.split_first_chunk::<3>() else {
        return;
    };
    let (user, rest) = rest.split_at(usize::from(user % 32).min(rest.len()));
    let (password, fields) = rest.split_at(usize::from(password % 32).min(rest.len()));
    let credentials = Credentials {
        user: user.into(),
        password: password.into(),
    };
    challenge(&credentials, fields);
    tell(&credentials, fields);
    exchange(&credentials, usize::from(choice));
});

/// A proxy that asks for a name in these words, twice.
fn challenge(credentials: &Credentials, fields: &[u8]) {
    let values: Vec<&[u8]> = fields.split(|&byte| byte == 0).collect();
    let mut login = Login::new(Some(credentials.clone()), Noise::new([7; 32]));
    let mut sent = None;
    for _ in 0..3 {
        let fault = login.challenged(&values, sent.as_ref());
        sent = login.authorize("CONNECT", "a:1");
        assert_eq!(fault.then == Then::Again, sent.is_some(), "{fault}");
        let value = sent.as_ref().map_or(&b""[..], |sent| &sent.value);
        let harmful = value
            .iter()
            .any(|&byte| byte.is_ascii_control() && byte != b'\t');
        assert!(!harmful, "{:?}", String::from_utf8_lossy(value));
    }
}

/// A client that tells a name in these words.
fn tell(credentials: &Credentials, value: &[u8]) {
    let mut warden = warden(credentials);
    if let Judgement::Challenge(lines) = warden.judge(&[value], "CONNECT", "a:1") {
        assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])));
    }
}

/// Ours on both sides.
fn exchange(credentials: &Credentials, choice: usize) {
    let mut warden = warden(credentials);
    let Judgement::Challenge(lines) = warden.judge(&[], "CONNECT", "a:1") else {
        panic!("nobody was let in");
    };
    let values = lines
        .iter()
        .map(|line| line.split_once(": ").expect("a field").1.as_bytes());
    let values: Vec<&[u8]> = values.collect();
    let mut login = Login::new(Some(credentials.clone()), Noise::new([7; 32]));
    let offered = values
        .get(choice % 4)
        .map_or(&values[..], std::slice::from_ref);
    if login.challenged(offered, None).then != Then::Again {
        return;
    }
    for _ in 0..3 {
        let sent = login.authorize("CONNECT", "a:1").expect("it was asked for");
        let first = warden.judge(&[&sent.value], "CONNECT", "a:1");
        assert!(matches!(first, Judgement::Welcome(_)), "{:?}", sent.value);
        let second = warden.judge(&[&sent.value], "CONNECT", "a:1");
        let basic = sent.value.starts_with(b"Basic");
        assert_eq!(first == second, basic, "the same once more");
    }
}

fn warden(credentials: &Credentials) -> Warden {
    Warden::new(credentials.clone(), [9; 32], Clock::new(Instant::now()))
}
