//! Whole handshakes: who signs, and what each side is told.

use std::fs;

use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use rustls::server::ServerConnection;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, ServerConfig, SupportedProtocolVersion};
use tempfile::NamedTempFile;

use super::*;

/// Nothing but a name is asked for.
pub(super) fn wishes() -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: "a.com".to_owned(),
        named: false,
        alpn: Vec::new(),
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    }
}

fn pin(made: &Made) -> [u8; 32] {
    Sha256::digest(&made.der).into()
}

fn trust(made: &Made) -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), made.pem()).expect("a certificate in it");
    file
}

/// What a side shows, and with whose key it signs.
fn shown(chain: &[&Made], key: &Made) -> Arc<SingleCertAndKey> {
    let key = PrivatePkcs8KeyDer::from(key.key.serialize_der()).into();
    let key = provider::everything().key_provider.load_private_key(key);
    let chain = chain.iter().map(|made| made.der.clone()).collect();
    let certified = CertifiedKey::new(chain, key.expect("a key"));
    Arc::new(SingleCertAndKey::from(certified))
}

struct Side<'a> {
    wishes: Wishes,
    shows: Option<Arc<SingleCertAndKey>>,
    version: &'a [&'static SupportedProtocolVersion],
}

/// What the client and the server say of each other at the end.
fn shaken(client: Side<'_>, server: Side<'_>) -> (String, String) {
    let provider = Arc::new(provider::everything());
    let verifier = server_verifier(&client.wishes, &provider).expect("a judge of servers");
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(client.version)
        .expect("a version")
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match client.shows {
        Some(shows) => config.with_client_cert_resolver(shows),
        None => config.with_no_client_auth(),
    };
    let name = ServerName::try_from("a.com").expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
    let verifier = client_verifier(&server.wishes, &provider).expect("a judge of clients");
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(server.version)
        .expect("a version");
    let config = match verifier {
        Some(verifier) => config.with_client_cert_verifier(verifier),
        None => config.with_no_client_auth(),
    };
    let config = config.with_cert_resolver(server.shows.expect("a server's certificate"));
    let mut server = ServerConnection::new(Arc::new(config)).expect("a server");
    let (mut of_server, mut of_client) = (None, None);
    // Four flights are the most; one more tells the other side of an error.
    for _ in 0..6 {
        let mut flight = Vec::new();
        client.write_tls(&mut flight).expect("room");
        while client.wants_write() {
            client.write_tls(&mut flight).expect("room");
        }
        server.read_tls(&mut &flight[..]).expect("bytes");
        of_client = of_client.or(server.process_new_packets().err());
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).expect("room");
        }
        client.read_tls(&mut &flight[..]).expect("bytes");
        of_server = of_server.or(client.process_new_packets().err());
    }
    let told = |error: Option<Error>, busy: bool| match error {
        Some(error) => why(&error),
        None if busy => "unfinished".to_owned(),
        None => "believed".to_owned(),
    };
    (
        told(of_server, client.is_handshaking()),
        told(of_client, server.is_handshaking()),
    )
}

/// Our own words, or else the library's.
fn why(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => other.0.to_string(),
        other => other.to_string(),
    }
}

const VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&TLS12], &[&TLS13]];

/// What a client with these wishes says of a server, whatever the version.
fn said(wishes: &Wishes, chain: &[&Made], key: &Made) -> String {
    let said = VERSIONS.map(|version| {
        let client = Side {
            wishes: wishes.clone(),
            shows: None,
            version,
        };
        let server = Side {
            wishes: self::wishes(),
            shows: Some(shown(chain, key)),
            version,
        };
        shaken(client, server).0
    });
    assert_eq!(said[0], said[1], "TLS 1.2 and 1.3 disagree");
    let [said, _] = said;
    said
}

#[test]
fn everybody_proves_to_own_what_must_be_the_right_certificate() {
    let authority = Draft::authority("Root").signed_by_itself();
    let copycat = Draft::server("b.org").signed_by_itself();
    for version in [0, 2] {
        for kind in [
            &rcgen::PKCS_ECDSA_P256_SHA256,
            &rcgen::PKCS_ECDSA_P384_SHA384,
            &rcgen::PKCS_ED25519,
        ] {
            let mut draft = Draft::plain("a.com").kind(kind);
            draft.version = version;
            let own = draft.signed_by(&authority);
            let file = trust(&authority);
            let anybody = wishes();
            let pinned = Wishes {
                pins: vec![[7; 32], pin(&own)],
                ..wishes()
            };
            let strict = Wishes {
                verify: true,
                trust: Some(file.path().to_owned()),
                ..wishes()
            };
            let both = Wishes {
                pins: pinned.pins.clone(),
                ..strict.clone()
            };
            for (wishes, what) in [(&pinned, "pinned"), (&strict, "strict"), (&both, "both")] {
                let what = format!("{what}, version {version}, {kind:?}");
                assert_eq!(said(wishes, &[&own], &own), "believed", "{what}");
                let words = "the peer did not sign with the key of its certificate";
                assert_eq!(said(wishes, &[&own], &copycat), words, "{what}");
                assert_ne!(said(wishes, &[&copycat], &copycat), "believed", "{what}");
            }
            let said = said(&anybody, &[&own], &own);
            assert_eq!(said, "believed", "anybody, version {version}");
        }
    }
}

