//! Files that TLS has to do with and no option names: stores of certificates, which are opened for
//! those who verify only, and the log of secrets for who looks into packets.

use std::path::Path;

use crate::common::{In, Place, Program, Scene, Told, directory, told};
use crate::papers::{Papers, has};
use crate::people::{listening_as, port_of, s_client, s_server, say, words};

/// Parts of the paths at which certificates are looked for.
const STORES: [&str; 4] = ["/ssl/", "certs", ".pem", ".crt"];

/// Whether another program may be watched here; says so if not.
fn can_watch() -> bool {
    let watched = || {
        let tried = Program::at("strace", ["-o", "/dev/null", "true"]);
        Scene::of(tried)?.ends_with(0)
    };
    let can = has("strace") && watched().is_ok();
    if !can {
        eprintln!("SKIPPED: nobody may look at what is opened here");
    }
    can
}

/// Words that have all files written down that a program opens.
fn watching(log: &Path) -> Vec<String> {
    let log = log.display().to_string();
    [
        "strace",
        "-f",
        "-e",
        "trace=open,openat,openat2",
        "-o",
        &log,
    ]
    .map(String::from)
    .into()
}

/// The stores among what was opened.
fn stores(log: &Path) -> Told<Vec<String>> {
    let text = told(std::fs::read_to_string(log))?;
    if !text.contains("open") {
        return Err(format!("nothing was opened at all: {text}"));
    }
    let found = text
        .lines()
        .filter(|line| STORES.iter().any(|store| line.contains(store)));
    Ok(found.map(String::from).collect())
}

fn watched(log: &Path, options: &[&str], place: &Place) -> Told<Scene> {
    let words = words(&[options, &["-4", "localhost", &port_of(place)]]);
    let watching = watching(log);
    let through: Vec<&str> = watching.iter().map(String::as_str).collect();
    Scene::of(Program::ncat(words).stdin(In::Pipe).through(&through))
}

#[test]
fn who_does_not_verify_opens_no_store() -> Told {
    if !can_watch() || !has("openssl") {
        return Ok(());
    }
    let (papers, dir) = (Papers::usual()?, directory()?);
    let log = dir.path().join("log");

    let door = Place::any_port().open()?;
    let mut scene = watched(&log, &[], &door.place)?;
    scene.admit(&door)?;
    say(&mut scene, "plain\n")?;
    scene.program.stdin.finish();
    scene.peer().tx.finish();
    scene.ends_with(0)?;
    assert_eq!(stores(&log)?, [""; 0], "a plain connection");

    for (options, verifies) in [(&["--ssl"][..], false), (&["--ssl-verify"], true)] {
        let (openssl, place, peer) =
            s_server(&words(&[&papers.openssl("server"), &words(&[&["-quiet"]])]))?;
        let mut scene = watched(&log, options, &place)?;
        scene.peers.push(peer);
        scene.others.push(openssl);
        match verifies {
            false => {
                say(&mut scene, "hello\n")?;
                scene.program.stdin.finish();
                scene.ends_with(0)?;
                assert_eq!(stores(&log)?, [""; 0], "nobody is verified");
            }
            true => {
                scene.ends_with(1)?;
                // So that the test is known to see what it looks for.
                assert_ne!(
                    stores(&log)?,
                    [""; 0],
                    "the store is opened for {options:?}"
                );
            }
        }
    }
    Ok(())
}

/// The lines of a log of secrets that say with what was encrypted, in any order.
fn secrets(text: &str) -> Vec<&str> {
    let told = [
        "CLIENT_TRAFFIC_SECRET_0 ",
        "SERVER_TRAFFIC_SECRET_0 ",
        "CLIENT_RANDOM ",
    ];
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| told.iter().any(|name| line.starts_with(name)))
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn the_log_of_secrets_is_the_same_on_both_sides() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    for (version, count) in [("-tls1_2", 1), ("-tls1_3", 2)] {
        let papers = Papers::usual()?;
        let (ours, theirs) = (papers.at("ours"), papers.at("theirs"));
        let shows = words(&[&papers.openssl("server"), &words(&[&["-quiet", version]])]);
        let log = ["-keylogfile".into(), theirs.clone()];
        let (_openssl, place, peer) = s_server(&words(&[&shows, &log]))?;
        let program = Program::ncat(["--ssl", "127.0.0.1", &port_of(&place)]);
        let mut scene = Scene::of(program.stdin(In::Pipe).env("SSLKEYLOGFILE", &ours))?;
        scene.peers.push(peer);
        say(&mut scene, "hello\n")?;
        let (one, other) = (papers.text("ours")?, papers.text("theirs")?);
        assert_eq!(secrets(&one).len(), count, "secrets of {version}: {one}");
        assert_eq!(secrets(&one), secrets(&other), "connecting, {version}");

        let (ours, theirs) = (papers.at("ours2"), papers.at("theirs2"));
        let dress = |program: Program| program.env("SSLKEYLOGFILE", &ours);
        let (mut scene, place) = listening_as(&["--ssl"], dress)?;
        let (openssl, peer) = s_client(&place, &["-quiet", version, "-keylogfile", &theirs])?;
        scene.others.push(openssl);
        scene.peers.push(peer);
        say(&mut scene, "hello\n")?;
        let (one, other) = (papers.text("ours2")?, papers.text("theirs2")?);
        assert_eq!(secrets(&one).len(), count, "secrets of {version}: {one}");
        assert_eq!(secrets(&one), secrets(&other), "listening, {version}");
    }
    Ok(())
}
