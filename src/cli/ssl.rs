//! `--ssl` and all that belongs to it: what was typed, the words it is made of, and what they wish
//! for together.
//!
//! Promise: reading a word asks nobody. Files, lists of ciphers and names are left for those who
//! use them.

use std::path::PathBuf;
use std::time::Duration;

use super::target;
use super::words::{meaning, names};
use crate::secure::{Version, Wishes};

/// How long a peer that came in may take to agree, unless it is said.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of protocols to offer. A greeting has to fit one message with all else in it.
const ALPN_MOST: usize = 8 << 10;

const VERSIONS: [(&str, Version); 2] = [("1.2", Version::Tls12), ("1.3", Version::Tls13)];

/// What `--ssl-min-version` and `--ssl-max-version` may be.
pub const VERSION_NAMES: [&str; 2] = names(&VERSIONS);

/// The options that say `--ssl`, by themselves or in other words.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Ssl {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub verify: bool,
    /// Each that was given; more than one is refused later.
    pub trust: Vec<PathBuf>,
    pub ciphers: Option<String>,
    pub name: Option<String>,
    pub alpn: Vec<Vec<u8>>,
    pub min: Option<Version>,
    pub max: Option<Version>,
    pub pins: Vec<[u8; 32]>,
}

impl Ssl {
    /// One of a certificate and its key without the other.
    pub fn lacks_half(&self) -> bool {
        self.cert.is_some() != self.key.is_some()
    }

    /// No version is both new enough and old enough.
    pub fn leaves_no_version(&self) -> bool {
        matches!((self.min, self.max), (Some(min), Some(max)) if min > max)
    }

    /// What is wished for when this host is to be reached; none when listening.
    pub fn wishes(self, host: Option<&str>, patience: Option<Duration>) -> Wishes {
        let named = self.name.is_some() && host.is_some();
        let name = host.map(|host| self.name.unwrap_or_else(|| target::host(host).into()));
        let trust = self.trust.into_iter().next();
        Wishes {
            cert: self.cert,
            key: self.key,
            verify: self.verify || trust.is_some(),
            trust,
            ciphers: self.ciphers,
            name: name.unwrap_or_default(),
            named,
            alpn: self.alpn,
            min: self.min,
            max: self.max,
            pins: self.pins,
            patience: patience.unwrap_or(PATIENCE),
        }
    }
}

/// The name to ask for and to expect.
pub fn name(word: &str) -> Result<String, String> {
    match word.is_empty() {
        true => Err("Invalid --ssl-servername \"\" (must not be empty).".into()),
        false => Ok(word.into()),
    }
}

/// Protocols, best first: `h2,http/1.1`.
pub fn alpn(word: &str) -> Result<Vec<Vec<u8>>, String> {
    let names: Vec<Vec<u8>> = word.split(',').map(|name| name.into()).collect();
    let short = names.iter().all(|name| (1..=255).contains(&name.len()));
    if short && word.len() <= ALPN_MOST {
        return Ok(names);
    }
    Err(format!(
        "Invalid --ssl-alpn \"{word}\" (must be names of 1 to 255 bytes with commas between, at \
         most {ALPN_MOST} bytes in all)."
    ))
}

/// A version by its number, or by the name that OpenSSL has for it.
pub fn version(what: &str, word: &str) -> Result<Version, String> {
    let name = word.to_ascii_lowercase();
    let number = name.strip_prefix("tlsv").unwrap_or(&name);
    meaning(&VERSIONS, number).ok_or_else(|| {
        format!(
            "Invalid {what} \"{word}\" (must be 1.2 or 1.3; older versions are not safe, and are \
             not spoken here)."
        )
    })
}

/// The SHA-256 hash of a certificate as fingerprints are shown: colons or blanks between the digits.
pub fn pin(word: &str) -> Result<[u8; 32], String> {
    hash(word).ok_or_else(|| {
        format!("Invalid --ssl-pin \"{word}\" (must be sha256: and 64 hexadecimal digits).")
    })
}

