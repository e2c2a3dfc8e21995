//! Many at once: those who talk, those who never say what they want, those who vanish, and more than
//! there are descriptors for.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::payload::same;
use crate::common::wire::Room;
use crate::common::{Deadline, Door, Place, Told, told};
use crate::scene::{Client, Proxy, Silence, admit, at, target};
use crate::words::{HELLO5, Socks, WELCOME5};

const TUNNELS: usize = 2_000;
const SILENT: usize = 1_000;

/// How long silence is watched.
const A_WHILE: Duration = Duration::from_millis(500);

/// How much memory one more tunnel may take, in bytes: two connections and what is between them.
const MEMORY: usize = 2 * 1024;

fn as_many_descriptors_as_there_are() -> Told {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, all).map_err(|e| format!("no more descriptors: {e}"))
}

/// A number that the system tells of a process.
fn number(id: u32, name: &str) -> Told<usize> {
    let status = told(fs::read_to_string(format!("/proc/{id}/status")))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("the system does not tell {name}"))
}

fn memory(id: u32) -> Told<usize> {
    Ok(number(id, "VmRSS:")? * 1024)
}

fn switches(id: u32) -> Told<usize> {
    number(id, "voluntary_ctxt_switches:")
}

/// The time a process has had, in the system's ticks.
fn ticks(id: u32) -> Told<u64> {
    let stat = told(fs::read_to_string(format!("/proc/{id}/stat")))?;
    // Behind the name, which may contain anything but stands in parentheses, comes the third field.
    let rest = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<u64> = rest
        .split(' ')
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    Ok(fields[11] + fields[12])
}

#[test]
fn two_thousand_tunnels_at_once_are_kept_apart_and_cost_nothing_while_they_are_silent() -> Told {
    for socks in Socks::BOTH {
        crowd_of_tunnels(socks).map_err(|why| format!("{socks:?}: {why}"))?;
    }
    Ok(())
}

fn crowd_of_tunnels(socks: Socks) -> Told {
    as_many_descriptors_as_there_are()?;
    let mut proxy = Proxy::open(socks, &["-m", "3000"])?;
    let door = Place::any_port().open_with(&Room::Usual, 64)?;
    // What is made once is there after the first.
    let (mut near, mut far) = proxy.tunnel(socks, &door)?;
    near.talks_with(&mut far)?;
    let before = memory(proxy.id())?;
    let mut tunnels = vec![(near, far)];
    while tunnels.len() < TUNNELS {
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        let nth = u32::try_from(tunnels.len()).unwrap_or_default();
        near.says(&nth.to_be_bytes())?;
        far.hears(&nth.to_be_bytes())?;
        tunnels.push((near, far));
    }
    sleeps(&mut proxy)?;
    let each = memory(proxy.id())?.saturating_sub(before) / TUNNELS;
    if each > MEMORY {
        return Err(format!("each tunnel takes {each} bytes"));
    }
    for (nth, (near, far)) in tunnels.iter_mut().enumerate() {
        let nth = u32::try_from(nth).unwrap_or_default();
        far.says(&nth.to_be_bytes())?;
        near.hears(&nth.to_be_bytes())?;
    }
    for (nth, (mut near, mut far)) in tunnels.into_iter().enumerate() {
        let (first, second) = match nth % 2 {
            0 => (&mut near, &mut far),
            _ => (&mut far, &mut near),
        };
        first.finish()?;
        second.hears_last(b"")?;
        // What is told of each tunnel is taken, so that nobody waits for us.
        proxy.takes_words()?;
    }
    proxy.is_as_before()?;
    let over = |text: &str| text.matches(": over, ").count();
    proxy.scene.until("each tunnel was told of", |s| {
        over(&s.program.stderr.text()) == TUNNELS
    })
}

/// With nothing to do nothing runs.
fn sleeps(proxy: &mut Proxy) -> Told {
    let id = proxy.id();
    proxy.scene.until_quiet(Duration::from_millis(100))?;
    let before = (switches(id)?, ticks(id)?);
    proxy.scene.holds(A_WHILE, "the proxy is there", |s| {
        s.program.status.is_none()
    })?;
    let after = (switches(id)?, ticks(id)?);
    match after == before {
        true => Ok(()),
        false => Err(format!("it ran: {before:?} became {after:?}")),
    }
}

