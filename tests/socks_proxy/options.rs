//! What other options mean for a SOCKS proxy.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::common::deadline::in_time;
use crate::common::payload::same;
use crate::common::{Place, Told, directory, told};
use crate::scene::{Client, Proxy, at, target};
use crate::words::{HELLO5, Socks};

#[test]
fn it_listens_where_it_is_told_to_and_nowhere_else() -> Told {
    for socks in Socks::BOTH {
        let proxy = Proxy::dressed(socks, &["127.0.0.2", "0"], |program| program)?;
        if proxy.at.ip().to_string() != "127.0.0.2" {
            return Err(format!("it listens at {}", proxy.at));
        }
        let door = target()?;
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], proxy.at.port()));
        if Client::to(elsewhere).is_ok() {
            return Err(format!("it listens at {elsewhere} as well"));
        }
    }
    Ok(())
}

#[test]
fn whoever_is_kept_out_is_told_nothing() -> Told {
    for socks in Socks::BOTH {
        for options in [["--deny", "127.0.0.2"], ["--allow", "127.0.0.1"]] {
            let mut proxy = Proxy::open(socks, &options)?;
            let door = target()?;
            let stranger = Place::Tcp(proxy.at).connect_from([127, 0, 0, 2].into())?;
            let mut stranger = Client::of(stranger.into_fd()?.into())?;
            // It may be gone before we have said anything.
            let _ = stranger.says(&socks.ask(at(&door)));
            stranger.is_let_go()?;
            let (mut near, mut far) = proxy.tunnel(socks, &door)?;
            near.talks_with(&mut far)?;
            drop((near, far));
            proxy.is_as_before()?;
        }
    }
    Ok(())
}

#[test]
fn no_more_are_served_than_may_be() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &["-m", "2"])?;
        let door = target()?;
        let mut first = proxy.tunnel(socks, &door)?;
        let second = proxy.tunnel(socks, &door)?;
        let mut third = proxy.client()?;
        let _ = third.says(&socks.ask(at(&door))); // it may be gone by now
        third.is_let_go()?;
        first.0.talks_with(&mut first.1)?;
        drop(second);
        proxy.said(": over, ")?;
        let mut fourth = proxy.tunnel(socks, &door)?;
        fourth.0.talks_with(&mut fourth.1)?;
        drop((first, fourth));
        proxy.is_as_before()?;
    }
    Ok(())
}

#[test]
fn a_tunnel_in_which_nothing_passes_is_ended() -> Told {
    const IDLE: Duration = Duration::from_millis(800);
    for socks in Socks::BOTH {
        in_time(IDLE / 2, |watch| {
            let mut proxy = Proxy::open(socks, &["-i", "800ms"])?;
            let door = target()?;
            let (mut near, mut far) = proxy.tunnel(socks, &door)?;
            let begun = Instant::now();
            while begun.elapsed() < 2 * IDLE {
                watch.begin();
                near.says(b"x")?;
                far.hears(b"x")?;
                watch.end();
            }
            near.is_let_go()?;
            far.is_let_go()?;
            proxy.said(&format!(" CONNECT {}: Idle timeout expired", at(&door)))?;
            proxy.is_as_before()
        })?;
    }
    Ok(())
}

#[test]
fn logs_show_what_passes_through_tunnels() -> Told {
    for socks in Socks::BOTH {
        let dir = directory()?;
        let (log, hex) = (dir.path().join("log"), dir.path().join("hex"));
        let (log_word, hex_word) = (log.display().to_string(), hex.display().to_string());
        let proxy = Proxy::open(socks, &["-o", &log_word, "-x", &hex_word])?;
        let door = target()?;
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        near.finish()?;
        far.hears_last(b"")?;
        proxy.ends()?;
        same("the log", &told(fs::read(&log))?, b"pingpong")?;
        let hex = told(fs::read_to_string(&hex))?;
        if !hex.contains("70 69 6e 67") || !hex.contains("70 6f 6e 67") {
            return Err(format!("the dump is {hex:?}"));
        }
    }
    Ok(())
}

