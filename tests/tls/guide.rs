//! Every command with `--ssl` in the guide of Nmap's ncat, with a port of ours in place of its own.

use crate::common::ends::{Catcher, Medium};
use crate::common::program::terminal;
use crate::common::scene::place_of;
use crate::common::{Feeder, In, Out, Program, Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{
    Two, calling, calling_as, hear, holds, listening, port_of, s_client, s_server, say,
};

/// A server of somebody else's, which knows a line when it hears one.
fn at_a_server(papers: &Papers, theirs: &[&str], ours: &[&str]) -> Told<Scene> {
    let mut shown = papers.openssl("server");
    shown.extend(theirs.iter().map(|&word| word.to_owned()));
    let (openssl, place, peer) = s_server(&shown)?;
    let mut scene = calling_as("localhost", &place, ours)?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

/// `ncat -C --ssl server 443`, and the same with `--ssl-verify --ssl-trustfile custom-certs.pem`.
#[test]
fn a_secure_server_is_talked_to_in_lines_for_the_network() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let certs = papers.at("root.pem");
    let cases: [&[&str]; 2] = [
        &["-C", "--ssl"],
        &["-C", "--ssl-verify", "--ssl-trustfile", &certs],
    ];
    for ours in cases {
        let mut scene = at_a_server(&papers, &["-quiet"], &[&["-4"], ours].concat())?;
        scene.program.stdin.push(b"GET / HTTP/1.0\n\n");
        scene.until("the request arrived", |s| {
            s.peer().rx.text() == "GET / HTTP/1.0\r\n\r\n"
        })?;
        hear(&mut scene, "HTTP/1.0 200 OK\r\n")?;
    }
    Ok(())
}

/// `ncat -C --ssl-verify server 443`: nobody who is trusted by the system's store, or by the one
/// that is built in, has signed it.
#[test]
fn a_server_that_nobody_vouches_for_is_left() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let mut scene = at_a_server(&papers, &["-quiet"], &["-4", "-C", "--ssl-verify"])?;
    scene.program.stdin.push(b"secret\n");
    scene.ends_with(1)?;
    assert_eq!(scene.peer().rx.text(), "", "it was told all the same");
    Ok(())
}

/// `ncat --ssl-ciphers HIGH:!aNULL:!eNULL server 443`.
#[test]
fn ciphers_are_chosen_in_the_words_of_openssl() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    for version in ["-tls1_2", "-tls1_3"] {
        let ciphers = ["-4", "--ssl-ciphers", "HIGH:!aNULL:!eNULL"];
        let mut scene = at_a_server(&papers, &["-quiet", version], &ciphers)?;
        say(&mut scene, "hello\n")?;
    }
    let refused = calling_as(
        "localhost",
        &crate::common::Place::local(1),
        &["--ssl-ciphers", "none"],
    );
    let outcome = refused?.ends_with(2)?;
    holds("stderr", &outcome.stderr, " QUITTING.")?;
    assert_eq!(outcome.stdout, b"", "nothing is said on stdout");
    Ok(())
}

/// `ncat -v --listen --ssl`.
#[test]
fn a_listener_makes_a_certificate_for_itself() -> Told {
    let (mut scene, _) = listening(&["--ssl"])?;
    let place = place_of(&mut scene)?;
    let stderr = scene.program.stderr.text();
    holds("stderr", &stderr, "Ncat: Generating a temporary ")?;
    holds(
        "stderr",
        &stderr,
        "Use --ssl-key and --ssl-cert to use a permanent one.",
    )?;
    holds("stderr", &stderr, "Ncat: SHA-1 fingerprint: ")?;
    let caller = calling(&place, &["--ssl", "-v"])?;
    let mut two = Two {
        listener: scene,
        caller,
    };
    two.caller.program.stdin.push(b"hello\n");
    two.until("it is heard", |two| {
        two.listener.program.stdout.text() == "hello\n"
    })?;
    let told = stderr
        .lines()
        .find(|line| line.contains("SHA-1 fingerprint: "));
    let told = told.unwrap_or_default().to_owned();
    two.until("the caller has seen the same", |two| {
        two.caller.program.stderr.text().contains(&told)
    })
}

