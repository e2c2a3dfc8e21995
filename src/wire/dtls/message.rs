//! Messages of the handshake, which may come in pieces, twice, and in any order.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::bytes::{Reader, put_bytes, put_u16};

pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const HELLO_VERIFY: u8 = 3;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(super) const CERTIFICATE_REQUEST: u8 = 13;
pub(super) const SERVER_HELLO_DONE: u8 = 14;
pub(super) const CERTIFICATE_VERIFY: u8 = 15;
pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(super) const FINISHED: u8 = 20;

/// Kind, length, place, and where the piece lies.
pub(super) const HEADER: usize = 12;

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: u8,
    /// Its place among its sender's messages.
    pub(super) place: u16,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Appends it in one piece: what both sides hash, however it travelled.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_piece(out, 0, self.body.len());
    }

    /// Appends `length` bytes of it, beginning at `from`.
    pub(super) fn put_piece(&self, out: &mut Vec<u8>, from: usize, length: usize) {
        out.push(self.kind);
        out.extend(&self.body.len().to_be_bytes()[size_of::<usize>() - 3..]);
        put_u16(out, self.place);
        out.extend(&from.to_be_bytes()[size_of::<usize>() - 3..]);
        put_bytes::<3>(out, &self.body[from..from + length]);
    }
}

/// A piece of a message as it came.
pub(super) struct Piece<'a> {
    pub(super) kind: u8,
    pub(super) length: usize,
    pub(super) place: u16,
    pub(super) from: usize,
    pub(super) bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    /// The next piece in a record; `None` when there is none that makes sense.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let (kind, length, place) = (reader.u8()?, reader.u24()?, reader.u16()?);
        let (from, bytes) = (reader.u24()?, reader.list::<3>()?);
        let piece = Self {
            kind,
            length,
            place,
            from,
            bytes,
        };
        (from + bytes.len() <= length).then_some(piece)
    }

    /// Whether it is all of its message.
    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() == self.length
    }
}

/// How far ahead of the next message others are kept: more than any flight has.
const AHEAD: u16 = 8;
/// The most that unfinished messages may take, by the lengths they claim: a long chain of
/// certificates and what surrounds it.
const HELD: usize = 64 << 10;
/// How many holes an unfinished message may have. Honest pieces make a few.
const RUNS: usize = 64;

/// Puts pieces together and hands out messages in their order.
#[derive(Default)]
pub(super) struct Assembly {
    /// The place of the message that is to come next.
    pub(super) next: u16,
    /// Invariant: their lengths sum up to no more than [`HELD`].
    parts: BTreeMap<u16, Part>,
}

struct Part {
    kind: u8,
    body: Vec<u8>,
    /// What has come: runs that do not touch, in order.
    runs: Vec<(usize, usize)>,
}

impl Assembly {
    /// Keeps a piece of a message that is still to come. Others, and those that contradict what is
    /// known of their message, are dropped as if they had been lost.
    pub(super) fn put(&mut self, piece: &Piece<'_>) {
        if piece.place < self.next || piece.place - self.next >= AHEAD {
            return;
        }
        let held: usize = self.parts.values().map(|part| part.body.len()).sum();
        match self.parts.entry(piece.place) {
            Entry::Occupied(part) => part.into_mut().put(piece),
            Entry::Vacant(_) if held + piece.length > HELD => {}
            Entry::Vacant(place) => place.insert(Part::new(piece)).put(piece),
        }
    }

    /// The next message, once all of it is there.
    pub(super) fn take(&mut self) -> Option<Message> {
        let entry = self.parts.first_entry()?;
        if *entry.key() != self.next || !entry.get().is_whole() {
            return None;
        }
        let (place, part) = entry.remove_entry();
        self.next = self.next.checked_add(1)?;
        Some(Message {
            kind: part.kind,
            place,
            body: part.body,
        })
    }

    /// The peer's first message is at this place, and those before it will not come.
    pub(super) fn begin_at(&mut self, place: u16) {
        self.next = place;
        self.parts.retain(|&at, _| at >= place);
    }

    /// Gives its memory back.
    pub(super) fn clear(&mut self) {
        self.parts = BTreeMap::new();
    }
}

