//! What the sender says and what each member is to hear: the same bytes on every run.
//!
//! Promise: bytes lost, doubled or moved by less than a whole period make the rest of a stream
//! differ from what it should be.

use std::iter;

/// Payload after which the messages repeat, or a little more.
const PERIOD: usize = 1 << 20;

/// An endless stream of messages, kept as one period of it.
pub(crate) struct Stream {
    /// One period and the first message of the next, so that a message never breaks at the end.
    bytes: Vec<u8>,
    period: u64,
    message: u64,
}

impl Stream {
    /// Messages of so many bytes of payload, each put in a frame.
    pub(crate) fn new(payload: usize, frame: impl Fn(&[u8]) -> Vec<u8>) -> Stream {
        let mut random = random_bytes();
        let mut bytes = Vec::new();
        // Counted in messages, for a member's frames are not as long as the sender's.
        for _ in 0..PERIOD.div_ceil(payload) {
            let message: Vec<u8> = random.by_ref().take(payload).collect();
            bytes.extend(frame(&message));
        }
        let message = frame(&vec![0; payload]).len();
        let period = bytes.len() as u64;
        bytes.extend_from_within(..message);
        Stream {
            bytes,
            period,
            message: message as u64,
        }
    }

    /// The length of a message in its frame.
    pub(crate) fn message(&self) -> u64 {
        self.message
    }

    /// The bytes from `at` up to `end`, as many as are at hand: a message or more.
    pub(crate) fn piece(&self, at: u64, end: u64) -> &[u8] {
        let from = (at % self.period) as usize;
        let n = (end - at).min((self.bytes.len() - from) as u64) as usize;
        &self.bytes[from..from + n]
    }

    /// Whether the stream goes on with `heard` at this place.
    pub(crate) fn has(&self, mut at: u64, mut heard: &[u8]) -> bool {
        while !heard.is_empty() {
            let piece = self.piece(at, at + heard.len() as u64);
            let (now, later) = heard.split_at(piece.len());
            if now != piece {
                return false;
            }
            at += piece.len() as u64;
            heard = later;
        }
        true
    }
}

/// Bytes without a pattern, the same every time.
fn random_bytes() -> impl Iterator<Item = u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_ne_bytes()
    })
    .flatten()
}
