//! Datagram sockets with many peers: a peer's address is what makes a connection.
//!
//! One socket serves all sessions and is told apart by address, not by a socket for each peer:
//! what several peers sent before anybody looked is never credited to the first of them.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockAddr, SockRef};

use super::address;
use crate::ids::ConnId;

/// A datagram socket that waits for peers.
pub(super) struct Hall {
    /// The socket.
    pub socket: Rc<OwnedFd>,
    /// Who is in.
    pub sessions: HashMap<SockAddr, ConnId>,
    /// A Unix socket, whose messages may be larger than any UDP datagram.
    pub unix: bool,
    /// Others hold the socket as well, and it is to stay as it is.
    pub shared: bool,
    /// The session that must have been heard before more is taken from a Unix socket.
    pub waits_for: Option<ConnId>,
}

/// How many messages are taken before they are passed on: no more than a route passes on in one
/// turn, or they would pile up however fast they are taken from it.
pub(super) const HALL_BATCH: usize = 16;

/// The largest datagram IP carries.
const LARGEST: usize = 65535;

impl Hall {
    /// Peers will come through this socket.
    pub(super) fn new(socket: OwnedFd, unix: bool) -> Self {
        Self {
            socket: Rc::new(socket),
            sessions: HashMap::new(),
            unix,
            shared: false,
            waits_for: None,
        }
    }

    /// The same through a socket that others hold as well.
    pub(super) fn shared(socket: OwnedFd, unix: bool) -> Self {
        Self {
            shared: true,
            ..Self::new(socket, unix)
        }
    }

    /// The next message and its sender.
    pub(super) fn receive(&self, room: &mut Vec<u8>) -> io::Result<(usize, SockAddr)> {
        let mut size = LARGEST;
        if self.unix {
            let flags = RecvFlags::PEEK | RecvFlags::TRUNC | RecvFlags::DONTWAIT;
            size = rustix::net::recv(&self.socket, &mut [0; 1][..], flags)?.1;
        }
        if room.len() < size {
            room.resize(size, 0);
        }
        receive_from(self.socket.as_fd(), room)
    }
}

/// One message and its sender, without waiting.
pub(super) fn receive_from(
    socket: BorrowedFd<'_>,
    room: &mut [u8],
) -> io::Result<(usize, SockAddr)> {
    let (n, _, from) = rustix::net::recvfrom(socket, room, RecvFlags::DONTWAIT)?;
    Ok((n, from.map_or_else(address::nameless, address::from_any)))
}

/// One message to a peer, without waiting. What is too large on the way to this one is lost to it: it
/// may come from another peer, whose way carries more, and who must not be able to drive this one out.
pub(super) fn send_to(socket: &OwnedFd, bytes: &[u8], peer: &SockAddr) -> io::Result<usize> {
    if address::is_nameless(peer) {
        return Ok(bytes.len()); // it can be heard but not answered
    }
    let flags = (SendFlags::NOSIGNAL | SendFlags::DONTWAIT).bits() as i32;
    let sent = SockRef::from(socket).send_to_with_flags(bytes, peer, flags);
    let too_large = rustix::io::Errno::MSGSIZE.raw_os_error();
    match sent {
        Err(error) if error.raw_os_error() == Some(too_large) => Ok(bytes.len()),
        sent => lost_on_the_way(sent, bytes.len()),
    }
}

/// A system without room for a datagram drops it, as any router on its way may; that is no reason to
/// end a conversation.
pub(super) fn lost_on_the_way(sent: io::Result<usize>, len: usize) -> io::Result<usize> {
    let no_room = rustix::io::Errno::NOBUFS.raw_os_error();
    match sent {
        Err(error) if error.raw_os_error() == Some(no_room) => Ok(len),
        sent => sent,
    }
}
