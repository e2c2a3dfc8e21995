//! The body of one message on its way from one connection to another, framed anew.
//!
//! Promise: every byte of data is copied once, in pieces as large as come and fit; what is held here is
//! never more than the framing of one chunk.

use super::chunked::{Decoder, Malformed};
use super::out::Out;
use crate::data::Buf;

/// A body on its way.
#[derive(Debug)]
pub(super) struct Body {
    from: From,
    to: To,
}

/// How the sender shows its end.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// So many bytes are still to come.
    Exactly(u64),
    Chunked(Decoder),
    /// By ending the connection.
    UntilEnd,
}

/// How we show its end to the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// It knows from the head, or we shall end the connection.
    Plain,
    /// So much is missing of the chunk that was begun. Its size is never more than what had come when it
    /// was begun, so nobody waits for its rest.
    Chunks(usize),
    /// By the last chunk, which has been said.
    Said,
}

impl Body {
    /// No body at all.
    pub(super) const NONE: Self = Self::new(From::Exactly(0), To::Plain);

    pub(super) const fn new(from: From, to: To) -> Self {
        Self { from, to }
    }

    /// Whether all has come and all of its framing has been said.
    pub(super) fn is_over(&self) -> bool {
        self.from.is_over() && !matches!(self.to, To::Chunks(_))
    }

    /// Moves what has come and fits; returns how much of `bytes` was used. Framing goes by way of `out`.
    ///
    /// # Errors
    /// The sender's framing is none.
    pub(super) fn carry(
        &mut self,
        bytes: &[u8],
        out: &mut Out,
        into: &mut Buf,
    ) -> Result<usize, Malformed> {
        let mut used = 0;
        while out.flush(into) && !self.is_over() {
            used += self.from.skip(&bytes[used..])?;
            let rest = self.from.data(&bytes[used..]);
            if rest.is_empty() && !self.from.is_over() {
                break;
            }
            let n = match &mut self.to {
                To::Chunks(0) if rest.is_empty() => {
                    self.say_last(out);
                    continue;
                }
                To::Chunks(0) => {
                    out.put(format!("{:x}\r\n", rest.len()).as_bytes());
                    self.to = To::Chunks(rest.len());
                    continue;
                }
                To::Chunks(left) => {
                    let n = into.put(&rest[..rest.len().min(*left)]);
                    *left -= n;
                    if *left == 0 {
                        out.put(b"\r\n");
                    }
                    n
                }
                To::Plain | To::Said => into.put(rest),
            };
            if n == 0 {
                break;
            }
            self.from.took(n);
            used += n;
        }
        Ok(used)
    }

    /// The sender's connection has ended; true if that is how this body ends.
    pub(super) fn end(&mut self, out: &mut Out) -> bool {
        match (&self.from, self.to) {
            (From::UntilEnd, To::Chunks(0)) => self.say_last(out),
            (From::UntilEnd, To::Plain) => {}
            (From::UntilEnd | From::Exactly(_) | From::Chunked(_), _) => return false,
        }
        self.from = From::Exactly(0);
        true
    }

    fn say_last(&mut self, out: &mut Out) {
        out.put(b"0\r\n\r\n");
        self.to = To::Said;
    }
}

impl From {
    fn is_over(&self) -> bool {
        match self {
            Self::Exactly(left) => *left == 0,
            Self::Chunked(decoder) => decoder.is_over(),
            Self::UntilEnd => false,
        }
    }

    /// How many of these bytes are framing in front of data.
    fn skip(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        match self {
            Self::Chunked(decoder) => decoder.skip(bytes),
            Self::Exactly(_) | Self::UntilEnd => Ok(0),
        }
    }

    /// Those at the beginning of `bytes` that are data.
    fn data<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let ahead = match self {
            Self::Exactly(left) => *left,
            Self::Chunked(decoder) => decoder.ahead(),
            Self::UntilEnd => u64::MAX,
        };
        let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
        &bytes[..ahead.min(bytes.len())]
    }

    /// So many of these have gone on.
    fn took(&mut self, n: usize) {
        match self {
            Self::Exactly(left) => *left -= n as u64,
            Self::Chunked(decoder) => decoder.took(n as u64),
            Self::UntilEnd => {}
        }
    }
}
