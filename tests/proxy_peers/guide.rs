//! Every command about proxies in the guide of Nmap's ncat, with ports of the kernel's choice in place of
//! its own, and hosts of ours in place of others.

use std::net::TcpListener;

use crate::common::proc_net::tcp_port_of;
use crate::common::{Deadline, In, Program, Running, Scene, Told, told};
use crate::ssh::{Shell, echoes};
use crate::stage::{Host, ours};

/// A host that says back what it is told.
fn echo() -> Told<Host> {
    Host::of(&["-k", "--exec", "/bin/cat"])
}

/// Our program says something to `there`, and hears the same.
fn is_answered(options: &[&str], there: &Host) -> Told {
    let words = [options, &["127.0.0.1", &there.port]].concat();
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    scene.program.stdin.push(b"hello\n");
    scene.until("it is answered", |s| s.program.stdout.text() == "hello\n")?;
    scene.program.stdin.finish();
    scene.ends_with(0).map(drop)
}

/// What a proxy answers to a request, and what follows it until it closes.
fn answer(proxy: &Host, request: &str) -> Told<String> {
    let words = ["127.0.0.1", &proxy.port];
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    scene.program.stdin.push(request.as_bytes());
    let outcome = scene.ends_with(0)?;
    Ok(String::from_utf8_lossy(&outcome.stdout).into_owned())
}

/// `ncat --proxy proxyhost[:proxyport] --proxy-type {http|socks4|socks5} host [port]`.
#[test]
fn a_host_is_reached_through_a_proxy_of_each_kind() -> Told {
    let there = echo()?;
    for kind in ["http", "socks4", "socks5"] {
        let mut proxy = Host::proxy(kind, &[])?;
        is_answered(&["--proxy", &proxy.at, "--proxy-type", kind], &there)?;
        proxy.told(&format!("CONNECT {}: over, ", there.at))?;
    }
    // Without a kind, it is one of HTTP.
    let mut proxy = Host::proxy("http", &[])?;
    is_answered(&["--proxy", &proxy.at], &there)?;
    proxy.told(&format!("CONNECT {}: over, ", there.at))
}

/// `--proxy-auth username:password` for HTTP and SOCKS5, `--proxy-auth username` for SOCKS4.
#[test]
fn a_proxy_is_told_who_we_are() -> Told {
    let there = echo()?;
    for (kind, who) in [
        ("http", "me:secret"),
        ("socks5", "me:secret"),
        ("socks4", "me"),
    ] {
        let mut proxy = Host::proxy(kind, &["--proxy-auth", who])?;
        let at = proxy.at.clone();
        let way = ["--proxy", &at, "--proxy-type", kind];
        is_answered(&[&way[..], &["--proxy-auth", who]].concat(), &there)?;
        proxy.told(&format!("CONNECT {} as me: over, ", there.at))?;
        let words = [&way[..], &["127.0.0.1", &there.port]].concat();
        Scene::of(Program::ncat(words))?.ends_with(1)?;
    }
    Ok(())
}

/// `ncat -l 3128 --proxy-type http`, which supports GET, HEAD, POST and CONNECT.
#[test]
fn a_proxy_of_ours_knows_the_methods_of_browsers() -> Told {
    let script = "printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n'; read method rest; \
                  test \"$method\" = HEAD || printf page!";
    let there = Host::of(&["-k", "--sh-exec", script])?;
    let mut proxy = Host::proxy("http", &[])?;
    for (method, page) in [("GET", "page!"), ("HEAD", ""), ("POST", "page!")] {
        let url = format!("http://{}/x", there.at);
        let request = format!(
            "{method} {url} HTTP/1.0\r\nHost: {}\r\nContent-Length: 0\r\n\r\n",
            there.at
        );
        let answer = answer(&proxy, &request)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, "no end"));
        assert!(
            head.contains(" 200 OK\r\n"),
            "{method} was answered: {head}"
        );
        assert_eq!(body, page, "what came for {method}");
        proxy.told(&format!("{method} {url}: 200, "))?;
    }
    is_answered(&["--proxy", &proxy.at], &echo()?)
}

/// `ncat -l 3128 --proxy-type http --proxy-auth user:pass`: it offers Basic and Digest.
#[test]
fn a_proxy_of_ours_asks_who_comes() -> Told {
    let proxy = Host::proxy("http", &["--proxy-auth", "user:pass"])?;
    let request = "GET http://127.0.0.1:1/ HTTP/1.0\r\nHost: 127.0.0.1:1\r\n\r\n";
    let answer = answer(&proxy, request)?;
    for wanted in [
        " 407 Proxy Authentication Required\r\n",
        "\r\nProxy-Authenticate: Basic realm=\"Ncat\"",
        "\r\nProxy-Authenticate: Digest realm=\"Ncat\"",
    ] {
        crate::stage::holds("the answer", &answer, wanted)?;
    }
    let way = ["--proxy", &proxy.at, "--proxy-auth", "user:pass"];
    is_answered(&way, &echo()?)
}

/// `ssh -o ProxyCommand="ssh -q router ncat %h %p" host`.
#[test]
fn a_host_is_reached_by_way_of_a_router_with_ncat() -> Told {
    let (Some(router), Some(host)) = (Shell::open()?, Shell::open()?) else {
        return Ok(());
    };
    let quoted = |word: &String| format!("'{word}'");
    let words: Vec<String> = router.words().iter().map(quoted).collect();
    let way = format!(
        "ssh {} -p {} -q 127.0.0.1 '{}' %h %p",
        words.join(" "),
        router.host.port,
        ours()
    );
    echoes(host.through(&way, &host.host.port, "cat"))
}

/// How often a port that was free a moment ago may turn out to be taken.
const TRIES: usize = 5;

/// `ssh router -D port`, once it is a proxy there.
fn tunnel(router: &Shell) -> Told<(Running, u16)> {
    let mut why = String::new();
    for _ in 0..TRIES {
        // It takes no port of the kernel's choice; so the kernel is asked beforehand.
        let free = told(TcpListener::bind("127.0.0.1:0"))?;
        let port = told(free.local_addr())?.port();
        drop(free);
        let at = format!("127.0.0.1:{port}");
        let rest = ["-o", "ExitOnForwardFailure=yes", "-N", "-D", &at, "-p"];
        let rest = rest.into_iter().chain([&*router.host.port, "127.0.0.1"]);
        let words = router.words().into_iter().chain(rest.map(String::from));
        let mut ssh = Program::at("ssh", words).start()?;
        match tcp_port_of(&mut ssh, Deadline::usual()) {
            Ok(port) => return Ok((ssh, port)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// `ssh router -D 8080`, then `ncat --proxy localhost:8080 --proxy-type socks4 192.168.1.123`; and the same
/// with SOCKS5, which ssh speaks as well.
#[test]
fn a_host_is_reached_through_the_proxy_inside_ssh() -> Told {
    let Some(router) = Shell::open()? else {
        return Ok(());
    };
    let there = echo()?;
    let (_ssh, port) = tunnel(&router)?;
    let proxy = format!("localhost:{port}");
    for kind in ["socks4", "socks5"] {
        is_answered(&["-4", "--proxy", &proxy, "--proxy-type", kind], &there)?;
    }
    Ok(())
}