#[test]
fn whoever_says_nothing_is_let_go_in_time() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &["--handshake-timeout", "300ms"])?;
        let mut silent = proxy.client()?;
        let name = silent.local()?;
        silent.is_let_go()?;
        proxy.said(&format!(
            "Connection from {name} closed: it took too long to agree how to talk."
        ))?;
        let mut slow = proxy.client_says(&socks.ask(proxy.at)[..2])?;
        slow.is_let_go()?;
        proxy.is_as_before()?;
    }
    Ok(())
}

#[test]
fn a_signal_ends_it_with_all_that_goes_on() -> Told {
    for socks in Socks::BOTH {
        let proxy = Proxy::open(socks, &[])?;
        let door = target()?;
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        let mut half = proxy.client_says(&HELLO5[..1])?;
        proxy.ends()?;
        near.is_let_go()?;
        far.is_let_go()?;
        half.is_let_go()?;
    }
    Ok(())
}

#[test]
fn other_signals_end_it_as_well() -> Told {
    for (signal, status) in [(Signal::INT, 130), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let mut proxy = Proxy::open(Socks::Five, &[])?;
        proxy.scene.program.signal(signal)?;
        proxy.scene.ends_with(status)?;
    }
    Ok(())
}

#[cfg(feature = "tls")]
mod secret {
    use crate::common::payload::same;
    use crate::common::{In, Program, Scene, Told};
    use crate::scene::{Proxy, admit, at, target};
    use crate::words::{NOT_ALLOWED, Socks};

    /// Somebody who speaks TLS with it.
    fn client(proxy: &Proxy) -> Told<Scene> {
        let (ip, port) = (proxy.at.ip().to_string(), proxy.at.port().to_string());
        Scene::of(Program::ncat(["--ssl", &ip, &port]).stdin(In::Pipe))
    }

    #[test]
    fn socks_is_spoken_in_tls() -> Told {
        for socks in Socks::BOTH {
            let mut proxy = Proxy::open(socks, &["--ssl"])?;
            let door = target()?;
            let mut client = client(&proxy)?;
            let early = [socks.ask(at(&door)), b"early".to_vec()].concat();
            client.program.stdin.push(&early);
            client.until("stdin was taken", |s| s.program.stdin.is_done())?;
            let mut far = admit(&door)?;
            far.hears(b"early")?;
            far.says(b"answer")?;
            let wanted = [socks.reached(far.remote()?), b"answer".to_vec()].concat();
            client.until("all has come", |s| {
                s.program.stdout.got.len() >= wanted.len()
            })?;
            same("the client", &client.program.stdout.got, &wanted)?;
            client.program.stdin.push(b"last");
            client.program.stdin.finish();
            client.until("the end was said", |s| s.program.stdin.is_done())?;
            far.hears_last(b"last")?;
            far.says(b"last")?;
            drop(far);
            let outcome = client.ends_with(0)?;
            let wanted = [wanted, b"last".to_vec()].concat();
            same("the client", &outcome.stdout, &wanted)?;
            proxy.said(": over, 9 bytes sent, 10 bytes received in ")?;
            proxy.is_as_before()?;
        }
        Ok(())
    }

    #[test]
    fn who_is_refused_in_tls_is_told_so_and_the_end_with_it() -> Told {
        for socks in Socks::BOTH {
            let mut proxy = Proxy::open(socks, &["--ssl", "--proxy-deny", "127.0.0.1"])?;
            let mut client = client(&proxy)?;
            client.program.stdin.push(&socks.ask(proxy.at));
            // An end without TLS's goodbye would be a failure.
            let outcome = client.ends_with(0)?;
            same("the client", &outcome.stdout, &socks.missed(NOT_ALLOWED))?;
            proxy.is_as_before()?;
        }
        Ok(())
    }
}
