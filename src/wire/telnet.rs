//! `-t`: takes the peer's telnet commands out of the stream and refuses every option.
//!
//! Knows only what must be known to say no: WILL and WONT are answered with DONT, DO and DONT with
//! WONT, a doubled IAC is one byte of data, a subnegotiation is dropped whole, and any other
//! command is dropped as two bytes. What we send is not escaped.
//! Promise: the same text and the same answers come out however the bytes are cut, and an answer
//! without room waits, with the bytes behind it, until there is some.

use memchr::memchr;

use super::{Fault, Layer};
use crate::data::Buf;

/// "Interpret as command": opens every command, and stands for itself when doubled.
pub(super) const IAC: u8 = 255;
/// Refuses that the peer does something.
pub(super) const DONT: u8 = 254;
/// Asks us to do something.
pub(super) const DO: u8 = 253;
/// Refuses to do something.
pub(super) const WONT: u8 = 252;
/// Offers to do something.
pub(super) const WILL: u8 = 251;
/// Opens a subnegotiation.
pub(super) const SB: u8 = 250;
/// Closes a subnegotiation.
pub(super) const SE: u8 = 240;

/// The refusing side of telnet.
#[derive(Default)]
pub struct Telnet {
    state: State,
    /// Options whose WONT has had its DONT.
    wont: Options,
    /// Options whose DONT has had its WONT.
    dont: Options,
}

/// What the next byte is.
#[derive(Clone, Copy, Default)]
enum State {
    /// Text, or the IAC of a command.
    #[default]
    Text,
    /// The byte behind an IAC.
    Command,
    /// The option that this verb is about.
    Option(u8),
    /// Inside a subnegotiation.
    Sub,
    /// The byte behind an IAC inside a subnegotiation. Only SE ends it: to let any command end it, as
    /// BSD's telnet does, would give the rest of a damaged one to the user as text.
    SubCommand,
}

