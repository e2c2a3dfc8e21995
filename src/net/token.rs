//! What an event's token says: who the event is about, in the bits of one number.

use mio::Token;

use crate::ids::Id;

const KIND_SHIFT: u32 = usize::BITS - 3;

/// Signals; there is one queue of them.
pub(super) const SIGNALS: Token = single(0);
/// Logs whose readers may have made room; all are looked at.
pub(super) const LOGS: Token = single(1);
/// Lists that have been read again.
pub(super) const LISTS: Token = single(2);
/// Names that have been looked up.
pub(super) const NAMES: Token = single(3);
/// Names of peers' hosts that have been looked up.
pub(super) const ASIDE: Token = single(4);
/// What somebody types who was asked.
pub(super) const TERMINAL: Token = single(5);

const fn single(number: usize) -> Token {
    Token((Kind::Single as usize) << KIND_SHIFT | number)
}

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
    /// Something that there is only one of; the rest of the token says what.
    Single = 4,
    /// A relay of datagrams, or its socket towards the peer that asked for it.
    Relay = 5,
    /// A socket of a relay towards everybody else.
    RelayOut = 6,
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
        4 => Kind::Single,
        5 => Kind::Relay,
        6 => Kind::RelayOut,
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
        let mut single = Vec::from([SIGNALS, LOGS, LISTS, NAMES, ASIDE, TERMINAL]);
        assert!(single.iter().all(|token| unpack(*token).0 == Kind::Single));
        single.dedup();
        assert_eq!(single.len(), 6, "no two are the same");
    }
}
