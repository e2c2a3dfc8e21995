//! What sockets are to be like, whoever they are for.

use std::net::{IpAddr, Ipv4Addr};

/// What is asked of every socket towards others, those to proxies and from a proxy of ours included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sockets {
    /// `--bind-device`: nothing comes or goes by another interface.
    pub device: Option<String>,
    /// `--keepalive`.
    pub keepalive: KeepAlive,
    /// `--tos` or `--dscp`: the whole byte.
    pub class: Option<u8>,
    /// `--ttl`: how many routers may pass a packet on.
    pub ttl: Option<u8>,
    /// `--mptcp`.
    pub mptcp: bool,
    /// `--fastopen`.
    pub fastopen: bool,
    /// `--multicast-join`: whose datagrams a listener hears beside its own.
    pub groups: Vec<Group>,
    /// `--multicast-ttl`.
    pub multicast_ttl: Option<u8>,
    /// `--multicast-loop`: whether this machine hears what it sends to a group.
    pub multicast_loop: Option<bool>,
    /// Datagrams may go to everybody on a net, as those of the reference may.
    pub broadcast: bool,
    /// The system is to debug them.
    pub debug: bool,
    /// `--recv-buffer`.
    pub receive_buffer: Option<usize>,
    /// `--send-buffer`.
    pub send_buffer: Option<usize>,
    /// `-g`, from where `-G` points: the routers to pass, in their order.
    pub route: Vec<Ipv4Addr>,
}

/// Whether a peer that is silent is asked from time to time whether it is still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepAlive {
    /// Those who come in are; those whom we reach are not.
    #[default]
    Usual,
    /// Nobody is.
    Off,
    /// Everybody is.
    On(Probes),
}

/// When a silent peer is asked; what is missing is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probes {
    /// After so many seconds.
    pub idle: Option<u16>,
    /// Again after so many seconds without an answer.
    pub interval: Option<u16>,
    /// This often before it is given up.
    pub count: Option<u8>,
}

/// A multicast group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its address.
    pub ip: IpAddr,
    /// The name or number of the interface to hear it on, unless the system is to choose.
    pub interface: Option<String>,
}
