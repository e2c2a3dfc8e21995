//! A client that verifies: who is let through, and what is said of the others, with which status.

use crate::common::table::{Case, all_hold};
use crate::common::{Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{calling_as, holds, s_server, say, words};

/// Everything there is to be shown by a server.
const LINES: &str = "
    openssl req -new -x509 $ec -subj /CN=localhost -days 30 -keyout self.key -out self.pem
    root root; root other
    sign good root localhost subjectAltName=DNS:localhost,IP:127.0.0.1
    sign shouting root x subjectAltName=DNS:LOCALHOST
    sign plain root localhost ''
    sign elsewhere root x subjectAltName=DNS:other.example,DNS:localhost.example
    sign far root x subjectAltName=IP:127.0.0.2
    sign text root x subjectAltName=DNS:127.0.0.1
    sign client root localhost subjectAltName=DNS:localhost extendedKeyUsage=clientAuth
    sign between root between basicConstraints=critical,CA:TRUE
    sign under between localhost subjectAltName=DNS:localhost
    cat under.pem between.pem >whole.pem; cp under.key whole.key
    sign short root localhost subjectAltName=DNS:localhost
    sign bogus short localhost subjectAltName=DNS:localhost
    cat bogus.pem short.pem >viashort.pem; cp bogus.key viashort.key
    from=20200101000000Z to=20200102000000Z
    sign late root localhost subjectAltName=DNS:localhost
    from=20490101000000Z to=20490102000000Z
    sign early root localhost subjectAltName=DNS:localhost
";

/// What the server shows, whom we trust, by which name we call, the status, and a word of the reason.
const CASES: [(&str, &str, &str, i32, &str); 20] = [
    ("self", "self", "localhost", 0, ""),
    (
        "self",
        "self",
        "127.0.0.1",
        2,
        "Certificate verification error",
    ),
    ("good", "root", "localhost", 0, ""),
    ("good", "root", "127.0.0.1", 0, ""),
    ("shouting", "root", "localhost", 0, ""),
    ("plain", "root", "localhost", 0, ""),
    ("whole", "root", "localhost", 0, ""),
    ("good", "other", "localhost", 1, ""),
    ("self", "other", "localhost", 1, ""),
    ("good", "self", "localhost", 1, ""),
    ("under", "root", "localhost", 1, ""),
    ("viashort", "root", "localhost", 1, ""),
    ("client", "root", "localhost", 1, "not meant for servers"),
    ("late", "root", "localhost", 1, "expired"),
    ("early", "root", "localhost", 1, "not yet valid"),
    (
        "plain",
        "root",
        "127.0.0.1",
        2,
        "Certificate verification error",
    ),
    (
        "elsewhere",
        "root",
        "localhost",
        2,
        "Certificate verification error",
    ),
    (
        "far",
        "root",
        "127.0.0.1",
        2,
        "Certificate verification error",
    ),
    // What the reference makes for itself, and what the guide's recipe gives for an address.
    ("text", "root", "127.0.0.1", 0, ""),
    ("elsewhere", "root", "other.example", 0, ""),
];

/// Our client with these options, called to a server that shows this certificate.
fn meet(
    papers: &Papers,
    shows: &str,
    host: &str,
    options: &[String],
    version: &str,
) -> Told<Scene> {
    let theirs = words(&[&papers.openssl(shows), &words(&[&["-quiet", version]])]);
    // The rest of a chain is shown only if it is asked for.
    let chain = ["-cert_chain".into(), papers.at(&format!("{shows}.pem"))];
    let (openssl, place, peer) = s_server(&words(&[&theirs, &chain]))?;
    let known = ["localhost", "127.0.0.1"].contains(&host);
    let name = [format!("--ssl-servername={host}")];
    let (host, name) = if known {
        (host, &[][..])
    } else {
        ("127.0.0.1", &name[..])
    };
    let family = ["-4".to_owned()];
    let mut scene = calling_as(host, &place, &words(&[options, &family, name]))?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

#[test]
fn who_is_not_what_we_expect_is_refused_with_the_reason() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = &Papers::of(LINES)?;
    let case = |&(shows, trusted, host, status, reason): &(
        &'static str,
        &str,
        &'static str,
        i32,
        &'static str,
    )| {
        let trust = [
            "--ssl-trustfile".into(),
            papers.at(&format!("{trusted}.pem")),
        ];
        let title = format!("{shows} shown to one who trusts {trusted}, at {host}");
        Case::new(title, move || {
            for version in ["-tls1_2", "-tls1_3"] {
                let mut scene = meet(papers, shows, host, &trust, version)?;
                if status == 0 {
                    say(&mut scene, "it is you\n")?;
                    continue;
                }
                scene.program.stdin.push(b"secret\n");
                let outcome = scene.ends_with(status)?;
                holds(
                    "stderr",
                    &outcome.stderr.to_lowercase(),
                    &reason.to_lowercase(),
                )?;
                holds("stderr", &outcome.stderr, "Ncat: ")?;
                let heard = scene.peer().rx.text();
                if heard.contains("secret") {
                    return Err(format!("it was told all the same: {heard}"));
                }
            }
            Ok(())
        })
    };
    all_hold(&CASES.iter().map(case).collect::<Vec<_>>())
}

#[test]
fn without_verifying_everybody_is_let_through_and_described() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(LINES)?;
    for shows in ["self", "good", "late", "elsewhere", "client", "under"] {
        let options = ["--ssl", "-v"].map(String::from);
        let mut scene = meet(&papers, shows, "localhost", &options, "-tls1_3")?;
        say(&mut scene, "whoever you are\n")?;
        let print = papers.says(&format!(
            "openssl x509 -in {shows}.pem -noout -fingerprint -sha1"
        ))?;
        let print: String = print
            .rsplit('=')
            .next()
            .unwrap_or_default()
            .replace(':', "");
        scene.until("it says whom it has met", |s| {
            let stderr = s.program.stderr.text();
            stderr.contains("SSL connection to ") && stderr.replace(' ', "").contains(&print)
        })?;
    }
    Ok(())
}

