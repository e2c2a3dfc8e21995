//! Datagrams to groups and to everybody, and streams that use many paths.

use crate::common::{Program, Scene, Told};
use crate::net::{can, pair};
use crate::{client, listener, says, tells};

#[test]
fn all_who_joined_a_group_hear_what_is_sent_to_it_and_nobody_else() -> Told {
    if !can() {
        return Ok(());
    }
    for (group, other, family) in [
        ("239.1.2.3", "239.1.2.4", "-4"),
        ("ff02::1234", "ff02::1235", "-6"),
    ] {
        let (near, far) = pair()?;
        near.sh("ip route add 239.0.0.0/8 dev v0")?;
        let v0 = "ip -6 addr show dev v0";
        near.until(v0, |text| {
            text.contains("fe80") && !text.contains("tentative")
        })?;
        let joined = [format!("{group}%v1"), format!("{other}%v1")];
        let (mut one, port) = listener(&far, &[family, "-u", "--multicast-join", &joined[0], "0"])?;
        let port = port.to_string();
        let join = |group| [family, "-k", "-u", "--multicast-join", group, &port];
        let (mut many, _) = listener(&far, &join(&joined[0]))?;
        let (mut aside, _) = listener(&far, &join(&joined[1]))?;
        let to = if family == "-6" {
            format!("{group}%v0")
        } else {
            group.into()
        };
        let mut sender = client(&near, &["-u", "--multicast-ttl", "3", &to, &port])?;
        for words in ["one\n", "two\n", "three\n"] {
            says(&mut sender, &mut one, words)?;
            many.until(&format!("{words:?} arrives"), |s| {
                s.program.stdout.got.ends_with(words.as_bytes())
            })?;
        }
        let to = to.replace(group, other);
        let mut sender = client(&near, &["-u", &to, &port])?;
        says(&mut sender, &mut aside, "aside\n")?;
        assert_eq!(
            aside.program.stdout.got, b"aside\n",
            "{other} hears {other} alone"
        );
        assert_eq!(many.program.stdout.got, b"one\ntwo\nthree\n", "{group}");
    }
    Ok(())
}

#[test]
fn a_sender_may_keep_its_own_machine_from_hearing_it() -> Told {
    if !can() {
        return Ok(());
    }
    let (near, _far) = pair()?;
    near.sh("ip route add 239.0.0.0/8 dev v0")?;
    let join = ["-4", "-u", "-k", "--multicast-join", "239.1.2.3%v0", "0"];
    let (mut hears, port) = listener(&near, &join)?;
    let port = port.to_string();
    let mut silent = client(
        &near,
        &["-u", "--multicast-loop", "off", "239.1.2.3", &port],
    )?;
    silent.program.stdin.push(b"unheard\n");
    silent.until("stdin was taken", |s| s.program.stdin.is_done())?;
    silent.program.stdin.finish();
    silent.ends_with(0)?;
    let mut loud = client(&near, &["-u", "239.1.2.3", &port])?;
    says(&mut loud, &mut hears, "heard\n")?;
    assert_eq!(hears.program.stdout.got, b"heard\n", "what was heard");
    Ok(())
}

#[test]
fn everybody_around_is_reached_but_by_nc_only_when_that_is_asked_for() -> Told {
    if !can() {
        return Ok(());
    }
    let (near, far) = pair()?;
    let (mut server, port) = listener(&far, &["-4", "-k", "-u", "0"])?;
    let port = port.to_string();
    // A new line may lose what is sent first; whoever is refused over TCP has been there and back.
    client(&near, &["10.1.0.2", &port])?.ends_with(1)?;
    let nc = ["--compat", "openbsd", "-u"];
    let to_all = ["10.1.0.255", &port];
    for who in [&nc[..], &["-u", "--broadcast=off"]] {
        client(&near, &[who, &to_all].concat())?.ends_with(1)?;
    }
    for (who, words) in [
        (&nc[2..], "ncat\n"),
        (&["-u", "--broadcast"], "ncat --broadcast\n"),
        (&[&nc[..], &["-b"]].concat(), "nc -b\n"),
    ] {
        let mut sender = client(&near, &[who, &to_all].concat())?;
        says(&mut sender, &mut server, words)?;
    }
    Ok(())
}

#[test]
fn several_paths_are_used_where_both_can_and_nowhere_in_silence() -> Told {
    if !can() {
        return Ok(());
    }
    let net = crate::Net::new()?;
    if net.sh("test -e /proc/sys/net/mptcp/enabled").is_err() {
        println!("SKIPPED: this system has no MPTCP");
        return Ok(());
    }
    let cases: [(&[&str], &[&str], &str, &str); 3] = [
        (&["--mptcp"], &["--mptcp"], "MPTCP with ", "MPTCP with "),
        (&["--mptcp"], &[], " does without MPTCP", "Connected"),
        (&[], &["--mptcp"], "Connection from", " does without MPTCP"),
    ];
    for (here, there, ours, theirs) in cases {
        let (mut server, port) = listener(&net, &[here, &["127.0.0.1", "0"]].concat())?;
        let port = port.to_string();
        let mut client = client(&net, &[there, &["-v", "127.0.0.1", &port]].concat())?;
        says(&mut client, &mut server, "hello\n")?;
        tells(&mut server, ours)?;
        tells(&mut client, theirs)?;
    }
    net.sh("echo 0 >/proc/sys/net/mptcp/enabled")?;
    for (args, status, what) in [
        (&["--mptcp", "127.0.0.1", "1"][..], 1, "Ncat: MPTCP: "),
        (
            &["-l", "--mptcp", "127.0.0.1", "0"],
            2,
            "Ncat: bind to 127.0.0.1:0: MPTCP: ",
        ),
    ] {
        let mut scene = Scene::of(net.with(Program::ncat(args)))?;
        let told = scene.ends_with(status)?.stderr;
        assert!(told.starts_with(what), "{args:?}: {told}");
    }
    Ok(())
}
