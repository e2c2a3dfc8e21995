//! What a client knows of one proxy that asks for a name, shared by all connections to it.
//!
//! Nothing is told before it is asked for. A connection whose answer asks is given up; the next one tells
//! the name at once, and so do all later ones.
//! Promise: a password is told in the clear only to a proxy that takes nothing better, no byte that could
//! end a field gets into one, and a proxy that is never content is met a bounded number of times.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::digest::{Algorithm, Counted, Hash, Proof, hex};
use super::fields::{self, Params, Said, Words, quote};
use super::{AUTH, BASIC, DIGEST};
use crate::wire::Fault;
use crate::wire::proxy::{Credentials, Noise};

/// How often in a row a proxy may say that its nonce is too old, before it lets us in. Once is what an
/// honest one needs.
const STALE_MAX: u32 = 1;

/// How often the user is asked for a password.
const QUESTIONS: u32 = 3;

/// What the words of refusals begin with; the status follows.
const REFUSED: &str = "Proxy returned status code 407";

/// A name to be proved, and how the proxy wants that done, as far as that is known.
pub struct Login {
    credentials: Option<Credentials>,
    noise: Noise,
    way: Option<Way>,
    /// How often the proxy has said since its last welcome that a nonce is too old.
    stale: u32,
    /// How often the user may still be asked for the password.
    questions: u32,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// The value of its `Proxy-Authorization`. Holds no control characters.
    pub value: Vec<u8>,
    /// Whose nonce was used, if it was one of Digest.
    nonce: Option<Vec<u8>>,
}

/// How the proxy wants it done.
#[derive(Clone, Debug)]
enum Way {
    Basic,
    Digest(Challenge),
}

/// What Digest is made of.
#[derive(Clone, Debug)]
struct Challenge {
    algorithm: Algorithm,
    /// The proxy has named it, so we do.
    named: bool,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    /// How often the nonce was used; RFC 2069 did not count.
    uses: Option<u32>,
    stale: bool,
}

impl Login {
    /// What is known before the first connection. Without credentials nobody is let in who is asked for a
    /// name.
    pub fn new(credentials: Option<Credentials>, noise: Noise) -> Self {
        Self {
            credentials,
            noise,
            way: None,
            stale: 0,
            questions: 0,
        }
    }

    /// The same, of whom the user knows the password, who is asked for it when the proxy wants it.
    pub fn asking(self) -> Self {
        let questions = QUESTIONS;
        Self { questions, ..self }
    }

    /// The user has told the password.
    pub fn told(&mut self, password: Vec<u8>) {
        if let Some(credentials) = &mut self.credentials {
            credentials.password = password;
        }
    }

    /// What the next request is to carry, if it is known that it must.
    pub fn authorize(&mut self, method: &str, uri: &str) -> Option<Authorization> {
        let credentials = self.credentials.as_ref()?;
        match self.way.as_mut()? {
            Way::Basic => Some(Authorization {
                value: basic(credentials),
                nonce: None,
            }),
            Way::Digest(challenge) => {
                let cnonce = hex(&self.noise.draw()[..8]);
                let value = challenge.answer(credentials, &cnonce, method, uri)?;
                let nonce = Some(challenge.nonce.clone());
                Some(Authorization { value, nonce })
            }
        }
    }

    /// The proxy has let us in.
    pub fn welcomed(&mut self) {
        self.stale = 0;
    }

    /// The proxy asks for a name: these are the values of its `Proxy-Authenticate`, and this is what the
    /// request carried. What is to come of the connection; another one may be let in if it says so.
    pub fn challenged(&mut self, values: &[&[u8]], sent: Option<&Authorization>) -> Fault {
        let Some(credentials) = &self.credentials else {
            return Fault::new(REFUSED);
        };
        let offered = fields::challenges(values);
        let ways = offered.iter().filter_map(Way::offered);
        // The first of the best: a proxy names first what it likes most.
        let best = ways.reduce(|best, next| {
            if next.worth() > best.worth() {
                next
            } else {
                best
            }
        });
        let Some(way) = best else {
            return match offered.is_empty() {
                true => Fault::new(REFUSED),
                false => Fault::wrong_peer("Unknown authentication type"),
            };
        };
        if let Some(why) = way.cannot_carry(credentials) {
            return Fault::new(why);
        }
        match sent {
            None if self.questions > 0 => self.ask(way),
            None => self.learn(way),
            Some(sent) => self.refused(way, sent),
        }
    }

    /// The next connection is to go this way, once the user has told the password.
    fn ask(&mut self, way: Way) -> Fault {
        self.questions -= 1;
        self.way = Some(way);
        Fault::ask(REFUSED)
    }

    /// The next connection is to go this way.
    fn learn(&mut self, way: Way) -> Fault {
        self.way = Some(way);
        Fault::again(REFUSED)
    }

