//! The hashes of `--checksum`, as lanes want them.

use sha2::{Digest as _, Sha256};

use crate::route::Digest;

/// SHA-256 of nothing yet.
pub(super) fn sha256() -> Box<dyn Digest> {
    Box::new(Sha(Sha256::new()))
}

/// BLAKE3 of nothing yet.
pub(super) fn blake3() -> Box<dyn Digest> {
    Box::new(Blake(blake3::Hasher::new()))
}

struct Sha(Sha256);

impl Digest for Sha {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn hex(&self) -> String {
        let hash = self.0.clone().finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

struct Blake(blake3::Hasher);

impl Digest for Blake {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_that_others_make_however_the_bytes_are_cut() {
        type Begin = fn() -> Box<dyn Digest>;
        let cases: [(Begin, &str); 2] = [
            (
                sha256,
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                blake3,
                "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            ),
        ];
        for (begin, wanted) in cases {
            for cut in 0..=3 {
                let mut digest = begin();
                digest.add(&b"abc"[..cut]);
                digest.add(&b"abc"[cut..]);
                assert_eq!(digest.hex(), wanted, "cut at {cut}");
            }
        }
    }
}