/// `openssl req -new -x509 -keyout test-key.pem -out test-cert.pem`, which locks the key, then
/// `ncat --listen --ssl --ssl-cert test-cert.pem --ssl-key test-key.pem` and
/// `ncat --ssl-verify --ssl-trustfile test-cert.pem`.
#[test]
fn a_certificate_by_the_recipe_is_used_and_trusted() -> Told {
    if !has("openssl") || !has("setsid") {
        return Ok(());
    }
    let papers = Papers::of(
        "openssl req -new -x509 -passout pass:secret -subj /C=AU/O=Test/CN=localhost \
             -keyout test-key.pem -out test-cert.pem",
    )?;
    let (cert, key) = (papers.at("test-cert.pem"), papers.at("test-key.pem"));
    let failed = |e: std::io::Error| format!("no copy of a terminal: {e}");
    let (ours, theirs) = terminal()?;
    let (copy, screen) = (
        ours.try_clone().map_err(failed)?,
        theirs.try_clone().map_err(failed)?,
    );
    let words = [
        "--listen",
        "-v",
        "127.0.0.1",
        "0",
        "--ssl",
        "--ssl-cert",
        &cert,
        "--ssl-key",
        &key,
    ];
    let program = Program::ncat(words)
        .stdin(In::Given(theirs))
        .stdout(Out::Given(screen));
    let mut server = Scene::of(program.through(&["setsid", "-c", "-w"]))?;
    server.program.stdin = Feeder::new(copy, Medium::Terminal);
    server.program.stdout = Catcher::new(ours, Medium::Terminal);
    server.until("it asks", |s| {
        s.program.stdout.text().contains("pass phrase")
    })?;
    server.program.stdin.push(b"secret\n");
    let place = place_of(&mut server)?;
    let caller = calling_as(
        "localhost",
        &place,
        &["-4", "--ssl-verify", "--ssl-trustfile", &cert],
    )?;
    let mut two = Two {
        listener: server,
        caller,
    };
    two.caller.program.stdin.push(b"it is you\n");
    two.until("it is heard", |two| {
        two.listener.program.stdout.text().contains("it is you\n")
    })?;
    two.listener.program.stdin.push(b"it is me\n");
    two.until("the caller has heard it", |two| {
        two.caller.program.stdout.text() == "it is me\n"
    })
}

/// `ncat -l localhost 143 --sh-exec "ncat --ssl imap.example.com 993"`.
#[test]
fn a_program_without_tls_is_given_it() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let shown: Vec<String> = [papers.openssl("server"), vec!["-quiet".into()]].concat();
    let (openssl, place, imap) = s_server(&shown)?;
    let ours = std::env::var("NCAT_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_ncat").into());
    let line = format!("'{ours}' --ssl 127.0.0.1 {}", port_of(&place));
    let (mut scene, place) = listening(&["--sh-exec", &line])?;
    scene.others.push(openssl);
    scene.peers.push(imap);
    scene.enter(&place)?;
    scene.peers[1].tx.push(b"a1 LOGIN\r\n");
    scene.until("the server heard it", |s| {
        s.peers[0].rx.text() == "a1 LOGIN\r\n"
    })?;
    scene.peers[0].tx.push(b"a1 OK\r\n");
    scene.until("the answer is here", |s| {
        s.peers[1].rx.text() == "a1 OK\r\n"
    })
}

/// The same the other way round: a server without TLS is given it.
#[test]
fn a_server_without_tls_is_given_it() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let (mut scene, place) = listening(&["-k", "--ssl", "--sh-exec", "tr a-z A-Z"])?;
    let (openssl, peer) = s_client(&place, &["-quiet", "-no_ign_eof"])?;
    scene.others.push(openssl);
    scene.peers.push(peer);
    scene.peer().tx.push(b"hello\n");
    // What it makes of it, it says when it has heard the end, and openssl listens no longer then.
    scene.until("it went out", |s| s.peer().tx.is_done())?;
    let mut client = calling(&place, &["--ssl"])?;
    client.program.stdin.push(b"hello\n");
    client.program.stdin.finish();
    let outcome = client.ends_with(0)?;
    assert_eq!(outcome.stdout, b"HELLO\n", "what the program made of it");
    Ok(())
}
