//! The descriptors bytes go through: a closed set, so that every question about them is answered
//! for each.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, shutdown};
use socket2::{SockAddr, SockRef};

use super::sockopt::Carriage;
use super::stdio::{Half, Kind};
use super::{address, datagram, sys};
use crate::data::Buf;

/// Where bytes enter or leave. Those that remember addresses are boxed: most connections are streams,
/// and should not be as large as the largest of their kin.
pub(super) enum Transport {
    /// A stream socket of ours, non-blocking.
    Stream {
        /// The socket.
        socket: OwnedFd,
        /// Bytes of a vsock are copied: splice(2) from one fails with ENOMEM where memory is plenty
        /// (Linux 6.1), and to one it makes a packet of every page.
        copied: bool,
    },
    /// An SCTP socket of ours, non-blocking: a stream that is sent in messages and has one end for both
    /// directions.
    Sctp {
        /// The socket.
        socket: OwnedFd,
        /// We have said our last, or could not say it. The system has no end to be read then: that the
        /// association is gone is one.
        told: bool,
    },
    /// A datagram socket of ours, non-blocking, that has one peer.
    Datagram(Box<Datagram>),
    /// One peer of a datagram socket that has many.
    Session(Box<Session>),
    /// What a program of ours writes and reads.
    Child(Box<Pipes>),
    /// Our own stdin and stdout, those that are wanted.
    Stdio {
        /// Stdin.
        input: Option<Half>,
        /// Stdout.
        output: Option<Half>,
    },
}

/// The pipes of a program of ours.
pub(super) struct Pipes {
    /// To its stdin, until it has been told the end.
    input: Option<OwnedFd>,
    /// From its stdout.
    output: OwnedFd,
}

impl Pipes {
    /// Our ends of both pipes; the program's are not touched.
    pub(super) fn new(input: OwnedFd, output: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&input, true)?;
        rustix::io::ioctl_fionbio(&output, true)?;
        Ok(Self {
            input: Some(input),
            output,
        })
    }
}

/// A datagram socket that talks to one peer.
pub(super) struct Datagram {
    /// The socket; connected unless the peer has no name.
    pub socket: OwnedFd,
    /// Whom to listen to, where the system may still hold what others sent before it was connected.
    pub only: Option<SockAddr>,
    /// The socket is others' as well and not connected to the peer.
    pub shared: bool,
    /// The socket is not connected to that one, for it hears groups as well.
    pub apart: bool,
    /// Messages that came while the peer was being let in.
    pub first: VecDeque<Box<[u8]>>,
    /// Unix sockets carry messages larger than any UDP datagram: ask for the size first.
    pub unix: bool,
    /// The connection that has to last for as long as a proxy passes datagrams on.
    pub control: Option<OwnedFd>,
}

/// One peer of a shared datagram socket.
pub(super) struct Session {
    /// The socket that all of them share.
    pub socket: Rc<OwnedFd>,
    /// This one.
    pub peer: SockAddr,
    /// Messages that came for it and were not pulled yet.
    pub inbox: VecDeque<Box<[u8]>>,
    /// Their bytes.
    pub waiting: usize,
}

/// How many bytes may wait in one session's inbox, the last message aside. What comes beyond that
/// from a UDP peer is dropped, as the system drops what does not fit its own buffer; other sessions
/// do not notice. Unix peers, who are promised that nothing is lost, are made to wait.
pub(super) const INBOX_MAX: usize = 256 * 1024;

impl Session {
    /// Whether more messages should wait elsewhere: those beyond this are lost.
    pub(super) fn is_full(&self) -> bool {
        self.waiting >= INBOX_MAX
    }

    /// A message came for it. False: the inbox is full and the message is lost.
    pub(super) fn deliver(&mut self, message: &[u8]) -> bool {
        if self.is_full() {
            return false;
        }
        // A message counts its bytes and its place, so that empty ones are bounded as well.
        self.waiting += message.len() + size_of::<Box<[u8]>>();
        self.inbox.push_back(message.into());
        true
    }

