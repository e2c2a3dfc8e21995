//! Words of our own on their way into a queue that may have no room for them yet.

use crate::data::Buf;

/// Bytes that are to go before anything else.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    /// How many of them have gone.
    gone: usize,
}

/// How much memory is kept for the next words. Sizes of chunks fit, heads do not.
const KEEP: usize = 32;

impl Out {
    /// These follow.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves what fits; true if nothing is left.
    pub(super) fn flush(&mut self, into: &mut Buf) -> bool {
        self.gone += into.put(&self.bytes[self.gone..]);
        let all = self.is_empty();
        if all && self.bytes.capacity() > KEEP {
            self.bytes = Vec::new();
        }
        if all {
            self.bytes.clear();
            self.gone = 0;
        }
        all
    }

    /// Whether everything has gone.
    pub(super) fn is_empty(&self) -> bool {
        self.gone == self.bytes.len()
    }
}
