//! Where a scene is played twice, and what is written down of it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::common::scene::Outcome;
use crate::common::{Deadline, In, Place, Program, Scene, Told, directory, proc_net};

/// A place to play a scene with one of the two programs.
pub(crate) struct Lab {
    make: fn(&[String]) -> Program,
    dir: TempDir,
}

impl Lab {
    pub(crate) fn new(make: fn(&[String]) -> Program) -> Told<Self> {
        Ok(Self {
            make,
            dir: directory()?,
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn socket(&self) -> Place {
        Place::Unix(self.path("socket"))
    }

    /// The program with these words.
    pub(crate) fn program(&self, words: &[String]) -> Program {
        (self.make)(words)
    }

    /// The program with these words, started, its stdin a pipe.
    pub(crate) fn run(&self, options: &[&str], place: &[String]) -> Told<Scene> {
        let options = options.iter().map(|&word| word.to_owned());
        let words: Vec<String> = options.chain(place.iter().cloned()).collect();
        Scene::of(self.program(&words).with_usual_signals().stdin(In::Pipe))
    }

    /// The program connected to a plain peer.
    pub(crate) fn client(&self, options: &[&str], place: &Place) -> Told<Scene> {
        let door = place.open()?;
        let mut scene = self.run(options, &door.place.words())?;
        scene.admit(&door)?;
        Ok(scene)
    }

    /// The program listening, and where.
    pub(crate) fn server(&self, options: &[&str], place: &Place) -> Told<(Scene, Place)> {
        let options: Vec<&str> = ["-l"].iter().chain(options).copied().collect();
        let mut scene = self.run(&options, &place.words())?;
        let deadline = Deadline::after(scene.patience);
        let place = match place {
            Place::Tcp(at) => {
                let mut at = *at;
                at.set_port(proc_net::tcp_port_of(&mut scene.program, deadline)?);
                Place::Tcp(at)
            }
            Place::Unix(path) => {
                proc_net::unix_path_of(&mut scene.program, &path.display().to_string(), deadline)?;
                place.clone()
            }
        };
        Ok((scene, place))
    }

    /// The program listening, with a plain peer connected to it.
    pub(crate) fn served(&self, options: &[&str], place: &Place) -> Told<Scene> {
        let (mut scene, place) = self.server(options, place)?;
        scene.enter(&place)?;
        Ok(scene)
    }

    /// What a file of this lab holds.
    pub(crate) fn file(&self, name: &str) -> Told<Vec<u8>> {
        fs::read(self.path(name)).map_err(|e| format!("cannot read {name}: {e}"))
    }

    /// Everything that can be compared of a program that has ended.
    pub(crate) fn record(&self, outcome: Outcome, wire: &[u8]) -> Record {
        Record {
            status: outcome.code,
            stdout: outcome.stdout,
            stderr: outcome
                .stderr
                .lines()
                .filter_map(|line| masked(line, self.dir.path()))
                .collect(),
            wire: wire.to_vec(),
            files: Vec::new(),
        }
    }
}

/// What a program did in a scene.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    /// Line by line, without what differs from run to run.
    pub(crate) stderr: Vec<String>,
    /// What its peers got.
    pub(crate) wire: Vec<u8>,
    /// What its logs hold.
    pub(crate) files: Vec<u8>,
}

/// What two records may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Status,
    Stdout,
    Stderr,
    Wire,
    Files,
}

/// Something in which we are not the same on purpose, and why.
pub(crate) type Difference = (Field, &'static str);

impl Record {
    fn show(&self, field: Field) -> String {
        match field {
            Field::Status => self.status.to_string(),
            Field::Stdout => self.stdout.escape_ascii().to_string(),
            Field::Stderr => format!("{:#?}", self.stderr),
            Field::Wire => self.wire.escape_ascii().to_string(),
            Field::Files => self.files.escape_ascii().to_string(),
        }
    }

    /// Says in what `self`, which is ours, differs from `theirs` without a reason.
    pub(crate) fn compare(&self, theirs: &Self, differences: &[Difference]) -> Told {
        let mut wrong = Vec::new();
        for field in [
            Field::Status,
            Field::Stdout,
            Field::Stderr,
            Field::Wire,
            Field::Files,
        ] {
            let (ours, theirs) = (self.show(field), theirs.show(field));
            match differences.iter().find(|(named, _)| *named == field) {
                None if ours != theirs => {
                    wrong.push(format!("{field:?} is {ours} and theirs is {theirs}"))
                }
                Some((_, why)) if ours == theirs => {
                    wrong.push(format!(
                        "{field:?} is {ours} like theirs, though it was to differ: {why}"
                    ));
                }
                None | Some(_) => {}
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("; "))
        }
    }
}

/// A line of stderr without what is different in every run and in every version.
fn masked(line: &str, dir: &Path) -> Option<String> {
    // 7.93 says each connection twice, the first time without its port, as newer ones do not.
    if let Some(from) = line.strip_prefix("Ncat: Connection from ")
        && (from == "a client on Unix domain socket." || !from.contains(':'))
    {
        return None;
    }
    if line.starts_with("Ncat: Version ") {
        return Some("Ncat: Version".into());
    }
    let line = line.replace(&dir.display().to_string(), "DIR");
    let line = match line.split_once(" received in ") {
        Some((bytes, _)) => format!("{bytes} received in T seconds."),
        None => line,
    };
    Some(without_port(&line))
}

/// `127.0.0.1:4321` becomes `127.0.0.1:PORT`, and so does the 0 that 7.93 prints for a port it did
/// not choose.
fn without_port(line: &str) -> String {
    let mut pieces = line.split(':');
    let mut masked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        // Four digits are a port of the kernel's choice; fewer may be part of an IPv6 address.
        let rest = if digits >= 4 || piece == "0" {
            &piece[digits..]
        } else {
            piece
        };
        masked += if rest == piece { ":" } else { ":PORT" };
        masked += rest;
    }
    masked
}
