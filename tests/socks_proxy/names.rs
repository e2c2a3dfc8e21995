//! Names whose look-up takes long, and names with several addresses.
//!
//! Both take a name space of mounts for the proxy alone, which only root can make.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::deadline::USUAL;
use crate::common::{Place, Program, Scene, Told, directory, told};
use crate::datagrams::{Post, Sender};
use crate::scene::{Client, Proxy, admit, at, target};
use crate::words::{HOST_UNREACHABLE, Socks, WELCOME5, named};

/// A name server that hears every question and answers none.
struct Mute {
    socket: UdpSocket,
    dir: TempDir,
}

impl Mute {
    /// None, and it says so, if this user cannot have one.
    fn open() -> Told<Option<Self>> {
        static MADE: AtomicU8 = AtomicU8::new(0);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        // Name servers are found at that port alone, and at an address of our own nobody else is.
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let ip = Ipv4Addr::new(127, 53 + nth, high, low.clamp(1, 254));
        let dir = directory()?;
        let files = [
            (
                "resolv",
                format!("nameserver {ip}\noptions timeout:30 attempts:1\n"),
            ),
            ("nsswitch", "hosts: files dns\n".into()),
            (
                "hosts",
                "127.0.0.1 localhost\n127.0.0.2 many\n127.0.0.3 many\n".into(),
            ),
        ];
        for (name, text) in files {
            told(fs::write(dir.path().join(name), text))?;
        }
        let Ok(socket) = UdpSocket::bind((ip, 53)) else {
            println!("SKIPPED: this user cannot be a name server");
            return Ok(None);
        };
        told(socket.set_read_timeout(Some(USUAL)))?;
        let mute = Self { socket, dir };
        let probe = mute.for_whom_it_is(Program::at("getent", ["ahosts", "many"]));
        let outcome = Scene::of(probe)?.outcome()?;
        if !String::from_utf8_lossy(&outcome.stdout).contains("127.0.0.3") {
            println!("SKIPPED: this user cannot give a program names of its own");
            return Ok(None);
        }
        Ok(Some(mute))
    }

    /// Starts a program that asks nobody else.
    fn for_whom_it_is(&self, program: Program) -> Program {
        let mount = |name: &str, at: &str| {
            format!("mount --bind {}/{name} {at} && ", self.dir.path().display())
        };
        let script = [
            mount("resolv", "/etc/resolv.conf"),
            mount("nsswitch", "/etc/nsswitch.conf"),
            mount("hosts", "/etc/hosts"),
            "exec env --default-signal=TERM \"$@\"".into(),
        ];
        let script = script.concat();
        program.through(&["unshare", "--mount", "sh", "-c", &script, "sh"])
    }

    fn proxy(&self, socks: Socks, options: &[&str]) -> Told<Proxy> {
        let words = [options, &["127.0.0.1", "0"]].concat();
        Proxy::dressed(socks, &words, |program| self.for_whom_it_is(program))
    }

    /// Somebody has been asked for that name.
    fn is_asked_for(&self, name: &str) -> Told {
        loop {
            let mut room = [0; 512];
            let n = self.socket.recv(&mut room);
            let n = n.map_err(|e| format!("nobody asks for {name}: {e}"))?;
            // It stands there label by label.
            let first = name.split('.').next().unwrap_or(name).as_bytes();
            if room[..n].windows(first.len()).any(|part| part == first) {
                return Ok(());
            }
        }
    }
}

/// A client that waits for a name, which is being looked up.
fn waits(mute: &Mute, proxy: &Proxy, socks: Socks, nth: usize) -> Told<Client> {
    let name = format!("slow{nth}x.example");
    let mut client = proxy.client_says(&socks.ask_name(&name, 80))?;
    mute.is_asked_for(&name)?;
    if socks == Socks::Five {
        client.hears(&WELCOME5)?;
    }
    Ok(client)
}

