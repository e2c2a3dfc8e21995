//! Whatever a server does, it does behind each of its doors.

#[cfg(any(feature = "proxy", feature = "tls"))]
use std::net::SocketAddr;

use rustix::process::Signal;

use crate::common::payload::same;
#[cfg(feature = "tls")]
use crate::common::{In, Program};
use crate::common::{Place, Scene, Told, told};
use crate::{at_four, sender};

/// Somebody comes through each door.
fn one_at_each(options: &[&str]) -> Told<Scene> {
    let (mut scene, places) = at_four(options)?;
    for (nth, place) in places.into_iter().enumerate() {
        scene.enter(&Place::Tcp(place))?;
        let came = |s: &mut Scene| s.program.stderr.text().matches("Connection from").count();
        scene.until("the next one is in", |s| came(s) > nth)?;
    }
    Ok(scene)
}

fn says(scene: &mut Scene, nth: usize, words: &[u8]) {
    scene.peers[nth].tx.push(words);
}

#[test]
fn all_who_come_are_heard() -> Told {
    let mut scene = one_at_each(&["-k"])?;
    for nth in 0..4 {
        says(&mut scene, nth, b"x");
        scene.until("it is heard", |s| s.program.stdout.got.len() > nth)?;
    }
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143).map(drop)
}

#[test]
fn all_who_come_have_a_program() -> Told {
    let mut scene = one_at_each(&["-k", "-e", "/bin/cat"])?;
    for nth in 0..4 {
        says(&mut scene, nth, b"echo");
        scene.until("it is answered", |s| s.peers[nth].rx.got == b"echo")?;
    }
    Ok(())
}

#[test]
fn all_who_come_hear_each_other() -> Told {
    for (option, heard) in [("--broker", "hello\n"), ("--chat", "<user1> hello\n")] {
        let mut scene = one_at_each(&[option])?;
        says(&mut scene, 0, b"hello\n");
        for nth in 1..4 {
            scene.until("the others hear it", |s| {
                s.peers[nth].rx.text().ends_with(heard)
            })?;
        }
    }
    Ok(())
}

#[test]
fn all_who_send_datagrams_have_a_program() -> Told {
    let (_scene, places) = at_four(&["-u", "-k", "-e", "/bin/cat"])?;
    for place in places {
        let sender = sender(place)?;
        told(sender.send(b"echo"))?;
        let mut room = [0; 10];
        let n = told(sender.recv(&mut room))?;
        same("the answer", &room[..n], b"echo")?;
    }
    Ok(())
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_is_behind_every_door_and_leads_to_none_of_them() -> Told {
    let (mut scene, places) = at_four(&["--proxy-type", "http"])?;
    let target = Place::any_port().open()?;
    let ask = |scene: &mut Scene, at: SocketAddr, whom: &Place| {
        scene.enter(&Place::Tcp(at))?;
        let request = format!("CONNECT {whom} HTTP/1.1\r\nHost: {whom}\r\n\r\n");
        scene.peer().tx.push(request.as_bytes());
        scene.until("it is answered", |s| {
            s.peer().rx.text().contains("\r\n\r\n")
        })?;
        Ok::<String, String>(scene.peer().rx.text())
    };
    for at in &places {
        let answer = ask(&mut scene, *at, &target.place)?;
        if !answer.contains(" 200 ") {
            return Err(format!("at {at}: {answer:?}"));
        }
    }
    for whom in &places {
        let answer = ask(&mut scene, places[0], &Place::Tcp(*whom))?;
        if answer.contains(" 200 ") {
            return Err(format!("it leads to itself at {whom}"));
        }
    }
    Ok(())
}

#[cfg(feature = "tls")]
#[test]
fn all_who_come_speak_tls() -> Told {
    let (_scene, places) = at_four(&["-k", "--ssl", "-e", "/bin/cat"])?;
    let speaks = |at: SocketAddr| -> Told {
        let port = at.port().to_string();
        let host = at.ip().to_string();
        let client = Program::ncat(["--ssl", &host, &port]).stdin(In::Pipe);
        let mut client = Scene::of(client)?;
        client.program.stdin.push(b"echo");
        client.program.stdin.finish();
        same("the answer", &client.ends_with(0)?.stdout, b"echo")
    };
    places.into_iter().try_for_each(speaks)
}
