//! The ways in which scripts use it, and the names it is called by.

use std::os::unix::fs::symlink;
use std::time::Duration;

#[cfg(feature = "proxy")]
use crate::common::scene::place_of;
use crate::common::{Deadline, In, Place, Program, Scene, Told, directory, told};
use crate::{said_port, with_both, words};

#[test]
fn its_name_makes_it_nc() -> Told {
    let dir = directory()?;
    let built = std::env::var_os("NCAT_BIN");
    let built = built.unwrap_or_else(|| env!("CARGO_BIN_EXE_ncat").into());
    let cases = [
        ("nc", true),
        ("nc.ours", true),
        ("netcat", true),
        ("ncat.old", false),
    ];
    for (name, is_nc) in cases {
        let path = dir.path().join(name);
        told(symlink(&built, &path))?;
        // One says that the port is closed, and the other says nothing and only ends.
        let program = Program::at(&path, ["127.0.0.1", "1"]);
        let outcome = Scene::of(program.stdin(In::Null))?.ends_with(1)?;
        let wanted = if is_nc {
            ""
        } else {
            "Ncat: Connection refused.\n"
        };
        assert_eq!(outcome.stderr, wanted, "called as {name}");
        let program = Program::at(&path, ["--compat", "nmap", "127.0.0.1", "1"]);
        let outcome = Scene::of(program.stdin(In::Null))?.ends_with(1)?;
        assert_eq!(outcome.stderr, "Ncat: Connection refused.\n", "{name}");
    }
    Ok(())
}

#[test]
fn compat_behind_another_argument_is_too_late() -> Told {
    let program = Program::ncat(["-l", "--compat", "openbsd"]);
    let outcome = Scene::of(program.stdin(In::Null))?.ends_with(2)?;
    let wanted = "Ncat: --compat must be the first argument. QUITTING.\n";
    assert_eq!(outcome.stderr, wanted, "what is said");
    Ok(())
}

#[test]
fn whole_files_go_from_one_to_the_other() -> Told {
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| ((n * 7) >> 3) as u8).collect();
    let bytes = &bytes;
    with_both(|who| {
        let (mut server, port) = who.listen(&[])?;
        server.program.stdin.finish();
        let port = port.to_string();
        let mut client = who.begin(&["-N", "127.0.0.1", &port])?;
        client.program.stdin.push(bytes);
        client.program.stdin.finish();
        let deadline = Deadline::usual();
        while server.program.stdout.got.len() < bytes.len() {
            client.turn(Deadline::after(A_MOMENT))?;
            server.turn(Deadline::after(A_MOMENT))?;
            if deadline.passed() {
                return Err(format!("not all has come: {}", server.state()));
            }
        }
        client.ends_with(0)?;
        let outcome = server.ends_with(0)?;
        assert!(outcome.stdout == *bytes, "{who:?} changed what passed");
        Ok(())
    })
}

/// How long one of two programs is looked at before the other has its turn.
const A_MOMENT: Duration = Duration::from_millis(1);

#[test]
fn a_unix_socket_is_talked_to() -> Told {
    with_both(|who| {
        let dir = directory()?;
        let place = Place::Unix(dir.path().join("s"));
        let door = place.open()?;
        let args = words(&place);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut scene = who.begin(&[&["-N"], &args[..]].concat())?;
        scene.admit(&door)?;
        scene.program.stdin.push(b"ask");
        scene.program.stdin.finish();
        scene.until("it asks", |s| s.peer().rx.ended())?;
        scene.peer().tx.push(b"answer");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stdout, b"answer", "{who:?}");
        Ok(())
    })
}

#[test]
fn a_path_where_nobody_is_is_told_of_without_being_asked() -> Told {
    with_both(|who| {
        let dir = directory()?;
        let path = dir.path().join("nobody").display().to_string();
        for args in [&["-U", &path][..], &["-zU", &path]] {
            let outcome = who.begin(args)?.ends_with(1)?;
            let said = outcome.stderr.replace("nc.openbsd: ", "nc: ");
            let wanted = format!("nc: {path}: No such file or directory\n");
            assert_eq!(said, wanted, "{who:?} {args:?}");
        }
        Ok(())
    })
}

#[test]
fn a_peer_that_comes_is_told_of() -> Told {
    with_both(|who| {
        let (mut scene, port) = who.listen(&["-n"])?;
        assert_eq!(said_port(&scene), Some(port), "it said where it listens");
        scene.enter(&Place::local(port))?;
        let from = scene.peer().local().ok_or("the peer has no address")?;
        let wanted = format!(
            "Listening on 127.0.0.1 {port}\nConnection received on 127.0.0.1 {}\n",
            from.port()
        );
        scene.until("it tells of the peer", |s| {
            s.program.stderr.text() == wanted
        })
    })
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_leads_to_the_peer() -> Told {
    for (kind, ours) in [("connect", "http"), ("5", "socks5"), ("4", "socks4")] {
        with_both(|who| {
            let program = Program::ncat(["-l", "-v", "--proxy-type", ours, "127.0.0.1", "0"]);
            let mut proxy = Scene::of(program.stdin(In::Null))?;
            let at = place_of(&mut proxy)?;
            let door = Place::any_port().open()?;
            let target = words(&door.place);
            let args = [
                "-N",
                "-X",
                kind,
                "-x",
                &at.to_string(),
                &target[0],
                &target[1],
            ];
            let mut scene = who.begin(&args)?;
            scene.admit(&door)?;
            scene.program.stdin.push(b"ask");
            scene.program.stdin.finish();
            scene.until("it asks", |s| s.peer().rx.ended())?;
            scene.peer().tx.push(b"answer");
            scene.peer().tx.finish();
            let outcome = scene.ends_with(0)?;
            assert_eq!(outcome.stdout, b"answer", "{who:?} by {kind}");
            Ok(())
        })?;
    }
    Ok(())
}
