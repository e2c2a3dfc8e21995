//! What passes through a tunnel: both ways, in any order, from the first byte to each end.

use std::time::Duration;

use crate::common::deadline::in_time;
use crate::common::table::{Case, all_hold};
use crate::common::{Carrier, Ending, Peer, Told};
use crate::house::{CONNECTED, House, last_words};

/// Plays a scene by either path.
pub(crate) fn either_way(play: impl Fn(Carrier) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |carrier: Carrier| Case::new(carrier.to_string(), move || play(carrier));
    all_hold(&Carrier::BOTH.map(case))
}

fn house(carrier: Carrier) -> Told<House> {
    House::dressed(&[], |program| program.carrier(carrier))
}

#[test]
fn what_stands_behind_the_request_is_the_first_that_passes() -> Told {
    either_way(|carrier| {
        let mut house = house(carrier)?;
        let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\nHost: x\r\n\r\nearly bird")?;
        let origin = house.met()?;
        house.heard(origin, b"early bird")?;
        house.heard(client, CONNECTED)?;
        house.says(client, "\r\n\r\n");
        house.heard(origin, b"early bird\r\n\r\n")?;
        house.says(origin, "worm");
        house.heard(client, &[CONNECTED, b"worm"].concat())
    })
}

#[test]
fn what_was_to_go_through_a_tunnel_is_no_request_when_there_is_none() -> Told {
    let mut house = House::open(&["--proxy-deny", "127.0.0.2"])?;
    for target in ["127.0.0.2:80", "no-such-name.invalid:80"] {
        let client = house.asks(&format!(
            "CONNECT {target} HTTP/1.1\r\n\r\nGET http://ORIGIN/inside HTTP/1.1\r\n\r\n"
        ))?;
        let status = match target.starts_with("127.") {
            true => "403 Forbidden",
            false => "504 Gateway Timeout",
        };
        house.heard_or_cut(client, &last_words(status))?;
        house.is_unmet("somebody else's words")?;
    }
    Ok(())
}

#[test]
fn a_server_that_speaks_first_is_heard() -> Told {
    either_way(|carrier| {
        let mut house = house(carrier)?;
        let client = house.asks("CONNECT ORIGIN HTTP/1.0\r\n\r\n")?;
        let origin = house.met()?;
        house.says(origin, "220 welcome\r\n");
        house.heard(client, &[CONNECTED, b"220 welcome\r\n"].concat())?;
        house.says(client, "QUIT\r\n");
        house.heard(origin, b"QUIT\r\n")
    })
}

#[test]
fn each_side_may_end_and_go_on_listening() -> Told {
    either_way(|carrier| {
        let mut house = house(carrier)?;
        let (client, origin) = house.tunnel()?;
        house.says(client, "question");
        house.finishes(client)?;
        house.heard_last(origin, b"question")?;
        house.says(origin, "a long answer");
        house.heard(client, b"a long answer")?;
        house.finishes(origin)?;
        house.heard_last(client, b"a long answer")?;

        let (client, origin) = house.tunnel()?;
        house.says(origin, "all I have to say");
        house.finishes(origin)?;
        house.heard_last(client, b"all I have to say")?;
        house.says(client, "and so do I");
        house.finishes(client)?;
        house.heard_last(origin, b"and so do I")?;
        // Both ends of both tunnels are told of.
        let told =
            |s: &mut crate::common::Scene| s.program.stderr.text().matches(": over,").count() == 2;
        house.scene.until("both tunnels are over", told)
    })
}

#[test]
fn an_end_that_was_said_before_the_tunnel_was_there_is_passed_on() -> Told {
    either_way(|carrier| {
        let mut house = house(carrier)?;
        let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\nall at once")?;
        house.scene.peers[client].tx.finish();
        let origin = house.met()?;
        house.heard_last(origin, b"all at once")?;
        house.says(origin, "answered");
        house.finishes(origin)?;
        house.heard_last(client, &[CONNECTED, b"answered"].concat())
    })
}

#[test]
fn a_side_that_breaks_takes_the_other_along_and_what_came_before_arrives() -> Told {
    either_way(|carrier| {
        let mut house = house(carrier)?;
        let (client, origin) = house.tunnel()?;
        house.says(origin, "last words");
        house.heard(client, b"last words")?;
        house.scene.peers.pop().map_or(Ok(()), Peer::reset)?;
        house
            .scene
            .until("the client is told", |s| s.peers[client].rx.ended())?;
        // It may be by the end that a client knows whether that was all.
        let end = house.scene.peers[client].rx.end;
        assert!(matches!(end, Some(Ending::Broken(_))), "{carrier}: {end:?}");
        house.tells("broken by the other end: Connection reset by peer")?;

        let (client, origin) = house.tunnel()?;
        house.says(client, "last words");
        house.heard(origin, b"last words")?;
        house.scene.peers.swap_remove(client).reset()?;
        house
            .scene
            .until("the origin is told", |s| s.peers[client].rx.ended())?;
        house
            .tells("broken off: Connection reset by peer")
            .map(drop)
    })
}

#[test]
fn tunnels_end_with_the_proxy() -> Told {
    let mut house = House::dressed(&[], crate::common::Program::with_usual_signals)?;
    let (client, origin) = house.tunnel()?;
    house.scene.program.signal(rustix::process::Signal::TERM)?;
    house.scene.ends_with(143)?;
    for peer in [client, origin] {
        house
            .scene
            .until("the tunnel ends", |s| s.peers[peer].rx.ended())?;
    }
    Ok(())
}

#[test]
fn silence_ends_a_tunnel() -> Told {
    let mut house = House::open(&["-i", "300ms"])?;
    let (client, origin) = house.tunnel()?;
    for peer in [client, origin] {
        house
            .scene
            .until("the silent tunnel ends", |s| s.peers[peer].rx.ended())?;
    }
    let text = house.tells("Idle timeout expired (300 ms)")?;
    assert!(text.contains("CONNECT 127.0.0.1:"), "{text}");
    Ok(())
}

#[test]
fn a_tunnel_lives_while_one_side_speaks() -> Told {
    // Each word comes before the time is up, and all of them take longer than that.
    in_time(Duration::from_millis(800), |watch| {
        let mut house = House::open(&["-i", "1s"])?;
        let (client, origin) = house.tunnel()?;
        for word in 1..=5 {
            watch.begin();
            house
                .scene
                .holds(Duration::from_millis(300), "the tunnel lives", |s| {
                    !s.peers[client].rx.ended()
                })?;
            house.says(origin, ".");
            let heard = house.heard(client, &b".".repeat(word));
            watch.end();
            heard?;
        }
        Ok(())
    })
}
