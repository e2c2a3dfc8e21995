//! Options that the reference does not have, but for those with a table of their own.

use std::ops::RangeInclusive;

use super::{Flag, HAS_PROXY, HAS_TLS, long};
use crate::cli::quantity::{size, time};
use crate::cli::ssl;

/// The datagrams of UDP are smaller, but those of Unix sockets need not be.
const DATAGRAM_SIZES: RangeInclusive<usize> = 1..=1 << 20;

/// Less than this would make a hub stop for every chunk.
const QUEUE_SIZES: RangeInclusive<usize> = 64 << 10..=1 << 40;

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    // Taken away before options are read, where it may stand.
    long("compat", "Whose options follow: nmap or openbsd (nc)")
        .takes("whose", |_, _| {
            Err("--compat must be the first argument.".into())
        })
        .beyond(),
    long("half-close", "Send all of stdin though the peer has ended")
        .sets(|o| o.half_close = true)
        .beyond(),
    long("datagram-size", "Send at most so much in one datagram (8K)")
        .takes("size", |o, v| {
            size("--datagram-size", v, DATAGRAM_SIZES).map(|n| o.datagram_size = Some(n))
        })
        .beyond(),
    long(
        "stall-timeout",
        "Drop a peer that reads nothing so long (5)",
    )
    .takes("time", |o, v| {
        time("--stall-timeout", v).map(|t| o.stall_after = Some(t))
    })
    .beyond(),
    long("kill-after", "End programs so long after their peers (5)")
        .takes("time", |o, v| {
            time("--kill-after", v).map(|t| o.kill_after = Some(t))
        })
        .beyond(),
    long("max-queue", "Hold at most so much for slow peers (16M)")
        .takes("size", |o, v| {
            size("--max-queue", v, QUEUE_SIZES).map(|n| o.max_queue = Some(n))
        })
        .beyond(),
    long("ssl-min-version", "Speak no TLS older than this (1.2)")
        .takes("version", |o, v| {
            ssl::version("--ssl-min-version", v).map(|version| o.ssl().min = Some(version))
        })
        .one_of(&ssl::VERSION_NAMES)
        .only_with(HAS_TLS)
        .beyond(),
    long("ssl-max-version", "Speak no TLS newer than this (1.3)")
        .takes("version", |o, v| {
            ssl::version("--ssl-max-version", v).map(|version| o.ssl().max = Some(version))
        })
        .one_of(&ssl::VERSION_NAMES)
        .only_with(HAS_TLS)
        .beyond(),
    long("ssl-pin", "Take only certificates of these hashes")
        .takes("sha256:hex", |o, v| {
            ssl::pin(v).map(|pin| o.ssl().pins.push(pin))
        })
        .only_with(HAS_TLS)
        .beyond(),
    long("handshake-timeout", "Drop peers that agree so slowly (10)")
        .takes("time", |o, v| {
            time("--handshake-timeout", v).map(|t| o.handshake = Some(t))
        })
        .only_with(HAS_TLS || HAS_PROXY)
        .beyond(),
    long(
        "proxy-ssl-verify",
        "Refuse proxies without a good certificate",
    )
    .sets(|o| o.proxy.verify = true)
    .only_with(HAS_PROXY && HAS_TLS)
    .beyond(),
    long(
        "proxy-ssl-trustfile",
        "The same, and trust these only (PEM)",
    )
    .takes_raw("file", |o, v| o.proxy.trust.push(v.into()))
    .only_with(HAS_PROXY && HAS_TLS)
    .beyond(),
    long("proxy-allow", "Lead users of our proxy only there")
        .takes("rules", |o, v| {
            o.proxy.allow.push(v.into());
            Ok(())
        })
        .only_with(HAS_PROXY)
        .beyond(),
    long("proxy-deny", "Never lead users of our proxy there")
        .takes("rules", |o, v| {
            o.proxy.deny.push(v.into());
            Ok(())
        })
        .only_with(HAS_PROXY)
        .beyond(),
];
