//! A socket that is left to another program: to whoever holds the other end of our stdout, over which it is
//! sent as unix(7) has it (SCM_RIGHTS).
//!
//! Promise: nothing that the peer has said is kept from it. Until the ways to the peer are open, no byte is read
//! that belongs behind them (`Layers::sips`).

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::stdio::stdout;

use super::Shell;
use super::dial::words;
use crate::ids::ConnId;

impl Shell {
    /// Leaves a connection to another program, and ends.
    pub(super) fn pass_on(&mut self, id: ConnId) {
        let passed = match self.conns.find(id) {
            Some(conn) if conn.has_layers() => Err(io::Error::other(
                "it is more than a socket, and cannot be passed on",
            )),
            Some(conn) => match conn.transport.socket() {
                Some(socket) => pass_on(socket),
                None => Err(io::ErrorKind::NotConnected.into()),
            },
            None => return,
        };
        self.exit = Some(match passed {
            Ok(()) => 0,
            Err(error) => {
                let why = words(&error);
                self.say
                    .error(&format!("The connection could not be passed on: {why}."));
                1
            }
        });
    }
}

/// One byte goes with it, for a message of nothing is none.
fn pass_on(socket: BorrowedFd<'_>) -> io::Result<()> {
    // Others expect that a call waits.
    ioctl_fionbio(socket, false)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let sockets = [socket.as_fd()];
    rights.push(SendAncillaryMessage::ScmRights(&sockets));
    let byte = [IoSlice::new(&[0])];
    match sendmsg(stdout(), &byte, &mut rights, SendFlags::NOSIGNAL) {
        Ok(_) => Ok(()),
        Err(Errno::NOTSOCK) => Err(io::Error::other("standard output is no Unix socket")),
        Err(error) => Err(error.into()),
    }
}
