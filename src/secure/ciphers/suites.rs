//! The suites that we have, in the order in which OpenSSL starts, and the words that choose them.

use rustls::CipherSuite;

/// Some of [`SUITES`]: a bit for the place of each.
pub(super) type Set = u16;

#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    pub(super) suite: CipherSuite,
    /// As OpenSSL calls it.
    name: &'static str,
    /// As it is registered.
    registered: &'static str,
    /// How long its keys are.
    pub(super) bits: u16,
}

macro_rules! suites {
    ($($suite:ident $name:literal $registered:literal $bits:literal,)*) => {
        [$(Suite {
            suite: CipherSuite::$suite,
            name: $name,
            registered: $registered,
            bits: $bits,
        },)*]
    };
}

#[rustfmt::skip]
pub(super) const SUITES: [Suite; 9] = suites![
    TLS13_AES_256_GCM_SHA384 "TLS_AES_256_GCM_SHA384" "TLS_AES_256_GCM_SHA384" 256,
    TLS13_CHACHA20_POLY1305_SHA256 "TLS_CHACHA20_POLY1305_SHA256" "TLS_CHACHA20_POLY1305_SHA256" 256,
    TLS13_AES_128_GCM_SHA256 "TLS_AES_128_GCM_SHA256" "TLS_AES_128_GCM_SHA256" 128,
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        "ECDHE-ECDSA-AES256-GCM-SHA384" "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" 256,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
        "ECDHE-RSA-AES256-GCM-SHA384" "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" 256,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        "ECDHE-ECDSA-CHACHA20-POLY1305" "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" 256,
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        "ECDHE-RSA-CHACHA20-POLY1305" "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" 256,
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        "ECDHE-ECDSA-AES128-GCM-SHA256" "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" 128,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        "ECDHE-RSA-AES128-GCM-SHA256" "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" 128,
];

/// All that we have of TLS 1.3.
pub(super) const TLS13: Set = 0b111;
/// A place behind all suites, for those of TLS 1.3 that OpenSSL has and we have not.
const ABSENT_TLS13: Set = 1 << SUITES.len();
pub(super) const ANY_TLS13: Set = TLS13 | ABSENT_TLS13;

const TLS12: Set = 0b1_1111_1000;
const ECDSA: Set = 0b0_1010_1000;
const RSA: Set = 0b1_0101_0000;
const AES256: Set = 0b0_0001_1000;
const AES128: Set = 0b1_1000_0000;
const CHACHA20: Set = 0b0_0110_0000;

/// Words for many at once. All our suites agree on their keys afresh and authenticate as they encrypt, so
/// `RSA`, which means its keys carrying ours, and `SHA256` have none of them.
const GROUPS: [(&str, Set); 19] = [
    ("ALL", TLS12),
    ("HIGH", TLS12),
    ("TLSv1.2", TLS12),
    ("ECDH", TLS12),
    ("ECDHE", TLS12),
    ("kECDHE", TLS12),
    ("EECDH", TLS12),
    ("kEECDH", TLS12),
    ("ECDSA", ECDSA),
    ("aECDSA", ECDSA),
    ("aRSA", RSA),
    ("AES", AES128 | AES256),
    ("AESGCM", AES128 | AES256),
    ("FIPS", AES128 | AES256),
    ("AES128", AES128),
    ("AES256", AES256),
    ("CHACHA20", CHACHA20),
    ("TLS_AES_128_CCM_SHA256", ABSENT_TLS13),
    ("TLS_AES_128_CCM_8_SHA256", ABSENT_TLS13),
];

/// What a word chooses, if it is one for something that we have.
pub(super) fn select(word: &str) -> Option<Set> {
    let named = |suite: &Suite| suite.name == word || suite.registered == word;
    if let Some(place) = SUITES.iter().position(named) {
        return Some(1 << place);
    }
    let group = GROUPS.iter().find(|(group, _)| *group == word);
    group.map(|&(_, set)| set)
}
