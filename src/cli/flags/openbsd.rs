//! The letters of OpenBSD's netcat, in its order. There are no long names.

use super::{Flag, HAS_PROXY, letter};
use crate::cli::openbsd::{number, seconds};
use crate::cli::opts::{Domain, Special};
use crate::cli::plan::{ProxyKind, Quit};
use crate::cli::sockets::{self, BUFFER_SIZES};
use crate::cli::target::PortWord;
use std::time::Duration;

/// Words for `-T` that only it knows: precedences of RFC 791, and a service of RFC 1349.
const PRECEDENCES: [(&str, u8); 4] = [
    ("critical", 0xa0),
    ("inetcontrol", 0xc0),
    ("netcontrol", 0xe0),
    ("lowcost", 0x02),
];

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    letter('4', "Use IPv4 only").sets(|o| o.domain = Domain::V4),
    letter('6', "Use IPv6 only").sets(|o| o.domain = Domain::V6),
    letter('b', "Allow datagrams to everybody around").sets(|o| o.nc.broadcast = true),
    letter('C', "Send CR LF at the end of each line of stdin").sets(|o| o.crlf = true),
    letter('D', "Have the system debug the socket").sets(|o| o.sockets.debug = true),
    letter('d', "Leave stdin alone").sets(|o| o.nc.detached = true),
    letter('F', "Leave the socket to whoever reads stdout").sets(|o| o.nc.pass_on = true),
    letter('h', "Show this text and quit").sets(|o| o.special = Some(Special::Help)),
    letter('I', "Have the system hold so much that came").takes("length", |o, v| {
        let size = number("TCP receive window", v, 1, *BUFFER_SIZES.end() as u64)?;
        o.sockets.receive_buffer = usize::try_from(size).ok();
        Ok(())
    }),
    letter('i', "Wait so long between lines of stdin").takes("seconds", |o, v| {
        seconds("interval", v).map(|t| o.nc.interval = Some(t))
    }),
    letter('k', "Serve one peer after another").sets(|o| o.keep_open = true),
    letter('l', "Wait for peers instead of reaching for one").sets(|o| o.listen = true),
    letter('M', "Let so many routers pass packets on").takes("ttl", |o, v| {
        let ttl = number("ttl", v, 1, 255)?;
        o.sockets.ttl = u8::try_from(ttl).ok();
        Ok(())
    }),
    letter('m', "Refused: the least TTL of what comes")
        .takes("minttl", |_, _| Err("-m is not supported".into())),
    letter('N', "Tell the peer when stdin has ended").sets(|o| o.nc.half = true),
    letter('n', "Take numeric addresses only").sets(|o| o.numeric_only = true),
    letter('O', "Have the system hold so much to be sent").takes("length", |o, v| {
        let size = number("TCP send window", v, 1, *BUFFER_SIZES.end() as u64)?;
        o.sockets.send_buffer = usize::try_from(size).ok();
        Ok(())
    }),
    letter('P', "Our name at an HTTP proxy; asks for a password")
        .takes_raw("user", |o, v| o.nc.user = Some(v))
        .only_with(HAS_PROXY),
    letter('p', "Connect from, or listen on, this port").takes("port", |o, v| {
        let port = crate::cli::target::port_word(v);
        let port = port.ok_or_else(|| format!("port number invalid: {v}"))?;
        if matches!(port, PortWord::Number(number) if number > 0xffff) {
            return Err(format!("port number too large: {v}"));
        }
        o.source_port = Some(port);
        Ok(())
    }),
    letter('q', "Quit so long after stdin ends; below 0 never").takes("seconds", |o, v| {
        let whole: Result<i32, _> = v.parse();
        let whole = whole.map_err(|_| format!("quit timer invalid: {v}"))?;
        let after = u64::try_from(whole).map(Duration::from_secs);
        o.quit = after.map_or(Quit::Never, Quit::After);
        Ok(())
    }),
    letter('r', "Try the ports in no particular order").sets(|o| o.nc.random = true),
    letter('S', "Refused: sign TCP segments").sets(|o| {
        o.nc.refuse("-S is not supported: signatures of TCP by MD5 (RFC 2385) are obsolete");
    }),
    letter('s', "Connect from, or listen on, this address")
        .takes_raw("addr", |o, v| o.source = Some(v)),
    letter('T', "Mark packets: a byte, ef, lowdelay and more").takes("keyword", |o, v| {
        let known = || PRECEDENCES.iter().find(|(name, _)| *name == v);
        let class = sockets::tos(v)
            .ok()
            .or_else(|| known().map(|(_, byte)| *byte));
        o.sockets.tos = Some(class.ok_or_else(|| format!("illegal tos value {v}"))?);
        Ok(())
    }),
    letter('t', "Answer telnet negotiations").sets(|o| o.telnet = true),
    letter('U', "Use Unix domain sockets").sets(|o| o.domain = Domain::Unix),
    letter('u', "Use datagrams: UDP, or Unix with -U").sets(|o| o.datagram = true),
    letter('V', "Refused: another routing table").takes("rtable", |_, _| {
        Err("no alternate routing table support available".into())
    }),
    letter('v', "Say what happens").sets(|o| o.verbose = 1),
    letter('W', "Quit when so many packets have come").takes("n", |o, v| {
        let count = number("receive limit", v, 1, i32::MAX as u64)?;
        o.nc.packets = u32::try_from(count).ok();
        Ok(())
    }),
    letter('w', "Give up when nothing happens for so long").takes("seconds", |o, v| {
        seconds("timeout", v).map(|t| o.wait = Some(t))
    }),
    letter('X', "What the proxy speaks: 4, 5 or connect (5)")
        .takes("protocol", |o, v| {
            o.nc.kind = Some(match v.to_ascii_lowercase().as_str() {
                "4" | "4a" => ProxyKind::Socks4,
                "5" => ProxyKind::Socks5,
                "connect" => ProxyKind::Http,
                _ => return Err("unsupported proxy protocol".into()),
            });
            Ok(())
        })
        .only_with(HAS_PROXY),
    letter('x', "Connect through this proxy")
        .takes("addr[:port]", |o, v| {
            o.nc.proxy = Some(v.into());
            Ok(())
        })
        .only_with(HAS_PROXY),
    letter('Z', "Refused: DCCP").sets(|o| o.nc.refuse("-Z is not supported: DCCP is obsolete")),
    letter('z', "Report which ports answer, and pass nothing").sets(|o| o.zero_io = true),
];
