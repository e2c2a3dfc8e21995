//! Reads the chunked coding (RFC 9112, section 7.1), strictly: a line ends with CR LF and with nothing else,
//! and a size is hexadecimal digits and nothing else.
//!
//! Knows no data: says how many bytes are framing and how many behind them are not, and the caller moves
//! those. Promise: whoever reads the same bytes by the letter of the standard finds the same data in them
//! and the same end, or we find nothing at all.

/// The most digits in a size: as many as the largest number that we count has.
const DIGITS_MAX: u8 = 16;
/// The longest extension of a chunk. Nobody knows any that is in use.
pub const EXTENSION_MAX: u16 = 256;
/// The most bytes of trailers. They are dropped, so what they cost is the time to read them.
pub const TRAILERS_MAX: u16 = 8 << 10;

/// These are no chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Where in a chunked body we are.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// What is left of the chunk's data, or has been read of its size.
    left: u64,
    /// Bytes of this chunk's extension, or of all trailers.
    dropped: u16,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// One of a size that has this many digits so far.
    Size(u8),
    Extension,
    /// The LF behind a size.
    SizeEnd,
    Data,
    /// The CR behind data.
    DataOver,
    /// The LF behind that.
    DataEnd,
    /// The first one behind the last chunk, or behind a trailer.
    Trailer,
    TrailerName,
    TrailerValue,
    /// The LF behind a trailer.
    TrailerEnd,
    /// The LF behind everything.
    LastEnd,
    /// No more of this body.
    Over,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            state: State::Size(0),
            left: 0,
            dropped: 0,
        }
    }
}

impl Decoder {
    /// Reads framing up to the next data, or the end of the body; returns how many bytes it was.
    ///
    /// # Errors
    /// It is no framing.
    pub fn skip(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        for (n, &byte) in bytes.iter().enumerate() {
            if matches!(self.state, State::Data | State::Over) {
                return Ok(n);
            }
            self.state = self.step(byte)?;
        }
        Ok(bytes.len())
    }

    /// How many bytes from here on are data.
    pub fn ahead(&self) -> u64 {
        match self.state {
            State::Data => self.left,
            State::Size(_)
            | State::Extension
            | State::SizeEnd
            | State::DataOver
            | State::DataEnd
            | State::Trailer
            | State::TrailerName
            | State::TrailerValue
            | State::TrailerEnd
            | State::LastEnd
            | State::Over => 0,
        }
    }

    /// So many of these have gone on; no more than there are.
    pub fn took(&mut self, n: u64) {
        assert!(n <= self.ahead(), "took more than the chunk has");
        self.left -= n;
        if self.left == 0 && n > 0 {
            self.state = State::DataOver;
        }
    }

    /// Whether the body has ended. What follows is not its.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    fn step(&mut self, byte: u8) -> Result<State, Malformed> {
        Ok(match (self.state, byte) {
            (State::Size(1..), b'\r') => State::SizeEnd,
            (State::Size(1..), b';') => State::Extension,
            (State::Size(digits), _) => self.digit(digits, byte)?,
            (State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, _) => self.drop(byte, EXTENSION_MAX, State::Extension)?,
            (State::SizeEnd, b'\n') => {
                self.dropped = 0;
                if self.left > 0 {
                    State::Data
                } else {
                    State::Trailer
                }
            }
            (State::DataOver, b'\r') => State::DataEnd,
            (State::DataEnd, b'\n') => State::Size(0),
            (State::Trailer, b'\r') => State::LastEnd,
            (State::Trailer | State::TrailerName, _) if is_of_name(byte) => {
                self.drop(byte, TRAILERS_MAX, State::TrailerName)?
            }
            (State::TrailerName, b':') => State::TrailerValue,
            (State::TrailerValue, b'\r') => State::TrailerEnd,
            (State::TrailerValue, _) => self.drop(byte, TRAILERS_MAX, State::TrailerValue)?,
            (State::TrailerEnd, b'\n') => State::Trailer,
            (State::LastEnd, b'\n') => State::Over,
            (
                State::SizeEnd
                | State::Data
                | State::DataOver
                | State::DataEnd
                | State::Trailer
                | State::TrailerName
                | State::TrailerEnd
                | State::LastEnd
                | State::Over,
                _,
            ) => return Err(Malformed),
        })
    }

    fn digit(&mut self, digits: u8, byte: u8) -> Result<State, Malformed> {
        let value = char::from(byte).to_digit(16).ok_or(Malformed)?;
        if digits == DIGITS_MAX {
            return Err(Malformed);
        }
        self.left = self.left << 4 | u64::from(value);
        Ok(State::Size(digits + 1))
    }

    /// A byte that goes nowhere, if it is text and there have not been too many.
    fn drop(&mut self, byte: u8, most: u16, state: State) -> Result<State, Malformed> {
        let is_text = byte == b'\t' || byte >= b' ' && byte != 0x7f;
        if !is_text || self.dropped == most {
            return Err(Malformed);
        }
        self.dropped += 1;
        Ok(state)
    }
}

