//! What proves a password without telling it (RFC 7616, section 3.4, and what RFC 2617 and 2069 had before).

use std::fmt::Write;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::AUTH;

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    /// Broken for signatures, and all that many peers know.
    Md5,
    Sha256,
}

/// How a proof is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) hash: Hash,
    /// The secret is hashed once more with the first nonces.
    pub(super) session: bool,
}

impl Algorithm {
    /// The one that is meant where none is named.
    pub(super) const UNNAMED: Self = Self {
        hash: Hash::Md5,
        session: false,
    };

    /// The one of this name, in whatever letters.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let mut all = Self::all();
        all.find(|known| name.eq_ignore_ascii_case(known.name().as_bytes()))
    }

    pub(super) fn name(self) -> &'static str {
        match (self.hash, self.session) {
            (Hash::Md5, false) => "MD5",
            (Hash::Md5, true) => "MD5-sess",
            (Hash::Sha256, false) => "SHA-256",
            (Hash::Sha256, true) => "SHA-256-sess",
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        let hashes = [Hash::Md5, Hash::Sha256].into_iter();
        hashes.flat_map(|hash| [false, true].map(|session| Self { hash, session }))
    }
}

/// All that goes into a proof.
#[derive(Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) user: &'a [u8],
    pub(super) realm: &'a [u8],
    pub(super) password: &'a [u8],
    /// What the one who asks for the proof made up.
    pub(super) nonce: &'a [u8],
    /// How often that was used, and what the other one made up; RFC 2069 had neither.
    pub(super) counted: Option<Counted<'a>>,
    pub(super) method: &'a [u8],
    pub(super) uri: &'a [u8],
}

#[derive(Clone, Copy)]
pub(super) struct Counted<'a> {
    /// Eight hexadecimal digits.
    pub(super) count: &'a [u8],
    pub(super) cnonce: &'a [u8],
}

impl Proof<'_> {
    /// The proof, in hexadecimal digits.
    pub(super) fn response(&self) -> String {
        let hash = |parts: &[&[u8]]| match self.algorithm.hash {
            Hash::Md5 => joined::<Md5>(parts),
            Hash::Sha256 => joined::<Sha256>(parts),
        };
        let mut secret = hash(&[self.user, self.realm, self.password]);
        if self.algorithm.session {
            let cnonce = self.counted.map_or(&b""[..], |counted| counted.cnonce);
            secret = hash(&[secret.as_bytes(), self.nonce, cnonce]);
        }
        let request = hash(&[self.method, self.uri]);
        let (secret, request) = (secret.as_bytes(), request.as_bytes());
        match self.counted {
            Some(Counted { count, cnonce }) => {
                hash(&[secret, self.nonce, count, cnonce, AUTH, request])
            }
            None => hash(&[secret, self.nonce, request]),
        }
    }
}

/// The hash of these parts with colons between them.
fn joined<D: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// In hexadecimal digits, with small letters.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}"); // a string takes all that is written to it
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7616: Proof<'_> = Proof {
        algorithm: Algorithm::UNNAMED,
        user: b"Mufasa",
        realm: b"http-auth@example.org",
        password: b"Circle of Life",
        nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        counted: Some(Counted {
            count: b"00000001",
            cnonce: b"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        }),
        method: b"GET",
        uri: b"/dir/index.html",
    };

    const RFC_2617: Proof<'_> = Proof {
        realm: b"testrealm@host.com",
        password: b"Circle Of Life",
        nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093",
        counted: Some(Counted {
            count: b"00000001",
            cnonce: b"0a4f113b",
        }),
        ..RFC_7616
    };

    #[test]
    fn proofs_are_those_of_the_standards() {
        let with = |proof: Proof<'static>, name: &str| Proof {
            algorithm: Algorithm::named(name.as_bytes()).expect("known"),
            ..proof
        };
        let uncounted = Proof {
            counted: None,
            ..RFC_2617
        };
        let cases = [
            (RFC_7616, "8ca523f5e9506fed4657c9700eebdbec"),
            (
                with(RFC_7616, "sha-256"),
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
            (RFC_2617, "6629fae49393a05397450978507c4ef1"),
            (uncounted, "670fd8c2df070c60b045671b8b24ff02"),
            // No standard has examples of these: they were computed by another implementation.
            (
                with(RFC_2617, "md5-SESS"),
                "8e3825c57e897f5a0dec6c2d4e5059d0",
            ),
            (
                with(RFC_7616, "SHA-256-sess"),
                "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
            ),
        ];
        for (proof, wanted) in cases {
            let name = proof.algorithm.name();
            assert_eq!(proof.response(), wanted, "{name} of {:?}", proof.realm);
        }
    }

    #[test]
    fn an_algorithm_has_the_name_it_is_found_by() {
        for algorithm in Algorithm::all() {
            let small = algorithm.name().to_ascii_lowercase();
            assert_eq!(Algorithm::named(small.as_bytes()), Some(algorithm));
        }
        for unknown in ["", "MD", "MD5 ", "SHA-512-256", "SHA256"] {
            assert_eq!(Algorithm::named(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
