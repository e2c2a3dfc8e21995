//! What was typed: arguments in, options and operands out.
//!
//! Each argument is read by getopts. Ours is what `getopt_long` does besides: abbreviated names,
//! the order in which things take effect, its wording, and arguments that are not UTF-8.
//! Promise: the first thing that is wrong is reported, whatever stands behind it, and nothing is
//! asked of the outside.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use getopts::{Fail, HasArg, Matches, Occur};

use super::UsageError;
use super::activation::Activation;
use super::compat::Dialect;
use super::flags::{self, Effect, Flag, NoFlag};
use super::lines::Lines;
use super::openbsd;
use super::plan::{Quit, Transfer};
use super::proxy::Proxies;
use super::sockets;
use super::ssl::Ssl;
use super::target::PortWord;
use crate::access::Entries;

/// Where names and addresses are taken from. The last option that says so decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Domain {
    /// Internet addresses of both families.
    #[default]
    Any,
    /// `-4`.
    V4,
    /// `-6`.
    V6,
    /// `-U`.
    Unix,
    /// `--vsock`.
    Vsock,
}

/// What is to be run for each connection, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandWord {
    /// `--exec`.
    Exec(OsString),
    /// `--sh-exec`.
    Shell(OsString),
    /// `--lua-exec`.
    Lua(PathBuf),
}

/// What is asked for instead of a run.
#[derive(Clone, Copy, Debug)]
pub enum Special {
    /// `-h`.
    Help,
    /// `--generate`: what writes the text.
    Generate(fn() -> String),
    /// `--version`.
    Version,
}

/// The options as they were given; each is valid by itself, but they may contradict each other.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Options {
    pub domain: Domain,
    pub datagram: bool,
    pub sctp: bool,
    pub listen: bool,
    pub keep_open: bool,
    pub broker: bool,
    pub chat: bool,
    pub commands: Vec<CommandWord>,
    /// `--lua-exec-internal`.
    pub script: Option<PathBuf>,
    pub kill_after: Option<Duration>,
    pub max_conns: Option<i32>,
    /// `--allow`, `--allowfile`, `--deny` and `--denyfile`.
    pub lists: Entries,
    pub source: Option<OsString>,
    pub source_port: Option<PortWord>,
    pub numeric_only: bool,
    pub zero_io: bool,
    /// Several ports may be given without `-z`: they are met one after another.
    pub in_order: bool,
    pub wait: Option<Duration>,
    pub idle: Option<Duration>,
    pub quit: Quit,
    pub delay: Option<Duration>,
    pub crlf: bool,
    pub telnet: bool,
    pub output: Option<PathBuf>,
    pub hex_dump: Option<PathBuf>,
    pub append: bool,
    pub send_only: bool,
    pub recv_only: bool,
    pub no_shutdown: bool,
    pub half_close: bool,
    pub datagram_size: Option<usize>,
    pub stall_after: Option<Duration>,
    pub max_queue: Option<usize>,
    /// `--ssl`, or an option that implies it.
    pub ssl: Option<Ssl>,
    pub handshake: Option<Duration>,
    /// `--proxy` and all options that begin like it.
    pub proxy: Proxies,
    /// `--listen-fds` and `--ready-fd`.
    pub activation: Activation,
    /// What sockets are to be like.
    pub sockets: sockets::Words,
    /// `--progress`, `--size`, `--rate-limit` and `--checksum`.
    pub transfer: Transfer,
    /// What only the letters of OpenBSD's netcat say.
    pub nc: openbsd::Words,
    pub verbose: u8,
    /// `--log-format` and others about how lines look.
    pub lines: Lines,
    pub announce: bool,
    pub engine: bool,
    /// How many options were given.
    pub given: usize,
    /// The first option that this build cannot do.
    pub unsupported: Option<&'static Flag>,
    /// Set, it was the last thing that was read.
    pub special: Option<Special>,
}

impl Options {
    /// Whether peers are waited for: a broker and a chat are servers without `-l` as well.
    pub fn listens(&self) -> bool {
        self.listen || self.is_mesh()
    }

    /// Whether peers find a proxy here.
    pub fn is_proxy(&self) -> bool {
        self.listens() && self.proxy.kind.is_some()
    }

