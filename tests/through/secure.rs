//! TLS with the target inside, and TLS with proxies outside.

use std::time::Duration;

use crate::common::deadline::in_time;
use crate::common::table::{Case, all_hold};
use crate::common::{Place, Running, Scene, Told};
use crate::kits::{Kind, NAME, brought, calls, door, ends_saying, listening, ncat, play, serving};
use crate::papers::{Papers, has};
use crate::people::{hear, holds, port_of, s_server, say, words};

/// Our program, through a proxy of our own, to what listens there.
fn inside(kind: Kind, host: &str, target: &Place, options: &[String]) -> Told<Scene> {
    let (proxy, place) = serving(kind, &[])?;
    let there = [host.to_owned(), port_of(target)];
    let mut scene = ncat(&[&kind.to(&place), options, &there])?;
    scene.others.push(proxy);
    Ok(scene)
}

/// Words go both ways, and the end.
fn talk(scene: &mut Scene) -> Told {
    say(scene, "there\n")?;
    hear(scene, "and back\n")
}

#[test]
fn openssl_is_talked_to_in_tls_through_each_kind() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::usual()?;
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for (host, options) in [
            ("127.0.0.1", words(&[&["--ssl"]])),
            (
                "localhost",
                words(&[&["--ssl-trustfile", &papers.at("root.pem")]]),
            ),
        ] {
            for version in ["-tls1_2", "-tls1_3"] {
                let papers = &papers;
                let options = options.clone();
                cases.push(Case::new(format!("{kind} {host} {version}"), move || {
                    let theirs = words(&[&["-quiet", version]]);
                    let (openssl, target, peer) =
                        s_server(&words(&[&papers.openssl("server"), &theirs]))?;
                    let mut scene = inside(kind, host, &target, &options)?;
                    scene.peers.push(peer);
                    scene.others.push(openssl);
                    talk(&mut scene)?;
                    scene.program.stdin.finish();
                    scene.ends_with(0).map(drop)
                }));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn a_listener_of_ours_is_talked_to_in_tls_through_each_kind() -> Told {
    for kind in Kind::ALL {
        let (mut target, place) = listening(&["--ssl"])?;
        let mut scene = inside(kind, "127.0.0.1", &place, &words(&[&["--ssl", "-v"]]))?;
        scene.program.stdin.push(b"there\n");
        scene.until("it is said", |s| s.program.stdin.is_done())?;
        target.until("it is heard", |s| s.program.stdout.text() == "there\n")?;
        target.program.stdin.push(b"and back\n");
        target.until("it is said", |s| s.program.stdin.is_done())?;
        scene.until("it is heard", |s| s.program.stdout.text() == "and back\n")?;
        let met = format!("Ncat: SSL connection to 127.0.0.1:{}.", port_of(&place));
        holds("stderr", &scene.program.stderr.text(), &met)?;
        scene.program.stdin.finish();
        scene.until("it is at its end", |s| s.program.stdin.is_done())?;
        target.program.stdin.finish();
        target.ends_with(0)?;
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn the_name_that_is_verified_is_the_targets() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; root other; sign server root target.example subjectAltName=DNS:target.example",
    )?;
    let root = papers.at("root.pem");
    let other = papers.at("other.pem");
    let cases = [
        (
            vec![
                "--ssl-trustfile",
                &root,
                "--ssl-servername",
                "target.example",
            ],
            "127.0.0.1",
            0,
        ),
        (vec!["--ssl-trustfile", &root], "127.0.0.1", 2),
        (vec!["--ssl-trustfile", &root], "localhost", 2),
        (
            vec![
                "--ssl-trustfile",
                &other,
                "--ssl-servername",
                "target.example",
            ],
            "127.0.0.1",
            1,
        ),
    ];
    for kind in Kind::ALL {
        for (options, host, status) in &cases {
            let (mut target, place) = listening(&papers.ncat("server"))?;
            let mut scene = inside(kind, host, &place, &words(&[options]))?;
            if *status == 0 {
                scene.program.stdin.push(b"there\n");
                scene.until("it is said", |s| s.program.stdin.is_done())?;
                target.until("it is heard", |s| s.program.stdout.text() == "there\n")?;
            } else {
                scene.program.stdin.push(b"there\n");
                let outcome = scene.ends_with(*status);
                outcome.map_err(|e| format!("{kind} {options:?} {host}: {e}"))?;
                target.outcome()?;
                if !target.program.stdout.got.is_empty() {
                    return Err("a target that is not trusted is told nothing".into());
                }
            }
        }
    }
    // The name that is told the proxy is the one that is verified, whatever the proxy makes of it.
    let (first, near) = papers_through_a_proxy_that_brings_elsewhere(&papers)?;
    drop((first, near));
    Ok(())
}

/// A scripted proxy is asked for the target by name and is itself the target from then on.
fn papers_through_a_proxy_that_brings_elsewhere(papers: &Papers) -> Told<(Scene, Running)> {
    let door = door()?;
    let root = papers.at("root.pem");
    let options = ["--ssl-trustfile", &root, NAME, "80"];
    let mut scene = ncat(&[&Kind::Http.to(&door.place), &words(&[&options])])?;
    scene.admit(&door)?;
    play(&mut scene, &Kind::Http.steps(NAME, 80))?;
    // The rest of that connection is openssl's.
    let (openssl, target, peer) =
        s_server(&words(&[&papers.openssl("server"), &words(&[&["-quiet"]])]))?;
    let mut behind = target.connect()?;
    let caller = scene.peers.pop().expect("the scene has a peer");
    let skip = Kind::Http.steps(NAME, 80)[0].asked.len();
    behind.tx.push(&caller.rx.got[skip..]);
    scene.peers.extend([caller, behind, peer]);
    scene.program.stdin.push(b"there\n");
    let deadline = crate::common::Deadline::usual();
    let mut passed = [skip, 0];
    passed[0] = scene.peers[0].rx.got.len();
    while !scene.peers[2].rx.text().contains("there\n") {
        scene.turn(deadline)?;
        for (from, to) in [(0, 1), (1, 0)] {
            let new = scene.peers[from].rx.got[passed[from]..].to_vec();
            passed[from] += new.len();
            scene.peers[to].tx.push(&new);
        }
        if deadline.passed() || scene.program.status.is_some() {
            return Err(format!("the target was not met; {}", scene.state()));
        }
    }
    Ok((scene, openssl))
}

/// Whether it is a client's first message of TLS, and only such.
fn is_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [22, 3, 1 | 3, _, _, 1, ..])
}

