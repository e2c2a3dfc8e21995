//! What certificates are told apart by.

use sha1::{Digest, Sha1};
use sha2::Sha256;

/// The hash that scripts know, of a certificate's DER: ten groups of four capital digits.
pub(super) fn sha1(der: &[u8]) -> String {
    groups(&Sha1::digest(der), 2)
}

/// The hash that nobody can forge, as OpenSSL writes it and `--ssl-pin` takes it: 32 pairs.
pub(super) fn sha256(der: &[u8]) -> String {
    groups(&Sha256::digest(der), 1).replace(' ', ":")
}

fn groups(hash: &[u8], size: usize) -> String {
    let group = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    let groups: Vec<String> = hash.chunks(size).map(group).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_written_as_scripts_know_them() {
        assert_eq!(
            sha1(b"abc"),
            "A999 3E36 4706 816A BA3E 2571 7850 C26C 9CD0 D89D",
            "ten groups"
        );
        assert!(sha256(b"abc").starts_with("BA:78:16:BF:"), "pairs");
        assert_eq!(sha256(b"abc").len(), 32 * 3 - 1, "all 32 of them");
    }
}
