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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::slice;
    use std::time::Duration;

    use super::*;
    use crate::secure::made::{Draft, UTF8, subject};

    fn wishes() -> Wishes {
        Wishes {
            cert: None,
            key: None,
            verify: false,
            trust: None,
            ciphers: None,
            name: "a.com".to_owned(),
            named: false,
            alpn: Vec::new(),
            min: None,
            max: None,
            pins: Vec::new(),
            patience: Duration::from_secs(10),
        }
    }

    #[test]
    fn a_certificate_is_shown_with_the_reason_why_it_would_not_do() {
        let mut draft = Draft::plain("");
        draft.subject = subject(&[
            (6, UTF8, b"DE"),
            (10, UTF8, b"Org, Inc."),
            (3, UTF8, b"a\x1b[31m\xe2\x80\xaeb"),
            (99, UTF8, b"x"),
        ]);
        let made = draft.signed_by_itself();
        let other = Draft::authority("Root").signed_by_itself();
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), other.pem()).expect("room");
        let mut wishes = wishes();
        wishes.trust = Some(file.path().to_owned());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let lines = describe(slice::from_ref(&made.der), &wishes, now);
        let name = r"C=DE, O=Org, Inc., CN=a\x1B[31m\u{202E}b, 2.5.4.99=x";
        let sha1 = fingerprint::sha1(&made.der);
        let sha256 = fingerprint::sha256(&made.der);
        let expected = [
            format!("Subject: {name}"),
            format!("Issuer: {name}"),
            format!("SHA-1 fingerprint: {sha1}"),
            format!("SHA-256 fingerprint: {sha256}"),
            "Certificate verification failed (the certificate is self-signed and not trusted)."
                .to_owned(),
        ];
        assert_eq!(lines, expected, "nobody has judged it");
        wishes.pins = vec![[0; 32]];
        let lines = describe(slice::from_ref(&made.der), &wishes, now);
        assert_eq!(lines, expected[..4], "its hash was looked at already");
        assert!(
            describe(&[], &wishes, now).is_empty(),
            "nothing to describe"
        );
    }
}
