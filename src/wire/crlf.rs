//! `-C`: a line that ends with a bare LF leaves with CR LF.
//!
//! Sits on the side that reads our own input, so what the input gives is its wire and the text with
//! network line ends goes up. A LF behind a CR is left alone, also when the two came in two reads.
//! Promise: CR and LF of one line end go up together or wait together.

use memchr::memchr;

use super::{Fault, Layer};
use crate::data::Buf;

/// Turns bare LF into CR LF.
#[derive(Default)]
pub struct Crlf {
    /// The last byte that passed was a CR.
    after_cr: bool,
}

impl Layer for Crlf {
    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, _down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        while used < wire.len() {
            match self.step(&wire[used..], up) {
                0 => break,
                n => used += n,
            }
        }
        Ok(used)
    }

    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        Ok(down.put(app))
    }
}

impl Crlf {
    /// Passes one line end or the run before it; `bytes` is not empty. 0 when there is no room.
    fn step(&mut self, bytes: &[u8], up: &mut Buf) -> usize {
        let run = memchr(b'\n', bytes).unwrap_or(bytes.len());
        if run == 0 {
            return self.end_line(up);
        }
        let n = up.put(&bytes[..run]);
        if n > 0 {
            self.after_cr = bytes[n - 1] == b'\r';
        }
        n
    }

    fn end_line(&mut self, up: &mut Buf) -> usize {
        let end: &[u8] = if self.after_cr { b"\n" } else { b"\r\n" };
        if up.free() < end.len() {
            return 0;
        }
        up.put(end);
        self.after_cr = false;
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::oracle::{self, Sizes};

    /// What the input gives, and what leaves: as the reference does it.
    const CASES: &[(&[u8], &[u8])] = &[
        (b"a\nb", b"a\r\nb"),
        (b"a\r\nb", b"a\r\nb"),
        (b"\r\r\n\n", b"\r\r\n\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"\r", b"\r"),
        (b"\n\r\n\r", b"\r\n\r\n\r"),
        (
            b"one line, then another\nlast",
            b"one line, then another\r\nlast",
        ),
    ];

    #[test]
    fn line_ends_are_the_same_however_the_bytes_are_cut() {
        for &(wire, above) in CASES {
            for sizes in Sizes::all(wire.len(), 2..6) {
                let (heard, told) = oracle::run(&mut Crlf::default(), wire, sizes);
                assert_eq!(heard, above, "{wire:?} with {sizes:?}");
                assert!(told.is_empty(), "line ends have nobody to answer");
            }
        }
    }

    #[test]
    fn every_short_text_is_converted_as_the_naive_converter_does() {
        for wire in oracle::strings(b"a\r\n", 7) {
            for piece in [1, 2, 7] {
                let sizes = Sizes {
                    piece,
                    up: 2,
                    down: 1,
                };
                assert_eq!(
                    oracle::run(&mut Crlf::default(), &wire, sizes).0,
                    oracle::crlf(&wire),
                    "{wire:?} in pieces of {piece}"
                );
            }
        }
    }

    #[test]
    fn what_comes_from_the_network_keeps_its_line_ends() {
        let mut down = Buf::new(4);
        let used = Crlf::default().send(b"\n\r\n\n\n", &mut down);
        assert_eq!((used, down.filled()), (Ok(4), &b"\n\r\n\n"[..]));
    }
}
