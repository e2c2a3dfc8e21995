//! The option table: every name, what it stores, and what `--help` says of it.
//!
//! A new option is a row here, a field of `Options`, and for the manual an explanation in `manual/options`.
//! The rows of the reference come first and in its order, for that decides what an abbreviation means; options
//! of our own never take part where one of the reference's fits, so that no abbreviation in use changes its
//! meaning.

mod activation;
mod beyond;
mod lines;
mod manual;
mod near;
mod openbsd;
mod reference;
mod sockets;
mod transfer;

use std::ffi::OsString;

pub(super) use self::near::near;
use super::compat::Dialect;
use super::opts::Options;

/// Every option of that command line.
pub fn of(dialect: Dialect) -> impl Iterator<Item = &'static Flag> + Clone {
    let tables: &'static [&[Flag]] = match dialect {
        Dialect::Nmap => &TABLES,
        Dialect::Openbsd => &OPENBSD,
    };
    tables.iter().copied().flatten()
}

/// Every option of our own command line.
pub fn all() -> impl Iterator<Item = &'static Flag> + Clone {
    TABLES.into_iter().flatten()
}

static OPENBSD: [&[Flag]; 1] = [openbsd::FLAGS];

static TABLES: [&[Flag]; 7] = [
    reference::FLAGS,
    beyond::FLAGS,
    sockets::FLAGS,
    transfer::FLAGS,
    activation::FLAGS,
    lines::FLAGS,
    manual::FLAGS,
];

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The letter after one dash.
    pub short: Option<char>,
    /// The name after two dashes; empty when there is none.
    pub long: &'static str,
    /// A line for `--help`.
    pub help: &'static str,
    /// What giving it does.
    pub effect: Effect,
    /// The words that its value is one of; empty when it may be anything.
    pub words: &'static [&'static str],
    /// Where `--help` lists it.
    pub section: Section,
}

/// What giving an option does. Setting validates and stores, and does nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// It takes no value.
    Switch(fn(&mut Options)),
    /// It takes a value, whose name comes first; it may be refused with a sentence.
    Value(&'static str, fn(&mut Options, &str) -> Result<(), String>),
    /// It takes a value that may be left out, and stands behind a `=` if it is there.
    Maybe(
        &'static str,
        fn(&mut Options, Option<&str>) -> Result<(), String>,
    ),
    /// It takes a value of any bytes, such as a path.
    Raw(&'static str, fn(&mut Options, OsString)),
    /// It is known, with the name of its value if it takes one, but this build cannot do it.
    Unsupported(Option<&'static str>),
}

/// Where `--help` lists an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Among the options that the reference documents.
    Documented,
    /// Among those that the reference does not have.
    Beyond,
    /// Nowhere.
    Hidden,
}

impl Flag {
    /// The name of its value, if it takes one.
    pub fn value(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Switch(_) => None,
            Effect::Value(name, _) | Effect::Maybe(name, _) | Effect::Raw(name, _) => Some(name),
            Effect::Unsupported(name) => name,
        }
    }

    /// How we call it in a sentence: `--listen`, or `-z` if there is no better name.
    pub fn name(&self) -> String {
        match self.short {
            Some(letter) if self.long.len() < 2 => format!("-{letter}"),
            _ => format!("--{}", self.long),
        }
    }

    const fn sets(mut self, set: fn(&mut Options)) -> Self {
        self.effect = Effect::Switch(set);
        self
    }

    const fn takes(
        mut self,
        value: &'static str,
        set: fn(&mut Options, &str) -> Result<(), String>,
    ) -> Self {
        self.effect = Effect::Value(value, set);
        self
    }

    const fn may_take(
        mut self,
        value: &'static str,
        set: fn(&mut Options, Option<&str>) -> Result<(), String>,
    ) -> Self {
        self.effect = Effect::Maybe(value, set);
        self
    }

    const fn takes_raw(mut self, value: &'static str, set: fn(&mut Options, OsString)) -> Self {
        self.effect = Effect::Raw(value, set);
        self
    }

    const fn one_of(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    const fn unsupported(mut self, value: Option<&'static str>) -> Self {
        self.effect = Effect::Unsupported(value);
        self
    }

    /// Some builds do without it.
    const fn only_with(self, machinery: bool) -> Self {
        match self.effect {
            Effect::Value(value, _) | Effect::Maybe(value, _) | Effect::Raw(value, _)
                if !machinery =>
            {
                self.unsupported(Some(value))
            }
            Effect::Switch(_) if !machinery => self.unsupported(None),
            _ => self,
        }
    }

    const fn hidden(mut self) -> Self {
        self.section = Section::Hidden;
        self
    }

    const fn beyond(mut self) -> Self {
        self.section = Section::Beyond;
        self
    }
}

const fn short(letter: char, long: &'static str, help: &'static str) -> Flag {
    let mut flag = self::long(long, help);
    flag.short = Some(letter);
    flag
}

const fn long(long: &'static str, help: &'static str) -> Flag {
    let effect = Effect::Unsupported(None);
    Flag {
        short: None,
        long,
        help,
        effect,
        words: &[],
        section: Section::Documented,
    }
}

const fn letter(letter: char, help: &'static str) -> Flag {
    short(letter, "", help)
}

const HAS_LUA: bool = cfg!(feature = "lua");
const HAS_PROXY: bool = cfg!(feature = "proxy");
const HAS_TLS: bool = cfg!(feature = "tls");
const HAS_TRANSFER: bool = cfg!(feature = "transfer");

pub(crate) fn invalid_source_port(word: &str) -> String {
    format!("Invalid source port number \"{word}\".")
}

/// The option behind a letter.
pub fn by_letter(dialect: Dialect, letter: char) -> Option<&'static Flag> {
    of(dialect).find(|flag| flag.short == Some(letter))
}

