//! IPv4 addresses by the values that each octet may have.

use std::net::Ipv4Addr;

/// The values that each of the four octets may have; each has at least one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Octets(pub(super) [[bool; 256]; 4]);

impl Octets {
    /// The same when only the first bits count: whatever else agrees in them is allowed too.
    pub(super) fn masked(&self, bits: u32) -> Self {
        let mask = u32::MAX.checked_shr(bits).map_or(u32::MAX, |rest| !rest);
        let mut wide = Self([[false; 256]; 4]);
        for (k, octet) in mask.to_be_bytes().into_iter().enumerate() {
            // The bits that do not count stand at the end, so what agrees stands in one row.
            let row = 256 - usize::from(octet);
            let rows = wide.0[k].chunks_mut(row).zip(self.0[k].chunks(row));
            rows.for_each(|(wide, values)| wide.fill(values.contains(&true)));
        }
        wide
    }
}

/// The address and length of the prefix that the octets come to, if they do: single values, then
/// perhaps a row of values that only differ in their last bits, then anything.
pub(super) fn as_prefix(octets: &Octets) -> Option<(Ipv4Addr, u32)> {
    let mut address = [0; 4];
    let (mut bits, mut open) = (0, false);
    for (k, octet) in octets.0.iter().enumerate() {
        let (first, free) = row(octet)?;
        if open && free < 8 {
            return None;
        }
        open = free > 0;
        bits += 8 - free;
        address[k] = first;
    }
    Some((address.into(), bits))
}

/// The first of the values, and the number of bits at the end that they differ in, if they are all
/// that agree in the bits before those.
fn row(octet: &[bool; 256]) -> Option<(u8, u32)> {
    let first = octet.iter().position(|&value| value)?;
    let count = octet.iter().filter(|&&value| value).count();
    let together = octet[first..].iter().take_while(|&&value| value).count() == count;
    let whole = count.is_power_of_two() && first % count == 0;
    let first = u8::try_from(first).ok()?;
    (together && whole).then(|| (first, count.trailing_zeros()))
}

/// Patterns that are no prefixes, sixty-four in a sheet: a peer is looked up by its four octets, and
/// those patterns that allow all of them have their bit in all four words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Patterns {
    sheets: Vec<Sheet>,
    /// How many there are.
    count: usize,
}

/// For each octet and value, the patterns that allow it, a bit for each.
type Sheet = Box<[[u64; 256]; 4]>;

/// How many patterns there are in a sheet.
const SHEET: usize = u64::BITS as usize;

impl Patterns {
    /// Adds one.
    pub(super) fn add(&mut self, octets: &Octets) {
        let bit = 1 << (self.count % SHEET);
        if bit == 1 {
            self.sheets.push(Box::new([[0; 256]; 4]));
        }
        self.count += 1;
        let Some(sheet) = self.sheets.last_mut() else {
            return;
        };
        for (words, values) in sheet.iter_mut().zip(&octets.0) {
            for (word, _) in words.iter_mut().zip(values).filter(|(_, value)| **value) {
                *word |= bit;
            }
        }
    }

    /// Whether any of them allows this address.
    pub(super) fn contains(&self, ip: Ipv4Addr) -> bool {
        let [a, b, c, d] = ip.octets().map(usize::from);
        let mut sheets = self.sheets.iter();
        sheets.any(|sheet| sheet[0][a] & sheet[1][b] & sheet[2][c] & sheet[3][d] != 0)
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.sheets.len()
    }
}
