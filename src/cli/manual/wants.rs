//! What a shell can offer behind an option.

use super::topics::listed;
use crate::cli::flags::{Effect, Flag};

/// What is to be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// It takes no value.
    Nothing,
    /// The name of a file.
    File,
    /// The name of a program, as shells know it.
    Command,
    /// One of these.
    Words(&'static [&'static str]),
    /// What only the user knows.
    Anything,
}

/// What is to be completed behind that option.
pub(super) fn wants(flag: &Flag) -> Wants {
    match flag.value() {
        // It may be left out, and then the next word is no value.
        Some(_) if matches!(flag.effect, Effect::Maybe(..)) => Wants::Nothing,
        None => Wants::Nothing,
        Some(_) if !flag.words.is_empty() => Wants::Words(flag.words),
        Some("command") if flag.long == "sh-exec" => Wants::Command,
        Some("file" | "command") => Wants::File, // programs are not looked for in PATH without a shell
        Some(_) => Wants::Anything,
    }
}

/// How an option may be typed: `-o`, `--output`. A long name of one letter is there for the reference's sake.
pub(super) fn names(flag: &Flag) -> Vec<String> {
    let short = flag.short.map(|letter| format!("-{letter}"));
    short.into_iter().chain(long(flag)).collect()
}

/// Its long name with the dashes, if it has one.
pub(super) fn long(flag: &Flag) -> Option<String> {
    (flag.long.len() > 1).then(|| format!("--{}", flag.long))
}

/// What is worth offering: all that this build does.
pub(super) fn offered() -> impl Iterator<Item = &'static Flag> {
    listed().filter(|flag| !matches!(flag.effect, Effect::Unsupported(_)))
}

/// The letters of those that take a value, or of the others.
pub(super) fn letters(valued: bool) -> String {
    let flags = offered().filter(|flag| flag.value().is_some() == valued);
    flags.filter_map(|flag| flag.short).collect()
}
