//! The shared log of a hub: what was said, once, and how far each member has read it.
//!
//! Owns the bytes and counts who stands where; members hold their own cursors. One append is one
//! chunk is one message. Promise: a member reads every chunk appended between its joining and its
//! leaving, in order, except its own; a chunk is freed as soon as nobody stands at it or before it;
//! the log never holds more than its limit, however many members it has and however small the chunks;
//! only a message that is larger than all of it by itself is let through, alone.

use std::collections::VecDeque;
use std::num::NonZeroU64;

/// Chunks that some member has yet to read.
///
/// No operation looks at all members or all chunks: an append costs its bytes, and every member pays
/// once for every chunk it passes.
pub struct Log {
    /// Invariant: somebody stands at the first chunk, or there is none.
    chunks: VecDeque<Chunk>,
    /// The place of the first chunk; places count up and are never used again.
    first: u64,
    /// How many cursors stand behind the last chunk.
    at_end: usize,
    /// What the chunks cost, in bytes.
    held: usize,
    limit: usize,
    /// The number of the last member; each is known by its own. Not zero, which makes the record of a
    /// member that may have no cursor smaller.
    joined: NonZeroU64,
}

struct Chunk {
    bytes: Box<[u8]>,
    /// The member that said it and must not hear it.
    origin: Option<NonZeroU64>,
    /// How many cursors stand here.
    here: usize,
}

/// What a chunk counts beyond its bytes: a place in a queue that may be half empty, and the smallest
/// block of the heap. Without it a flood of single bytes would outgrow any limit.
const OVERHEAD: usize = 128;
const _: () = assert!(
    2 * size_of::<Chunk>() + 32 <= OVERHEAD,
    "the overhead is stated too low"
);

/// A log that has emptied keeps memory for this many chunks; what a flood took goes back.
const KEEP: usize = 64;

/// How far one member has read. To be handed back with [`Log::leave`]: a cursor that is merely
/// forgotten stands in the log's way for ever.
#[derive(Debug)]
#[must_use = "a cursor holds the log back until it leaves"]
pub struct Cursor {
    member: NonZeroU64,
    /// Invariant: the place of a chunk, never one of its own, or the end.
    place: u64,
    /// How much of that chunk has been read; always less than all of it, or 0.
    read: usize,
}

