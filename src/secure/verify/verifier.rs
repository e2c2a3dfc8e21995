//! What the library asks about a peer: is it believed, and did it sign the handshake?
//!
//! With nothing to hold a peer to, its signature of the handshake proves nothing and is not looked at;
//! the library's functions for that would refuse certificates that the reference takes. Certificates
//! are public, though: as soon as one must be the right one, the signature is all that tells its
//! owner from who copied it.

use std::iter;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::handshake::{signed_tls12, signed_tls13};
use super::property::Purpose;
use super::strict::Strict;
use super::{Rejection, Wishes, pinned};

#[derive(Debug)]
pub(super) struct Verifier {
    /// Nobody has to vouch for peers without it.
    strict: Option<Strict>,
    /// Hashes of the only certificates to take, if there are any.
    pins: Vec<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Err is a sentence without a full stop.
    pub(super) fn new(
        wishes: &Wishes,
        purpose: Purpose,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let strict = wishes.verify.then(|| Strict::load(wishes, purpose));
        Ok(Verifier {
            strict: strict.transpose()?,
            pins: wishes.pins.clone(),
            provider: Arc::clone(provider),
        })
    }

    fn believes(
        &self,
        own: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Rejection> {
        pinned(&self.pins, own)?;
        let Some(strict) = &self.strict else {
            return Ok(());
        };
        let chain: Vec<CertificateDer<'_>> = iter::once(own).chain(sent).cloned().collect();
        strict.judge(&chain, &self.provider, now)
    }

    fn anybody(&self) -> bool {
        self.strict.is_none() && self.pins.is_empty()
    }

    fn tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.anybody() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let known = &self.provider.signature_verification_algorithms;
        signed_tls12(message, certificate, signed, known)
    }

    fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.anybody() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let known = &self.provider.signature_verification_algorithms;
        signed_tls13(message, certificate, signed, known)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        let known = &self.provider.signature_verification_algorithms;
        known.supported_schemes()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.believes(certificate, sent, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ClientCertVerifier for Verifier {
    /// None: whoever has a good certificate knows which it is, and a system's store has hundreds.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        sent: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.believes(certificate, sent, now)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}
