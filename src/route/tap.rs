//! `-o` and `-x`: log files that see every byte that passes, in the order in which it passes.
//!
//! Promise: a log that cannot be written never costs a byte of the conversation. The first failure
//! is kept for whoever asks, and that log is given up.

use std::fmt::Write as _;
use std::io;

/// How a log shows what passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `-o`: the bytes themselves.
    Raw,
    /// `-x`: a hex dump, one block for each chunk.
    Hex,
}

/// Where a log goes.
pub trait Log {
    /// Takes all of it, without waiting for anybody.
    ///
    /// # Errors
    /// The log is lost, now or some time ago.
    fn note(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Passes on what a slow reader has not taken yet, without waiting. Whether nothing is left.
    ///
    /// # Errors
    /// The log is lost.
    fn settle(&mut self) -> io::Result<bool>;
}

/// One log.
pub struct Tap {
    form: Form,
    name: String,
    file: Box<dyn Log>,
}

impl Tap {
    /// A log that writes to `file`, which its messages call `name`.
    pub fn new(form: Form, name: String, file: Box<dyn Log>) -> Self {
        Self { form, name, file }
    }

    fn note(&mut self, chunk: &[u8]) -> io::Result<()> {
        match self.form {
            Form::Raw => self.file.note(chunk),
            Form::Hex => self.file.note(hex_dump(chunk).as_bytes()),
        }
    }
}

/// All logs of a run.
#[derive(Default)]
pub struct Taps {
    taps: Vec<Tap>,
    failures: Vec<(String, io::Error)>,
}

impl Taps {
    /// One more, which is written after the others.
    pub fn add(&mut self, tap: Tap) {
        self.taps.push(tap);
    }

    /// Whether anybody looks.
    pub fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// A chunk passes.
    pub fn note(&mut self, chunk: &[u8]) {
        if !chunk.is_empty() {
            self.keep_those_that(|tap| tap.note(chunk));
        }
    }

    /// Passes on what slow readers have not taken yet. Whether nothing is left.
    pub fn settle(&mut self) -> bool {
        let mut settled = true;
        self.keep_those_that(|tap| {
            settled &= tap.file.settle()?;
            Ok(())
        });
        settled
    }

    fn keep_those_that(&mut self, mut succeed: impl FnMut(&mut Tap) -> io::Result<()>) {
        let failures = &mut self.failures;
        self.taps.retain_mut(|tap| match succeed(tap) {
            Ok(()) => true,
            Err(error) => {
                failures.push((tap.name.clone(), error));
                false
            }
        });
    }

    /// Which logs were given up since the last call, and why.
    pub fn failures(&mut self) -> Vec<(String, io::Error)> {
        std::mem::take(&mut self.failures)
    }
}

/// The most one block of a dump shows. Scripts that read dumps know blocks of this size, and its
/// offsets fit the four digits they have.
const BLOCK: usize = 8192;

/// Lines of an offset, sixteen bytes in two groups and the same as text, each padded to 73 columns.
pub(super) fn hex_dump(chunk: &[u8]) -> String {
    let mut text = String::with_capacity(chunk.len() * 5);
    for block in chunk.chunks(BLOCK) {
        for (row, bytes) in block.chunks(16).enumerate() {
            dump_row(&mut text, row * 16, bytes);
        }
    }
    text
}

fn dump_row(text: &mut String, offset: usize, bytes: &[u8]) {
    let mut hex = String::with_capacity(50);
    for (column, byte) in bytes.iter().enumerate() {
        if column == 8 {
            hex.push(' ');
        }
        let _ = write!(hex, "{byte:02x} "); // a String takes everything
    }
    let shown: String = bytes
        .iter()
        .map(|&byte| {
            if byte.is_ascii_graphic() {
                char::from(byte)
            } else {
                '.'
            }
        })
        .collect();
    let _ = writeln!(text, "{offset:04x}   {hex:<50}{shown:<16}"); // likewise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_has_the_columns_that_scripts_know() {
        let line = "0000   68 65 6c 6c 6f 0a                                 hello.          \n";
        assert_eq!(hex_dump(b"hello\n"), line);
        assert_eq!(line.len(), 74);
    }

    #[test]
    fn every_block_counts_from_zero_again() {
        let dump = hex_dump(&[b'a'; BLOCK + 17]);
        let offsets: Vec<&str> = dump.lines().map(|line| &line[..4]).collect();
        assert_eq!(offsets.len(), BLOCK / 16 + 2);
        assert_eq!(offsets[BLOCK / 16 - 1..], ["1ff0", "0000", "0010"]);
    }

    struct Full;
    impl Log for Full {
        fn note(&mut self, _: &[u8]) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn settle(&mut self) -> io::Result<bool> {
            Ok(true)
        }
    }

    #[test]
    fn a_log_that_fails_is_named_once_and_given_up() {
        let mut taps = Taps::default();
        taps.add(Tap::new(Form::Raw, "x.log".into(), Box::new(Full)));
        taps.note(b"a");
        taps.note(b"b");
        assert!(taps.is_empty());
        let failures = taps.failures();
        let names: Vec<_> = failures.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["x.log"]);
        assert!(taps.failures().is_empty());
    }
}
