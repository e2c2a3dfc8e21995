//! Hierarchies that are made up, and what is said of them.

mod handshakes;
mod strangers;

use std::time::Duration;

use super::*;
use crate::secure::made::{ANYTHING_ELSE, CERTIFICATES, CLIENT, Draft, Made, SERVER};
use crate::secure::roots::Roots;

/// In January 2027.
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}

fn judged(
    trusted: &[&Made],
    chain: &[&Made],
    purpose: Purpose,
    name: &str,
) -> Result<(), Rejection> {
    let trusted = trusted.iter().map(|made| made.der.clone()).collect();
    let roots = Roots::of(trusted).expect("all are understood");
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|made| made.der.clone()).collect();
    let provider = Arc::new(provider::everything());
    Strict::new(roots, purpose, name).judge(&chain, &provider, now())
}

/// A server is believed, or else the words of why it is not.
fn said(trusted: &[&Made], chain: &[&Made], name: &str) -> String {
    match judged(trusted, chain, Purpose::Server, name) {
        Ok(()) => "believed".to_owned(),
        Err(why) if why.impostor => format!("impostor: {}", why.words),
        Err(why) => why.words,
    }
}

const EARLIER: (&str, &str) = ("20200101000000Z", "20210101000000Z");
const LATER: (&str, &str) = ("20300101000000Z", "20400101000000Z");

/// A root, an authority below it, and a certificate for a.com below that.
struct Family {
    root: Made,
    middle: Made,
    own: Made,
}

fn family(root: &Draft, middle: &Draft, own: &Draft) -> Family {
    let root = root.signed_by_itself();
    let middle = middle.signed_by(&root);
    let own = own.signed_by(&middle);
    Family { root, middle, own }
}

impl Family {
    fn said(&self) -> String {
        said(&[&self.root], &[&self.own, &self.middle], "a.com")
    }
}

fn root() -> Draft {
    Draft::authority("Root").usage(CERTIFICATES)
}

fn middle() -> Draft {
    Draft::authority("Middle").usage(CERTIFICATES)
}

fn own() -> Draft {
    Draft::server("a.com").usage(ANYTHING_ELSE).purpose(SERVER)
}

