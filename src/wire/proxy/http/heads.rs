//! A head that is still coming.

use super::super::head::{HEAD_MAX, HeadEnd, TooLong};

/// In what steps the room for a head grows.
const STEP: usize = 1 << 10;

/// Keeps what has come of a head.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    /// Never more than the longest head and one byte.
    bytes: Vec<u8>,
    end: HeadEnd,
}

impl HeadReader {
    /// Takes what belongs to the head; how much that was, and whether the head is complete.
    ///
    /// # Errors
    /// It is too long.
    pub(super) fn read(&mut self, wire: &[u8]) -> Result<(usize, bool), TooLong> {
        let before = self.bytes.len();
        let looked_at = wire.len().min((HEAD_MAX + 1).saturating_sub(before));
        // Strangers may leave heads unfinished, which must not take twice the room they need.
        self.bytes.reserve_exact(looked_at.next_multiple_of(STEP));
        self.bytes.extend_from_slice(&wire[..looked_at]);
        match self.end.find(&self.bytes)? {
            None => Ok((looked_at, false)),
            Some(length) => {
                self.bytes.truncate(length);
                Ok((length - before, true))
            }
        }
    }

    /// What has come so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there is more than empty lines.
    pub(super) fn has_begun(&self) -> bool {
        !self.line().is_empty()
    }

    /// The first line that is not empty, without its end and as far as it has come.
    pub(super) fn line(&self) -> &[u8] {
        let mut lines = self.bytes.split(|&c| c == b'\n');
        let line = lines.find(|line| !matches!(**line, [] | [b'\r']));
        let line = line.unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}
