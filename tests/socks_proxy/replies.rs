//! What clients are told, to the byte.

use std::net::{SocketAddr, TcpStream, UdpSocket};

use crate::common::deadline::USUAL;
use crate::common::table::{Case, all_hold};
use crate::common::{Told, told};
use crate::scene::{Proxy, Silence, admit, at, nobody, target};
use crate::words::{
    BIND, CONNECT, HELLO5, HOST_UNREACHABLE, NOT_ALLOWED, REFUSED, Socks, WELCOME5, login5, named,
    nowhere, place, reply4, reply5, request4, request4a, request5,
};

/// What somebody says who asks in vain, what is said to that, and what is told of it with `-v`.
type Wrong = (
    &'static str,
    Socks,
    &'static [&'static str],
    Vec<u8>,
    Vec<u8>,
    &'static str,
);

fn is_told(wrong: &[Wrong]) -> Told {
    let case = |(name, socks, options, said, wanted, line): &Wrong| {
        let play = {
            let (socks, options, said) = (*socks, *options, said.clone());
            let (wanted, line) = (wanted.clone(), *line);
            move || {
                let mut proxy = Proxy::open(socks, options)?;
                let mut client = proxy.client_says(&said)?;
                client.hears_last(&wanted)?;
                proxy.said(line)?;
                proxy.is_as_before()
            }
        };
        Case::new(format!("{socks:?}, {name}"), play)
    };
    all_hold(&wrong.iter().map(case).collect::<Vec<_>>())
}

fn reached(socks: Socks, ask: impl Fn(SocketAddr) -> Vec<u8>) -> Told {
    let mut proxy = Proxy::open(socks, &[])?;
    let door = target()?;
    let mut near = proxy.client_says(&ask(at(&door)))?;
    let mut far = admit(&door)?;
    near.hears(&socks.reached(far.remote()?))?;
    near.talks_with(&mut far)?;
    drop((near, far));
    proxy.is_as_before()
}

#[test]
fn who_is_reached_is_told_with_our_own_address_there() -> Told {
    let four = Socks::Four;
    let five = Socks::Five;
    let ask5 = |place: &[u8]| [&HELLO5[..], &request5(CONNECT, place)].concat();
    all_hold(&[
        Case::new("SOCKS4", || reached(four, |to| four.ask(to))),
        Case::new("SOCKS4 with a user", || {
            reached(four, |to| request4(CONNECT, to, b"somebody"))
        }),
        Case::new("SOCKS4a", || {
            reached(four, |to| four.ask_name("localhost", to.port()))
        }),
        Case::new("SOCKS4a with an address for a name", || {
            reached(four, |to| four.ask_name("127.0.0.1", to.port()))
        }),
        Case::new("SOCKS4, nowhere in particular", || {
            reached(four, |to| four.ask(([0, 0, 0, 0], to.port()).into()))
        }),
        Case::new("SOCKS5", || reached(five, |to| five.ask(to))),
        Case::new("SOCKS5 with a name", || {
            reached(five, |to| five.ask_name("LocalHost", to.port()))
        }),
        Case::new("SOCKS5 with an address for a name", || {
            reached(five, |to| ask5(&named("127.0.0.1", to.port())))
        }),
        Case::new("SOCKS5 with an IPv4 address in the clothes of IPv6", || {
            reached(five, |to| {
                let ip: std::net::Ipv6Addr = "::ffff:127.0.0.1".parse().expect("an address");
                ask5(&place((ip, to.port()).into()))
            })
        }),
        Case::new("SOCKS5 to one that offers more than one way", || {
            reached(five, |to| {
                let hello = [5, 3, 2, 1, 0];
                [&hello[..], &request5(CONNECT, &place(to))].concat()
            })
        }),
    ])
}

