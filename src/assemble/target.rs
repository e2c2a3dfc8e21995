//! Whom the plan wants reached or waited for, in the system's addresses, and what carries the bytes.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::path::Path;
use std::time::Duration;

use socket2::SockAddr;

use crate::cli::plan::{
    Address, At, Given, Local, Plan, PortRange, Protocol, Role, Target, Tongue, UnixName, Vsock,
};
use crate::net::dial;
use crate::net::sockopt::Carriage;

/// How long a datagram probe (`-z -u`) waits for a refusal.
const PROBE: Duration = Duration::from_secs(2);

pub(super) fn is_datagram(role: &Role) -> bool {
    carriage(role) == Carriage::Datagram
}

/// What carries the user's bytes.
pub(super) fn carriage(role: &Role) -> Carriage {
    let target = match role {
        Role::Connect(connect) => &connect.target,
        Role::Scan(scan) => &scan.target,
        Role::Listen(listen) => return listening(&listen.at),
    };
    match target {
        Target::Inet { protocol, .. } => over_ip(*protocol),
        Target::Unix { datagram, .. } | Target::Vsock { datagram, .. } => either(*datagram),
    }
}

/// What carries the bytes of those who come in.
pub(super) fn listening(at: &At) -> Carriage {
    match at {
        At::Inet { protocol, .. } => over_ip(*protocol),
        At::Unix { datagram, .. } | At::Vsock { datagram, .. } => either(*datagram),
        At::Given(given) => match given {
            Given::Datagrams => Carriage::Datagram,
            Given::Listeners { sctp: true } | Given::Connection { sctp: true } => Carriage::Sctp,
            Given::Listeners { .. } | Given::Connection { .. } => Carriage::Stream,
        },
    }
}

fn over_ip(protocol: Protocol) -> Carriage {
    match protocol {
        Protocol::Tcp => Carriage::Stream,
        Protocol::Sctp => Carriage::Sctp,
        Protocol::Udp => Carriage::Datagram,
    }
}

fn either(datagram: bool) -> Carriage {
    match datagram {
        true => Carriage::Datagram,
        false => Carriage::Stream,
    }
}

pub(super) fn target(
    plan: &Plan,
    target: &Target,
    ports: &[PortRange],
) -> io::Result<dial::Target> {
    let carriage = carriage(&plan.role);
    let (addresses, local) = match target {
        Target::Inet {
            addresses,
            port,
            local,
            ..
        } => {
            let addresses: Vec<SockAddr> = addresses.iter().map(|a| inet(*a, *port)).collect();
            let local = own(local, &addresses);
            (addresses, local)
        }
        Target::Vsock {
            cid, port, local, ..
        } => {
            let local = local.map(vsock).into_iter().collect();
            (vec![SockAddr::vsock(*cid, *port)], local)
        }
        Target::Unix { name, local, .. } => {
            let local = local.iter().map(unix).collect::<io::Result<_>>()?;
            (vec![unix(name)?], local)
        }
    };
    // With proxies in between, the ports are at the end of the way and not at the first of them.
    let is_last = plan.role.way().is_none();
    let ports = if is_last && matches!(target, Target::Inet { .. }) {
        ports
            .iter()
            .flat_map(|range| range.first..=range.last)
            .collect()
    } else {
        Vec::new()
    };
    // A peer that has to agree how to talk answers by itself, or does not in time; and it is told nothing
    // in the open.
    let secret = plan.secure.is_some();
    // A proxy is reached over a stream, whatever it passes on.
    let carriage = match carriage {
        Carriage::Datagram if plan.role.way().is_some() => Carriage::Stream,
        carriage => carriage,
    };
    let datagram = carriage == Carriage::Datagram;
    // A Unix socket that is there says so by itself, and what nc sends it may end up in a log.
    let is_told = matches!(
        (&plan.tongue, target),
        (Tongue::Nc { .. }, Target::Unix { .. })
    );
    let probe = datagram && !secret && !is_told && matches!(plan.role, Role::Scan(_));
    let many = match &plan.role {
        Role::Scan(scan) => scan.count() > 1,
        Role::Connect(connect) => connect.count() > 1,
        Role::Listen(_) => false,
    };
    Ok(dial::Target {
        many,
        addresses,
        carriage,
        local,
        ports,
        wait: (!datagram || secret).then_some(plan.wait),
        probe: probe.then(|| plan.idle.unwrap_or(PROBE)),
    })
}

/// The local addresses; a port alone means any address of whichever family is dialled.
fn own(local: &Local, addresses: &[SockAddr]) -> Vec<SockAddr> {
    if !local.addresses.is_empty() {
        return local
            .addresses
            .iter()
            .map(|a| inet(*a, local.port))
            .collect();
    }
    if local.port == 0 {
        return Vec::new();
    }
    let any = |address: &SockAddr| {
        let ip: IpAddr = match address.is_ipv6() {
            true => Ipv6Addr::UNSPECIFIED.into(),
            false => Ipv4Addr::UNSPECIFIED.into(),
        };
        inet(Address { ip, zone: 0 }, local.port)
    };
    addresses.iter().map(any).collect()
}

pub(super) fn inet(address: Address, port: u16) -> SockAddr {
    match address.ip {
        IpAddr::V4(ip) => SocketAddrV4::new(ip, port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, address.zone).into(),
    }
}

/// What is not given is any.
pub(super) fn vsock(place: Vsock) -> SockAddr {
    const ANY: u32 = u32::MAX;
    SockAddr::vsock(place.cid.unwrap_or(ANY), place.port.unwrap_or(ANY))
}

pub(super) fn unix(name: &UnixName) -> io::Result<SockAddr> {
    match name {
        UnixName::Path(path) => SockAddr::unix(path),
        UnixName::Abstract(name) => {
            let mut path = OsString::from("\0");
            path.push(name);
            SockAddr::unix(Path::new(&path))
        }
    }
}
