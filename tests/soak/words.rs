//! Words of which every byte tells who said it, and that follow each other as only that speaker's do.
//!
//! A place at the table is taken by one member after the other, and its words go on where the last
//! member's ended. Whoever listens hears a stretch of them without a gap, wherever reads cut them and
//! whatever comes in between.

use super::common::Told;

/// Places at the table; four bits of every byte say which.
pub(crate) const PLACES: usize = 16;
/// The place of the program's stdin.
pub(crate) const CENTRE: usize = PLACES - 1;
/// After so many words (of four bits each) there is no doubt which they are.
const SURE: usize = 24;

/// The word at `at` of that place.
pub(crate) fn word(place: usize, at: usize) -> u8 {
    let mut mixed = (place as u64) << 56 | at as u64;
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        mixed = (mixed ^ mixed >> 30).wrapping_mul(factor);
    }
    (place as u8) << 4 | (mixed >> 60) as u8
}

/// What has been said at one place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said {
    /// Where the present member's words begin.
    pub(crate) base: usize,
    /// Where they end, as far as they were lined up.
    pub(crate) end: usize,
    /// How far anybody has heard them.
    pub(crate) heard: usize,
}

/// What one listener hears of one place.
#[derive(Clone, Debug)]
pub(crate) struct Ear {
    /// It cannot begin before that: others had heard so far when it came.
    first: usize,
    /// Nor after that: the rest was said when it was known to be in.
    last: Option<usize>,
    heard: Heard,
}

#[derive(Clone, Debug)]
enum Heard {
    /// Too little to say where it is.
    Few(Vec<u8>),
    /// From there, to there.
    Range(usize, usize),
}

impl Ear {
    /// Of somebody who is about to come in.
    pub(crate) fn new(said: &Said) -> Self {
        Self {
            first: said.heard,
            last: None,
            heard: Heard::Few(Vec::new()),
        }
    }

    /// Of somebody who has been there from the start.
    pub(crate) fn from_start() -> Self {
        Self {
            first: 0,
            last: Some(0),
            heard: Heard::Range(0, 0),
        }
    }

    /// It is known to be in.
    pub(crate) fn is_in(&mut self, said: &Said) {
        self.last.get_or_insert(said.end);
    }

    /// One more word, of what was said up to `end`.
    pub(crate) fn hear(&mut self, byte: u8, said: &mut Said, end: usize) -> Told {
        let place = usize::from(byte >> 4);
        match &mut self.heard {
            Heard::Range(_, at) => {
                if *at >= end || word(place, *at) != byte {
                    return Err(format!(
                        "not the word {at} of place {place}, of which {end} were said"
                    ));
                }
                *at += 1;
                said.heard = said.heard.max(*at);
            }
            Heard::Few(few) => {
                few.push(byte);
                if few.len() == SURE {
                    let from = self.starts(place, end).next();
                    let from =
                        from.ok_or_else(|| format!("words that place {place} did not say"))?;
                    self.heard = Heard::Range(from, from + SURE);
                }
            }
        }
        Ok(())
    }

    /// Where what was heard may begin, if it ends before `end`.
    fn starts(&self, place: usize, end: usize) -> impl Iterator<Item = usize> {
        let few = match &self.heard {
            Heard::Few(few) => &few[..],
            Heard::Range(..) => &[],
        };
        let last = self.last.unwrap_or(usize::MAX);
        let last = last.min(end.saturating_sub(few.len()));
        let fits = move |from: &usize| {
            (*from..)
                .zip(few)
                .all(|(at, byte)| word(place, at) == *byte)
        };
        (self.first..=last).filter(fits)
    }

    /// Whether it began where it may have begun, and heard on until `least` and not beyond `end`.
    pub(crate) fn has_heard(&self, place: usize, least: usize, end: usize) -> bool {
        let last = self.last.unwrap_or(usize::MAX);
        match &self.heard {
            Heard::Range(from, at) => {
                (self.first..=last).contains(from) && (least..=end).contains(at)
            }
            Heard::Few(few) => self
                .starts(place, end)
                .any(|from| from + few.len() >= least),
        }
    }
}
