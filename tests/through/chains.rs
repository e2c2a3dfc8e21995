//! Several proxies, one behind the other.

use crate::common::table::{Case, all_hold};
use crate::common::{Place, Running, Scene, Told};
use crate::kits::{
    Kind, NAME, connect, door, ends_saying, heard, ncat, nobody, play, serving, socks5_address,
};
use crate::people::{hear, holds, port_of, say, words};

/// Proxies of our own of these kinds, and their places.
fn proxies(kinds: &[Kind]) -> Told<(Vec<Running>, Vec<Place>)> {
    let all: Told<Vec<_>> = kinds.iter().map(|kind| serving(*kind, &[])).collect();
    Ok(all?.into_iter().unzip())
}

fn urls(kinds: &[Kind], places: &[Place]) -> Vec<String> {
    kinds
        .iter()
        .zip(places)
        .map(|(kind, place)| kind.url(place))
        .collect()
}

#[test]
fn chains_of_all_kinds_lead_to_the_target() -> Told {
    let mut chains: Vec<Vec<Kind>> = Vec::new();
    for first in Kind::ALL {
        for second in Kind::ALL {
            chains.push(vec![first, second]);
        }
    }
    chains.push(vec![Kind::Http, Kind::Socks5, Kind::Socks4]);
    chains.push(vec![Kind::Login, Kind::Socks4, Kind::Http]);
    chains.push(vec![Kind::Socks4, Kind::Login, Kind::Login]);
    let mut cases = Vec::new();
    for (nth, kinds) in chains.iter().enumerate() {
        cases.push(Case::new(format!("{kinds:?}"), move || {
            let (running, places) = proxies(kinds)?;
            let urls = urls(kinds, &places);
            // Both ways of saying it.
            let way: Vec<String> = match nth % 2 {
                0 => ["--proxy".into(), urls.join(",")].into(),
                _ => urls
                    .iter()
                    .flat_map(|url| ["--proxy".into(), url.clone()])
                    .collect(),
            };
            let target = door()?;
            let there = ["127.0.0.1".into(), port_of(&target.place)];
            let mut scene = ncat(&[&way, &there])?;
            scene.others.extend(running);
            scene.admit(&target)?;
            say(&mut scene, "there\n")?;
            hear(&mut scene, "and back\n")?;
            scene.program.stdin.finish();
            scene.until("the end is told", |s| s.peer().rx.ended())?;
            scene.peer().tx.push(b"the last\n");
            scene.peer().tx.finish();
            let outcome = scene.ends_with(0)?;
            match outcome.stdout == b"and back\nthe last\n" {
                true => Ok(()),
                false => Err(scene.state()),
            }
        }));
    }
    all_hold(&cases)
}

#[test]
fn each_proxy_is_told_the_next_and_the_last_the_target() -> Told {
    let door = door()?;
    let first = Kind::Login.url(&door.place);
    let way = [
        "--proxy",
        &first,
        "--proxy",
        "http://a:b@second.example:81,socks4://me@third.example",
    ];
    let mut scene = ncat(&[&way[..], &[NAME, "80"]])?;
    scene.admit(&door)?;
    play(&mut scene, &Kind::Login.steps("second.example", 81))?;
    scene.peer().rx.got.clear();
    heard(&mut scene, connect("third.example", 1080).as_bytes())?;
    scene.peer().tx.push(b"HTTP/1.0 200 OK\r\n\r\n");
    scene.peer().rx.got.clear();
    heard(&mut scene, &crate::kits::socks4(NAME, 80, "me"))?;
    scene.peer().tx.push(b"\0\x5a\0\0\0\0\0\0early\n");
    hear(&mut scene, "late\n")?;
    match scene.program.stdout.text() == "early\nlate\n" {
        true => Ok(()),
        false => Err(scene.state()),
    }
}

#[test]
fn all_answers_may_come_at_once() -> Told {
    let door = door()?;
    let way = format!(
        "socks5://{},socks4://second.example,http://third.example",
        door.place
    );
    let mut scene = ncat(&[&["--proxy", &way, NAME, "80"]])?;
    scene.admit(&door)?;
    let answers = [Kind::Socks5, Kind::Socks4, Kind::Http]
        .map(Kind::answers)
        .concat();
    scene.peer().tx.push(&answers);
    scene.peer().tx.push(b"the target\n");
    scene.until("the target is heard", |s| {
        s.program.stdout.text() == "the target\n"
    })?;
    let asked = [
        vec![5, 1, 0, 5, 1, 0],
        socks5_address("second.example", 1080),
        crate::kits::socks4("third.example", 3128, ""),
        connect(NAME, 80).into(),
    ];
    heard(&mut scene, &asked.concat())
}

/// Through a chain in which the proxy behind the first refuses, or the way to it.
fn refused(kinds: &[Kind], options: &[&str], there: &[&str]) -> Told<Scene> {
    let (running, places) = proxies(kinds)?;
    let way = ["--proxy".into(), urls(kinds, &places).join(",")];
    let mut scene = ncat(&[&way, &words(&[options, there])])?;
    scene.others.extend(running);
    Ok(scene)
}

#[test]
fn who_refuses_in_a_chain_is_heard() -> Told {
    let (_kept, gone) = nobody()?;
    let gone = port_of(&gone);
    for (kinds, said) in [
        (
            &[Kind::Socks5, Kind::Http][..],
            "Ncat: Proxy returned status code 504.\n",
        ),
        (&[Kind::Http, Kind::Socks5], "Ncat: Connection refused.\n"),
        (
            &[Kind::Http, Kind::Socks4],
            "Ncat: Proxy connection failed.\n",
        ),
        (
            &[Kind::Login, Kind::Socks4, Kind::Login],
            "Ncat: Connection refused.\n",
        ),
    ] {
        let mut scene = refused(kinds, &[], &["127.0.0.1", &gone])?;
        ends_saying(&mut scene, 1, said).map_err(|e| format!("{kinds:?}: {e}"))?;
    }
    // A proxy in the middle that is not there.
    for (kind, said) in [
        (Kind::Http, "Ncat: Proxy returned status code 504.\n"),
        (Kind::Socks4, "Ncat: Proxy connection failed.\n"),
        (Kind::Socks5, "Ncat: Connection refused.\n"),
    ] {
        let (running, place) = serving(kind, &[])?;
        let way = format!("{},http://127.0.0.1:{gone}", kind.url(&place));
        let mut scene = ncat(&[&["--proxy", &way, NAME, "80"]])?;
        scene.others.push(running);
        ends_saying(&mut scene, 1, said).map_err(|e| format!("{kind}: {e}"))?;
    }
    Ok(())
}

#[test]
fn a_proxy_behind_another_may_ask_for_a_name() -> Told {
    let (first, near) = serving(Kind::Socks5, &[])?;
    let (second, far) = serving(Kind::Http, &["--proxy-auth", "a:b"])?;
    for (login, good) in [("a:b@", true), ("a:c@", false), ("", false)] {
        let target = door()?;
        let way = format!("{},http://{login}{far}", Kind::Socks5.url(&near));
        let mut scene = ncat(&[&["--proxy", &way, "-v", "127.0.0.1", &port_of(&target.place)]])?;
        if good {
            scene.admit(&target)?;
            say(&mut scene, "there\n")?;
        } else {
            let said = scene.ends_with(1)?.stderr;
            holds("stderr", &said, "Ncat: Proxy returned status code 407.\n")?;
        }
    }
    drop((first, second));
    Ok(())
}
