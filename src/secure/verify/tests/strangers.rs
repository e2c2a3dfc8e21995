//! Those whom nobody vouches for, or only somebody who may not.

use super::*;
use crate::secure::made::{UTF8, subject};

#[test]
fn what_is_missing_or_not_trusted_is_named() {
    let Family { root, middle, own } = family(&root(), &middle(), &own());
    let stranger = Draft::authority("Stranger").signed_by_itself();
    let namesake = super::root().signed_by_itself();
    let absent = "the certificate of CN=a.com is issued by CN=Middle, whose certificate was not sent and is not trusted";
    let no_root = "the certificate of CN=Middle is issued by CN=Root, whose certificate was not sent and is not trusted";
    let forgery = "the signature on the certificate of CN=Middle is not from CN=Root";
    for (trusted, chain, expected) in [
        (&[&root][..], &[&own][..], absent),
        (&[&root, &middle], &[&own], "believed"),
        (&[&stranger], &[&own, &middle], no_root),
        (&[], &[&own, &middle], no_root),
        // Trusted, but nobody's end: as with the reference.
        (&[&middle], &[&own], no_root),
        (&[&own], &[&own], absent),
        (
            &[&stranger],
            &[&own, &middle, &root],
            "the chain ends at CN=Root, who is not trusted",
        ),
        (&[&namesake], &[&own, &middle], forgery),
        (&[&namesake], &[&own, &middle, &root], forgery),
        (&[&namesake, &root], &[&own, &middle], "believed"),
        (&[&root], &[&own, &stranger, &root, &middle], "believed"),
        (&[&root], &[], "the peer has no certificate"),
    ] {
        assert_eq!(said(trusted, chain, "a.com"), expected);
    }
}

#[test]
fn who_signed_itself_is_believed_if_it_is_trusted_itself() {
    let (from, until) = EARLIER;
    for (draft, expected) in [
        // As `openssl req -new -x509` makes them, and in the first version.
        (Draft::authority("a.com"), "believed"),
        (Draft::plain("a.com"), "believed"),
        (Draft::first("a.com"), "believed"),
        (
            Draft::plain("a.com").time(from, until),
            "the certificate has expired on 2021-01-01",
        ),
        (
            Draft::plain("a.com").purpose(CLIENT),
            "the certificate is not meant for servers",
        ),
        (
            Draft::plain("b.com"),
            "impostor: the certificate is for b.com and not for a.com",
        ),
    ] {
        let made = draft.signed_by_itself();
        assert_eq!(said(&[&made], &[&made], "a.com"), expected);
        let other = draft.signed_by_itself();
        assert_ne!(said(&[&other], &[&made], "a.com"), "believed", "a namesake");
    }
    let made = Draft::plain("a.com").signed_by_itself();
    let stranger = Draft::authority("Root").signed_by_itself();
    let namesake = Draft::authority("a.com").signed_by_itself();
    for trusted in [&stranger, &namesake] {
        let said = said(&[trusted], &[&made], "a.com");
        assert_eq!(said, "the certificate is self-signed and not trusted");
    }
}

#[test]
fn nobody_vouches_who_may_not() {
    let Family { root, middle, own } = family(&root(), &middle(), &own());
    let stranger = Draft::authority("Stranger").signed_by_itself();
    let below_own = Draft::server("b.com").signed_by(&own);
    let words =
        "the certificate of its issuer CN=a.com is not an authority's (the CA flag is missing)";
    let chain = [&below_own, &own, &middle];
    assert_eq!(said(&[&root], &chain, "b.com"), words, "below a server's");
    let forged = Draft::server("b.com").forged(&middle, &stranger);
    let words = "the signature on the certificate of CN=b.com is not from CN=Middle";
    assert_eq!(
        said(&[&root], &[&forged, &middle], "b.com"),
        words,
        "forged"
    );
    let forged = Draft::server("b.com").forged(&root, &stranger);
    let words = "the signature on the certificate of CN=b.com is not from CN=Root";
    assert_eq!(
        said(&[&root], &[&forged], "b.com"),
        words,
        "in the root's name"
    );
}

#[test]
fn a_maze_of_authorities_is_left_in_time() {
    let root = Draft::authority("Root").signed_by_itself();
    // All in one name and with one key, so that any could have issued any.
    let first = Draft::authority("Maze").signed_by_itself();
    let door = |number: u8| Draft::authority("Maze").extension(100 + number, false, &[5, 0]);
    let maze: Vec<Made> = (0..19)
        .map(|number| door(number).signed_again(&first))
        .collect();
    let own = Draft::server("a.com").signed_by(&first);
    let chain: Vec<&Made> = [&own].into_iter().chain(&maze).collect();
    assert_ne!(said(&[&root], &chain, "a.com"), "believed", "no way out");
    let mut ladder = vec![Draft::authority("Step 0").signed_by(&root)];
    for step in 1..15 {
        let next = Draft::authority(&format!("Step {step}")).signed_by(&ladder[step - 1]);
        ladder.push(next);
    }
    let own = Draft::server("a.com").signed_by(&ladder[14]);
    let chain: Vec<&Made> = [&own].into_iter().chain(&ladder).collect();
    let words = "the chain has more than 10 certificates";
    assert_eq!(said(&[&root], &chain, "a.com"), words);
}

#[test]
fn no_bytes_are_too_strange_and_no_change_goes_unseen() {
    let root = Draft::authority("Root").signed_by_itself();
    let mut own = own();
    own.subject = subject(&[
        (3, UTF8, b"a.com"),
        (3, 0x1e, b"\xd8\x00x"),
        (10, 0x14, b"\xff"),
    ]);
    let own = own.signed_by(&root);
    let roots = Roots::of(vec![root.der.clone()]).expect("a root");
    let strict = Strict::new(roots, Purpose::Server, "a.com");
    let provider = Arc::new(provider::everything());
    let wishes = super::handshakes::wishes();
    let pinned = Wishes {
        pins: vec![[0; 32]],
        ..wishes
    };
    let refused = |bytes: &[u8], what: &str| {
        let chain = [CertificateDer::from(bytes.to_vec()), root.der.clone()];
        let judged = strict.judge(&chain, &provider, now());
        assert!(judged.is_err(), "believed although {what}");
        let lines = crate::secure::describe(&chain, &pinned, now());
        let safe = |line: &String| !line.contains(char::is_control);
        assert!(lines.iter().all(safe), "{what}: {lines:?}");
    };
    for end in 0..own.der.len() {
        refused(&own.der[..end], &format!("cut at {end}"));
    }
    for place in 0..own.der.len() {
        for change in [1, 0x20, 0x80, 0xff] {
            let mut bytes = own.der.to_vec();
            bytes[place] ^= change;
            refused(&bytes, &format!("byte {place} is changed by {change:#x}"));
        }
    }
    refused(&[&own.der[..], &[0]].concat(), "something follows");
}
