//! How lines look: for people or for machines, with or without the time, with or without colour.
//!
//! Colour is in the program's name in front of a line only, so that words can be searched for.

use std::env;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::time::SystemTime;

use super::json::Object;
use super::stamp::stamp;
use super::{Fact, Level};

/// What stands in front of a sentence.
const NAME: &str = "Ncat: ";
const DEBUG_NAME: &str = "NCAT DEBUG: ";

const RED: &str = "\x1b[31m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// When the name in front of a line has a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// When stderr is a terminal that can show it, and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Each line is an object of JSON.
    pub json: bool,
    /// The time stands in front of each line. It is in every object anyway.
    pub stamps: bool,
    /// Errors and warnings can be told from other lines by a colour.
    pub colourful: bool,
    /// A person is there to read what helps. Scripts find the lines that they know, and no others.
    pub hints: bool,
}

static MANNER: OnceLock<Manner> = OnceLock::new();

/// From here on all lines look like that. Only the first call counts.
pub fn speak(json: bool, stamps: bool, colour: Colour) {
    let colourful = !json && colour.holds();
    let _ = MANNER.set(Manner {
        json,
        stamps,
        colourful,
        hints: io::stderr().is_terminal(),
    });
}

/// How lines look now.
pub(super) fn now() -> Manner {
    MANNER.get().copied().unwrap_or_default()
}

impl Colour {
    fn holds(self) -> bool {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                let capable = set("TERM").is_some_and(|term| term != "dumb");
                capable && set("NO_COLOR").is_none() && io::stderr().is_terminal()
            }
        }
    }
}

impl Manner {
    /// What is printed of an event: a line, and one more for a hint.
    pub(super) fn told(self, level: Level, words: &str, fact: &Fact, at: SystemTime) -> String {
        if self.json {
            return object(level_name(level, fact), words, fact, at);
        }
        let name = match level {
            Level::Debug => DEBUG_NAME,
            Level::Error | Level::Verbose => NAME,
        };
        let colour = self.colour(level, fact);
        let mut text = self.dressed(name, colour, &harmless(words), at);
        if let Some(hint) = fact.hint.as_ref().filter(|_| self.hints) {
            text += &self.dressed(NAME, None, &harmless(hint), at);
        }
        text
    }

    /// What is printed of a line that is finished. What the user typed is shown as it is.
    pub(super) fn line(self, line: &str, fact: &Fact, at: SystemTime) -> String {
        let level = match fact.event {
            "version" | "test" => Level::Verbose,
            _ => Level::Error,
        };
        match (self.json, line.strip_prefix(NAME)) {
            (true, _) => object(level_name(level, fact), bare(line), fact, at),
            (false, Some(words)) => self.dressed(NAME, self.colour(level, fact), words, at),
            (false, None) => self.dressed("", None, line, at),
        }
    }

    fn dressed(self, name: &str, colour: Option<&str>, words: &str, at: SystemTime) -> String {
        let time = match self.stamps {
            true => stamp(at) + " ",
            false => String::new(),
        };
        match colour {
            Some(colour) => format!("{time}{colour}{}{PLAIN} {words}\n", name.trim_end()),
            None => format!("{time}{name}{words}\n"),
        }
    }

    fn colour(self, level: Level, fact: &Fact) -> Option<&'static str> {
        let colour = match fact.event {
            "warning" => YELLOW,
            _ => RED,
        };
        (self.colourful && level == Level::Error).then_some(colour)
    }
}

/// A finished line without the name in front.
pub(super) fn bare(line: &str) -> &str {
    let names = [NAME, "NCAT TEST: "];
    let bare = names.iter().find_map(|name| line.strip_prefix(name));
    bare.unwrap_or(line)
}

fn level_name(level: Level, fact: &Fact) -> &'static str {
    match level {
        Level::Error if fact.event == "warning" => "warning",
        Level::Error => "error",
        Level::Verbose => "info",
        Level::Debug => "debug",
    }
}

fn object(level: &str, words: &str, fact: &Fact, at: SystemTime) -> String {
    let mut object = Object::new()
        .text("time", &stamp(at))
        .text("event", fact.event)
        .text("level", level)
        .text("text", words);
    for (name, value) in &fact.fields {
        object = object.value(name, value);
    }
    if let Some(hint) = &fact.hint {
        object = object.text("hint", hint);
    }
    object.line()
}

/// The same words without control characters: peers have a hand in some, and terminals obey them.
fn harmless(words: &str) -> String {
    let mut harmless = String::with_capacity(words.len());
    for c in words.chars() {
        match c.is_control() {
            true => harmless.extend(c.escape_default()),
            false => harmless.push(c),
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_same_but_for_its_front() {
        let plain = Manner::default();
        let (stamps, colourful) = (true, true);
        let stamped = Manner { stamps, ..plain };
        let coloured = Manner { colourful, ..plain };
        let both = Manner { stamps, ..coloured };
        let (error, warning) = (Fact::new("error"), Fact::new("warning"));
        let message = Fact::new("message");
        let (loud, quiet, debug) = (Level::Error, Level::Verbose, Level::Debug);
        for (manner, level, fact, told) in [
            (plain, loud, &error, "Ncat: It broke.\n"),
            (plain, debug, &message, "NCAT DEBUG: It broke.\n"),
            (coloured, loud, &error, "\x1b[31mNcat:\x1b[0m It broke.\n"),
            (coloured, loud, &warning, "\x1b[33mNcat:\x1b[0m It broke.\n"),
            (coloured, quiet, &message, "Ncat: It broke.\n"),
            (
                stamped,
                quiet,
                &message,
                "1970-01-01T00:00:00.000Z Ncat: It broke.\n",
            ),
            (
                both,
                loud,
                &error,
                "1970-01-01T00:00:00.000Z \x1b[31mNcat:\x1b[0m It broke.\n",
            ),
        ] {
            let said = manner.told(level, "It broke.", fact, SystemTime::UNIX_EPOCH);
            assert_eq!(said, told, "{manner:?}, {level:?}, {fact:?}");
        }
    }

    #[test]
    fn no_control_character_of_a_peer_reaches_a_terminal() {
        let words = "a\x1b[31m\u{9b}b\r\nc\x7f é";
        let fact = Fact::new("message").hint("x\x07");
        let said = Manner {
            hints: true,
            ..Manner::default()
        }
        .told(Level::Verbose, words, &fact, SystemTime::UNIX_EPOCH);
        let wanted = "Ncat: a\\u{1b}[31m\\u{9b}b\\r\\nc\\u{7f} é\nNcat: x\\u{7}\n";
        assert_eq!(said, wanted, "what a terminal gets");
    }
}
