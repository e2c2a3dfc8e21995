//! `--ssl-ciphers`: OpenSSL's language for lists of cipher suites, over the nine that we have.
//!
//! ```text
//! HIGH : ECDHE+AESGCM : !aNULL : -AES128 : +CHACHA20 : @STRENGTH
//! add    all of these   for good  for now   to the end   best first
//! ```
//!
//! As with OpenSSL a list is about TLS 1.2, whose suites are added one by one; those of TLS 1.3 are all
//! there without being asked for. But here they may be named too: once one is, only those named stay.
//! A word that OpenSSL knows may well choose nothing; one that nobody knows is an error, for it
//! may be the misspelt name of what the user does not want.

mod elsewhere;
mod suites;
#[cfg(test)]
mod tests;

use rustls::CipherSuite;

use elsewhere::is_known_elsewhere;
use suites::{ANY_TLS13, SUITES, Set, TLS13, select};

/// The suites that a list leaves, best first, those of TLS 1.3 before the others. Never none.
///
/// The error is a sentence without a full stop.
pub fn choose(list: &str) -> Result<Vec<CipherSuite>, String> {
    let mut choice = Choice::default();
    let mut rest = list;
    if let Some(after) = list.strip_prefix(DEFAULT)
        && !after.starts_with(is_part_of_a_word)
    {
        choice.apply(Order::Add, select("ALL").unwrap_or_default());
        rest = after;
    }
    while let Some(start) = rest.find(|c| !is_separator(c)) {
        rest = step(&rest[start..], &mut choice)?;
    }
    choice.left()
}

/// What OpenSSL does when nothing is said. A word for it only where it stands first.
const DEFAULT: &str = "DEFAULT";

/// What is to be done with some suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Add,
    /// To the end of those that are chosen.
    Last,
    /// Until it is added again.
    Drop,
    /// For good.
    Kill,
}

/// Does what the first element of a list says; returns the others.
fn step<'a>(list: &'a str, choice: &mut Choice) -> Result<&'a str, String> {
    let order = match list.as_bytes().first() {
        Some(b'@') => return command(&list[1..], choice),
        Some(b'+') => Some(Order::Last),
        Some(b'-') => Some(Order::Drop),
        Some(b'!') => Some(Order::Kill),
        _ => None,
    };
    let mut rest = if order.is_some() { &list[1..] } else { list };
    let mut set = Set::MAX;
    loop {
        let (word, after) = word(rest);
        set &= meaning(word, rest)?;
        match after.strip_prefix('+') {
            Some(another) => rest = another,
            None => {
                choice.apply(order.unwrap_or(Order::Add), set);
                return Ok(after);
            }
        }
    }
}

/// `@STRENGTH` and `@SECLEVEL=n`.
fn command<'a>(list: &'a str, choice: &mut Choice) -> Result<&'a str, String> {
    let (word, after) = word(list);
    let level = word.strip_prefix("SECLEVEL=").map(str::as_bytes);
    match (word, level) {
        ("STRENGTH", _) => choice.sort(),
        (_, Some(&[level @ b'0'..=b'5'])) => choice.level = level - b'0',
        _ => return Err(format!("Unknown command in cipher list: @{word}")),
    }
    Ok(after)
}

fn meaning(word: &str, rest: &str) -> Result<Set, String> {
    if word.is_empty() {
        return Err(match rest.chars().next() {
            Some(c) => format!("Cipher list cannot be understood at {c:?}"),
            None => "Cipher list ends where a name should be".to_owned(),
        });
    }
    match select(word) {
        Some(set) => Ok(set),
        None if is_known_elsewhere(word) => Ok(0),
        None if word == DEFAULT => {
            Err("DEFAULT can only stand at the start of a cipher list".to_owned())
        }
        None => Err(format!("Unknown cipher name: {word}")),
    }
}

fn word(list: &str) -> (&str, &str) {
    let end = list.find(|c| !is_part_of_a_word(c));
    list.split_at(end.unwrap_or(list.len()))
}

fn is_part_of_a_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '=' | '_')
}

fn is_separator(c: char) -> bool {
    matches!(c, ':' | ',' | ';' | ' ')
}

/// What has been chosen so far. Places are indices of [`SUITES`].
struct Choice {
    /// All that were not killed. Those that wait to be added have their places too: what was dropped
    /// last is the first to come back.
    order: Vec<usize>,
    chosen: Set,
    /// Suites of TLS 1.3 were named.
    named: bool,
    /// `@SECLEVEL`, as far as it is about suites: from the fourth on keys have 192 bits or more.
    level: u8,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            order: (0..SUITES.len()).collect(),
            chosen: TLS13,
            named: false,
            level: 0,
        }
    }
}

impl Choice {
    fn apply(&mut self, order: Order, set: Set) {
        match order {
            Order::Add => {
                if set & ANY_TLS13 != 0 && !self.named {
                    self.named = true;
                    self.chosen &= !TLS13;
                }
                self.move_last(set & !self.chosen);
                self.chosen |= set;
            }
            Order::Last => self.move_last(set & self.chosen),
            Order::Drop => {
                self.move_last(!(set & self.chosen));
                self.chosen &= !set;
            }
            Order::Kill => {
                self.order.retain(|&place| !has(set, place));
                self.chosen &= !set;
            }
        }
    }

    fn move_last(&mut self, set: Set) {
        self.order.sort_by_key(|&place| has(set, place));
    }

    /// The longest keys first. TLS 1.3 has its own order.
    fn sort(&mut self) {
        let mut lengths = SUITES.map(|suite| suite.bits);
        lengths.sort_unstable();
        for length in lengths.into_iter().rev() {
            let of_this_length = |&place: &usize| SUITES[place].bits == length;
            let places = (0..SUITES.len()).filter(of_this_length);
            let set = places.fold(0, |set, place| set | 1 << place);
            self.move_last(set & self.chosen & !TLS13);
        }
    }

    fn left(mut self) -> Result<Vec<CipherSuite>, String> {
        let strong = |place: usize| SUITES[place].bits >= if self.level > 3 { 192 } else { 0 };
        self.order
            .retain(|&place| has(self.chosen, place) && strong(place));
        self.order.sort_by_key(|&place| !has(TLS13, place));
        // TLS 1.3 alone would be left to somebody who asked for something else and got none of it.
        let asked_for = |&place: &usize| self.named || !has(TLS13, place);
        if !self.order.iter().any(asked_for) {
            return Err("The cipher list leaves no cipher that this program has".to_owned());
        }
        Ok(self
            .order
            .into_iter()
            .map(|place| SUITES[place].suite)
            .collect())
    }
}

fn has(set: Set, place: usize) -> bool {
    set >> place & 1 == 1
}
