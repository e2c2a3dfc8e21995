//! Making sockets: every one close-on-exec and non-blocking from birth.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Protocol, SockAddr, SockRef, Socket, Type};

use super::sys;
use super::wishes::Wishes;

/// How many connections may wait to be accepted. More than the system's limit, which then counts: a
/// full queue makes every further client wait a second for its next try.
const BACKLOG: i32 = 1 << 16;

/// How much an SCTP socket may hold for us, as far as the system allows. Linux counts the whole of a packet for
/// each piece of a message in it, and packets of 64 KiB are usual on the loopback: with its 208 KiB the
/// window closes after two messages, and then the sender waits out one timer after another (2 MiB took 7 s,
/// and with this 20 ms).
const SCTP_WINDOW: usize = 1 << 20;

/// How many descriptors whoever started us would have us have.
#[derive(Clone, Copy, Debug)]
pub struct SoftLimit {
    wanted: Option<u64>,
    most: Option<u64>,
}

impl SoftLimit {
    /// Lets us have as many as the system allows.
    pub fn raise() -> Self {
        let limit = getrlimit(Resource::Nofile);
        let (wanted, most) = (limit.current, limit.maximum);
        let raised = match wanted == most {
            true => Ok(()),
            false => set_soft_limit(most, most),
        };
        match raised {
            Ok(()) => Self { wanted, most },
            // Then the limit stays what it is, and is what counts.
            Err(_) => Self {
                wanted,
                most: wanted,
            },
        }
    }

    /// How many we may have; `None` when there is no limit.
    pub fn most(self) -> Option<u64> {
        self.most
    }

    /// Does something as if we had not asked for more: a program that is started meanwhile has what it
    /// would have without us. Some go through all descriptors that they might have.
    pub fn kept<T>(self, act: impl FnOnce() -> T) -> T {
        let lowered = self.wanted != self.most && set_soft_limit(self.wanted, self.most).is_ok();
        let result = act();
        if lowered {
            let _ = set_soft_limit(self.most, self.most); // it was allowed before
        }
        result
    }
}

fn set_soft_limit(current: Option<u64>, maximum: Option<u64>) -> rustix::io::Result<()> {
    setrlimit(Resource::Nofile, Rlimit { current, maximum })
}

/// What carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carriage {
    /// Bytes in order, each direction with an end of its own: TCP, Unix stream, vsock.
    Stream,
    /// Bytes in order that share one end (RFC 9260): one-to-one, with a single stream.
    Sctp,
    /// UDP, Unix datagram.
    Datagram,
}

/// A socket that has no address yet.
///
/// # Errors
/// Those of socket(2); a kernel that does not know such sockets is [`io::ErrorKind::Unsupported`].
pub fn open(address: &SockAddr, carriage: Carriage) -> io::Result<Socket> {
    let (kind, protocol) = match carriage {
        Carriage::Stream => (Type::STREAM, None),
        Carriage::Sctp => (Type::STREAM, Some(Protocol::SCTP)),
        Carriage::Datagram => (Type::DGRAM, None),
    };
    let socket = Socket::new(address.domain(), kind.nonblocking().cloexec(), protocol);
    let socket = socket.map_err(|error| lacking(error, address, carriage))?;
    if carriage == Carriage::Sctp {
        sys::send_at_once(&socket)?;
        let _ = socket.set_recv_buffer_size(SCTP_WINDOW); // a smaller one is slow, and no more
    }
    Ok(socket)
}

/// Says what the kernel lacks where its own words would leave the user guessing.
fn lacking(error: io::Error, address: &SockAddr, carriage: Carriage) -> io::Error {
    let what = match Errno::from_io_error(&error) {
        Some(Errno::PROTONOSUPPORT | Errno::SOCKTNOSUPPORT | Errno::NOSYS)
            if carriage == Carriage::Sctp =>
        {
            "SCTP"
        }
        Some(Errno::NODEV)
            if address.as_vsock_address().is_some() && carriage == Carriage::Datagram =>
        {
            "datagrams over vsock"
        }
        Some(Errno::AFNOSUPPORT | Errno::NODEV) if address.as_vsock_address().is_some() => "vsock",
        Some(Errno::AFNOSUPPORT) if address.is_ipv6() => "IPv6",
        _ => return error,
    };
    let words = format!("This system's kernel has no {what}");
    io::Error::new(io::ErrorKind::Unsupported, words)
}

/// A socket for streams that may use several paths.
///
/// # Errors
/// Those of socket(2): the system may know none of it, or have been told to.
pub fn open_mptcp(address: &SockAddr) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    Socket::new(address.domain(), kind, Some(Protocol::MPTCP))
}

/// A listening socket, and the path it made if it made one.
///
/// # Errors
/// The address is in use, is not ours, or needs a permission we do not have.
pub fn listen(
    address: &SockAddr,
    carriage: Carriage,
    wishes: &Wishes,
) -> io::Result<(Socket, Option<BoundPath>)> {
    let socket = wishes.open(address, carriage)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if address.as_socket().is_some() && carriage != Carriage::Datagram {
        socket.set_reuse_address(true)?;
    }
    wishes.before_bind(&socket, carriage)?;
    let made = bind(&socket, address, carriage)?;
    let listening = match carriage {
        Carriage::Stream | Carriage::Sctp => socket.listen(BACKLOG),
        Carriage::Datagram => wishes.join(&socket, address),
    };
    listening.map_err(|error| lacking(error, address, carriage))?;
    Ok((socket, made))
}

/// Our own address of an internet socket.
///
/// # Errors
/// It has none.
pub fn local(socket: &OwnedFd) -> io::Result<SocketAddr> {
    let own = SockRef::from(socket).local_addr()?;
    own.as_socket()
        .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
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
