//! Peers that are silent, slow or speak something else during the handshake: they are cut off on time,
//! and nobody else notices.

use std::time::{Duration, Instant};

use crate::common::{Deadline, Ending, Place, Program, Scene, Told};
use crate::library::{Caller, config};
use crate::people::{are_in, calling, holds, listening, listening_as};

/// How long a peer may take in these scenes.
const SHORT: &str = "--handshake-timeout=250ms";

/// One turn in a scene in which nothing may move by itself.
const TURN: Duration = Duration::from_millis(40);

/// Sees that the last peer is cut off.
fn is_cut_off(scene: &mut Scene) -> Told {
    scene.until("the peer is cut off", |s| s.peer().rx.ended())
}

/// Sees that a server still serves.
fn serves(scene: &mut Scene, place: &Place) -> Told {
    let mut caller = Caller::connect(place, &config()?)?;
    caller.say(b"served\n")?;
    scene.until("stdout shows it", |s| {
        s.program.stdout.text().contains("served\n")
    })
}

#[test]
fn a_silent_peer_ends_a_listener_for_one_with_an_error() -> Told {
    let (mut scene, place) = listening(&["--ssl", SHORT])?;
    scene.enter(&place)?;
    is_cut_off(&mut scene)?;
    let outcome = scene.ends_with(1)?;
    holds(
        "stderr",
        &outcome.stderr,
        "Failed SSL connection from 127.0.0.1:",
    )
}

#[test]
fn a_silent_peer_is_let_go_by_a_server_that_stays() -> Told {
    for peers in [&["-k"][..], &["--broker"], &["-k", "-e", "/bin/cat"]] {
        let (mut scene, place) = listening(&[&["--ssl", SHORT], peers].concat())?;
        scene.enter(&place)?;
        is_cut_off(&mut scene)?;
        let mut caller = Caller::connect(&place, &config()?)?;
        let mut other = Caller::connect(&place, &config()?)?;
        are_in(&mut scene, 2)?;
        caller.say(b"x")?;
        match peers.len() {
            3 => assert_eq!(caller.hear(1)?, b"x", "cat answers"),
            _ if peers == ["--broker"] => assert_eq!(other.hear(1)?, b"x", "the other hears"),
            _ => scene.until("stdout shows it", |s| s.program.stdout.text() == "x")?,
        }
    }
    Ok(())
}

#[test]
fn a_peer_that_trickles_gains_no_time() -> Told {
    let (mut scene, place) = listening(&["--ssl", "-k", SHORT])?;
    scene.enter(&place)?;
    let begun = Instant::now();
    // The beginning of a long greeting, a byte with each turn.
    scene
        .peer()
        .tx
        .push(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]);
    while !scene.peer().rx.ended() {
        scene.peer().tx.push(&[7]);
        scene.turn(Deadline::after(TURN))?;
        let took = begun.elapsed();
        if took > scene.patience {
            return Err(format!("it is heard for {took:?}; {}", scene.state()));
        }
    }
    serves(&mut scene, &place)
}

#[test]
fn a_place_is_free_again_once_a_silent_peer_has_lost_it() -> Told {
    let (mut scene, place) = listening(&["--ssl", "-k", "-m", "1", SHORT])?;
    scene.enter(&place)?;
    is_cut_off(&mut scene)?;
    serves(&mut scene, &place)
}

#[test]
fn silent_peers_do_not_keep_the_last_descriptors() -> Told {
    let few = |program: Program| program.through(&["prlimit", "--nofile=32"]);
    let (mut scene, place) = listening_as(&["--ssl", "-k", "--handshake-timeout=10m"], few)?;
    for _ in 0..40 {
        scene.enter(&place)?;
    }
    serves(&mut scene, &place)
}

#[test]
fn a_peer_that_speaks_plainly_is_told_apart() -> Told {
    for words in [
        "GET / HTTP/1.0\r\n\r\n",
        "EHLO example\r\n",
        "\n",
        "SSH-2.0-x\r\n",
    ] {
        let (mut scene, place) = listening(&["--ssl", "--handshake-timeout=2s"])?;
        scene.enter(&place)?;
        scene.peer().tx.push(words.as_bytes());
        is_cut_off(&mut scene)?;
        let outcome = scene.ends_with(1)?;
        assert_eq!(outcome.stdout, b"", "{words:?} reached stdout");
        assert!(!outcome.stderr.is_empty(), "{words:?}: a reason is given");
    }
    let (mut scene, place) = listening(&["--ssl", "-k"])?;
    scene.enter(&place)?;
    scene.peer().tx.push(b"GET / HTTP/1.0\r\n\r\n");
    is_cut_off(&mut scene)?;
    serves(&mut scene, &place)?;
    assert_eq!(
        scene.program.stdout.text(),
        "served\n",
        "plain words reached stdout"
    );
    Ok(())
}

