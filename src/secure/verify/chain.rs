//! From a peer's certificate up to one that is trusted, each vouched for by the next.
//!
//! Two judges must agree. This one takes what the reference takes, knows why it refuses, and looks at
//! everything but the names that an authority may be held to. The library's knows those too, but takes
//! neither a peer's certificate of the first version nor one that is an authority's: those pass without
//! it unless somebody above them is held to names.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};

use super::certificate::{Certificate, Key, Unsigned};
use super::der::{self, SEQUENCE};
use super::property::{Purpose, Subject, allowed, authority, constrained, ordinary};
use crate::secure::roots::Roots;
use crate::secure::subject::line;

/// Chains in use have at most four.
const LONGEST: usize = 10;

/// How many signatures may be looked at for one peer: certificates of one name could be combined in
/// more ways than anybody has time for.
const SIGNATURES: usize = 50;

pub(super) struct Judge<'a> {
    pub(super) roots: &'a Roots,
    pub(super) provider: &'a Arc<CryptoProvider>,
    pub(super) purpose: Purpose,
    pub(super) now: UnixTime,
}

/// How many of the certificates that a peer sends are looked at, for the same reason.
const SENT: usize = 20;

/// The peer is vouched for.
#[derive(Debug)]
pub(super) struct Trusted {
    /// By somebody who may do so for some names only, of those in the extension for names.
    pub(super) constrained: bool,
}

/// The way up, from the peer's own.
struct Climb<'a> {
    /// Those that are not understood are as good as not sent.
    sent: Vec<(Certificate<'a>, &'a CertificateDer<'a>)>,
    path: Vec<Step>,
    signatures: usize,
}

struct Step {
    der: CertificateDer<'static>,
    /// Issued by another, so that it counts for the lengths that those above it allow.
    counts: bool,
    constrained: bool,
}

