//! Whether peers of our proxy may be brought to an address: by the rules for destinations, by family, and
//! by whether it would lead back to ourselves.
//!
//! Promise: what is judged is the address that is dialled, and not the name that it was found for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::SockAddr;

use super::listener::Door;
use super::{Service, Shell};
use crate::access::reached;
use crate::wire::{Host, Miss};

impl Shell {
    /// Those of the addresses of a host that peers may be brought to, or why there are none.
    pub(super) fn permitted(
        &self,
        name: Option<&Host>,
        all: Vec<IpAddr>,
        port: u16,
    ) -> Result<Vec<SockAddr>, Miss> {
        let mut left = all;
        left.iter_mut().for_each(|ip| *ip = reached(*ip));
        let mut why = Miss::Unresolvable;
        let Some(service) = &self.config.service else {
            return Err(why);
        };
        left.retain(|ip| (service.may_use)(*ip));
        if !left.is_empty() {
            why = Miss::Denied;
        }
        left.retain(|ip| service.permits(name, *ip, port));
        if !left.is_empty() {
            why = Miss::Loop;
        }
        left.retain(|ip| !self.is_ourselves(*ip, port));
        match left.is_empty() {
            true => Err(why),
            false => Ok(left
                .into_iter()
                .map(|ip| SocketAddr::new(ip, port).into())
                .collect()),
        }
    }

    /// Whether one of our own listeners is there.
    fn is_ourselves(&self, ip: IpAddr, port: u16) -> bool {
        self.listeners.iter().any(|(_, listener)| {
            let own = listener.address.as_socket();
            own.is_some_and(|own| {
                let everywhere = own.ip().is_unspecified() && own.is_ipv4() == ip.is_ipv4();
                let streams = matches!(listener.door, Door::Stream { .. } | Door::Only(..));
                let here = own.ip() == ip || everywhere && is_local(ip);
                streams && own.port() == port && here
            })
        })
    }
}

impl Service {
    /// Whether peers may be brought there.
    pub(super) fn permits(&self, name: Option<&Host>, ip: IpAddr, port: u16) -> bool {
        let name = match name {
            Some(Host::Name(name)) => Some(name.as_str()),
            Some(Host::Ip(_)) | None => None,
        };
        self.destinations.permits(name, ip, port)
    }
}

/// Whether an address is one of this machine's: then whatever is sent there comes from there. Nothing is
/// sent to find out.
fn is_local(ip: IpAddr) -> bool {
    let from_there = || {
        let any: IpAddr = match ip {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((ip, 9)).ok()?; // any port will do
        Some(socket.local_addr().ok()?.ip() == ip)
    };
    ip.is_loopback() || from_there().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_knows_its_own_addresses() {
        for (ip, wanted) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("192.0.2.1", false),
        ] {
            assert_eq!(is_local(ip.parse().expect("an address")), wanted, "{ip}");
        }
    }
}
