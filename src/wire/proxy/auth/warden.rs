//! A proxy that asks for a name: what it offers, and whether an answer is right.
//!
//! A nonce proves by itself that it is ours and how old it is, so those who only ask cost no memory. What
//! is remembered is how often a nonce was used by somebody who knows the password, in a bounded table.
//! Promise: nobody is let in twice with the same credentials of Digest, and how long a comparison takes
//! tells nothing of what is right.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::digest::{Algorithm, Counted, Proof};
use super::fields::{self, Params, Said};
use super::{AUTH, BASIC, DIGEST};
use crate::wire::Clock;
use crate::wire::proxy::Credentials;
use crate::wire::proxy::secret::is_same;
use crate::wire::proxy::words::plain;

/// Whom we speak for; the name that scripts know.
const REALM: &str = "Ncat";

/// How long a nonce may be used. Long enough for a page with all that it loads; a client that comes later
/// is told so and asks anew without asking its user.
const NONCE_LIFE: Duration = Duration::from_secs(5 * 60);

/// How many nonces are remembered that were used well: those of so many clients at a time.
const NONCES_MAX: usize = 1024;

/// Bytes of a nonce before its seal: when it was made and how many were before it, each a `u64`.
const NONCE_TEXT: usize = 16;
/// Bytes of a nonce's seal; 2^128 guesses are enough.
const NONCE_SEAL: usize = 16;

/// What is to come of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It comes from this user; control characters in the name are escaped.
    Welcome(String),
    /// It does not say well enough whom it comes from: lines for the answer's head, without their ends.
    Challenge(Vec<String>),
}

/// Knows who may use the proxy.
pub struct Warden {
    credentials: Credentials,
    /// Keyed with what nobody else knows: seals nonces, and makes secrets that are compared equally long.
    seal: Hmac<Sha256>,
    clock: Clock,
    start: Instant,
    /// How many nonces were made.
    made: u64,
    /// Nonces that were used, by number, so that the oldest comes first.
    used: BTreeMap<u64, Used>,
    /// Nonces below this number are as good as too old: some of them have been forgotten.
    forgotten: u64,
}

/// Which counts of a nonce have been seen.
#[derive(Clone, Copy)]
struct Used {
    highest: u32,
    /// Bit `n` stands for `highest - n`; lower counts are taken for seen. Requests overtake each other on
    /// their connections, and no client has more than 64 of those at a time.
    window: u64,
}

/// A nonce that we made.
struct Nonce {
    number: u64,
    age: Duration,
}

/// Why nobody is let in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Denial {
    /// The answer is wrong, or there is none.
    Wrong,
    /// The answer is right, but its nonce may not be used any more.
    Stale,
}

impl Warden {
    /// Lets in whoever knows these. The seed must come from the system's generator and be used for nothing
    /// else.
    pub fn new(credentials: Credentials, seed: [u8; 32], clock: Clock) -> Self {
        // A key of one block; a shorter one would be filled up with zeros as well.
        let mut key = [0; 64];
        key[..seed.len()].copy_from_slice(&seed);
        Self {
            credentials,
            seal: Hmac::new(&key.into()),
            start: clock.now(),
            clock,
            made: 0,
            used: BTreeMap::new(),
            forgotten: 0,
        }
    }

    /// Whether a request is to be served: the values of all its `Proxy-Authorization`, its method, and its
    /// target as it stood in its first line.
    pub fn judge(&mut self, authorization: &[&[u8]], method: &str, uri: &str) -> Judgement {
        let verdict = match authorization {
            [value] => self.verdict(value, method, uri),
            _ => Err(Denial::Wrong),
        };
        match verdict {
            Ok(()) => Judgement::Welcome(plain(&self.credentials.user)),
            Err(denial) => Judgement::Challenge(self.challenge(denial)),
        }
    }

    fn verdict(&mut self, value: &[u8], method: &str, uri: &str) -> Result<(), Denial> {
        let words = fields::credentials(value).ok_or(Denial::Wrong)?;
        match (words.scheme.as_str(), words.said) {
            (BASIC, Said::Token(token)) => self.basic(&token),
            (DIGEST, Said::Params(params)) => self.digest(&params, method, uri),
            _ => Err(Denial::Wrong),
        }
    }

    fn basic(&self, token: &[u8]) -> Result<(), Denial> {
        let given = STANDARD.decode(token).map_err(|_| Denial::Wrong)?;
        let Credentials { user, password } = &self.credentials;
        let right = [&user[..], &password[..]].join(&b':');
        right_if(is_same(&given, &right))
    }