    fn next(&mut self) -> Option<Box<[u8]>> {
        let message = self.inbox.pop_front()?;
        self.waiting -= message.len() + size_of::<Box<[u8]>>();
        Some(message)
    }
}

/// How much goes into one SCTP message. The kernel refuses one that is larger than its whole send
/// buffer, 208 KiB as a rule.
const SCTP_MESSAGE: usize = 64 * 1024;

impl Transport {
    /// A connected stream to that peer, as it is carried.
    pub(super) fn stream(socket: OwnedFd, carriage: Carriage, peer: &SockAddr) -> Self {
        match carriage {
            Carriage::Sctp => Self::Sctp {
                socket,
                told: false,
            },
            Carriage::Stream | Carriage::Datagram => Self::Stream {
                socket,
                copied: peer.as_vsock_address().is_some(),
            },
        }
    }

    /// The socket, where its peer acknowledges what it gets and bytes keep their order.
    pub(super) fn stream_socket(&self) -> Option<&OwnedFd> {
        match self {
            Self::Stream { socket, .. } | Self::Sctp { socket, .. } => Some(socket),
            Self::Datagram(_) | Self::Session(_) | Self::Child(_) | Self::Stdio { .. } => None,
        }
    }

    /// The only socket of it, if it has one.
    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Stream { socket, .. } | Self::Sctp { socket, .. } => Some(socket.as_fd()),
            Self::Datagram(datagram) => Some(datagram.socket.as_fd()),
            Self::Session(_) | Self::Child(_) | Self::Stdio { .. } => None,
        }
    }

    /// Reads once, without waiting. `Ok(None)` is the end of a stream.
    pub(super) fn read(&mut self, into: &mut Buf) -> io::Result<Option<usize>> {
        let n = match self {
            Self::Stream { socket, .. } => rustix::io::read(&*socket, into.room())?,
            Self::Sctp { socket, told } => read_or_end(socket, *told, into.room())?,
            Self::Stdio {
                input: Some(half), ..
            } => half.read(into.room())?,
            Self::Child(pipes) => rustix::io::read(&pipes.output, into.room())?,
            Self::Stdio { input: None, .. } => 0,
            Self::Datagram(datagram) => return datagram.read(into).map(Some),
            Self::Session(session) => {
                let message = session.next().ok_or(io::ErrorKind::WouldBlock)?;
                return Ok(Some(keep(into, &message)));
            }
        };
        into.fill(n);
        Ok((n > 0).then_some(n))
    }

    /// Writes once, without waiting.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream { socket, .. } => {
                Ok(rustix::net::send(&*socket, bytes, SendFlags::NOSIGNAL)?)
            }
            Self::Sctp { socket, told } => {
                let sent = send_message(socket, bytes);
                let failed = |error: &io::Error| error.kind() != io::ErrorKind::WouldBlock;
                *told |= sent.as_ref().err().is_some_and(failed);
                sent
            }
            Self::Stdio {
                output: Some(half), ..
            } => half.write(bytes),
            Self::Child(pipes) => match &pipes.input {
                Some(input) => Ok(rustix::io::write(input, bytes)?),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
            Self::Stdio { output: None, .. } => Err(io::ErrorKind::BrokenPipe.into()),
            Self::Datagram(datagram) => datagram.write(bytes),
            Self::Session(session) => datagram::send_to(&session.socket, bytes, &session.peer),
        }
    }

    /// Writes what lies in several places, once, without waiting. One message for those that keep
    /// them, so the caller gives one part.
    pub(super) fn write_parts(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Stream { socket, .. } => Ok(rustix::io::writev(&*socket, parts)?),
            Self::Sctp { .. }
            | Self::Child(_)
            | Self::Stdio { .. }
            | Self::Datagram(_)
            | Self::Session(_) => match parts.first() {
                Some(part) => self.write(part),
                None => Ok(0),
            },
        }
    }

    /// Datagrams: one at a time, never joined.
    pub(super) fn keeps_messages(&self) -> bool {
        matches!(self, Self::Datagram(_) | Self::Session(_))
    }

    /// The end of one direction is that of the other.
    pub(super) fn ends_whole(&self) -> bool {
        matches!(self, Self::Sctp { .. })
    }

    /// An end of both directions is on its way, which nothing but some event will tell.
    pub(super) fn awaits_end(&self) -> bool {
        matches!(self, Self::Sctp { told: true, .. })
    }

    /// No more will be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Stream { socket, .. } => Ok(shutdown(&*socket, Shutdown::Write)?),
            Self::Sctp { socket, told } => {
                *told = true;
                Ok(shutdown(&*socket, Shutdown::Write)?)
            }
            Self::Stdio {
                output: Some(half), ..
            } => half.close_output(),
            Self::Child(pipes) => {
                pipes.input = None;
                Ok(())
            }
            Self::Stdio { output: None, .. } | Self::Datagram(_) | Self::Session(_) => Ok(()),
        }
    }

    /// The peer's address and our own, as far as the socket knows them; `None` for what has none.
    pub(super) fn ends(&self) -> Option<(Option<SockAddr>, Option<SockAddr>)> {
        let socket = match self {
            Self::Stream { socket, .. } | Self::Sctp { socket, .. } => SockRef::from(socket),
            Self::Datagram(datagram) if datagram.apart => {
                let own = SockRef::from(&datagram.socket).local_addr().ok();
                return Some((datagram.only.clone(), own));
            }
            Self::Datagram(datagram) => SockRef::from(&datagram.socket),
            Self::Session(session) => {
                let own = SockRef::from(&*session.socket).local_addr().ok();
                return Some((Some(session.peer.clone()), own));
            }
            Self::Child(_) | Self::Stdio { .. } => return None,
        };
        Some((socket.peer_addr().ok(), socket.local_addr().ok()))
    }

    /// What the loop watches: the descriptor bytes come from and the one they go to.
    pub(super) fn watched(&self) -> [Option<BorrowedFd<'_>>; 2] {
        match self {
            Self::Stream { socket, .. } | Self::Sctp { socket, .. } => [Some(socket.as_fd()), None],
            Self::Datagram(datagram) => [
                Some(datagram.socket.as_fd()),
                datagram.control.as_ref().map(AsFd::as_fd),
            ],
            Self::Session(_) => [None, None],
            Self::Child(pipes) => [
                Some(pipes.output.as_fd()),
                pipes.input.as_ref().map(AsFd::as_fd),
            ],
            Self::Stdio { input, output } => {
                let fd = |half: &'_ Option<Half>| half.as_ref().is_some_and(Half::is_watched);
                [
                    input.as_ref().filter(|_| fd(input)).map(Half::as_fd),
                    output.as_ref().filter(|_| fd(output)).map(Half::as_fd),
                ]
            }
        }
    }

    /// The descriptor and its kind for the kernel to take bytes from, if it can.
    pub(super) fn source(&self) -> Option<(BorrowedFd<'_>, Raw)> {
        match self {
            Self::Stream {
                socket,
                copied: false,
            } => Some((socket.as_fd(), Raw::Stream)),
            Self::Stdio {
                input: Some(half), ..
            } => raw(half),
            Self::Child(pipes) => Some((pipes.output.as_fd(), Raw::Pipe)),
            Self::Stdio { input: None, .. }
            | Self::Stream { copied: true, .. }
            | Self::Sctp { .. }
            | Self::Datagram(_)
            | Self::Session(_) => None,
        }
    }

    /// The descriptor and its kind for the kernel to bring bytes to, if it can.
    pub(super) fn sink(&self) -> Option<(BorrowedFd<'_>, Raw)> {
        match self {
            Self::Stream {
                socket,
                copied: false,
            } => Some((socket.as_fd(), Raw::Stream)),
            Self::Stdio {
                output: Some(half), ..
            } => raw(half),
            Self::Child(pipes) => pipes.input.as_ref().map(|fd| (fd.as_fd(), Raw::Pipe)),
            Self::Stdio { output: None, .. }
            | Self::Stream { copied: true, .. }
            | Self::Sctp { .. }
            | Self::Datagram(_)
            | Self::Session(_) => None,
        }
    }
}

