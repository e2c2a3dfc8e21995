//! Sockets that wait for peers, and the limit on how many are let in.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{AddressFamily, SocketFlags, acceptfrom_with};
use socket2::{SockAddr, SockRef};

use super::address;
use super::datagram::Hall;
use super::sockopt::{BoundPath, Carriage};

/// How many peers are let in before others have their turn.
pub(super) const BATCH: usize = 64;

/// One socket that waits for peers.
pub(super) struct Listener {
    /// The socket.
    pub door: Door,
    /// Its own address, as the system tells it.
    pub address: SockAddr,
    /// It waits in the loop's queue.
    pub queued: bool,
    /// It has run out of descriptors and tries again then.
    pub retry_at: Option<std::time::Instant>,
    /// It has run out of descriptors and said so; until somebody is let in again.
    pub exhausted: bool,
    /// It has said so once. Strangers could make us say it again and again, and a line that is always
    /// said waits for whoever reads our stderr.
    pub complained: bool,
    /// The socket file it made, which goes with it.
    pub path: Option<BoundPath>,
    /// Somebody else has opened it.
    pub given: bool,
}

/// How peers come in.
pub(super) enum Door {
    /// One descriptor each.
    Stream {
        /// Where they come in.
        socket: OwnedFd,
        /// How what they say is carried.
        carriage: Carriage,
    },
    /// One socket for all of them.
    Hall(Hall),
    /// Nobody comes but the one who was there when we began, and is in when this is empty.
    Only(Option<OwnedFd>, Carriage),
}

impl Listener {
    /// Peers come through this door.
    pub(super) fn new(door: Door, address: SockAddr, path: Option<BoundPath>) -> Self {
        Self {
            door,
            address,
            queued: false,
            retry_at: None,
            exhausted: false,
            complained: false,
            path,
            given: false,
        }
    }

    /// Where others may come, as the user knows it.
    pub(super) fn place(&self) -> Option<String> {
        match &self.door {
            Door::Stream { .. } | Door::Hall(_) => Some(address::full(&self.address)),
            Door::Only(..) => None,
        }
    }

    /// What the loop watches, if anybody may still come.
    pub(super) fn watched(&self) -> Option<BorrowedFd<'_>> {
        match &self.door {
            Door::Stream { socket, .. } => Some(socket.as_fd()),
            Door::Hall(hall) => Some(hall.socket.as_fd()),
            Door::Only(..) => None,
        }
    }
}

/// A descriptor kept for the time when there is no other left.
#[derive(Debug, Default)]
pub(super) struct Reserve(Option<OwnedFd>);

impl Reserve {
    /// Keeps one if it can be had and is not kept yet.
    pub(super) fn refill(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok().map(OwnedFd::from); // tried again the next time
        }
    }

    /// Lets it go: the next call that needs one has it.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }
}

/// The next stream that waits at the door, non-blocking and close-on-exec.
///
/// # Errors
/// `WouldBlock` when nobody waits; those of accept(2).
pub(super) fn accept(socket: BorrowedFd<'_>) -> io::Result<(OwnedFd, SockAddr)> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (fd, from) = acceptfrom_with(socket, flags)?;
    let peer = match from {
        // Of these the system's own type tells nothing.
        Some(any) if any.address_family() == AddressFamily::VSOCK => {
            SockRef::from(&fd).peer_addr()?
        }
        from => from.map_or_else(address::nameless, address::from_any),
    };
    Ok((fd, peer))
}

/// Errors of accept(2) that concern the one peer only, which has left before it was let in.
pub(super) fn concerns_peer_only(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, PermissionDenied};
    matches!(
        error.kind(),
        ConnectionAborted | Interrupted | PermissionDenied
    )
}
