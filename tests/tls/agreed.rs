//! What is agreed with openssl on the other side: version, cipher, protocol, and the name asked for.

use crate::common::Told;
use crate::foreign::{client, meet, server};
use crate::papers::{Papers, has};
use crate::people::{calling_as, holds, s_server, say, words};

#[test]
fn versions_and_ciphers_are_the_ones_asked_for() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let chacha = "--ssl-ciphers=ECDHE-ECDSA-CHACHA20-POLY1305";
    let cases: [(&[&str], &[&str], &str); 5] = [
        (&[], &[], "New, TLSv1.3, Cipher is "),
        (&["--ssl-max-version=1.2"], &[], "New, TLSv1.2, Cipher is "),
        (&["--ssl-min-version=1.3"], &[], "New, TLSv1.3, Cipher is "),
        (
            &[chacha, "--ssl-max-version=TLSv1.2"],
            &[],
            "New, TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305",
        ),
        (
            &[],
            &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
            "New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256",
        ),
    ];
    let papers = Papers::usual()?;
    for (ours, theirs, wanted) in cases {
        let mut scene = server(ours, theirs, &papers)?;
        scene.until(
            &format!("{ours:?} and {theirs:?} make it {wanted:?}"),
            |s| s.peer().rx.text().contains(wanted),
        )?;
    }
    Ok(())
}

#[test]
fn no_common_version_is_an_error_on_either_side() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    for listens in [false, true] {
        let pairs = [
            ("--ssl-min-version=1.3", "-tls1_2"),
            ("--ssl-max-version=1.2", "-tls1_3"),
        ];
        for (ours, theirs) in pairs {
            let mut scene = meet(listens, &[ours], &[theirs], &papers)?;
            let outcome = scene.ends_with(1)?;
            assert!(
                outcome.stdout.is_empty(),
                "{ours} with {theirs}: nothing was said"
            );
            assert!(
                !outcome.stderr.is_empty(),
                "{ours} with {theirs}: a reason is given"
            );
        }
    }
    Ok(())
}

#[test]
fn protocols_are_offered_and_chosen() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let mut scene = client(&["--ssl-alpn=h2,http/1.1"], &["-alpn", "http/1.1"], &papers)?;
    say(&mut scene, "hello\n")?;
    let told = scene.peer().rx.text();
    holds(
        "openssl's server",
        &told,
        "ALPN protocols advertised by the client: h2, http/1.1",
    )?;
    holds(
        "openssl's server",
        &told,
        "ALPN protocols selected: http/1.1",
    )?;

    let mut scene = server(
        &["--ssl-alpn=h2,http/1.1"],
        &["-alpn", "x,http/1.1"],
        &papers,
    )?;
    say(&mut scene, "hello\n")?;
    holds(
        "openssl's client",
        &scene.peer().rx.text(),
        "ALPN protocol: http/1.1",
    )?;

    let mut scene = server(&["--ssl-alpn=h2"], &["-alpn", "x"], &papers)?;
    scene.ends_with(1)?;
    Ok(())
}

#[test]
fn the_name_asked_for_is_the_target_or_the_one_given_and_never_an_address() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let asked = |name: &str| format!("Hostname in TLS extension: \"{name}\"");
    // Openssl tells of it only when it has a second name to choose by.
    let second = words(&[
        &papers.openssl("server"),
        &words(&[&["-servername", "other.example"]]),
    ]);
    let second: Vec<&str> = second.iter().map(String::as_str).collect();
    let with_second = |cert: &str, key: &str| {
        let more = ["-cert2", cert, "-key2", key];
        words(&[&second, &more[..]])
    };
    let theirs = with_second(&papers.at("server.pem"), &papers.at("server.key"));
    let cases: [(&str, &[&str], Option<&str>); 4] = [
        ("localhost", &["-4"], Some("localhost")),
        (
            "localhost",
            &["-4", "--ssl-servername=a.example"],
            Some("a.example"),
        ),
        (
            "127.0.0.1",
            &["--ssl-servername=a.example"],
            Some("a.example"),
        ),
        ("127.0.0.1", &[], None),
    ];
    for (host, ours, wanted) in cases {
        let (_openssl, place, peer) = s_server(&theirs)?;
        let mut scene = calling_as(host, &place, &words(&[&["--ssl"], ours]))?;
        scene.peers.push(peer);
        say(&mut scene, "hello\n")?;
        let told = scene.peer().rx.text();
        match wanted {
            Some(name) => holds("openssl's server", &told, &asked(name))?,
            None => assert!(
                !told.contains("Hostname in TLS"),
                "an address is no name: {told}"
            ),
        }
    }
    Ok(())
}
