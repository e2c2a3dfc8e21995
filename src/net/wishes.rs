//! What the user asks of every socket over IP, and the one place where it is carried out.
//!
//! Promise: before the first packet leaves or is let in; what the system does not grant is an error that
//! names the wish, for nothing that was asked for is left out in silence.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::time::Duration;

use libc::c_int;
use socket2::{InterfaceIndexOrAddress, SockAddr, Socket, TcpKeepalive};

use super::dial::words;
use super::sockopt::{self, Carriage};
use super::sys;

/// How many may have sent data with their first packet and not agreed yet. More than ever wait at once;
/// whoever comes beyond that agrees first, as without.
const EARLY: c_int = 1024;

/// The parts of a route in a header (RFC 791): something of one byte that does nothing, so that addresses
/// stand at multiples of four, and a loose source route.
const NO_OPERATION: u8 = 1;
const LOOSE_ROUTE: u8 = 131;
/// Its kind, its length and its pointer.
const ROUTE_HEAD: usize = 3;

/// From linux/mptcp.h, for no crate has them yet.
const SOL_MPTCP: c_int = 284;
const MPTCP_INFO: c_int = 1;

/// What sockets are to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Nothing comes or goes by another interface.
    pub device: Option<String>,
    /// A peer of a stream that is silent is asked whether it is still there.
    pub probes: Option<Probes>,
    /// The byte that marks packets.
    pub class: Option<u8>,
    /// How many routers may pass a packet on.
    pub ttl: Option<u8>,
    /// Streams may use several paths.
    pub mptcp: bool,
    /// Data may go with the first packet of a stream.
    pub fastopen: bool,
    /// Groups that a listener hears.
    pub groups: Vec<Group>,
    /// The same as `ttl`, for what is sent to groups.
    pub multicast_ttl: Option<u8>,
    /// Whether this machine hears what it sends to a group.
    pub multicast_loop: Option<bool>,
    /// Datagrams over IPv4 may go to everybody around: IPv6 has groups for that.
    pub broadcast: bool,
    /// The system debugs them.
    pub debug: bool,
    /// Bytes that the system holds for us.
    pub receive_buffer: Option<usize>,
    /// Bytes that it holds for the peer.
    pub send_buffer: Option<usize>,
    /// Routers to pass on the way to a peer.
    pub route: Vec<Ipv4Addr>,
}

/// When a silent peer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probes {
    /// After so long.
    pub idle: Duration,
    /// Again when no answer came for so long.
    pub interval: Duration,
    /// How often.
    pub count: u32,
}

/// A group on an interface; 0 lets the system choose that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its address.
    pub ip: IpAddr,
    /// The number of the interface.
    pub interface: u32,
}

impl Wishes {
    /// A socket that has no address yet, for connecting or listening.
    ///
    /// # Errors
    /// Those of socket(2) and setsockopt(2).
    pub fn open(&self, address: &SockAddr, carriage: Carriage) -> io::Result<Socket> {
        let Some(at) = address.as_socket() else {
            let socket = sockopt::open(address, carriage)?;
            self.size(&socket)?;
            return Ok(socket);
        };
        let socket = match carriage {
            Carriage::Stream if self.mptcp => named("MPTCP", sockopt::open_mptcp(address))?,
            Carriage::Stream | Carriage::Sctp | Carriage::Datagram => {
                sockopt::open(address, carriage)?
            }
        };
        if let Some(device) = &self.device {
            let bound = socket.bind_device(Some(device.as_bytes()));
            named(&format!("bind to interface {device}"), bound)?;
        }
        self.mark(&socket, at.is_ipv6())?;
        self.size(&socket)?;
        if carriage == Carriage::Stream {
            self.keep_alive(&socket)?;
        }
        Ok(socket)
    }

