use super::*;
use crate::wire::proxy::Noise;
use crate::wire::proxy::auth::Login;

const URI: &str = "example.org:443";

struct Scene {
    warden: Warden,
    clock: Clock,
}

fn scene() -> Scene {
    let clock = Clock::new(Instant::now());
    let warden = Warden::new(credentials(), [1; 32], clock.clone());
    Scene { warden, clock }
}

fn credentials() -> Credentials {
    let (user, password) = (b"us\"er\xff".into(), b"se:cret".into());
    Credentials { user, password }
}

fn login() -> Login {
    Login::new(Some(credentials()), Noise::new([2; 32]))
}

impl Scene {
    fn judge(&mut self, authorization: &[u8]) -> Judgement {
        self.warden.judge(&[authorization], "CONNECT", URI)
    }

    /// What is offered to somebody who says nothing: values of fields.
    fn offered(&mut self) -> Vec<String> {
        match self.warden.judge(&[], "CONNECT", URI) {
            Judgement::Challenge(lines) => values(&lines),
            Judgement::Welcome(user) => panic!("{user} was let in"),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.clock.set(self.clock.now() + time);
    }

    /// Credentials that answer this nonce with a count, or without any.
    fn answer(&self, nonce: &str, count: Option<u32>) -> Vec<u8> {
        let count = count.map(|count| format!("{count:08x}"));
        let proof = Proof {
            algorithm: Algorithm::UNNAMED,
            user: &self.warden.credentials.user,
            realm: REALM.as_bytes(),
            password: &self.warden.credentials.password,
            nonce: nonce.as_bytes(),
            counted: count.as_ref().map(|count| Counted {
                count: count.as_bytes(),
                cnonce: b"c",
            }),
            method: b"CONNECT",
            uri: URI.as_bytes(),
        };
        let counted = count.as_ref().map_or_else(String::new, |count| {
            format!(", qop=auth, cnonce=c, nc={count}")
        });
        let user = fields::quote(proof.user);
        let rest = format!(
            ", realm={REALM}, nonce=\"{nonce}\", uri=\"{URI}\", response={}{counted}",
            proof.response()
        );
        [b"Digest username=", &user[..], rest.as_bytes()].concat()
    }
}

fn values(lines: &[String]) -> Vec<String> {
    let values = lines
        .iter()
        .map(|line| line.strip_prefix("Proxy-Authenticate: "));
    values.map(|value| value.expect("a field").into()).collect()
}

fn nonce_in(offered: &[String]) -> String {
    let (_, behind) = offered[1].split_once("nonce=\"").expect("a nonce");
    behind.split('"').next().expect("its end").into()
}

fn is_welcome(judgement: &Judgement) -> bool {
    matches!(judgement, Judgement::Welcome(_))
}

fn is_stale(judgement: &Judgement) -> bool {
    match judgement {
        Judgement::Welcome(_) => false,
        Judgement::Challenge(lines) => lines[1..].iter().all(|line| line.ends_with(", stale=true")),
    }
}

fn is_wrong(judgement: &Judgement) -> bool {
    matches!(judgement, Judgement::Challenge(lines) if lines.iter().all(|line| !line.contains("stale")))
}

#[test]
fn what_is_offered_is_what_old_and_new_peers_know() {
    let offered = scene().offered();
    let nonce = nonce_in(&offered);
    let digest = format!("Digest realm=\"Ncat\", nonce=\"{nonce}\", qop=\"auth\"");
    let sha = format!("{digest}, algorithm=SHA-256");
    assert_eq!(offered, ["Basic realm=\"Ncat\"".into(), digest, sha]);
}

#[test]
fn a_login_is_let_in_with_each_scheme_and_digest_only_once() {
    for (offer, once) in [(0, false), (1, true), (2, true)] {
        let (mut scene, mut login) = (scene(), login());
        let offered = scene.offered();
        login.challenged(&[offered[offer].as_bytes()], None);
        for turn in 0..100 {
            let sent = login.authorize("CONNECT", URI).expect("it was asked for");
            let judgement = scene.judge(&sent.value);
            let user = Judgement::Welcome("us\"er\\xff".into());
            assert_eq!(judgement, user, "scheme {offer}, turn {turn}");
            let again = scene.judge(&sent.value);
            assert_eq!(is_stale(&again), once, "scheme {offer}, turn {turn}");
        }
    }
}

#[test]
fn wrong_credentials_are_answered_like_none() {
    let mut scene = scene();
    let nonce = nonce_in(&scene.offered());
    let good = scene.answer(&nonce, Some(1));
    let text = |with: fn(String) -> String| {
        // The user's name has a byte that is not UTF-8, which must stay as it is: one letter for each byte.
        let letters = good.iter().map(|&byte| char::from(byte)).collect();
        let changed = with(letters);
        let bytes = changed.chars().map(|letter| letter as u8);
        bytes.collect::<Vec<u8>>()
    };
    let right = STANDARD.encode(b"us\"er\xff:se:cret");
    let basic = |token: &str| format!("Basic {token}").into_bytes();
    let cases = [
        ("no scheme", Vec::new()),
        ("another scheme", b"Bearer YTpi".to_vec()),
        ("no base64", basic("YTp")),
        (
            "another password",
            basic(&STANDARD.encode(b"us\"er\xff:se:cre")),
        ),
        ("no colon", basic(&STANDARD.encode(b"us\"er\xff"))),
        ("extra words", basic(&format!("{right} x"))),
        ("two", basic(&format!("{right}, Basic {right}"))),
        ("params", basic("realm=x")),
        (
            "another realm",
            text(|it| it.replace("realm=Ncat", "realm=ncat")),
        ),
        ("another user", text(|it| it.replace("us\\\"er", "user"))),
        ("another target", text(|it| it.replace(":443", ":444"))),
        (
            "another count",
            text(|it| it.replace("00000001", "00000002")),
        ),
        ("count of 0", text(|it| it.replace("00000001", "00000000"))),
        ("short count", text(|it| it.replace("00000001", "1"))),
        (
            "signed count",
            text(|it| it.replace("00000001", "+0000001")),
        ),
        (
            "another cnonce",
            text(|it| it.replace("cnonce=c", "cnonce=d")),
        ),
        ("no cnonce", text(|it| it.replace("cnonce=c, ", ""))),
        (
            "another quality",
            text(|it| it.replace("=auth,", "=auth-int,")),
        ),
        ("two realms", text(|it| it + ", realm=Ncat")),
        ("another algorithm", text(|it| it + ", algorithm=SHA-256")),
        ("a session", text(|it| it + ", algorithm=MD5-sess")),
        ("an unknown algorithm", text(|it| it + ", algorithm=MD4")),
        ("no response", text(|it| it.replace("response", "request"))),
        (
            "a nonce cut",
            text(|it| it.replacen("nonce=\"A", "nonce=\"", 1)),
        ),
        (
            "a nonce changed",
            text(|it| it.replacen("nonce=\"A", "nonce=\"B", 1)),
        ),
        (
            "a nonce of another",
            scene.answer(&nonce_in(&Scene::other().offered()), Some(1)),
        ),
        ("a nonce of nobody", scene.answer("", Some(1))),
    ];
    for (name, value) in &cases {
        let judgement = scene.judge(value);
        assert!(is_wrong(&judgement), "{name}: {judgement:?}");
    }
    let method = scene.warden.judge(&[&good], "GET", URI);
    assert!(is_wrong(&method), "another method");
    let twice = scene.warden.judge(&[&good, &good], "CONNECT", URI);
    assert!(is_wrong(&twice), "two fields");
    assert!(scene.warden.used.is_empty(), "strangers are remembered");
    assert!(is_welcome(&scene.judge(&good)), "the good one");
    assert!(
        is_welcome(&scene.judge(&basic(&right))),
        "the good one of Basic"
    );
}

impl Scene {
    /// Somebody else's proxy, which began at another time with another seed.
    fn other() -> Self {
        let mut scene = scene();
        scene.warden = Warden::new(credentials(), [9; 32], scene.clock.clone());
        scene
    }
}

#[test]
fn the_target_may_be_named_by_its_path_except_for_a_tunnel() {
    let cases = [
        ("http://a/b?c", "http://a/b?c", true, true),
        ("/b?c", "http://a/b?c", true, false),
        ("/", "http://a/", true, false),
        ("/", "http://a", true, false),
        ("/c", "http://a/b?c", false, false),
        ("", "http://a/b", false, false),
        ("b", "http://a/b", false, false),
        ("http://a", "http://a/", false, false),
        ("/b", "/b", true, true),
        ("a:1", "a:1", true, true),
        ("A:1", "a:1", false, false),
        ("/", "a:1", false, false),
    ];
    for (uri, target, get, connect) in cases {
        assert_eq!(
            names(uri.as_bytes(), "GET", target),
            get,
            "{uri} of {target}"
        );
        assert_eq!(
            names(uri.as_bytes(), "CONNECT", target),
            connect,
            "{uri} of {target}"
        );
    }
}

#[test]
fn a_nonce_lives_as_long_as_it_says() {
    let mut scene = scene();
    let nonce = nonce_in(&scene.offered());
    scene.pass(NONCE_LIFE);
    let last = scene.answer(&nonce, Some(1));
    assert!(is_welcome(&scene.judge(&last)), "at the end of its life");
    scene.pass(Duration::from_millis(1));
    let late = scene.answer(&nonce, Some(2));
    let judgement = scene.judge(&late);
    assert!(is_stale(&judgement), "behind it: {judgement:?}");
    let Judgement::Challenge(lines) = judgement else {
        panic!("stale is not let in");
    };
    let fresh = scene.answer(&nonce_in(&values(&lines)), Some(1));
    assert!(is_welcome(&scene.judge(&fresh)), "with the new nonce");
}

#[test]
fn counts_may_come_late_but_not_twice_and_not_very_late() {
    let mut scene = scene();
    let nonce = nonce_in(&scene.offered());
    let steps = [
        (5, true),
        (5, false),
        (3, true),
        (3, false),
        (6, true),
        (4, true),
        (1, true),
        (2, true),
        (1, false),
        (100, true),
        (36, false),
        (37, true),
        (37, false),
        (99, true),
        (u32::MAX, true),
        (u32::MAX, false),
        (u32::MAX - 63, true),
        (u32::MAX - 64, false),
        (101, false),
    ];
    for (at, (count, welcome)) in steps.into_iter().enumerate() {
        let answer = scene.answer(&nonce, Some(count));
        let judgement = scene.judge(&answer);
        let told = (is_welcome(&judgement), is_stale(&judgement));
        assert_eq!(told, (welcome, !welcome), "step {at}: count {count}");
    }
}

#[test]
fn who_does_not_count_may_come_once() {
    for (first, second) in [
        (None, None),
        (None, Some(1)),
        (None, Some(u32::MAX)),
        (Some(1), None),
    ] {
        let mut scene = scene();
        let nonce = nonce_in(&scene.offered());
        let first = scene.answer(&nonce, first);
        assert!(is_welcome(&scene.judge(&first)), "the first");
        let second = scene.answer(&nonce, second);
        assert!(is_stale(&scene.judge(&second)), "the second");
    }
}

#[test]
fn what_is_forgotten_cannot_be_used_again() {
    let mut scene = scene();
    let never_used = nonce_in(&scene.offered());
    let mut answers = Vec::new();
    for _ in 0..NONCES_MAX + 10 {
        let nonce = nonce_in(&scene.offered());
        answers.push(scene.answer(&nonce, Some(1)));
        let judgement = scene.judge(answers.last().expect("one was pushed"));
        assert!(is_welcome(&judgement));
        assert!(scene.warden.used.len() <= NONCES_MAX, "the table has grown");
    }
    answers.push(scene.answer(&never_used, Some(1)));
    for (at, answer) in answers.iter().enumerate() {
        assert!(
            is_stale(&scene.judge(answer)),
            "answer {at} was taken again"
        );
    }
}