/// Whether a name of a field may have it.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;
    use crate::wire::oracle::strings;

    fn read(wire: &[u8], piece: usize) -> Option<(Vec<u8>, Option<usize>)> {
        oracle::read_chunks(wire, wire.chunks(piece))
    }

    #[test]
    fn chunks_are_read_as_the_naive_reader_reads_them() {
        for wire in strings(b"0\r\n;1:", 6) {
            let naive = oracle::chunked(&wire);
            for piece in [1, 2, wire.len()] {
                let read = read(&wire, piece);
                assert_eq!(read, naive, "{wire:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn chunks_mean_the_same_however_they_are_cut() {
        let cases: [(&[u8], &[u8], Option<usize>); 7] = [
            (b"3\r\nabc\r\n0\r\n\r\nrest", b"abc", Some(4)),
            (b"00a\r\n0123456789\r\n000\r\n\r\n", b"0123456789", Some(0)),
            (b"1;a=b\r\nx\r\n1;\r\ny\r\n0;z\r\n\r\n", b"xy", Some(0)),
            (b"1\r\n\r\r\n0\r\nA: b\r\nC:\r\n\r\n", b"\r", Some(0)),
            (b"fF\r\n", b"", None),
            (b"3\r\nab", b"ab", None),
            (b"3\r\nabc\r\n0\r\n\r", b"abc", None),
        ];
        for (wire, data, left) in cases {
            for piece in 1..=wire.len() {
                let wanted = Some((data.to_vec(), left));
                assert_eq!(read(wire, piece), wanted, "{wire:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_others_might_read_otherwise_is_refused() {
        let cases: [&[u8]; 19] = [
            b"\r\n",
            b";\r\n",
            b"x\r\n",
            b"0x1\r\n",
            b"+1\r\n",
            b"-1\r\n",
            b" 1\r\n",
            b"1 \r\n",
            b"1\n",
            b"1\rx",
            b"1;a\n",
            b"1;a\0\r\n",
            b"1\r\nab",
            b"1\r\na\n",
            b"00000000000000001\r\n",
            b"0\r\n\n",
            b"0\r\n: x\r\n",
            b"0\r\n A: x\r\n",
            b"0\r\nA x\r\n",
        ];
        for wire in cases {
            for piece in 1..=wire.len() {
                assert_eq!(read(wire, piece), None, "{wire:?} by {piece}");
            }
        }
    }

    #[test]
    fn the_largest_size_is_counted_and_extensions_and_trailers_end_somewhere() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.skip(b"ffffffffffffffff\r\nabc"), Ok(18));
        assert_eq!(decoder.ahead(), u64::MAX);
        for (before, limit) in [("1;", EXTENSION_MAX), ("0\r\nA", TRAILERS_MAX - 1)] {
            for (more, good) in [(0, true), (1, false)] {
                let wire = format!("{before}{}", "a".repeat(usize::from(limit) + more));
                let read = Decoder::default().skip(wire.as_bytes());
                assert_eq!(read.is_ok(), good, "{before} and {more} more than may be");
            }
        }
    }
}