/// Why a long name means no option.
#[derive(Debug)]
pub enum NoFlag {
    /// None begins like that.
    Unknown,
    /// These differ and begin like that.
    Ambiguous(Vec<&'static Flag>),
}

/// The option behind a long name or the beginning of one.
pub fn by_long(name: &str) -> Result<&'static Flag, NoFlag> {
    let named = || all().filter(|flag| !flag.long.is_empty());
    if let Some(flag) = named().find(|flag| flag.long == name) {
        return Ok(flag);
    }
    let begins = |ours: bool| -> Vec<&'static Flag> {
        named()
            .filter(|flag| (flag.section == Section::Beyond) == ours)
            .filter(|flag| flag.long.starts_with(name))
            .collect()
    };
    match begins(false) {
        theirs if theirs.is_empty() => unambiguous(begins(true)),
        theirs => unambiguous(theirs),
    }
}

/// The first of them stands for all that `getopt_long` could not tell from it: those without a
/// letter of their own that take a value alike. So `--ssl-t` and even `--proxy-` mean something.
fn unambiguous(flags: Vec<&'static Flag>) -> Result<&'static Flag, NoFlag> {
    let &first = flags.first().ok_or(NoFlag::Unknown)?;
    // The reference stores --ssl in another way than its other switches, which sets it apart.
    let kind = |flag: &Flag| (flag.short, flag.value().is_some(), flag.long == "ssl");
    let alike = |flag: &Flag| flag.section != Section::Beyond && kind(flag) == kind(first);
    let different: Vec<_> = flags
        .into_iter()
        .skip(1)
        .filter(|flag| !alike(flag))
        .collect();
    if different.is_empty() {
        return Ok(first);
    }
    Err(NoFlag::Ambiguous([vec![first], different].concat()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        let mut seen = HashSet::new();
        for flag in all() {
            let long = Some(flag.long.to_string()).filter(|long| !long.is_empty());
            let short = flag.short.map(|letter| format!("-{letter}"));
            for name in [long, short].into_iter().flatten() {
                assert!(seen.insert(name.clone()), "{name} stands in two rows");
            }
        }
    }

    #[test]
    fn every_option_has_a_name_and_every_value_too() {
        for flag in all() {
            assert!(
                flag.short.is_some() || flag.long.len() > 1,
                "a row without a name: {flag:?}"
            );
            assert_ne!(
                flag.value(),
                Some(""),
                "{} does not name its value",
                flag.name()
            );
        }
    }

    #[test]
    fn the_words_of_a_value_are_taken_and_no_others() {
        for flag in all().filter(|flag| !flag.words.is_empty()) {
            let takes = |word: &str| match flag.effect {
                Effect::Value(_, set) => set(&mut Options::default(), word).is_ok(),
                Effect::Maybe(_, set) => set(&mut Options::default(), Some(word)).is_ok(),
                _ => panic!(
                    "{} has words for a value that it does not look at",
                    flag.name()
                ),
            };
            if matches!(flag.effect, Effect::Unsupported(_)) {
                continue;
            }
            for word in flag.words {
                assert!(takes(word), "{} refuses {word}", flag.name());
                let longer = format!("{word}x");
                assert!(!takes(&longer), "{} takes {longer}", flag.name());
            }
        }
    }

    #[test]
    fn what_help_lists_is_explained() {
        for flag in all() {
            let hidden = flag.section == Section::Hidden;
            assert_eq!(flag.help.is_empty(), hidden, "help of {}", flag.name());
            assert!(
                !flag.help.ends_with('.'),
                "{} is explained with a dot",
                flag.name()
            );
        }
    }

    #[test]
    fn abbreviations_mean_what_they_mean_to_the_reference() {
        let cases = [
            ("l", "? lua-exec listen"),
            ("lis", "listen"),
            ("ve", "? version verbose"),
            ("v", "? vsock verbose"),
            ("d", "? delay deny denyfile"),
            ("den", "deny"),
            ("a", "? append-output allow allowfile"),
            ("al", "allow"),
            ("p", "proxy"),
            ("proxy-", "proxy-type"),
            ("proxy", "proxy"),
            ("proxy-t", "proxy-type"),
            ("proxy-a", "proxy-auth"),
            ("proxy-au", "proxy-auth"),
            ("proxy-d", "proxy-dns"),
            ("ssl", "ssl"),
            ("ssl-", "? ssl-cert ssl-verify"),
            ("ssl-t", "ssl-trustfile"),
            ("so", "? source-port source"),
            ("source", "source"),
            ("t", "? talk telnet"),
            ("ta", "talk"),
            ("lua-", "lua-exec"),
            ("lua-exec-", "lua-exec-internal"),
            ("n", "? no-shutdown nodns nsock-engine"),
            ("4", "4"),
            ("g", "g"),
            ("C", "!"),
            ("bogus", "!"),
            ("versions", "!"),
        ];
        for (name, wanted) in cases {
            assert_eq!(meaning(name), wanted, "--{name}");
        }
    }

    #[test]
    fn options_of_our_own_change_no_abbreviation() {
        let cases = [
            ("max", "max-conns"),
            ("m", "max-conns"),
            ("max-q", "max-queue"),
            ("b", "broker"),
            ("br", "broker"),
            ("bro", "broker"),
            ("mu", "? multicast-join multicast-ttl multicast-loop"),
            ("k", "keep-open"),
            ("kee", "keep-open"),
            ("keepa", "keepalive"),
            ("re", "recv-only"),
            ("recv-b", "recv-buffer"),
            ("send", "send-only"),
            ("send-b", "send-buffer"),
            ("to", "tos"),
            ("tt", "ttl"),
            ("h", "? help hex-dump"),
            ("ha", "? half-close handshake-timeout"),
            ("hal", "half-close"),
            ("han", "handshake-timeout"),
            ("lis", "listen"),
            ("listen-", "listen-fds"),
            ("r", "recv-only"),
            ("rea", "ready-fd"),
            ("da", "datagram-size"),
            ("pro", "proxy"),
            ("prog", "progress"),
            ("si", "size"),
            ("ra", "rate-limit"),
            ("ch", "chat"),
            ("che", "checksum"),
            ("st", "stall-timeout"),
            ("ssl", "ssl"),
            ("ssl-", "? ssl-cert ssl-verify"),
            ("ssl-m", "? ssl-min-version ssl-max-version"),
            ("ssl-mi", "ssl-min-version"),
            ("ssl-p", "ssl-pin"),
            ("p", "proxy"),
            ("proxy-", "proxy-type"),
            ("proxy-a", "proxy-auth"),
            ("proxy-al", "proxy-allow"),
            ("proxy-d", "proxy-dns"),
            ("proxy-de", "proxy-deny"),
            ("proxy-s", "? proxy-ssl-verify proxy-ssl-trustfile"),
            ("proxy-ssl-t", "proxy-ssl-trustfile"),
            ("g", "g"),
            ("ge", "generate"),
        ];
        for (name, wanted) in cases {
            assert_eq!(meaning(name), wanted, "--{name}");
        }
    }

    fn meaning(name: &str) -> String {
        match by_long(name) {
            Ok(flag) => flag.long.into(),
            Err(NoFlag::Unknown) => "!".into(),
            Err(NoFlag::Ambiguous(flags)) => flags
                .iter()
                .fold("?".into(), |text, flag| format!("{text} {}", flag.long)),
        }
    }
}
