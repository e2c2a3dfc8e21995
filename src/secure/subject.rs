//! Whom a certificate speaks of, in one line that is safe to print. Strangers write these names.

use std::borrow::Cow;
use std::fmt::Write as _;

use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::der_parser::oid::Oid;
use x509_parser::oid_registry as known;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// What is longer says nothing more to a person, and would push the rest off the screen.
const LONGEST: usize = 1000;

/// `C=DE, O=Example, CN=example.com`, in the certificate's own order.
pub(super) fn line(name: &X509Name<'_>) -> String {
    let mut line = String::new();
    for attribute in name.iter_attributes() {
        let between = if line.is_empty() { "" } else { ", " };
        let _ = write!(line, "{between}{}=", short(attribute.attr_type()));
        line.push_str(&shown(&text(attribute)));
    }
    if line.is_empty() {
        return "nobody".to_owned();
    }
    line
}

/// What a person may see: control characters, and those that turn the line round, are spelt out.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars() {
        if shown.len() >= LONGEST {
            shown.push_str("...");
            break;
        }
        match letter {
            '\u{0}'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(shown, "\\x{:02X}", u32::from(letter));
            }
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                let _ = write!(shown, "\\u{{{:X}}}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// The value, whichever of the alphabets of ASN.1 it is written in.
pub(super) fn text<'a>(attribute: &'a AttributeTypeAndValue<'_>) -> Cow<'a, str> {
    let bytes = attribute.as_slice();
    match attribute.attr_value().tag() {
        Tag::BmpString => {
            let units = bytes.chunks(2);
            let units =
                units.map(|pair| pair.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte)));
            let letters = char::decode_utf16(units);
            letters
                .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        Tag::UniversalString => bytes
            .chunks(4)
            .map(|four| four.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte)))
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        Tag::T61String => bytes.iter().map(|&byte| char::from(byte)).collect(),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn short(kind: &Oid<'_>) -> String {
    let names = [
        (known::OID_X509_COMMON_NAME, "CN"),
        (known::OID_X509_COUNTRY_NAME, "C"),
        (known::OID_X509_STATE_OR_PROVINCE_NAME, "ST"),
        (known::OID_X509_LOCALITY_NAME, "L"),
        (known::OID_X509_ORGANIZATION_NAME, "O"),
        (known::OID_X509_ORGANIZATIONAL_UNIT, "OU"),
        (known::OID_X509_STREET_ADDRESS, "street"),
        (known::OID_X509_SERIALNUMBER, "serialNumber"),
        (known::OID_PKCS9_EMAIL_ADDRESS, "emailAddress"),
        (known::OID_DOMAIN_COMPONENT, "DC"),
    ];
    let name = names.iter().find(|(known, _)| known == kind);
    name.map_or_else(|| shown(&kind.to_string()), |(_, name)| (*name).to_owned())
}