    fn digest(&mut self, params: &Params, method: &str, uri: &str) -> Result<(), Denial> {
        let find = |name| params.find(name).ok_or(Denial::Wrong);
        let algorithm = match params.find("algorithm") {
            Some(name) => Algorithm::named(name).ok_or(Denial::Wrong)?,
            None => Algorithm::UNNAMED,
        };
        let counted = match params.find("qop") {
            Some(qop) if qop.eq_ignore_ascii_case(AUTH) => Some(Counted {
                count: find("nc")?,
                cnonce: find("cnonce")?,
            }),
            Some(_) => return Err(Denial::Wrong),
            None => None,
        };
        let count = match counted {
            Some(counted) => Some(count(counted.count).ok_or(Denial::Wrong)?),
            None => None,
        };
        let nonce = self.known(find("nonce")?).ok_or(Denial::Wrong)?;
        let proof = Proof {
            algorithm,
            user: &self.credentials.user,
            realm: find("realm")?,
            password: &self.credentials.password,
            nonce: find("nonce")?,
            counted,
            method: method.as_bytes(),
            uri: find("uri")?,
        };
        if algorithm.session || proof.realm != REALM.as_bytes() || !names(proof.uri, method, uri) {
            return Err(Denial::Wrong);
        }
        let user = is_same(find("username")?, proof.user);
        let given = find("response")?.to_ascii_lowercase();
        let response = is_same(&given, proof.response().as_bytes());
        right_if(user & response)?;
        self.spend(&nonce, count)
    }

    /// Remembers that a nonce was used, if it may be.
    fn spend(&mut self, nonce: &Nonce, count: Option<u32>) -> Result<(), Denial> {
        if nonce.age > NONCE_LIFE || nonce.number < self.forgotten {
            return Err(Denial::Stale);
        }
        let known = self.used.get(&nonce.number);
        let used = match (known, count) {
            (Some(used), Some(count)) => used.and(count).ok_or(Denial::Stale)?,
            (None, Some(count)) => Used {
                highest: count,
                window: 1,
            },
            (Some(_), None) => return Err(Denial::Stale),
            // Who does not count has used up all counts.
            (None, None) => Used {
                highest: u32::MAX,
                window: u64::MAX,
            },
        };
        self.used.insert(nonce.number, used);
        if self.used.len() > NONCES_MAX {
            let oldest = self.used.pop_first();
            self.forgotten = oldest.map_or(0, |(number, _)| number + 1);
        }
        Ok(())
    }

    /// The nonce that this is, if we made it.
    fn known(&self, nonce: &[u8]) -> Option<Nonce> {
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let (text, seal) = bytes.split_at_checked(NONCE_TEXT)?;
        if seal.len() != NONCE_SEAL {
            return None;
        }
        let whole = self.seal.clone().chain_update(text);
        whole.verify_truncated_left(seal).ok()?;
        let (time, number) = text.split_first_chunk()?;
        let made_at = Duration::from_millis(u64::from_be_bytes(*time));
        Some(Nonce {
            number: u64::from_be_bytes(number.try_into().ok()?),
            age: self.running().saturating_sub(made_at),
        })
    }

    fn nonce(&mut self) -> String {
        let time = u64::try_from(self.running().as_millis()).unwrap_or(u64::MAX);
        let mut bytes = [time.to_be_bytes(), self.made.to_be_bytes()].concat();
        self.made += 1;
        let seal = self.seal.clone().chain_update(&bytes).finalize();
        bytes.extend(&seal.into_bytes()[..NONCE_SEAL]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn running(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.start)
    }

    /// What we offer. MD5 stands before what is better and is not named, for some go by the first Digest
    /// that they find (the reference and curl do), and the reference gives up when that is another.
    fn challenge(&mut self, denial: Denial) -> Vec<String> {
        let nonce = self.nonce();
        let stale = match denial {
            Denial::Wrong => "",
            Denial::Stale => ", stale=true",
        };
        let digest = format!(
            "Proxy-Authenticate: Digest realm=\"{REALM}\", nonce=\"{nonce}\", qop=\"auth\""
        );
        vec![
            format!("Proxy-Authenticate: Basic realm=\"{REALM}\""),
            format!("{digest}{stale}"),
            format!("{digest}, algorithm=SHA-256{stale}"),
        ]
    }
}

impl Used {
    /// This count as well, if it has not been seen.
    fn and(self, count: u32) -> Option<Self> {
        if count > self.highest {
            let past = count - self.highest;
            return Some(Self {
                highest: count,
                window: self.window.checked_shl(past).unwrap_or(0) | 1,
            });
        }
        let behind = self.highest - count;
        let bit = 1u64
            .checked_shl(behind)
            .filter(|bit| self.window & bit == 0)?;
        Some(Self {
            window: self.window | bit,
            ..self
        })
    }
}

fn right_if(same: bool) -> Result<(), Denial> {
    if same { Ok(()) } else { Err(Denial::Wrong) }
}

/// The number in a count of Digest, which begins at 1 and has eight digits.
fn count(digits: &[u8]) -> Option<u32> {
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digits = str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16)
        .ok()
        .filter(|&count| count > 0)
}

/// Whether credentials that name `uri` are meant for the request of this target.
///
/// Some (curl is one) name of `http://host/path` the path only. That could be used for another host by
/// nobody but who hears it before us, and only instead of the request that it was made for.
fn names(uri: &[u8], method: &str, target: &str) -> bool {
    if uri == target.as_bytes() {
        return true;
    }
    let Some((_, rest)) = target.split_once("://") else {
        return false;
    };
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    method != "CONNECT" && uri == path.as_bytes()
}

#[cfg(test)]
mod tests;