impl Layer for Telnet {
    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        while used < wire.len() {
            match self.step(&wire[used..], up, down) {
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

impl Telnet {
    /// Goes as far as one state reaches; `bytes` is not empty. 0 when a queue has no room.
    fn step(&mut self, bytes: &[u8], up: &mut Buf, down: &mut Buf) -> usize {
        let first = bytes[0];
        let (used, next) = match self.state {
            State::Text if first == IAC => (1, State::Command),
            State::Text => (up.put(until_iac(bytes)), State::Text),
            State::Command => match first {
                IAC => (up.put(&[IAC]), State::Text),
                WILL | WONT | DO | DONT => (1, State::Option(first)),
                SB => (1, State::Sub),
                _ => (1, State::Text),
            },
            State::Option(verb) => (self.refuse(verb, first, down), State::Text),
            State::Sub if first == IAC => (1, State::SubCommand),
            State::Sub => (until_iac(bytes).len(), State::Sub),
            State::SubCommand if first == SE => (1, State::Text),
            State::SubCommand => (1, State::Sub),
        };
        if used > 0 {
            self.state = next;
        }
        used
    }

    /// Answers `verb option`; returns how much of the option's one byte was used.
    ///
    /// A refusal is answered too, which RFC 854 does not ask for but scripts have seen; only once for
    /// each option, though, or two of us would answer each other's refusals for ever.
    fn refuse(&mut self, verb: u8, option: u8, down: &mut Buf) -> usize {
        let (answer, again) = match verb {
            WILL => (DONT, false),
            WONT => (DONT, self.wont.has(option)),
            DO => (WONT, false),
            _ => (WONT, self.dont.has(option)),
        };
        if again {
            return 1;
        }
        if down.free() < 3 {
            return 0;
        }
        down.put(&[IAC, answer, option]);
        match verb {
            WONT => self.wont.add(option),
            DONT => self.dont.add(option),
            _ => {}
        }
        1
    }
}

/// The bytes before the first IAC.
fn until_iac(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr(IAC, bytes).unwrap_or(bytes.len())]
}

/// A set of telnet options: a bit for each of the 256.
#[derive(Default)]
struct Options([u64; 4]);

impl Options {
    fn has(&self, option: u8) -> bool {
        self.0[usize::from(option >> 6)] & 1 << (option & 63) != 0
    }

    fn add(&mut self, option: u8) {
        self.0[usize::from(option >> 6)] |= 1 << (option & 63);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::oracle::{self, Sizes};

    /// Name, what the wire brings, what the user reads, what the peer is told.
    type Case = (&'static str, &'static [u8], &'static [u8], &'static [u8]);

    const CASES: &[Case] = &[
        ("plain text passes", b"hello\r\n\0", b"hello\r\n\0", b""),
        (
            "an offer is declined",
            b"a\xff\xfb\x01b",
            b"ab",
            b"\xff\xfe\x01",
        ),
        (
            "a demand is refused",
            b"a\xff\xfd\x18b",
            b"ab",
            b"\xff\xfc\x18",
        ),
        (
            "a refusal is answered",
            b"\xff\xfc\x01\xff\xfe\x01",
            b"",
            b"\xff\xfe\x01\xff\xfc\x01",
        ),
        (
            "a second refusal is not",
            b"\xff\xfe\x01\xff\xfe\x01",
            b"",
            b"\xff\xfc\x01",
        ),
        (
            "each offer is declined",
            b"\xff\xfb\x01\xff\xfb\x01",
            b"",
            b"\xff\xfe\x01\xff\xfe\x01",
        ),
        (
            "an option may be 255",
            b"\xff\xfb\xff!",
            b"!",
            b"\xff\xfe\xff",
        ),
        (
            "a doubled IAC is one byte",
            b"\xff\xff\xff\xff",
            b"\xff\xff",
            b"",
        ),
        (
            "a short command is two bytes",
            b"x\xff\xf1y\xff\xf0z\xff\x00",
            b"xyz",
            b"",
        ),
        (
            "a subnegotiation is dropped whole",
            b"a\xff\xfa\x18\x01zz\xff\xf0b",
            b"ab",
            b"",
        ),
        (
            "IAC IAC does not end a subnegotiation",
            b"a\xff\xfa\x18\xff\xff\xf0z\xff\xf0b",
            b"ab",
            b"",
        ),
        (
            "a command inside one is not obeyed",
            b"a\xff\xfa\x18\xff\xfd\x01\xff\xf0b",
            b"ab",
            b"",
        ),
        (
            "half a command at the end says nothing",
            b"a\xff\xfb",
            b"a",
            b"",
        ),
    ];

    #[test]
    fn telnet_says_the_same_however_the_bytes_are_cut() {
        for &(name, wire, above, below) in CASES {
            for sizes in Sizes::all(wire.len(), 3..8) {
                let heard = oracle::run(&mut Telnet::default(), wire, sizes);
                assert_eq!(
                    heard,
                    (above.to_vec(), below.to_vec()),
                    "{name}, with {sizes:?}: text above, answers below"
                );
            }
        }
    }

    #[test]
    fn telnet_reads_every_short_string_as_the_naive_reader_does() {
        let alphabet = [b'a', SE, SB, WILL, WONT, DO, DONT, IAC];
        for wire in oracle::strings(&alphabet, 5) {
            for piece in [1, 2, 5] {
                let sizes = Sizes {
                    piece,
                    up: 3,
                    down: 3,
                };
                assert_eq!(
                    oracle::run(&mut Telnet::default(), &wire, sizes),
                    oracle::telnet(&wire),
                    "{wire:?} in pieces of {piece}"
                );
            }
        }
    }

    #[test]
    fn an_answer_without_room_waits_with_all_that_follows_it() {
        let (mut telnet, mut up, mut down) = (Telnet::default(), Buf::new(9), Buf::new(5));
        let mut wire = *b"a\xff\xfb\x01\xff\xfb\x02b";
        let used = telnet
            .recv(&mut wire, &mut up, &mut down)
            .expect("telnet has no faults");
        assert_eq!(
            (used, up.filled(), down.filled()),
            (6, &b"a"[..], &b"\xff\xfe\x01"[..])
        );
        down.take(1);
        let used = telnet
            .recv(&mut wire[6..], &mut up, &mut down)
            .expect("telnet has no faults");
        assert_eq!(
            (used, up.filled(), down.len()),
            (2, &b"ab"[..], 5),
            "two bytes were left"
        );
    }

    #[test]
    fn two_telnets_fall_silent_after_refusing_each_other() {
        let mut said = oracle::strings(&[WILL, WONT, DO, DONT], 1)
            .flat_map(|verb| (0..=255).map(move |option| [IAC, verb[0], option]))
            .collect::<Vec<_>>()
            .concat();
        let mut peers = [Telnet::default(), Telnet::default()];
        let everything = Sizes {
            piece: said.len(),
            up: 8,
            down: 8,
        };
        for turn in 0..6 {
            said = oracle::run(&mut peers[turn % 2], &said, everything).1;
        }
        assert!(
            said.is_empty(),
            "{} bytes of answers are still going round",
            said.len()
        );
    }

    #[test]
    fn what_we_send_is_not_escaped() {
        let mut down = Buf::new(4);
        let used = Telnet::default().send(b"a\xff\xfbbc", &mut down);
        assert_eq!((used, down.filled()), (Ok(4), &b"a\xff\xfbb"[..]));
    }
}
