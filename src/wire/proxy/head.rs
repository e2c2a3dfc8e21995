//! Where the head of a message of HTTP ends (RFC 9112, section 2), however it comes cut.
//!
//! Promise: each byte is looked at once, and a head that is longer than the limits is noticed before more
//! of it is kept.

use memchr::memchr;

/// The longest line that begins a message, its end included. Addresses of pages have grown since the
/// reference stopped at 1,023 bytes.
pub const LINE_MAX: usize = 8 << 10;
/// The longest head, its last empty line included; the reference stops at 10,239 bytes behind the first line.
pub const HEAD_MAX: usize = 32 << 10;
/// The most fields in a head.
pub const FIELDS_MAX: usize = 100;

/// A head that is too long for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Looks for the end of one head.
#[derive(Clone, Debug, Default)]
pub struct HeadEnd {
    /// Bytes that have been looked at: all lines that are complete.
    seen: usize,
    /// A line that is not empty has been seen.
    begun: bool,
}

impl HeadEnd {
    /// The length of the head at the beginning of `wire`, its last empty line included, once that is there.
    /// `wire` is to be what it was at the last call, and what has come since. Lines may end with a bare LF;
    /// empty lines before the first are part of the head.
    ///
    /// # Errors
    /// The first line or the head is longer than the limits.
    pub fn find(&mut self, wire: &[u8]) -> Result<Option<usize>, TooLong> {
        while let Some(length) = memchr(b'\n', &wire[self.seen..]) {
            let line = &wire[self.seen..self.seen + length];
            let is_empty = matches!(line, b"" | b"\r");
            if !self.begun && length >= LINE_MAX {
                return Err(TooLong);
            }
            self.seen += length + 1;
            if self.seen > HEAD_MAX {
                return Err(TooLong);
            }
            if is_empty && self.begun {
                let end = self.seen;
                *self = Self::default();
                return Ok(Some(end));
            }
            self.begun |= !is_empty;
        }
        let rest = wire.len() - self.seen;
        let too_long = wire.len() > HEAD_MAX || !self.begun && rest >= LINE_MAX;
        if too_long { Err(TooLong) } else { Ok(None) }
    }
}

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
        if self.bytes.capacity() - before < looked_at {
            self.bytes.reserve_exact(looked_at.next_multiple_of(STEP));
        }
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

    /// Whether it begins with what begins no message: TLS and SOCKS do.
    pub(super) fn is_foreign(&self) -> bool {
        let first = self.bytes.first();
        first.is_some_and(|c| !c.is_ascii_graphic() && !c.is_ascii_whitespace())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_with_its_first_empty_line_however_it_is_cut() {
        let cases: [(&[u8], Option<usize>); 9] = [
            (b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest", Some(24)),
            (b"GET / HTTP/1.1\nA: b\n\nrest", Some(21)),
            (b"\r\n\nGET /\r\n\r\n\r\n", Some(12)),
            (b"GET /\r\n\r", None),
            (b"GET /\r\n", None),
            (b"GET /\r\r\n\r\r\n\n", Some(12)),
            (b"\r\n\r\n", None),
            (b"", None),
            (b"x\n\n", Some(3)),
        ];
        for (wire, wanted) in cases {
            assert_eq!(
                HeadEnd::default().find(wire),
                Ok(wanted),
                "{wire:?} at once"
            );
            let mut end = HeadEnd::default();
            let found = (0..=wire.len()).find_map(|n| end.find(&wire[..n]).expect("short"));
            assert_eq!(found, wanted, "{wire:?} byte by byte");
        }
    }

    #[test]
    fn what_is_too_long_is_noticed_at_the_limit() {
        let line = |length: usize| vec![b'x'; length];
        let with = |mut wire: Vec<u8>, end: &[u8]| {
            wire.extend(end);
            wire
        };
        let long = HeadEnd::default().find(&line(LINE_MAX));
        assert_eq!(long, Err(TooLong), "a line without an end");
        assert_eq!(HeadEnd::default().find(&line(LINE_MAX - 1)), Ok(None));
        let fits = with(line(LINE_MAX - 1), b"\n\n");
        assert_eq!(HeadEnd::default().find(&fits), Ok(Some(LINE_MAX + 1)));
        let many = with(b"GET /\n".to_vec(), &line(HEAD_MAX));
        assert_eq!(HeadEnd::default().find(&many), Err(TooLong), "a long field");
        let empty = vec![b'\n'; HEAD_MAX + 1];
        assert_eq!(
            HeadEnd::default().find(&empty),
            Err(TooLong),
            "nothing but empty lines"
        );
    }

    #[test]
    fn a_head_that_comes_byte_by_byte_takes_room_in_steps() {
        let mut reader = HeadReader::default();
        let mut rooms = std::collections::BTreeSet::new();
        for _ in 0..4 * STEP {
            assert_eq!(reader.read(b"x"), Ok((1, false)), "half a line");
            rooms.insert(reader.bytes.capacity());
        }
        assert_eq!(rooms.len(), 4, "a step for each kilobyte: {rooms:?}");
    }
}
