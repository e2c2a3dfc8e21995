//! Datagrams through a proxy that passes them on: `--udp` with SOCKS5.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use socket2::Socket;

use crate::common::deadline::in_time;
use crate::common::payload::{noise, same};
use crate::common::proc_net::udp_port_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, Door, In, Peer, Place, Program, Scene, Told, told};
use crate::kits::{Kind, Step, door, ends_saying, ncat, play, serving, socks5_address};
use crate::people::{holds, port_of, words};

/// "Pass on datagrams from anywhere."
const ANY: [u8; 10] = [5, 3, 0, 1, 0, 0, 0, 0, 0, 0];

fn mouth_at(ip: &str) -> Told<(UdpSocket, SocketAddr)> {
    let socket = told(UdpSocket::bind((ip, 0)))?;
    let at = told(socket.local_addr())?;
    Ok((socket, at))
}

/// Waits for the next datagram and who sent it, while everybody else goes on.
fn next(scene: &mut Scene, socket: &UdpSocket) -> Told<(Vec<u8>, SocketAddr)> {
    const TURN: Duration = Duration::from_millis(5);
    let deadline = Deadline::usual();
    let mut fds = [PollFd::new(socket, PollFlags::IN)];
    while !Deadline::after(TURN).poll(&mut fds)? {
        scene.turn(Deadline::after(TURN))?;
        if deadline.passed() {
            return Err(format!("no datagram came; {}", scene.state()));
        }
    }
    let mut bytes = vec![0; 65536];
    let (n, from) = told(socket.recv_from(&mut bytes))?;
    bytes.truncate(n);
    Ok((bytes, from))
}

/// As SOCKS5 wraps a datagram.
fn wrapped(at: &str, port: u16, words: &[u8]) -> Vec<u8> {
    [&[0, 0, 0][..], &socks5_address(at, port), words].concat()
}

/// A proxy that the test plays answers that datagrams are to go there.
fn relays_at(kind: Kind, at: &[u8], target: &str, options: &[&str], door: &Door) -> Told<Scene> {
    let all = words(&[&["-u"], options, &[target, "53"]]);
    let mut scene = ncat(&[&kind.to(&door.place), &all])?;
    scene.admit(door)?;
    let mut steps = kind.steps(target, 53);
    if let Some(last) = steps.last_mut() {
        *last = Step::new(ANY, [&[5, 0, 0], at].concat());
    }
    play(&mut scene, &steps)?;
    Ok(scene)
}

fn bytes_of(at: SocketAddr) -> Vec<u8> {
    socks5_address(&at.ip().to_string(), at.port())
}

#[test]
fn datagrams_go_to_where_the_proxy_says_each_with_its_target() -> Told {
    for kind in [Kind::Socks5, Kind::Login] {
        for target in ["192.0.2.1", "2001:db8::1", "target.example"] {
            for everywhere in [false, true] {
                let (mouth, at) = mouth_at("127.0.0.1")?;
                // A proxy that does not say where it is means itself.
                let said = match everywhere {
                    true => SocketAddr::from(([0, 0, 0, 0], at.port())),
                    false => at,
                };
                let door = door()?;
                let mut scene = relays_at(kind, &bytes_of(said), target, &[], &door)?;
                let mut caller = None;
                for text in ["one", "two", "three and more"] {
                    scene.program.stdin.push(text.as_bytes());
                    let (datagram, from) = next(&mut scene, &mouth)?;
                    let due = wrapped(target, 53, text.as_bytes());
                    same(&format!("{kind} {target}"), &datagram, &due)?;
                    caller = Some(from);
                }
                let caller = caller.ok_or("nobody called")?;
                let answer = match target {
                    // Whoever is known by name answers from an address.
                    "target.example" => wrapped("192.0.2.7", 53, b"answer\n"),
                    target => wrapped(target, 53, b"answer\n"),
                };
                told(mouth.send_to(&answer, caller))?;
                scene.until("the answer is heard", |s| {
                    s.program.stdout.text() == "answer\n"
                })?;
            }
        }
    }
    Ok(())
}