fn hash(word: &str) -> Option<[u8; 32]> {
    let (kind, digits) = word.split_once(':')?;
    let digits = digits.chars().filter(|c| !matches!(c, ':' | ' '));
    let digits: Option<Vec<u32>> = digits.map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|_| kind.eq_ignore_ascii_case("sha256"))?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[a, b]| (a << 4 | b) as u8).collect();
    bytes.try_into().ok().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_called_by_its_number_or_as_openssl_does() {
        let cases = [
            ("1.2", Some(Version::Tls12)),
            ("1.3", Some(Version::Tls13)),
            ("TLSv1.2", Some(Version::Tls12)),
            ("tlsv1.3", Some(Version::Tls13)),
            ("1.1", None),
            ("TLSv1", None),
            ("SSLv3", None),
            ("1.4", None),
            ("1", None),
            ("", None),
            (" 1.2", None),
        ];
        for (word, wanted) in cases {
            let version = version("--ssl-min-version", word);
            assert_eq!(version.ok(), wanted, "version {word:?}");
        }
    }

    #[test]
    fn a_pin_is_read_as_fingerprints_are_shown() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        let groups = vec!["ABab"; 16].join(" ");
        for digits in [&plain, &colons, &groups] {
            for kind in ["sha256", "SHA256"] {
                let word = format!("{kind}:{digits}");
                assert_eq!(pin(&word), Ok([0xab; 32]), "pin {word:?}");
            }
        }
        let mut counting = String::from("sha256:");
        let wanted: [u8; 32] = std::array::from_fn(|n| n as u8 * 7);
        counting.extend(wanted.iter().map(|byte| format!("{byte:02x}")));
        assert_eq!(pin(&counting), Ok(wanted), "the order of digits");
    }

    #[test]
    fn a_pin_that_is_none_is_refused() {
        let plain = "ab".repeat(32);
        let cases = [
            String::new(),
            plain.clone(),
            "sha256:".into(),
            format!("sha1:{plain}"),
            format!("sha256:{}", &plain[1..]),
            format!("sha256:{plain}0"),
            format!("sha256:{plain}00"),
            format!("sha256:g{}", &plain[1..]),
            format!("sha256:-{}", &plain[1..]),
            format!("sha256:é{}", &plain[1..]),
        ];
        for word in cases {
            let refusal = pin(&word).expect_err(&word);
            let start = format!("Invalid --ssl-pin \"{word}\" (must be");
            assert!(refusal.starts_with(&start), "{word:?}: {refusal}");
        }
    }

    #[test]
    fn protocols_have_commas_between_and_none_is_empty_or_long() {
        let long = "x".repeat(255);
        let longer = "x".repeat(256);
        let many = vec!["x"; ALPN_MOST].join(",");
        let cases = [
            ("h2", Some(vec!["h2"])),
            ("h2,http/1.1", Some(vec!["h2", "http/1.1"])),
            ("a b", Some(vec!["a b"])),
            (&long, Some(vec![long.as_str()])),
            (&longer, None),
            (&many, None),
            ("", None),
            ("a,", None),
            (",a", None),
            ("a,,b", None),
        ];
        for (word, wanted) in cases {
            let wanted = wanted.map(|names| names.into_iter().map(Vec::from).collect::<Vec<_>>());
            assert_eq!(alpn(word).ok(), wanted, "protocols {word:?}");
        }
    }

    #[test]
    fn the_name_is_the_one_asked_for_or_the_target_without_brackets() {
        let cases = [
            (None, Some("host"), "host", false),
            (None, Some("[::1]"), "::1", false),
            (None, Some("fe80::1%lo"), "fe80::1%lo", false),
            (Some("a.com"), Some("host"), "a.com", true),
            (None, None, "", false),
            (Some("a.com"), None, "", false),
        ];
        for (asked, host, name, named) in cases {
            let ssl = Ssl {
                name: asked.map(String::from),
                ..Ssl::default()
            };
            let wishes = ssl.wishes(host, None);
            assert_eq!(
                (wishes.name.as_str(), wishes.named),
                (name, named),
                "the name for {host:?} when {asked:?} is asked for"
            );
        }
    }

    #[test]
    fn a_file_to_trust_asks_to_verify() {
        let trusting = Ssl {
            trust: vec!["/x".into()],
            ..Ssl::default()
        };
        let wishes = trusting.wishes(None, None);
        assert!(wishes.verify, "--ssl-trustfile alone");
        assert_eq!(wishes.trust, Some("/x".into()), "the file");
        assert_eq!(wishes.patience, PATIENCE, "nothing was said of time");
        let wishes = Ssl::default().wishes(None, Some(Duration::from_secs(3)));
        assert!(!wishes.verify, "nothing was to be trusted");
        assert_eq!(wishes.patience, Duration::from_secs(3), "the time given");
    }
}
