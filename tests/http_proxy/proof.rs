//! Who asks must prove who it is, and nobody else can say it again.

use std::process::Command;

use crate::common::{Told, told};
use crate::house::{CONNECTED, HELLO, House, has};

const LOGIN: &[&str] = &["--proxy-auth", "me:secret"];

/// The answer to somebody who did not prove who it is: its fields, and the nonce.
fn challenged(house: &mut House, client: usize) -> Told<String> {
    house.scene.until("the client is answered", |s| {
        let rx = &s.peers[client].rx;
        rx.got.ends_with(b"\r\n\r\n") || rx.ended()
    })?;
    let text = house.scene.peers[client].rx.text();
    let begins = "HTTP/1.1 407 Proxy Authentication Required\r\n\
                  Proxy-Authenticate: Basic realm=\"Ncat\"\r\n\
                  Proxy-Authenticate: Digest realm=\"Ncat\", nonce=\"";
    if !text.starts_with(begins) {
        return Err(format!("this is no challenge: {text:?}"));
    }
    Ok(text)
}

fn nonce_of(challenge: &str) -> Told<String> {
    let nonce = challenge.split("nonce=\"").nth(1);
    let nonce = nonce.and_then(|rest| rest.split('"').next());
    Ok(nonce.ok_or("a challenge without a nonce")?.to_owned())
}

#[test]
fn a_challenge_offers_basic_and_two_digests() -> Told {
    let mut house = House::open(LOGIN)?;
    let client = house.asks("GET http://ORIGIN/ HTTP/1.1\r\n\r\n")?;
    let text = challenged(&mut house, client)?;
    let nonce = nonce_of(&text)?;
    let digest =
        format!("Proxy-Authenticate: Digest realm=\"Ncat\", nonce=\"{nonce}\", qop=\"auth\"");
    let wanted = format!(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"Ncat\"\r\n\
         {digest}\r\n{digest}, algorithm=SHA-256\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(text, wanted);
    house.is_unmet("without a password")?;
    // The connection stays for the next attempt.
    house.forgets(client);
    house.says(
        client,
        "GET http://ORIGIN/ HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n",
    );
    let origin = house.met()?;
    house.says_bytes(origin, HELLO);
    house.heard(client, HELLO)?;
    let seen = house.scene.peers[origin].rx.text();
    assert!(!seen.to_lowercase().contains("authorization"), "{seen}");
    Ok(())
}

#[test]
fn a_request_that_is_wrong_is_refused_before_anybody_is_asked_for_a_password() -> Told {
    let mut house = House::open(LOGIN)?;
    for (request, status) in [
        (
            "GET http://ORIGIN/ HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "400 Bad Request",
        ),
        ("x\r\n\r\n", "400 Bad Request"),
    ] {
        let client = house.asks(request)?;
        house.heard_last(client, &crate::house::last_words(status))?;
    }
    // And who has no password does not get to know what could be reached.
    for request in [
        "GET http://127.0.0.1:PROXY/ HTTP/1.1\r\n\r\n",
        "CONNECT 127.0.0.1:PROXY HTTP/1.1\r\n\r\n",
    ] {
        let client = house.asks(request)?;
        challenged(&mut house, client)?;
    }
    Ok(())
}

#[test]
fn wrong_proofs_of_all_kinds_are_challenged() -> Told {
    let mut house = House::open(LOGIN)?;
    for proof in [
        "Basic bWU6d3Jvbmc=",
        "Basic bWU6c2VjcmV0Cg==",
        "Basic bWU6c2VjcmV0 x",
        "Basic",
        "Basic \u{e4}",
        "Bearer bWU6c2VjcmV0",
        "Digest",
        "Digest username=\"me\"",
        "Digest username=\"me\", realm=\"Ncat\", nonce=\"AAAA\", uri=\"http://ORIGIN/\", response=\"00\"",
        "Digest username=\"me",
        "",
        "Basic bWU6c2VjcmV0\r\nProxy-Authorization: Basic bWU6c2VjcmV0",
    ] {
        let client = house.asks(&format!(
            "GET http://ORIGIN/ HTTP/1.1\r\nProxy-Authorization: {proof}\r\n\r\n"
        ))?;
        let answer = challenged(&mut house, client);
        answer.map_err(|e| format!("{proof:?}: {e}"))?;
        house.is_unmet(proof)?;
    }
    for scheme in ["Basic", "bAsIc"] {
        let client = house.asks(&format!(
            "CONNECT ORIGIN HTTP/1.1\r\nproxy-AUTHORIZATION:  {scheme}  bWU6c2VjcmV0\r\n\r\n"
        ))?;
        house.met()?;
        house.heard(client, CONNECTED)?;
    }
    Ok(())
}

/// What openssl makes of a text.
fn hash(algorithm: &str, text: &str) -> Told<String> {
    let mut shell = Command::new("/bin/sh");
    let line = format!("printf %s \"$1\" | openssl dgst -{algorithm}");
    let output = told(shell.args(["-c", &line, "sh", text]).output())?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let digits = said.rsplit(' ').next().unwrap_or_default();
    Ok(digits.to_owned())
}

/// A proof of Digest.
struct Proof<'a> {
    algorithm: &'a str,
    name: &'a str,
    nonce: &'a str,
    method: &'a str,
    uri: &'a str,
    /// None for the way before there were counts.
    count: Option<&'a str>,
}

