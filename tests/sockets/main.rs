//! What the system is asked to do with our sockets, seen from where it shows: at the peer, in the system's
//! own tables, or in whether anything arrives at all. Most of it takes networks of its own.

#[path = "../common/mod.rs"]
mod common;

mod fast;
mod many;
mod net;
mod routes;
mod zones;

use common::scene::announced;
use common::{In, Program, Scene, Told};
use net::{Net, can, pair};

/// A listener in a network, as soon as it says that it listens, and its port.
fn listener(net: &Net, args: &[&str]) -> Told<(Scene, u16)> {
    let args = [&["-l", "-v"], args].concat();
    let mut scene = Scene::of(net.with(Program::ncat(args).stdin(In::Pipe)))?;
    let place = announced(&mut scene, 1)?.remove(0);
    let port = place.rsplit(':').next().and_then(|port| port.parse().ok());
    Ok((scene, port.ok_or_else(|| format!("no port in {place}"))?))
}

/// A client in a network, whose stdin stays open.
fn client(net: &Net, args: &[&str]) -> Told<Scene> {
    Scene::of(net.with(Program::ncat(args).stdin(In::Pipe)))
}

/// Says something and waits until the other has written it.
fn says(from: &mut Scene, to: &mut Scene, words: &str) -> Told {
    from.program.stdin.push(words.as_bytes());
    from.until("stdin was taken", |s| s.program.stdin.is_done())?;
    to.until(&format!("{words:?} arrives"), |s| {
        s.program.stdout.got.ends_with(words.as_bytes())
    })
    .map_err(|why| format!("{why}; the other: {}", from.state()))
}

/// Waits until a program tells that.
fn tells(scene: &mut Scene, words: &str) -> Told {
    scene.until(&format!("it tells {words:?}"), |s| {
        s.program.stderr.text().contains(words)
    })
}

#[test]
fn marks_and_probes_are_those_of_either_side() -> Told {
    if !can() {
        return Ok(());
    }
    // How the system shows them, for sockets of who listens and of who connects.
    let cases: [(&[&str], &[&str], &str); 7] = [
        (&["--tos", "lowdelay"], &[], "tos:0x10"),
        (&["--dscp", "af41"], &[], "tos:0x88"),
        (&["-6", "--dscp", "ef"], &[], "tclass:0xb8"),
        (&[], &[], "tos:0"),
        (&["--keepalive=500,15,4"], &[], "timer:(keepalive,8min"),
        (&["--keepalive"], &[], "timer:(keepalive,5"),
        (
            &["--keepalive=,20"],
            &["--keepalive=off"],
            "timer:(keepalive,5",
        ),
    ];
    let net = Net::new()?;
    for (args, only_listener, wanted) in cases {
        let host = if args.contains(&"-6") {
            "::1"
        } else {
            "127.0.0.1"
        };
        let here = [args, only_listener, &[host, "0"]].concat();
        let (mut server, port) = listener(&net, &here)?;
        let port = port.to_string();
        let mut client = client(&net, &[args, &[host, &port]].concat())?;
        says(&mut client, &mut server, "hello\n")?;
        let looks = |side: &str| net.sh(&format!("ss -Htnoie --tos {side} = :{port}"));
        let (theirs, ours) = (looks("dport")?, looks("sport")?);
        assert!(theirs.contains(wanted), "{args:?}: {wanted} in {theirs:?}");
        let off = !only_listener.is_empty();
        assert_eq!(
            ours.contains(wanted),
            !off,
            "{here:?}: {wanted} in {ours:?}"
        );
        if off {
            assert!(!ours.contains("keepalive"), "{here:?}: {ours:?}");
        }
    }
    Ok(())
}

#[test]
fn a_packet_passes_no_more_routers_than_it_may() -> Told {
    if !can() {
        return Ok(());
    }
    let (a, c) = (Net::new()?, Net::new()?);
    let b = Net::new()?;
    a.cable("v0", "10.1.0.1/24", &b, "v1", "10.1.0.2/24")?;
    b.cable("w0", "10.2.0.1/24", &c, "w1", "10.2.0.2/24")?;
    b.sh("echo 1 >/proc/sys/net/ipv4/ip_forward")?;
    a.sh("ip route add 10.2.0.0/24 via 10.1.0.2")?;
    c.sh("ip route add 10.1.0.0/24 via 10.2.0.1")?;
    let (mut server, port) = listener(&c, &["10.2.0.2", "0"])?;
    let port = port.to_string();
    let mut short = client(&a, &["--ttl", "1", "10.2.0.2", &port])?;
    let told = short.ends_with(1)?.stderr;
    assert!(told.contains("No route to host"), "{told}");
    let mut long = client(&a, &["--ttl", "2", "10.2.0.2", &port])?;
    says(&mut long, &mut server, "two\n")
}

