use super::*;
use crate::wire::Then;

fn login(user: &[u8], password: &[u8]) -> Login {
    let (user, password) = (user.into(), password.into());
    Login::new(Some(Credentials { user, password }), Noise::new([7; 32]))
}

/// The value of the next request's field, with what nobody can foresee left out.
fn value(login: &mut Login) -> Option<String> {
    let sent = login.authorize("GET", "/dir/index.html")?;
    let value = String::from_utf8(sent.value).expect("the names here are ASCII");
    Some(without(&without(&value, "cnonce=\""), "response=\""))
}

/// A text without the value behind `name`, which ends with a quote.
fn without(text: &str, name: &str) -> String {
    let Some((before, value)) = text.split_once(name) else {
        return text.into();
    };
    let (value, after) = value.split_once('"').expect("a value in quotes");
    format!("{before}{name}{}\"{after}", value.len())
}

const DIGEST: &[u8] = b"Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
const STALE: &[u8] = b"Digest realm=\"r\", nonce=\"m\", qop=\"auth\", stale=TRUE";

#[test]
fn nothing_is_told_before_it_is_asked_for() {
    assert_eq!(login(b"user", b"secret").authorize("CONNECT", "a:1"), None);
}

#[test]
fn the_best_of_what_is_offered_is_used() {
    let counted = "qop=auth, cnonce=\"16\", nc=00000001, response";
    let md5 = &format!(
        "Digest username=\"user\", realm=\"r\", nonce=\"n\", uri=\"/dir/index.html\", {counted}=\"32\""
    );
    let sha = &format!(
        "Digest username=\"user\", realm=\"r\", nonce=\"n\", uri=\"/dir/index.html\", algorithm=SHA-256, {counted}=\"64\""
    );
    let basic = "Basic dXNlcjpzZWNyZXQ=";
    let sha_field = "Digest realm=r, nonce=n, qop=auth, algorithm=sha-256";
    let digest = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    let cases: [(&[&str], String); 12] = [
        (&["Basic realm=\"r\""], basic.into()),
        (&[digest], md5.clone()),
        (&["Basic realm=r", digest], md5.clone()),
        (&[digest, "Basic realm=r"], md5.clone()),
        (&["Basic realm=r", digest, sha_field], sha.clone()),
        (&[sha_field, digest, "Basic realm=r"], sha.clone()),
        (
            &["Negotiate, Digest realm=r, nonce=n, qop=\"auth-int, Auth\", NTLM"],
            md5.clone(),
        ),
        (
            &["Digest realm=r, nonce=n, qop=auth, opaque=\"a\\\"b\""],
            format!("{md5}, opaque=\"a\\\"b\""),
        ),
        (
            &["Digest realm=r, nonce=n, qop=auth, algorithm=MD5"],
            md5.replace("qop", "algorithm=MD5, qop"),
        ),
        (
            &["Digest realm=r, nonce=n"],
            md5.replace("qop=auth, cnonce=\"16\", nc=00000001, ", ""),
        ),
        (
            &["Digest realm=r, nonce=n, qop=auth-int, Basic realm=r"],
            basic.into(),
        ),
        (
            &["Digest realm=r, nonce=n, algorithm=SHA-512-256, Digest realm=r, Basic realm=r"],
            basic.into(),
        ),
    ];
    for (offered, wanted) in cases {
        let mut login = login(b"user", b"secret");
        let bytes: Vec<_> = offered.iter().map(|value| value.as_bytes()).collect();
        let fault = login.challenged(&bytes, None);
        assert_eq!(fault, Fault::again(REFUSED), "{offered:?}");
        assert_eq!(value(&mut login), Some(wanted), "{offered:?}");
    }
}

#[test]
fn a_proof_without_a_count_is_that_of_the_standard() {
    let mut login = login(b"Mufasa", b"Circle Of Life");
    let nonce = b"dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let offered = [b"Digest realm=\"testrealm@host.com\", nonce=", &nonce[..]].concat();
    login.challenged(&[&offered], None);
    let sent = login.authorize("GET", "/dir/index.html").expect("asked");
    let value = String::from_utf8_lossy(&sent.value);
    let right = "response=\"670fd8c2df070c60b045671b8b24ff02\"";
    assert!(value.ends_with(right), "{value}");
}

#[test]
fn each_request_with_a_nonce_has_its_own_count() {
    let mut login = login(b"user", b"secret");
    login.challenged(&[DIGEST], None);
    for count in 1..20 {
        let value = value(&mut login).expect("asked for");
        assert!(value.contains(&format!("nc={count:08x},")), "{value}");
    }
    login.challenged(&[DIGEST], None);
    let value = value(&mut login).expect("asked for");
    assert!(value.contains("nc=00000001,"), "a new challenge: {value}");
}

/// A name, a password, what is offered, and what comes of it.
type Case<'a> = (&'a [u8], &'a [u8], &'a [u8], &'a Fault);

