//! Sockets that were opened before we began, by whoever started us: as sd_listen_fds(3) has it, or as
//! our standard input.
//!
//! Promise: nobody whom we start inherits them, and each is what it is taken for. All share their flags
//! and options with whoever else holds them, so that as little as can be is changed: accept(2) and the
//! calls that carry bytes for us cannot be told one by one not to wait, so a stream does not wait at all
//! from here on (systemd sets that anew for each that it starts); datagrams are asked for call by call, and
//! a socket for datagrams is never connected to its first peer, or it would be deaf to all who come later.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd, ioctl_fionbio};
use rustix::net::{SocketType, ipproto, sockopt};
use socket2::SockRef;

use super::datagram::Hall;
use super::dial::words;
use super::listener::{Door, Listener};
use super::sockopt::Carriage;
use super::{Shell, sys};

/// The first descriptor that is left to us.
const FIRST: i32 = 3;

/// As many as we open ourselves at the most; a count beyond that is no count of sockets.
const MOST: i32 = 1024;

/// The variables by which sockets are left to us: they are not for those whom we start.
pub const VARIABLES: [&str; 4] = [
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "LISTEN_PIDFDID",
];

/// What kind of sockets they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Streams that listen.
    Listener {
        /// What comes in is carried by SCTP.
        sctp: bool,
    },
    /// Datagrams.
    Datagrams,
    /// A stream with a peer.
    Connection {
        /// It is carried by SCTP.
        sctp: bool,
    },
}

/// The sockets: at least one, and all of one kind; a connection is alone.
#[derive(Debug)]
pub struct Given {
    /// What they are.
    pub kind: Kind,
    /// They themselves.
    pub sockets: Vec<OwnedFd>,
}

impl Given {
    /// Takes over what the variables, asked for by name, and our standard input offer. To be called once,
    /// and before anything is opened.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn take(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let count = count(&variable)?;
        if count == 0 {
            return Self::stdin();
        }
        let names = variable("LISTEN_FDNAMES").unwrap_or_default();
        let names: Vec<_> = names.split(':').collect();
        let mut named = Vec::new();
        for (fd, number) in (FIRST..FIRST + count).enumerate() {
            let name = names.get(fd).copied().unwrap_or_default();
            let name = match name {
                "" | "unknown" => format!("Descriptor {number}"),
                name => format!("Descriptor {number} ({name})"),
            };
            let fd = sys::inherited(number).map_err(|error| unfit(&name, &words(&error)))?;
            named.push((name, fd));
        }
        Self::new(named)
    }

    fn new(named: Vec<(String, OwnedFd)>) -> Result<Self, String> {
        let mut kinds = Vec::new();
        for (name, fd) in &named {
            let kind = kind(fd.as_fd()).map_err(|why| unfit(name, why))?;
            let prepared = prepare(fd, kind);
            prepared.map_err(|error| unfit(name, &words(&error.into())))?;
            kinds.push(kind);
        }
        let first = kinds.first().copied().unwrap_or(Kind::Datagrams);
        if let Some(other) = kinds.iter().position(|kind| *kind != first) {
            let (one, other) = (&named[0].0, &named[other].0);
            return Err(format!(
                "{one} and {other} are sockets of different kinds: one program serves one kind."
            ));
        }
        if matches!(first, Kind::Connection { .. }) && named.len() > 1 {
            let count = named.len();
            return Err(format!(
                "{count} connections were left to us: one program serves one."
            ));
        }
        Ok(Self {
            kind: first,
            sockets: named.into_iter().map(|(_, fd)| fd).collect(),
        })
    }

    /// The socket that is our standard input. It is nothing else from here on, and neither are our standard
    /// output and error if they are the same: what we say is not for the peer to hear.
    fn stdin() -> Result<Self, String> {
        const NAME: &str = "Standard input";
        let stdin = rustix::stdio::stdin();
        if kind(stdin) == Err(NO_SOCKET) {
            return Err(
                "--listen-fds: no socket was left to us, neither by LISTEN_FDS nor as our standard \
                 input."
                    .into(),
            );
        }
        let fd = fcntl_dupfd_cloexec(stdin, FIRST);
        let given = Self::new(vec![(
            NAME.into(),
            fd.map_err(|error| unfit(NAME, &words(&error.into())))?,
        )])?;
        leave_stdio(&given.sockets[0]).map_err(|error| unfit(NAME, &words(&error)))?;
        Ok(given)
    }
}

