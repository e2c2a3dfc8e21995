//! Whom to believe: anybody, whoever has a certificate that the user named by its hash, or whoever
//! those vouch for that the user trusts.
//!
//! ```text
//! verifier     what the library asks: pins, and the strict
//! strict       the chain, then the name
//! chain        from certificate to certificate, up to one that is trusted
//! property     what one certificate allows
//! certificate  one, taken apart, with a little of der
//! handshake    did the peer itself sign, or only show a certificate that it saw somewhere?
//! ```

mod certificate;
mod chain;
mod der;
mod handshake;
mod property;
mod strict;
mod verifier;

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::{CertificateError, Error, OtherError};
use sha2::{Digest, Sha256};

use super::{Wishes, fingerprint, provider};
pub(super) use certificate::Certificate;
use property::Purpose;
use strict::Strict;
use verifier::Verifier;

/// Why a peer is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// A sentence without a full stop.
    pub words: String,
    /// The peer is somebody else: its certificate is in order but not the one that was asked for.
    pub impostor: bool,
    /// What is certain to help, in a sentence.
    pub hint: Option<&'static str>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        CertificateError::Other(OtherError(Arc::new(rejection))).into()
    }
}

/// How a client judges servers. Only one that does reads the store of those who are trusted. Err is a
/// sentence without a full stop.
pub fn server_verifier(
    wishes: &Wishes,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let verifier = Verifier::new(wishes, Purpose::Server, provider)?;
    Ok(Arc::new(verifier))
}

/// How a server judges clients; one that wants to know nothing of them asks for no certificates.
pub fn client_verifier(
    wishes: &Wishes,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    if !wishes.verify && wishes.pins.is_empty() {
        return Ok(None);
    }
    let verifier = Verifier::new(wishes, Purpose::Client, provider)?;
    Ok(Some(Arc::new(verifier)))
}

/// Why a server with this chain would not be believed, if it had to be judged.
pub(super) fn objection(
    chain: &[CertificateDer<'_>],
    wishes: &Wishes,
    now: UnixTime,
) -> Option<String> {
    let provider = Arc::new(provider::everything());
    let judged = Strict::load(wishes, Purpose::Server)
        .and_then(|strict| strict.judge(chain, &provider, now).map_err(|why| why.words));
    judged.err()
}

/// Whether the certificate is one of those that were named; all are while none was.
fn pinned(pins: &[[u8; 32]], certificate: &CertificateDer<'_>) -> Result<(), Rejection> {
    let hash: [u8; 32] = Sha256::digest(certificate).into();
    if pins.is_empty() || pins.contains(&hash) {
        return Ok(());
    }
    Err(Rejection {
        words: format!(
            "the certificate is none of those pinned, its SHA-256 fingerprint is {}",
            fingerprint::sha256(certificate)
        ),
        impostor: true,
        hint: None,
    })
}

#[cfg(test)]
mod tests;