#[test]
fn a_pin_lets_through_its_certificate_and_no_other() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(LINES)?;
    let print = |name: &str| {
        let line = format!("openssl x509 -in {name}.pem -noout -fingerprint -sha256");
        let print = papers.says(&line)?;
        Ok::<_, String>(format!(
            "--ssl-pin=sha256:{}",
            print.rsplit('=').next().unwrap_or_default()
        ))
    };
    let (late, good) = (print("late")?, print("good")?);
    let trust = format!("--ssl-trustfile={}", papers.at("root.pem"));
    let cases: [(&str, Vec<&str>, i32); 6] = [
        ("late", vec![&late], 0),
        ("late", vec![&good, &late], 0),
        ("self", vec![&good, &late], 2),
        ("good", vec![&good, &trust], 0),
        ("good", vec![&late, &trust], 2),
        ("late", vec![&late, &trust], 1),
    ];
    for (shows, options, status) in cases {
        for version in ["-tls1_2", "-tls1_3"] {
            let mut scene = meet(&papers, shows, "localhost", &words(&[&options]), version)?;
            match status {
                0 => say(&mut scene, "it is you\n")?,
                status => {
                    scene.program.stdin.push(b"secret\n");
                    scene.ends_with(status)?;
                    assert_eq!(
                        scene.peer().rx.text(),
                        "",
                        "{shows} with {options:?} was told"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_system_trusts_whom_its_variables_name() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(LINES)?;
    for (store, status) in [("root.pem", 0), ("other.pem", 1)] {
        let theirs = words(&[&papers.openssl("good"), &words(&[&["-quiet"]])]);
        let (openssl, place, peer) = s_server(&theirs)?;
        let port = crate::people::port_of(&place);
        let program = crate::common::Program::ncat(["--ssl-verify", "-4", "localhost", &port]);
        let program = program
            .env("SSL_CERT_FILE", papers.at(store))
            .env("SSL_CERT_DIR", "/nonexistent");
        let mut scene = Scene::of(program.stdin(crate::common::In::Pipe))?;
        scene.peers.push(peer);
        scene.others.push(openssl);
        match status {
            0 => say(&mut scene, "it is you\n")?,
            status => drop(scene.ends_with(status)?),
        }
    }
    Ok(())
}

#[test]
fn a_file_to_trust_that_is_none_is_refused() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of("root root; echo hello >text; : >empty")?;
    for file in ["none", "text", "empty", "root.key"] {
        for first in [&["-l", "127.0.0.1", "0"][..], &["127.0.0.1", "1"]] {
            let trust = ["--ssl-trustfile", &papers.at(file)];
            let program = crate::common::Program::ncat(words(&[first, &trust]));
            let outcome = Scene::of(program)?.ends_with(2)?;
            holds(file, &outcome.stderr, " QUITTING.")?;
        }
    }
    Ok(())
}