    /// For an option that implies `--ssl`.
    pub fn ssl(&mut self) -> &mut Ssl {
        self.ssl.get_or_insert_default()
    }

    /// Whether something is run for each connection.
    pub fn runs(&self) -> bool {
        !self.commands.is_empty()
    }

    /// Whether peers hear each other.
    pub fn is_mesh(&self) -> bool {
        self.broker || self.chat
    }
}

/// Reads the arguments behind `argv0`: the options, and the operands in their order.
pub fn read(
    argv0: &OsStr,
    args: impl IntoIterator<Item = OsString>,
) -> Result<(Options, Vec<OsString>), UsageError> {
    read_as(Dialect::Nmap, argv0, args)
}

/// The same, where the options may be those of another netcat.
pub fn read_as(
    dialect: Dialect,
    argv0: &OsStr,
    args: impl IntoIterator<Item = OsString>,
) -> Result<(Options, Vec<OsString>), UsageError> {
    let mut options = Options::default();
    let operands = read_into(&mut options, dialect, argv0, args)?;
    Ok((options, operands))
}

/// The same; `options` has all that was read before a mistake as well.
pub fn read_into(
    options: &mut Options,
    dialect: Dialect,
    argv0: &OsStr,
    args: impl IntoIterator<Item = OsString>,
) -> Result<Vec<OsString>, UsageError> {
    let mut reader = Reader {
        dialect,
        argv0: argv0.to_string_lossy().into_owned(),
        args: args.into_iter(),
        options,
    };
    reader.read()
}

/// Rows of the table as getopts wants them. Whatever may be repeated may be repeated.
fn grammar<'a>(flags: impl Iterator<Item = &'a Flag>) -> getopts::Options {
    let mut grammar = getopts::Options::new();
    for flag in flags {
        let short = flag.short.map(String::from).unwrap_or_default();
        // To getopts, a long name of one letter is the letter.
        let long = if flag.long.len() == 1 { "" } else { flag.long };
        let takes = match (flag.effect, flag.value()) {
            (Effect::Maybe(..), _) => HasArg::Maybe,
            (_, Some(_)) => HasArg::Yes,
            (_, None) => HasArg::No,
        };
        grammar.opt(&short, long, "", "", takes, Occur::Multi);
    }
    grammar
}

struct Reader<'a, Args> {
    dialect: Dialect,
    argv0: String,
    args: Args,
    options: &'a mut Options,
}

