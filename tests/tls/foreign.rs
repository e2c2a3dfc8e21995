//! openssl on the other side: bytes, ends, certificates of clients, many at once.

use std::time::Duration;

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::{Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{both_say_all, calling, calling_as, hear, holds, listening, say, words};
use crate::people::{s_client, s_server};

/// More than one record, and more than a socket takes at once.
const BULK: usize = 3 << 20;

/// Our program connected to openssl's server, and what the server says.
pub(crate) fn client(ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
    let (openssl, place, peer) = s_server(&words(&[&papers.openssl("server"), &words(&[theirs])]))?;
    let mut scene = calling_as("localhost", &place, &words(&[&["--ssl", "-4"], ours]))?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

/// The same the other way round.
pub(crate) fn server(ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
    let (mut scene, place) = listening(&words(&[&papers.ncat("server"), &words(&[ours])]))?;
    let (openssl, peer) = s_client(&place, theirs)?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

pub(crate) fn meet(listens: bool, ours: &[&str], theirs: &[&str], papers: &Papers) -> Told<Scene> {
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

/// Long enough for whatever moves by itself to have moved.
const A_MOMENT: Duration = Duration::from_millis(150);

#[test]
fn a_reader_that_stops_holds_up_one_direction_only() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    for listens in [false, true] {
        for version in ["-tls1_2", "-tls1_3"] {
            let mut scene = meet(listens, &[], &["-quiet", version], &papers)?;
            let all = noise(12, BULK);
            scene.program.stdout.paused = true;
            scene.peer().tx.push(&all);
            scene.until_quiet(A_MOMENT)?;
            say(&mut scene, "I hear nobody, but can be heard\n")?;
            scene.program.stdout.paused = false;
            scene.until("all was read", |s| s.program.stdout.got.len() >= BULK)?;
            same("what stdout was given", &scene.program.stdout.got, &all)?;
        }
    }
    Ok(())
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
