//! Lists of host specifications: on the command line with commas between them, and in files.

use std::path::{Path, PathBuf};

use super::spec::is_blank;
use super::{Access, Hosts, Lists, Source};

/// What the command line says of both lists, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// Who is allowed. If anything stands here, nobody else is.
    pub allow: Vec<Entry>,
    /// Who is denied.
    pub deny: Vec<Entry>,
}

/// One option's worth of specifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// With commas between them.
    Words(String),
    /// In this file, with white space between them.
    File(PathBuf),
}

/// A list that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// In a specification on the command line.
    Word {
        /// What was given.
        spec: String,
        /// A sentence on what is wrong with it.
        why: String,
    },
    /// In a specification that stands in a file.
    Line {
        /// The file.
        path: PathBuf,
        /// A sentence on what is wrong in it.
        why: String,
    },
    /// A file that cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason, which is no sentence.
        why: String,
    },
}

/// A specification in a file is shorter than that.
const TOO_LONG: usize = 1023;
/// How much is shown of one that is not.
const SHOWN: usize = 11;

impl Entries {
    /// Whether there are files, which may change.
    pub fn has_files(&self) -> bool {
        let mut all = self.allow.iter().chain(&self.deny);
        all.any(|entry| matches!(entry, Entry::File(_)))
    }

    /// Reads everything.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(&self, source: &mut dyn Source) -> Result<Access, Mistake> {
        let mut access = Access {
            only_allowed: !self.allow.is_empty(),
            ..Access::default()
        };
        let Access { given, filed, .. } = &mut access;
        for entry in &self.allow {
            entry.read(&mut given.allow, &mut filed.allow, source)?;
        }
        for entry in &self.deny {
            entry.read(&mut given.deny, &mut filed.deny, source)?;
        }
        Ok(access)
    }

    /// Reads the files alone.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read_files(&self, source: &mut dyn Source) -> Result<Lists, Mistake> {
        let mut lists = Lists::default();
        let both = [
            (&self.allow, &mut lists.allow),
            (&self.deny, &mut lists.deny),
        ];
        for (entries, hosts) in both {
            for entry in entries {
                if let Entry::File(path) = entry {
                    read_file(hosts, path, source)?;
                }
            }
        }
        Ok(lists)
    }
}

impl Entry {
    fn read(
        &self,
        given: &mut Hosts,
        filed: &mut Hosts,
        source: &mut dyn Source,
    ) -> Result<(), Mistake> {
        match self {
            Self::Words(words) => read_words(given, words, source),
            Self::File(path) => read_file(filed, path, source),
        }
    }
}

impl Mistake {
    /// The sentences about it, in the words that users and scripts know.
    pub fn sentences(&self) -> Vec<String> {
        match self {
            Self::Word { spec, why } => {
                let what = format!("error in host specification \"{spec}\".");
                vec![why.clone(), what]
            }
            Self::Line { path, why } => {
                let what = format!("error in hosts file {}.", path.display());
                vec![why.clone(), what]
            }
            Self::Unreadable { path, why } => {
                vec![format!("can't open {}: {why}.", path.display())]
            }
        }
    }
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
        add_line(hosts, spec, source).map_err(|why| Mistake::Line {
            path: path.into(),
            why,
        })?;
    }
    Ok(())
}

fn add_line(hosts: &mut Hosts, spec: &[u8], source: &mut dyn Source) -> Result<(), String> {
    if spec.len() >= TOO_LONG {
        let start = String::from_utf8_lossy(&spec[..SHOWN]);
        return Err(format!(
            "Host specification starting with \"{start}\" is too long."
        ));
    }
    hosts.add(&String::from_utf8_lossy(spec), source)
}
