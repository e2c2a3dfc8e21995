//! Through an installed ncat that is a proxy. It cuts what it does not get rid of at once, so little is
//! said.

use std::path::Path;

use crate::common::proc_net::tcp_port_of;
use crate::common::{Deadline, Place, Program, Running, Told};
use crate::kits::{Kind, door, ends_saying, ncat, nobody};
use crate::people::{hear, port_of, say, words};

const REFERENCE: &str = "/usr/bin/ncat";

fn is_missing() -> bool {
    let missing = !Path::new(REFERENCE).exists();
    if missing {
        eprintln!("SKIPPED: no scene with {REFERENCE}, for it is not installed");
    }
    missing
}

fn proxy(options: &[&str]) -> Told<(Running, Place)> {
    let usual = ["-l", "-4", "--proxy-type", "http", "0"];
    let mut running = Program::at(REFERENCE, words(&[&usual[..], options])).start()?;
    let port = tcp_port_of(&mut running, Deadline::usual())?;
    Ok((running, Place::local(port)))
}

#[test]
fn an_installed_ncat_brings_us_to_the_target() -> Told {
    if is_missing() {
        return Ok(());
    }
    let (_running, place) = proxy(&[])?;
    for host in ["127.0.0.1", "localhost"] {
        for options in [
            &[][..],
            &["--proxy-auth", "user:pass"],
            &["--proxy-dns", "local", "-4"],
        ] {
            let target = door()?;
            let there = [host, &port_of(&target.place)];
            let mut scene = ncat(&[&Kind::Http.to(&place), &words(&[options, &there])])?;
            scene.admit(&target)?;
            say(&mut scene, "there\n")?;
            hear(&mut scene, "and back\n")?;
            // Whichever end it hears first is the end of both.
            scene.peer().tx.finish();
            scene.program.stdin.finish();
            scene.ends_with(0)?;
        }
    }
    Ok(())
}

#[test]
fn an_installed_ncat_takes_our_digest() -> Told {
    if is_missing() {
        return Ok(());
    }
    let (_running, place) = proxy(&["--proxy-auth", "user:pass"])?;
    for (login, good) in [
        ("user:pass", true),
        ("user:wrong", false),
        ("other:pass", false),
    ] {
        let target = door()?;
        let there = ["--proxy-auth", login, "127.0.0.1", &port_of(&target.place)];
        let mut scene = ncat(&[&Kind::Http.to(&place), &words(&[&there])])?;
        let came = if good {
            scene
                .admit(&target)
                .and_then(|()| say(&mut scene, "there\n"))
        } else {
            ends_saying(&mut scene, 1, "Ncat: Proxy returned status code 407.\n")
        };
        came.map_err(|e| format!("{login}: {e}"))?;
    }
    let target = door()?;
    let there = ["127.0.0.1", &port_of(&target.place)];
    let mut scene = ncat(&[&Kind::Http.to(&place), &words(&[&there])])?;
    ends_saying(&mut scene, 1, "Ncat: Proxy returned status code 407.\n")
}

#[test]
fn an_installed_ncat_says_that_nobody_is_there() -> Told {
    if is_missing() {
        return Ok(());
    }
    let (_running, place) = proxy(&[])?;
    let (_kept, gone) = nobody()?;
    let gone = port_of(&gone);
    let mut scene = ncat(&[&Kind::Http.to(&place), &words(&[&["127.0.0.1", &gone]])])?;
    ends_saying(&mut scene, 1, "Ncat: Proxy returned status code 504.\n")
}

#[cfg(feature = "tls")]
#[test]
fn tls_passes_through_an_installed_ncat() -> Told {
    if is_missing() {
        return Ok(());
    }
    let (_running, place) = proxy(&[])?;
    let (mut target, at) = crate::kits::listening(&["--ssl"])?;
    let there = ["--ssl", "127.0.0.1", &port_of(&at)];
    let mut scene = ncat(&[&Kind::Http.to(&place), &words(&[&there])])?;
    scene.program.stdin.push(b"there\n");
    scene.until("it is said", |s| s.program.stdin.is_done())?;
    target.until("it is heard", |s| s.program.stdout.text() == "there\n")
}

#[cfg(feature = "tls")]
#[test]
fn an_installed_ncat_may_be_met_in_tls() -> Told {
    if is_missing() {
        return Ok(());
    }
    let (_running, place) = proxy(&["--ssl"])?;
    let target = door()?;
    let way = ["--proxy".to_owned(), format!("https://{place}")];
    let there = ["127.0.0.1".to_owned(), port_of(&target.place)];
    let mut scene = ncat(&[&way, &there])?;
    scene.admit(&target)?;
    say(&mut scene, "there\n")
}