#[test]
fn a_thousand_who_never_say_what_they_want_disturb_nobody_and_are_gone_in_time() -> Told {
    as_many_descriptors_as_there_are()?;
    for socks in Socks::BOTH {
        // Whoever has not asked takes nobody's place.
        let mut proxy = Proxy::open(socks, &["-m", "2", "--handshake-timeout", "4s"])?;
        let door = target()?;
        let whole = socks.ask(at(&door));
        let mut silent = Vec::new();
        for nth in 0..SILENT {
            silent.push(proxy.client_says(&whole[..nth % whole.len()])?);
            if nth % 100 == 0 {
                let (mut near, mut far) = proxy.tunnel(socks, &door)?;
                near.talks_with(&mut far)?;
                near.finish()?;
                far.finish()?;
                far.is_let_go()?;
            }
        }
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        for client in &mut silent {
            // It may have been welcomed, and hears no more than that.
            proxy.takes_words()?;
            let mut heard = Vec::new();
            let _ = std::io::Read::read_to_end(&mut client.0, &mut heard);
            let welcomed: &[u8] = match socks {
                Socks::Four => b"",
                Socks::Five => &WELCOME5,
            };
            if !heard.is_empty() && heard != welcomed {
                return Err(format!("{socks:?}: one of them hears {heard:?}"));
            }
        }
        near.talks_with(&mut far)?;
        drop((near, far));
        // Theirs are closed still, and ours are let go.
        proxy.is_as_before()?;
        drop(silent);
    }
    Ok(())
}

#[test]
fn more_than_may_be_about_to_ask_make_room_for_whoever_comes() -> Told {
    as_many_descriptors_as_there_are()?;
    let mut proxy = Proxy::open(Socks::Five, &["-m", "2", "--handshake-timeout", "1m"])?;
    let door = target()?;
    let mut silent = Vec::new();
    for _ in 0..1_500 {
        silent.push(proxy.client_says(&HELLO5[..1])?);
        proxy.takes_words()?;
    }
    let (mut near, mut far) = proxy.tunnel(Socks::Five, &door)?;
    near.talks_with(&mut far)?;
    silent[0].is_let_go()?;
    // The last to come is still being listened to.
    let mut last = silent.pop().ok_or("nobody came")?;
    last.says(&HELLO5[1..])?;
    last.hears(&WELCOME5)?;
    drop((near, far, last, silent));
    proxy.is_as_before()
}

#[test]
fn whoever_vanishes_while_its_target_is_dialled_leaves_nothing_behind() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &["-w", "1h", "-m", "300"])?;
        let silence = Silence::open()?;
        let mut waiting = Vec::new();
        for _ in 0..200 {
            waiting.push(proxy.client_says(&socks.ask(silence.at))?);
        }
        if socks == Socks::Five {
            for client in &mut waiting {
                client.hears(&WELCOME5)?;
            }
        }
        let door = target()?;
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
        drop((near, far));
        for client in waiting {
            client.reset()?;
        }
        proxy.is_as_before()?;
        let (mut near, mut far) = proxy.tunnel(socks, &door)?;
        near.talks_with(&mut far)?;
    }
    Ok(())
}

#[test]
fn whoever_comes_when_no_descriptor_is_left_is_served_when_there_are_again() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::dressed(socks, &["127.0.0.1", "0"], |program| {
            program.through(&["prlimit", "--nofile=64", "env", "--default-signal=TERM"])
        })?;
        let door = Place::any_port().open_with(&Room::Usual, 256)?;
        let said = socks.ask(at(&door));
        let mut asking: Vec<Client> = (0..100)
            .map(|_| proxy.client_says(&said))
            .collect::<Told<_>>()?;
        // The first of them has been served; those that it has no descriptors for wait outside.
        asking[0].hear(socks.missed(0).len())?;
        drop((asking, door));
        let door = target()?;
        let (mut near, mut far) = is_served(&mut proxy, socks, &door)?;
        near.talks_with(&mut far)?;
        drop((near, far));
        proxy.is_as_before()?;
        told(TcpStream::connect(proxy.at)).map(drop)?;
        proxy.ends()?;
    }
    Ok(())
}

/// Asks until there are descriptors for one more tunnel; until then there is an answer, too.
fn is_served(proxy: &mut Proxy, socks: Socks, door: &Door) -> Told<(Client, Client)> {
    let deadline = Deadline::usual();
    loop {
        let mut near = proxy.client_says(&socks.ask(at(door)))?;
        let failed = socks.missed(1);
        let reply = near.hear(failed.len())?;
        if reply != failed {
            let far = admit(door)?;
            same("the reply", &reply, &socks.reached(far.remote()?))?;
            return Ok((near, far));
        }
        if deadline.passed() {
            return Err("there is still no descriptor left".into());
        }
        proxy.takes_words()?;
    }
}
