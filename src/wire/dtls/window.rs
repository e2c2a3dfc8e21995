//! Which records have come already, so that a copy of one is not taken for another.

/// How many words of bits there are. The specification wants 64 records; but a burst of small
/// messages over ways of different length is reordered by hundreds.
const WORDS: usize = 16;
const BITS: u64 = u64::BITS as u64;

/// The last numbers (RFC 6347, 4.1.2.6; the ring of words is RFC 6479's). What is older is taken for
/// a copy: so late is a datagram only when somebody kept it.
#[derive(Clone, Copy, Default)]
pub(super) struct Window {
    /// The greatest number seen.
    top: u64,
    /// A bit for each number, its word found by what is left of the number's own word in the ring.
    /// Invariant: bits that stand for no number up to `top` are clear.
    seen: [u64; WORDS],
}

impl Window {
    /// Whether a record with this number would be the first. It is marked only once it has proved
    /// genuine, or a forged number far ahead would shut out all that follow.
    pub(super) fn is_new(&self, number: u64) -> bool {
        if number > self.top {
            return true;
        }
        let behind = self.top / BITS - number / BITS;
        behind < WORDS as u64 && self.seen[word(number)] & bit(number) == 0
    }

    /// Marks a number that is new.
    pub(super) fn mark(&mut self, number: u64) {
        let (old, new) = (self.top / BITS, number / BITS);
        let skipped = new.saturating_sub(old).min(WORDS as u64);
        for place in new + 1 - skipped..=new {
            if place > old {
                self.seen[(place % WORDS as u64) as usize] = 0;
            }
        }
        self.seen[word(number)] |= bit(number);
        self.top = self.top.max(number);
    }
}

fn word(number: u64) -> usize {
    (number / BITS % WORDS as u64) as usize
}

fn bit(number: u64) -> u64 {
    1 << (number % BITS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const SIZE: u64 = (WORDS as u64 - 1) * BITS;

    #[test]
    fn a_number_is_new_once_and_those_far_behind_never_are() {
        let (mut window, mut seen, mut top) = (Window::default(), HashSet::new(), 0u64);
        let mut chance = 1u64;
        for _ in 0..200_000 {
            chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1);
            let ahead = if (chance >> 60) == 0 { 3000 } else { 10 };
            let number = (top + (chance >> 33) % (1200 + ahead)).saturating_sub(1200);
            let is_new = window.is_new(number);
            if seen.contains(&number) {
                assert!(!is_new, "{number} came before, {top} is the top");
            } else if number + SIZE > top {
                assert!(is_new, "{number} did not come before, {top} is the top");
            } else if number + SIZE + BITS < top {
                assert!(!is_new, "{number} is far behind {top}");
            }
            if is_new {
                window.mark(number);
                seen.insert(number);
                top = top.max(number);
            }
        }
    }

    #[test]
    fn the_greatest_numbers_do_no_harm() {
        let mut window = Window::default();
        let last = (1 << 48) - 1;
        assert!(window.is_new(0));
        window.mark(0);
        assert!(!window.is_new(0));
        window.mark(last);
        assert!(!window.is_new(last) && !window.is_new(0) && window.is_new(last - 1));
    }
}
