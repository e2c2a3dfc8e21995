//! Certificates for tests, good and bad: also those that no tool makes.

use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls::pki_types::CertificateDer;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const TIME: u8 = 0x18;
pub(super) const UTF8: u8 = 0x0c;
const HOST: u8 = 0x82;
const ADDRESS: u8 = 0x87;

/// The names of a certificate's holder.
const ALTERNATIVE: u8 = 17;
const BASIC: u8 = 19;
const USAGE: u8 = 15;
const CONSTRAINTS: u8 = 30;
const PURPOSES: u8 = 37;

pub(super) const SERVER: u8 = 1;
pub(super) const CLIENT: u8 = 2;

/// For signing certificates, and for signing anything else.
pub(super) const CERTIFICATES: &[u8] = &[2, 0x04];
pub(super) const ANYTHING_ELSE: &[u8] = &[7, 0x80];

/// What is to be signed; a test changes what it is about.
#[derive(Clone)]
pub(super) struct Draft {
    /// One less than it is called.
    pub(super) version: u8,
    pub(super) subject: Vec<u8>,
    pub(super) from: &'static str,
    pub(super) until: &'static str,
    pub(super) extensions: Vec<Vec<u8>>,
    kind: &'static SignatureAlgorithm,
}

/// A certificate, and the key to it.
pub(super) struct Made {
    pub(super) der: CertificateDer<'static>,
    pub(super) key: KeyPair,
    subject: Vec<u8>,
}

impl Draft {
    /// Without any extension; good from 2020 until 2040.
    pub(super) fn plain(common: &str) -> Self {
        Draft {
            version: 2,
            subject: subject(&[(3, UTF8, common.as_bytes())]),
            from: "20200101000000Z",
            until: "20400101000000Z",
            extensions: Vec::new(),
            kind: &rcgen::PKCS_ECDSA_P256_SHA256,
        }
    }

    /// As certificates were before there were extensions.
    pub(super) fn first(common: &str) -> Self {
        let mut draft = Draft::plain(common);
        draft.version = 0;
        draft
    }

    /// For a server, with its name where it belongs.
    pub(super) fn server(host: &str) -> Self {
        Draft::plain(host).hosts(&[host])
    }

    /// For somebody who vouches for others.
    pub(super) fn authority(common: &str) -> Self {
        Draft::plain(common).basic(true, None)
    }

    pub(super) fn kind(mut self, kind: &'static SignatureAlgorithm) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn time(mut self, from: &'static str, until: &'static str) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    pub(super) fn extension(mut self, number: u8, critical: bool, value: &[u8]) -> Self {
        let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
        let value = wrap(OCTETS, &[value]);
        let extension = wrap(SEQUENCE, &[&[6, 3, 0x55, 0x1d, number], critical, &value]);
        self.extensions.push(extension);
        self
    }

    pub(super) fn hosts(self, hosts: &[&str]) -> Self {
        let hosts: Vec<u8> = hosts.iter().flat_map(|host| name(HOST, host)).collect();
        self.extension(ALTERNATIVE, false, &wrap(SEQUENCE, &[&hosts]))
    }

    pub(super) fn address(self, address: &[u8]) -> Self {
        let name = wrap(ADDRESS, &[address]);
        self.extension(ALTERNATIVE, false, &wrap(SEQUENCE, &[&name]))
    }

    pub(super) fn basic(self, authority: bool, longest: Option<u8>) -> Self {
        let authority: &[u8] = if authority { &[1, 1, 0xff] } else { &[] };
        let longest = longest.map(|longest| [2, 1, longest]);
        let longest: &[u8] = longest.as_ref().map_or(&[], |longest| longest);
        self.extension(BASIC, true, &wrap(SEQUENCE, &[authority, longest]))
    }

    pub(super) fn usage(self, bits: &[u8]) -> Self {
        self.extension(USAGE, true, &wrap(3, &[bits]))
    }

