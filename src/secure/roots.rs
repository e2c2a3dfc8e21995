//! Those whom the user trusts: a file's, or the system's, or else those that are built in.

use std::env;
use std::fs;
use std::path::Path;

use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls_native_certs::load_native_certs;
use webpki_roots::TLS_SERVER_ROOTS;

use super::pem;
use super::verify::Certificate;

/// Where the environment says that trusted certificates are; the library for it looks there first.
const PLACES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

#[derive(Debug)]
pub(super) struct Roots {
    certificates: Vec<Trusted>,
    /// Only names and keys. Empty while there are certificates.
    bundle: &'static [TrustAnchor<'static>],
}

#[derive(Debug)]
struct Trusted {
    der: CertificateDer<'static>,
    /// With its tag, as issuers are written.
    subject: Vec<u8>,
}

impl Roots {
    /// Reads them: some hundred files, so not before somebody is to be judged. Err is a sentence without
    /// a full stop.
    pub(super) fn load(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            return Self::system();
        };
        let name = file.display();
        let text = fs::read(file).map_err(|error| {
            let why = error.to_string();
            let why = why.split(" (os error").next().unwrap_or_default();
            format!("{name} cannot be read: {why}")
        })?;
        let certificates = pem::certificates(&text).map_err(|words| format!("{name} {words}"))?;
        Self::of(certificates).map_err(|place| {
            let place = place + 1;
            format!("{name} holds a certificate that is not understood, number {place}")
        })
    }

    /// Err is the place of one that is not understood.
    pub(super) fn of(certificates: Vec<CertificateDer<'static>>) -> Result<Self, usize> {
        let certificates = certificates.into_iter().enumerate();
        let certificates = certificates.map(|(place, der)| Trusted::read(der).ok_or(place));
        Ok(Roots {
            certificates: certificates.collect::<Result<_, _>>()?,
            bundle: &[],
        })
    }

    fn system() -> Result<Self, String> {
        // What cannot be read is trusted no more than what is not there.
        let certificates = load_native_certs().certs.into_iter();
        let certificates: Vec<Trusted> = certificates.filter_map(Trusted::read).collect();
        let chosen = PLACES.iter().find(|place| env::var_os(place).is_some());
        let bundle = match (certificates.is_empty(), chosen) {
            (false, _) => &[],
            (true, None) => TLS_SERVER_ROOTS,
            // Whoever chose whom to trust does not mean everybody else.
            (true, Some(place)) => {
                return Err(format!(
                    "there is no certificate to trust where {place} says"
                ));
            }
        };
        Ok(Roots {
            certificates,
            bundle,
        })
    }

    /// This very certificate, if it is trusted.
    pub(super) fn has(&self, der: &[u8]) -> bool {
        self.certificates.iter().any(|trusted| *trusted.der == *der)
    }

    /// Certificates in this name.
    pub(super) fn named(&self, subject: &[u8]) -> impl Iterator<Item = &CertificateDer<'static>> {
        let certificates = self.certificates.iter();
        let certificates = certificates.filter(move |trusted| trusted.subject == subject);
        certificates.map(|trusted| &trusted.der)
    }

    /// Names and keys without certificates; the name as it stands in a certificate, but for its tag.
    pub(super) fn built_in(&self, subject: &[u8]) -> impl Iterator<Item = &TrustAnchor<'static>> {
        let anchors = self.bundle.iter();
        anchors.filter(move |anchor| *anchor.subject == *subject)
    }
}

impl Trusted {
    fn read(der: CertificateDer<'static>) -> Option<Self> {
        let certificate = Certificate::read(&der)?;
        let subject = certificate.parsed.subject().as_raw().to_vec();
        Some(Trusted { der, subject })
    }
}
