//! What a member of a chat reads: whose every line is, and whether each speaker's words are all there.

use ncat::ids::ConnId;

use super::World;
use super::ledger::Ledger;
use super::seat::{Left, Seat};
use crate::fake::End;

/// The most a chat holds back of what somebody said: three bytes of half a character.
const HELD: usize = 3;

/// Bytes of each speaker, without line ends.
type Words = [Vec<u8>; 8];

impl World {
    /// Reads all views as a person would.
    pub(super) fn read_views(&self) {
        let ledger = self.books.borrow();
        let here = self.places.iter().filter_map(|(id, place)| {
            let end = self.conns.find(*id)?;
            Some((Some(*id), end, place))
        });
        let gone = self.gone.iter().map(|(end, place)| (None, end, place));
        for (id, end, place) in here.chain(gone) {
            if let Some(seat) = &place.seat {
                self.read_view(&ledger, id, end, seat);
            }
        }
    }

    fn read_view(&self, ledger: &Ledger, id: Option<ConnId>, end: &End, seat: &Seat) {
        let stays = id.is_some() && self.exit.is_none() && !end.ear.is_stuck();
        let left_well = id.is_none() && seat.left == Left::Well && !end.ear.met_break;
        let complete = stays || left_well;
        let mut view = &end.ear.taken[..];
        if !complete {
            // Where it broke off may be within a prefix.
            let lines = view.iter().rposition(|byte| *byte == b'\n');
            view = &view[..lines.map_or(0, |at| at + 1)];
        }
        let words = read(view, open_line(ledger, seat.from));
        let until = seat.heard_until.unwrap_or(ledger.logged);
        for (who, words) in words.iter().enumerate() {
            let (from, until) = (seat.heard_from[who], until[who]);
            let wanted = complete && who != end.voice.who;
            let said = |from: usize, until: usize| {
                let bytes = (from..until).map(|place| crate::fake::voice::word(who, place));
                bytes.filter(|byte| *byte != b'\n')
            };
            let fits = (from.saturating_sub(HELD)..=from).any(|from| {
                let all: Vec<u8> = said(from, until).collect();
                let missing = all.len().checked_sub(words.len());
                all.starts_with(words) && (!wanted || missing.is_some_and(|n| n <= HELD))
            });
            assert!(
                fits,
                "of speaker {who} a view shows {words:?} and not bytes {from} to {until}: {end}\n{}",
                String::from_utf8_lossy(view)
            );
            assert!(who != end.voice.who || words.is_empty(), "its own words");
        }
    }
}

/// Whose line is not finished where somebody comes in.
fn open_line(ledger: &Ledger, from: usize) -> Option<usize> {
    let mut before = ledger.entries[..from].iter().rev();
    let last = before.find(|entry| !entry.bytes.is_empty())?;
    last.origin.filter(|_| last.bytes.last() != Some(&b'\n'))
}

/// Sorts a view by speakers.
fn read(view: &[u8], mut open: Option<usize>) -> Words {
    let text = str::from_utf8(view).expect("what a chat writes is UTF-8");
    let mut words = Words::default();
    for line in text.split('\n') {
        let (who, text) = match open.take() {
            _ if line.is_empty() || line.starts_with("<announce> ") => continue,
            Some(who) => (who, line),
            None => speaker(line).unwrap_or_else(|| panic!("{line:?} has no prefix")),
        };
        unescape(text.strip_suffix('\r').unwrap_or(text), &mut words[who]);
    }
    words
}

fn speaker(line: &str) -> Option<(usize, &str)> {
    let (number, text) = line.strip_prefix("<user")?.split_once("> ")?;
    let who = number.parse().ok().filter(|who| *who < 8)?;
    Some((who, text))
}

/// A backslash and three octal digits are a byte; nobody here says that by himself.
fn unescape(text: &str, words: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after
            .get(..3)
            .and_then(|digits| str::from_utf8(digits).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match escaped.filter(|_| byte == b'\\') {
            Some(escaped) => {
                words.push(escaped);
                rest = &after[3..];
            }
            None => {
                words.push(byte);
                rest = after;
            }
        }
    }
}