/// Reads once. When we have said our last, an association that has nothing to be read and is gone has come to
/// its end.
fn read_or_end(socket: &OwnedFd, told: bool, room: &mut [u8]) -> io::Result<usize> {
    match rustix::io::read(socket, room) {
        Err(Errno::AGAIN | Errno::NOTCONN) if told && sys::is_dissolved(socket) => Ok(0),
        result => Ok(result?),
    }
}

/// Sends one message, smaller than it could be if the kernel has less room than usual.
fn send_message(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    let mut most = bytes.len().min(SCTP_MESSAGE);
    loop {
        match rustix::net::send(socket, &bytes[..most], SendFlags::NOSIGNAL) {
            Err(Errno::MSGSIZE) if most > 1 => most /= 2,
            Err(Errno::INTR) => {}
            result => return Ok(result?),
        }
    }
}

/// What the kernel can move bytes between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A regular file, a block device, /dev/null.
    File,
    /// A pipe.
    Pipe,
    /// A stream socket of ours.
    Stream,
}

fn raw(half: &Half) -> Option<(BorrowedFd<'_>, Raw)> {
    let kind = match half.kind() {
        Kind::File | Kind::Device => Raw::File,
        Kind::Pipe => Raw::Pipe,
        Kind::Terminal | Kind::Socket => return None,
    };
    half.is_raw().then(|| (half.as_fd(), kind))
}

