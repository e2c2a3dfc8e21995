//! Options about sockets: what the system does with a connection that no byte of it shows.

use super::{Flag, long};
use crate::cli::quantity::size;
use crate::cli::sockets::{self, BUFFER_SIZES};

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    long("bind-device", "Use this interface or VRF alone")
        .takes("interface", |o, v| {
            sockets::device(v).map(|device| o.sockets.device = Some(device))
        })
        .beyond(),
    long("keepalive", "Ask silent peers if they live (60,15,4)")
        .may_take("idle,again,n", |o, v| {
            sockets::keepalive(v.unwrap_or_default()).map(|k| o.sockets.keepalive = k)
        })
        .beyond(),
    long("tos", "Mark packets: a byte, ef, lowdelay and more")
        .takes("n", |o, v| {
            sockets::tos(v).map(|class| o.sockets.tos = Some(class))
        })
        .beyond(),
    long("dscp", "Mark packets: 0 to 63, ef, af41, or cs1")
        .takes("n", |o, v| {
            sockets::dscp(v).map(|class| o.sockets.dscp = Some(class))
        })
        .beyond(),
    long("ttl", "Let so many routers pass packets on")
        .takes("n", |o, v| {
            sockets::ttl("--ttl", v, 1).map(|ttl| o.sockets.ttl = Some(ttl))
        })
        .beyond(),
    long("mptcp", "Use several paths at once where peers can")
        .sets(|o| o.sockets.mptcp = true)
        .beyond(),
    long("fastopen", "Send data with the first packet (TCP)")
        .sets(|o| o.sockets.fastopen = true)
        .beyond(),
    long("multicast-join", "Hear what is sent to this group, too")
        .takes("group", |o, v| {
            sockets::group(v).map(|group| o.sockets.groups.push(group))
        })
        .beyond(),
    long("multicast-ttl", "The same as --ttl, for groups (1)")
        .takes("n", |o, v| {
            sockets::ttl("--multicast-ttl", v, 0).map(|ttl| o.sockets.multicast_ttl = Some(ttl))
        })
        .beyond(),
    long("multicast-loop", "Whether this machine hears it, too (on)")
        .takes("on|off", |o, v| {
            sockets::on_or_off("--multicast-loop", v).map(|on| o.sockets.multicast_loop = Some(on))
        })
        .beyond(),
    long("broadcast", "Let datagrams go to everybody on a net (on)")
        .may_take("on|off", |o, v| {
            let on = sockets::on_or_off("--broadcast", v.unwrap_or("on"));
            on.map(|on| o.sockets.broadcast = Some(on))
        })
        .beyond(),
    long("recv-buffer", "Have the system hold so much that came")
        .takes("size", |o, v| {
            size("--recv-buffer", v, BUFFER_SIZES).map(|n| o.sockets.receive_buffer = Some(n))
        })
        .beyond(),
    long("send-buffer", "Have the system hold so much to be sent")
        .takes("size", |o, v| {
            size("--send-buffer", v, BUFFER_SIZES).map(|n| o.sockets.send_buffer = Some(n))
        })
        .beyond(),
];