#[test]
fn half_a_message_and_then_a_broken_record_end_nobody_elses_connection() -> Told {
    let (mut scene, place) = listening(&["--ssl", "-k"])?;
    let half = [22, 3, 1, 0, 4, 1, 0, 1, 0];
    for broken in [[99, 3, 3, 0, 1, 0], [22, 3, 3, 0xff, 0xff, 0]] {
        scene.enter(&place)?;
        scene.peer().tx.push(&[&half[..], &broken].concat());
        is_cut_off(&mut scene)?;
    }
    serves(&mut scene, &place)
}

#[test]
fn a_peer_that_leaves_in_the_middle_ends_a_listener_for_one() -> Told {
    for reset in [false, true] {
        let (mut scene, place) = listening(&["--ssl"])?;
        scene.enter(&place)?;
        scene.peer().tx.push(&[0x16, 3, 1]);
        scene.until("it was sent", |s| s.peer().tx.is_done())?;
        match (scene.peers.pop(), reset) {
            (Some(peer), true) => peer.reset()?,
            (peer, _) => drop(peer),
        }
        scene.ends_with(1)?;
    }
    Ok(())
}

#[test]
fn a_server_that_speaks_plainly_is_an_error_and_hears_no_secret() -> Told {
    let door = Place::any_port().open()?;
    let mut scene = calling(&door.place, &["--ssl"])?;
    scene.program.stdin.push(b"secret\n");
    scene.admit(&door)?;
    scene.peer().tx.push(b"220 mail.example ESMTP\r\n");
    let outcome = scene.ends_with(1)?;
    assert_eq!(outcome.stdout, b"", "plain words reached stdout");
    assert!(!outcome.stderr.is_empty(), "a reason is given");
    scene.until("its side has ended", |s| s.peer().rx.ended())?;
    assert!(
        !scene.peer().rx.text().contains("secret"),
        "stdin went out in the clear"
    );
    Ok(())
}

#[test]
fn the_limit_of_connecting_covers_the_handshake() -> Told {
    let door = Place::any_port().open()?;
    let mut scene = calling(&door.place, &["--ssl", "-w", "300ms"])?;
    scene.admit(&door)?;
    let outcome = scene.ends_with(1)?;
    assert_eq!(outcome.stderr, "Ncat: TIMEOUT.\n", "the words for it");
    scene.until("its side has ended", |s| s.peer().rx.ended())?;
    assert_eq!(scene.peer().rx.end, Some(Ending::Eof), "an orderly end");
    Ok(())
}

/// How many peers say nothing.
const SILENT: usize = 200;

/// How often somebody comes while they do.
const VISITS: usize = 21;

/// How much longer a visit may take then. A server that waited for one of them would need seconds.
const NOTICEABLE: Duration = Duration::from_millis(10);

/// How long a visit takes that is neither quick nor slow among its like: handshake, a word, its echo.
fn usual_visit(place: &Place) -> Told<Duration> {
    let config = config()?;
    let mut times = Vec::with_capacity(VISITS);
    for _ in 0..VISITS {
        let begun = Instant::now();
        let mut caller = Caller::connect(place, &config)?;
        caller.say(b"x")?;
        caller.hear(1)?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times[VISITS / 2])
}

#[test]
fn two_hundred_silent_peers_delay_nobody() -> Told {
    let (mut scene, place) = listening(&["--ssl", "-k", "-m", "1000", "-e", "/bin/cat"])?;
    // A busy machine may be slow at either time.
    let mut last = Ok(());
    for _ in 0..3 {
        let alone = usual_visit(&place)?;
        for _ in 0..SILENT {
            scene.enter(&place)?;
        }
        let among = usual_visit(&place)?;
        scene.peers.clear();
        if among < alone * 3 / 2 + NOTICEABLE {
            return Ok(());
        }
        last = Err(format!(
            "a visit takes {among:?} among silent peers, and {alone:?} without"
        ));
    }
    last
}