impl Datagram {
    /// A socket that the system has connected to its only peer.
    pub(super) fn connected(socket: OwnedFd, unix: bool) -> Self {
        Self {
            socket,
            only: None,
            shared: false,
            apart: false,
            first: VecDeque::new(),
            unix,
            control: None,
        }
    }

    /// Whether the proxy has ended what it did for us. Whatever it says on that connection means nothing.
    fn is_abandoned(&self) -> bool {
        let Some(control) = &self.control else {
            return false;
        };
        let mut said = [0; 256];
        match rustix::net::recv(control, &mut said[..], RecvFlags::DONTWAIT) {
            Ok((n, _)) => n == 0,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => false,
            Err(_) => true,
        }
    }

    fn read(&mut self, into: &mut Buf) -> io::Result<usize> {
        if let Some(message) = self.first.pop_front() {
            return Ok(keep(into, &message));
        }
        if self.unix {
            let flags = RecvFlags::PEEK | RecvFlags::TRUNC | RecvFlags::DONTWAIT;
            let (_, size) = rustix::net::recv(&self.socket, &mut [0; 1][..], flags)?;
            into.grow(size);
        }
        let Some(only) = &self.only else {
            let read = rustix::io::read(&self.socket, into.room());
            let n = match read {
                Err(rustix::io::Errno::AGAIN) if self.is_abandoned() => {
                    return Err(io::Error::other(
                        "the proxy passes no datagrams on any more",
                    ));
                }
                read => read?,
            };
            into.fill(n);
            return Ok(n);
        };
        let (n, from) = datagram::receive_from(self.socket.as_fd(), into.room())?;
        if from != *only {
            return Err(io::ErrorKind::Interrupted.into()); // a stranger's: try the next
        }
        into.fill(n);
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let (Some(only), true) = (&self.only, self.shared) {
            return datagram::send_to(&self.socket, bytes, only);
        }
        if self.only.as_ref().is_some_and(address::is_nameless) {
            return Ok(bytes.len()); // a peer without a name can be heard but not answered
        }
        if let Some(peer) = self.only.as_ref().filter(|_| self.apart) {
            return datagram::send_to(&self.socket, bytes, peer);
        }
        let sent = rustix::net::send(&self.socket, bytes, SendFlags::NOSIGNAL);
        datagram::lost_on_the_way(sent.map_err(io::Error::from), bytes.len())
    }
}

/// Puts a whole message into a queue that may have to grow for it.
fn keep(into: &mut Buf, message: &[u8]) -> usize {
    into.grow(into.len() + message.len());
    into.put(message)
}
