//! What the proxy tells of its work: a line for each request, and logs of what passes.

use std::fs;

use crate::common::{Told, directory, told};
use crate::house::{HELLO, House};

/// The lines about requests.
fn lines(text: &str) -> Vec<&str> {
    let about = |line: &&str| !line.contains("Version") && !line.contains("Listening");
    text.lines().filter(about).collect()
}

/// Sees that a line says who, what, the status, the bytes, and how long it took.
fn is_told(text: &str, who: &str, what: &str, bytes: &str) -> Told {
    let begins = format!("Ncat: {who} {what}, {bytes} in ");
    let found = lines(text).iter().any(|line| {
        let rest = line.strip_prefix(&begins);
        let time = rest.and_then(|rest| rest.strip_suffix(" seconds."));
        time.is_some_and(|time| time.parse::<f64>().is_ok_and(|time| time < 60.0))
    });
    match found {
        true => Ok(()),
        false => Err(format!("no line begins with {begins:?}: {text}")),
    }
}

#[test]
fn each_request_has_one_line() -> Told {
    let mut house = House::open(&["--proxy-auth", "me:secret"])?;
    let proof = "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n";
    let port = house.port();
    let client = house.asks(&format!("GET http://ORIGIN/a?b HTTP/1.1\r\n{proof}\r\n"))?;
    let who = house.scene.peers[client].name().unwrap_or_default();
    let origin = house.met()?;
    house.says_bytes(origin, HELLO);
    house.heard(client, HELLO)?;
    house.forgets(client);
    house.says(client, "GET http://ORIGIN/a HTTP/1.1\r\n\r\n");
    house.scene.until("it is answered", |s| {
        s.peers[client].rx.got.ends_with(b"\r\n\r\n")
    })?;
    house.says(
        client,
        &format!("GET http://127.0.0.1:PROXY/ HTTP/1.1\r\n{proof}\r\n"),
    );
    house.tells(": 403")?;
    house.says(client, &format!("CONNECT ORIGIN HTTP/1.1\r\n{proof}\r\n"));
    let origin = house.met()?;
    house.says(client, "four");
    house.heard(origin, b"four")?;
    house.says(origin, "seven.1");
    house.finishes(client)?;
    house.finishes(origin)?;
    let text = house.tells(": over")?;
    let own = house.own_port();
    for (what, bytes) in [
        (format!("GET http://127.0.0.1:{port}/a?b as me: 200"), None),
        (
            format!("GET http://127.0.0.1:{port}/a: 407"),
            Some("0 bytes sent, 0 bytes received"),
        ),
        (
            format!("GET http://127.0.0.1:{own}/ as me: 403"),
            Some("0 bytes sent, 0 bytes received"),
        ),
        (
            format!("CONNECT 127.0.0.1:{port} as me: over"),
            Some("4 bytes sent, 7 bytes received"),
        ),
    ] {
        match bytes {
            Some(bytes) => is_told(&text, &who, &what, bytes)?,
            None => assert!(
                text.contains(&format!("Ncat: {who} {what}, ")),
                "{what}: {text}"
            ),
        }
    }
    assert_eq!(lines(&text).len(), 4, "{text}");
    Ok(())
}

#[test]
fn without_v_nothing_is_told() -> Told {
    use crate::common::proc_net::tcp_port_of;
    use crate::common::{Deadline, Place, Program, Scene};
    let words = ["-l", "--proxy-type", "http", "127.0.0.1", "0"];
    let mut scene = Scene::of(Program::ncat(words))?;
    let port = tcp_port_of(&mut scene.program, Deadline::usual())?;
    scene.enter(&Place::local(port))?;
    scene.peer().tx.push(b"x\r\n\r\n");
    scene.until("it is refused", |s| s.peer().rx.ended())?;
    scene.program.signal(rustix::process::Signal::TERM)?;
    let outcome = scene.ends_with(143)?;
    assert_eq!(
        (outcome.stdout, outcome.stderr),
        (Vec::new(), String::new())
    );
    Ok(())
}

