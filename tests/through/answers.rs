//! What proxies answer, and what is said of it.

use crate::common::Told;
use crate::common::table::{Case, all_hold};
use crate::kits::{Kind, NAME, Step, calls, door, ends_saying, play};
use crate::people::{hear, holds};

const LEFT: &str = "Ncat: the proxy closed the connection before it had answered.\n";

#[test]
fn every_status_of_http_but_200_is_told_by_its_number() -> Told {
    let statuses = [
        201, 204, 226, 299, 300, 301, 302, 304, 400, 401, 403, 404, 405, 407, 413, 429, 500, 502,
        503, 504, 505, 599, 600, 999,
    ];
    let mut cases = Vec::new();
    for status in statuses {
        for body in ["", "Content-Length: 5\r\n\r\nsorry", "\r\nsorry, no"] {
            for version in ["1.0", "1.1"] {
                cases.push(Case::new(
                    format!("{version} {status} {body:?}"),
                    move || {
                        let answer = match body {
                            "" => format!("HTTP/{version} {status} Words\r\n\r\n"),
                            body => format!("HTTP/{version} {status} Words\r\n{body}"),
                        };
                        let mut scene = calls(Kind::Http, &[], &door()?)?;
                        let asked = &Kind::Http.steps(NAME, 80)[0].asked;
                        play(&mut scene, &[Step::new(asked, answer)])?;
                        let said = format!("Ncat: Proxy returned status code {status}.\n");
                        ends_saying(&mut scene, 1, &said)?;
                        match scene.program.stdout.got.is_empty() {
                            true => Ok(()),
                            false => Err("the body of a refusal is not the target's".into()),
                        }
                    },
                ));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn a_good_answer_may_be_written_in_many_ways() -> Told {
    let answers = [
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\n",
        "HTTP/1.1 200 \r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.0 200 OK\n\n",
        "\r\nHTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 102 P\r\nA: b\r\n\r\nHTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    for answer in answers {
        let mut scene = calls(Kind::Http, &[], &door()?)?;
        let asked = &Kind::Http.steps(NAME, 80)[0].asked;
        play(&mut scene, &[Step::new(asked, answer)])?;
        hear(&mut scene, "the target speaks\n").map_err(|e| format!("{answer:?}: {e}"))?;
        if scene.program.stdout.text() != "the target speaks\n" {
            return Err(format!("{answer:?}: {}", scene.program.stdout.text()));
        }
    }
    Ok(())
}

#[test]
fn what_is_no_http_is_no_answer() -> Told {
    let answers = [
        "SSH-2.0-x\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno field\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        "\x05\x00",
        "\0\x5a\0\0\0\0\0\0",
    ];
    for answer in answers {
        let mut scene = calls(Kind::Http, &[], &door()?)?;
        let asked = &Kind::Http.steps(NAME, 80)[0].asked;
        play(&mut scene, &[Step::new(asked, answer)])?;
        ends_saying(&mut scene, 1, "Ncat: the proxy did not answer in HTTP.\n")
            .map_err(|e| format!("{answer:?}: {e}"))?;
    }
    Ok(())
}

#[test]
fn socks4_is_refused_with_every_code_but_90() -> Told {
    for (version, code) in [
        (0, 91),
        (0, 92),
        (0, 93),
        (0, 0),
        (0, 89),
        (0, 255),
        (4, 90),
    ] {
        for short in [false, true] {
            let mut scene = calls(Kind::Socks4, &[], &door()?)?;
            let asked = &Kind::Socks4.steps(NAME, 80)[0].asked;
            // Whoever knows the answer by its second byte needs no more of it.
            let whole = [version, code, 0, 0, 0, 0, 0, 0];
            let answer = if short { &whole[..2] } else { &whole[..] };
            play(&mut scene, &[Step::new(asked, answer)])?;
            ends_saying(&mut scene, 1, "Ncat: Proxy connection failed.\n")
                .map_err(|e| format!("{version} {code}: {e}"))?;
        }
    }
    Ok(())
}

#[test]
fn every_code_of_socks5_is_told_in_words() -> Told {
    let codes = [
        (1, "general SOCKS server failure"),
        (2, "connection not allowed by ruleset"),
        (3, "Network unreachable"),
        (4, "Host unreachable"),
        (5, "Connection refused"),
        (6, "TTL expired"),
        (7, "Command not supported"),
        (8, "Address type not supported"),
        (9, "unassigned value in the reply"),
        (255, "unassigned value in the reply"),
    ];
    for kind in [Kind::Socks5, Kind::Login] {
        for (code, words) in codes {
            let mut scene = calls(kind, &[], &door()?)?;
            let mut steps = kind.steps(NAME, 80);
            let reply = [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
            if let Some(last) = steps.last_mut() {
                last.answer = reply.into();
            }
            play(&mut scene, &steps)?;
            ends_saying(&mut scene, 1, &format!("Ncat: {words}.\n"))
                .map_err(|e| format!("{kind} {code}: {e}"))?;
        }
    }
    Ok(())
}

#[test]
fn socks5_may_say_that_it_is_bound_anywhere() -> Told {
    let name = [&[3, 255][..], &[b'n'; 255], &[0, 80]].concat();
    let bounds: [&[u8]; 5] = [
        &[1, 0, 0, 0, 0, 0, 0],
        &[4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80],
        &[3, 0, 0, 80],
        &[3, 1, b'x', 0, 80],
        &name,
    ];
    for bound in bounds {
        let mut scene = calls(Kind::Socks5, &[], &door()?)?;
        let mut steps = Kind::Socks5.steps(NAME, 80);
        steps[1].answer = [&[5, 0, 0], bound, b"first\n"].concat();
        play(&mut scene, &steps)?;
        hear(&mut scene, "second\n")?;
        if scene.program.stdout.text() != "first\nsecond\n" {
            return Err(format!("{bound:?}: {}", scene.program.stdout.text()));
        }
    }
    Ok(())
}

#[test]
fn what_socks5_may_not_say_is_told_in_words() -> Told {
    let hello = [5, 1, 0];
    let cases: [(Kind, Vec<Step>, &str); 9] = [
        (
            Kind::Socks5,
            vec![Step::new(hello, [5, 0xff])],
            "the proxy accepts no way of authentication that was offered",
        ),
        (
            Kind::Login,
            vec![Step::new([5, 2, 0, 2], [5, 0xff])],
            "the proxy accepts no way of authentication that was offered",
        ),
        (
            Kind::Socks5,
            vec![Step::new(hello, [5, 2])],
            "the proxy chose a way of authentication that was not offered",
        ),
        (
            Kind::Login,
            vec![Step::new([5, 2, 0, 2], [5, 1])],
            "the proxy chose a way of authentication that was not offered",
        ),
        (
            Kind::Login,
            vec![
                Step::new([5, 2, 0, 2], [5, 2]),
                Step::new(b"\x01\x04user\x04pass", [1, 1]),
            ],
            "the proxy refused the user name or the password",
        ),
        (
            Kind::Login,
            vec![
                Step::new([5, 2, 0, 2], [5, 2]),
                Step::new(b"\x01\x04user\x04pass", [1, 0xff]),
            ],
            "the proxy refused the user name or the password",
        ),
        (
            Kind::Socks5,
            vec![Step::new(hello, [4, 0])],
            "the proxy does not speak SOCKS5",
        ),
        (
            Kind::Socks5,
            vec![Step::new(hello, b"HTTP/1.0 400 Bad Request\r\n\r\n")],
            "the proxy does not speak SOCKS5",
        ),
        (
            Kind::Socks5,
            {
                let mut steps = Kind::Socks5.steps(NAME, 80);
                steps[1].answer = vec![5, 0, 0, 2, 0, 0, 0, 0, 0, 0];
                steps
            },
            "the proxy answered with an address of an unknown type",
        ),
    ];
    for (kind, steps, words) in cases {
        let mut scene = calls(kind, &[], &door()?)?;
        play(&mut scene, &steps)?;
        ends_saying(&mut scene, 1, &format!("Ncat: {words}.\n"))?;
    }
    Ok(())
}

#[test]
fn a_proxy_that_leaves_is_said_to_have_left() -> Told {
    for kind in Kind::ALL {
        for nth in 0..kind.steps(NAME, 80).len() {
            let mut scene = calls(kind, &[], &door()?)?;
            let mut steps = kind.steps(NAME, 80);
            steps.truncate(nth + 1);
            steps[nth].answer.clear();
            play(&mut scene, &steps)?;
            scene.peer().tx.finish();
            ends_saying(&mut scene, 1, LEFT).map_err(|e| format!("{kind}, {nth}: {e}"))?;
        }
    }
    Ok(())
}

#[test]
fn lines_about_the_way_are_for_the_verbose() -> Told {
    for (kind, line) in [
        (
            Kind::Socks5,
            "Ncat: No authentication needed.\nNcat: connection succeeded.\n",
        ),
        (
            Kind::Login,
            "Ncat: Doing username and password authentication.\nNcat: connection succeeded.\n",
        ),
        (Kind::Socks4, ""),
        (Kind::Http, ""),
    ] {
        for options in [&[][..], &["-v"]] {
            let door = door()?;
            let mut scene = calls(kind, options, &door)?;
            play(&mut scene, &kind.steps(NAME, 80))?;
            hear(&mut scene, "here\n")?;
            scene.peer().tx.finish();
            scene.program.stdin.finish();
            let said = scene.ends_with(0)?.stderr;
            if options.is_empty() {
                if !said.is_empty() {
                    return Err(format!("{kind}: {said}"));
                }
                continue;
            }
            let met = format!("Ncat: Connected to proxy {}.\n", door.place);
            holds("stderr", &said, &format!("{met}{line}"))?;
            // What was said to the proxy and by it is not counted.
            holds("stderr", &said, "Ncat: 0 bytes sent, 5 bytes received in ")?;
        }
    }
    Ok(())
}
