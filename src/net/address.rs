//! Socket addresses in the words of the user.

use std::io;
use std::net::{SocketAddr, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;

use rustix::net::netdevice::{index_to_name, name_to_index};
use rustix::net::{SocketAddrAny, SocketAddrUnix};
use socket2::{Domain, SockAddr, Socket, Type};

/// `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `2:1024` for a vsock, a path, `@name`, or what stands for a
/// socket without a name.
pub fn full(address: &SockAddr) -> String {
    match (address.as_socket(), address.as_vsock_address()) {
        (Some(SocketAddr::V6(v6)), _) if v6.scope_id() != 0 => {
            format!("[{}]:{}", zoned(&v6), v6.port())
        }
        (Some(inet), _) => inet.to_string(),
        (None, Some((cid, port))) => format!("{cid}:{port}"),
        (None, None) => unix(address),
    }
}

/// The address without its port: `127.0.0.1`, `::1`.
pub fn host(address: &SockAddr) -> String {
    match address.as_socket() {
        Some(SocketAddr::V4(v4)) => v4.ip().to_string(),
        Some(SocketAddr::V6(v6)) if v6.scope_id() != 0 => zoned(&v6),
        Some(SocketAddr::V6(v6)) => v6.ip().to_string(),
        None => match address.as_vsock_address() {
            Some((cid, _)) => cid.to_string(),
            None => unix(address),
        },
    }
}

/// A link-local address with the name of its interface, or the number if it has lost its name.
fn zoned(v6: &SocketAddrV6) -> String {
    let name = interface_name(v6.scope_id()).unwrap_or_else(|| v6.scope_id().to_string());
    format!("{}%{name}", v6.ip())
}

/// What an interface is called.
pub fn interface_name(number: u32) -> Option<String> {
    index_to_name(any_socket().ok()?, number).ok()
}

/// The number of an interface that is given by its name or its number.
///
/// # Errors
/// There is none of that name or number.
pub fn interface(word: &str) -> io::Result<u32> {
    let socket = any_socket()?;
    let number = match word.parse() {
        Ok(number) => index_to_name(&socket, number).map(|_| number),
        Err(_) => name_to_index(&socket, word),
    };
    Ok(number?)
}

/// Interfaces are asked for through a socket, whichever.
fn any_socket() -> io::Result<Socket> {
    Socket::new(Domain::UNIX, Type::DGRAM.cloexec(), None)
}

fn unix(address: &SockAddr) -> String {
    if let Some(path) = address.as_pathname() {
        return path.display().to_string();
    }
    match abstract_name(address) {
        Some(name) => format!("@{}", std::ffi::OsStr::from_bytes(name).display()),
        None => "(unnamed socket)".into(),
    }
}

/// The same address with another port; other than internet addresses stay as they are.
pub fn with_port(address: &SockAddr, port: u16) -> SockAddr {
    match address.as_socket() {
        Some(mut inet) => {
            inet.set_port(port);
            inet.into()
        }
        None => address.clone(),
    }
}

/// What stands for a Unix peer that has not bound its socket.
pub fn nameless() -> SockAddr {
    SockAddr::unix("").expect("an empty name always fits")
}

/// Whether the address is of a Unix peer that cannot be answered, for it has no name.
pub fn is_nameless(address: &SockAddr) -> bool {
    let named = address.as_pathname().is_some() || abstract_name(address).is_some();
    address.is_unix() && !named
}

/// An abstract name without any byte is how the system says that there is none.
fn abstract_name(address: &SockAddr) -> Option<&[u8]> {
    address
        .as_abstract_namespace()
        .filter(|name| !name.is_empty())
}

/// The same address in the type that the rest of the program uses.
pub fn from_any(any: SocketAddrAny) -> SockAddr {
    if let Ok(inet) = SocketAddr::try_from(any.clone()) {
        return inet.into();
    }
    let unix = SocketAddrUnix::try_from(any).ok().and_then(|unix| {
        let name: Vec<u8> = match (unix.path_bytes(), unix.abstract_name()) {
            (Some(path), _) => path.to_vec(),
            (None, Some(name)) => [&[0], name].concat(),
            (None, None) => return None,
        };
        SockAddr::unix(std::ffi::OsStr::from_bytes(&name)).ok()
    });
    unix.unwrap_or_else(nameless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_as_users_know_them() {
        let v4: SocketAddr = "127.0.0.1:80".parse().unwrap();
        let v6: SocketAddr = "[::1]:80".parse().unwrap();
        // The first interface of every machine and name space is lo.
        let local = |zone| SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, zone);
        let cases = [
            (SockAddr::from(v4), "127.0.0.1:80", "127.0.0.1"),
            (SockAddr::from(v6), "[::1]:80", "::1"),
            (SockAddr::from(local(1)), "[fe80::1%lo]:80", "fe80::1%lo"),
            (
                SockAddr::from(local(u32::MAX >> 1)),
                "[fe80::1%2147483647]:80",
                "fe80::1%2147483647",
            ),
            (SockAddr::unix("/tmp/a").unwrap(), "/tmp/a", "/tmp/a"),
            (SockAddr::unix("\0a").unwrap(), "@a", "@a"),
            (SockAddr::vsock(2, 1024), "2:1024", "2"),
            (nameless(), "(unnamed socket)", "(unnamed socket)"),
        ];
        for (address, whole, alone) in cases {
            assert_eq!(
                (full(&address).as_str(), host(&address).as_str()),
                (whole, alone)
            );
        }
        assert_eq!(full(&with_port(&SockAddr::from(v6), 443)), "[::1]:443");
    }
}