impl Proof<'_> {
    fn field(&self) -> Told<String> {
        let Self {
            name, nonce, uri, ..
        } = self;
        let secret = hash(self.algorithm, "me:Ncat:secret")?;
        let what = hash(self.algorithm, &format!("{}:{uri}", self.method))?;
        let (counted, middle) = match self.count {
            Some(count) => (
                format!(", qop=auth, nc={count}, cnonce=\"c\""),
                format!("{nonce}:{count}:c:auth"),
            ),
            None => (String::new(), (*nonce).to_owned()),
        };
        let response = hash(self.algorithm, &format!("{secret}:{middle}:{what}"))?;
        let algorithm = match *name {
            "" => String::new(),
            name => format!(", algorithm={name}"),
        };
        Ok(format!(
            "Proxy-Authorization: Digest username=\"me\", realm=\"Ncat\", nonce=\"{nonce}\", \
             uri=\"{uri}\"{counted}, response=\"{response}\"{algorithm}\r\n"
        ))
    }
}

#[test]
fn a_proof_by_digest_is_good_once_and_for_its_own_request_only() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let mut house = House::open(LOGIN)?;
    let there = format!("127.0.0.1:{}", house.port());
    for (algorithm, name, count) in [
        ("md5", "", Some("00000001")),
        ("md5", "MD5", Some("00000001")),
        ("sha256", "SHA-256", Some("00000001")),
        ("md5", "", None),
    ] {
        let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
        let nonce = nonce_of(&challenged(&mut house, client)?)?;
        let proof = |method, uri, count| {
            Proof {
                algorithm,
                name,
                nonce: &nonce,
                method,
                uri,
                count,
            }
            .field()
        };
        // Made for something else: neither of these uses the nonce up.
        for (method, uri) in [
            ("CONNECT", "127.0.0.1:1"),
            ("CONNECT", "/"),
            ("GET", there.as_str()),
        ] {
            let field = proof(method, uri, count)?;
            let client = house.asks(&format!("CONNECT ORIGIN HTTP/1.1\r\n{field}\r\n"))?;
            let answer = challenged(&mut house, client);
            answer.map_err(|e| format!("{name}: made for {method} {uri}: {e}"))?;
        }
        let field = proof("CONNECT", &there, count)?;
        let client = house.asks(&format!("CONNECT ORIGIN HTTP/1.1\r\n{field}\r\n"))?;
        house
            .met()
            .map_err(|e| format!("{algorithm} {name}: {e}"))?;
        house.heard(client, CONNECTED)?;
        // Said again by somebody who has listened.
        for _ in 0..2 {
            let client = house.asks(&format!("CONNECT ORIGIN HTTP/1.1\r\n{field}\r\n"))?;
            let answer = challenged(&mut house, client)?;
            assert!(answer.contains(", stale=true\r\n"), "{answer}");
            house.is_unmet("a proof that was used")?;
        }
        // Who knows the password may count on.
        let more = proof("CONNECT", &there, Some("0000000a"))?;
        let client = house.asks(&format!("CONNECT ORIGIN HTTP/1.1\r\n{more}\r\n"))?;
        match count {
            Some(_) => {
                house.met()?;
                house.heard(client, CONNECTED)?;
            }
            None => challenged(&mut house, client).map(drop)?,
        }
    }
    Ok(())
}

#[test]
fn the_password_may_come_from_the_environment() -> Told {
    let mut house = House::dressed(&[], |program| program.env("NCAT_PROXY_AUTH", "me:secret"))?;
    let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
    challenged(&mut house, client)?;
    let client =
        house.asks("CONNECT ORIGIN HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n")?;
    house.met()?;
    house.heard(client, CONNECTED)
}
