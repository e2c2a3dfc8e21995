//! Lists of host specifications: on the command line with commas between them, and in files.

use std::path::{Path, PathBuf};

use super::spec::is_blank;
use super::{Hosts, Source};

/// One option's worth of specifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// With commas between them.
    Words(String),
    /// In this file, with white space between them.
    File(PathBuf),
}

/// A list that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A specification on the command line.
    Word {
        /// What was given.
        spec: String,
        /// A sentence on what is wrong with it.
        why: String,
    },
    /// A specification in a file.
    Entry {
        /// The file.
        path: PathBuf,
        /// A sentence on what is wrong in it.
        why: String,
    },
    /// A file that cannot be read, and why.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason, which is no sentence.
        why: String,
    },
}

/// A specification in a file is shorter than that; so somebody who names the wrong file is told so
/// before a name server hears what it holds.
const TOO_LONG: usize = 1023;
/// How much of one that is longer is shown.
const SHOWN: usize = 11;

impl Mistake {
    /// The sentences about it, in the words that users and scripts know.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Word { spec, why } => {
                let what = format!("error in host specification \"{spec}\".");
                vec![why.clone(), what]
            }
            Self::Entry { path, why } => {
                let what = format!("error in hosts file {}.", path.display());
                vec![why.clone(), what]
            }
            Self::Unreadable { path, why } => {
                vec![format!("can't open {}: {why}.", path.display())]
            }
        }
    }
}

/// Reads lists into one set.
///
/// # Errors
/// The first mistake.
pub fn read<'a>(
    lists: impl IntoIterator<Item = &'a Entries>,
    source: &mut dyn Source,
) -> Result<Hosts, Mistake> {
    let mut hosts = Hosts::default();
    for entries in lists {
        match entries {
            Entries::Words(words) => read_words(&mut hosts, words, source)?,
            Entries::File(path) => read_file(&mut hosts, path, source)?,
        }
    }
    Ok(hosts)
}

/// Nothing between commas is nothing: `--allow ""` is a list without anybody.
fn read_words(hosts: &mut Hosts, words: &str, source: &mut dyn Source) -> Result<(), Mistake> {
    for spec in words.split(',').filter(|spec| !spec.is_empty()) {
        hosts.add(spec, source).map_err(|why| Mistake::Word {
            spec: spec.into(),
            why,
        })?;
    }
    Ok(())
}

fn read_file(hosts: &mut Hosts, path: &Path, source: &mut dyn Source) -> Result<(), Mistake> {
    let text = source.file(path).map_err(|why| Mistake::Unreadable {
        path: path.into(),
        why,
    })?;
    let specs = text.split(|&c| is_blank(c.into()));
    for spec in specs.filter(|spec| !spec.is_empty()) {
        add_entry(hosts, spec, source).map_err(|why| Mistake::Entry {
            path: path.into(),
            why,
        })?;
    }
    Ok(())
}

fn add_entry(hosts: &mut Hosts, spec: &[u8], source: &mut dyn Source) -> Result<(), String> {
    if spec.len() >= TOO_LONG {
        let start = String::from_utf8_lossy(&spec[..SHOWN]);
        return Err(format!(
            "Host specification starting with \"{start}\" is too long."
        ));
    }
    hosts.add(&String::from_utf8_lossy(spec), source)
}