#[test]
fn a_pin_holds_beside_trust_and_the_other_way_round() {
    let authority = Draft::authority("Root").signed_by_itself();
    let own = Draft::server("a.com").signed_by(&authority);
    let twin = Draft::server("a.com").signed_by(&authority);
    let file = trust(&authority);
    let wishes = Wishes {
        verify: true,
        trust: Some(file.path().to_owned()),
        pins: vec![pin(&own), pin(&authority)],
        ..wishes()
    };
    let words = said(&wishes, &[&twin], &twin);
    assert!(
        words.contains("none of those pinned"),
        "trusted only: {words}"
    );
    // Only the peer's own counts: anybody can send a pinned certificate along.
    let words = said(&wishes, &[&twin, &own, &authority], &twin);
    assert!(
        words.contains("none of those pinned"),
        "sent along: {words}"
    );
    let other = Wishes {
        name: "b.org".to_owned(),
        ..wishes
    };
    let words = said(&other, &[&own], &own);
    assert_eq!(words, "the certificate is for a.com and not for b.org");
}

#[test]
fn clients_show_who_they_are_where_it_is_asked_and_both_sides_learn_why_not() {
    let authority = Draft::authority("Root").signed_by_itself();
    let good = Draft::plain("somebody")
        .purpose(CLIENT)
        .signed_by(&authority);
    let server = Draft::server("a.com").purpose(SERVER).signed_by(&authority);
    let stranger = Draft::plain("stranger").signed_by_itself();
    let file = trust(&authority);
    let strict = Wishes {
        verify: true,
        trust: Some(file.path().to_owned()),
        name: String::new(),
        ..wishes()
    };
    let pinned = Wishes {
        pins: vec![pin(&good)],
        name: String::new(),
        ..wishes()
    };
    for version in VERSIONS {
        for wishes in [&strict, &pinned] {
            for (shows, believed) in [
                (Some((&good, &good)), true),
                (Some((&good, &stranger)), false),
                (Some((&stranger, &stranger)), false),
                (Some((&server, &server)), false),
                (None, false),
            ] {
                let client = Side {
                    wishes: self::wishes(),
                    shows: shows.map(|(own, key)| shown(&[own], key)),
                    version,
                };
                let server = Side {
                    wishes: wishes.clone(),
                    shows: Some(shown(&[&server], &server)),
                    version,
                };
                let (of_server, of_client) = shaken(client, server);
                let both = [&of_server, &of_client].map(|words| words == "believed");
                assert_eq!(both, [believed; 2], "{of_server:?}, {of_client:?}");
            }
        }
    }
}

#[test]
fn nobody_is_asked_for_a_certificate_that_nobody_wants_to_see() {
    let provider = Arc::new(provider::everything());
    let verifier = client_verifier(&wishes(), &provider).expect("no file is needed");
    assert!(verifier.is_none(), "clients are asked for certificates");
}

#[test]
fn files_that_are_no_help_are_told_of() {
    let provider = Arc::new(provider::everything());
    let file = NamedTempFile::new().expect("a file");
    for (content, words) in [
        ("", "holds no certificate in PEM"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
            "is cut off in the middle of a section",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds a damaged certificate, number 1",
        ),
    ] {
        fs::write(file.path(), content).expect("room");
        let wishes = Wishes {
            verify: true,
            trust: Some(file.path().to_owned()),
            ..wishes()
        };
        let said = server_verifier(&wishes, &provider)
            .err()
            .unwrap_or_default();
        assert!(said.contains(words), "{content:?}: {said}");
    }
    let wishes = Wishes {
        verify: true,
        trust: Some("/nowhere/at/all".into()),
        ..wishes()
    };
    let said = server_verifier(&wishes, &provider)
        .err()
        .unwrap_or_default();
    assert!(
        said.starts_with("/nowhere/at/all cannot be read: No such file"),
        "no file: {said}"
    );
}
