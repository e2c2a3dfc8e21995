//! Clients that others have written, and our own.

use std::process::Command;

use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, Door, In, Program, Scene, Told};
use crate::scene::{Proxy, admit, at, target};
use crate::words::Socks;

/// The ncat that is installed, if it is.
const REFERENCE: &str = "/usr/bin/ncat";

const AUTH: &[&str] = &["--proxy-auth", "joe:secret"];

/// Whether a program is installed; says so if it is not, for then its tests show nothing.
fn has(program: &str) -> bool {
    let shown = Command::new(program).arg("-h").output().is_ok();
    if !shown {
        println!("SKIPPED: no scene with {program}, for it is not installed");
    }
    shown
}

/// A web server for one request.
fn answers(door: &Door) -> Told {
    let mut far = admit(door)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(far.hear(1)?);
    }
    let said = String::from_utf8_lossy(&head);
    if !said.starts_with("GET /page HTTP/1.1\r\n") {
        return Err(format!("the request is {said:?}"));
    }
    far.says(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
}

fn curl(socks: Socks, options: &'static [&'static str], host: &str, words: &[&str]) -> Told {
    let mut proxy = Proxy::open(socks, options)?;
    let door = target()?;
    let url = format!("http://{host}:{}/page", at(&door).port());
    let place = proxy.at.to_string();
    let words = ["-q", "-s", "-S", "--noproxy", "", "--max-time", "20"]
        .iter()
        .chain(words);
    let words: Vec<&str> = words.copied().chain([place.as_str(), &url]).collect();
    let mut client = Scene::of(Program::at("curl", words))?;
    answers(&door)?;
    let outcome = client.ends_with(0)?;
    crate::common::payload::same("the page", &outcome.stdout, b"hello\n")?;
    proxy.said(" CONNECT ")?;
    proxy.said(": over, ")?;
    drop(client);
    proxy.is_as_before()
}

#[test]
fn curl_goes_through() -> Told {
    if !has("curl") {
        return Ok(());
    }
    let (four, five) = (Socks::Four, Socks::Five);
    all_hold(&[
        Case::new("SOCKS4", || curl(four, &[], "127.0.0.1", &["--socks4"])),
        Case::new("SOCKS4a", || curl(four, &[], "localhost", &["--socks4a"])),
        Case::new("SOCKS5", || curl(five, &[], "127.0.0.1", &["--socks5"])),
        Case::new("SOCKS5 with a name", || {
            curl(five, &[], "localhost", &["--socks5-hostname"])
        }),
        Case::new("SOCKS5 with a login", || {
            let words = ["--proxy-user", "joe:secret", "--socks5-hostname"];
            curl(five, AUTH, "localhost", &words)
        }),
        Case::new("SOCKS5 with a login and an address", || {
            let words = ["-U", "joe:secret", "--socks5"];
            curl(five, AUTH, "127.0.0.1", &words)
        }),
    ])
}

#[test]
fn curl_is_told_why_it_is_refused() -> Told {
    if !has("curl") {
        return Ok(());
    }
    for (socks, word) in [(Socks::Four, "--socks4"), (Socks::Five, "--socks5")] {
        for options in [&["--proxy-deny", "127.0.0.1"][..], AUTH] {
            let mut proxy = Proxy::open(socks, options)?;
            let place = proxy.at.to_string();
            let words = ["-q", "-s", "-S", "--noproxy", "", "--max-time", "20"];
            let words = words
                .into_iter()
                .chain([word, &place, "http://127.0.0.1:9/"]);
            // "Problem with reaching a server through a proxy."
            Scene::of(Program::at("curl", words))?.ends_with(97)?;
            proxy.is_as_before()?;
        }
    }
    Ok(())
}

