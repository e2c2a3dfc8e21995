//! What proxies hear: the very bytes.

use crate::common::table::{Case, all_hold};
use crate::common::{Place, Told};
use crate::kits::{
    Kind, NAME, Step, calls, connect, door, heard, ncat, nobody, play, socks4, socks5_address,
};
use crate::people::{hear, say, words};

fn socks5(host: &str, port: u16) -> Vec<u8> {
    [&[5, 1, 0][..], &socks5_address(host, port)].concat()
}

/// Options, the host as typed, what is said before, and the last thing the proxy hears.
type Asked<'a> = (&'a [&'a str], &'a str, Option<Step>, Vec<u8>);

#[test]
fn each_kind_of_proxy_is_asked_in_its_own_words() -> Told {
    let hello = || Some(Step::new([5, 1, 0], [5, 0]));
    let longest = "n".repeat(255);
    let cases: Vec<Asked<'_>> = vec![
        (&[], NAME, None, connect(NAME, 80).into()),
        (
            &["--proxy-type", "http"],
            "192.0.2.1",
            None,
            connect("192.0.2.1", 80).into(),
        ),
        (
            &["--proxy-type", "http"],
            "127.1",
            None,
            connect("127.0.0.1", 80).into(),
        ),
        (
            &["--proxy-type", "http"],
            "2001:db8::1",
            None,
            connect("2001:db8::1", 80).into(),
        ),
        (
            &["--proxy-type", "http"],
            "2001:DB8:0::1",
            None,
            connect("2001:db8::1", 80).into(),
        ),
        (
            &["--proxy-type", "http"],
            "[::1]",
            None,
            connect("::1", 80).into(),
        ),
        (
            &["--proxy-type", "http", "--proxy-auth", "a:b"],
            NAME,
            None,
            connect(NAME, 80).into(),
        ),
        (
            &["--proxy-type", "socks4"],
            "192.0.2.1",
            None,
            socks4("192.0.2.1", 80, ""),
        ),
        (
            &["--proxy-type", "4"],
            "192.0.2.1",
            None,
            socks4("192.0.2.1", 80, ""),
        ),
        (
            &["--proxy-type", "socks4"],
            "127.1",
            None,
            socks4("127.0.0.1", 80, ""),
        ),
        (
            &["--proxy-type", "socks4"],
            NAME,
            None,
            socks4(NAME, 80, ""),
        ),
        (
            &["--proxy-type", "4", "--proxy-auth", "me:and:all"],
            NAME,
            None,
            socks4(NAME, 80, "me:and:all"),
        ),
        (
            &["--proxy-type", "socks5"],
            "192.0.2.1",
            hello(),
            socks5("192.0.2.1", 80),
        ),
        (&["--proxy-type", "5"], NAME, hello(), socks5(NAME, 80)),
        (
            &["--proxy-type", "5"],
            "2001:db8::1",
            hello(),
            socks5("2001:db8::1", 80),
        ),
        (
            &["--proxy-type", "socks5"],
            &longest,
            hello(),
            socks5(&longest, 80),
        ),
        (
            &["--proxy-type", "socks5", "-n"],
            "127.1",
            hello(),
            socks5("127.0.0.1", 80),
        ),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(options, host, hello, last)| {
            Case::new(format!("{options:?} {host}"), move || {
                let door = door()?;
                let way = ["--proxy".to_owned(), door.place.to_string()];
                let mut scene = ncat(&[&way, &words(&[options, &[host, "80"]])])?;
                scene.admit(&door)?;
                let mut all = Vec::new();
                if let Some(step) = hello {
                    all.extend(&step.asked);
                    play(&mut scene, std::slice::from_ref(step))?;
                }
                all.extend(last);
                heard(&mut scene, &all)
            })
        })
        .collect();
    all_hold(&cases)
}

#[test]
fn once_through_bytes_go_both_ways() -> Told {
    for kind in Kind::ALL {
        let mut scene = calls(kind, &[], &door()?)?;
        play(&mut scene, &kind.steps(NAME, 80))?;
        say(&mut scene, "there\n")?;
        hear(&mut scene, "and back\n")?;
        scene.program.stdin.finish();
        scene.until("the end is told", |s| s.peer().rx.ended())?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_login_is_told_in_two_halves_that_end_at_the_first_colon() -> Told {
    let long = "x".repeat(255);
    let all = format!("{long}:{long}");
    let cases = [
        ("user:pass", "user", "pass"),
        ("user:pass:more", "user", "pass:more"),
        ("user:", "user", ""),
        ("user", "user", ""),
        (&all, &long, &long),
    ];
    for (auth, user, password) in cases {
        let door = door()?;
        let mut scene = calls(Kind::Socks5, &["--proxy-auth", auth], &door)?;
        let user = [&[1, user.len() as u8], user.as_bytes()].concat();
        let password = [&[password.len() as u8], password.as_bytes()].concat();
        play(
            &mut scene,
            &[
                Step::new([5, 2, 0, 2], [5, 2]),
                Step::new([user, password].concat(), [1, 0]),
                Step::new(socks5(NAME, 80), ""),
            ],
        )?;
    }
    Ok(())
}

#[test]
fn a_login_is_not_told_to_a_proxy_that_does_not_want_it() -> Told {
    let door = door()?;
    let mut scene = calls(Kind::Login, &["-v"], &door)?;
    play(
        &mut scene,
        &[
            Step::new([5, 2, 0, 2], [5, 0]),
            Step::new(socks5(NAME, 80), b"\x05\0\0\x01\0\0\0\0\0\0"),
        ],
    )?;
    say(&mut scene, "there\n")
}

#[test]
fn a_proxy_is_met_from_the_address_and_port_that_were_asked_for() -> Told {
    for kind in Kind::ALL {
        let (_kept, free) = nobody()?;
        let port = crate::people::port_of(&free);
        let door = door()?;
        let mut scene = calls(kind, &["-s", "127.0.0.1", "-p", &port], &door)?;
        let remote = scene.peer().remote().map(Place::Tcp);
        if remote.as_ref() != Some(&free) {
            return Err(format!(
                "{kind}: it comes from {remote:?} instead of {free}"
            ));
        }
        let mut scene = calls(kind, &["-s", "127.0.0.9"], &door)?;
        let remote = scene.peer().remote().map(|at| at.ip().to_string());
        if remote.as_deref() != Some("127.0.0.9") {
            return Err(format!("{kind}: it comes from {remote:?}"));
        }
    }
    Ok(())
}

#[test]
fn a_proxy_with_an_address_of_ipv6_is_met_there() -> Told {
    for kind in Kind::ALL {
        let door = Place::Tcp("[::1]:0".parse().expect("an address")).open()?;
        let mut scene = calls(kind, &[], &door)?;
        play(&mut scene, &kind.steps(NAME, 80))?;
        say(&mut scene, "there\n")?;
    }
    Ok(())
}