impl Log {
    /// An empty log that will hold up to `limit` bytes, all costs included.
    pub fn new(limit: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            first: 0,
            at_end: 0,
            held: 0,
            limit,
            joined: NonZeroU64::MIN,
        }
    }

    /// The longest chunk that can be appended now; `None` when not even an empty one can.
    pub fn room(&self) -> Option<usize> {
        self.limit.checked_sub(self.held + OVERHEAD)
    }

    /// What the log holds, in bytes, all costs included.
    pub fn held(&self) -> usize {
        self.held
    }

    /// How many chunks somebody has yet to read.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether everybody has read everything.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Adds a message for everybody but its sender, who may be no member. Nothing is kept when there
    /// is nobody to read it.
    ///
    /// A message that is too large by itself may be appended to an empty log.
    ///
    /// # Panics
    /// When there is no [`Log::room`] for it.
    pub fn append(&mut self, sender: Option<&mut Cursor>, bytes: &[u8]) {
        let fits = self.room().is_some_and(|room| bytes.len() <= room);
        assert!(fits || self.is_empty(), "appended past the limit");
        let origin = sender.as_ref().map(|cursor| cursor.member);
        self.chunks.push_back(Chunk {
            bytes: bytes.into(),
            origin,
            here: self.at_end,
        });
        self.at_end = 0;
        self.held += OVERHEAD + bytes.len();
        // A sender that had read everything passes its own words now; nobody would call for it later.
        match sender {
            Some(cursor) if cursor.place + 1 == self.end() => self.step(cursor),
            Some(_) | None => self.free_passed(),
        }
    }

    /// A new member, who hears what is said from now on.
    pub fn join(&mut self) -> Cursor {
        self.joined = self.joined.saturating_add(1);
        self.at_end += 1;
        Cursor {
            member: self.joined,
            place: self.end(),
            read: 0,
        }
    }

    /// A member that will read no more.
    pub fn leave(&mut self, cursor: Cursor) {
        *self.standing(cursor.place) -= 1;
        self.free_passed();
    }

    /// Whether there is something this member has yet to read.
    pub fn is_behind(&self, cursor: &Cursor) -> bool {
        cursor.place < self.end()
    }

    /// Whether this member stands at the oldest chunk, so that nothing is freed before it moves.
    pub fn holds_back(&self, cursor: &Cursor) -> bool {
        cursor.place == self.first && !self.is_empty()
    }

    /// The place behind the last chunk: what is said from now on begins there.
    pub fn end(&self) -> u64 {
        self.first + self.chunks.len() as u64
    }

    /// Whether this member has read everything before that place.
    pub fn has_reached(&self, cursor: &Cursor, place: u64) -> bool {
        cursor.place >= place
    }

    /// What lies ahead of a member, oldest first, the first piece perhaps read in part. Looks at no
    /// more than `chunks` chunks, its own included, so that one call costs no more, and at none from
    /// the place `until` on; a member that is behind otherwise gets at least one piece.
    pub fn ahead(&self, cursor: &Cursor, chunks: usize, until: u64) -> impl Iterator<Item = &[u8]> {
        let at = self.index(cursor.place);
        let (member, read) = (cursor.member, cursor.read);
        let last = self.index(until.clamp(cursor.place, self.end()));
        let within = at..last.min(at.saturating_add(chunks));
        self.chunks
            .range(within)
            .enumerate()
            .filter_map(move |(nth, chunk)| {
                let from = if nth == 0 { read } else { 0 };
                (chunk.origin != Some(member)).then(|| &chunk.bytes[from..])
            })
    }

    /// A member has read `n` bytes of a stream: as far as they reach, and over empty chunks, which are
    /// nothing in a stream.
    ///
    /// # Panics
    /// When less than that lay ahead.
    pub fn advance(&mut self, cursor: &mut Cursor, mut n: usize) {
        while self.is_behind(cursor) {
            let left = self.chunks[self.index(cursor.place)].bytes.len() - cursor.read;
            if n < left {
                cursor.read += n;
                return;
            }
            n -= left;
            self.step(cursor);
        }
        assert!(n == 0, "read more than was said");
    }

    /// A member has read one whole message, be it empty.
    ///
    /// # Panics
    /// When none lay ahead.
    pub fn pass(&mut self, cursor: &mut Cursor) {
        assert!(self.is_behind(cursor), "read more than was said");
        self.step(cursor);
    }

    /// Moves a cursor to the next chunk that is not its own, or to the end.
    fn step(&mut self, cursor: &mut Cursor) {
        *self.standing(cursor.place) -= 1;
        cursor.place += 1;
        cursor.read = 0;
        let at = self.index(cursor.place);
        let own = self
            .chunks
            .range(at..)
            .take_while(|chunk| chunk.origin == Some(cursor.member));
        cursor.place += own.count() as u64;
        *self.standing(cursor.place) += 1;
        self.free_passed();
    }

    fn free_passed(&mut self) {
        while self.chunks.front().is_some_and(|chunk| chunk.here == 0) {
            let chunk = self.chunks.pop_front().expect("the front was just seen");
            self.held -= OVERHEAD + chunk.bytes.len();
            self.first += 1;
        }
        if self.chunks.is_empty() && self.chunks.capacity() > KEEP {
            self.chunks.shrink_to(KEEP);
        }
    }

    fn index(&self, place: u64) -> usize {
        (place - self.first) as usize
    }

    /// How many cursors stand at a place.
    fn standing(&mut self, place: u64) -> &mut usize {
        let at = self.index(place);
        self.chunks
            .get_mut(at)
            .map_or(&mut self.at_end, |chunk| &mut chunk.here)
    }
}

#[cfg(test)]
mod tests;