    /// The same, towards that peer.
    ///
    /// # Errors
    /// Those of socket(2) and setsockopt(2).
    pub fn open_towards(&self, peer: &SockAddr, carriage: Carriage) -> io::Result<Socket> {
        let socket = self.open(peer, carriage)?;
        let Some(at) = peer.as_socket() else {
            return Ok(socket);
        };
        match carriage {
            Carriage::Stream if self.fastopen => {
                let on = sys::set_number(&socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN_CONNECT, 1);
                named("fast open", on)?;
            }
            Carriage::Datagram => self.address_many(&socket, at.is_ipv6())?,
            Carriage::Stream | Carriage::Sctp => {}
        }
        if !self.route.is_empty() && at.is_ipv4() {
            let options = source_route(&self.route);
            let set = sys::set_option(&socket, libc::IPPROTO_IP, libc::IP_OPTIONS, &options);
            named("source route", set)?;
        }
        Ok(socket)
    }

    /// What a listener needs before it is bound.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn before_bind(&self, socket: &Socket, carriage: Carriage) -> io::Result<()> {
        match carriage {
            Carriage::Stream if self.fastopen => {
                let set = sys::set_number(socket, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, EARLY);
                named("fast open", set)
            }
            // All who hear a group on one machine share its port.
            Carriage::Datagram if !self.groups.is_empty() => socket.set_reuse_address(true),
            Carriage::Stream | Carriage::Sctp | Carriage::Datagram => Ok(()),
        }
    }

    /// Has a listener hear those groups that are of its family, and no others, which somebody else on this
    /// machine may have joined.
    ///
    /// # Errors
    /// Those of setsockopt(2); the group is named.
    pub fn join(&self, socket: &Socket, address: &SockAddr) -> io::Result<()> {
        let mut groups = self.groups.iter().peekable();
        if groups.peek().is_none() {
            return Ok(());
        }
        if address.is_ipv6() {
            socket.set_multicast_all_v6(false)?;
        } else {
            socket.set_multicast_all_v4(false)?;
        }
        for Group { ip, interface } in groups {
            let joined = match ip {
                IpAddr::V4(ip) if address.is_ipv4() => {
                    socket.join_multicast_v4_n(ip, &InterfaceIndexOrAddress::Index(*interface))
                }
                IpAddr::V6(ip) if address.is_ipv6() => socket.join_multicast_v6(ip, *interface),
                IpAddr::V4(_) | IpAddr::V6(_) => Ok(()),
            };
            named(&format!("join {ip}"), joined)?;
        }
        Ok(())
    }

    /// Which buffers of a socket like these are smaller than they should be, and how large they are: the
    /// system cuts them without a word.
    ///
    /// # Errors
    /// Those of socket(2), getsockopt(2) and setsockopt(2).
    pub fn cut_buffers(&self, address: &SockAddr, carriage: Carriage) -> io::Result<Cut> {
        if self.receive_buffer.is_none() && self.send_buffer.is_none() {
            return Ok(Cut::default());
        }
        let socket = sockopt::open(address, carriage)?;
        self.size(&socket)?;
        // What is asked for is doubled, for the system's own needs, and so is what is told.
        let cut = |wanted: Option<usize>, got: usize| match wanted {
            Some(wanted) if got / 2 < wanted => Some(got / 2),
            Some(_) | None => None,
        };
        Ok(Cut {
            receive: cut(self.receive_buffer, socket.recv_buffer_size()?),
            send: cut(self.send_buffer, socket.send_buffer_size()?),
        })
    }

    fn mark(&self, socket: &Socket, v6: bool) -> io::Result<()> {
        if self.debug {
            let set = sys::set_number(socket, libc::SOL_SOCKET, libc::SO_DEBUG, 1);
            named("debugging", set)?;
        }
        if let Some(class) = self.class {
            let set = match v6 {
                true => socket.set_tclass_v6(class.into()),
                false => socket.set_tos_v4(class.into()),
            };
            named("type of service", set)?;
        }
        if let Some(ttl) = self.ttl {
            let set = match v6 {
                true => socket.set_unicast_hops_v6(ttl.into()),
                false => socket.set_ttl_v4(ttl.into()),
            };
            named("time to live", set)?;
        }
        Ok(())
    }

    /// Root may have larger buffers than others; whether it has is for `cut_buffers` to tell.
    fn size(&self, socket: &Socket) -> io::Result<()> {
        let forced = |size: usize, force| {
            let size = c_int::try_from(size).unwrap_or(c_int::MAX);
            sys::set_number(socket, libc::SOL_SOCKET, force, size).is_ok()
        };
        if let Some(size) = self.receive_buffer
            && !forced(size, libc::SO_RCVBUFFORCE)
        {
            named("receive buffer", socket.set_recv_buffer_size(size))?;
        }
        if let Some(size) = self.send_buffer
            && !forced(size, libc::SO_SNDBUFFORCE)
        {
            named("send buffer", socket.set_send_buffer_size(size))?;
        }
        Ok(())
    }

    /// A peer of this stream that is gone without a word is noticed after a while. Those who come in by a
    /// listener of ours inherit it.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn keep_alive(&self, socket: &Socket) -> io::Result<()> {
        let Some(probes) = self.probes else {
            return Ok(());
        };
        let wanted = TcpKeepalive::new()
            .with_time(probes.idle)
            .with_interval(probes.interval)
            .with_retries(probes.count);
        named("keepalive", socket.set_tcp_keepalive(&wanted))
    }

    /// What matters to datagrams that go to a group or to everybody.
    fn address_many(&self, socket: &Socket, v6: bool) -> io::Result<()> {
        if let Some(ttl) = self.multicast_ttl {
            let set = match v6 {
                true => socket.set_multicast_hops_v6(ttl.into()),
                false => socket.set_multicast_ttl_v4(ttl.into()),
            };
            named("time to live in groups", set)?;
        }
        if let Some(on) = self.multicast_loop {
            let set = match v6 {
                true => socket.set_multicast_loop_v6(on),
                false => socket.set_multicast_loop_v4(on),
            };
            named("multicast loop", set)?;
        }
        match self.broadcast && !v6 {
            true => socket.set_broadcast(true),
            false => Ok(()),
        }
    }
}