#[test]
fn a_place_of_ipv6_or_one_without_a_host_is_understood() -> Told {
    let door6 = || Place::Tcp("[::1]:0".parse().expect("an address")).open();
    for (ip, said) in [
        ("::1", "::1"),
        ("::1", "::"),
        ("::1", "0.0.0.0"),
        ("127.0.0.1", ""),
    ] {
        let (mouth, at) = mouth_at(ip)?;
        let door = if ip == "::1" { door6()? } else { door()? };
        let said = match said {
            "" => [&[3, 0][..], &at.port().to_be_bytes()].concat(),
            said => socks5_address(said, at.port()),
        };
        let mut scene = relays_at(Kind::Socks5, &said, "192.0.2.1", &[], &door)?;
        scene.program.stdin.push(b"hello");
        let (datagram, _) = next(&mut scene, &mouth).map_err(|e| format!("{said:?}: {e}"))?;
        same(
            "the datagram",
            &datagram,
            &wrapped("192.0.2.1", 53, b"hello"),
        )?;
    }
    Ok(())
}

#[test]
fn what_is_not_from_the_target_is_not_heard() -> Told {
    let (mouth, at) = mouth_at("127.0.0.1")?;
    let door = door()?;
    let mut scene = relays_at(Kind::Socks5, &bytes_of(at), "192.0.2.1", &[], &door)?;
    scene.program.stdin.push(b"hello");
    let (_, caller) = next(&mut scene, &mouth)?;
    let mut part = wrapped("192.0.2.1", 53, b"part\n");
    part[2] = 1;
    let strange = [
        b"bare words\n".to_vec(),
        Vec::new(),
        vec![0; 3],
        wrapped("192.0.2.1", 54, b"another port\n"),
        wrapped("192.0.2.2", 53, b"another host\n"),
        part,
        wrapped("192.0.2.1", 53, b"")[..6].to_vec(),
    ];
    for datagram in &strange {
        told(mouth.send_to(datagram, caller))?;
    }
    // Somebody who is not the proxy.
    let (other, _) = mouth_at("127.0.0.1")?;
    told(other.send_to(&wrapped("192.0.2.1", 53, b"another proxy\n"), caller))?;
    told(mouth.send_to(&wrapped("192.0.2.1", 53, b"the answer\n"), caller))?;
    scene.until("the answer is heard", |s| !s.program.stdout.got.is_empty())?;
    same("stdout", &scene.program.stdout.got, b"the answer\n")
}

