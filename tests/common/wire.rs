//! Plain sockets as the other side of the program: what they do is exactly what the test says.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::{Catcher, Deadline, Feeder, Medium, Told};

/// Where a stream socket is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Place {
    /// Any free port of 127.0.0.1.
    pub(crate) fn any_port() -> Self {
        Self::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    pub(crate) fn local(port: u16) -> Self {
        Self::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    pub(crate) fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// The words by which an ncat is told of this place.
    pub(crate) fn words(&self) -> Vec<String> {
        match self {
            Self::Tcp(at) => vec![at.ip().to_string(), at.port().to_string()],
            Self::Unix(path) => vec!["-U".into(), path.display().to_string()],
        }
    }

    /// A listening socket here.
    pub(crate) fn open(&self) -> Told<Door> {
        self.open_with(&Room::Usual, 16)
    }

    pub(crate) fn open_with(&self, room: &Room, backlog: i32) -> Told<Door> {
        let open = || {
            let (socket, name) = self.socket()?;
            room.apply(&socket, self)?;
            socket.bind(&name)?;
            socket.listen(backlog)?;
            Ok::<_, std::io::Error>(socket)
        };
        let socket = open().map_err(|e| format!("cannot listen at {self}: {e}"))?;
        let place = match (self, socket.local_addr().ok().and_then(|a| a.as_socket())) {
            (Self::Tcp(_), Some(at)) => Self::Tcp(at),
            _ => self.clone(),
        };
        Ok(Door { socket, place })
    }

    pub(crate) fn connect(&self) -> Told<Peer> {
        self.connect_with(&Room::Usual)
    }

    pub(crate) fn connect_with(&self, room: &Room) -> Told<Peer> {
        let connect = || {
            let (socket, name) = self.socket()?;
            room.apply(&socket, self)?;
            match self {
                Self::Tcp(_) => socket.connect_timeout(&name, super::deadline::USUAL)?,
                Self::Unix(_) => socket.connect(&name)?,
            }
            Ok::<_, std::io::Error>(socket)
        };
        Peer::of(connect().map_err(|e| format!("cannot connect to {self}: {e}"))?)
    }

    /// A peer with this address, whatever its port.
    pub(crate) fn connect_from(&self, source: IpAddr) -> Told<Peer> {
        let connect = || {
            let (socket, name) = self.socket()?;
            socket.bind(&SocketAddr::from((source, 0)).into())?;
            socket.connect_timeout(&name, super::deadline::USUAL)?;
            Ok::<_, std::io::Error>(socket)
        };
        Peer::of(connect().map_err(|e| format!("cannot connect {source} to {self}: {e}"))?)
    }

    /// A peer with a name: a Unix socket has none but the path it is given.
    pub(crate) fn connect_as(&self, path: &Path, room: &Room) -> Told<Peer> {
        let connect = || {
            let (socket, name) = self.socket()?;
            room.apply(&socket, self)?;
            if self.is_unix() {
                socket.bind(&SockAddr::unix(path)?)?;
            }
            socket.connect(&name)?;
            Ok::<_, std::io::Error>(socket)
        };
        Peer::of(connect().map_err(|e| format!("cannot connect to {self}: {e}"))?)
    }

    fn socket(&self) -> std::io::Result<(Socket, SockAddr)> {
        match self {
            Self::Tcp(at) => Ok((
                Socket::new(Domain::for_address(*at), Type::STREAM, None)?,
                SockAddr::from(*at),
            )),
            Self::Unix(path) => Ok((
                Socket::new(Domain::UNIX, Type::STREAM, None)?,
                SockAddr::unix(path)?,
            )),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(at) => write!(f, "{at}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How much the kernel may hold between the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Usual,
    /// As little as it lets us ask for, so that back-pressure is met after some ten kilobytes.
    Narrow,
}

impl Room {
    fn apply(self, socket: &Socket, place: &Place) -> std::io::Result<()> {
        if self == Self::Usual {
            return Ok(());
        }
        socket.set_recv_buffer_size(16384)?;
        socket.set_send_buffer_size(16384)?;
        if !place.is_unix() {
            // Loopback segments of 64 KiB would make the other side's send buffer start at
            // megabytes.
            socket.set_tcp_mss(1400)?;
        }
        Ok(())
    }
}

/// A listening socket of the test.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) socket: Socket,
    /// Where it is, with the port the kernel chose.
    pub(crate) place: Place,
}

impl Door {
    pub(crate) fn accept(&self, deadline: Deadline) -> Told<Peer> {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        if !deadline.poll(&mut fds)? {
            return Err(format!("nobody connected to {}", self.place));
        }
        let (socket, _) = self
            .socket
            .accept()
            .map_err(|e| format!("accept failed: {e}"))?;
        Peer::of(socket)
    }
}

/// The test's side of one connection, or of one session in datagrams.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) tx: Feeder,
    pub(crate) rx: Catcher,
    socket: Socket,
}

impl Peer {
    pub(crate) fn of(socket: Socket) -> Told<Self> {
        let copy = || {
            socket
                .try_clone()
                .map(OwnedFd::from)
                .map_err(|e| format!("the socket cannot be copied: {e}"))
        };
        let medium = match socket.r#type() {
            Ok(Type::DGRAM) => Medium::Messages,
            _ => Medium::Socket,
        };
        let (tx, rx) = (copy()?, copy()?);
        Ok(Self {
            tx: Feeder::new(tx, medium),
            rx: Catcher::new(rx, medium),
            socket,
        })
    }

    /// The address of the program's side.
    pub(crate) fn remote(&self) -> Option<SocketAddr> {
        self.socket.peer_addr().ok()?.as_socket()
    }

    /// Our own address, if it is one of IP.
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }

    /// Lets so many bytes of what it sends wait in the system, or as many as may.
    pub(crate) fn make_room(&self, size: usize) -> Told {
        let made = self.socket.set_send_buffer_size(size);
        made.map_err(|e| format!("no room for what is sent: {e}"))
    }

    /// Sends an empty message.
    pub(crate) fn send_nothing(&self) -> Told {
        let sent = self.socket.send(b"");
        sent.map(drop).map_err(|e| format!("cannot send: {e}"))
    }

    /// What the program calls it.
    pub(crate) fn name(&self) -> Option<String> {
        let name = self.socket.local_addr().ok()?;
        match name.as_socket() {
            Some(at) => Some(at.to_string()),
            None => Some(name.as_pathname()?.display().to_string()),
        }
    }

    /// The bare descriptor, which blocks.
    pub(crate) fn into_fd(self) -> Told<OwnedFd> {
        self.socket
            .set_nonblocking(false)
            .map_err(|e| format!("the socket cannot block: {e}"))?;
        Ok(self.socket.into())
    }

    /// Closes both directions in an orderly way.
    pub(crate) fn close(self) {}

    /// Breaks the connection: over TCP the program gets a reset.
    pub(crate) fn reset(self) -> Told {
        self.socket
            .set_linger(Some(Duration::ZERO))
            .map_err(|e| format!("SO_LINGER refused: {e}"))
    }
}

/// A peer that comes by SCTP. Its end is the end of both directions.
pub(crate) fn connect_by_sctp(at: SocketAddr) -> Told<Peer> {
    let connect = || {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::SCTP))?;
        socket.connect(&at.into())?;
        Ok::<_, std::io::Error>(socket)
    };
    Peer::of(connect().map_err(|e| format!("cannot connect to {at} by SCTP: {e}"))?)
}

/// A path for a Unix socket in `dir`.
pub(crate) fn socket_in(dir: &Path) -> Place {
    Place::Unix(dir.join("socket"))
}
