//! Numbers that nobody can foresee, made of a seed that nobody knows.

use sha2::{Digest, Sha256};

/// A source of numbers: each is the hash of the seed and a count (the seed is never told).
pub struct Noise {
    seed: [u8; 32],
    count: u64,
}

impl Noise {
    /// The numbers of this seed, which must come from the system's generator and be used for nothing else.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed, count: 0 }
    }

    /// The next 16 bytes.
    pub fn draw(&mut self) -> [u8; 16] {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.count.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let (half, _) = hash.split_at(16);
        half.try_into().expect("half of 32 is 16")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_comes_twice_and_seeds_differ() {
        let mut seen = std::collections::HashSet::new();
        for seed in [[0; 32], [1; 32]] {
            let mut noise = Noise::new(seed);
            for _ in 0..100 {
                assert!(seen.insert(noise.draw()), "a number came twice");
            }
        }
    }
}
