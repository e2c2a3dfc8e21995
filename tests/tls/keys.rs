//! The certificate of a listener: every form in which a key may come, and the one made for the run.

use std::fs;

use crate::common::ends::{Catcher, Medium};
use crate::common::program::terminal;
use crate::common::table::{Case, all_hold};
use crate::common::{Feeder, In, Out, Program, Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{hear, holds, listening, listening_as, s_client, words};

/// Makes `cert.pem` and `key.pem`, or both in one, in every form that openssl writes.
const FORMS: [(&str, &str); 9] = [
    ("PKCS#8, RSA", "openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem"),
    ("PKCS#1", "openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout k -out cert.pem
                openssl rsa -in k -traditional -out key.pem"),
    ("PKCS#8, P-256", "openssl req -new -x509 $ec -subj /CN=localhost -keyout key.pem -out cert.pem"),
    ("SEC1 with its parameters", "openssl ecparam -name prime256v1 -genkey -out key.pem
                                  openssl req -new -x509 -key key.pem -subj /CN=localhost -out cert.pem"),
    ("SEC1, P-384", "openssl ecparam -name secp384r1 -genkey -noout -out key.pem
                     openssl req -new -x509 -key key.pem -subj /CN=localhost -out cert.pem"),
    ("Ed25519", "openssl req -new -x509 -newkey ed25519 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem"),
    ("both in one file", "openssl req -new -x509 $ec -subj /CN=localhost -keyout k -out c
                          cat k c >cert.pem; cp cert.pem key.pem"),
    ("words around it", "openssl req -new -x509 $ec -subj /CN=localhost -keyout k -out c
                         (echo 'The certificate:'; openssl x509 -in c -text) >cert.pem
                         (echo; echo 'The key:'; cat k; echo bye) >key.pem"),
    ("lines that end in CR LF", "openssl req -new -x509 $ec -subj /CN=localhost -keyout k -out c
                                 sed 's/$/\\r/' c >cert.pem; sed 's/$/\\r/' k >key.pem"),
];

/// What openssl's client thinks of a server that we are with these options.
fn shown(options: &[String], theirs: &[&str]) -> Told<String> {
    let (mut scene, place) = listening(options)?;
    let (openssl, peer) = s_client(&place, theirs)?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    scene.until("openssl tells of the session", |s| {
        s.peer().rx.text().contains("Verify return code: ") || s.program.status.is_some()
    })?;
    Ok(scene.peer().rx.text())
}

#[test]
fn a_key_is_taken_in_every_form() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let case = |(form, lines): &(&str, &str)| {
        let lines = (*lines).to_owned();
        Case::new(*form, move || {
            let papers = Papers::of(&lines)?;
            let options = [
                "--ssl-cert",
                &papers.at("cert.pem"),
                "--ssl-key",
                &papers.at("key.pem"),
            ];
            let said = shown(
                &options.map(String::from),
                &["-CAfile", &papers.at("cert.pem")],
            )?;
            holds("openssl's client", &said, "Verify return code: 0 (ok)")
        })
    };
    all_hold(&FORMS.iter().map(case).collect::<Vec<_>>())
}

#[test]
fn the_whole_chain_is_shown() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; sign between root between basicConstraints=critical,CA:TRUE
         sign server between localhost subjectAltName=DNS:localhost
         cat server.pem between.pem >chain.pem",
    )?;
    let options = [
        "--ssl-cert",
        &papers.at("chain.pem"),
        "--ssl-key",
        &papers.at("server.key"),
    ];
    let theirs = [
        "-CAfile",
        &papers.at("root.pem"),
        "-verify_hostname",
        "localhost",
    ];
    let said = shown(&options.map(String::from), &theirs)?;
    holds("openssl's client", &said, "Verify return code: 0 (ok)")
}

#[test]
fn files_that_cannot_serve_are_refused_before_anybody_comes() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; root other; echo hello >text; : >empty; mkdir dir
         openssl x509 -in root.pem -outform DER -out root.der
         openssl pkcs8 -topk8 -in root.key -passout pass:secret -out locked.key
         openssl ec -in root.key -aes128 -passout pass:secret -out old.key",
    )?;
    let cases = [
        ("root.pem", "other.key"),
        ("root.pem", "none"),
        ("none", "root.key"),
        ("root.pem", "text"),
        ("text", "root.key"),
        ("empty", "root.key"),
        ("dir", "root.key"),
        ("root.pem", "root.pem"),
        ("root.key", "root.key"),
        ("root.der", "root.key"),
        // There is no terminal to ask at.
        ("root.pem", "locked.key"),
        ("root.pem", "old.key"),
    ];
    for (cert, key) in cases {
        for first in [&["-l", "127.0.0.1", "0"][..], &["127.0.0.1", "1"]] {
            let files = ["--ssl-cert", &papers.at(cert), "--ssl-key", &papers.at(key)];
            let program = Program::ncat(words(&[first, &files])).through(&["setsid", "-w"]);
            let outcome = Scene::of(program)?.ends_with(2)?;
            let last = outcome.stderr.lines().last().unwrap_or_default();
            assert!(
                last.starts_with("Ncat: ") && last.ends_with(" QUITTING."),
                "{cert} with {key}: {:?}",
                outcome.stderr
            );
        }
    }
    Ok(())
}

/// Our listener with a locked key on a terminal of its own, and who came to it.
fn asked_for(answers: &[u8], papers: &Papers) -> Told<Scene> {
    let failed = |e: std::io::Error| format!("no copy of a terminal: {e}");
    let (ours, theirs) = terminal()?;
    let (copy, screen) = (
        ours.try_clone().map_err(failed)?,
        theirs.try_clone().map_err(failed)?,
    );
    let files = [
        "-l",
        "-v",
        "127.0.0.1",
        "0",
        "--ssl-cert",
        &papers.at("root.pem"),
        "--ssl-key",
        &papers.at("locked.key"),
    ];
    let program = Program::ncat(files)
        .stdin(In::Given(theirs))
        .stdout(Out::Given(screen));
    let mut scene = Scene::of(program.through(&["setsid", "-c", "-w"]))?;
    scene.program.stdin = Feeder::new(copy, Medium::Terminal);
    scene.program.stdout = Catcher::new(ours, Medium::Terminal);
    scene.until("it asks", |s| {
        s.program.stdout.text().contains("pass phrase")
    })?;
    scene.program.stdin.push(answers);
    Ok(scene)
}

#[test]
fn a_locked_key_is_asked_for_on_the_terminal() -> Told {
    if !has("openssl") || !has("setsid") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root
         openssl pkcs8 -topk8 -in root.key -passout pass:secret -out locked.key",
    )?;
    for answers in ["secret\n", "wrong\nsecret\n"] {
        let mut scene = asked_for(answers.as_bytes(), &papers)?;
        let place = crate::common::scene::place_of(&mut scene)?;
        let (openssl, peer) = s_client(&place, &["-quiet"])?;
        scene.peers.push(peer);
        scene.others.push(openssl);
        hear(&mut scene, "hello\n")?;
        let screen = scene.program.stdout.text();
        assert!(
            !screen.contains("secret"),
            "what was typed stays unseen: {screen}"
        );
    }
    let mut scene = asked_for(b"no\nnope\nnever\n", &papers)?;
    scene.until("it gives up", |s| s.program.status.is_some())?;
    let status = scene.program.status.and_then(|status| status.code());
    assert_eq!(status, Some(2), "no right answer: {}", scene.state());
    Ok(())
}

#[test]
fn the_temporary_certificate_is_the_one_whose_fingerprint_is_told() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of("")?;
    let (mut scene, place) = listening(&["--ssl", "-k"])?;
    let (openssl, peer) = s_client(&place, &["-showcerts"])?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    scene.until("the certificate is shown", |s| {
        s.peer().rx.text().contains("-----END CERTIFICATE-----")
    })?;
    let text = scene.peer().rx.text();
    fs::write(papers.path("shown.pem"), text).map_err(|e| e.to_string())?;
    let stderr = scene.program.stderr.text();
    for (hash, name) in [("-sha1", "SHA-1"), ("-sha256", "SHA-256")] {
        let print = papers.says(&format!(
            "openssl x509 -in shown.pem -noout -fingerprint {hash}"
        ))?;
        let print = print
            .rsplit('=')
            .next()
            .unwrap_or_default()
            .replace(':', "");
        let line = stderr
            .lines()
            .find(|line| line.contains(&format!("{name} fingerprint: ")));
        let told: String = line
            .unwrap_or_default()
            .rsplit(": ")
            .next()
            .unwrap_or_default()
            .into();
        let digits: String = told.chars().filter(char::is_ascii_hexdigit).collect();
        assert_eq!(digits, print, "{name} of the certificate, in {stderr}");
    }
    let groups = stderr
        .lines()
        .find_map(|line| line.strip_prefix("Ncat: SHA-1 fingerprint: "));
    let groups: Vec<usize> = groups
        .unwrap_or_default()
        .split(' ')
        .map(str::len)
        .collect();
    assert_eq!(groups, [4; 10], "the shape that scripts know: {stderr}");
    let names = papers.says("openssl x509 -in shown.pem -noout -subject -ext subjectAltName")?;
    holds("the certificate", &names, "CN = 127.0.0.1")?;
    holds("the certificate", &names, "IP Address:127.0.0.1")
}

#[test]
fn the_temporary_certificate_can_be_trusted_by_whoever_has_a_copy() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of("")?;
    let (mut scene, place) = listening_as(&["--ssl", "-k"], |program| program)?;
    let there = crate::people::port_of(&place);
    papers.says(&format!(
        "openssl s_client -connect 127.0.0.1:{there} </dev/null 2>/dev/null | openssl x509 -out copy.pem"
    ))?;
    let checked = papers.says(&format!(
        "openssl s_client -connect 127.0.0.1:{there} -CAfile copy.pem -verify_ip 127.0.0.1 </dev/null 2>/dev/null"
    ))?;
    holds("openssl's client", &checked, "Verify return code: 0 (ok)")?;
    let trust = ["--ssl-trustfile", &papers.at("copy.pem")].map(String::from);
    let mut client = crate::people::calling(&place, &trust)?;
    client.program.stdin.push(b"it is you\n");
    client.until("it is taken", |s| {
        s.program.stdin.is_done() || s.program.status.is_some()
    })?;
    scene.until("stdout shows it", |s| {
        s.program.stdout.text() == "it is you\n"
    })
}
