//! What the plan asks of sockets, as the machinery takes it, and what will come short of it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::target::carriage;
use crate::cli::plan::{KeepAlive, Plan, Probes, Role};
use crate::net::address;
use crate::net::wishes::{self, Group, Wishes};
use crate::say::Say;

/// How long a peer may be silent before its system is asked whether it is still there, how long an answer
/// may take, and how many may fail to come.
const IDLE: u16 = 60;
const INTERVAL: u16 = 15;
const COUNT: u8 = 4;

/// Which connections may take data with their first packet: a number whose bit 2 is for listeners.
const FAST_OPEN: &str = "/proc/sys/net/ipv4/tcp_fastopen";
const FOR_LISTENERS: u32 = 2;

/// All that is asked of sockets.
pub(super) fn wishes(plan: &Plan) -> Result<Wishes, String> {
    let sockets = &plan.sockets;
    let groups = sockets.groups.iter().map(|group| {
        let interface = match &group.interface {
            Some(word) => address::interface(word)
                .map_err(|_| format!("There is no interface \"{}\"", word.escape_debug()))?,
            None => 0,
        };
        let ip = group.ip;
        Ok::<_, String>(Group { ip, interface })
    });
    Ok(Wishes {
        device: sockets.device.clone(),
        probes: probes(plan),
        class: sockets.class,
        ttl: sockets.ttl,
        mptcp: sockets.mptcp,
        fastopen: sockets.fastopen,
        groups: groups.collect::<Result<_, _>>()?,
        multicast_ttl: sockets.multicast_ttl,
        multicast_loop: sockets.multicast_loop,
        broadcast: sockets.broadcast,
        debug: sockets.debug,
        receive_buffer: sockets.receive_buffer,
        send_buffer: sockets.send_buffer,
        route: sockets.route.clone(),
    })
}

/// A peer of a server that is gone without a word is noticed after a while, and gives up its place; so is
/// whom a proxy of ours has brought it to. A peer of our own is not, unless that is asked for.
fn probes(plan: &Plan) -> Option<wishes::Probes> {
    let Probes {
        idle,
        interval,
        count,
    } = match (plan.sockets.keepalive, &plan.role) {
        (KeepAlive::On(probes), _) => probes,
        (KeepAlive::Usual, Role::Listen(_)) => Probes::default(),
        (KeepAlive::Usual, Role::Connect(_) | Role::Scan(_)) | (KeepAlive::Off, _) => return None,
    };
    let seconds = |n: u16| Duration::from_secs(n.into());
    Some(wishes::Probes {
        idle: seconds(idle.unwrap_or(IDLE)),
        interval: seconds(interval.unwrap_or(INTERVAL)),
        count: count.unwrap_or(COUNT).into(),
    })
}

/// Tells the user of wishes that the system takes without granting them.
pub(super) fn warn(plan: &Plan, wishes: &Wishes, say: &Say) {
    let listens = matches!(plan.role, Role::Listen(_));
    if wishes.fastopen && listens && !fast_open_for_listeners() {
        say.warn(
            "Warning: --fastopen has no effect: the system allows it to no listener \
             (net.ipv4.tcp_fastopen needs the bit 2).",
        );
    }
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into();
    // What the system refuses altogether is said when the sockets themselves are made.
    let cut = wishes.cut_buffers(&any, carriage(&plan.role));
    let cut = cut.unwrap_or_default();
    let rows = [
        ("--recv-buffer", cut.receive, "net.core.rmem_max"),
        ("--send-buffer", cut.send, "net.core.wmem_max"),
    ];
    for (name, got, limit) in rows {
        if let Some(got) = got {
            say.warn(&format!(
                "Warning: {name} is more than the system gives: {got} bytes ({limit})."
            ));
        }
    }
}

/// Where nothing tells, the system is taken at its word.
fn fast_open_for_listeners() -> bool {
    let text = fs::read_to_string(FAST_OPEN);
    let bits: Option<u32> = text.ok().and_then(|text| text.trim().parse().ok());
    bits.is_none_or(|bits| bits & FOR_LISTENERS != 0)
}
