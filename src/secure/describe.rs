//! A peer's certificate as a person may want to see it.

use rustls::pki_types::{CertificateDer, UnixTime};

use super::subject::line;
use super::verify::{Certificate, objection};
use super::{Wishes, fingerprint};

/// Lines about the first of the peer's certificates: none if it has none. When nobody has judged it they
/// end with why it would not have been believed, and only for that the store of those who are
/// trusted is read.
pub fn describe(chain: &[CertificateDer<'_>], wishes: &Wishes, now: UnixTime) -> Vec<String> {
    let Some(own) = chain.first() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(certificate) = Certificate::read(own) {
        lines.push(format!("Subject: {}", line(certificate.parsed.subject())));
        lines.push(format!("Issuer: {}", line(certificate.parsed.issuer())));
    }
    lines.push(format!("SHA-1 fingerprint: {}", fingerprint::sha1(own)));
    lines.push(format!("SHA-256 fingerprint: {}", fingerprint::sha256(own)));
    let judged = wishes.verify || !wishes.pins.is_empty();
    if !judged && let Some(why) = objection(chain, wishes, now) {
        lines.push(format!("Certificate verification failed ({why})."));
    }
    lines
}