#[test]
fn nothing_but_tls_reaches_the_target() -> Told {
    for kind in Kind::ALL {
        for options in [
            &["--ssl"][..],
            &["--ssl-verify"],
            &["--ssl", "-c", "echo secret"],
        ] {
            let options = [options, &["-w", "30"]].concat();
            let mut scene = brought(kind, "127.0.0.1", &options, &door()?)?;
            scene.program.stdin.push(b"secret\n");
            scene.program.stdin.finish();
            // A target that answers in the clear.
            scene.until("it greets", |s| s.peer().rx.got.len() > 5)?;
            scene
                .peer()
                .tx
                .push(b"220 welcome, what is your password?\r\n");
            scene.ends_with(1)?;
            scene.until("it left", |s| s.peer().rx.ended())?;
            let heard = &scene.peer().rx.got;
            if !is_hello(heard) || heard.windows(6).any(|bytes| bytes == b"secret") {
                return Err(format!("{kind} {options:?}: {:?}", scene.peer().rx.text()));
            }
            if !scene.program.stdout.got.is_empty() {
                return Err(format!("{kind} {options:?}: stdout has what is not in TLS"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_target_that_says_nothing_is_left_in_time() -> Told {
    for kind in Kind::ALL {
        in_time(Duration::from_millis(500), |watch| {
            watch.begin();
            let scene = calls(kind, &["--ssl", "-w", "500ms"], &door()?);
            let scene = scene.and_then(|mut scene| {
                play(&mut scene, &kind.steps(NAME, 80))?;
                Ok(scene)
            });
            watch.end();
            ends_saying(&mut scene?, 1, "Ncat: TIMEOUT.\n")
        })?;
    }
    Ok(())
}

#[test]
fn the_first_bytes_of_tls_may_come_with_the_answer() -> Told {
    for kind in Kind::ALL {
        let mut scene = calls(kind, &["--ssl"], &door()?)?;
        let mut steps = kind.steps(NAME, 80);
        if let Some(last) = steps.last_mut() {
            // An alert: it is not able to go on.
            last.answer.extend([21, 3, 3, 0, 2, 2, 40]);
        }
        play(&mut scene, &steps)?;
        let said = scene.ends_with(1)?.stderr;
        if said.contains("closed") || !said.to_lowercase().contains("handshake") {
            return Err(format!("{kind}: the alert is not heard: {said:?}"));
        }
    }
    Ok(())
}

/// A proxy of our own that speaks TLS.
fn secure_proxy(kind: Kind, options: &[String]) -> Told<(Running, Place)> {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    serving(kind, &[&["--ssl"], &options[..]].concat())
}

#[test]
fn a_proxy_may_be_met_in_tls() -> Told {
    let (_proxy, place) = secure_proxy(Kind::Http, &[])?;
    let url = format!("https://{place}");
    // In the clear to a target, and with TLS in TLS.
    let target = door()?;
    let mut scene = ncat(&[&["--proxy", &url, "127.0.0.1", &port_of(&target.place)]])?;
    scene.admit(&target)?;
    talk(&mut scene)?;
    scene.program.stdin.finish();
    scene.until("the end is told", |s| s.peer().rx.ended())?;
    scene.peer().tx.push(b"the last\n");
    scene.peer().tx.finish();
    let outcome = scene.ends_with(0)?;
    if outcome.stdout != b"and back\nthe last\n" {
        return Err(scene.state());
    }
    let (mut target, place) = listening(&["--ssl"])?;
    let mut scene = ncat(&[&["--ssl", "--proxy", &url, "127.0.0.1", &port_of(&place)]])?;
    scene.program.stdin.push(b"there\n");
    scene.until("it is said", |s| s.program.stdin.is_done())?;
    target.until("it is heard", |s| s.program.stdout.text() == "there\n")
}

#[test]
fn a_proxy_in_tls_is_verified_when_that_is_asked_for() -> Told {
    if !has("openssl") {
        return Ok(());
    }
    let papers = Papers::of(
        "root root; root other
         sign server root localhost subjectAltName=DNS:localhost,IP:127.0.0.1
         sign strange root elsewhere.example subjectAltName=DNS:elsewhere.example",
    )?;
    let (root, other) = (papers.at("root.pem"), papers.at("other.pem"));
    let (_good, good) = secure_proxy(Kind::Http, &papers.ncat("server"))?;
    let (_strange, strange) = secure_proxy(Kind::Http, &papers.ncat("strange"))?;
    let cases = [
        (&good, vec![], 0),
        (&good, vec!["--proxy-ssl-trustfile", &root], 0),
        (
            &good,
            vec!["--proxy-ssl-verify", "--proxy-ssl-trustfile", &root],
            0,
        ),
        (&good, vec!["--proxy-ssl-verify"], 1),
        (&good, vec!["--proxy-ssl-trustfile", &other], 1),
        (&strange, vec![], 0),
        (&strange, vec!["--proxy-ssl-trustfile", &root], 2),
    ];
    for (place, options, status) in cases {
        for host in ["127.0.0.1", "localhost"] {
            let target = door()?;
            let url = format!("https://{host}:{}", port_of(place));
            let way = ["-4", "--proxy", &url];
            let there = ["127.0.0.1", &port_of(&target.place)];
            let mut scene = ncat(&[&way[..], &options, &there])?;
            let came = if status == 0 {
                scene.admit(&target).and_then(|()| talk(&mut scene))
            } else {
                scene.ends_with(status).map(drop)
            };
            came.map_err(|e| format!("{options:?} {host} {place}: {e}"))?;
        }
    }
    Ok(())
}

/// Our program, which has greeted a proxy that should speak TLS.
fn greets(wait: &str) -> Told<Scene> {
    let door = door()?;
    let url = format!("https://{}", door.place);
    let mut scene = ncat(&[&["-w", wait, "--proxy", &url, NAME, "80"]])?;
    scene.program.stdin.push(b"secret\n");
    scene.admit(&door)?;
    scene.until("it greets", |s| s.peer().rx.got.len() > 5)?;
    match is_hello(&scene.peer().rx.got) {
        true => Ok(scene),
        false => Err("it says something outside of TLS".into()),
    }
}

#[test]
fn a_proxy_that_should_speak_tls_is_left_in_time_or_when_it_leaves() -> Told {
    in_time(Duration::from_millis(500), |watch| {
        watch.begin();
        let scene = greets("500ms");
        watch.end();
        ends_saying(&mut scene?, 1, "Ncat: TIMEOUT.\n")
    })?;
    let mut scene = greets("30")?;
    scene.peer().tx.finish();
    let said = scene.ends_with(1)?.stderr;
    match said.is_empty() || said.contains("TIMEOUT") {
        true => Err(format!("it says {said:?}")),
        false => Ok(()),
    }
}

#[test]
fn a_password_is_told_only_within_tls_to_a_proxy_that_speaks_it() -> Told {
    // A proxy that should speak TLS and does not.
    let door = door()?;
    let url = format!("https://user:pass@{}", door.place);
    let mut scene = ncat(&[&["--proxy", &url, NAME, "80"]])?;
    scene.admit(&door)?;
    scene.until("it greets", |s| s.peer().rx.got.len() > 5)?;
    scene
        .peer()
        .tx
        .push(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
    scene.ends_with(1)?;
    match is_hello(&scene.peer().rx.got) && !scene.peer().rx.text().contains("CONNECT") {
        true => Ok(()),
        false => Err(scene.peer().rx.text()),
    }
}

#[test]
fn proxies_in_tls_stand_anywhere_in_a_chain() -> Told {
    let (_a, first) = secure_proxy(Kind::Http, &["--proxy-auth".into(), "a:b".into()])?;
    let (_b, socks) = serving(Kind::Login, &[])?;
    let (_c, last) = secure_proxy(Kind::Http, &[])?;
    let (first, last) = (format!("https://a:b@{first}"), format!("https://{last}"));
    let socks = Kind::Login.url(&socks);
    for chain in [
        vec![&first, &socks],
        vec![&socks, &last],
        vec![&socks, &first],
        vec![&first, &last],
        vec![&first, &socks, &last],
    ] {
        let way: Vec<&str> = chain.iter().map(|url| url.as_str()).collect();
        let way = way.join(",");
        let target = door()?;
        let port = port_of(&target.place);
        let mut scene = ncat(&[&["--proxy", &way, "127.0.0.1", &port]])?;
        let came = scene.admit(&target).and_then(|()| talk(&mut scene));
        came.map_err(|e| format!("{way}: {e}"))?;
        let (mut target, place) = listening(&["--ssl"])?;
        let mut scene = ncat(&[&["--ssl", "--proxy", &way, "127.0.0.1", &port_of(&place)]])?;
        scene.program.stdin.push(b"there\n");
        scene.until("it is said", |s| s.program.stdin.is_done())?;
        target.until("it is heard", |s| s.program.stdout.text() == "there\n")?;
    }
    Ok(())
}

#[test]
fn tls_is_looked_for_behind_each_kind() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        cases.push(Case::new(kind.to_string(), move || {
            let (_target, place) = listening(&["-k", "--ssl"])?;
            let mut scene = inside(kind, "127.0.0.1", &place, &words(&[&["-z", "--ssl"]]))?;
            scene.ends_with(0)?;
            // Somebody who listens and says nothing speaks no TLS.
            let silent = door()?;
            let options = words(&[&["-z", "--ssl", "-w", "500ms"]]);
            let mut scene = inside(kind, "127.0.0.1", &silent.place, &options)?;
            scene.ends_with(1).map(drop)
        }));
    }
    all_hold(&cases)
}
