//! Proxies that mean no good, or are broken.

use std::time::{Duration, Instant};

use crate::common::deadline::in_time;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, Scene, Told};
use crate::kits::{Kind, NAME, calls, door, ends_saying, play};
use crate::people::hear;

/// Whatever a proxy has said by then, nothing of it is shown, and a reason is given.
fn is_refused(scene: &mut Scene) -> Told {
    let outcome = scene.ends_with(1)?;
    match outcome.stdout.is_empty() && outcome.stderr.starts_with("Ncat: ") {
        true => Ok(()),
        false => Err(format!("{outcome:?}")),
    }
}

/// The program asked everything that comes before this many bytes of answers; they have been given.
fn answered_up_to(kind: Kind, cut: usize) -> Told<Scene> {
    let mut scene = calls(kind, &["-w", "30"], &door()?)?;
    let mut left = cut;
    let mut steps = Vec::new();
    for mut step in kind.steps(NAME, 80) {
        let whole = step.answer.len() <= left;
        step.answer.truncate(left);
        left -= step.answer.len();
        steps.push(step);
        if !whole {
            break;
        }
    }
    play(&mut scene, &steps)?;
    scene.until("the answer is on its way", |s| s.peer().tx.is_done())?;
    Ok(scene)
}

#[test]
fn an_answer_cut_anywhere_is_no_way() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for cut in 0..kind.answers().len() {
            for resets in [false, true] {
                cases.push(Case::new(
                    format!("{kind}, cut at {cut}, reset: {resets}"),
                    move || {
                        let mut scene = answered_up_to(kind, cut)?;
                        let peer = scene.peers.pop().expect("the scene has a peer");
                        match resets {
                            true => peer.reset()?,
                            false => peer.close(),
                        }
                        is_refused(&mut scene)
                    },
                ));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn an_answer_may_come_byte_by_byte() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        cases.push(Case::new(kind.to_string(), move || {
            let mut scene = calls(kind, &[], &door()?)?;
            let mut heard = 0;
            for step in kind.steps(NAME, 80) {
                heard += step.asked.len();
                scene.until("it asks", |s| s.peer().rx.got.len() >= heard)?;
                for byte in step.answer {
                    scene.peer().tx.push(&[byte]);
                    scene.until("the byte is taken", |s| s.peer().tx.is_done())?;
                    // It is heard by itself, or with the next at the latest.
                    scene.turn(Deadline::after(Duration::from_millis(1)))?;
                }
            }
            hear(&mut scene, "the target speaks\n")?;
            match scene.program.stdout.text() == "the target speaks\n" {
                true => Ok(()),
                false => Err(scene.state()),
            }
        }));
    }
    all_hold(&cases)
}

#[test]
fn an_answer_without_an_end_is_not_waited_for() -> Told {
    let line = "HTTP/1.1 200 ".to_owned() + &"x".repeat(1 << 20);
    let field = "HTTP/1.1 200 OK\r\nA: ".to_owned() + &"x".repeat(1 << 20);
    let fields = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(100_000);
    let empty = "\r\n".repeat(100_000);
    let many = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(101) + "\r\n";
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    for answer in [line, field, fields, empty, many, interim] {
        let mut scene = calls(Kind::Http, &["-w", "30"], &door()?)?;
        scene.peer().tx.push(answer.as_bytes());
        ends_saying(&mut scene, 1, "Ncat: the proxy's answer is too long.\n")
            .map_err(|e| format!("{:?}: {e}", &answer[..20]))?;
    }
    Ok(())
}

/// How long the program gives itself, and what it may take on a busy machine.
const WAIT: [&str; 2] = ["-w", "300ms"];
const AT_LEAST: Duration = Duration::from_millis(300);
const AT_MOST: Duration = Duration::from_secs(10);

fn took(since: Instant) -> Told {
    match since.elapsed() {
        took if (AT_LEAST..AT_MOST).contains(&took) => Ok(()),
        took => Err(format!("it took {took:?}")),
    }
}

/// The program has asked, and has heard that much of one answer.
fn falls_silent(kind: Kind, nth: usize, cut: usize) -> Told<Scene> {
    let mut scene = calls(kind, &WAIT, &door()?)?;
    let mut steps = kind.steps(NAME, 80);
    steps.truncate(nth + 1);
    steps[nth].answer.truncate(cut);
    play(&mut scene, &steps)?;
    Ok(scene)
}

#[test]
fn a_proxy_that_falls_silent_is_left_in_time() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        let steps = kind.steps(NAME, 80);
        for (nth, step) in steps.iter().enumerate() {
            for cut in [0, 1, step.answer.len() - 1] {
                let name = format!("{kind}, step {nth}, cut at {cut}");
                cases.push(Case::new(name, move || {
                    in_time(AT_LEAST, |watch| {
                        let since = Instant::now();
                        watch.begin();
                        let scene = falls_silent(kind, nth, cut);
                        watch.end();
                        ends_saying(&mut scene?, 1, "Ncat: TIMEOUT.\n")?;
                        took(since)
                    })
                }));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn a_proxy_that_always_says_something_more_is_left_in_time() -> Told {
    const DROP: Duration = Duration::from_millis(20);
    in_time(AT_LEAST, |watch| {
        let since = Instant::now();
        watch.begin();
        let scene = calls(Kind::Http, &WAIT, &door()?);
        watch.end();
        let mut scene = scene?;
        scene.peer().tx.push(b"HTTP/1.1 200 OK\r\n");
        let deadline = Deadline::usual();
        while scene.program.status.is_none() && !deadline.passed() {
            // No more than a drop at a time, that it be not too much before it is too late.
            scene.peer().tx.push(b"A: b\r\n");
            let next = Deadline::after(DROP);
            while !next.passed() && scene.program.status.is_none() {
                scene.turn(next)?;
            }
        }
        ends_saying(&mut scene, 1, "Ncat: TIMEOUT.\n")?;
        took(since)
    })
}

#[test]
fn the_time_is_one_for_all_connections_that_a_login_takes() -> Told {
    const SILENT: Duration = Duration::from_millis(2500);
    const LATE: Duration = Duration::from_millis(300);
    // If the time began anew with the second connection, it would be up no sooner than this.
    const ANEW: Duration = Duration::from_millis(5500);
    in_time(LATE, |watch| {
        let door = door()?;
        let since = Instant::now();
        watch.begin();
        let scene = calls(Kind::Http, &["-w", "3", "--proxy-auth", "a:b"], &door);
        watch.end();
        let mut scene = scene?;
        scene.holds(SILENT, "it waits", |s| s.program.status.is_none())?;
        scene
            .peer()
            .tx
            .push(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n");
        ends_saying(&mut scene, 1, "Ncat: TIMEOUT.\n")?;
        match since.elapsed() {
            took if took < ANEW => Ok(()),
            took => Err(format!("it took {took:?}")),
        }
    })
}
