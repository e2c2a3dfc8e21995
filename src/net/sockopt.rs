//! Making sockets: every one close-on-exec and non-blocking from birth.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use socket2::{SockAddr, Socket, Type};

/// How many connections may wait to be accepted. More than the system's limit, which then counts: a
/// full queue makes every further client wait a second for its next try.
const BACKLOG: i32 = 1 << 16;

/// Lets us have as many descriptors as the system allows, where it would rather have us ask for fewer.
/// How many that is; `None` when there is no limit or it cannot be told.
pub fn raise_descriptor_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum;
    let raised = Rlimit {
        current: most,
        maximum: most,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => most,
        Err(_) => limit.current, // then the limit stays what it is, and is what counts
    }
}

/// Bytes in order, or messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// TCP, Unix stream.
    Stream,
    /// UDP, Unix datagram.
    Datagram,
}

/// A socket that has no address yet.
///
/// # Errors
/// Those of socket(2).
pub fn open(address: &SockAddr, carriage: Carriage) -> io::Result<Socket> {
    let kind = match carriage {
        Carriage::Stream => Type::STREAM,
        Carriage::Datagram => Type::DGRAM,
    };
    Socket::new(address.domain(), kind.nonblocking().cloexec(), None)
}

/// A listening socket, and the path it made if it made one.
///
/// # Errors
/// The address is in use, is not ours, or needs a permission we do not have.
pub fn listen(address: &SockAddr, carriage: Carriage) -> io::Result<(Socket, Option<BoundPath>)> {
    let socket = open(address, carriage)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if !address.is_unix() && carriage == Carriage::Stream {
        socket.set_reuse_address(true)?;
    }
    let made = bind(&socket, address, carriage)?;
    if carriage == Carriage::Stream {
        socket.listen(BACKLOG)?;
    }
    Ok((socket, made))
}

/// Binds, taking the place of a socket file on which nobody listens any more.
fn bind(socket: &Socket, address: &SockAddr, carriage: Carriage) -> io::Result<Option<BoundPath>> {
    let result = match (socket.bind(address), address.as_pathname()) {
        (Err(error), Some(path)) if error.kind() == io::ErrorKind::AddrInUse => {
            if !is_deserted(path, address, carriage) {
                return Err(error);
            }
            std::fs::remove_file(path)?;
            socket.bind(address)
        }
        (result, _) => result,
    };
    result?;
    Ok(address.as_pathname().and_then(BoundPath::of))
}

/// Whether the path is a socket that refuses everybody.
fn is_deserted(path: &Path, address: &SockAddr, carriage: Carriage) -> bool {
    let is_socket = rustix::fs::lstat(path)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket);
    let refused = || {
        let error = open(address, carriage)
            .and_then(|probe| probe.connect(address))
            .err();
        error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    is_socket && refused()
}

/// A socket file that is ours, removed when we let go of it, unless somebody has put another in
/// its place.
#[derive(Debug)]
pub struct BoundPath {
    path: PathBuf,
    file: (u64, u64),
}

impl BoundPath {
    /// The file that is at that path now.
    pub fn of(path: &Path) -> Option<Self> {
        let stat = rustix::fs::lstat(path).ok()?;
        // A relative path is made absolute, for nobody else's sake than that of a later chdir.
        let path = std::path::absolute(path).ok()?;
        Some(Self {
            path,
            file: identity(&stat),
        })
    }
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        let ours = rustix::fs::lstat(&self.path).is_ok_and(|stat| identity(&stat) == self.file);
        if ours {
            let _ = std::fs::remove_file(&self.path); // we are leaving; a leftover is replaced next time
        }
    }
}

#[allow(
    clippy::unnecessary_cast,
    reason = "the types of these fields differ between platforms"
)]
fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev as u64, stat.st_ino as u64)
}

/// The descriptor of a socket, for those who only move bytes.
pub fn descriptor(socket: Socket) -> OwnedFd {
    socket.into()
}