#[test]
fn an_interface_hears_its_own_network_alone() -> Told {
    if !can() {
        return Ok(());
    }
    let (near, far) = pair()?;
    let (mut server, port) = listener(&far, &["-4", "--bind-device", "v1", "0"])?;
    let port = port.to_string();
    let mut refused = client(&far, &["127.0.0.1", &port])?;
    let told = refused.ends_with(1)?.stderr;
    assert_eq!(told, "Ncat: Connection refused.\n", "by way of lo");
    let mut elsewhere = client(&near, &["-w1", "--bind-device", "lo", "10.1.0.2", &port])?;
    elsewhere.ends_with(1)?;
    let mut client = client(&near, &["--bind-device", "v0", "10.1.0.2", &port])?;
    says(&mut client, &mut server, "by v0\n")
}

#[test]
fn an_interface_that_is_not_there_is_named() -> Told {
    for (args, status, wanted) in [
        (
            &["--bind-device", "none0", "127.0.0.1", "1"][..],
            1,
            "Ncat: bind to interface none0: No such device.\n",
        ),
        (
            &["-l", "--bind-device", "none0", "127.0.0.1", "0"],
            2,
            "Ncat: bind to 127.0.0.1:0: bind to interface none0: No such device. QUITTING.\n",
        ),
        (
            &["-lu", "--multicast-join", "239.1.1.1%none0", "0"],
            2,
            "Ncat: There is no interface \"none0\". QUITTING.\n",
        ),
    ] {
        let told = Scene::of(Program::ncat(args))?.ends_with(status)?.stderr;
        assert_eq!(told, wanted, "{args:?}");
    }
    Ok(())
}

/// The first Linux on which nobody needs a right to choose an interface for a socket that has none.
const FREE_CHOICE: (u32, u32) = (5, 7);

/// The version of the kernel.
fn linux() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

#[test]
fn an_interface_is_chosen_without_rights_where_the_system_lets_everybody() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    let ends = |args: &[&str], status| -> Told<String> {
        let mut scene = Scene::of(net.with_no_rights(Program::ncat(args)))?;
        Ok(scene.ends_with(status)?.stderr)
    };
    // Whether the rights are gone shows where every kernel wants one.
    let low = ends(&["-l", "127.0.0.1", "80"], 2)?;
    assert!(low.contains("Permission denied"), "rights are left: {low}");
    let told = ends(&["--bind-device", "lo", "127.0.0.1", "1"], 1)?;
    let wanted = match linux().is_none_or(|version| version < FREE_CHOICE) {
        true => "Ncat: bind to interface lo: Operation not permitted.\n",
        false => "Ncat: Connection refused.\n",
    };
    assert_eq!(told, wanted, "without rights");
    Ok(())
}

#[test]
fn buffers_are_as_large_as_was_asked_or_the_user_is_told() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    let sizes = ["--recv-buffer", "3M", "--send-buffer", "2M"];
    let (mut server, port) = listener(&net, &[&sizes[..], &["127.0.0.1", "0"]].concat())?;
    let port = port.to_string();
    let mut client = client(&net, &[&sizes[..], &["127.0.0.1", &port]].concat())?;
    says(&mut client, &mut server, "hello\n")?;
    for side in ["dport", "sport"] {
        let seen = net.sh(&format!("ss -Htnm {side} = :{port}"))?;
        // The system doubles both.
        let all = seen.contains("rb6291456,") && seen.contains("tb4194304,");
        assert!(all, "{side}: {seen}");
    }
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "--bounding-set=-all",
    ];
    let big = Program::ncat(["--recv-buffer", "900M", "-z", "127.0.0.1", "1"]).through(&nobody);
    let told = Scene::of(big)?.ends_with(1)?.stderr;
    let warned = told.starts_with("Ncat: Warning: --recv-buffer is more than the system gives: ");
    assert!(warned, "{told}");
    Ok(())
}