#[test]
fn the_end_of_the_connection_to_the_proxy_ends_it_all() -> Told {
    for resets in [false, true] {
        let (mouth, at) = mouth_at("127.0.0.1")?;
        let door = door()?;
        let mut scene = relays_at(Kind::Socks5, &bytes_of(at), "192.0.2.1", &[], &door)?;
        scene.program.stdin.push(b"hello");
        next(&mut scene, &mouth)?;
        let peer = scene.peers.pop().expect("the scene has a peer");
        match resets {
            true => peer.reset()?,
            false => peer.close(),
        }
        let outcome = scene.ends_with(1)?;
        let said = "Ncat: the proxy passes no datagrams on any more.\n";
        if outcome.stderr != said {
            return Err(format!("reset: {resets}: it says {:?}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn a_proxy_that_passes_nothing_on_says_why() -> Told {
    for (answer, said) in [
        (
            vec![5, 7, 0, 1, 0, 0, 0, 0, 0, 0],
            "Ncat: Command not supported.\n",
        ),
        (
            vec![5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
            "Ncat: connection not allowed by ruleset.\n",
        ),
        (
            vec![5, 0, 0, 1, 127, 0, 0, 1, 0, 0],
            "Ncat: the proxy relays datagrams nowhere.\n",
        ),
        (
            vec![5, 0, 0, 3, 1, b'x', 0, 80],
            "Ncat: the proxy's place for datagrams has no address.\n",
        ),
    ] {
        let door = door()?;
        let mut scene = ncat(&[
            &Kind::Socks5.to(&door.place),
            &words(&[&["-u", "192.0.2.1", "53"]]),
        ])?;
        scene.admit(&door)?;
        play(
            &mut scene,
            &[Step::new([5, 1, 0], [5, 0]), Step::new(ANY, answer)],
        )?;
        ends_saying(&mut scene, 1, said)?;
    }
    Ok(())
}

#[test]
fn a_proxy_that_falls_silent_is_left_in_time_with_datagrams_too() -> Told {
    const WAIT: Duration = Duration::from_millis(300);
    in_time(WAIT, |watch| {
        let door = door()?;
        let all = words(&[&["-u", "-w", "300ms", "192.0.2.1", "53"]]);
        watch.begin();
        let scene = ncat(&[&Kind::Socks5.to(&door.place), &all]);
        let scene = scene.and_then(|mut scene| {
            scene.admit(&door)?;
            Ok(scene)
        });
        watch.end();
        ends_saying(&mut scene?, 1, "Ncat: TIMEOUT.\n")
    })
}

/// Our program, listening for datagrams.
fn listening(options: &[&str]) -> Told<(Scene, Place)> {
    let place = ["-l", "-u", "127.0.0.1", "0"];
    let program = Program::ncat(words(&[&place[..], options]));
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    let port = udp_port_of(&mut scene.program, Deadline::after(scene.patience))?;
    Ok((scene, Place::local(port)))
}

/// Our program, through a proxy of our own, to a socket of the test, which has heard its first word.
fn is_met(kind: Kind, host: &str, options: &[&str]) -> Told<Scene> {
    let (proxy, place) = serving(kind, &[])?;
    let (mouth, at) = mouth_at("127.0.0.1")?;
    let there = [host, &at.port().to_string()];
    let mut scene = ncat(&[&kind.to(&place), &words(&[&["-u"], options, &there])])?;
    scene.others.push(proxy);
    scene.program.stdin.push(b"hello");
    let (datagram, from) = next(&mut scene, &mouth)?;
    same("the first datagram", &datagram, b"hello")?;
    told(mouth.connect(from))?;
    scene.peers.push(Peer::of(Socket::from(mouth))?);
    Ok(scene)
}

#[test]
fn datagrams_go_both_ways_through_our_own_proxy() -> Told {
    let mut cases = Vec::new();
    for kind in [Kind::Socks5, Kind::Login] {
        for (host, options) in [
            ("127.0.0.1", &[][..]),
            ("localhost", &["-v"]),
            ("localhost", &["--proxy-dns", "local", "-4"]),
        ] {
            cases.push(Case::new(format!("{kind} {host} {options:?}"), move || {
                let mut scene = is_met(kind, host, options)?;
                let big = noise(9, 8000);
                for message in [b"one".as_slice(), &big, b"three"] {
                    scene.peer().rx.got.clear();
                    scene.program.stdin.push(message);
                    scene.until("it came", |s| s.peer().rx.got.len() >= message.len())?;
                    same("what came", &scene.peer().rx.got, message)?;
                    scene.program.stdout.got.clear();
                    scene.peer().tx.push(message);
                    let length = message.len();
                    scene.until("it is heard", |s| s.program.stdout.got.len() >= length)?;
                    same("what is heard", &scene.program.stdout.got, message)?;
                }
                scene.program.stdin.finish();
                scene.ends_with(0).map(drop)
            }));
        }
    }
    all_hold(&cases)
}

#[test]
fn our_own_proxy_that_ends_ends_its_callers() -> Told {
    let mut scene = is_met(Kind::Socks5, "127.0.0.1", &[])?;
    drop(scene.others.pop());
    let outcome = scene.ends_with(1)?;
    holds(
        "stderr",
        &outcome.stderr,
        "the proxy passes no datagrams on any more.",
    )
}

#[test]
fn a_command_may_talk_in_datagrams_through_a_proxy() -> Told {
    let (proxy, place) = serving(Kind::Socks5, &[])?;
    let (mouth, at) = mouth_at("127.0.0.1")?;
    let there = [
        "-u",
        "-c",
        "echo hello; cat",
        "127.0.0.1",
        &at.port().to_string(),
    ];
    let mut scene = ncat(&[&Kind::Socks5.to(&place), &words(&[&there])])?;
    scene.others.push(proxy);
    let (datagram, from) = next(&mut scene, &mouth)?;
    same("the first datagram", &datagram, b"hello\n")?;
    told(mouth.send_to(b"echo\n", from))?;
    let (datagram, _) = next(&mut scene, &mouth)?;
    same("the second datagram", &datagram, b"echo\n")
}

#[cfg(feature = "dtls")]
#[test]
fn dtls_is_talked_through_a_proxy() -> Told {
    for kind in [Kind::Socks5, Kind::Login] {
        for carries in ["127.0.0.1", "localhost"] {
            let (mut target, at) = listening(&["--ssl"])?;
            let (proxy, place) = serving(kind, &[])?;
            let there = ["-u", "--ssl", carries, &port_of(&at)];
            let mut scene = ncat(&[&kind.to(&place), &words(&[&there])])?;
            scene.others.push(proxy);
            scene.program.stdin.push(b"secret\n");
            scene.until("it is said", |s| s.program.stdin.is_done())?;
            target.until("it is heard", |s| s.program.stdout.text() == "secret\n")?;
            target.program.stdin.push(b"and back\n");
            target.until("it is said", |s| s.program.stdin.is_done())?;
            scene.until("it is heard", |s| s.program.stdout.text() == "and back\n")?;
            scene.program.stdin.finish();
            scene.ends_with(0)?;
        }
    }
    Ok(())
}

#[cfg(feature = "dtls")]
#[test]
fn nothing_but_dtls_is_passed_on() -> Told {
    in_time(Duration::from_secs(1), |watch| {
        let (mouth, at) = mouth_at("127.0.0.1")?;
        let door = door()?;
        let options = ["--ssl", "-w", "1"];
        watch.begin();
        let met = relays_at(Kind::Socks5, &bytes_of(at), "192.0.2.1", &options, &door);
        let met = met.and_then(|mut scene| {
            scene.program.stdin.push(b"secret\n");
            let came = next(&mut scene, &mouth)?;
            Ok((scene, came))
        });
        watch.end();
        let (mut scene, (datagram, caller)) = met?;
        let head = wrapped("192.0.2.1", 53, &[22, 254]);
        if !datagram.starts_with(&head) || datagram.windows(6).any(|bytes| bytes == b"secret") {
            return Err(format!("it says {datagram:?}"));
        }
        told(mouth.send_to(&wrapped("192.0.2.1", 53, b"in the clear\n"), caller))?;
        ends_saying(&mut scene, 1, "Ncat: TIMEOUT.\n")?;
        same("stdout", &scene.program.stdout.got, b"")
    })
}

#[test]
fn a_plain_listener_is_talked_to_through_a_proxy() -> Told {
    let (mut target, at) = listening(&[])?;
    let (proxy, place) = serving(Kind::Socks5, &[])?;
    let there = ["-u", "127.0.0.1", &port_of(&at)];
    let mut scene = ncat(&[&Kind::Socks5.to(&place), &words(&[&there])])?;
    scene.others.push(proxy);
    scene.program.stdin.push(b"there\n");
    scene.until("it is said", |s| s.program.stdin.is_done())?;
    target.until("it is heard", |s| s.program.stdout.text() == "there\n")?;
    target.program.stdin.push(b"and back\n");
    target.until("it is said", |s| s.program.stdin.is_done())?;
    scene.until("it is heard", |s| s.program.stdout.text() == "and back\n")?;
    // Several more from the same target.
    target.program.stdin.push(b"and more\n");
    target.until("it is said", |s| s.program.stdin.is_done())?;
    scene.until("it is heard", |s| {
        s.program.stdout.text().ends_with("and more\n")
    })
}