/// A client that is told where the proxy and the target are talks with that target; so does whoever waits
/// there.
fn talks(socks: Socks, options: &[&str], client: impl Fn(&str, &str) -> Program) -> Told {
    let mut proxy = Proxy::open(socks, options)?;
    let door = target()?;
    let port = at(&door).port().to_string();
    let mut client = Scene::of(client(&proxy.at.to_string(), &port).stdin(In::Pipe))?;
    client.program.stdin.push(b"question\n");
    client.until("stdin was taken", |s| s.program.stdin.is_done())?;
    let mut far = admit(&door)?;
    far.hears(b"question\n")?;
    far.says(b"answer\n")?;
    client.until("the answer has come", |s| {
        s.program.stdout.got == b"answer\n"
    })?;
    client.program.stdin.finish();
    drop(far);
    client.until("it has ended", |s| s.program.status.is_some())?;
    proxy.said(": over, ")?;
    proxy.is_as_before()
}

#[test]
fn netcat_of_openbsd_goes_through() -> Told {
    const NC: &str = "nc.openbsd";
    if !has(NC) {
        return Ok(());
    }
    let client = |version: &'static str, host: &'static str| {
        move |proxy: &str, port: &str| {
            Program::at(NC, ["-N", "-X", version, "-x", proxy, host, port])
        }
    };
    all_hold(&[
        Case::new("SOCKS4", || {
            talks(Socks::Four, &[], client("4", "127.0.0.1"))
        }),
        Case::new("SOCKS5", || {
            talks(Socks::Five, &[], client("5", "127.0.0.1"))
        }),
        Case::new("SOCKS5 with a name", || {
            talks(Socks::Five, &[], client("5", "localhost"))
        }),
    ])
}

/// Words that any ncat is given.
fn ncat_words<'a>(
    socks: Socks,
    auth: bool,
    host: &'a str,
    proxy: &'a str,
    port: &'a str,
) -> Vec<&'a str> {
    let mut words = vec!["--proxy-type", socks.name(), "--proxy", proxy];
    if auth {
        words.extend(AUTH);
    }
    words.extend([host, port]);
    words
}

fn ncat_goes_through(start: impl Fn(Vec<&str>) -> Program + Send + Sync) -> Told {
    let start = &start;
    let mut cases = Vec::new();
    for socks in Socks::BOTH {
        for host in ["127.0.0.1", "localhost"] {
            for auth in [false, true] {
                let name = format!("{socks:?} to {host}, with a login: {auth}");
                cases.push(Case::new(name, move || {
                    let options: &[&str] = if auth { AUTH } else { &[] };
                    talks(socks, options, |proxy, port| {
                        start(ncat_words(socks, auth, host, proxy, port))
                    })
                }));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn our_own_client_goes_through() -> Told {
    ncat_goes_through(|words| Program::ncat(words))
}

#[test]
fn the_ncat_that_is_installed_goes_through() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    ncat_goes_through(|words| Program::at(REFERENCE, words))
}

#[test]
fn our_own_client_sends_datagrams_through() -> Told {
    let mut proxy = Proxy::open(Socks::Five, &[])?;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let limit = Some(Deadline::usual().left());
    socket.set_read_timeout(limit).map_err(|e| e.to_string())?;
    let port = socket.local_addr().map_err(|e| e.to_string())?.port();
    let words = ["--udp", "--proxy", &format!("socks5://{}", proxy.at)];
    let words = words.map(str::to_owned).into_iter();
    let words = words.chain(["127.0.0.1".to_owned(), port.to_string()]);
    let mut client = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    client.program.stdin.push(b"question");
    client.until("stdin was taken", |s| s.program.stdin.is_done())?;
    let mut room = [0; 100];
    let came = socket.recv_from(&mut room).map_err(|e| e.to_string())?;
    crate::common::payload::same("the question", &room[..came.0], b"question")?;
    let sent = socket.send_to(b"answer", came.1);
    sent.map_err(|e| e.to_string())?;
    client.until("the answer has come", |s| s.program.stdout.got == b"answer")?;
    drop(client);
    proxy.said(" UDP ASSOCIATE: over, 8 bytes sent, 6 bytes received in ")?;
    proxy.is_as_before()
}