#[test]
fn what_cannot_be_answered_is_said_in_its_own_words() {
    let refused = Fault::new(REFUSED);
    let unknown = Fault::wrong_peer("Unknown authentication type");
    let control = Fault::new("the name or the password for the proxy holds a control character");
    let colon = Fault::new("the proxy takes no name with a colon");
    let again = Fault::again(REFUSED);
    let cases: [Case<'_>; 11] = [
        (b"user", b"secret", b"", &refused),
        (b"user", b"secret", b"Negotiate", &unknown),
        (b"user", b"secret", b"Basic", &unknown),
        (b"user", b"secret", b"NTLM abc=", &unknown),
        (
            b"user",
            b"secret",
            b"Digest realm=r, realm=r, nonce=n",
            &unknown,
        ),
        (b"us\ner", b"secret", DIGEST, &control),
        (b"user", b"sec\0ret", DIGEST, &control),
        (b"user", b"secret\r", b"Basic realm=r", &control),
        (b"us:er", b"secret", b"Basic realm=r", &colon),
        (b"us:er", b"secret", DIGEST, &again),
        (b"\xff\"\\", b":\xfe", DIGEST, &again),
    ];
    for (user, password, offered, wanted) in cases {
        let mut login = login(user, password);
        assert_eq!(&login.challenged(&[offered], None), wanted, "{offered:?}");
    }
    let fault = Login::new(None, Noise::new([7; 32])).challenged(&[DIGEST], None);
    assert_eq!(fault, refused, "without credentials");
}

#[test]
fn a_refusal_is_final_and_the_next_connection_asks_anew() {
    for offered in [b"Basic realm=r", DIGEST] {
        let mut login = login(b"user", b"secret");
        login.challenged(&[offered], None);
        let sent = login.authorize("CONNECT", "a:1");
        assert!(sent.is_some());
        let fault = login.challenged(&[offered], sent.as_ref());
        assert_eq!(fault.then, Then::Break, "{offered:?}");
        assert_eq!(login.authorize("CONNECT", "a:1"), None, "{offered:?}");
    }
}

#[test]
fn an_old_nonce_is_replaced_once() {
    let mut login = login(b"user", b"secret");
    login.challenged(&[DIGEST], None);
    for round in 0..3 {
        let offered = format!("Digest realm=r, nonce=n{round}, qop=auth, stale=true");
        let sent = login.authorize("CONNECT", "a:1");
        let fault = login.challenged(&[offered.as_bytes()], sent.as_ref());
        assert_eq!(fault.then, Then::Again, "round {round}");
        assert!(login.authorize("CONNECT", "a:1").is_some());
        login.welcomed();
    }
    let sent = login.authorize("CONNECT", "a:1");
    assert_eq!(login.challenged(&[STALE], sent.as_ref()).then, Then::Again);
    let sent = login.authorize("CONNECT", "a:1");
    let fault = login.challenged(&[DIGEST], sent.as_ref());
    assert_eq!(fault.then, Then::Break, "the new nonce was refused");
}

#[test]
fn a_proxy_that_is_never_content_is_left() {
    let mut login = login(b"user", b"secret");
    login.challenged(&[DIGEST], None);
    let mut met = 0;
    loop {
        met += 1;
        let sent = login.authorize("CONNECT", "a:1");
        let offered = format!("Digest realm=r, nonce=n{met}, qop=auth, stale=true");
        if login.challenged(&[offered.as_bytes()], sent.as_ref()).then == Then::Break {
            break;
        }
    }
    assert_eq!(met, STALE_MAX + 1);
}

#[test]
fn connections_of_one_time_do_not_use_up_each_others_second_chance() {
    let mut login = login(b"user", b"secret");
    login.challenged(&[DIGEST], None);
    let sent: Vec<_> = (0..4).map(|_| login.authorize("CONNECT", "a:1")).collect();
    for (at, sent) in sent.iter().enumerate() {
        let offered = format!("Digest realm=r, nonce=n{at}, qop=auth, stale=true");
        let fault = login.challenged(&[offered.as_bytes()], sent.as_ref());
        assert_eq!(fault.then, Then::Again, "connection {at}");
    }
    let value = value(&mut login).expect("asked for");
    assert!(
        value.contains("nonce=\"n0\"") && value.contains("nc=00000001"),
        "{value}"
    );
}

#[test]
fn a_nonce_that_was_used_as_often_as_can_be_counted_is_not_used_again() {
    let mut login = login(b"user", b"secret");
    login.challenged(&[DIGEST], None);
    let Some(Way::Digest(challenge)) = &mut login.way else {
        panic!("it was Digest that was offered");
    };
    challenge.uses = Some(u32::MAX - 1);
    let last = value(&mut login).expect("one is left");
    assert!(last.contains("nc=ffffffff,"), "{last}");
    assert_eq!(value(&mut login), None);
}

#[test]
fn the_user_is_asked_three_times_at_most_and_only_when_the_proxy_asks() {
    for offered in [&b"Basic realm=r"[..], DIGEST] {
        let mut login = login(b"user", b"").asking();
        assert_eq!(login.authorize("CONNECT", "a:1"), None, "nothing is known");
        let mut sent = None;
        for question in 1..=3 {
            let fault = login.challenged(&[offered], sent.as_ref());
            assert_eq!(fault.then, Then::Ask, "question {question}");
            login.told(b"wrong".into());
            sent = login.authorize("CONNECT", "a:1");
            assert!(sent.is_some(), "the answer to question {question} is told");
        }
        let fault = login.challenged(&[offered], sent.as_ref());
        assert_eq!(fault.then, Then::Break, "that was the last question");
    }
    let mut login = login(b"user", b"").asking();
    login.challenged(&[b"Basic realm=r"], None);
    login.told(b"secret".into());
    let wanted = "Basic dXNlcjpzZWNyZXQ=";
    assert_eq!(value(&mut login).as_deref(), Some(wanted), "what is told");
}
