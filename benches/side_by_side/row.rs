//! The transfers that are measured: what goes in, by which way, what comes out, and the limits.

use super::{
    contestant::{Role, Task},
    place::Wire,
};

/// One transfer, the same for every contestant.
pub(crate) struct Row {
    /// For `--rows` and `--once`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) wire: Wire,
    /// Otherwise the connecting end sends.
    pub(crate) listener_sends: bool,
    pub(crate) source: Source,
    pub(crate) sink: Sink,
    pub(crate) limits: Limits,
}

/// What the sending end reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    File,
    /// `cat file |`
    Pipe,
}

/// What the receiving end writes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sink {
    Null,
    File,
    /// `| cat > /dev/null`
    Pipe,
}

/// The most that our binary may need, as a multiple of the best peer of the same table.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
}

impl Row {
    /// What the end of this role does.
    pub(crate) fn task(&self, role: Role) -> Task {
        match (role == Role::Listens) == self.listener_sends {
            true => Task::Sends,
            false => Task::Receives,
        }
    }
}

/// With the kernel path disabled, in any row.
pub(crate) const COPYING: Limits = Limits {
    cpu: 1.0,
    wall: 1.0,
};

/// CPU with the kernel path, as a multiple of the bare loop of the same row.
pub(crate) const OVER_BARE: f64 = 1.15;

pub(crate) const ROWS: [Row; 5] = [
    Row {
        name: "file-null",
        title: "file → socket → /dev/null",
        wire: Wire::Tcp,
        listener_sends: false,
        source: Source::File,
        sink: Sink::Null,
        limits: Limits {
            cpu: 0.5,
            wall: 0.5,
        },
    },
    Row {
        name: "file-file",
        title: "file → socket → file",
        wire: Wire::Tcp,
        listener_sends: false,
        source: Source::File,
        sink: Sink::File,
        limits: Limits {
            cpu: 0.7,
            wall: 0.85,
        },
    },
    Row {
        name: "listener-file",
        title: "listener sends a file → file",
        wire: Wire::Tcp,
        listener_sends: true,
        source: Source::File,
        sink: Sink::File,
        limits: Limits {
            cpu: 0.7,
            wall: 0.85,
        },
    },
    Row {
        name: "pipe-pipe",
        title: "pipe → socket → pipe",
        wire: Wire::Tcp,
        listener_sends: false,
        source: Source::Pipe,
        sink: Sink::Pipe,
        limits: Limits {
            cpu: 0.6,
            wall: 0.8,
        },
    },
    Row {
        name: "unix-file",
        title: "Unix stream, file → file",
        wire: Wire::Unix,
        listener_sends: false,
        source: Source::File,
        sink: Sink::File,
        limits: Limits {
            cpu: 0.7,
            wall: 0.85,
        },
    },
];
