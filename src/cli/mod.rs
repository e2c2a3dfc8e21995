//! The command line: arguments in, a `Plan` out.
//!
//! ```text
//! argv ── opts: what was typed ── checks: what it means ── Plan
//!          │ one row per option    │ vain: what has no effect
//!         flags ── help, manual   World: files and names, asked in the reference's order
//!          │
//!         target, quantity, ssl, proxy, sockets: words for places, amounts, trust, those in between ..
//! ```
//!
//! Promise: nothing is printed here and nobody but the `World` is asked; the caller says what we
//! return.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::Duration;

pub mod activation;
pub mod checks;
pub mod compat;
pub mod flags;
pub mod help;
pub mod lines;
mod lists;
#[cfg(feature = "manual")]
pub mod manual;
pub mod openbsd;
pub mod opts;
mod place;
pub mod plan;
pub mod proxy;
pub mod quantity;
mod service;
pub mod sockets;
mod split;
pub mod ssl;
pub mod target;
mod transfer;
mod vain;
mod vsock;
mod way;
mod words;

use compat::Dialect;
use lines::Lines;
use opts::{Options, Special};
use plan::{Address, Family, Given, Plan, Protocol, Script};

/// What a command line without mistakes asks for.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// A run.
    Run(Box<Plan>),
    /// A script for the peer of another ncat.
    Script(Script),
    /// This text on stdout, and status 0.
    Help(String),
    /// Print this on stderr, as another program does.
    Usage(String),
    /// This text on stdout, which is of no use in part, and status 0.
    Generated(String),
    /// This line on stderr, and status 0.
    Version(String),
}

/// A command line that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct UsageError {
    /// What to say on stderr, with nothing left to add.
    pub lines: Vec<String>,
    /// What is certain to help, in a sentence.
    pub hint: Option<String>,
    /// The exit status.
    pub status: u8,
}

/// What must be asked of the outside while a command line is understood.
pub trait World {
    /// Says everything like that from here on.
    fn speak(&mut self, lines: Lines);
    /// Takes over the sockets that whoever started us has left to us, or says in a sentence why there are
    /// none of use.
    fn given(&mut self) -> Result<Given, String>;
    /// Takes over the descriptor of that number, to say there that we are ready, or says in a sentence why
    /// that cannot be.
    fn ready_fd(&mut self, number: i32) -> Result<(), String>;
    /// Makes sure that a log can be written, without changing what the file holds: what follows on
    /// the command line may still be wrong.
    fn open_log(&mut self, path: &Path, which: Log) -> io::Result<()>;
    /// All that a list of hosts holds.
    fn read_list(&mut self, path: &Path) -> io::Result<Vec<u8>>;
    /// Loads a script that is to be run later, or says in a sentence why it cannot be run.
    fn load_script(&mut self, path: &Path) -> Result<(), String>;
    /// Says who we are, for `-v`.
    fn banner(&mut self);
    /// What `NCAT_PROXY_AUTH` holds in the environment, if it is there.
    fn proxy_auth(&mut self) -> Option<OsString>;
    /// Whatever is still to be looked up is part of connecting, for which there is so much time.
    fn hurry(&mut self, wait: Duration);
    /// All addresses of a host, in the order in which to try them, or the reason why there are
    /// none. Never empty.
    fn resolve(
        &mut self,
        host: &str,
        family: Family,
        numeric_only: bool,
    ) -> Result<Vec<Address>, String>;
    /// The port of a service.
    fn service(&mut self, name: &str, protocol: Protocol) -> Option<u16>;
}

/// Which log a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// `-o`.
    Output,
    /// `-x`.
    HexDump,
}

/// Understands the arguments behind `argv0`.
pub fn parse(
    argv0: &OsStr,
    args: impl IntoIterator<Item = OsString>,
    world: &mut dyn World,
) -> Result<Parsed, UsageError> {
    let (dialect, args) = compat::choose(argv0, args)?;
    if dialect == Dialect::Openbsd {
        return openbsd::parse(argv0, args, world);
    }
    let mut options = Options::default();
    let operands = opts::read_into(&mut options, dialect, argv0, args);
    // What is wrong is said as it is wanted, as far as that is known.
    world.speak(options.lines);
    let operands = operands?;
    match options.special {
        Some(Special::Help) => Ok(Parsed::Help(help::text())),
        Some(Special::Generate(make)) => Ok(Parsed::Generated(make())),
        Some(Special::Version) => Ok(Parsed::Version(help::version())),
        None if options.script.is_some() => checks::script(&options, &operands).map(Parsed::Script),
        None => {
            let plan = checks::plan(options, &operands, world)?;
            Ok(Parsed::Run(Box::new(plan)))
        }
    }
}

impl UsageError {
    /// A mistake in what is wanted.
    pub(crate) fn quitting(sentence: impl AsRef<str>) -> Self {
        Self::plain(format!("Ncat: {} QUITTING.", sentence.as_ref()))
    }

    /// Something that would have failed on the way to a peer.
    pub(crate) fn failing(sentence: impl AsRef<str>) -> Self {
        Self {
            status: 1,
            ..Self::plain(format!("Ncat: {}", sentence.as_ref()))
        }
    }

    /// A mistake in how it was typed.
    pub(crate) fn about_arguments(argv0: &str, words: &str) -> Self {
        let hint = "Try `--help' or man(1) ncat for more information, usage options and help.";
        let mut error = Self::quitting(hint);
        error.lines.insert(0, format!("{argv0}: {words}"));
        error
    }

    /// A mistake that takes several sentences.
    pub(crate) fn quitting_after(sentences: &[String]) -> Self {
        let told = sentences.iter().map(|sentence| format!("Ncat: {sentence}"));
        let mut lines: Vec<_> = told.collect();
        if let Some(last) = lines.last_mut() {
            last.push_str(" QUITTING.");
        }
        Self {
            lines,
            hint: None,
            status: 2,
        }
    }

    /// With what is certain to help, if anything is.
    pub(crate) fn hinting(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// A line that stands as it is.
    pub(crate) fn plain(line: String) -> Self {
        Self {
            lines: vec![line],
            hint: None,
            status: 2,
        }
    }
}

/// The system's words for an error, without its number.
pub fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().into()
}
