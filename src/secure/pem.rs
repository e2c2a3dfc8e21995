//! Certificates and keys out of the text that holds them.
//!
//! Knows no files. Promise: any bytes are read or refused with words, and nobody is asked for a pass
//! phrase unless there is a key that cannot be had without.
//!
//! Each error continues a sentence that begins with the file, without a full stop.

use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::Error::{Asn1, EncryptedPrivateKey};
use pkcs8::pkcs5::Error::{DecryptFailed, EncryptFailed};
use rustls::pki_types::pem::{Error, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::old::{self, Lock};

/// How often a pass phrase may be wrong.
const TRIES: usize = 3;

/// A key that no pass phrase opens.
const NOT_OURS: &str = "holds a key in an encryption that is not supported";

/// Begins what OpenSSL once encrypted in a way of its own.
const OLD_ENCRYPTION: &str = "Proc-Type: 4,ENCRYPTED";

/// The first byte of most things in DER.
const SEQUENCE: u8 = 0x30;

/// Sections of OpenSSL's, and those of the same kind that have another name.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("ENCRYPTED PRIVATE KEY", "PRIVATE KEY"),
    ("TRUSTED CERTIFICATE", "CERTIFICATE"),
    ("X509 CERTIFICATE", "CERTIFICATE"),
];

/// What a note begins with that says what a certificate is trusted for, a sequence, or what it is not.
const TRUSTED_FOR: u8 = SEQUENCE;
const REJECTED_FOR: u8 = 0xa0;

/// Asks for a pass phrase; `again` when the last one was wrong.
pub type Ask<'a> = &'a mut dyn FnMut(bool) -> Result<String, String>;

/// All certificates, in order. Never none, and each can be read.
pub fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for section in sections(&text) {
        match section {
            Ok((SectionKind::Certificate, der)) => {
                let found_before = found.len();
                found.push(certificate(der).map_err(|slip| slip.words(found_before + 1))?);
            }
            Ok(_) => (),
            // Its headers are no base64. Whether the key is wanted is asked elsewhere.
            Err(_) if text.contains(OLD_ENCRYPTION) => (),
            Err(error) => return Err(words(&error)),
        }
    }
    match found.is_empty() {
        true => Err(absence("certificate", "openssl x509 -inform DER", bytes)),
        false => Ok(found),
    }
}

/// What is wrong with a certificate.
enum Slip {
    Damaged,
    Restricted,
}

impl Slip {
    fn words(self, number: usize) -> String {
        match self {
            Self::Damaged => format!("holds a damaged certificate, number {number}"),
            Self::Restricted => format!(
                "says what its certificate number {number} is trusted for, which is not supported; \
                 `openssl x509 -in OLD -out NEW` leaves that out"
            ),
        }
    }
}

/// A certificate, without the notes that OpenSSL keeps behind those it calls trusted. A note that restricts
/// what it is trusted for must not be lost.
fn certificate(mut der: Vec<u8>) -> Result<CertificateDer<'static>, Slip> {
    let (notes, _) = X509Certificate::from_der(&der).map_err(|_| Slip::Damaged)?;
    let length = der.len() - notes.len();
    if !notes.is_empty() {
        let (behind, notes) = Any::from_der(notes).map_err(|_| Slip::Damaged)?;
        if !behind.is_empty() || notes.tag() != Tag::Sequence {
            return Err(Slip::Damaged);
        }
        if let Some(&(TRUSTED_FOR | REJECTED_FOR)) = notes.data.first() {
            return Err(Slip::Restricted);
        }
    }
    der.truncate(length);
    Ok(der.into())
}

