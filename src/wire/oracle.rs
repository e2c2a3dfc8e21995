//! What the layers must agree with: naive readers of whole inputs, and a stand that runs a layer
//! with every cut and every size of queue.
//!
//! Nothing here is part of the program. It is compiled into the library so that tests and fuzz
//! targets judge by the same reader; it favours being obviously right over being fast.

pub mod chat;

use std::ops::Range;

use super::telnet::{DO, DONT, IAC, SB, SE, WILL, WONT};
use super::{Layer, Stack};
use crate::data::Buf;

/// Reads a whole telnet stream: the text in it, and the answers to it.
pub fn telnet(wire: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut text, mut answers) = (Vec::new(), Vec::new());
    let mut refused = Vec::new();
    let mut rest = wire;
    loop {
        rest = match *rest {
            [] | [IAC] | [IAC, WILL | WONT | DO | DONT] => return (text, answers),
            [IAC, IAC, ref rest @ ..] => {
                text.push(IAC);
                rest
            }
            [IAC, verb @ (WILL | WONT | DO | DONT), option, ref rest @ ..] => {
                if !refused.contains(&(verb, option)) {
                    let answer = if matches!(verb, WILL | WONT) {
                        DONT
                    } else {
                        WONT
                    };
                    answers.extend([IAC, answer, option]);
                }
                if matches!(verb, WONT | DONT) {
                    refused.push((verb, option));
                }
                rest
            }
            [IAC, SB, ref rest @ ..] => behind_subnegotiation(rest),
            [IAC, _, ref rest @ ..] => rest,
            [byte, ref rest @ ..] => {
                text.push(byte);
                rest
            }
        };
    }
}

fn behind_subnegotiation(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [] | [IAC] => return &[],
            [IAC, SE, rest @ ..] => return rest,
            [IAC, _, rest @ ..] | [_, rest @ ..] => rest,
        };
    }
}

/// Puts a CR before every LF that has none.
pub fn crlf(wire: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for &byte in wire {
        if byte == b'\n' && text.last() != Some(&b'\r') {
            text.push(b'\r');
        }
        text.push(byte);
    }
    text
}

/// How much arrives at a time, and how much fits into the queues of a stand.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes that arrive at a time.
    pub piece: usize,
    /// Capacity of the queue above.
    pub up: usize,
    /// Capacity of the queue below.
    pub down: usize,
}

impl Sizes {
    /// Every way to cut `length` bytes into equal pieces, with every pair of queues.
    pub fn all(length: usize, queues: Range<usize>) -> impl Iterator<Item = Self> {
        (1..=length.max(1)).flat_map(move |piece| {
            let queues = queues.clone();
            queues
                .clone()
                .flat_map(move |up| queues.clone().map(move |down| Self { piece, up, down }))
        })
    }
}

/// Brings `wire` to a layer in equal pieces and collects what it sends up and down.
///
/// # Panics
/// As [`run_pieces`] does.
pub fn run(layer: &mut dyn Layer, wire: &[u8], sizes: Sizes) -> (Vec<u8>, Vec<u8>) {
    run_pieces(layer, wire.chunks(sizes.piece), sizes.up, sizes.down)
}

/// Brings `pieces` to a layer, with queues of `up` and `down` bytes, and collects what it sends. The
/// queues are emptied by one byte at a time, and only when the layer can do no more, so it meets
/// them in every state.
///
/// # Panics
/// When the layer stands still though its queues are empty, or reports a fault.
pub fn run_pieces<'a>(
    layer: &mut dyn Layer,
    pieces: impl Iterator<Item = &'a [u8]>,
    up: usize,
    down: usize,
) -> (Vec<u8>, Vec<u8>) {
    stand(pieces, up, down, |wire, up, down| {
        let used = layer
            .recv(wire.filled_mut(), up, down)
            .expect("a layer without faults");
        wire.take(used);
    })
}

/// [`run`] for a whole stack.
///
/// # Panics
/// As [`run_pieces`] does.
pub fn run_stack(stack: &mut Stack, wire: &[u8], sizes: Sizes) -> (Vec<u8>, Vec<u8>) {
    stand(
        wire.chunks(sizes.piece),
        sizes.up,
        sizes.down,
        |wire, up, down| {
            stack.recv(wire, up, down).expect("a stack without faults");
        },
    )
}

fn stand<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    up: usize,
    down: usize,
    mut recv: impl FnMut(&mut Buf, &mut Buf, &mut Buf),
) -> (Vec<u8>, Vec<u8>) {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    let (mut arrived, mut up, mut down) = (Buf::new(1), Buf::new(up), Buf::new(down));
    for piece in pieces {
        arrived.grow(arrived.len() + piece.len());
        arrived.put(piece);
        loop {
            recv(&mut arrived, &mut up, &mut down);
            if up.is_empty() && down.is_empty() {
                break;
            }
            drain(&mut up, 1, &mut above);
            drain(&mut down, 1, &mut below);
        }
    }
    assert!(
        arrived.is_empty(),
        "{} bytes were left though there is room",
        arrived.len()
    );
    (above, below)
}

/// Moves up to `n` bytes out of a queue.
pub fn drain(from: &mut Buf, n: usize, to: &mut Vec<u8>) {
    let n = n.min(from.len());
    to.extend(&from.filled()[..n]);
    from.take(n);
}

/// Every string over `alphabet` of up to `longest` bytes.
pub fn strings(alphabet: &[u8], longest: u32) -> impl Iterator<Item = Vec<u8>> {
    let letters = alphabet.len();
    (1..=longest).flat_map(move |length| {
        (0..letters.pow(length)).map(move |mut number| {
            let mut string = Vec::new();
            for _ in 0..length {
                string.push(alphabet[number % letters]);
                number /= letters;
            }
            string
        })
    })
}

/// `wire` in pieces whose lengths are `lengths` over and over, but never 0.
pub fn cut<'a>(mut wire: &'a [u8], lengths: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        let length = lengths
            .next()
            .map_or(wire.len(), |&length| usize::from(length.max(1)));
        let (piece, rest) = wire.split_at(length.min(wire.len()));
        wire = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Numbers that look random and are the same for the same seed (xorshift).
pub struct Random(u64);

impl Random {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }
}
