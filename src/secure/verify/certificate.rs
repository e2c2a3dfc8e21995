//! A certificate, taken apart: what it says, its key, and what was signed how.

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::der::{self, SEQUENCE};

#[derive(Debug)]
pub(in crate::secure) struct Certificate<'a> {
    /// What it says.
    pub(in crate::secure) parsed: X509Certificate<'a>,
    pub(super) key: Key<'a>,
    signed: &'a [u8],
    /// With what algorithm; as it is written, without its tag.
    algorithm: &'a [u8],
    signature: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'a> {
    /// For what algorithm; as it is written, without its tag.
    pub(super) algorithm: &'a [u8],
    pub(super) bits: &'a [u8],
}

impl<'a> Key<'a> {
    /// From the value of a `SubjectPublicKeyInfo`.
    pub(super) fn read(info: &'a [u8]) -> Option<Self> {
        let (algorithm, bits) = der::split(SEQUENCE, info)?;
        let bits = der::bits(bits)?;
        Some(Key { algorithm, bits })
    }
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// No algorithm for it here.
    Strange,
    /// Somebody else signed, or something else was signed.
    Wrong,
}

impl<'a> Certificate<'a> {
    /// None if it is not understood, or if something follows it.
    pub(in crate::secure) fn read(der: &'a [u8]) -> Option<Self> {
        let (signed, rest) = {
            let body = der::only(SEQUENCE, der)?;
            let (_, rest) = der::split(SEQUENCE, body)?;
            (body.get(..body.len() - rest.len())?, rest)
        };
        let (algorithm, signature) = der::split(SEQUENCE, rest)?;
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let info = der::only(SEQUENCE, parsed.subject_pki.raw)?;
        let same = parsed.signature_algorithm == parsed.tbs_certificate.signature;
        same.then_some(())?;
        Some(Certificate {
            key: Key::read(info)?,
            parsed,
            signed,
            algorithm,
            signature: der::bits(signature)?,
        })
    }

    /// Whether the key's owner signed it.
    pub(super) fn signed_by(
        &self,
        key: Key<'_>,
        known: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Unsigned> {
        let mut fitting = known.iter().filter(|known| {
            known.signature_alg_id().as_ref() == self.algorithm
                && known.public_key_alg_id().as_ref() == key.algorithm
        });
        let known = fitting.next().ok_or(Unsigned::Strange)?;
        let verified = known.verify_signature(key.bits, self.signed, self.signature);
        verified.map_err(|_| Unsigned::Wrong)
    }
}