#[test]
fn nothing_that_a_client_says_moves_a_terminal() -> Told {
    let mut house = House::open(&["--proxy-auth", "me:secret", "-vvv"])?;
    let nasty = "\u{1b}[2J\u{7}\u{9b}31m\r\u{8}\u{85}";
    let bytes: Vec<u8> = (0..=255).collect();
    let all = bytes.escape_ascii().to_string();
    for request in [
        format!("GET http://ORIGIN/{nasty} HTTP/1.1\r\n\r\n"),
        format!("GET{nasty} http://ORIGIN/ HTTP/1.1\r\n\r\n"),
        format!("{nasty}\r\n\r\n"),
        format!("{nasty} {nasty} {nasty}\r\n\r\n"),
        format!("CONNECT {nasty}:80 HTTP/1.1\r\n\r\n"),
        format!("CONNECT a{nasty}:80 HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"),
        "GET http://a%1b%5b/ HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n".into(),
        "GET http://\u{202e}b\u{e4}.invalid/ HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n".into(),
        format!(
            "GET http://ORIGIN/ HTTP/1.1\r\nX: {nasty}\r\nProxy-Authorization: Digest username=\"{nasty}\"\r\n\r\n"
        ),
        format!("GET http://ORIGIN/ HTTP/1.1\r\n{all}\r\n\r\n"),
    ] {
        let client = house.asks(&request)?;
        let answered = |s: &mut crate::common::Scene| {
            let rx = &s.peers[client].rx;
            rx.ended() || rx.got.ends_with(b"\r\n\r\n")
        };
        let heard = house.scene.until("it is answered", answered);
        heard.map_err(|e| format!("{request:?}: {e}"))?;
    }
    for raw in [
        &b"\x80\x9b\xff\r\n\r\n"[..],
        b"GET http://\xff\x9b/ HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\0\x05hello\n\n",
    ] {
        let client = house.client()?;
        house.says_bytes(client, raw);
        house
            .scene
            .until("it is answered", |s| s.peers[client].rx.ended())?;
    }
    let origin_text = "HTTP/1.1 200 \u{1b}[2J\r\nX: \u{1b}\r\n\r\n";
    let client = house
        .asks("GET http://ORIGIN/ HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n")?;
    let origin = house.met()?;
    house.says(origin, origin_text);
    house.finishes(origin)?;
    house
        .scene
        .until("it is answered", |s| !s.peers[client].rx.got.is_empty())?;
    let stderr = std::str::from_utf8(&house.scene.program.stderr.got);
    let stderr = stderr.map_err(|e| format!("stderr is no text: {e}"))?;
    let nasty = |letter: &char| match letter {
        '\n' | '"' | '\'' | '\\' => false,
        letter => letter.escape_debug().count() > 1,
    };
    match stderr.chars().find(nasty) {
        None => Ok(()),
        Some(letter) => Err(format!("{letter:?} reaches stderr: {stderr:?}")),
    }
}

#[test]
fn logs_hold_what_passes() -> Told {
    let dir = directory()?;
    let (raw, hex) = (dir.path().join("raw"), dir.path().join("hex"));
    let (raw, hex) = (raw.display().to_string(), hex.display().to_string());
    let mut house = House::open(&["-o", &raw, "-x", &hex])?;
    let (client, origin) = house.tunnel()?;
    house.says(client, "question\n");
    house.heard(origin, b"question\n")?;
    house.says(origin, "answer\n");
    house.heard(client, b"answer\n")?;
    house.finishes(client)?;
    house.finishes(origin)?;
    house.tells(": over")?;
    let log = told(fs::read_to_string(&raw))?;
    assert_eq!(log, "question\nanswer\n");
    let dump = told(fs::read_to_string(&hex))?;
    assert!(
        dump.starts_with("0000   71 75 65 73 74 69 6f 6e  0a "),
        "{dump}"
    );
    let client = house.asks("POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")?;
    let origin = house.met()?;
    house.scene.until("the body is there", |s| {
        s.peers[origin].rx.got.ends_with(b"body")
    })?;
    house.says_bytes(origin, HELLO);
    house.heard(client, HELLO)?;
    house.tells(": 200")?;
    let log = told(fs::read_to_string(&raw))?;
    assert!(log.contains("body") && log.contains("hello"), "{log}");
    Ok(())
}
