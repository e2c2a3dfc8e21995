//! What /proc tells of sockets and processes.

use std::{
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// States in /proc/net/tcp and the flag of a listening socket in /proc/net/unix.
const TCP_LISTEN: &str = "0A";
const UNIX_ACCEPTS: &str = "00010000";

/// How long a process may take to come to rest, and the pause between two looks at it.
const REST_WITHIN: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What one process has cost up to now, all its threads together.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    /// User and system time in clock ticks.
    pub(crate) ticks: u64,
    /// Context switches, asked for and not: a process that sleeps throughout has none.
    pub(crate) switches: u64,
}

pub(crate) fn tcp_port_listens(port: u16) -> io::Result<bool> {
    let wanted = format!(":{port:04X}");
    Ok(fs::read_to_string("/proc/net/tcp")?.lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|local| local.ends_with(&wanted))
            && words.nth(1) == Some(TCP_LISTEN)
    }))
}

pub(crate) fn udp_port_is_bound(port: u16) -> io::Result<bool> {
    let wanted = format!(":{port:04X}");
    Ok(fs::read_to_string("/proc/net/udp")?.lines().any(|line| {
        line.split_whitespace()
            .nth(1)
            .is_some_and(|local| local.ends_with(&wanted))
    }))
}

pub(crate) fn sctp_port_is_bound(port: u16) -> io::Result<bool> {
    let wanted = port.to_string();
    let endpoints = fs::read_to_string("/proc/net/sctp/eps")?;
    let mut ports = endpoints
        .lines()
        .filter_map(|line| line.split_whitespace().nth(5));
    Ok(ports.any(|port| port == wanted))
}

/// Whether the process has a socket and sleeps.
pub(crate) fn sleeps_over_a_socket(pid: u32) -> io::Result<bool> {
    let mut sockets = fs::read_dir(format!("/proc/{pid}/fd"))?.filter_map(|entry| {
        let target = fs::read_link(entry.ok()?.path()).ok()?;
        target.to_str()?.starts_with("socket:").then_some(())
    });
    Ok(sockets.next().is_some() && is_asleep(pid)?)
}

pub(crate) fn unix_path_listens(path: &Path) -> io::Result<bool> {
    let path = path.to_string_lossy();
    Ok(fs::read_to_string("/proc/net/unix")?.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.nth(3) == Some(UNIX_ACCEPTS) && words.nth(3) == Some(&path)
    }))
}

/// Resident memory in KiB: all of it, and the part that no file backs.
pub(crate) fn resident(pid: u32) -> io::Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok((field(&status, "VmRSS:")?, field(&status, "RssAnon:")?))
}

pub(crate) fn activity(pid: u32) -> io::Result<Activity> {
    let mut sum = Activity {
        ticks: ticks(pid)?,
        switches: 0,
    };
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let status = fs::read_to_string(thread?.path().join("status"))?;
        sum.switches += field(&status, "voluntary_ctxt_switches:")?
            + field(&status, "nonvoluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

/// Waits until the process sleeps and has not run since the last look.
pub(crate) fn await_rest(pid: u32) -> io::Result<()> {
    let give_up = Instant::now() + REST_WITHIN;
    let mut seen = activity(pid)?;
    while Instant::now() < give_up {
        thread::sleep(LOOK_EVERY);
        let now = activity(pid)?;
        if now == seen && is_asleep(pid)? {
            return Ok(());
        }
        seen = now;
    }
    Ok(()) // one that never rests is what the caller is here to find out
}

fn is_asleep(pid: u32) -> io::Result<bool> {
    Ok(after_name(&stat(pid)?).starts_with('S'))
}

fn ticks(pid: u32) -> io::Result<u64> {
    let stat = stat(pid)?;
    // Fields 14 and 15 of proc(5); the state, number 3, is the first after the name.
    let spent = after_name(&stat).split_whitespace().skip(11).take(2);
    spent
        .map(|word| word.parse::<u64>().map_err(io::Error::other))
        .sum()
}

fn stat(pid: u32) -> io::Result<String> {
    fs::read_to_string(format!("/proc/{pid}/stat"))
}

/// A program's name may contain blanks and brackets; what follows its last bracket cannot.
fn after_name(stat: &str) -> &str {
    stat.rsplit_once(") ").map_or("", |(_, rest)| rest)
}

pub(crate) fn field(status: &str, name: &str) -> io::Result<u64> {
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .ok_or_else(|| io::Error::other(format!("the status of a process lacks {name}")))
}
