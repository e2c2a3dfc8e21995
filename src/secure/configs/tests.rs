use std::time::Duration;

use rustls::{ClientConnection, Connection, ServerConnection};

use super::super::words;
use super::*;

fn wishes(name: &str) -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: name.to_owned(),
        named: false,
        alpn: Vec::new(),
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    }
}

/// What a client and a server agree on, or who complains of what.
fn agreed(client_wishes: &Wishes, server_wishes: &Wishes) -> Result<String, String> {
    let Client { config, name, .. } = client(client_wishes)?;
    let client = ClientConnection::new(config, name).map_err(|error| words(&error).0)?;
    let made = server(server_wishes, "localhost")?;
    let server = ServerConnection::new(made.config).map_err(|error| words(&error).0)?;
    let mut ends = [Connection::from(client), Connection::from(server)];
    while ends.iter().any(|end| end.is_handshaking()) {
        for (from, who) in [(0, "server"), (1, "client")] {
            let mut wire = Vec::new();
            while ends[from].wants_write() {
                ends[from].write_tls(&mut wire).expect("memory takes all");
            }
            let mut rest = &wire[..];
            while !rest.is_empty() {
                ends[1 - from]
                    .read_tls(&mut rest)
                    .expect("memory gives all");
                let done = ends[1 - from].process_new_packets();
                done.map_err(|error| format!("{who}: {}", words(&error).0))?;
            }
        }
    }
    let [_, Connection::Server(server)] = &ends else {
        return Err("the second is no server".to_owned());
    };
    let suite = server.negotiated_cipher_suite().expect("they agreed");
    let alpn = server.alpn_protocol().map(String::from_utf8_lossy);
    let asked = server.server_name();
    let suite = format!("{:?}", suite.suite());
    Ok(format!(
        "{suite} {} {}",
        asked.unwrap_or("-"),
        alpn.unwrap_or_default()
    )
    .trim_end()
    .to_owned())
}

#[test]
fn a_client_asks_for_names_but_not_for_addresses() {
    for (name, asked) in [
        ("localhost", "localhost"),
        ("a.example.", "a.example"),
        ("under_score.example", "under_score.example"),
        ("127.0.0.1", "-"),
        ("::1", "-"),
        ("[::1]", "-"),
        ("fe80::1%lo", "-"),
        // What a name server, or nobody, might know; the library would not tell it anyway.
        ("127.1", "-"),
        ("a b", "-"),
        ("", "-"),
    ] {
        let said = agreed(&wishes(name), &wishes(""));
        let expected = format!("TLS13_AES_128_GCM_SHA256 {asked}");
        assert_eq!(said, Ok(expected), "{name:?}");
    }
}

#[test]
fn a_name_that_cannot_be_compared_is_refused_when_it_is_to_be() {
    for (named, verify) in [(true, false), (false, true)] {
        let mut wishes = wishes("a b");
        (wishes.named, wishes.verify) = (named, verify);
        wishes.trust = Some("/nonexistent".into());
        let said = client(&wishes).map(|_| ());
        assert_eq!(
            said,
            Err("\"a b\" is no name that a certificate could hold".to_owned())
        );
    }
}

