//! Started by a supervisor: sockets that it has opened, peers that it has let in, and what it is told.

#[path = "../common/mod.rs"]
mod common;
mod connections;
mod listeners;
mod messages;
mod notified;
mod ready;
mod systemd;
mod wrong;

use std::os::fd::OwnedFd;

use common::{In, Program};

/// What is said of sockets in the environment, and where they are: here comes one, as stdin.
const LEAVE: &str = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=door exec \"$@\" 3<&0 0</dev/null";

/// An ncat to which a socket is left as systemd does it.
pub(crate) fn left(socket: OwnedFd, words: &[&str]) -> Program {
    left_as(LEAVE, socket, words)
}

/// An ncat to which a socket is left in some other way.
pub(crate) fn left_as(script: &str, socket: OwnedFd, words: &[&str]) -> Program {
    let words = ["-v", "--listen-fds"].iter().chain(words);
    Program::ncat(words)
        .stdin(In::Given(socket))
        .through(&["sh", "-c", script, "sh"])
}

/// A program that tells of its descriptors, and of variables that are not for it.
pub(crate) const TELL: &str = "ls /proc/$$/fd; env | grep -E '^(LISTEN|NOTIFY)_'; exit";

/// What it says.
pub(crate) const TOLD: &[u8] = b"0\n1\n2\n";
