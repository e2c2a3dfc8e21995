//! Private keys in the encryption that OpenSSL had before PKCS#8: headers of RFC 1421 in the section, and a
//! key made of the pass phrase by MD5. Nobody should make such keys any more, but many lie about.
//!
//! Knows no files and asks nobody. Promise: what comes out of here with a wrong pass phrase is nothing, but
//! for the one in many that looks like a key.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use des::TdesEde3;
use md5::{Digest, Md5};
use x509_parser::asn1_rs::{Any, FromDer};

/// The first header of such a section.
const ENCRYPTED: &str = "Proc-Type: 4,ENCRYPTED";

/// What the second header begins with; a cipher and how it begins follow.
const CIPHER: &str = "DEK-Info:";

/// How much of the beginning the pass phrase is mixed with: no block is shorter.
const SALT: usize = 8;

/// How a section is encrypted.
pub(super) struct Lock {
    cipher: Cipher,
    /// What the first block is mixed with, as long as a block.
    beginning: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
}

impl Cipher {
    fn named(name: &str) -> Option<Self> {
        match name {
            "AES-128-CBC" => Some(Self::Aes128),
            "AES-192-CBC" => Some(Self::Aes192),
            "AES-256-CBC" => Some(Self::Aes256),
            "DES-EDE3-CBC" => Some(Self::TripleDes),
            _ => None,
        }
    }

    fn block(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::TripleDes => 8,
        }
    }

    fn key_length(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }
}

/// The first section of a private key without its headers, and what they say; nothing if it has none.
///
/// # Errors
/// They say something that is not understood.
pub(super) fn section(text: &str) -> Result<Option<(String, Lock)>, ()> {
    let is_key = |line: &str| line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----");
    let mut lines = text.lines().map(str::trim_end);
    let Some(begin) = lines.find(|line| is_key(line)) else {
        return Ok(None);
    };
    if lines.next() != Some(ENCRYPTED) {
        return Ok(None);
    }
    let lock = lines.next().and_then(Lock::read).ok_or(())?;
    let body = lines.skip_while(|line| line.contains(':'));
    let plain = [begin].into_iter().chain(body).collect::<Vec<_>>();
    Ok(Some((plain.join("\n"), lock)))
}

impl Lock {
    fn read(header: &str) -> Option<Self> {
        let (name, beginning) = header.strip_prefix(CIPHER)?.split_once(',')?;
        let beginning = unhexed(beginning.trim())?;
        let cipher = Cipher::named(name.trim())?;
        (beginning.len() == cipher.block()).then_some(Self { cipher, beginning })
    }

    /// What is behind it, if the pass phrase is right.
    pub(super) fn open(&self, sealed: &[u8], phrase: &str) -> Option<Vec<u8>> {
        let opened = match self.cipher {
            Cipher::Aes128 => self.decrypted::<Decryptor<Aes128>>(sealed, phrase),
            Cipher::Aes192 => self.decrypted::<Decryptor<Aes192>>(sealed, phrase),
            Cipher::Aes256 => self.decrypted::<Decryptor<Aes256>>(sealed, phrase),
            Cipher::TripleDes => self.decrypted::<Decryptor<TdesEde3>>(sealed, phrase),
        };
        // One wrong pass phrase in 256 leaves what might be an end.
        opened.filter(|der| matches!(Any::from_der(der), Ok(([], _))))
    }

    fn decrypted<D: BlockDecryptMut + KeyIvInit>(
        &self,
        sealed: &[u8],
        phrase: &str,
    ) -> Option<Vec<u8>> {
        let key = self.key(phrase);
        let cipher = D::new_from_slices(&key, &self.beginning).ok()?;
        let mut room = sealed.to_vec();
        let length = cipher.decrypt_padded_mut::<Pkcs7>(&mut room).ok()?.len();
        room.truncate(length);
        Some(room)
    }

    /// OpenSSL's `EVP_BytesToKey` with one round: each hash is over the last one, the phrase and the salt.
    fn key(&self, phrase: &str) -> Vec<u8> {
        let length = self.cipher.key_length();
        let salt = &self.beginning[..SALT];
        let mut key = Vec::new();
        let mut last = Vec::new();
        while key.len() < length {
            let hash = Md5::new().chain_update(&last);
            last = hash
                .chain_update(phrase)
                .chain_update(salt)
                .finalize()
                .to_vec();
            key.extend_from_slice(&last);
        }
        key.truncate(length);
        key
    }
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    match text.len() % 2 {
        0 => pairs.map(byte).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_not_understood_are_no_lock() {
        let of = |headers: &str| {
            let text = format!("-----BEGIN EC PRIVATE KEY-----\n{headers}\n\nAA==\n");
            section(&text).map(|found| found.is_some())
        };
        let lock = "DEK-Info: DES-EDE3-CBC,0011223344556677";
        for (headers, outcome) in [
            (format!("{ENCRYPTED}\n{lock}"), Ok(true)),
            (lock.into(), Ok(false)),
            (ENCRYPTED.into(), Err(())),
            (format!("{ENCRYPTED}\n{lock}8"), Err(())),
            (format!("{ENCRYPTED}\n{lock}88"), Err(())),
            (format!("{ENCRYPTED}\nDEK-Info: DES-EDE3-CBC,"), Err(())),
            (format!("{ENCRYPTED}\nDEK-Info: DES-EDE3-CBC"), Err(())),
            (
                format!("{ENCRYPTED}\nDEK-Info: DES-EDE3-CBC,001122334455667\u{e9}"),
                Err(()),
            ),
            (
                format!("{ENCRYPTED}\nDEK-Info: AES-128-CBC,0011223344556677"),
                Err(()),
            ),
            (
                format!("{ENCRYPTED}\nDEK-Info: RC2-40-CBC,0011223344556677"),
                Err(()),
            ),
        ] {
            assert_eq!(of(&headers), outcome, "{headers:?}");
        }
    }

    #[test]
    fn what_is_no_whole_blocks_is_opened_by_no_phrase() {
        let beginning = vec![0; 16];
        let cipher = Cipher::Aes128;
        let lock = Lock { cipher, beginning };
        for length in 0..50 {
            let sealed = vec![7; length];
            assert_eq!(lock.open(&sealed, "sesame"), None, "{length} bytes");
        }
    }
}
