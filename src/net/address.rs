//! Socket addresses in the words of the user.

use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;

use rustix::net::{SocketAddrAny, SocketAddrUnix};
use socket2::SockAddr;

/// `127.0.0.1:80`, `[::1]:80`, `2:1024` for a vsock, a path, `@name`, or what stands for a socket without a name.
pub fn full(address: &SockAddr) -> String {
    match (address.as_socket(), address.as_vsock_address()) {
        (Some(inet), _) => inet.to_string(),
        (None, Some((cid, port))) => format!("{cid}:{port}"),
        (None, None) => unix(address),
    }
}

/// The address without its port: `127.0.0.1`, `::1`.
pub fn host(address: &SockAddr) -> String {
    match address.as_socket() {
        Some(SocketAddr::V4(v4)) => v4.ip().to_string(),
        Some(SocketAddr::V6(v6)) => v6.ip().to_string(),
        None => match address.as_vsock_address() {
            Some((cid, _)) => cid.to_string(),
            None => unix(address),
        },
    }
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
        let cases = [
            (SockAddr::from(v4), "127.0.0.1:80", "127.0.0.1"),
            (SockAddr::from(v6), "[::1]:80", "::1"),
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