#[test]
fn who_is_reached_by_ipv6_is_told_with_an_address_of_ipv6() -> Told {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        println!("SKIPPED: this machine has no IPv6");
        return Ok(());
    };
    let to = told(listener.local_addr())?;
    for socks in Socks::BOTH {
        let proxy = Proxy::open(socks, &[])?;
        let said = match socks {
            // It has words for names only.
            Socks::Four => socks.ask_name("::1", to.port()),
            Socks::Five => socks.ask(to),
        };
        let mut client = proxy.client_says(&said)?;
        let door = crate::common::Door {
            socket: told(listener.try_clone())?.into(),
            place: crate::common::Place::Tcp(to),
        };
        let mut far = admit(&door)?;
        let own = far.remote()?;
        match socks {
            // And no room for this address.
            Socks::Four => client.hears(&reply4(90, ([0, 0, 0, 0], own.port()).into()))?,
            Socks::Five => client.hears(&socks.reached(own))?,
        }
        client.talks_with(&mut far)?;
    }
    Ok(())
}

#[test]
fn who_cannot_be_reached_is_told_with_the_reason() -> Told {
    let (refused, _socket) = nobody()?;
    let silence = Silence::open()?;
    let label = "x".repeat(64);
    let mut wrong: Vec<Wrong> = Vec::new();
    for socks in Socks::BOTH {
        let mut push = |name, options, said, code, line: String| {
            wrong.push((name, socks, options, said, socks.missed(code), line.leak()));
        };
        let status = |code: u8| match socks {
            Socks::Four => 91,
            Socks::Five => code,
        };
        let told = |to: &str, code| {
            let status = status(code);
            format!(" CONNECT {to}: {status}, 0 bytes sent, 0 bytes received in 0.")
        };
        let to = refused.to_string();
        push(
            "refused",
            &[],
            socks.ask(refused),
            REFUSED,
            told(&to, REFUSED),
        );
        push(
            "all addresses refused",
            &[],
            socks.ask_name("localhost", refused.port()),
            REFUSED,
            told(&format!("localhost:{}", refused.port()), REFUSED),
        );
        push(
            "a name that is not looked up",
            &["-n"],
            socks.ask_name("h.invalid", 1),
            HOST_UNREACHABLE,
            told("h.invalid:1", HOST_UNREACHABLE),
        );
        push(
            "a name that cannot be",
            &[],
            socks.ask_name(&label, 1),
            HOST_UNREACHABLE,
            told(&format!("{label}:1"), HOST_UNREACHABLE),
        );
        push(
            "of no family that may be used",
            &["-6"],
            socks.ask(refused),
            HOST_UNREACHABLE,
            told(&to, HOST_UNREACHABLE),
        );
        push(
            "denied",
            &["--proxy-deny", "127.0.0.0/8"],
            socks.ask(refused),
            NOT_ALLOWED,
            told(&to, NOT_ALLOWED),
        );
        push(
            "denied by where a name leads to",
            &["--proxy-deny", "127.0.0.1,[::1]"],
            socks.ask_name("localhost", refused.port()),
            NOT_ALLOWED,
            told(&format!("localhost:{}", refused.port()), NOT_ALLOWED),
        );
        push(
            "denied by its name",
            &["--proxy-deny", "localhost"],
            socks.ask_name("LocalHost.", 1),
            NOT_ALLOWED,
            told("LocalHost.:1", NOT_ALLOWED),
        );
        push(
            "not allowed",
            &["--proxy-allow", "192.0.2.1"],
            socks.ask(refused),
            NOT_ALLOWED,
            told(&to, NOT_ALLOWED),
        );
        push(
            "silent",
            &["-w", "300ms"],
            socks.ask(silence.at),
            HOST_UNREACHABLE,
            told(&silence.at.to_string(), HOST_UNREACHABLE),
        );
    }
    // A proxy for IPv6 alone does not listen at 127.0.0.1.
    let (others, families): (Vec<_>, Vec<_>) = wrong.into_iter().partition(|w| w.2 != ["-6"]);
    is_told(&others)?;
    for (name, socks, _, said, wanted, _) in families {
        let Ok(mut proxy) = Proxy::dressed(socks, &["-6", "::1", "0"], |program| program) else {
            println!("SKIPPED: this machine has no IPv6");
            continue;
        };
        let mut client = proxy.client_says(&said)?;
        client
            .hears_last(&wanted)
            .map_err(|why| format!("{socks:?}, {name}: {why}"))?;
        proxy.is_as_before()?;
    }
    Ok(())
}

