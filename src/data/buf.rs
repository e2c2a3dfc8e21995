//! A byte queue of fixed capacity whose memory comes from a pool and goes back when it is empty.
//!
//! Owns its bytes while it has any. Promise: never holds more than its capacity, and an idle queue
//! that was settled holds no memory at all, so ten thousand idle connections cost no buffers.

use std::fmt;

/// Bytes in the order they came, at most `capacity` of them.
pub struct Buf {
    /// Empty until the first byte is expected; `capacity` long from then until [`Buf::settle`].
    data: Box<[u8]>,
    /// Invariant: `head <= tail <= data.len()`; equal only at zero, so empty means all of it is room.
    head: usize,
    tail: usize,
    capacity: usize,
}

impl Buf {
    /// A queue for up to `capacity` bytes that has no memory yet.
    pub fn new(capacity: usize) -> Self {
        Self {
            data: Box::default(),
            head: 0,
            tail: 0,
            capacity,
        }
    }

    /// The most it can hold, in bytes.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many bytes wait in it.
    pub fn len(&self) -> usize {
        self.tail - self.head
    }

    /// Whether no byte waits in it.
    pub fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    /// How many more bytes fit.
    pub fn free(&self) -> usize {
        self.capacity - self.len()
    }

    /// The bytes that wait, oldest first.
    pub fn filled(&self) -> &[u8] {
        &self.data[self.head..self.tail]
    }

    /// The bytes that wait, for a layer that decodes in place.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.data[self.head..self.tail]
    }

    /// All the room there is, in one piece; write into it, then say how much with [`Buf::fill`].
    pub fn room(&mut self) -> &mut [u8] {
        if self.data.is_empty() {
            self.data = vec![0; self.capacity].into_boxed_slice();
        }
        // Slide only when the tail has hit the wall; most turns end empty and never slide.
        if self.tail == self.data.len() && self.head > 0 {
            self.data.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        }
        &mut self.data[self.tail..]
    }

    /// The same, and at least `n` bytes of it; no more than [`Buf::free`] may be asked for.
    pub fn room_for(&mut self, n: usize) -> &mut [u8] {
        if self.data.len() - self.tail < n && self.head > 0 {
            self.data.copy_within(self.head..self.tail, 0);
            self.tail -= self.head;
            self.head = 0;
        }
        self.room()
    }

    /// The first `n` bytes of the room now wait in the queue.
    pub fn fill(&mut self, n: usize) {
        assert!(n <= self.data.len() - self.tail, "filled past the room");
        self.tail += n;
    }

    /// The first `n` waiting bytes have gone on.
    pub fn take(&mut self, n: usize) {
        assert!(n <= self.len(), "took more than was queued");
        self.head += n;
        if self.head == self.tail {
            (self.head, self.tail) = (0, 0);
        }
    }

    /// Appends as much of `bytes` as fits and says how much that was.
    pub fn put(&mut self, bytes: &[u8]) -> usize {
        let wanted = bytes.len().min(self.free());
        let mut done = 0;
        while done < wanted {
            let room = self.room();
            let n = room.len().min(wanted - done);
            room[..n].copy_from_slice(&bytes[done..done + n]);
            self.fill(n);
            done += n;
        }
        done
    }

    /// Drops everything that waits.
    pub fn clear(&mut self) {
        (self.head, self.tail) = (0, 0);
    }

    /// Makes the queue hold at least `capacity` bytes: for a message that is known to be larger
    /// than any before it. Never shrinks.
    pub fn grow(&mut self, capacity: usize) {
        if capacity <= self.capacity {
            return;
        }
        let mut larger = vec![0; capacity].into_boxed_slice();
        let n = self.len();
        larger[..n].copy_from_slice(self.filled());
        (self.data, self.head, self.tail, self.capacity) = (larger, 0, n, capacity);
    }

    /// Takes memory from the pool if the queue has none yet.
    pub fn lend(&mut self, pool: &mut Pool) {
        if self.data.is_empty() {
            self.data = pool.lend(self.capacity);
        }
    }

    /// Gives the memory back if nothing waits in it.
    pub fn settle(&mut self, pool: &mut Pool) {
        if self.is_empty() && !self.data.is_empty() {
            pool.give_back(std::mem::take(&mut self.data));
        }
    }
}

impl fmt::Debug for Buf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buf({} of {})", self.len(), self.capacity)
    }
}

/// Memory that empty queues gave back, for the next that needs some of the same size.
#[derive(Default)]
pub struct Pool {
    free: Vec<Box<[u8]>>,
}

impl Pool {
    /// How many pieces are kept for the next borrower. A burst's memory beyond that goes back to the
    /// system: eight pieces serve the few routes that move at one time in one thread.
    const KEEP: usize = 8;

    fn lend(&mut self, capacity: usize) -> Box<[u8]> {
        match self.free.iter().position(|piece| piece.len() == capacity) {
            Some(at) => self.free.swap_remove(at),
            None => vec![0; capacity].into_boxed_slice(),
        }
    }

    fn give_back(&mut self, piece: Box<[u8]>) {
        if self.free.len() < Self::KEEP {
            self.free.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Puts and takes of every small size against a `VecDeque`, which knows no slides.
    #[test]
    fn a_queue_keeps_what_a_plain_queue_keeps() {
        for capacity in 1..9 {
            for put in 1..9 {
                for take in 1..9 {
                    let (mut buf, mut plain) = (Buf::new(capacity), VecDeque::<u8>::new());
                    for round in 0u8..40 {
                        let piece: Vec<u8> = (0..put)
                            .map(|i| round.wrapping_mul(7).wrapping_add(i))
                            .collect();
                        let n = buf.put(&piece);
                        assert_eq!(n, piece.len().min(capacity - plain.len()));
                        plain.extend(&piece[..n]);
                        assert_eq!(buf.filled(), plain.make_contiguous());
                        let n = take.min(buf.len());
                        buf.take(n);
                        plain.drain(..n);
                        assert_eq!(buf.free(), capacity - plain.len());
                    }
                }
            }
        }
    }

    #[test]
    fn an_empty_queue_gives_its_memory_back_and_a_full_one_keeps_it() {
        let mut pool = Pool::default();
        let mut buf = Buf::new(100);
        buf.lend(&mut pool);
        buf.put(b"x");
        buf.settle(&mut pool);
        assert_eq!(buf.filled(), b"x");
        buf.take(1);
        buf.settle(&mut pool);
        assert_eq!((buf.data.len(), pool.free.len()), (0, 1));
        buf.lend(&mut pool);
        assert_eq!((buf.data.len(), pool.free.len()), (100, 0));
    }

    #[test]
    fn growing_keeps_what_waits() {
        let mut buf = Buf::new(4);
        buf.put(b"abcd");
        buf.take(1);
        buf.grow(8);
        assert_eq!(buf.filled(), b"bcd");
        assert_eq!(buf.put(b"efghij"), 5);
        assert_eq!(buf.filled(), b"bcdefghi");
    }
}
