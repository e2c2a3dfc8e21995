//! Without `-k` the first who comes, wherever that is, closes all doors.

use crate::common::payload::same;
use crate::common::{Place, Told, told};
use crate::{at_four, refuses, sender};

#[test]
fn the_first_client_closes_all_of_them() -> Told {
    for nth in 0..4 {
        let (mut scene, places) = at_four(&[])?;
        scene.enter(&Place::Tcp(places[nth]))?;
        scene.until("it is let in", |s| {
            s.program.stderr.text().contains("Connection from")
        })?;
        scene.peer().tx.push(b"hello");
        scene.until("it is heard", |s| s.program.stdout.got == b"hello")?;
        for place in &places {
            refuses(*place)?;
        }
        scene.peer().tx.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_program_for_one_client_is_behind_every_door() -> Told {
    for nth in 0..4 {
        let (mut scene, places) = at_four(&["-c", "echo $NCAT_LOCAL_ADDR $NCAT_LOCAL_PORT"])?;
        scene.enter(&Place::Tcp(places[nth]))?;
        scene.until("it is answered", |s| s.peer().rx.ended())?;
        let (ip, port) = (places[nth].ip(), places[nth].port());
        let wanted = format!("{ip} {port}\n");
        same("the answer", &scene.peer().rx.got, wanted.as_bytes())?;
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_client_that_is_refused_closes_none() -> Told {
    let (mut scene, places) = at_four(&["--deny", "127.0.0.1"])?;
    let from = |nth: usize, host: [u8; 4]| Place::Tcp(places[nth]).connect_from(host.into());
    scene.peers.push(from(0, [127, 0, 0, 1])?);
    scene.until("it is refused", |s| s.peer().rx.ended())?;
    scene.peers.push(from(3, [127, 0, 0, 9])?);
    scene.peer().tx.push(b"hello");
    scene.peer().tx.finish();
    same("stdout", &scene.ends_with(0)?.stdout, b"hello")
}

#[test]
fn the_first_sender_of_datagrams_closes_all_of_them() -> Told {
    for nth in 0..4 {
        let (mut scene, places) = at_four(&["-u"])?;
        let first = sender(places[nth])?;
        told(first.send(b"hello"))?;
        scene.until("it is heard", |s| s.program.stdout.got == b"hello")?;
        for place in &places {
            let other = sender(*place)?;
            told(other.send(b"good day"))?;
            if other.recv(&mut [0; 10]).is_ok() {
                return Err(format!("somebody else is answered at {place}"));
            }
        }
        same("stdout", &scene.program.stdout.got, b"hello")?;
    }
    Ok(())
}