/// How many there are for us.
fn count(variable: &impl Fn(&str) -> Option<String>) -> Result<i32, String> {
    let (Some(pid), Some(count)) = (variable("LISTEN_PID"), variable("LISTEN_FDS")) else {
        return Ok(0);
    };
    let ours = std::process::id().to_string();
    if pid != ours {
        return Err(format!(
            "LISTEN_PID says that the sockets are for process {pid}, and this is {ours}."
        ));
    }
    let number = count.parse().ok().filter(|n| (0..=MOST).contains(n));
    number.ok_or_else(|| format!("LISTEN_FDS says \"{count}\", which is no count of sockets."))
}

fn unfit(name: &str, why: &str) -> String {
    format!("{name} was left to us to listen on, but cannot be used: {why}.")
}

const NO_SOCKET: &str = "it is no socket";

fn kind(fd: BorrowedFd<'_>) -> Result<Kind, &'static str> {
    let sctp = sockopt::socket_protocol(fd) == Ok(Some(ipproto::SCTP));
    match sockopt::socket_type(fd) {
        Ok(SocketType::DGRAM) => Ok(Kind::Datagrams),
        Ok(SocketType::STREAM) if sockopt::socket_acceptconn(fd) == Ok(true) => {
            Ok(Kind::Listener { sctp })
        }
        Ok(SocketType::STREAM) if SockRef::from(&fd).peer_addr().is_ok() => {
            Ok(Kind::Connection { sctp })
        }
        Ok(SocketType::STREAM) => Err("it neither listens nor has a peer"),
        Ok(_) => Err("it carries neither streams nor datagrams"),
        Err(_) => Err(NO_SOCKET),
    }
}

fn prepare(fd: &OwnedFd, kind: Kind) -> Result<(), Errno> {
    fcntl_setfd(fd, FdFlags::CLOEXEC)?;
    match kind {
        Kind::Listener { .. } | Kind::Connection { .. } => ioctl_fionbio(fd, true),
        Kind::Datagrams => Ok(()),
    }
}

/// Puts /dev/null where the standard descriptors are that socket.
fn leave_stdio(socket: &OwnedFd) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let ours = rustix::fs::fstat(socket)?;
    let is_ours = |fd: BorrowedFd<'_>| {
        let same =
            |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino) == (ours.st_dev, ours.st_ino);
        rustix::fs::fstat(fd).is_ok_and(same)
    };
    if is_ours(rustix::stdio::stdin()) {
        rustix::stdio::dup2_stdin(&null)?;
    }
    if is_ours(rustix::stdio::stdout()) {
        rustix::stdio::dup2_stdout(&null)?;
    }
    if is_ours(rustix::stdio::stderr()) {
        rustix::stdio::dup2_stderr(&null)?;
    }
    Ok(())
}

impl Shell {
    /// Waits for peers at sockets that were given to us, or serves the only peer that was.
    ///
    /// # Errors
    /// Those of the event queue.
    pub fn adopt(&mut self, given: Given, carriage: Carriage) -> io::Result<()> {
        for fd in given.sockets {
            let own = SockRef::from(&fd).local_addr()?;
            let door = match given.kind {
                Kind::Listener { .. } => Door::Stream {
                    socket: fd,
                    carriage,
                },
                Kind::Datagrams => Door::Hall(Hall::shared(fd, own.is_unix())),
                Kind::Connection { .. } => Door::Only(Some(fd), carriage),
            };
            self.open_door(Listener {
                given: true,
                ..Listener::new(door, own, None)
            })?;
        }
        Ok(())
    }

    /// Where we wait for peers, as the user knows it.
    pub fn places(&self) -> Vec<String> {
        let listeners = self.listeners.iter();
        listeners
            .filter_map(|(_, listener)| listener.place())
            .collect()
    }

    /// A peer that was given to us is the only one there will ever be, and all that was done for it is done.
    pub(super) fn has_served_the_only(&self) -> bool {
        // Such a door is the only one, so that nobody has to look at all of a thousand in every turn.
        let first = self.listeners.iter().next();
        let is_over =
            first.is_some_and(|(_, listener)| matches!(listener.door, Door::Only(None, _)));
        is_over && self.conns.iter().all(|(id, _)| id == self.stdio) && self.outbox.is_empty()
    }
}
