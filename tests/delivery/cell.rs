//! The 24 cells, and what each of them may be played with.

use std::fmt;

use crate::common::{Over, Side};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Towards {
    Stdout,
    Socket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    Quiet,
    Filled,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Data,
    Eof,
}

/// One of the 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) side: Side,
    pub(crate) towards: Towards,
    pub(crate) back: Back,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stdin {
    Pipe,
    Terminal,
    File,
    Null,
}

/// Every kind of stdin.
pub(crate) const STDINS: [Stdin; 4] = [Stdin::Pipe, Stdin::Terminal, Stdin::File, Stdin::Null];

/// Every kind of stream.
pub(crate) const OVERS: [Over; 2] = [Over::Tcp, Over::Unix];

pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for side in [Side::Client, Side::Server] {
        for towards in [Towards::Stdout, Towards::Socket] {
            for back in [Back::Quiet, Back::Filled, Back::Done] {
                for what in [What::Data, What::Eof] {
                    cells.push(Cell {
                        side,
                        towards,
                        back,
                        what,
                    });
                }
            }
        }
    }
    cells
}

impl Cell {
    /// Why this cell cannot be played with this stdin, if it cannot.
    pub(crate) fn senseless_with(self, stdin: Stdin) -> Option<&'static str> {
        match (self.towards, self.back, self.what, stdin) {
            (_, _, _, Stdin::Pipe | Stdin::Terminal) => None,
            (Towards::Stdout, Back::Quiet, _, Stdin::File) => Some("a file is never silent"),
            (Towards::Stdout, Back::Quiet, _, Stdin::Null) => {
                Some("/dev/null ends at once: that is `done`")
            }
            (Towards::Stdout, Back::Filled, _, Stdin::Null) => {
                Some("/dev/null has nothing to fill with")
            }
            (Towards::Socket, _, What::Data, Stdin::Null) => Some("/dev/null has no data"),
            (_, _, _, Stdin::File | Stdin::Null) => None,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.side == Side::Client {
            "client"
        } else {
            "server"
        };
        let towards = if self.towards == Towards::Stdout {
            "to stdout"
        } else {
            "to the socket"
        };
        let back = match self.back {
            Back::Quiet => "quiet",
            Back::Filled => "filled",
            Back::Done => "done",
        };
        let what = if self.what == What::Data {
            "data"
        } else {
            "end of file"
        };
        write!(f, "{side}, {towards}, back {back}, {what}")
    }
}