#[test]
fn versions_and_ciphers_are_kept_to() {
    use Version::{Tls12, Tls13};
    let all = "TLS13_AES_128_GCM_SHA256 x";
    let old = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x";
    let no_version = "server: The peer and we have no version of TLS in common";
    let no_cipher = "server: The peer and we have no cipher in common";
    let nothing = "The cipher list leaves none for the versions that are asked for";
    for (ours, theirs, said) in [
        ((None, None, ""), (None, None, ""), Ok(all)),
        ((None, Some(Tls12), ""), (None, None, ""), Ok(old)),
        ((None, None, ""), (None, Some(Tls12), ""), Ok(old)),
        (
            (Some(Tls13), None, ""),
            (Some(Tls13), Some(Tls13), ""),
            Ok(all),
        ),
        (
            (None, Some(Tls12), ""),
            (Some(Tls13), None, ""),
            Err(no_version),
        ),
        // A list is OpenSSL's, and so is its order for what it does not name.
        (
            (None, None, "AES128"),
            (None, None, ""),
            Ok("TLS13_AES_256_GCM_SHA384 x"),
        ),
        (
            (None, Some(Tls12), "AES128"),
            (None, None, ""),
            Ok("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x"),
        ),
        (
            (None, None, "CHACHA20:TLS_CHACHA20_POLY1305_SHA256"),
            (None, None, ""),
            Ok("TLS13_CHACHA20_POLY1305_SHA256 x"),
        ),
        (
            (
                None,
                None,
                "CHACHA20:!TLS_AES_256_GCM_SHA384:!TLS_CHACHA20_POLY1305_SHA256",
            ),
            (None, None, ""),
            Ok("TLS13_AES_128_GCM_SHA256 x"),
        ),
        // The client's order decides.
        (
            (None, Some(Tls12), "AES128:CHACHA20"),
            (None, None, "CHACHA20:AES128"),
            Ok("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x"),
        ),
        (
            (None, Some(Tls12), "CHACHA20"),
            (None, None, "AES128"),
            Err(no_cipher),
        ),
        (
            (None, Some(Tls12), "TLS_AES_128_GCM_SHA256"),
            (None, None, ""),
            Err(nothing),
        ),
        (
            (None, None, "FOO"),
            (None, None, ""),
            Err("Unknown cipher name: FOO"),
        ),
    ] {
        let [ours, theirs] = [ours, theirs].map(|(min, max, ciphers)| Wishes {
            min,
            max,
            ciphers: Some(ciphers.to_owned()).filter(|list| !list.is_empty()),
            ..wishes("x")
        });
        let agreed = agreed(&ours, &theirs);
        let agreed = agreed.as_deref().map_err(String::as_str);
        assert_eq!(agreed, said, "{ours:?}, {theirs:?}");
    }
}

#[test]
fn the_protocol_that_both_speak_is_agreed_on() {
    let none = "server: The peer and we have no application protocol (ALPN) in common";
    for (ours, theirs, said) in [
        ("h2 http/1.1", "http/1.1", Ok("http/1.1")),
        ("h2 http/1.1", "http/1.1 h2", Ok("http/1.1")),
        ("h2", "", Ok("")),
        ("", "h2", Ok("")),
        ("h2", "http/1.1", Err(none)),
    ] {
        let [ours, theirs] = [ours, theirs].map(|names| Wishes {
            alpn: names.split_whitespace().map(Into::into).collect(),
            ..wishes("x")
        });
        let agreed = agreed(&ours, &theirs);
        let agreed = match &agreed {
            Ok(words) => Ok(words
                .strip_prefix("TLS13_AES_128_GCM_SHA256 x")
                .unwrap_or(words)
                .trim()),
            Err(words) => Err(words.as_str()),
        };
        assert_eq!(agreed, said, "{ours:?}, {theirs:?}");
    }
}

#[test]
fn a_temporary_certificate_is_told_with_its_fingerprints() {
    let made = server(&wishes(""), "localhost").expect("a server");
    let [temporary, short, long] = &made.remarks[..] else {
        panic!("not three remarks: {:?}", made.remarks);
    };
    assert_eq!(
        temporary,
        "Generating a temporary P-256 key. Use --ssl-key and --ssl-cert to use a permanent one."
    );
    let groups = |remark: &str, start: &str, mark: char| {
        let print = remark.strip_prefix(start).unwrap_or_default();
        print.split(mark).map(str::len).collect::<Vec<_>>()
    };
    assert_eq!(
        groups(short, "SHA-1 fingerprint: ", ' '),
        [4; 10],
        "{short}"
    );
    assert_eq!(
        groups(long, "SHA-256 fingerprint: ", ':'),
        [2; 32],
        "{long}"
    );
}
