//! The library that does the arithmetic. The one file that names it.
//!
//! That is ring, at half the size of aws-lc-rs and as fast; the other is a feature, for it takes keys that
//! ring does not.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(not(feature = "aws-lc-rs"))]
use rustls::crypto::ring::default_provider;
use rustls::{CipherSuite, SupportedCipherSuite};

use super::ciphers::choose;

/// The private keys that it takes, for those who have another.
pub(super) const KEYS: &str = match cfg!(feature = "aws-lc-rs") {
    true => "RSA from 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519",
    false => "RSA from 2048 to 4096 bits, P-256, P-384 and Ed25519",
};

/// All that it can do, best first: as the library has it, but AES of 128 bits and SHA-256 before 256 and
/// SHA-384. They are as far out of anybody's reach, and bulk costs a tenth less.
pub(super) fn everything() -> CryptoProvider {
    let mut provider = default_provider();
    let key = |suite: &SupportedCipherSuite| match suite.suite() {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => 0,
        _ if matches!(suite, SupportedCipherSuite::Tls13(_)) => 1,
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => 2,
        _ => 3,
    };
    provider.cipher_suites.sort_by_key(key);
    provider
}

/// With the suites that an OpenSSL cipher list chooses, or else with all.
pub(super) fn provider(ciphers: Option<&str>) -> Result<Arc<CryptoProvider>, String> {
    let mut provider = everything();
    if let Some(list) = ciphers {
        provider.cipher_suites = {
            let known = &provider.cipher_suites;
            let of = |wanted: CipherSuite| known.iter().find(|suite| suite.suite() == wanted);
            choose(list)?.into_iter().filter_map(of).copied().collect()
        };
    }
    Ok(Arc::new(provider))
}