    /// What was sent did not please. That is the last word, unless only the nonce was too old.
    fn refused(&mut self, way: Way, sent: &Authorization) -> Fault {
        let used = sent.nonce.as_deref();
        let renewed = matches!(&way, Way::Digest(new) if new.stale && used.is_some_and(|used| used != new.nonce));
        if renewed && self.nonce() != used && self.nonce().is_some() {
            // Another connection was told so before, and what that has learnt is as good.
            return Fault::again(REFUSED);
        }
        if renewed && self.stale < STALE_MAX {
            self.stale += 1;
            return self.learn(way);
        }
        if self.questions > 0 {
            return self.ask(way);
        }
        // The proxy may have begun anew since it told us how to ask. The next connection finds out.
        self.way = None;
        self.stale = 0;
        Fault::new(REFUSED)
    }

    fn nonce(&self) -> Option<&[u8]> {
        match self.way.as_ref()? {
            Way::Basic => None,
            Way::Digest(challenge) => Some(&challenge.nonce),
        }
    }
}

impl Way {
    /// The way that is offered here, if we can go it.
    fn offered(words: &Words) -> Option<Self> {
        let Said::Params(params) = &words.said else {
            return None;
        };
        match words.scheme.as_str() {
            BASIC => Some(Self::Basic),
            DIGEST => Challenge::read(params).map(Self::Digest),
            _ => None,
        }
    }

    /// The more, the less a listener learns.
    fn worth(&self) -> Option<Hash> {
        match self {
            Self::Basic => None,
            Self::Digest(challenge) => Some(challenge.algorithm.hash),
        }
    }

    /// Why these credentials cannot be told in this way.
    fn cannot_carry(&self, credentials: &Credentials) -> Option<&'static str> {
        let all = [&credentials.user, &credentials.password];
        if all
            .iter()
            .any(|bytes| bytes.iter().any(u8::is_ascii_control))
        {
            return Some("the name or the password for the proxy holds a control character");
        }
        match self {
            Self::Basic if credentials.user.contains(&b':') => {
                Some("the proxy takes no name with a colon")
            }
            Self::Basic | Self::Digest(_) => None,
        }
    }
}

impl Challenge {
    fn read(params: &Params) -> Option<Self> {
        let named = params.find("algorithm");
        let algorithm = named.map_or(Some(Algorithm::UNNAMED), Algorithm::named)?;
        let qop = params.find("qop");
        let counted = qop.is_some_and(offers_auth);
        // Only what is sent could be protected as well, which we cannot do; and a session hashes what only
        // those have who count.
        if counted != qop.is_some() || algorithm.session && !counted {
            return None;
        }
        let stale = params.find("stale").unwrap_or_default();
        Some(Self {
            algorithm,
            named: named.is_some(),
            realm: params.find("realm")?.into(),
            nonce: params.find("nonce")?.into(),
            opaque: params.find("opaque").map(Into::into),
            uses: counted.then_some(0),
            stale: stale.eq_ignore_ascii_case(b"true"),
        })
    }

    /// The credentials for one more request; none if the nonce was used as often as can be counted.
    fn answer(
        &mut self,
        credentials: &Credentials,
        cnonce: &str,
        method: &str,
        uri: &str,
    ) -> Option<Vec<u8>> {
        let count = match &mut self.uses {
            Some(uses) => {
                *uses = uses.checked_add(1)?;
                Some(format!("{uses:08x}"))
            }
            None => None,
        };
        let proof = Proof {
            algorithm: self.algorithm,
            user: &credentials.user,
            realm: &self.realm,
            password: &credentials.password,
            nonce: &self.nonce,
            counted: count.as_ref().map(|count| Counted {
                count: count.as_bytes(),
                cnonce: cnonce.as_bytes(),
            }),
            method: method.as_bytes(),
            uri: uri.as_bytes(),
        };
        Some(self.written(&proof))
    }

    /// In the order of the reference, for proxies that were only ever tried with it.
    fn written(&self, proof: &Proof<'_>) -> Vec<u8> {
        let mut params = vec![
            ("username", quote(proof.user)),
            ("realm", quote(&self.realm)),
            ("nonce", quote(&self.nonce)),
            ("uri", quote(proof.uri)),
        ];
        if self.named {
            params.push(("algorithm", self.algorithm.name().into()));
        }
        if let Some(Counted { count, cnonce }) = proof.counted {
            params.push(("qop", AUTH.into()));
            params.push(("cnonce", quote(cnonce)));
            params.push(("nc", count.into()));
        }
        params.push(("response", quote(proof.response().as_bytes())));
        let opaque = self.opaque.as_ref().map(|opaque| quote(opaque));
        params.extend(opaque.map(|opaque| ("opaque", opaque)));
        let params = params
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", value].concat());
        [
            b"Digest ".to_vec(),
            params.collect::<Vec<_>>().join(&b", "[..]),
        ]
        .concat()
    }
}

/// Whether this list has the quality of protection that we know.
fn offers_auth(qop: &[u8]) -> bool {
    let mut all = qop.split(|&byte| byte == b',');
    all.any(|one| one.trim_ascii().eq_ignore_ascii_case(AUTH))
}

fn basic(credentials: &Credentials) -> Vec<u8> {
    let pair = [&credentials.user[..], &credentials.password[..]].join(&b':');
    format!("Basic {}", STANDARD.encode(pair)).into()
}

#[cfg(test)]
mod tests;
