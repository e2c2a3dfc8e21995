//! Did the peer sign this very handshake with the key of the certificate it showed?
//!
//! The library's own functions for it refuse certificates of the first version, which have keys like
//! any other. Here only the key is taken from the certificate.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};

use super::Rejection;
use super::certificate::{Certificate, Key};

/// In TLS 1.2 a scheme names the hash and the kind of key, but not the curve: any of the scheme's
/// algorithms that is for this key will do.
pub(super) fn signed_tls12(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    known: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let certificate = Certificate::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let Key { algorithm, bits } = certificate.key;
    let Some((_, algorithms)) = known.mapping.iter().find(|row| row.0 == signed.scheme) else {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    };
    let fits = |known: &&&dyn SignatureVerificationAlgorithm| {
        known.public_key_alg_id().as_ref() == algorithm
    };
    match algorithms.iter().find(fits) {
        Some(known)
            if known
                .verify_signature(bits, message, signed.signature())
                .is_ok() =>
        {
            Ok(HandshakeSignatureValid::assertion())
        }
        _ => Err(copied().into()),
    }
}

/// In TLS 1.3 a scheme leaves nothing open.
pub(super) fn signed_tls13(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    known: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let certificate = Certificate::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let key = SubjectPublicKeyInfoDer::from(certificate.parsed.subject_pki.raw);
    verify_tls13_signature_with_raw_key(message, &key, signed, known).map_err(|error| match error {
        Error::InvalidCertificate(_) => copied().into(),
        other => other,
    })
}

fn copied() -> Rejection {
    Rejection {
        words: "the peer did not sign with the key of its certificate".to_owned(),
        impostor: false,
        hint: None,
    }
}
