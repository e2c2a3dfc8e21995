//! The library that does the arithmetic. The one file that names it.

use std::sync::Arc;

use rustls::CipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;

use super::ciphers::choose;

/// All that it can do, best first.
pub(super) fn everything() -> CryptoProvider {
    default_provider()
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