impl Judge<'_> {
    /// Err is a sentence without a full stop.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>]) -> Result<Trusted, String> {
        let Some((own, sent)) = chain.split_first() else {
            return Err("the peer has no certificate".to_owned());
        };
        let Some(certificate) = Certificate::read(own) else {
            return Err("the certificate is not understood".to_owned());
        };
        allowed(&certificate, &Subject::Peer, self.purpose, self.now)?;
        if issued_by_itself(&certificate) && self.roots.has(own) {
            return Ok(Trusted { constrained: false });
        }
        let mut climb = Climb {
            sent: sent
                .iter()
                .take(SENT)
                .filter_map(|der| Some((Certificate::read(der)?, der)))
                .collect(),
            path: vec![Step {
                der: own.clone().into_owned(),
                counts: false,
                constrained: false,
            }],
            signatures: SIGNATURES,
        };
        self.rise(&certificate, &mut climb)
    }

    /// Tries all that may have issued the topmost certificate, trusted ones first. The first complaint
    /// is the one to tell, since a peer sends its chain in order.
    fn rise(&self, top: &Certificate<'_>, climb: &mut Climb<'_>) -> Result<Trusted, String> {
        if climb.path.len() > LONGEST {
            return Err(format!("the chain has more than {LONGEST} certificates"));
        }
        let name = top.parsed.issuer().as_raw();
        let mut complaint = None;
        for der in self.roots.named(name) {
            match self.above(top, der, true, climb) {
                Ok(trusted) => return Ok(trusted),
                Err(words) => complaint.get_or_insert(words),
            };
        }
        for anchor in self
            .roots
            .built_in(der::only(SEQUENCE, name).unwrap_or(name))
        {
            match self.built_in(top, anchor, climb) {
                Ok(trusted) => return Ok(trusted),
                Err(words) => complaint.get_or_insert(words),
            };
        }
        for der in climb.named(name) {
            match self.above(top, der, false, climb) {
                Ok(trusted) => return Ok(trusted),
                Err(words) => complaint.get_or_insert(words),
            };
        }
        match complaint {
            Some(words) if !issued_by_itself(top) => Err(words),
            // Namesakes of one that signed itself are no better than nobody.
            _ => Err(end(top, climb)),
        }
    }

    /// Whether it may have issued what is below, and who vouches for it in turn.
    fn above(
        &self,
        below: &Certificate<'_>,
        der: &CertificateDer<'_>,
        trusted: bool,
        climb: &mut Climb<'_>,
    ) -> Result<Trusted, String> {
        let issuer =
            Certificate::read(der).ok_or("a certificate of the chain is not understood")?;
        let name = line(issuer.parsed.subject());
        self.signed(below, issuer.key, &name, climb)?;
        let itself = issued_by_itself(&issuer);
        allowed(&issuer, &Subject::Issuer(&name), self.purpose, self.now)?;
        let between = climb.path.iter().filter(|step| step.counts).count();
        authority(&issuer, &name, between, trusted && itself)?;
        let constrained = constrained(&issuer);
        if trusted && itself {
            let mut anchors = RootCertStore::empty();
            let added = anchors.add(der.clone().into_owned());
            added.map_err(|error| format!("{name} cannot be trusted: {error}"))?;
            return self.agreed(anchors, constrained, climb);
        }
        climb.path.push(Step {
            der: der.clone().into_owned(),
            counts: !itself,
            constrained,
        });
        let trusted = self.rise(&issuer, climb);
        climb.path.pop();
        trusted
    }

    /// Those that are built in are authorities, without an end.
    fn built_in(
        &self,
        below: &Certificate<'_>,
        anchor: &TrustAnchor<'static>,
        climb: &mut Climb<'_>,
    ) -> Result<Trusted, String> {
        let key = Key::read(&anchor.subject_public_key_info);
        let key = key.ok_or("a certificate that is built in is not understood")?;
        self.signed(below, key, &line(below.parsed.issuer()), climb)?;
        let constrained = anchor.name_constraints.is_some();
        let anchors = RootCertStore::from_iter([anchor.clone()]);
        self.agreed(anchors, constrained, climb)
    }

    fn signed(
        &self,
        below: &Certificate<'_>,
        key: Key<'_>,
        issuer: &str,
        climb: &mut Climb<'_>,
    ) -> Result<(), String> {
        let left = climb.signatures.checked_sub(1);
        climb.signatures = left.ok_or("the certificates can be chained in too many ways")?;
        let known = self.provider.signature_verification_algorithms.all;
        let below_name = || line(below.parsed.subject());
        below.signed_by(key, known).map_err(|why| match why {
            Unsigned::Wrong => format!(
                "the signature on the certificate of {} is not from {issuer}",
                below_name()
            ),
            Unsigned::Strange => format!(
                "the certificate of {} is signed with an algorithm or a key that is not supported ({})",
                below_name(),
                below.parsed.signature_algorithm.algorithm
            ),
        })
    }

    /// The second judge, about exactly this chain.
    fn agreed(
        &self,
        anchors: RootCertStore,
        constrained: bool,
        climb: &Climb<'_>,
    ) -> Result<Trusted, String> {
        let constrained = constrained || climb.path.iter().any(|step| step.constrained);
        let own = &climb.path[0].der;
        let ordinary = Certificate::read(own).is_some_and(|own| ordinary(&own));
        let agreed = match (ordinary, constrained) {
            (false, false) => Ok(()),
            (false, true) => Err("an authority above it is held to names".to_owned()),
            (true, _) => self.library(anchors, &climb.path),
        };
        match agreed {
            Ok(()) => Ok(Trusted { constrained }),
            Err(_) if constrained => Err(HELD_TO_NAMES.to_owned()),
            Err(words) => Err(format!("the certificate is not trusted: {words}")),
        }
    }

    fn library(&self, anchors: RootCertStore, path: &[Step]) -> Result<(), String> {
        let path: Vec<CertificateDer<'_>> = path.iter().map(|step| step.der.clone()).collect();
        let (own, above) = (&path[0], &path[1..]);
        let agreed = match self.purpose {
            Purpose::Server => ParsedCertificate::try_from(own).and_then(|own| {
                let known = self.provider.signature_verification_algorithms.all;
                verify_server_cert_signed_by_trust_anchor(&own, &anchors, above, self.now, known)
            }),
            Purpose::Client => {
                let provider = Arc::clone(self.provider);
                let judge =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), provider);
                let judge = judge.build().map_err(|error| error.to_string())?;
                judge.verify_client_cert(own, above, self.now).map(|_| ())
            }
        };
        agreed.map_err(|error| error.to_string())
    }
}

impl<'a> Climb<'a> {
    /// Those that were sent in this name and are not below already.
    fn named(&self, name: &[u8]) -> Vec<&'a CertificateDer<'a>> {
        let passed = |der: &CertificateDer<'_>| self.path.iter().any(|step| step.der == *der);
        let sent = self.sent.iter();
        let named =
            sent.filter(|(read, der)| read.parsed.subject().as_raw() == name && !passed(der));
        named.map(|&(_, der)| der).collect()
    }
}

/// An authority may vouch for some names only, and the certificate has others.
pub(super) const HELD_TO_NAMES: &str =
    "its issuers may not vouch for the names in the certificate (name constraints)";

/// Nobody but itself vouches for it.
pub(super) const SELF_SIGNED: &str = "the certificate is self-signed and not trusted";

/// Nobody vouches for the topmost certificate.
fn end(top: &Certificate<'_>, climb: &Climb<'_>) -> String {
    match (issued_by_itself(top), climb.path.len()) {
        (true, 1) => SELF_SIGNED.to_owned(),
        (true, _) => format!(
            "the chain ends at {}, who is not trusted",
            line(top.parsed.subject())
        ),
        (false, _) => format!(
            "the certificate of {} is issued by {}, whose certificate was not sent and is not trusted",
            line(top.parsed.subject()),
            line(top.parsed.issuer())
        ),
    }
}

fn issued_by_itself(certificate: &Certificate<'_>) -> bool {
    certificate.parsed.subject().as_raw() == certificate.parsed.issuer().as_raw()
}
