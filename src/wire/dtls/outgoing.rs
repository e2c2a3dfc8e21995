//! What goes down: records are numbered, sealed once there are keys, and laid into datagrams.

use std::collections::VecDeque;

use super::cipher::Key;
use super::record::{DTLS12, HEADER, header};

/// The records of one sender.
#[derive(Default)]
pub(super) struct Outgoing {
    /// The number of the next record in each epoch, its epoch with it.
    next: [u64; 2],
    /// What seals the second epoch.
    key: Option<Key>,
    /// How many blocks of 16 bytes may still be sealed.
    budget: u64,
    /// Datagrams that wait for room, in order.
    pub(super) below: VecDeque<Vec<u8>>,
}

/// The last number an epoch has.
const LAST: u64 = (1 << 48) - 1;

impl Outgoing {
    /// The first record will have this number (RFC 6347, 4.2.1: that of the hello it answers).
    pub(super) fn begin_at(&mut self, number: u64) {
        self.next[0] = number & LAST;
    }

    /// Records of the second epoch will be sealed with this, and there may be so many of the largest.
    pub(super) fn set_key(&mut self, key: Key, records: u64) {
        self.next[1] = 1 << 48;
        self.key = Some(key);
        self.budget = records.saturating_mul(1024);
    }

    /// By how much a record is longer than what it carries.
    pub(super) fn overhead(&self, epoch: u16) -> usize {
        match &self.key {
            Some(key) if epoch > 0 => HEADER + key.overhead(),
            Some(_) | None => HEADER,
        }
    }

    /// Writes a record to the front of `room` and says how long it is. `None` when the keys are worn
    /// out, or when there is no room.
    pub(super) fn write(
        &mut self,
        epoch: u16,
        kind: u8,
        carried: &[u8],
        room: &mut [u8],
    ) -> Option<usize> {
        let next = self.next.get_mut(usize::from(epoch))?;
        let number = *next;
        let length = carried.len();
        if epoch == 0 {
            let (head, body) = room.get_mut(..HEADER + length)?.split_at_mut(HEADER);
            head.copy_from_slice(&header(kind, DTLS12, number, length));
            body.copy_from_slice(carried);
            *next = number + 1;
            return Some(HEADER + length);
        }
        let key = self.key.as_ref()?;
        let sealed = length + key.overhead();
        let blocks = length as u64 / 16 + 2;
        let (head, body) = room.get_mut(..HEADER + sealed)?.split_at_mut(HEADER);
        self.budget = self.budget.checked_sub(blocks)?;
        *next = (number & LAST < LAST).then_some(number + 1)?;
        head.copy_from_slice(&header(kind, DTLS12, number, sealed));
        body[key.within(length)].copy_from_slice(carried);
        key.seal(kind, number, body)?;
        Some(HEADER + sealed)
    }

    /// Appends a record to a datagram.
    pub(super) fn append(
        &mut self,
        epoch: u16,
        kind: u8,
        carried: &[u8],
        datagram: &mut Vec<u8>,
    ) -> Option<()> {
        let before = datagram.len();
        datagram.resize(before + self.overhead(epoch) + carried.len(), 0);
        self.write(epoch, kind, carried, &mut datagram[before..])
            .map(|_| ())
    }
}
