//! Bytes whose every place can be told, and chance that can be repeated.

use super::Told;

/// Chance from a seed, so that a failure can be run again.
#[derive(Clone, Debug)]
pub(crate) struct Xorshift(u64);

impl Xorshift {
    pub(crate) fn new(seed: u64) -> Self {
        // Zero would stay zero for ever.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low + 1)
    }
}

/// `size` bytes of every value.
pub(crate) fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut chance = Xorshift::new(seed);
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        bytes.extend_from_slice(&chance.draw().to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// At least `size` bytes in lines of 64, each with its number: what a terminal passes on unchanged,
/// and what shows at a glance where something was lost, doubled or swapped.
pub(crate) fn lines(seed: u64, size: usize) -> Vec<u8> {
    let mut chance = Xorshift::new(seed);
    let mut bytes = Vec::with_capacity(size + 64);
    let mut number = 0;
    while bytes.len() < size {
        let line = format!(
            "{:05x} {number:08x} {:016x}{:016x}{:016x}\n",
            seed & 0xf_ffff,
            chance.draw(),
            chance.draw(),
            chance.draw()
        );
        debug_assert_eq!(line.len(), 64);
        bytes.extend_from_slice(line.as_bytes());
        number += 1;
    }
    bytes
}

/// Lines without end, a piece at a time; each piece has its own seed.
pub(crate) fn endless_lines(seed: u64, piece: usize) -> impl FnMut() -> Vec<u8> {
    let mut seeds = (seed << 8)..;
    move || lines(seeds.next().unwrap_or(seed), piece)
}

/// Says where `got` leaves `want`, if it does.
pub(crate) fn same(what: &str, got: &[u8], want: &[u8]) -> Told {
    if got == want {
        return Ok(());
    }
    let at = got.iter().zip(want).take_while(|(a, b)| a == b).count();
    let glimpse =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 40)]).into_owned();
    Err(format!(
        "{what}: {} bytes came instead of {}, and they differ from byte {at} on: {:?} instead of {:?}",
        got.len(),
        want.len(),
        glimpse(got),
        glimpse(want)
    ))
}
