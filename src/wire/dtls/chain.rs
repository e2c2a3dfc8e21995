//! Certificates in messages, and signatures over what was said.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::internal::msgs::codec::{Codec, Reader as Decoder};
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, Signer};
use rustls::{DigitallySignedStruct, SignatureScheme};

use super::bytes::{Reader, put_bytes, put_list, put_u16};
use super::failure::Failure;

pub(super) type Chain = Vec<CertificateDer<'static>>;

/// A message of certificates; it may be empty.
pub(super) fn read(body: &[u8]) -> Option<Chain> {
    let mut reader = Reader(body);
    let mut list = Reader(reader.list::<3>()?);
    reader.end()?;
    let mut chain = Vec::new();
    while !list.is_empty() {
        chain.push(CertificateDer::from(list.list::<3>()?.to_vec()));
    }
    Some(chain)
}

/// The message for our certificates, or for none.
pub(super) fn write(certified: Option<&CertifiedKey>) -> Vec<u8> {
    let mut out = Vec::new();
    put_list::<3>(&mut out, |out| {
        for certificate in certified.iter().flat_map(|certified| &certified.cert) {
            put_bytes::<3>(out, certificate);
        }
    });
    out
}

/// Appends a signature over `message`.
pub(super) fn sign(
    out: &mut Vec<u8>,
    signer: &dyn Signer,
    message: &[u8],
) -> Result<(), rustls::Error> {
    let signature = signer.sign(message)?;
    put_u16(out, signer.scheme().into());
    put_bytes::<2>(out, &signature);
    Ok(())
}

/// Has `judge` say whether a signature is good, if it is of a kind that we asked for.
pub(super) fn verify(
    signature: &[u8],
    asked: &[SignatureScheme],
    judge: impl FnOnce(&DigitallySignedStruct) -> Result<HandshakeSignatureValid, rustls::Error>,
) -> Result<(), Failure> {
    // The library lets nobody make a signature but its own reader, which it calls internal.
    let mut decoder = Decoder::init(signature);
    let signature = DigitallySignedStruct::read(&mut decoder).map_err(|_| Failure::garbled())?;
    if decoder.any_left() || !asked.contains(&signature.scheme) {
        return Err(Failure::garbled());
    }
    judge(&signature)?;
    Ok(())
}

/// Schemes by their numbers.
pub(super) fn schemes(numbers: &[u16]) -> Vec<SignatureScheme> {
    numbers.iter().copied().map(SignatureScheme::from).collect()
}
