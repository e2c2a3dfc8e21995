//! The library that does the arithmetic. The one file that names it.

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;

/// All that it can do, best first.
pub(super) fn everything() -> CryptoProvider {
    default_provider()
}