#[test]
fn one_bad_certificate_in_a_good_chain_is_found_and_named() {
    let (from, until) = EARLIER;
    let (begin, end) = LATER;
    let middle_named = |common: &str| Draft::authority(common);
    let v1 = Draft::first;
    for (root, middle, own, expected) in [
        (root(), middle(), own(), "believed"),
        (root(), middle(), Draft::server("a.com"), "believed"),
        (
            root(),
            middle(),
            own().time(from, until),
            "the certificate has expired on 2021-01-01",
        ),
        (
            root(),
            middle(),
            own().time(begin, end),
            "the certificate is not yet valid, but from 2030-01-01",
        ),
        (
            root(),
            middle().time(from, until),
            own(),
            "the certificate of its issuer CN=Middle has expired on 2021-01-01",
        ),
        (
            root(),
            middle().time(begin, end),
            own(),
            "the certificate of its issuer CN=Middle is not yet valid, but from 2030-01-01",
        ),
        (
            root().time(from, until),
            middle(),
            own(),
            "the certificate of its issuer CN=Root has expired on 2021-01-01",
        ),
        (
            root(),
            Draft::plain("Middle"),
            own(),
            "the certificate of its issuer CN=Middle is not an authority's (the CA flag is missing)",
        ),
        (
            root(),
            Draft::plain("Middle").basic(false, None),
            own(),
            "the certificate of its issuer CN=Middle is not an authority's (the CA flag is missing)",
        ),
        (
            root(),
            v1("Middle"),
            own(),
            "the certificate of its issuer CN=Middle is not an authority's (the CA flag is missing)",
        ),
        (
            Draft::plain("Root"),
            middle(),
            own(),
            "the certificate of its issuer CN=Root is not an authority's (the CA flag is missing)",
        ),
        (v1("Root"), middle(), own(), "believed"),
        (
            root(),
            middle_named("Middle").usage(ANYTHING_ELSE),
            own(),
            "the key of its issuer CN=Middle is not meant for signing certificates",
        ),
        (
            Draft::authority("Root").basic(true, None),
            middle(),
            own(),
            "the certificate of its issuer CN=Root has broken extensions",
        ),
        (
            Draft::plain("Root").basic(true, Some(0)),
            middle(),
            own(),
            "there are more authorities below its issuer CN=Root than that allows (path length)",
        ),
        (
            Draft::plain("Root").basic(true, Some(1)),
            middle(),
            own(),
            "believed",
        ),
        (
            root(),
            Draft::plain("Middle").basic(true, Some(0)),
            own(),
            "believed",
        ),
        (
            root(),
            middle(),
            Draft::server("a.com").purpose(CLIENT),
            "the certificate is not meant for servers",
        ),
        (
            root(),
            middle(),
            Draft::server("a.com").usage(CERTIFICATES),
            "the certificate is not meant for servers",
        ),
        (
            root(),
            middle().purpose(CLIENT),
            own(),
            "the certificate of its issuer CN=Middle is not meant for servers",
        ),
        (root(), middle().purpose(SERVER), own(), "believed"),
        (
            root(),
            middle(),
            own().extension(99, true, &[5, 0]),
            "the certificate has an extension that must be understood and is not (2.5.29.99)",
        ),
        (
            root(),
            middle(),
            own().extension(99, false, &[5, 0]),
            "believed",
        ),
        (
            root(),
            middle(),
            Draft::plain("a.com").extension(17, false, &[5, 0]),
            "the certificate has broken extensions",
        ),
        (root(), middle(), Draft::plain("a.com"), "believed"),
        (root(), middle(), v1("a.com"), "believed"),
        (
            root(),
            middle(),
            v1("a.com").time(from, until),
            "the certificate has expired on 2021-01-01",
        ),
        (root(), middle(), Draft::authority("a.com"), "believed"),
        (
            root(),
            middle(),
            Draft::plain("a.com").hosts(&["b.com"]).hosts(&["c.com"]),
            "the certificate has broken extensions",
        ),
        (
            root(),
            middle(),
            Draft::server("b.com"),
            "impostor: the certificate is for b.com and not for a.com",
        ),
        (
            root(),
            middle(),
            Draft::plain("a.com").address(&[10, 0, 0, 1]),
            "believed",
        ),
        (
            root().kind(&rcgen::PKCS_ED25519),
            middle().kind(&rcgen::PKCS_ECDSA_P384_SHA384),
            own(),
            "believed",
        ),
    ] {
        assert_eq!(family(&root, &middle, &own).said(), expected);
    }
}

const HELD: &str = "its issuers may not vouch for the names in the certificate (name constraints)";

#[test]
fn an_authority_that_is_held_to_names_vouches_for_no_others() {
    let v1 = Draft::first("a.com");
    for (own, below_a, below_b) in [
        (own(), "believed", HELD),
        (Draft::plain("a.com").hosts(&["a.com", "b.org"]), HELD, HELD),
        // What the library cannot judge, or nobody holds to names, is refused.
        (Draft::plain("a.com"), HELD, HELD),
        (v1, HELD, HELD),
        (Draft::authority("a.com").hosts(&["a.com"]), HELD, HELD),
    ] {
        for (host, expected) in [("a.com", below_a), ("b.org", below_b)] {
            let said_of_middle = family(&root(), &middle().held_to(host), &own).said();
            assert_eq!(said_of_middle, expected, "the middle held to {host}");
            let said_of_root = family(&root().held_to(host), &middle(), &own).said();
            assert_eq!(said_of_root, expected, "the root held to {host}");
        }
    }
}

#[test]
fn clients_are_judged_by_what_is_meant_for_clients() {
    let root = root().signed_by_itself();
    for (own, expected) in [
        (Draft::plain("somebody").purpose(CLIENT), "believed"),
        (Draft::plain("somebody"), "believed"),
        (Draft::first("somebody"), "believed"),
        (
            Draft::server("a.com").purpose(SERVER),
            "the certificate is not meant for clients",
        ),
    ] {
        let own = own.signed_by(&root);
        let judged = judged(&[&root], &[&own], Purpose::Client, "");
        let said = judged.map_or_else(|why| why.words, |()| "believed".to_owned());
        assert_eq!(said, expected);
    }
}
