//! curl and Nmap's own ncat on the other side.

use crate::common::payload::{noise, same};
use crate::common::proc_net::tcp_port_of;
use crate::common::{Deadline, Place, Program, Scene, Told};
use crate::papers::{Papers, has};
use crate::people::{
    Two, both_say_all, calling, calling_as, hear, listening, port_of, say, speaker, words,
};

const REFERENCE: &str = "/usr/bin/ncat";
const BULK: usize = 1 << 20;

/// A line for a shell that answers any request.
const ANSWER: &str =
    r"read line; printf 'HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n'; cat >/dev/null";

/// What curl gets from us, and its status.
fn fetched(options: &[&str], url: &str) -> Told<(i32, String)> {
    let usual = [
        "--silent",
        "--show-error",
        "--max-time",
        "15",
        "--noproxy",
        "*",
    ];
    let program = Program::at("curl", words(&[&usual, options, &[url]]));
    let outcome = Scene::of(program)?.outcome()?;
    Ok((
        outcome.code,
        String::from_utf8_lossy(&outcome.stdout).into_owned(),
    ))
}

#[test]
fn curl_takes_the_temporary_certificate_when_told_not_to_mind() -> Told {
    if !has("curl") {
        return Ok(());
    }
    let (_scene, place) = listening(&["-k", "--ssl", "--ssl-alpn=http/1.1", "-c", ANSWER])?;
    let url = format!("https://127.0.0.1:{}/", port_of(&place));
    for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"]] {
        let got = fetched(&[&["--insecure"], version].concat(), &url)?;
        assert_eq!(got, (0, "hello\n".into()), "curl {version:?}");
    }
    let (status, _) = fetched(&[], &url)?;
    assert_eq!(status, 60, "curl minds when it is not told so");
    Ok(())
}

#[test]
fn curl_is_satisfied_with_a_good_certificate() -> Told {
    if !has("curl") || !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let options = words(&[&papers.ncat("server"), &words(&[&["-k", "-c", ANSWER]])]);
    let (_scene, place) = listening(&options)?;
    let root = papers.at("root.pem");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/", port_of(&place));
        let got = fetched(&["-4", "--cacert", &root], &url)?;
        assert_eq!(got, (0, "hello\n".into()), "curl {url}");
    }
    Ok(())
}

/// Nmap's ncat listening, and our program connected to it.
fn at_the_reference(theirs: &[String], ours: &[String]) -> Told<Scene> {
    let usual = ["-l", "127.0.0.1", "0", "--ssl"].map(String::from);
    let (mut running, peer) = speaker(REFERENCE, &words(&[&usual[..], theirs]))?;
    let port = tcp_port_of(&mut running, Deadline::usual())?;
    let mut scene = calling_as(
        "localhost",
        &Place::local(port),
        &words(&[ours, &["-4".into()]]),
    )?;
    scene.peers.push(peer);
    scene.others.push(running);
    Ok(scene)
}

#[test]
fn the_other_ncat_is_understood_when_it_listens() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    let mut scene = at_the_reference(&[], &["--ssl".into()])?;
    both_say_all(&mut scene, BULK)?;
    scene.program.stdin.finish();
    scene.ends_with(0)?;
    Ok(())
}

#[test]
fn the_other_ncat_is_understood_when_it_connects() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    let (mut scene, place) = listening(&["--ssl"])?;
    let (running, peer) = speaker(REFERENCE, &["--ssl", "127.0.0.1", &port_of(&place)])?;
    scene.others.push(running);
    scene.peers.push(peer);
    scene.program.stdin.push(&noise(1, BULK));
    scene.program.stdin.finish();
    scene.peer().tx.push(&noise(2, BULK));
    // It keeps half of a large record to itself until more comes, be it an end.
    scene.until("both heard all", |s| {
        s.peer().rx.got.len() >= BULK && s.program.stdout.got.len() >= BULK
    })?;
    same("what it heard", &scene.peer().rx.got, &noise(1, BULK))?;
    // At the end of its stdin it closes, and says goodbye only if it is newer than 7.93.
    scene.peer().tx.finish();
    let outcome = scene.outcome()?;
    same("what our side heard", &outcome.stdout, &noise(2, BULK))?;
    let cut = outcome.stderr.contains("it ended without close_notify.");
    assert_eq!(outcome.code, i32::from(cut), "{}", outcome.stderr);
    Ok(())
}

#[test]
fn what_it_has_no_time_to_read_is_sent_all_the_same() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    let (mut listener, place) = listening(&["--ssl", "--send-only"])?;
    let all = noise(11, BULK);
    listener.program.stdin.push(&all);
    listener.program.stdin.finish();
    let words = ["--ssl", "--recv-only", "127.0.0.1", &port_of(&place)];
    let caller = Scene::of(Program::at(REFERENCE, words))?;
    let mut two = Two { listener, caller };
    two.both_end_well()?;
    same("what it read", &two.caller.program.stdout.got, &all)
}

#[test]
fn each_trusts_a_certificate_of_the_others_by_the_recipe() -> Told {
    if !has(REFERENCE) || !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "openssl req -new -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout me.key -out me.pem",
    )?;
    let trust = [
        "--ssl-verify".into(),
        "--ssl-trustfile".into(),
        papers.at("me.pem"),
    ];
    let mut scene = at_the_reference(&papers.ncat("me"), &trust)?;
    say(&mut scene, "it is you\n")?;

    let (mut scene, place) = listening(&papers.ncat("me"))?;
    let there = ["-4".into(), "localhost".into(), port_of(&place)];
    let (running, peer) = speaker(REFERENCE, &words(&[&trust[..], &there]))?;
    scene.others.push(running);
    scene.peers.push(peer);
    hear(&mut scene, "it is you\n")
}

#[test]
fn its_certificate_for_an_address_is_the_one_it_tells_of() -> Told {
    if !has(REFERENCE) || !has("openssl") {
        return Ok(());
    }
    // It writes an address as the name of a host.
    let papers = Papers::of("")?;
    let usual = ["-l", "-k", "--ssl", "127.0.0.1", "0"];
    let (mut running, _peer) = speaker(REFERENCE, &usual)?;
    let place = Place::local(tcp_port_of(&mut running, Deadline::usual())?);
    papers.says(&format!(
        "openssl s_client -connect 127.0.0.1:{} </dev/null 2>/dev/null | openssl x509 -out copy.pem",
        port_of(&place)
    ))?;
    let mut scene = calling(&place, &["--ssl-trustfile", &papers.at("copy.pem"), "-v"])?;
    scene.until("it is trusted", |s| {
        s.program.stderr.text().contains("SSL connection to ")
    })
}
