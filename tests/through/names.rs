//! Who looks names up: the proxy, or we.

use std::time::Duration;

use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, Place, Told};
use crate::kits::{Kind, NAME, door, ends_saying, ncat, nobody, play};
use crate::people::{hear, holds, words};

/// Options, the host as typed, as the proxy is told, and the line about it.
const TOLD: [(&[&str], &str, &str, &str); 12] = [
    (
        &[],
        NAME,
        NAME,
        "Host target.example will be resolved by the proxy.",
    ),
    (
        &["-n"],
        NAME,
        NAME,
        "Host target.example will be resolved by the proxy.",
    ),
    (
        &["-4"],
        NAME,
        NAME,
        "Host target.example will be resolved by the proxy.",
    ),
    (
        &["--proxy-dns", "remote"],
        "localhost",
        "localhost",
        "Host localhost will be resolved by the proxy.",
    ),
    (
        &["--proxy-dns", "local", "-4"],
        "localhost",
        "127.0.0.1",
        "Host localhost locally resolved to 127.0.0.1.",
    ),
    (
        &["--proxy-dns", "both", "-4"],
        "localhost",
        "127.0.0.1",
        "Host localhost locally resolved to 127.0.0.1.",
    ),
    (
        &["--proxy-dns", "both", "-n"],
        NAME,
        NAME,
        "Host target.example will be resolved by the proxy.",
    ),
    (&["--proxy-dns", "none"], "192.0.2.1", "192.0.2.1", ""),
    (&["--proxy-dns", "local"], "192.0.2.1", "192.0.2.1", ""),
    (&["--proxy-dns", "none", "-n"], "127.1", "127.0.0.1", ""),
    (&["--proxy-dns", "remote"], "192.0.2.1", "192.0.2.1", ""),
    (&["--proxy-dns", "both"], "192.0.2.1", "192.0.2.1", ""),
];

#[test]
fn a_proxy_is_told_a_name_or_an_address_as_the_options_say() -> Told {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        for (options, typed, told, line) in TOLD {
            cases.push(Case::new(
                format!("{kind} {options:?} {typed}"),
                move || {
                    let door = door()?;
                    let way = kind.to(&door.place);
                    let mut scene = ncat(&[&way, &words(&[&["-v"], options, &[typed, "80"]])])?;
                    scene.admit(&door)?;
                    play(&mut scene, &kind.steps(told, 80))?;
                    hear(&mut scene, "here\n")?;
                    scene.until("stderr says who resolves", |s| {
                        s.program.stderr.text().contains(line)
                    })?;
                    let silent = !scene.program.stderr.text().contains("resolved");
                    match silent == line.is_empty() {
                        true => Ok(()),
                        false => Err(format!("words on names; {}", scene.state())),
                    }
                },
            ));
        }
    }
    all_hold(&cases)
}

/// A name that this machine's own list gives to ::1.
fn name_of_ipv6() -> Option<String> {
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let line = hosts.lines().find_map(|line| line.strip_prefix("::1 "))?;
    Some(line.split_whitespace().next()?.to_owned())
}

#[test]
fn an_ipv6_address_found_here_is_told_as_one() -> Told {
    let Some(name) = name_of_ipv6() else {
        eprintln!("SKIPPED: this machine knows no name with an address of IPv6");
        return Ok(());
    };
    for kind in [Kind::Http, Kind::Socks5, Kind::Login] {
        let door = Place::Tcp("[::1]:0".parse().expect("an address")).open()?;
        let way = kind.to(&door.place);
        let options = ["-6", "--proxy-dns", "local", &name, "80"];
        let mut scene = ncat(&[&way, &words(&[&options])])?;
        scene.admit(&door)?;
        play(&mut scene, &kind.steps("::1", 80))?;
        hear(&mut scene, "here\n")?;
    }
    Ok(())
}

#[test]
fn a_name_that_nobody_may_look_up_is_refused_before_a_proxy_is_asked() -> Told {
    let cases: [(&[&str], &str); 5] = [
        (&["--proxy-dns", "none"], NAME),
        (&["--proxy-dns", "none"], "localhost"),
        (&["--proxy-dns", "local", "-n"], NAME),
        (&["--proxy-dns", "none", "-4"], "::1"),
        (&["--proxy-dns", "none", "-6"], "127.0.0.1"),
    ];
    for kind in [Kind::Http, Kind::Socks5] {
        for (options, host) in cases {
            let family6 = options.contains(&"-6");
            let at = if family6 { "[::1]:0" } else { "127.0.0.1:0" };
            let door = Place::Tcp(at.parse().expect("an address")).open()?;
            let mut scene = ncat(&[&kind.to(&door.place), &words(&[options, &[host, "80"]])])?;
            let said = format!("Ncat: Error: Failed to resolve host {host} locally.");
            let outcome = scene.ends_with(1)?;
            if !outcome.stderr.starts_with(&said) {
                return Err(format!("{options:?} {host}: {}", outcome.stderr));
            }
            if door.accept(Deadline::after(Duration::ZERO)).is_ok() {
                return Err(format!("{options:?} {host}: the proxy was called"));
            }
        }
    }
    Ok(())
}

#[test]
fn socks4_is_asked_for_no_ipv6_address() -> Told {
    let door = door()?;
    let mut scene = ncat(&[&Kind::Socks4.to(&door.place), &words(&[&["::1", "80"]])])?;
    let said = scene.ends_with(1)?.stderr;
    match said.contains("IPv6 addresses are not supported with Socks4.") {
        true => Ok(()),
        false => Err(said),
    }
}

#[test]
fn a_name_that_is_too_long_or_none_is_refused_in_words_and_never_cut() -> Told {
    let (long, longer) = ("n".repeat(256), "n".repeat(1000));
    for kind in Kind::ALL {
        for host in [&long, &longer, "two words", "a\r\nb", "user@host"] {
            let door = door()?;
            let mut scene = ncat(&[&kind.to(&door.place), &words(&[&[host, "80"]])])?;
            let outcome = scene.ends_with(2)?;
            if !outcome.stderr.contains("No proxy can be asked for") {
                return Err(format!("{kind} {host:?}: {}", outcome.stderr));
            }
        }
    }
    Ok(())
}

#[test]
fn a_proxy_that_cannot_be_found_is_named() -> Told {
    for option in ["-n", "-v"] {
        // Two dots in a row are in no name, so that nobody is asked for it.
        let mut scene = ncat(&[&["--proxy", "no..name:1", option, "127.0.0.1", "80"]])?;
        let outcome = scene.ends_with(1)?;
        if !outcome
            .stderr
            .contains("Could not resolve proxy \"no..name\"")
        {
            return Err(format!("{option}: {}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn a_proxy_that_is_not_of_the_family_asked_for_is_not_found() -> Told {
    for (family, proxy) in [("-6", "127.0.0.1:1"), ("-4", "[::1]:1")] {
        let mut scene = ncat(&[&[family, "--proxy", proxy, NAME, "80"]])?;
        let outcome = scene.ends_with(1)?;
        holds(
            "stderr",
            &outcome.stderr,
            "Ncat: Could not resolve proxy \"",
        )?;
    }
    Ok(())
}

#[test]
fn a_proxy_where_nobody_listens_refuses() -> Told {
    for kind in Kind::ALL {
        let (_kept, gone) = nobody()?;
        let mut scene = ncat(&[&kind.to(&gone), &words(&[&[NAME, "80"]])])?;
        ends_saying(
            &mut scene,
            1,
            "Ncat: Proxy connection failed: Connection refused.\n",
        )?;
    }
    Ok(())
}
