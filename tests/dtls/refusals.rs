//! Handshakes that must fail, each with words on both sides.

use std::time::Instant;

use ncat::wire::dtls::Dtls;
use ncat::wire::{Clock, Layer, Then};

use crate::kits::{self, Files, Kits};
use crate::seat::Seat;

/// Carries everything until nobody says anything, and tells how it ended for both.
fn meet(kits: &Kits) -> [Option<String>; 2] {
    let clock = Clock::new(Instant::now());
    let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
    let mut server = Seat::new(Dtls::server(&kits.server, clock));
    while !(client.out.is_empty() && server.out.is_empty()) {
        for datagram in std::mem::take(&mut client.out) {
            server.hear(&datagram);
        }
        for datagram in std::mem::take(&mut server.out) {
            client.hear(&datagram);
        }
    }
    [client, server].map(|seat| {
        assert!(
            seat.fault.is_none() || seat.layer.deadline().is_none(),
            "it gave up"
        );
        seat.fault.map(|fault| fault.words)
    })
}

fn assert_fails(kits: &Kits, client: &str, server: &str) {
    let [of_client, of_server] = meet(kits).map(|fault| fault.expect("neither side is content"));
    assert!(
        of_client.contains(client),
        "the client says {of_client:?}, not {client:?}"
    );
    assert!(
        of_server.contains(server),
        "the server says {of_server:?}, not {server:?}"
    );
}

#[test]
fn a_server_that_is_not_trusted_is_refused() {
    let (server, trusted) = (
        Files::make(&["-newkey", "rsa:2048"]),
        Files::make(&["-newkey", "rsa:2048"]),
    );
    let (mut client_wishes, mut server_wishes) = (kits::wishes(), kits::wishes());
    server.give(&mut server_wishes);
    client_wishes.verify = true;
    client_wishes.trust = Some(trusted.cert.clone());
    assert_fails(
        &Kits::of(&client_wishes, &server_wishes),
        "",
        "The peer refused",
    );
}

#[test]
fn a_server_that_is_somebody_else_is_an_impostor() {
    let files = Files::make(&["-newkey", "rsa:2048"]);
    let (mut client_wishes, mut server_wishes) = (kits::wishes(), kits::wishes());
    files.give(&mut server_wishes);
    client_wishes.verify = true;
    client_wishes.trust = Some(files.cert.clone());
    client_wishes.name = "elsewhere.example".to_owned();
    let kits = Kits::of(&client_wishes, &server_wishes);
    let clock = Clock::new(Instant::now());
    let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
    let mut server = Seat::new(Dtls::server(&kits.server, clock));
    server.hear(&client.out.remove(0));
    server.out.iter().for_each(|datagram| client.hear(datagram));
    assert!(client.fault.is_some_and(|fault| fault.then == Then::Quit));
}

#[test]
fn a_client_without_a_certificate_is_refused_where_one_is_demanded() {
    let files = Files::make(&["-newkey", "rsa:2048"]);
    let mut server_wishes = kits::wishes();
    files.give(&mut server_wishes);
    server_wishes.verify = true;
    server_wishes.trust = Some(files.cert.clone());
    let kits = Kits::of(&kits::wishes(), &server_wishes);
    assert_fails(
        &kits,
        "The peer refused",
        "The client has shown no certificate",
    );
}

#[test]
fn nothing_in_common_is_said_so() {
    let (mut client, mut server) = (kits::wishes(), kits::wishes());
    client.ciphers = Some("AES128".to_owned());
    server.ciphers = Some("AES256".to_owned());
    assert_fails(
        &Kits::of(&client, &server),
        "handshake failure",
        "no cipher in common",
    );
    let (mut client, mut server) = (kits::wishes(), kits::wishes());
    client.alpn = vec![b"a".to_vec()];
    server.alpn = vec![b"b".to_vec()];
    let words = "no application protocol (ALPN) in common";
    assert_fails(&Kits::of(&client, &server), words, words);
}

#[test]
fn a_protocol_in_common_is_agreed_on() {
    let (mut client, mut server) = (kits::wishes(), kits::wishes());
    client.alpn = vec![b"a".to_vec(), b"b".to_vec()];
    server.alpn = vec![b"b".to_vec()];
    assert_eq!(meet(&Kits::of(&client, &server)), [None, None]);
}

#[test]
fn a_key_that_openssl_has_for_streams_only_will_do_too() {
    let kits = Kits::mutual(&Files::make(&["-newkey", "ed25519"]));
    assert_eq!(meet(&kits), [None, None]);
}

#[test]
fn whatever_is_damaged_in_a_handshake_it_does_not_become_another() {
    let kits = Kits::plain();
    for which in 0..4 {
        for at in (0..400).step_by(3) {
            let clock = Clock::new(Instant::now());
            let mut client = Seat::new(Dtls::client(&kits.client, clock.clone()));
            let mut server = Seat::new(Dtls::server(&kits.server, clock));
            let mut carried = 0;
            let mut damage = |datagram: &mut Vec<u8>| {
                if carried == which && at < datagram.len() {
                    datagram[at] ^= 0x20;
                }
                carried += 1;
            };
            while !(client.out.is_empty() && server.out.is_empty()) {
                for mut datagram in std::mem::take(&mut client.out) {
                    damage(&mut datagram);
                    server.hear(&datagram);
                }
                for mut datagram in std::mem::take(&mut server.out) {
                    damage(&mut datagram);
                    client.hear(&datagram);
                }
            }
            // Both may wait for a repetition, or give up; what was damaged must not be agreed on.
            if client.is_open() && server.is_open() {
                client.say(b"x");
                server.hear(&client.out.remove(0));
                assert_eq!(server.heard, [b"x"], "datagram {which} damaged at {at}");
            }
        }
    }
}
