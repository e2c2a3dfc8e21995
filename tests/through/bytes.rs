//! Bytes on their way through: none lost, none early, none added.

use std::time::Duration;

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::{Carrier, In, Program, Scene, Told};
use crate::kits::{Kind, NAME, brought, calls, door, is_through, play, serving};
use crate::people::{hear, port_of, say, words};

const BULK: usize = 20 << 20;
/// Long enough for whatever should not be said to have been said.
const A_MOMENT: Duration = Duration::from_millis(100);

#[test]
fn what_comes_with_the_answer_is_the_targets() -> Told {
    let cases = [b"first words\n".to_vec(), vec![0], noise(3, 200_000)];
    for kind in Kind::ALL {
        for early in &cases {
            for ends in [false, true] {
                let mut scene = calls(kind, &[], &door()?)?;
                let mut steps = kind.steps(NAME, 80);
                if let Some(last) = steps.last_mut() {
                    last.answer.extend(early);
                }
                play(&mut scene, &steps)?;
                if ends {
                    scene.peer().tx.finish();
                    scene.program.stdin.finish();
                    scene.ends_with(0)?;
                } else {
                    scene.until("it came", |s| s.program.stdout.got.len() >= early.len())?;
                }
                same(&format!("{kind}: stdout"), &scene.program.stdout.got, early)?;
            }
        }
    }
    Ok(())
}

#[test]
fn stdin_waits_until_the_way_is_open() -> Told {
    for kind in Kind::ALL {
        let steps = kind.steps(NAME, 80);
        let mut scene = calls(kind, &[], &door()?)?;
        scene.program.stdin.push(b"for the target only\n");
        scene.program.stdin.finish();
        let mut due = Vec::new();
        for step in &steps {
            due.extend(&step.asked);
            let due = due.clone();
            scene.until("it is asked", |s| s.peer().rx.got.len() >= due.len())?;
            scene.holds(A_MOMENT, "the proxy hears no more", move |s| {
                s.peer().rx.got == due && !s.peer().rx.ended()
            })?;
            scene.peer().tx.push(&step.answer);
        }
        scene.until("all came, and its end", |s| s.peer().rx.ended())?;
        due.extend(b"for the target only\n");
        same("all that was heard", &scene.peer().rx.got, &due)?;
        hear(&mut scene, "and an answer\n")?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn the_end_of_stdin_is_told_and_the_answer_still_comes() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        cases.push(Case::new(format!("{kind}: we end first"), move || {
            let mut scene = brought(kind, "127.0.0.1", &[], &door()?)?;
            say(&mut scene, "request\n")?;
            scene.program.stdin.finish();
            scene.until("the target knows the end", |s| s.peer().rx.ended())?;
            let long = noise(4, 1 << 20);
            scene.peer().tx.push(&long);
            scene.peer().tx.finish();
            scene.ends_with(0)?;
            same("the answer", &scene.program.stdout.got, &long)
        }));
        cases.push(Case::new(
            format!("{kind}: the target ends first"),
            move || {
                let mut scene = brought(kind, "127.0.0.1", &["--half-close"], &door()?)?;
                scene.peer().tx.push(b"all of it\n");
                scene.peer().tx.finish();
                scene.until("its end came", |s| s.program.stdout.ended())?;
                say(&mut scene, "something still\n")?;
                scene.program.stdin.finish();
                scene.until("the target knows the end", |s| s.peer().rx.ended())?;
                scene.ends_with(0)?;
                same("what it said", &scene.program.stdout.got, b"all of it\n")
            },
        ));
    }
    all_hold(&cases)
}

#[test]
fn megabytes_arrive_as_they_were_sent_both_ways_at_once() -> Told {
    let (out, back) = (noise(5, BULK), noise(6, BULK));
    for kind in Kind::ALL {
        for carrier in Carrier::BOTH {
            let target = door()?;
            let (proxy, place) = serving(kind, &[])?;
            let there = ["127.0.0.1".to_owned(), port_of(&target.place)];
            let program = Program::ncat(words(&[&kind.to(&place), &there]));
            let mut scene = Scene::of(program.stdin(In::Pipe).carrier(carrier))?;
            scene.others.push(proxy);
            scene.admit(&target)?;
            scene.patience *= 3;
            scene.program.stdin.push(&out);
            scene.program.stdin.finish();
            scene.peer().tx.push(&back);
            scene.until("the target has all", |s| s.peer().rx.ended())?;
            scene.peer().tx.finish();
            scene.ends_with(0)?;
            let who = format!("{kind}, {carrier}");
            same(&format!("{who}: the target"), &scene.peer().rx.got, &out)?;
            same(&format!("{who}: stdout"), &scene.program.stdout.got, &back)?;
        }
    }
    Ok(())
}

#[test]
fn every_way_of_naming_the_target_leads_to_it() -> Told {
    for kind in Kind::ALL {
        for (host, options) in [
            ("127.0.0.1", &[][..]),
            ("localhost", &[]),
            ("localhost", &["--proxy-dns", "local", "-4"]),
            ("localhost", &["--proxy-dns", "both", "-4"]),
            ("127.0.0.1", &["--proxy-dns", "none", "-n"]),
            ("127.0.0.1", &["-s", "127.0.0.1"]),
        ] {
            let mut scene = brought(kind, host, options, &door()?)?;
            say(&mut scene, "there\n")?;
            hear(&mut scene, "and back\n")?;
        }
    }
    for kind in [Kind::Http, Kind::Socks5, Kind::Login] {
        let target = crate::common::Place::Tcp("[::1]:0".parse().expect("an address")).open()?;
        let mut scene = brought(kind, "::1", &[], &target)?;
        say(&mut scene, "there\n")?;
    }
    Ok(())
}

#[test]
fn a_target_that_breaks_off_breaks_off() -> Told {
    for kind in Kind::ALL {
        let mut scene = is_through(kind, &[])?;
        hear(&mut scene, "half of it\n")?;
        let peer = scene.peers.pop().expect("the scene has a peer");
        peer.reset()?;
        let outcome = scene.ends_with(1)?;
        if outcome.stdout != b"half of it\n"
            || outcome.stderr != "Ncat: Connection reset by peer.\n"
        {
            return Err(format!("{kind}: {outcome:?}"));
        }
    }
    Ok(())
}
