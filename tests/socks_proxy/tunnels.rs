//! What passes through tunnels: all of it, both ways, in order, to whoever reads at whatever speed.

use std::time::Duration;

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::wire::Room;
use crate::common::{Carrier, Place, Told};
use crate::scene::{Client, Proxy, admit, at, target};
use crate::words::Socks;

const MEGABYTES_31: usize = 31 * 1024 * 1024;

/// Plays this for both versions, by either path.
fn each(play: impl Fn(Socks, Proxy) -> Told + Send + Sync) -> Told {
    let mut cases = Vec::new();
    let play = &play;
    for socks in Socks::BOTH {
        for carrier in Carrier::BOTH {
            cases.push(Case::new(format!("{socks:?}, {carrier}"), move || {
                play(socks, Proxy::carrying(socks, &[], carrier)?)
            }));
        }
    }
    all_hold(&cases)
}

#[test]
fn each_end_of_a_tunnel_may_end_first_and_still_listen() -> Told {
    each(|socks, mut proxy| {
        let door = target()?;
        for target_first in [false, true] {
            let (near, far) = proxy.tunnel(socks, &door)?;
            let name = near.local()?;
            let (mut first, mut second) = match target_first {
                true => (far, near),
                false => (near, far),
            };
            first.says(b"my last words")?;
            first.finish()?;
            second.hears_last(b"my last words")?;
            for _ in 0..3 {
                second.says(b"not mine")?;
                first.hears(b"not mine")?;
            }
            second.says(b"mine")?;
            second.finish()?;
            first.hears_last(b"mine")?;
            let (sent, received) = match target_first {
                true => (28, 13),
                false => (13, 28),
            };
            // As seen from the client, who hears what comes from the target.
            let counted = format!("{} bytes sent, {} bytes received", sent, received);
            proxy.said(&format!(
                "{name} CONNECT {}: over, {counted} in ",
                at(&door)
            ))?;
        }
        proxy.is_as_before()
    })
}

#[test]
fn a_target_may_speak_first_and_leave_at_once() -> Told {
    each(|socks, mut proxy| {
        let door = target()?;
        for length in [1, 100, 300_000] {
            let banner = noise(length as u64, length);
            let mut near = proxy.client_says(&socks.ask(at(&door)))?;
            let mut far = admit(&door)?;
            let own = far.remote()?;
            std::thread::scope(|scope| {
                let speaking = scope.spawn(|| {
                    far.says(&banner)?;
                    far.finish()
                });
                near.hears(&socks.reached(own))?;
                near.hears_last(&banner)?;
                speaking.join().map_err(|_| "the target panicked")?
            })?;
            drop((near, far));
        }
        proxy.is_as_before()
    })
}

#[test]
fn a_client_may_say_its_last_with_its_request() -> Told {
    each(|socks, mut proxy| {
        let door = target()?;
        let mut near = proxy.client_says(&[socks.ask(at(&door)), b"question".to_vec()].concat())?;
        near.finish()?;
        let mut far = admit(&door)?;
        far.hears_last(b"question")?;
        far.says(b"answer")?;
        near.hears(&socks.reached(far.remote()?))?;
        drop(far);
        near.hears_last(b"answer")?;
        proxy.is_as_before()
    })
}

#[test]
fn a_break_of_one_end_is_not_kept_from_the_other() -> Told {
    each(|socks, mut proxy| {
        let door = target()?;
        for target_breaks in [false, true] {
            let (mut near, mut far) = proxy.tunnel(socks, &door)?;
            near.talks_with(&mut far)?;
            let (breaks, mut stays) = match target_breaks {
                true => (far, near),
                false => (near, far),
            };
            breaks.reset()?;
            stays.is_let_go()?;
        }
        proxy.said("broken off: ")?;
        proxy.said("broken by the other end: ")?;
        proxy.is_as_before()
    })
}

/// Both ends of a tunnel send as much at the same time; slow ones read nothing until nothing moves any
/// more.
fn carries_much(socks: Socks, mut proxy: Proxy, room: Room) -> Told {
    let door = Place::any_port().open_with(&room, 4)?;
    let near = Place::Tcp(proxy.at).connect_with(&room)?;
    let mut near = Client::of(near.into_fd()?.into())?;
    near.says(&socks.ask(at(&door)))?;
    let far = admit(&door)?;
    near.hears(&socks.reached(far.remote()?))?;
    let (up, down) = (noise(1, MEGABYTES_31), noise(2, MEGABYTES_31));
    let scene = &mut proxy.scene;
    scene.peers = vec![near.into_peer()?, far.into_peer()?];
    scene.patience = Duration::from_secs(120);
    for (peer, bytes) in scene.peers.iter_mut().zip([&up, &down]) {
        peer.rx.paused = room == Room::Narrow;
        peer.tx.push(bytes);
        peer.tx.finish();
    }
    if room == Room::Narrow {
        scene.until_quiet(Duration::from_millis(60))?;
        // One after the other: the second reads while the first is stuck.
        scene.peers[0].rx.paused = false;
        scene.until("the first has all", |s| s.peers[0].rx.ended())?;
        scene.peers[1].rx.paused = false;
    }
    scene.until("both have all", |s| s.peers.iter().all(|p| p.rx.ended()))?;
    same("the client", &scene.peers[0].rx.got, &down)?;
    same("the target", &scene.peers[1].rx.got, &up)?;
    scene.peers.clear();
    let counted = format!("over, {MEGABYTES_31} bytes sent, {MEGABYTES_31} bytes received in ");
    proxy.said(&counted)?;
    proxy.is_as_before()
}

#[test]
fn thirty_one_megabytes_pass_both_ways_at_once() -> Told {
    each(|socks, proxy| carries_much(socks, proxy, Room::Usual))
}

#[test]
fn thirty_one_megabytes_pass_both_ways_between_ends_that_read_late() -> Told {
    each(|socks, proxy| carries_much(socks, proxy, Room::Narrow))
}

#[test]
fn a_tunnel_that_is_stuck_holds_no_other_back() -> Told {
    each(|socks, mut proxy| {
        let door = target()?;
        let (near, far) = proxy.tunnel(socks, &door)?;
        let scene = &mut proxy.scene;
        scene.peers = vec![near.into_peer()?, far.into_peer()?];
        for peer in &mut scene.peers {
            peer.rx.paused = true;
        }
        let lull = Duration::from_millis(60);
        for nth in 0..2 {
            let piece = move || noise(nth as u64, 1 << 18);
            scene.flood(lull, piece, |s| &mut s.peers[nth].tx)?;
        }
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        near.finish()?;
        far.hears_last(b"")?;
        drop((near, far));
        proxy.scene.peers.clear();
        proxy.is_as_before()
    })
}