impl Part {
    fn new(piece: &Piece<'_>) -> Self {
        Self {
            kind: piece.kind,
            body: vec![0; piece.length],
            runs: Vec::new(),
        }
    }

    fn put(&mut self, piece: &Piece<'_>) {
        let (mut from, mut to) = (piece.from, piece.from + piece.bytes.len());
        let apart = self
            .runs
            .iter()
            .all(|&(start, end)| to < start || end < from);
        let full = apart && self.runs.len() >= RUNS;
        if piece.kind != self.kind || piece.length != self.body.len() || full {
            return;
        }
        self.body[from..to].copy_from_slice(piece.bytes);
        self.runs.retain(|&(start, end)| {
            let touches = start <= to && from <= end;
            if touches {
                (from, to) = (from.min(start), to.max(end));
            }
            !touches
        });
        let at = self.runs.partition_point(|&(start, _)| start < from);
        self.runs.insert(at, (from, to));
    }

    fn is_whole(&self) -> bool {
        self.runs == [(0, self.body.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(message: &Message, from: usize, length: usize) -> Vec<u8> {
        let mut out = Vec::new();
        message.put_piece(&mut out, from, length);
        out
    }

    fn give(assembly: &mut Assembly, bytes: &[u8]) {
        assembly.put(&Piece::read(&mut Reader(bytes)).expect("a piece"));
    }

    fn message(place: u16, length: usize) -> Message {
        Message {
            kind: CERTIFICATE,
            place,
            body: (0..length).map(|i| (i * 7) as u8).collect(),
        }
    }

    #[test]
    fn a_message_is_whole_however_its_pieces_overlap_and_come() {
        let whole = message(0, 40);
        let mut chance = 7u64;
        for round in 0..300 {
            let mut assembly = Assembly::default();
            let mut missing = [true; 40];
            while missing.contains(&true) {
                assert_eq!(assembly.take(), None, "round {round}: too early");
                chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1);
                let from = (chance >> 33) as usize % 40;
                let length = 1 + (chance >> 50) as usize % (40 - from);
                missing[from..from + length].fill(false);
                give(&mut assembly, &piece(&whole, from, length));
            }
            assert_eq!(assembly.take().as_ref(), Some(&whole), "round {round}");
        }
    }

    #[test]
    fn messages_come_out_in_their_order_and_once() {
        let mut assembly = Assembly::default();
        for place in [2, 0, 1, 0, 2] {
            give(&mut assembly, &piece(&message(place, 5), 0, 5));
        }
        give(&mut assembly, &piece(&message(3, 0), 0, 0));
        for place in 0..3 {
            assert_eq!(assembly.take(), Some(message(place, 5)));
        }
        assert_eq!(assembly.take(), Some(message(3, 0)), "an empty one");
        give(&mut assembly, &piece(&message(1, 5), 0, 5));
        assert_eq!(assembly.take(), None);
    }

    #[test]
    fn what_a_peer_claims_takes_no_more_than_is_allowed() {
        let mut assembly = Assembly::default();
        for place in 0..100 {
            give(&mut assembly, &piece(&message(place, HELD / 2), 0, 1));
        }
        let held: usize = assembly.parts.values().map(|part| part.body.len()).sum();
        assert!(held <= HELD, "{held} bytes are held");
        give(&mut assembly, &piece(&message(0, HELD / 2), 0, HELD / 2));
        assert_eq!(assembly.take(), Some(message(0, HELD / 2)));
    }

    #[test]
    fn a_piece_that_contradicts_the_first_changes_nothing() {
        let mut assembly = Assembly::default();
        give(&mut assembly, &piece(&message(0, 10), 0, 5));
        give(&mut assembly, &piece(&message(0, 11), 5, 5));
        let other = Message {
            kind: FINISHED,
            ..message(0, 10)
        };
        give(&mut assembly, &piece(&other, 5, 5));
        assert_eq!(assembly.take(), None);
        give(&mut assembly, &piece(&message(0, 10), 5, 5));
        assert_eq!(assembly.take(), Some(message(0, 10)));
    }
}
