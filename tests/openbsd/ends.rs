//! Who learns of whose end, and when a run is over.

use std::time::Duration;

use crate::common::{Place, Told};
use crate::{Who, with_both, words};

/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn the_end_of_stdin_is_kept_unless_it_is_to_be_told() -> Told {
    let cases: [(&[&str], bool); 3] = [(&[], false), (&["-N"], true), (&["-q", "5"], true)];
    for (args, told) in cases {
        with_both(|who| {
            let door = Place::any_port().open()?;
            let at = words(&door.place);
            let at: Vec<&str> = at.iter().map(String::as_str).collect();
            let mut scene = who.begin(&[args, &at].concat())?;
            scene.admit(&door)?;
            scene.program.stdin.push(b"all of it");
            scene.program.stdin.finish();
            scene.until("what stdin gave has come", |s| {
                s.peer().rx.got == b"all of it"
            })?;
            if told {
                scene.until("its end has come, too", |s| s.peer().rx.ended())?;
            } else {
                scene.holds(A_WHILE, "the end is kept", |s| !s.peer().rx.ended())?;
            }
            scene.peer().tx.push(b"the answer");
            scene.peer().tx.finish();
            let outcome = scene.ends_with(0)?;
            assert_eq!(outcome.stdout, b"the answer", "{who:?} {args:?}");
            assert_eq!(outcome.stderr, "", "{who:?} {args:?}");
            Ok(())
        })
        .map_err(|why| format!("{args:?}: {why}"))?;
    }
    Ok(())
}

#[test]
fn silence_ends_a_run_well() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let at = words(&door.place);
        let mut scene = who.begin(&["-w", "1", &at[0], &at[1]])?;
        scene.admit(&door)?;
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?} says nothing of a time-out");
        Ok(())
    })
}

#[test]
fn a_listener_ends_with_its_only_peer() -> Told {
    with_both(|who| {
        let (mut scene, port) = who.listen(&[])?;
        scene.enter(&Place::local(port))?;
        scene.peer().tx.push(b"words");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stdout, b"words", "{who:?}");
        Ok(())
    })
}

#[test]
fn a_listener_that_goes_on_serves_one_after_another() -> Told {
    with_both(|who| {
        let (mut scene, port) = who.listen(&["-k"])?;
        scene.enter(&Place::local(port))?;
        let mut first = scene.peers.remove(0);
        scene.enter(&Place::local(port))?;
        scene.peer().tx.push(b"second");
        scene.peer().tx.finish();
        scene.holds(A_WHILE, "the second waits", |s| {
            s.program.stdout.got.is_empty()
        })?;
        first.tx.push(b"first ");
        first.tx.finish();
        scene.peers.insert(0, first);
        scene.until("both have been heard", |s| {
            s.program.stdout.got == b"first second"
        })
    })
}

#[test]
fn so_many_packets_are_enough() -> Told {
    with_both(|who| {
        let (mut server, port) = listen_for_datagrams(who)?;
        let port = port.to_string();
        let mut client = who.begin(&["-u", "127.0.0.1", &port])?;
        for (n, word) in [&b"one"[..], b"two"].into_iter().enumerate() {
            client.program.stdin.push(word);
            client.until("stdin was taken", |s| s.program.stdin.is_done())?;
            let wanted = if n == 0 { &b"one"[..] } else { b"onetwo" };
            server.until("it has come", |s| s.program.stdout.got == wanted)?;
        }
        server.ends_with(0)?;
        Ok(())
    })
}

fn listen_for_datagrams(who: Who) -> Told<(crate::common::Scene, u16)> {
    who.listen(&["-u", "-W", "2"])
}

#[test]
fn a_datagram_is_sent_and_that_is_all() -> Told {
    with_both(|who| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .map_err(|e| e.to_string())?;
        let at = socket.local_addr().map_err(|e| e.to_string())?;
        let port = at.port().to_string();
        let mut scene = who.begin(&["-u", "-q", "0", "127.0.0.1", &port])?;
        scene.program.stdin.push(b"metric:1|c");
        scene.program.stdin.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?}");
        let mut bytes = [0; 100];
        let (n, _) = socket.recv_from(&mut bytes).map_err(|e| e.to_string())?;
        assert_eq!(&bytes[..n], b"metric:1|c", "{who:?}");
        Ok(())
    })
}

#[test]
fn datagrams_that_nobody_wants_are_no_failure() -> Told {
    with_both(|who| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let at = socket.local_addr().map_err(|e| e.to_string())?;
        drop(socket);
        let port = at.port().to_string();
        let mut scene = who.begin(&["-u", "-w", "1", "127.0.0.1", &port])?;
        scene.program.stdin.push(b"metric:1|c");
        scene.program.stdin.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?}");
        Ok(())
    })
}

#[test]
fn a_line_is_sent_so_long_after_another() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let at = words(&door.place);
        let mut scene = who.begin(&["-i", "1", &at[0], &at[1]])?;
        scene.admit(&door)?;
        scene.program.stdin.push(b"first\nsecond\n");
        scene.until("a line has come", |s| s.peer().rx.got == b"first\n")?;
        scene.holds(A_WHILE, "the other waits", |s| {
            s.peer().rx.got == b"first\n"
        })?;
        scene.until("both have come", |s| s.peer().rx.got == b"first\nsecond\n")?;
        scene.program.stdin.finish();
        scene.peer().tx.push(b"one\ntwo\n");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stdout, b"one\ntwo\n", "{who:?}");
        Ok(())
    })
}

#[test]
fn whoever_reads_stdout_may_leave_when_they_have_seen_enough() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let at = words(&door.place);
        let mut scene = who.begin(&["-d", &at[0], &at[1]])?;
        scene.admit(&door)?;
        scene.peer().tx.push(b"SSH-2.0-somebody\r\n");
        scene.until("a banner has come", |s| {
            s.program.stdout.got.ends_with(b"\n")
        })?;
        scene.program.stdout.drop_end();
        let outcome = scene.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?}");
        Ok(())
    })
}

#[test]
fn what_stdin_says_is_sent_though_nobody_reads_stdout() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let at = words(&door.place);
        let mut scene = who.begin(&["-N", &at[0], &at[1]])?;
        scene.admit(&door)?;
        scene.program.stdout.drop_end();
        scene.program.stdin.push(b"all of it");
        scene.until("it has come", |s| s.peer().rx.got == b"all of it")?;
        scene.program.stdin.push(b", and more");
        scene.program.stdin.finish();
        scene.until("the rest has come", |s| s.peer().rx.ended())?;
        assert_eq!(scene.peer().rx.got, b"all of it, and more", "{who:?}");
        scene.ends_with(0)?;
        Ok(())
    })
}