    pub(super) fn purpose(self, purpose: u8) -> Self {
        let purpose = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, purpose];
        self.extension(PURPOSES, false, &wrap(SEQUENCE, &[&purpose]))
    }

    /// May vouch for hosts below this one only.
    pub(super) fn held_to(self, host: &str) -> Self {
        let subtree = wrap(SEQUENCE, &[&name(HOST, host)]);
        let value = wrap(SEQUENCE, &[&wrap(0xa0, &[&subtree])]);
        self.extension(CONSTRAINTS, true, &value)
    }

    pub(super) fn signed_by_itself(&self) -> Made {
        let key = self.new_key();
        let der = self.signed(&self.subject, &key, &key);
        self.made(der, key)
    }

    pub(super) fn signed_by(&self, issuer: &Made) -> Made {
        let key = self.new_key();
        let der = self.signed(&issuer.subject, &issuer.key, &key);
        self.made(der, key)
    }

    /// In the name of one, and with the key of another.
    pub(super) fn forged(&self, issuer: &Made, forger: &Made) -> Made {
        let key = self.new_key();
        let der = self.signed(&issuer.subject, &forger.key, &key);
        self.made(der, key)
    }

    /// With the key of another, and signed with it.
    pub(super) fn signed_again(&self, made: &Made) -> Made {
        let key = made.key.serialize_der();
        let key = KeyPair::try_from(&key[..]).expect("the same key");
        let der = self.signed(&self.subject, &key, &key);
        self.made(der, key)
    }

    fn new_key(&self) -> KeyPair {
        KeyPair::generate_for(self.kind).expect("a key")
    }

    fn made(&self, der: Vec<u8>, key: KeyPair) -> Made {
        Made {
            der: der.into(),
            key,
            subject: self.subject.clone(),
        }
    }

    fn signed(&self, issuer: &[u8], signer: &KeyPair, key: &KeyPair) -> Vec<u8> {
        let algorithm = algorithm(signer);
        let version = wrap(0xa0, &[&[2, 1, self.version]]);
        let version: &[u8] = if self.version == 0 { &[] } else { &version };
        let [from, until] = [self.from, self.until].map(|time| wrap(TIME, &[time.as_bytes()]));
        let extensions = wrap(0xa3, &[&wrap(SEQUENCE, &[&self.extensions.concat()])]);
        let extensions: &[u8] = if self.extensions.is_empty() {
            &[]
        } else {
            &extensions
        };
        let body = wrap(
            SEQUENCE,
            &[
                version,
                &[2, 1, 7],
                &algorithm,
                issuer,
                &wrap(SEQUENCE, &[&from, &until]),
                &self.subject,
                &key.subject_public_key_info(),
                extensions,
            ],
        );
        let signature = signer.sign(&body).expect("a signature");
        wrap(
            SEQUENCE,
            &[&body, &algorithm, &wrap(3, &[&[0], &signature])],
        )
    }
}

impl Made {
    /// As files have it.
    pub(super) fn pem(&self) -> String {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        for (place, three) in self.der.chunks(3).enumerate() {
            let bits = (0..3).fold(0, |sum, at| {
                sum << 8 | usize::from(three.get(at).copied().unwrap_or(0))
            });
            for at in 0..4 {
                let digit = char::from(DIGITS[bits >> (18 - 6 * at) & 63]);
                pem.push(if at <= three.len() { digit } else { '=' });
            }
            if place % 16 == 15 {
                pem.push('\n');
            }
        }
        pem.truncate(pem.trim_end().len());
        pem + "\n-----END CERTIFICATE-----\n"
    }
}

/// A distinguished name of these attributes: number, kind of string, value.
pub(super) fn subject(attributes: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let attribute = |&(number, kind, value): &(u8, u8, &[u8])| {
        let value = wrap(kind, &[value]);
        wrap(SET, &[&wrap(SEQUENCE, &[&[6, 3, 0x55, 4, number], &value])])
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(attribute).collect();
    wrap(SEQUENCE, &[&attributes])
}

/// A value of DER.
pub(super) fn wrap(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let length = u16::try_from(value.len()).expect("a short value");
    let [high, low] = length.to_be_bytes();
    let length = match length {
        0..=0x7f => vec![low],
        0x80..=0xff => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[kind], &length[..], &value].concat()
}

fn name(kind: u8, name: &str) -> Vec<u8> {
    wrap(kind, &[name.as_bytes()])
}

fn algorithm(key: &KeyPair) -> Vec<u8> {
    let kind = PublicKeyData::algorithm(key);
    let oid: &[u8] = if kind == &rcgen::PKCS_ECDSA_P256_SHA256 {
        &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]
    } else if kind == &rcgen::PKCS_ECDSA_P384_SHA384 {
        &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]
    } else {
        &[6, 3, 0x2b, 0x65, 0x70]
    };
    wrap(SEQUENCE, &[oid])
}