impl<Args: Iterator<Item = OsString>> Reader<'_, Args> {
    /// Reads all arguments, or up to one that asks for help, and returns the operands.
    fn read(&mut self) -> Result<Vec<OsString>, UsageError> {
        let mut operands = Vec::new();
        while self.options.special.is_none()
            && let Some(arg) = self.args.next()
        {
            match arg.as_bytes() {
                b"--" => operands.extend(self.args.by_ref()),
                [b'-', b'-', ..] if self.dialect == Dialect::Openbsd => {
                    return Err(self.complaint("invalid option -- '-'"));
                }
                [b'-', b'-', ..] => self.long(&as_text(&arg))?,
                [b'-', _, ..] => self.letters(&as_text(&arg))?,
                _ => operands.push(arg),
            }
        }
        Ok(operands)
    }

    /// `--name`, `--name=value` or `--name value`, where the name may be cut short.
    fn long(&mut self, arg: &str) -> Result<(), UsageError> {
        let name = arg[2..].split('=').next().unwrap_or_default();
        let flag = flags::by_long(name).map_err(|why| self.no_flag(arg, why))?;
        let value = &arg[2 + name.len()..];
        let full = format!("--{}", flag.long);
        match self.consult(format!("{full}{value}"), &grammar([flag].into_iter())) {
            Ok(found) => self.apply(flag, found.opt_str(flag.long)),
            Err(Fail::ArgumentMissing(_)) => {
                Err(self.complaint(&format!("option '{full}' requires an argument")))
            }
            Err(_) => Err(self.complaint(&format!("option '{full}' doesn't allow an argument"))),
        }
    }

    fn no_flag(&self, arg: &str, why: NoFlag) -> UsageError {
        let arg = as_typed(arg);
        let arg = arg.display();
        match why {
            NoFlag::Unknown => {
                let meant = flags::near(&arg.to_string());
                self.complaint(&format!("unrecognized option '{arg}'"))
                    .hinting(meant.map(|flag| format!("Did you mean --{}?", flag.long)))
            }
            NoFlag::Ambiguous(flags) => {
                let names: String = flags
                    .iter()
                    .map(|flag| format!(" '--{}'", flag.long))
                    .collect();
                self.complaint(&format!(
                    "option '{arg}' is ambiguous; possibilities:{names}"
                ))
            }
        }
    }

    /// `-lvp5005`: switches in one word, of which the last may take a value. Those before a letter
    /// at fault count: `-h?` is a call for help.
    fn letters(&mut self, arg: &str) -> Result<(), UsageError> {
        let named = |flag: &&Flag| flag.short.is_some_and(|letter| arg.contains(letter));
        match self.consult(arg.into(), &grammar(flags::of(self.dialect).filter(named))) {
            Ok(found) => self.apply_letters(&arg[1..], Some(&found)),
            Err(fail) => {
                let (fault, complaint) = match fail {
                    Fail::ArgumentMissing(name) => (name, "option requires an argument"),
                    Fail::UnrecognizedOption(name)
                    | Fail::OptionMissing(name)
                    | Fail::OptionDuplicated(name)
                    | Fail::UnexpectedArgument(name) => (name, "invalid option"),
                };
                let before = arg[1..].split(&fault).next().unwrap_or_default();
                self.apply_letters(before, None)?;
                if self.options.special.is_some() {
                    return Ok(());
                }
                let letter = as_typed(&fault);
                Err(self.complaint(&format!("{complaint} -- '{}'", letter.display())))
            }
        }
    }

    /// Applies letters until one takes what follows as its value, or asks for help.
    fn apply_letters(&mut self, letters: &str, found: Option<&Matches>) -> Result<(), UsageError> {
        for letter in letters.chars() {
            let flag = flags::by_letter(self.dialect, letter)
                .expect("getopts knows the letters of the table");
            let value = found.and_then(|found| found.opt_str(&letter.to_string()));
            self.apply(flag, value)?;
            if flag.value().is_some() || self.options.special.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Lets getopts read one argument, with the next one only if a value is missing. It copies its
    /// whole grammar each time, so it gets only the rows that the argument can mean.
    fn consult(&mut self, arg: String, grammar: &getopts::Options) -> Result<Matches, Fail> {
        let verdict = grammar.parse([&arg]);
        if !matches!(verdict, Err(Fail::ArgumentMissing(_))) {
            return verdict;
        }
        match self.args.next() {
            Some(value) => grammar.parse([arg, as_text(&value)]),
            None => verdict,
        }
    }

    fn apply(&mut self, flag: &'static Flag, value: Option<String>) -> Result<(), UsageError> {
        let given = value.is_some();
        let value = as_typed(&value.unwrap_or_default());
        self.options.given += 1;
        match flag.effect {
            Effect::Switch(set) => set(self.options),
            Effect::Raw(_, set) => set(self.options, value),
            Effect::Value(_, set) => {
                let stored = set(self.options, &value.to_string_lossy());
                stored.map_err(UsageError::quitting)?;
            }
            Effect::Maybe(_, set) => {
                let value = value.to_string_lossy();
                let stored = set(self.options, given.then_some(&*value));
                stored.map_err(UsageError::quitting)?;
            }
            Effect::Unsupported(_) => {
                self.options.unsupported.get_or_insert(flag);
            }
        }
        Ok(())
    }

    fn complaint(&self, words: &str) -> UsageError {
        UsageError::about_arguments(&self.argv0, words)
    }
}

/// getopts reads text only, so each byte is shown to it as the character of that number.
fn as_text(arg: &OsStr) -> String {
    arg.as_bytes()
        .iter()
        .map(|&byte| char::from(byte))
        .collect()
}

/// The bytes behind what `as_text` has shown.
fn as_typed(text: &str) -> OsString {
    let bytes = text.chars().filter_map(|c| u8::try_from(c).ok()).collect();
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests;
