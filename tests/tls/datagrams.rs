//! `--udp --ssl`: DTLS with openssl on either side, and with ourselves.

use std::net::UdpSocket;

use crate::common::proc_net::udp_port_of;
use crate::common::{Deadline, In, Place, Program, Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{calling_as, hear, holds, port_of, say, speaker, words};

/// Our program, listening for datagrams.
fn listening<T: AsRef<str>>(options: &[T]) -> Told<(Scene, Place)> {
    let place = ["-l", "-u", "-v", "127.0.0.1", "0"].map(String::from);
    let words = words(&[&place[..], &words(&[options])]);
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    let port = udp_port_of(&mut scene.program, Deadline::after(scene.patience))?;
    Ok((scene, Place::local(port)))
}

/// Our program, connected to a server of openssl's.
fn client(options: &[String], host: &str, papers: &Papers) -> Told<Scene> {
    let usual = ["s_server", "-dtls1_2", "-accept", "127.0.0.1:0", "-quiet"].map(String::from);
    let program = words(&[&usual[..], &papers.openssl("server")]);
    let (mut openssl, peer) = speaker("openssl", &program)?;
    let place = Place::local(udp_port_of(&mut openssl, Deadline::usual())?);
    let mut scene = calling_as(
        host,
        &place,
        &words(&[options, &["-u".into(), "-4".into()]]),
    )?;
    scene.peers.push(peer);
    scene.others.push(openssl);
    Ok(scene)
}

#[test]
fn a_server_of_openssl_is_talked_to() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let trust = ["--ssl-trustfile".into(), papers.at("root.pem")];
    for options in [&["--ssl".into()][..], &trust] {
        let mut scene = client(options, "localhost", &papers)?;
        say(&mut scene, "hello\n")?;
        hear(&mut scene, "welcome\n")?;
        scene.program.stdin.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_server_that_says_nothing_is_given_up_and_told_nothing() -> Told {
    for scans in [false, true] {
        let silent = UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let place = Place::local(silent.local_addr().map_err(|e| e.to_string())?.port());
        let options = ["-u", "--ssl", "-w", "300ms", "-z"];
        let options = &options[..options.len() - usize::from(!scans)];
        let mut scene = calling_as("127.0.0.1", &place, options)?;
        scene.program.stdin.push(b"secret");
        let outcome = scene.ends_with(1)?;
        let words = if scans { "" } else { "Ncat: TIMEOUT.\n" };
        assert_eq!(outcome.stderr, words, "what {options:?} says");
        silent.set_nonblocking(true).map_err(|e| e.to_string())?;
        let mut told = [0; 2000];
        while let Ok(n) = silent.recv(&mut told) {
            assert!(
                n > 100 && told[0] == 22,
                "{options:?} told it {:?}",
                &told[..n]
            );
        }
    }
    Ok(())
}

#[test]
fn a_server_that_is_somebody_else_is_refused() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; root other; sign server root x subjectAltName=DNS:elsewhere.example",
    )?;
    for (trusted, status) in [("root.pem", 2), ("other.pem", 1)] {
        let trust = ["--ssl-trustfile".into(), papers.at(trusted)];
        let mut scene = client(&trust, "localhost", &papers)?;
        scene.program.stdin.push(b"secret\n");
        let outcome = scene.ends_with(status)?;
        holds("stderr", &outcome.stderr, "Ncat: ")?;
        assert_eq!(scene.peer().rx.text(), "", "it was told all the same");
    }
    Ok(())
}

#[test]
fn a_client_of_openssl_is_served() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    for many in [&[][..], &["-k"]] {
        let (mut scene, place) = listening(&[&["--ssl"], many].concat())?;
        let there = format!("127.0.0.1:{}", port_of(&place));
        let client = ["s_client", "-dtls1_2", "-quiet", "-connect", &there];
        let (openssl, peer) = speaker("openssl", &client)?;
        scene.peers.push(peer);
        scene.others.push(openssl);
        hear(&mut scene, "hello\n")?;
        say(&mut scene, "welcome\n")?;
    }
    Ok(())
}

#[test]
fn each_of_ours_has_a_program_of_its_own() -> Told {
    let (_scene, place) = listening(&["--ssl", "-k", "-e", "/bin/cat"])?;
    let call = |_| calling_as("127.0.0.1", &place, &["-u", "--ssl"]);
    let mut callers = (0..5).map(call).collect::<Told<Vec<_>>>()?;
    for (nth, caller) in callers.iter_mut().enumerate() {
        caller
            .program
            .stdin
            .push(format!("I am {nth}\n").as_bytes());
    }
    for (nth, caller) in callers.iter_mut().enumerate() {
        caller.until("the echo is here", |s| {
            s.program.stdout.text() == format!("I am {nth}\n")
        })?;
    }
    Ok(())
}
