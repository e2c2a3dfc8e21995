//! openssl on the other side: versions, ciphers, client certificates, ALPN, the name that is asked for.

use crate::common::table::{Case, all_hold};
use crate::common::{Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{both_say_all, calling, calling_as, hear, holds, listening, say, words};
use crate::people::{s_client, s_server};

/// More than one record, and more than a socket takes at once.
const BULK: usize = 3 << 20;

/// Our program connected to openssl's server, and what the server says.
fn client(ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
    let (openssl, place, peer) = s_server(&words(&[&papers.openssl("server"), &words(&[theirs])]))?;
    let mut scene = calling_as("localhost", &place, &words(&[&["--ssl", "-4"], ours]))?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

/// The same the other way round.
fn server(ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
    let (mut scene, place) = listening(&words(&[&papers.ncat("server"), &words(&[ours])]))?;
    let (openssl, peer) = s_client(&place, theirs)?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

fn meet(listens: bool, ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
    match listens {
        true => server(ours, theirs, papers),
        false => client(ours, theirs, papers),
    }
}

#[test]
fn bytes_go_both_ways_with_each_version_whoever_listens() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let mut cases = Vec::new();
    for version in ["-tls1_2", "-tls1_3"] {
        for listens in [false, true] {
            let papers = &papers;
            cases.push(Case::new(
                format!("{version}, listening: {listens}"),
                move || {
                    let mut scene = meet(listens, &[], &["-quiet", version], papers)?;
                    both_say_all(&mut scene, BULK)?;
                    scene.program.stdin.finish();
                    scene.ends_with(0).map(drop)
                },
            ));
        }
    }
    all_hold(&cases)
}

#[test]
fn the_end_that_openssl_says_is_an_end() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    for version in ["-tls1_2", "-tls1_3"] {
        // A client of openssl's that does not ignore the end of its stdin says goodbye at it.
        let mut scene = server(&[], &["-quiet", "-no_ign_eof", version], &papers)?;
        hear(&mut scene, "last words\n")?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

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
fn our_certificate_is_shown_to_a_server_that_asks() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; sign server root localhost subjectAltName=DNS:localhost
         sign me root somebody extendedKeyUsage=clientAuth",
    )?;
    let trust = papers.at("root.pem");
    for version in ["-tls1_2", "-tls1_3"] {
        let asks = [
            "-Verify",
            "1",
            "-verify_return_error",
            "-CAfile",
            &trust,
            version,
        ];
        let mine = papers.ncat("me");
        let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
        let mut scene = client(&mine, &asks, &papers)?;
        say(&mut scene, "hello\n")?;
        holds("openssl's server", &scene.peer().rx.text(), "CN = somebody")?;
        // Without one, we are refused: at once, or with 1.3 when we think that we are in already.
        let mut scene = client(&[], &asks, &papers)?;
        let outcome = scene.ends_with(1)?;
        assert!(!outcome.stderr.is_empty(), "{version}: a reason is given");
    }
    Ok(())
}

#[test]
fn a_listener_that_verifies_takes_only_those_with_a_good_certificate() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; root other; sign server root localhost subjectAltName=DNS:localhost
         sign me root somebody extendedKeyUsage=clientAuth
         sign stranger other somebody extendedKeyUsage=clientAuth
         sign posing root somebody extendedKeyUsage=serverAuth",
    )?;
    let trust = ["--ssl-trustfile", &papers.at("root.pem")].map(String::from);
    let trust = trust.each_ref().map(String::as_str);
    for version in ["-tls1_2", "-tls1_3"] {
        let with = |who| words(&[&papers.openssl(who), &words(&[&["-quiet", version]])]);
        let mine = with("me");
        let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
        let mut scene = server(&trust, &mine, &papers)?;
        hear(&mut scene, "let me in\n")?;
        for who in ["", "stranger", "posing"] {
            let theirs = match who {
                "" => words(&[&["-quiet", version]]),
                who => with(who),
            };
            let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
            let mut scene = server(&trust, &theirs, &papers)?;
            scene.peer().tx.push(b"let me in\n");
            let outcome = scene.ends_with(1)?;
            assert!(
                outcome.stdout.is_empty(),
                "{who:?} with {version} was heard"
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

#[test]
fn many_of_them_are_served_at_once() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let (mut scene, place) = listening(&["-k", "--ssl"])?;
    for nth in 0..4 {
        let version = ["-tls1_2", "-tls1_3"][nth % 2];
        let (openssl, peer) = s_client(&place, &["-quiet", version])?;
        scene.peers.push(peer);
        scene.others.push(openssl);
        hear(&mut scene, ["one\n", "two\n", "three\n", "four\n"][nth])?;
    }
    scene.program.stdin.push(b"to all of you\n");
    scene.until("everybody heard it", |s| {
        s.peers
            .iter()
            .all(|peer| peer.rx.text() == "to all of you\n")
    })?;
    // One goes, and the others are still there.
    scene.peers.remove(0);
    drop(scene.others.remove(0));
    hear(&mut scene, "five\n")?;
    let mut again = calling(&place, &["--ssl"])?;
    again.program.stdin.push(b"six\n");
    again.program.stdin.finish();
    again.until("what was said is on its way", |s| s.program.stdin.is_done())?;
    scene.until("stdout shows it", |s| {
        s.program.stdout.text().contains("six\n")
    })
}
