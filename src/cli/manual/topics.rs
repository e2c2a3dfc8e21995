//! What there is to know about each option, by topic.
//!
//! Each topic is a file: its title behind `#`, and below each `##` the name of an option and the text about it.
//! Promise: every option that `--help` lists is explained once, and nothing else is (see the tests).

use super::text::{self, Block};
use crate::cli::flags::{self, Flag, Section};

/// The topics, in the order in which the manual has them.
const FILES: &[&str] = &[
    include_str!("options/modes.md"),
    include_str!("options/addresses.md"),
    include_str!("options/transfer.md"),
    include_str!("options/long.md"),
    include_str!("options/times.md"),
    include_str!("options/programs.md"),
    include_str!("options/access.md"),
    include_str!("options/tls.md"),
    include_str!("options/proxy.md"),
    include_str!("options/sockets.md"),
    include_str!("options/services.md"),
    include_str!("options/logs.md"),
    include_str!("options/general.md"),
];

/// Options that belong together.
pub(super) struct Topic {
    pub(super) title: &'static str,
    /// What is to be said before any of them.
    pub(super) preface: Vec<Block<'static>>,
    pub(super) entries: Vec<Entry>,
}

/// An option and what there is to know about it.
pub(super) struct Entry {
    /// How it is called in sentences.
    name: &'static str,
    pub(super) blocks: Vec<Block<'static>>,
}

impl Entry {
    /// The option, if there is one of that name.
    pub(super) fn flag(&self) -> Option<&'static Flag> {
        listed().find(|flag| flag.name() == self.name)
    }
}

/// What is worth explaining.
pub(super) fn listed() -> impl Iterator<Item = &'static Flag> {
    flags::all().filter(|flag| flag.section != Section::Hidden)
}

/// All topics.
pub(super) fn all() -> impl Iterator<Item = Topic> {
    FILES.iter().copied().map(topic)
}

fn topic(file: &'static str) -> Topic {
    let mut topic = Topic {
        title: "",
        preface: Vec::new(),
        entries: Vec::new(),
    };
    for block in text::blocks(file) {
        match (block, topic.entries.last_mut()) {
            (Block::Section(title), _) => topic.title = title,
            (Block::Subsection(name), _) => topic.entries.push(Entry {
                name,
                blocks: Vec::new(),
            }),
            (block, Some(entry)) => entry.blocks.push(block),
            (block, None) => topic.preface.push(block),
        }
    }
    topic
}

#[cfg(test)]
mod tests {
    use super::super::page::FRAME;
    use super::*;

    #[test]
    fn every_option_that_is_not_hidden_is_explained_once() {
        let names: Vec<&str> = all()
            .flat_map(|topic| topic.entries)
            .map(|entry| entry.name)
            .collect();
        let times = |name: &str| names.iter().filter(|known| **known == name).count();
        let wrong: Vec<_> = listed()
            .map(|flag| (flag.name(), times(&flag.name())))
            .filter(|(_, times)| *times != 1)
            .collect();
        assert!(
            wrong.is_empty(),
            "how often `## ` and these stand in the files of src/cli/manual/options: {wrong:?}"
        );
    }

    #[test]
    fn every_explanation_has_an_option_and_a_text() {
        for topic in all() {
            assert!(!topic.title.is_empty(), "a topic has no title");
            for entry in topic.entries {
                let name = entry.name;
                assert!(entry.flag().is_some(), "{name} is explained, but no option");
                let first = entry.blocks.first();
                assert!(
                    matches!(first, Some(Block::Paragraph(_))),
                    "the explanation of {name} begins with {first:?}"
                );
            }
        }
    }

    #[test]
    fn what_an_explanation_names_is_an_option() {
        let known: Vec<String> = flags::all()
            .flat_map(|flag| [format!("--{}", flag.long), flag.name()])
            .collect();
        for file in FILES.iter().copied().chain([FRAME]) {
            let code = file.split('`').skip(1).step_by(2);
            for word in code.flat_map(str::split_whitespace) {
                let name = word.split('=').next().unwrap_or_default();
                let is_long = name.starts_with("--") && name.len() > 2;
                assert!(
                    !is_long || known.iter().any(|known| known == name),
                    "{name} is named in an explanation, but is no option"
                );
            }
        }
    }
}
