//! Sealing and opening records (RFC 5288, RFC 7905): the one file of the layer that names ring.
//!
//! The library's own sealers cannot be had for keys of 16 bytes from outside; the primitives below
//! them can, and they work in place.

use ring::aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rustls::CipherSuite;

use super::record::{DTLS12, LARGEST};

/// What authenticates a record, at its end.
const TAG: usize = 16;
/// What GCM sends of its nonce with each record.
const EXPLICIT: usize = 8;

/// How a suite seals.
#[derive(Clone, Copy)]
pub(super) struct Method {
    algorithm: &'static aead::Algorithm,
    /// How much of the nonce the keys bring; the rest goes with each record, if there is a rest.
    fixed: usize,
}

impl Method {
    /// `None` for suites that version 1.2 does not have.
    pub(super) fn of(suite: CipherSuite) -> Option<Self> {
        use CipherSuite as Suite;
        let (algorithm, fixed) = match suite {
            Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
            | Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => (&aead::AES_128_GCM, 4),
            Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
            | Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 => (&aead::AES_256_GCM, 4),
            Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
            | Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 => {
                (&aead::CHACHA20_POLY1305, NONCE_LEN)
            }
            _ => return None,
        };
        Some(Self { algorithm, fixed })
    }

    /// How long a key is, and how long its part of the nonce.
    pub(super) fn lengths(self) -> (usize, usize) {
        (self.algorithm.key_len(), self.fixed)
    }

    /// `None` when the lengths are not [`Method::lengths`].
    pub(super) fn key(self, key: &[u8], nonce: &[u8]) -> Option<Key> {
        let key = UnboundKey::new(self.algorithm, key).ok()?;
        let mut fixed = [0; NONCE_LEN];
        fixed.get_mut(..self.fixed)?.copy_from_slice(nonce);
        Some(Key {
            key: LessSafeKey::new(key),
            nonce: fixed,
            explicit: if self.fixed < NONCE_LEN { EXPLICIT } else { 0 },
        })
    }
}

/// What seals the records of one direction.
pub(super) struct Key {
    key: LessSafeKey,
    nonce: [u8; NONCE_LEN],
    /// How many bytes of the nonce lie before what is sealed.
    explicit: usize,
}

impl Key {
    /// By how much a record grows.
    pub(super) fn overhead(&self) -> usize {
        self.explicit + TAG
    }

    /// Seals what lies in the middle of `body`, with room for the overhead around it: see
    /// [`Key::within`]. A number must never be used twice.
    pub(super) fn seal(&self, kind: u8, number: u64, body: &mut [u8]) -> Option<()> {
        let (before, rest) = body.split_at_mut_checked(self.explicit)?;
        let (plain, room) = rest.split_at_mut_checked(rest.len().checked_sub(TAG)?)?;
        before.copy_from_slice(&number.to_be_bytes()[..self.explicit]);
        let aad = aad(kind, DTLS12, number, plain.len());
        let nonce = self.nonce_for(number.to_be_bytes());
        let tag = self.key.seal_in_place_separate_tag(nonce, aad, plain);
        room.copy_from_slice(tag.ok()?.as_ref());
        Some(())
    }

    /// Where in a body the `length` bytes lie that are to be sealed.
    pub(super) fn within(&self, length: usize) -> std::ops::Range<usize> {
        self.explicit..self.explicit + length
    }

    /// What a record carries. `None` when it is not genuine.
    pub(super) fn open<'a>(
        &self,
        kind: u8,
        version: u16,
        number: u64,
        body: &'a mut [u8],
    ) -> Option<&'a mut [u8]> {
        let length = body.len().checked_sub(self.overhead())?;
        if length > LARGEST {
            return None;
        }
        let (sent, sealed) = body.split_at_mut(self.explicit);
        let counter = <[u8; 8]>::try_from(&*sent).unwrap_or(number.to_be_bytes());
        let aad = aad(kind, version, number, length);
        let nonce = self.nonce_for(counter);
        self.key.open_in_place(nonce, aad, sealed).ok()
    }

    /// With GCM the counter takes the place that the keys leave free, otherwise it is mixed in.
    fn nonce_for(&self, counter: [u8; 8]) -> Nonce {
        let mut nonce = self.nonce;
        let tail = nonce.iter_mut().skip(NONCE_LEN - counter.len());
        tail.zip(counter).for_each(|(byte, count)| *byte ^= count);
        Nonce::assume_unique_for_key(nonce)
    }
}

fn aad(kind: u8, version: u16, number: u64, length: usize) -> Aad<[u8; 13]> {
    let mut aad = [0; 13];
    aad[..8].copy_from_slice(&number.to_be_bytes());
    aad[8] = kind;
    aad[9..11].copy_from_slice(&version.to_be_bytes());
    aad[11..].copy_from_slice(&(length as u16).to_be_bytes());
    Aad::from(aad)
}