#[test]
fn who_asks_in_other_words_is_told_so_or_nothing() -> Told {
    let (to, _socket) = nobody()?;
    let far = place(to);
    let five = |request: Vec<u8>| [&HELLO5[..], &request].concat();
    let answer = |code| [&WELCOME5[..], &reply5(code, nowhere())].concat();
    let no = reply4(91, nowhere());
    let line = |words: &str, code: u8| -> &'static str {
        let line = format!(" {words}: {code}, 0 bytes sent, 0 bytes received in 0.");
        line.leak()
    };
    let not4 = " what is no SOCKS4 request: no answer, ";
    let not5 = " what is no SOCKS5 request: no answer, ";
    let (f4, f5) = (Socks::Four, Socks::Five);
    let bind = line(&format!("BIND {to}"), 91);
    let bind5 = line(&format!("BIND {to}"), 7);
    let other = line(&format!("command 9 {to}"), 91);
    let other5 = line(&format!("command 9 {to}"), 7);
    let associate4 = line(&format!("command 3 {to}"), 91);
    is_told(&[
        ("BIND", f4, &[], request4(BIND, to, b""), no.clone(), bind),
        (
            "BIND",
            f5,
            &[],
            five(request5(BIND, &far)),
            answer(7),
            bind5,
        ),
        (
            "another command",
            f4,
            &[],
            request4(9, to, b""),
            no.clone(),
            other,
        ),
        (
            "another command",
            f5,
            &[],
            five(request5(9, &far)),
            answer(7),
            other5,
        ),
        (
            "what only SOCKS5 knows",
            f4,
            &[],
            request4(3, to, b""),
            no.clone(),
            associate4,
        ),
        (
            "another kind of address",
            f5,
            &[],
            five(request5(CONNECT, &[2])),
            answer(8),
            line("CONNECT to an address of type 2", 8),
        ),
        (
            "a name that is none",
            f4,
            &[],
            request4a(CONNECT, "a b", 1, b""),
            no.clone(),
            line("CONNECT a b:1", 91),
        ),
        (
            "a name that is none",
            f5,
            &[],
            five(request5(CONNECT, &named("a\nb", 1))),
            answer(1),
            line("CONNECT a\\nb:1", 1),
        ),
        (
            "an empty name",
            f5,
            &[],
            five(request5(CONNECT, &named("", 1))),
            answer(1),
            line("CONNECT :1", 1),
        ),
        (
            "a user without end",
            f4,
            &[],
            [&[4, 1, 0, 1, 1, 2, 3, 4][..], &[b'x'; 256]].concat(),
            no,
            line("a request that is too long", 91),
        ),
        ("another version", f4, &[], vec![5], vec![], not4),
        ("another version", f5, &[], vec![4], vec![], not5),
        ("another version", f4, &[], vec![0], vec![], not4),
        ("HTTP", f5, &[], vec![b'G'], vec![], not5),
        (
            "another version in its request",
            f5,
            &[],
            five(vec![4]),
            WELCOME5.to_vec(),
            not5,
        ),
    ])
}

#[test]
fn who_has_to_say_who_it_is_is_told_if_it_is_not() -> Told {
    let (f4, f5) = (Socks::Four, Socks::Five);
    let auth: &[&str] = &["--proxy-auth", "joe:secret"];
    let (to, _socket) = nobody()?;
    let stranger = reply4(93, nowhere());
    let four = |user: &[u8]| request4(CONNECT, to, user);
    let no_login = " no way to log in that is accepted: 255, ";
    let line4 = format!(" CONNECT {to}: 93, ").leak();
    let line5 = |user: &str| -> &'static str { format!(" login as {user}: 1, ").leak() };
    let login = |user: &str, password: &str| [&[5, 1, 2][..], &login5(user, password)].concat();
    let wrong = vec![5, 2, 1, 1];
    is_told(&[
        ("nobody", f4, auth, four(b""), stranger.clone(), line4),
        (
            "another user",
            f4,
            auth,
            four(b"joe:Secret"),
            stranger.clone(),
            line4,
        ),
        (
            "a name that is not looked up for strangers",
            f4,
            auth,
            request4a(CONNECT, "localhost", 1, b"joe"),
            stranger,
            " CONNECT localhost:1: 93, ",
        ),
        (
            "without a login",
            f5,
            auth,
            HELLO5.to_vec(),
            vec![5, 0xff],
            no_login,
        ),
        (
            "no way at all",
            f5,
            &[],
            vec![5, 0],
            vec![5, 0xff],
            no_login,
        ),
        (
            "with a login only",
            f5,
            &[],
            vec![5, 1, 2],
            vec![5, 0xff],
            no_login,
        ),
        (
            "GSSAPI only",
            f5,
            auth,
            vec![5, 1, 1],
            vec![5, 0xff],
            no_login,
        ),
        (
            "another password",
            f5,
            auth,
            login("joe", "Secret"),
            wrong.clone(),
            line5("joe"),
        ),
        (
            "a shorter password",
            f5,
            auth,
            login("joe", "secre"),
            wrong.clone(),
            line5("joe"),
        ),
        (
            "another user",
            f5,
            auth,
            login("Joe", "secret"),
            wrong.clone(),
            line5("Joe"),
        ),
        ("nobody", f5, auth, login("", ""), wrong, line5("")),
        (
            "another version of a login",
            f5,
            auth,
            vec![5, 1, 2, 5],
            vec![5, 2],
            " what is no SOCKS5 request: no answer, ",
        ),
    ])
}