/// Buffers that are smaller than they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What the system holds for us.
    pub receive: Option<usize>,
    /// What it holds for peers.
    pub send: Option<usize>,
}

/// Whether a stream uses MPTCP, for which its peer has to know it as well.
pub(super) fn is_mptcp(socket: impl AsFd) -> bool {
    sys::has_option(socket, SOL_MPTCP, MPTCP_INFO)
}

/// A route as the system wants it: it takes the first router out as where to send to, moves the others up,
/// and puts the peer behind them.
fn source_route(hops: &[Ipv4Addr]) -> Vec<u8> {
    let length = ROUTE_HEAD + size_of_val(hops);
    // No more than eight hops, so that it is a byte.
    let mut options = vec![NO_OPERATION, LOOSE_ROUTE, length as u8, POINTER];
    options.extend(hops.iter().flat_map(Ipv4Addr::octets));
    options
}

/// The first address of a route; Linux takes nothing else here.
const POINTER: u8 = 4;

/// An error with what it is about.
fn named<T>(what: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{what}: {}", words(&error))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_begins_at_a_multiple_of_four_and_names_every_router() {
        let hops: Vec<Ipv4Addr> = (1..=8).map(|n| Ipv4Addr::new(10, 0, 0, n)).collect();
        for count in 1..=8 {
            let options = source_route(&hops[..count]);
            let length = 3 + 4 * count;
            assert_eq!(options[..4], [1, 131, length as u8, 4], "{count} hops");
            assert_eq!(options.len(), 1 + length, "{count} hops");
            assert_eq!(options[options.len() - 4..], hops[count - 1].octets());
            assert!(options.len() <= 40, "{count} hops fit a header");
        }
    }
}
