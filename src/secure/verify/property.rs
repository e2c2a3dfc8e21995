//! What one certificate says of itself: when it holds, what for, and whether its owner may vouch for
//! others. Err is always a sentence without a full stop.

use std::fmt;

use rustls::pki_types::UnixTime;
use x509_parser::extensions::X509Extension;
use x509_parser::oid_registry as known;
use x509_parser::prelude::X509Version;
use x509_parser::time::ASN1Time;

use super::certificate::Certificate;

/// What a certificate is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To tell clients who serves them.
    Server,
    /// To tell servers who asks.
    Client,
}

/// Whose certificate it is, for sentences.
pub(super) enum Subject<'a> {
    Peer,
    Issuer(&'a str),
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Peer => f.write_str("the certificate"),
            Subject::Issuer(name) => write!(f, "the certificate of its issuer {name}"),
        }
    }
}

/// What holds for everybody in a chain.
pub(super) fn allowed(
    certificate: &Certificate<'_>,
    whose: &Subject<'_>,
    purpose: Purpose,
    now: UnixTime,
) -> Result<(), String> {
    understood(certificate, whose)?;
    in_time(certificate, whose, now)?;
    let parsed = &certificate.parsed;
    let broken = |_| format!("{whose} has broken extensions");
    if let Some(meant) = parsed.extended_key_usage().map_err(broken)? {
        let fits = match purpose {
            Purpose::Server => meant.value.server_auth,
            Purpose::Client => meant.value.client_auth,
        };
        if !fits {
            return Err(unfit(whose, purpose));
        }
    }
    if let (Subject::Peer, Some(usage)) = (whose, parsed.key_usage().map_err(broken)?) {
        let signs = usage.value.digital_signature() || usage.value.key_agreement();
        let fits = match purpose {
            Purpose::Server => signs || usage.value.key_encipherment(),
            Purpose::Client => signs,
        };
        if !fits {
            return Err(unfit(whose, purpose));
        }
    }
    Ok(())
}

fn unfit(whose: &Subject<'_>, purpose: Purpose) -> String {
    match purpose {
        Purpose::Server => format!("{whose} is not meant for servers"),
        Purpose::Client => format!("{whose} is not meant for clients"),
    }
}

/// Extensions that must be understood are, and none contradicts another of its kind.
fn understood(certificate: &Certificate<'_>, whose: &Subject<'_>) -> Result<(), String> {
    let matters = |extension: &X509Extension<'_>| {
        let read = [
            known::OID_X509_EXT_SUBJECT_ALT_NAME,
            known::OID_X509_EXT_BASIC_CONSTRAINTS,
            known::OID_X509_EXT_KEY_USAGE,
            known::OID_X509_EXT_EXTENDED_KEY_USAGE,
            known::OID_X509_EXT_NAME_CONSTRAINTS,
        ];
        extension.critical || read.contains(&extension.oid)
    };
    let all = certificate.parsed.extensions();
    for extension in all.iter().filter(|extension| matters(extension)) {
        let alike = all.iter().filter(|other| other.oid == extension.oid);
        if extension.parsed_extension().error().is_some() || alike.count() > 1 {
            return Err(format!("{whose} has broken extensions"));
        }
        if extension.critical && extension.parsed_extension().unsupported() {
            let kind = &extension.oid;
            return Err(format!(
                "{whose} has an extension that must be understood and is not ({kind})"
            ));
        }
    }
    Ok(())
}

fn in_time(
    certificate: &Certificate<'_>,
    whose: &Subject<'_>,
    now: UnixTime,
) -> Result<(), String> {
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let validity = certificate.parsed.validity();
    let date = |time: ASN1Time| time.to_datetime().date();
    if now < validity.not_before.timestamp() {
        let begin = date(validity.not_before);
        return Err(format!("{whose} is not yet valid, but from {begin}"));
    }
    if now > validity.not_after.timestamp() {
        let end = date(validity.not_after);
        return Err(format!("{whose} has expired on {end}"));
    }
    Ok(())
}

/// Whether it may vouch for others, with so many authorities between it and the peer. One without
/// extensions may only be the trusted end.
pub(super) fn authority(
    certificate: &Certificate<'_>,
    name: &str,
    between: usize,
    end: bool,
) -> Result<(), String> {
    let parsed = &certificate.parsed;
    let broken = |_| format!("the certificate of its issuer {name} has broken extensions");
    if end && parsed.version() == X509Version::V1 {
        return Ok(());
    }
    let basic = parsed.basic_constraints().map_err(broken)?;
    let Some(basic) = basic.filter(|basic| basic.value.ca) else {
        return Err(format!(
            "the certificate of its issuer {name} is not an authority's (the CA flag is missing)"
        ));
    };
    let usage = parsed.key_usage().map_err(broken)?;
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(format!(
            "the key of its issuer {name} is not meant for signing certificates"
        ));
    }
    let longest = basic.value.path_len_constraint;
    if longest.is_some_and(|longest| between > usize::try_from(longest).unwrap_or(usize::MAX)) {
        return Err(format!(
            "there are more authorities below its issuer {name} than that allows (path length)"
        ));
    }
    Ok(())
}

/// It may vouch for some names only, or nobody understands for which.
pub(super) fn constrained(certificate: &Certificate<'_>) -> bool {
    let mut extensions = certificate.parsed.extensions().iter();
    extensions.any(|extension| extension.oid == known::OID_X509_EXT_NAME_CONSTRAINTS)
}

/// Of the kind that every library takes for a peer's own.
pub(super) fn ordinary(certificate: &Certificate<'_>) -> bool {
    let parsed = &certificate.parsed;
    parsed.version() == X509Version::V3 && !parsed.is_ca()
}