#[test]
fn who_says_who_it_is_is_brought_there_under_its_name() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &["--proxy-auth", "joe:secret"])?;
        let door = target()?;
        let to = at(&door);
        // Whoever has a name may offer to go without one as well.
        let said = match socks {
            Socks::Four => request4(CONNECT, to, b"joe:secret"),
            Socks::Five => [
                &[5, 2, 0, 2][..],
                &login5("joe", "secret"),
                &request5(CONNECT, &place(to)),
            ]
            .concat(),
        };
        let mut near = proxy.client_says(&said)?;
        let mut far = admit(&door)?;
        let own = far.remote()?;
        match socks {
            Socks::Four => near.hears(&socks.reached(own))?,
            Socks::Five => near.hears(&[&[5, 2, 1, 0][..], &reply5(0, own)].concat())?,
        }
        near.talks_with(&mut far)?;
        let name = near.local()?;
        drop((near, far));
        proxy.said(&format!(
            "{name} CONNECT {to} as joe: over, 4 bytes sent, 4 bytes received in 0."
        ))?;
    }
    Ok(())
}

#[test]
fn who_would_be_led_back_to_us_is_told_that_it_may_not_go_there() -> Told {
    let own = own_address();
    if own.is_none() {
        println!("SKIPPED: this machine has no address but those of loopback");
    }
    let hosts = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "localhost"];
    let hosts = hosts.map(str::to_owned).into_iter();
    let hosts: Vec<String> = hosts.chain(own.map(|ip| ip.to_string())).collect();
    for socks in Socks::BOTH {
        let mut proxy = Proxy::dressed(socks, &["-4", "0"], |program| program)?;
        let port = proxy.at.port();
        proxy.at.set_ip([127, 0, 0, 1].into());
        for host in &hosts {
            let said = match host.parse() {
                Ok(ip) => socks.ask(SocketAddr::new(ip, port)),
                Err(_) => socks.ask_name(host, port),
            };
            let mut client = proxy.client_says(&said)?;
            client
                .hears_last(&socks.missed(NOT_ALLOWED))
                .map_err(|why| format!("{socks:?}, {host}: {why}"))?;
        }
        proxy.is_as_before()?;
        // Where it does not listen there is no loop.
        let mut proxy = Proxy::open(socks, &[])?;
        let mut client = proxy.client_says(&socks.ask(([127, 0, 0, 2], proxy.at.port()).into()))?;
        client.hears_last(&socks.missed(REFUSED))?;
        let mut client = proxy.client_says(&socks.ask(proxy.at))?;
        client.hears_last(&socks.missed(NOT_ALLOWED))?;
        proxy.is_as_before()?;
    }
    Ok(())
}

/// Of this machine towards others; nothing is sent to find out.
fn own_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback()).then_some(ip)
}

#[test]
fn who_goes_before_it_is_answered_is_nobodys_concern() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &[])?;
        let (to, _socket) = nobody()?;
        for _ in 0..20 {
            let client = proxy.client_says(&socks.ask(to))?;
            client.reset()?;
        }
        proxy.is_as_before()?;
        told(TcpStream::connect_timeout(&proxy.at, USUAL)).map(drop)?;
        proxy.ends()?;
    }
    Ok(())
}
