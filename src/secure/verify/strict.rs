//! A peer is believed when somebody trusted vouches for it and it is the one that was asked for.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::certificate::Certificate;
use super::chain::{HELD_TO_NAMES, Judge, SELF_SIGNED};
use super::property::Purpose;
use super::{Rejection, Wishes};
use crate::secure::names::{Names, Source};
use crate::secure::roots::Roots;
use crate::secure::subject::shown;

/// What helps against a certificate that its owner has signed. The same file may be for a proxy.
const TRUST_IT: &str = "If it is the right one, a copy of it makes it trusted: --ssl-trustfile, or \
                        --proxy-ssl-trustfile for a proxy.";

#[derive(Debug)]
pub(super) struct Strict {
    roots: Roots,
    purpose: Purpose,
    /// Whom a client asked for. A server asks for nobody.
    name: String,
}

impl Strict {
    /// Reads the store of those who are trusted. Err is a sentence without a full stop.
    pub(super) fn load(wishes: &Wishes, purpose: Purpose) -> Result<Self, String> {
        let roots = Roots::load(wishes.trust.as_deref())?;
        Ok(Self::new(roots, purpose, &wishes.name))
    }

    pub(super) fn new(roots: Roots, purpose: Purpose, name: &str) -> Self {
        Strict {
            roots,
            purpose,
            name: name.to_owned(),
        }
    }

    /// The peer's own certificate comes first.
    pub(super) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        provider: &Arc<CryptoProvider>,
        now: UnixTime,
    ) -> Result<(), Rejection> {
        let judge = Judge {
            roots: &self.roots,
            provider,
            purpose: self.purpose,
            now,
        };
        let trusted = judge.judge(chain).map_err(|words| Rejection {
            hint: (words == SELF_SIGNED).then_some(TRUST_IT),
            words,
            impostor: false,
        })?;
        match self.purpose {
            Purpose::Server => self.named(chain, trusted.constrained),
            Purpose::Client => Ok(()),
        }
    }

    fn named(&self, chain: &[CertificateDer<'_>], constrained: bool) -> Result<(), Rejection> {
        let certificate = chain.first().and_then(|own| Certificate::read(own));
        let names = certificate.map_or_else(Names::default, |own| Names::of(&own.parsed));
        match names.hold(&self.name) {
            // Whoever is held to names is not held to what stands in the subject.
            Some(Source::Common) if constrained => Err(Rejection {
                words: HELD_TO_NAMES.to_owned(),
                impostor: false,
                hint: None,
            }),
            Some(Source::Common | Source::Extension) => Ok(()),
            None => Err(Rejection {
                words: format!(
                    "the certificate is for {} and not for {}",
                    names.list(),
                    shown(&self.name)
                ),
                impostor: true,
                hint: None,
            }),
        }
    }
}
