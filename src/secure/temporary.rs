//! A certificate for those who brought none: made at the start, gone at the end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::names::spoken;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So long is a certificate good. Browsers refuse more than 398 days.
const LIFE: Duration = DAY.saturating_mul(365);

/// The latest start of a life that its encoding has room for: the year 9990.
const LATEST: Duration = DAY.saturating_mul(365 * (9990 - 1970));

/// Netscape's comment, the extension for words to whoever looks at a certificate.
const COMMENT: &[u64] = &[2, 16, 840, 1, 113_730, 1, 13];
const COMMENT_WORDS: &str = "Made by ncat for one run.";

/// A certificate and the key to it.
pub(super) struct Temporary {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// A new P-256 key, and a certificate for it in the name of this host.
///
/// Not RSA, as the reference makes: its keys take a hundred times as long to find and each handshake
/// six times as long, and every client of today takes P-256.
pub(super) fn temporary(host: &str, provider: &CryptoProvider) -> Result<Temporary, String> {
    let made = serial(provider).and_then(|serial| {
        make(host, serial).map_err(|error| format!("no temporary certificate: {error}"))
    });
    let (certificate, key) = made?;
    Ok(Temporary {
        certificate,
        key: PrivatePkcs8KeyDer::from(key).into(),
    })
}

/// Two servers of one name are told apart by it, and browsers insist on that.
fn serial(provider: &CryptoProvider) -> Result<SerialNumber, String> {
    let mut bytes = [0; 16];
    let filled = provider.secure_random.fill(&mut bytes);
    filled.map_err(|_| "no random bytes for a temporary certificate".to_owned())?;
    // Positive, and without a zero in front that its encoding would drop.
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

fn make(host: &str, serial: SerialNumber) -> Result<(CertificateDer<'static>, Vec<u8>), Error> {
    let key = KeyPair::generate()?;
    let mut wanted = CertificateParams::default();
    wanted.serial_number = Some(serial);
    wanted.distinguished_name = DistinguishedName::new();
    wanted.distinguished_name.push(DnType::CommonName, host);
    wanted.subject_alt_names = alternative(host).into_iter().collect();
    // A peer's clock may be behind ours.
    let since = now().saturating_sub(DAY);
    wanted.not_before = date_time_ymd(1970, 1, 1) + since;
    wanted.not_after = date_time_ymd(1970, 1, 1) + since + DAY + LIFE;
    wanted.is_ca = IsCa::ExplicitNoCa;
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    wanted.custom_extensions = vec![CustomExtension::from_oid_content(COMMENT, comment())];
    let certificate = wanted.self_signed(&key)?;
    Ok((certificate.into(), key.serialize_der()))
}

/// What clients of today compare with the name they asked for. A host that can be no name of the DNS
/// has the common name alone.
fn alternative(host: &str) -> Option<SanType> {
    if let Some(address) = spoken(host) {
        return Some(SanType::IpAddress(address));
    }
    Ia5String::try_from(host).ok().map(SanType::DnsName)
}

fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().min(LATEST)
}

/// An IA5String in DER. Its length fits into one byte.
fn comment() -> Vec<u8> {
    const { assert!(COMMENT_WORDS.len() < 128) };
    let mut der = vec![0x16, COMMENT_WORDS.len() as u8];
    der.extend_from_slice(COMMENT_WORDS.as_bytes());
    der
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::super::provider::provider;
    use super::*;

    fn made(host: &str) -> Vec<u8> {
        let temporary =
            temporary(host, &provider(None).expect("all suites")).expect("a certificate");
        temporary.certificate.to_vec()
    }

    #[test]
    fn a_temporary_certificate_names_the_host() {
        for (host, name) in [
            ("localhost", "DNS localhost"),
            ("a.example", "DNS a.example"),
            ("127.0.0.1", "IP 127.0.0.1"),
            ("::1", "IP ::1"),
            ("[::1]", "IP ::1"),
            ("fe80::1%lo", "IP fe80::1"),
            ("ö.example", "none"),
        ] {
            let der = made(host);
            let (rest, read) = X509Certificate::from_der(&der).expect("a certificate");
            assert!(rest.is_empty(), "{host}: bytes after the certificate");
            let common = read.subject().iter_common_name().next();
            let common = common.and_then(|name| name.as_str().ok());
            assert_eq!(common, Some(host), "{host}: the common name");
            let names = read.subject_alternative_name().expect("one such extension");
            let name_read = names.map(|names| match &names.value.general_names[..] {
                [GeneralName::DNSName(name)] => format!("DNS {name}"),
                [GeneralName::IPAddress(bytes)] => match <[u8; 4]>::try_from(*bytes) {
                    Ok(four) => format!("IP {}", IpAddr::from(four)),
                    Err(_) => <[u8; 16]>::try_from(*bytes)
                        .map_or("bad".into(), |bytes| format!("IP {}", IpAddr::from(bytes))),
                },
                other => format!("{other:?}"),
            });
            assert_eq!(name_read.as_deref().unwrap_or("none"), name, "{host}");
            assert!(read.validity().is_valid(), "{host}: not valid today");
            assert_eq!(read.subject(), read.issuer(), "{host}: signed by another");
        }
    }

    #[test]
    fn no_two_temporary_certificates_are_alike() {
        let [one, two] = [made("localhost"), made("localhost")];
        let serial = |der: &[u8]| match X509Certificate::from_der(der) {
            Ok((_, read)) => read.raw_serial().to_vec(),
            Err(error) => panic!("no certificate: {error}"),
        };
        assert_ne!(serial(&one), serial(&two), "the same serial number twice");
    }
}
