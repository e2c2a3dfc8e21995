//! What an event's token says: who the event is about, in the bits of one number.

use mio::Token;

use crate::ids::Id;

const KIND_SHIFT: u32 = usize::BITS - 3;

/// Signals; there is one queue of them.
pub(super) const SIGNALS: Token = Token(4 << KIND_SHIFT);
/// Logs whose readers may have made room; all are looked at.
pub(super) const LOGS: Token = Token(5 << KIND_SHIFT);
/// Lists that have been read again.
pub(super) const LISTS: Token = Token(6 << KIND_SHIFT);

/// Who an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A connection, or its receiving descriptor where it has two.
    Conn = 0,
    /// The sending descriptor of a connection that has two.
    ConnOut = 1,
    /// A listener.
    Listener = 2,
    /// An attempt to connect.
    Attempt = 3,
    /// Signals.
    Signals = 4,
    /// Logs.
    Logs = 5,
    /// Lists of hosts.
    Lists = 6,
    /// A program that was started.
    Process = 7,
}

/// The token of that kind and id.
pub(super) fn pack<K>(kind: Kind, id: Id<K>) -> Token {
    Token((kind as usize) << KIND_SHIFT | id.pack())
}

/// The kind, and the packed id.
pub(super) fn unpack(token: Token) -> (Kind, usize) {
    let kind = match token.0 >> KIND_SHIFT {
        0 => Kind::Conn,
        1 => Kind::ConnOut,
        2 => Kind::Listener,
        3 => Kind::Attempt,
        4 => Kind::Signals,
        5 => Kind::Logs,
        6 => Kind::Lists,
        _ => Kind::Process,
    };
    (kind, token.0 & ((1 << KIND_SHIFT) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Table, kind};

    #[test]
    fn a_token_says_whom_it_is_about() {
        let mut table: Table<kind::Conn, ()> = Table::default();
        for _ in 0..3 {
            let id = table.add(());
            for kind in [Kind::Conn, Kind::ConnOut, Kind::Listener, Kind::Attempt] {
                let (what, packed) = unpack(pack(kind, id));
                assert_eq!((what, table.unpack(packed)), (kind, Some(id)));
            }
        }
        assert_eq!(unpack(SIGNALS).0, Kind::Signals);
        assert_eq!(unpack(LOGS).0, Kind::Logs);
        assert_eq!(unpack(LISTS).0, Kind::Lists);
    }
}
