//! Networks of the test's own: hosts, each a network namespace, and lines between them.
//!
//! Made anew for each scene, with names that no other has, so that scenes may be played side by side.

use std::fs::File;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::sched::{CloneFlags, setns};

use crate::common::{Program, Scene, Told};

/// What the shell says on its stdout.
pub(crate) fn shell(script: &str) -> Told<String> {
    let outcome = Scene::of(Program::at("/bin/sh", ["-ec", script]))?.outcome()?;
    match outcome.code {
        0 => Ok(String::from_utf8_lossy(&outcome.stdout).into_owned()),
        code => Err(format!(
            "`{script}` gives {code}: {}",
            outcome.stderr.trim_end()
        )),
    }
}

/// A host with a network of its own. Its processes belong to whoever started them.
#[derive(Debug)]
pub(crate) struct Host {
    name: String,
}

impl Host {
    pub(crate) fn new() -> Told<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bed{}", NEXT.fetch_add(1, Ordering::Relaxed));
        shell(&format!("ip netns add {name}"))?;
        let host = Self { name };
        host.says("ip link set lo up")?;
        Ok(host)
    }

    /// What a line of shell says there.
    pub(crate) fn says(&self, script: &str) -> Told<String> {
        shell(&format!(
            "exec ip netns exec {} sh -ec '{script}'",
            self.name
        ))
    }

    /// Has a program run there.
    pub(crate) fn home_of(&self, program: Program) -> Program {
        program.through(&["ip", "netns", "exec", &self.name])
    }

    /// Has a program run there with these names of hosts.
    pub(crate) fn home_with_names(&self, program: Program, hosts: &str) -> Program {
        let script = format!("mount --bind {hosts} /etc/hosts && exec \"$@\"");
        program.through(&[
            "ip", "netns", "exec", &self.name, "unshare", "--mount", "sh", "-c", &script, "sh",
        ])
    }

    /// Does something there itself, such as opening a socket, which stays there.
    pub(crate) fn inside<T: Send>(&self, act: impl FnOnce() -> Told<T> + Send) -> Told<T> {
        let path = format!("/run/netns/{}", self.name);
        let enter = || {
            let network = File::open(&path).map_err(|e| format!("{path}: {e}"))?;
            setns(network, CloneFlags::CLONE_NEWNET).map_err(|e| format!("setns: {e}"))?;
            act()
        };
        // In a thread, which is the only one to move there.
        thread::scope(|scope| scope.spawn(enter).join())
            .unwrap_or_else(|_| Err("what was to be done inside panicked".into()))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Lines to it go with it.
        let _ = shell(&format!("ip netns del {}", self.name));
    }
}

/// Joins two hosts by a line, which each knows by a name.
pub(crate) fn join(one: (&Host, &str), other: (&Host, &str)) -> Told {
    let ((a, a_line), (b, b_line)) = (one, other);
    shell(&format!(
        "ip link add {a_line} netns {} type veth peer name {b_line} netns {}",
        a.name, b.name
    ))?;
    a.says(&format!("ip link set {a_line} up"))?;
    b.says(&format!("ip link set {b_line} up")).map(drop)
}

/// Two hosts and a line between them, both families.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) near: Host,
    pub(crate) far: Host,
}

impl World {
    /// The address of the far host; the near one ends with 1.
    pub(crate) const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

    pub(crate) fn pair() -> Told<Self> {
        let (near, far) = (Host::new()?, Host::new()?);
        join((&near, "line"), (&far, "line"))?;
        for (host, last) in [(&near, 1), (&far, 2)] {
            // An address of IPv6 could not be used before it is known to be nobody else's.
            host.says(&format!(
                "ip addr add 10.77.0.{last}/24 dev line; ip addr add fd77::{last}/64 dev line nodad"
            ))?;
        }
        Ok(Self { near, far })
    }

    /// Slow, far and lossy, each way.
    pub(crate) fn make_lines_bad(&self) -> Told {
        self.make_lines("delay 40ms loss 2% rate 10mbit")
    }

    /// Far, and nothing else.
    pub(crate) fn make_lines_long(&self) -> Told {
        self.make_lines("delay 40ms")
    }

    /// What becomes of each packet, in the words of netem.
    fn make_lines(&self, so: &str) -> Told {
        for host in [&self.near, &self.far] {
            host.says(&format!("tc qdisc add dev line root netem {so}"))?;
        }
        Ok(())
    }
}
