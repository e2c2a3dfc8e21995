//! What is said, and what scripts look for in it.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use ncat::net::resolve;

use crate::common::{Place, Told, directory, told};
use crate::{normal, with_both};

/// Longer than anything here takes on any machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// What 127.0.0.1 is called here.
fn home() -> String {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    resolve::name(ip).unwrap_or_else(|| ip.to_string())
}

#[test]
fn places_are_told_of_by_the_names_of_their_hosts() -> Told {
    let home = &home();
    with_both(|who| {
        let (mut scene, port) = who.listen(&[])?;
        scene.enter(&Place::local(port))?;
        let from = scene.peer().local().ok_or("the peer has no address")?;
        // It may leave before anybody knows what its host is called.
        scene.peer().tx.finish();
        scene.program.stdin.finish();
        let outcome = scene.ends_with(0)?;
        let wanted = format!(
            "Listening on {home} {port}\nConnection received on {home} {}\n",
            from.port()
        );
        assert_eq!(outcome.stderr, wanted, "{who:?}");
        Ok(())
    })
}

#[test]
fn all_who_come_are_told_of_in_their_order() -> Told {
    let home = &home();
    with_both(|who| {
        let (mut scene, port) = who.listen(&["-kd"])?;
        let mut wanted = format!("Listening on {home} {port}\n");
        for _ in 0..5 {
            scene.enter(&Place::local(port))?;
            let from = scene.peer().local().ok_or("the peer has no address")?;
            wanted += &format!("Connection received on {home} {}\n", from.port());
            scene.peer().tx.finish();
        }
        scene.until("all were told of", |s| s.program.stderr.text() == wanted)
    })
}

#[test]
fn a_datagram_listener_tells_of_its_peer_by_name() -> Told {
    let home = &home();
    with_both(|who| {
        let (mut scene, port) = who.listen(&["-u"])?;
        let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
        told(socket.send_to(b"hello", ("127.0.0.1", port)))?;
        let from = told(socket.local_addr())?.port();
        let wanted = format!("Bound on {home} {port}\nConnection received on {home} {from}\n");
        scene.until("it tells of the peer", |s| {
            s.program.stderr.text() == wanted
        })
    })
}

#[test]
fn the_peers_of_a_unix_socket_are_told_of_by_its_path() -> Told {
    with_both(|who| {
        let dir = directory()?;
        let path = dir.path().join("s");
        let name = path.display().to_string();
        let mut scene = who.begin(&["-lvU", &name])?;
        let listening = format!("Bound on {name}\nListening on {name}\n");
        scene.until("it listens", |s| s.program.stderr.text() == listening)?;
        scene.enter(&Place::Unix(path))?;
        let wanted = format!("{listening}Connection received on {name}\n");
        scene.until("it tells of the peer", |s| {
            s.program.stderr.text() == wanted
        })
    })
}

#[test]
fn scripts_find_out_whose_letters_it_knows() -> Told {
    with_both(|who| {
        let help = who.begin(&["-h"])?.ends_with(0)?;
        assert_eq!(help.stdout, b"", "{who:?}: the help is on stderr");
        for wanted in ["OpenBSD netcat", "-q ", "-U", "-N", "-X "] {
            let found = help.stderr.contains(wanted);
            assert!(found, "{who:?}: {wanted:?} is not in {}", help.stderr);
        }
        // So libvirt asks whether there is -q.
        let outcome = who.begin(&["-q"])?.ends_with(1)?;
        let found = outcome
            .stderr
            .contains("option requires an argument -- 'q'");
        assert!(found, "{who:?}: {}", outcome.stderr);
        Ok(())
    })
}

#[test]
fn mistakes_are_told_of_in_its_words_and_make_the_status_1() -> Told {
    with_both(|who| {
        let cases: [(&[&str], &str); 8] = [
            (
                &["-n", "localhost", "80"],
                "nc: getaddrinfo for host \"localhost\" port 80: Name or service not known\n",
            ),
            (
                &["-nl", "localhost", "80"],
                "nc: getaddrinfo: Name or service not known\n",
            ),
            (&["127.0.0.1", "0"], "nc: port number too small: 0\n"),
            (
                &["-z", "127.0.0.1", "0-3"],
                "nc: port number too small: 0\n",
            ),
            (&["-z", "127.0.0.1", "1-"], "nc: port number invalid: \n"),
            (&["127.0.0.1", "1-x"], "nc: port number invalid: x\n"),
            (&["-FU", "path"], "nc: cannot use -F and -U\n"),
            (
                &["-T", "most", "127.0.0.1", "1"],
                "nc: illegal tos value most\n",
            ),
        ];
        for (args, wanted) in cases {
            let outcome = who.begin(args)?.ends_with(1)?;
            assert_eq!(normal(&outcome.stderr), wanted, "{who:?} {args:?}");
        }
        Ok(())
    })
}

#[test]
fn an_address_of_our_own_that_cannot_be_had_is_told_of_without_being_asked() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let open = door.place.words().remove(1);
        // TEST-NET-1, which is nobody's.
        let args = ["-s", "192.0.2.1", "127.0.0.1", &open];
        let outcome = who.begin(&args)?.ends_with(1)?;
        let found = outcome.stderr.contains("Cannot assign requested address");
        assert!(found, "{who:?}: {}", outcome.stderr);
        Ok(())
    })
}

#[test]
fn words_for_the_class_of_traffic_are_known() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let open = door.place.words().remove(1);
        for word in [
            "critical",
            "inetcontrol",
            "netcontrol",
            "lowcost",
            "ef",
            "0xff",
        ] {
            let outcome = who
                .begin(&["-zT", word, "127.0.0.1", &open])?
                .ends_with(0)?;
            assert_eq!(outcome.stderr, "", "{who:?} -T {word}");
        }
        Ok(())
    })
}

#[test]
fn no_time_at_all_is_enough_for_a_datagram() -> Told {
    with_both(|who| {
        let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
        told(socket.set_read_timeout(Some(PATIENCE)))?;
        let port = told(socket.local_addr())?.port().to_string();
        let dir = directory()?;
        let path = dir.path().join("metric");
        told(std::fs::write(&path, b"metric:1|c"))?;
        let program = who.program(&["-u", "-w0", "127.0.0.1", &port]);
        let program = program.stdin(crate::common::In::File(path));
        let outcome = crate::common::Scene::of(program)?.ends_with(0)?;
        assert_eq!(outcome.stderr, "", "{who:?}");
        let mut bytes = [0; 100];
        let (n, _) = told(socket.recv_from(&mut bytes))?;
        assert_eq!(&bytes[..n], b"metric:1|c", "{who:?}");
        Ok(())
    })
}

#[test]
fn a_port_that_does_not_answer_in_time_is_told_of() -> Told {
    with_both(|who| {
        // A backlog of 0 has room for one that nobody accepts; what comes after it is not answered.
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = told(socket)?;
        let any = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        told(socket.bind(&any.into()))?;
        told(socket.listen(0))?;
        let at = told(socket.local_addr())?.as_socket().ok_or("no address")?;
        let _first = Place::local(at.port()).connect()?;
        let port = at.port().to_string();
        for args in [["-vw1", "127.0.0.1", &port], ["-zvw1", "127.0.0.1", &port]] {
            let outcome = who.begin(&args)?.ends_with(1)?;
            let wanted = format!(
                "nc: connect to 127.0.0.1 port {port} (tcp) timed out: Operation now in progress\n"
            );
            assert_eq!(normal(&outcome.stderr), wanted, "{who:?} {args:?}");
        }
        Ok(())
    })
}