/// The first private key: PKCS#8, PKCS#1 or SEC1, encrypted or not.
pub fn key(bytes: &[u8], ask: Ask<'_>) -> Result<PrivateKeyDer<'static>, String> {
    let text = String::from_utf8_lossy(bytes);
    match old::section(&text) {
        Ok(Some((section, lock))) => return unlock(&section, &lock, ask),
        Ok(None) => (),
        Err(()) => return Err(NOT_OURS.to_owned()),
    }
    for section in sections(&text) {
        match section.map_err(|error| words(&error))? {
            (SectionKind::PrivateKey, der) => return open(der, ask),
            (SectionKind::RsaPrivateKey, der) => return Ok(PrivateKeyDer::Pkcs1(der.into())),
            (SectionKind::EcPrivateKey, der) => return Ok(PrivateKeyDer::Sec1(der.into())),
            _ => (),
        }
    }
    Err(absence("private key", "openssl pkey -inform DER", bytes))
}

/// The reader passes over what it has no name for; so that comes under a name that it has. What is in
/// there tells itself apart.
fn sections(text: &str) -> Vec<Result<(SectionKind, Vec<u8>), Error>> {
    // Editors of another system begin a file with a mark.
    let mut text = text.trim_start_matches('\u{feff}').to_owned();
    for (name, known) in OTHER_NAMES {
        for edge in ["BEGIN", "END"] {
            text = text.replace(
                &format!("-----{edge} {name}-----"),
                &format!("-----{edge} {known}-----"),
            );
        }
    }
    PemObject::pem_slice_iter(text.as_bytes()).collect()
}

/// What is in a PKCS#8 section, decrypted if it must be.
fn open(der: Vec<u8>, ask: Ask<'_>) -> Result<PrivateKeyDer<'static>, String> {
    if !is_sealed(&der) {
        return Ok(PrivateKeyDer::Pkcs8(der.into()));
    }
    let not_ours = |_| NOT_OURS.to_owned();
    let sealed = EncryptedPrivateKeyInfo::try_from(&der[..]).map_err(not_ours)?;
    tried(ask, |phrase| match sealed.decrypt(phrase) {
        Ok(key) => Ok(Some(PrivateKeyDer::Pkcs8(key.as_bytes().to_vec().into()))),
        // The library calls some failures after the other direction. And what comes of a wrong
        // pass phrase may by chance look decrypted, but not like a key.
        Err(EncryptedPrivateKey(DecryptFailed | EncryptFailed) | Asn1(_)) => Ok(None),
        Err(error) => Err(not_ours(error)),
    })
}

/// What is in a section in OpenSSL's old encryption, whose headers have been taken away.
fn unlock(section: &str, lock: &Lock, ask: Ask<'_>) -> Result<PrivateKeyDer<'static>, String> {
    let first = sections(section).into_iter().next();
    let key: fn(Vec<u8>) -> PrivateKeyDer<'static>;
    let sealed = match first.transpose().map_err(|error| words(&error))? {
        Some((SectionKind::RsaPrivateKey, sealed)) => {
            key = |der| PrivateKeyDer::Pkcs1(der.into());
            sealed
        }
        Some((SectionKind::EcPrivateKey, sealed)) => {
            key = |der| PrivateKeyDer::Sec1(der.into());
            sealed
        }
        Some(_) | None => return Err(NOT_OURS.to_owned()),
    };
    tried(ask, |phrase| Ok(lock.open(&sealed, &phrase).map(key)))
}

/// What the first right pass phrase gives.
fn tried<K>(
    ask: Ask<'_>,
    mut open: impl FnMut(String) -> Result<Option<K>, String>,
) -> Result<K, String> {
    for attempt in 0..TRIES {
        if let Some(key) = open(ask(attempt > 0)?)? {
            return Ok(key);
        }
    }
    Err("holds a key that no pass phrase has opened".to_owned())
}

/// A sealed key begins with how it is sealed, a sequence; others with a version, a number.
fn is_sealed(der: &[u8]) -> bool {
    let length = match der.get(1) {
        Some(&long) if long >= 0x80 => usize::from(long & 0x7f),
        _ => 0,
    };
    der.get(2 + length) == Some(&SEQUENCE)
}

fn words(error: &Error) -> String {
    match error {
        Error::MissingSectionEnd { .. } => "is cut off in the middle of a section".to_owned(),
        Error::IllegalSectionStart { .. } => "has a damaged line with BEGIN in it".to_owned(),
        Error::Base64Decode(_) => "holds a section that is not base64".to_owned(),
        other => format!("cannot be read as PEM: {other}"),
    }
}

fn absence(what: &str, converter: &str, bytes: &[u8]) -> String {
    match bytes.first() {
        Some(&SEQUENCE) => format!("is not PEM but DER; `{converter}` converts it"),
        _ => format!("holds no {what} in PEM"),
    }
}
