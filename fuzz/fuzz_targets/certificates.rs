//! Certificates of strangers: a good chain with bytes changed, and one more certificate of any bytes, is
//! believed only when nothing of the good ones has changed, and what is said of it is safe to print.
//! Each change is a place of two bytes and what to change there; they end with zeros.

#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ncat::secure::pem::certificates;
use ncat::secure::verify::server_verifier;
use ncat::secure::{Wishes, describe, words};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

/// The key that signed the chain is not kept anywhere.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/root.pem");
const CHAIN: &[u8] = include_bytes!("../certificates/chain.pem");

/// In January 2027.
const NOW: Duration = Duration::from_secs(1_800_000_000);

static GOOD: LazyLock<Vec<CertificateDer<'static>>> =
    LazyLock::new(|| certificates(CHAIN).expect("two certificates"));

static JUDGE: LazyLock<Arc<dyn ServerCertVerifier>> = LazyLock::new(|| {
    server_verifier(&wishes(), &Arc::new(default_provider())).expect("a root to trust")
});

fn wishes() -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: true,
        trust: Some(ROOT.into()),
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

fuzz_target!(|data: &[u8]| {
    let mut bytes: Vec<Vec<u8>> = GOOD.iter().map(|good| good.to_vec()).collect();
    let mut rest = data;
    while let Some((&[high, low, change], more)) = rest.split_first_chunk() {
        rest = more;
        if [high, low, change] == [0; 3] {
            break;
        }
        let changed = &mut bytes[usize::from(high >> 7)];
        let place = usize::from(u16::from_be_bytes([high & 0x7f, low])) % changed.len();
        changed[place] ^= change;
    }
    bytes.push(rest.to_vec());
    let chain: Vec<CertificateDer<'_>> = bytes.into_iter().map(CertificateDer::from).collect();
    let now = UnixTime::since_unix_epoch(NOW);
    let name = ServerName::try_from("a.com").expect("a name");
    let judged = JUDGE.verify_server_cert(&chain[0], &chain[1..], &name, &[], now);
    let same = chain[..2] == GOOD[..];
    match judged {
        Ok(_) => assert!(same, "a changed certificate is believed"),
        Err(why) => {
            assert!(!same, "the good chain is not believed: {why}");
            assert!(is_plain(&words(&why).0), "words of {why:?}");
        }
    }
    for own in [0, 2] {
        let lines = describe(&chain[own..], &wishes(), now);
        assert!(lines.len() >= 2, "no fingerprints: {lines:?}");
        assert!(lines.iter().all(|line| is_plain(line)), "{lines:?}");
    }
});

fn is_plain(words: &str) -> bool {
    !words.is_empty() && !words.contains(char::is_control)
}