#[test]
fn while_a_name_is_looked_up_nobody_else_waits() -> Told {
    let Some(mute) = Mute::open()? else {
        return Ok(());
    };
    for socks in Socks::BOTH {
        let mut proxy = mute.proxy(socks, &["-w", "1h"])?;
        let door = target()?;
        let mut waiting = Vec::new();
        for nth in 0..7 {
            waiting.push(waits(&mute, &proxy, socks, nth)?);
            let (mut near, mut far) = proxy.tunnel(socks, &door)?;
            near.talks_with(&mut far)?;
            let mut near = proxy.client_says(&socks.ask_name("localhost", at(&door).port()))?;
            let mut far = admit(&door)?;
            near.hears(&socks.reached(far.remote()?))?;
            near.talks_with(&mut far)?;
        }
        // However many there are, whoever needs no name needs to wait for none.
        for nth in 100..150 {
            let name = format!("slow{nth}x.example");
            waiting.push(proxy.client_says(&socks.ask_name(&name, 80))?);
        }
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        // Whoever leaves takes its name along; one after the other is asked for at most eight.
        drop((near, far));
        for client in waiting {
            client.reset()?;
        }
        proxy.said("the peer has gone")?;
        // Ending waits for no name either.
        proxy.ends()?;
    }
    Ok(())
}

#[test]
fn while_the_name_of_a_datagram_is_looked_up_others_pass() -> Told {
    let Some(mute) = Mute::open()? else {
        return Ok(());
    };
    let mut proxy = mute.proxy(Socks::Five, &[])?;
    let (first, second) = (Sender::new(&proxy)?, Sender::new(&proxy)?);
    let target = Post::open()?;
    for nth in 0..20 {
        let name = format!("slow{nth}x.example");
        first.sends_to(&named(&name, 53), b"wait for me")?;
        if nth == 0 {
            mute.is_asked_for(&name)?;
        }
        for sender in [&first, &second] {
            sender.talks_with(&target)?;
        }
    }
    drop((first, second));
    // Those who ask the name server may do so for a while; nobody waits for them.
    proxy.said(" UDP ASSOCIATE: over, 160 bytes sent, 180 bytes received in ")?;
    target.has_nothing()?;
    proxy.ends().map(drop)
}

#[test]
fn a_name_that_nobody_knows_in_time_is_one_that_cannot_be_reached() -> Told {
    let Some(mute) = Mute::open()? else {
        return Ok(());
    };
    for socks in Socks::BOTH {
        let mut proxy = mute.proxy(socks, &["-w", "500ms"])?;
        let name = "slow.example";
        let mut client = proxy.client_says(&socks.ask_name(name, 80))?;
        client.hears_last(&socks.missed(HOST_UNREACHABLE))?;
        proxy.said(" CONNECT slow.example:80: ")?;
        proxy.ends()?;
    }
    Ok(())
}

#[test]
fn all_addresses_of_a_target_are_tried() -> Told {
    let Some(mute) = Mute::open()? else {
        return Ok(());
    };
    for socks in Socks::BOTH {
        for host in [2, 3] {
            let door = Place::Tcp(([127, 0, 0, host], 0).into()).open()?;
            let mut proxy = mute.proxy(socks, &[])?;
            let mut near = proxy.client_says(&socks.ask_name("many", at(&door).port()))?;
            let mut far = admit(&door)?;
            near.hears(&socks.reached(far.remote()?))?;
            near.talks_with(&mut far)?;
            drop((near, far));
            proxy.scene.patience = Duration::from_secs(20);
            proxy.said(&format!(" CONNECT many:{}: over, ", at(&door).port()))?;
        }
        // One of them may be denied, and the other still be reached.
        let door = Place::Tcp(([0, 0, 0, 0], 0).into()).open()?;
        let port = at(&door).port();
        let proxy = mute.proxy(socks, &["--proxy-deny", "127.0.0.2"])?;
        let mut near = proxy.client_says(&socks.ask_name("many", port))?;
        let mut far = admit(&door)?;
        near.hears(&socks.reached(far.remote()?))?;
        near.talks_with(&mut far)?;
        if far.local()?.ip() != Ipv4Addr::new(127, 0, 0, 3) {
            return Err(format!("it was reached at {}", far.local()?));
        }
    }
    Ok(())
}
