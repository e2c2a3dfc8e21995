//! For whom a certificate is good: its names, and whether one of them is the name that was asked for.
//!
//! The reference's rules, but for two: the case of letters does not matter, as nowhere in names, and
//! addresses in certificates count.

use std::net::IpAddr;

use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::X509Certificate;

use super::subject::{shown, text};

/// More are not listed when none of them is the right one.
const LISTED: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Names {
    /// From the extension for it; while there are any, the common name is not looked at.
    hosts: Vec<String>,
    addresses: Vec<IpAddr>,
    /// The most specific of them.
    common: Option<String>,
}

/// Where a name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In the extension for it, where those who vouch for others can be held to some names.
    Extension,
    /// In the subject, which is free text.
    Common,
}

impl Names {
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Self {
        let mut names = Names::default();
        let extensions = certificate.extensions().iter();
        let mut extensions =
            extensions.filter(|extension| extension.oid == OID_X509_EXT_SUBJECT_ALT_NAME);
        // Two of them contradict each other, and neither counts.
        if let (Some(extension), None) = (extensions.next(), extensions.next())
            && let ParsedExtension::SubjectAlternativeName(alternative) =
                extension.parsed_extension()
        {
            for name in &alternative.general_names {
                names.add(name);
            }
        }
        let common = certificate.subject().iter_common_name();
        let common = common.map(|attribute| text(attribute).into_owned());
        names.common = common.max_by_key(|name| (!name.contains('*'), name.matches('.').count()));
        names
    }

    fn add(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(host) => self.hosts.push((*host).to_owned()),
            // Not in its alphabet, so it is nobody's name; but it is there.
            GeneralName::Invalid(Tag(2), bytes) => {
                let host = String::from_utf8_lossy(bytes);
                self.hosts.push(host.into_owned());
            }
            GeneralName::IPAddress(bytes) => self.addresses.extend(address(bytes)),
            _ => {}
        }
    }

    /// Whether the name that was asked for is among them, and where.
    pub(super) fn hold(&self, asked: &str) -> Option<Source> {
        let address = spoken(asked);
        if address.is_some_and(|address| self.addresses.contains(&address)) {
            return Some(Source::Extension);
        }
        let is = |name: &String| matches(name, asked, address.is_some());
        if self.hosts.iter().any(is) {
            return Some(Source::Extension);
        }
        let common = self.hosts.is_empty() && self.common.as_ref().is_some_and(is);
        common.then_some(Source::Common)
    }

    /// All that count, for a person.
    pub(super) fn list(&self) -> String {
        let hosts = self.hosts.iter().map(|host| shown(host));
        let addresses = self.addresses.iter().map(IpAddr::to_string);
        let common = self.common.iter().filter(|_| self.hosts.is_empty());
        let all = hosts.chain(addresses).chain(common.map(|name| shown(name)));
        let mut all: Vec<String> = all.collect();
        if all.is_empty() {
            return "nobody".to_owned();
        }
        if let more @ 1.. = all.len().saturating_sub(LISTED) {
            all.truncate(LISTED);
            all.push(format!("{more} more"));
        }
        all.join(", ")
    }
}

/// One name against another. A star stands for the whole first label, above two or more others, and
/// never for a part of an address.
fn matches(name: &str, asked: &str, address: bool) -> bool {
    if !name.contains('*') {
        return !asked.is_empty() && name.eq_ignore_ascii_case(asked);
    }
    let Some(above) = name.strip_prefix("*.").filter(|above| !above.contains('*')) else {
        return false;
    };
    let wide = above.find('.').is_none_or(|dot| dot + 1 == above.len());
    let below = asked.split_once('.').filter(|(label, _)| !label.is_empty());
    !address && !wide && below.is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(above))
}

/// An address as a certificate has it.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four: Result<[u8; 4], _> = bytes.try_into();
    let sixteen: Result<[u8; 16], _> = bytes.try_into();
    four.map(IpAddr::from).or(sixteen.map(IpAddr::from)).ok()
}

/// An address as a user writes it. The zone is known to this machine only.
pub(super) fn spoken(asked: &str) -> Option<IpAddr> {
    let asked = asked.split('%').next().unwrap_or_default();
    let inside = asked
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(asked).parse().ok()
}

#[cfg(test)]
mod tests;
