//! The transfer tables: every row, every contestant, in turns.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::{fd::AsRawFd, unix::fs::FileExt},
    path::{Path, PathBuf},
};

use tempfile::{TempDir, tempdir, tempfile_in};

use super::{
    args::Options,
    contestant::Contestant,
    place::Place,
    row::{ROWS, Row, Sink},
    run::{Files, Sample, run},
    score::{self, Score},
    summary::Summary,
};

/// A memory file system, so that no disk is measured.
pub(crate) const MEMORY: &str = "/dev/shm";

/// Bytes of one transfer, unless the command line has its own idea.
pub(crate) const SIZE: u64 = 1 << 30;

/// How much is written and compared at once.
const PIECE: usize = 1 << 20;

/// What all transfers need. Its files have no names: a killed bench leaves no gigabytes behind.
pub(crate) struct Stage {
    source: File,
    size: u64,
    memory: PathBuf,
    sockets: TempDir,
}

/// Measures and prints every wanted row.
pub(crate) fn tables(options: &Options, summary: &mut Summary) -> io::Result<()> {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| options.wants(row.name)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let stage = Stage::set(options.size.unwrap_or(SIZE))?;
    for row in rows {
        let scores = stage.measure(row, &Contestant::ALL, options.runs)?;
        score::print(row, &scores, stage.size);
        score::note(row, &scores, summary);
    }
    Ok(())
}

/// One run of one contestant, for a profiler that follows children.
pub(crate) fn once(options: &Options, row: &str, contestant: &str) -> io::Result<()> {
    once_of(&ROWS, SIZE, options, row, contestant)
}

/// The same of other rows, whose transfers have another size unless the command line says so.
pub(crate) fn once_of(
    rows: &[Row],
    size: u64,
    options: &Options,
    row: &str,
    contestant: &str,
) -> io::Result<()> {
    let row = rows
        .iter()
        .find(|known| known.name == row)
        .ok_or_else(|| io::Error::other(format!("there is no row {row}")))?;
    let who = Contestant::ALL
        .into_iter()
        .find(|known| known.name() == contestant)
        .ok_or_else(|| io::Error::other(format!("there is no contestant {contestant}")))?;
    let sample = Stage::set(options.size.unwrap_or(size))?.measured_run(who, row)?;
    println!(
        "{}, {contestant}: {:.3} s wall, {:.3} s CPU sending, {:.3} s receiving",
        row.title, sample.wall, sample.sending, sample.receiving
    );
    Ok(())
}

impl Stage {
    pub(crate) fn set(size: u64) -> io::Result<Stage> {
        let memory = PathBuf::from(MEMORY);
        let source = tempfile_in(&memory)?;
        fill(&source, size)?;
        Ok(Stage {
            source,
            size,
            memory,
            sockets: tempdir()?,
        })
    }

    /// Where the contestants meet, and find what they need there.
    pub(crate) fn dir(&self) -> &Path {
        self.sockets.path()
    }

    /// One checked run of each, then `runs` rounds in which each has its turn, so that whatever
    /// else the machine does meets all alike. Each round begins with another one.
    pub(crate) fn measure(
        &self,
        row: &Row,
        contestants: &[Contestant],
        runs: usize,
    ) -> io::Result<Vec<Score>> {
        let mut scores: Vec<Score> = contestants
            .iter()
            .map(|who| Score {
                who: *who,
                samples: Vec::new(),
                fault: self.checked_run(*who, row).err(),
            })
            .collect();
        let contestants = scores.len();
        for round in 0..runs {
            eprintln!("{}: round {} of {runs}", row.name, round + 1);
            for turn in 0..contestants {
                let score = &mut scores[(round + turn) % contestants];
                if score.fault.is_some() {
                    continue;
                }
                match self.measured_run(score.who, row) {
                    Ok(sample) => score.samples.push(sample),
                    Err(error) => score.fault = Some(error.to_string()),
                }
            }
        }
        Ok(scores)
    }

    /// Whatever the row's sink, the bytes go to a file here and must be those of the source.
    fn checked_run(&self, who: Contestant, row: &Row) -> Result<(), String> {
        if !who.is_installed() {
            return Err("is not installed".into());
        }
        let check = || -> io::Result<()> {
            let files = self.files(tempfile_in(&self.memory)?)?;
            run(who, row, &self.place(row)?, &files)?;
            self.expect_size(&files.out)?;
            match same_bytes(&self.source, &files.out, self.size)? {
                true => Ok(()),
                false => Err(io::Error::other("changes bytes")),
            }
        };
        check().map_err(|error| error.to_string())
    }

    pub(crate) fn measured_run(&self, who: Contestant, row: &Row) -> io::Result<Sample> {
        let out = match row.sink {
            Sink::File => tempfile_in(&self.memory)?,
            Sink::Null | Sink::Pipe => OpenOptions::new().write(true).open("/dev/null")?,
        };
        let files = self.files(out)?;
        let sample = run(who, row, &self.place(row)?, &files)?;
        if row.sink == Sink::File {
            self.expect_size(&files.out)?;
        }
        Ok(sample)
    }

    fn files(&self, out: File) -> io::Result<Files> {
        // Opened anew, not cloned: every run reads from an offset of its own.
        let source = File::open(format!("/proc/self/fd/{}", self.source.as_raw_fd()))?;
        Ok(Files {
            source,
            out,
            size: self.size,
        })
    }

    fn place(&self, row: &Row) -> io::Result<Place> {
        Place::fresh(row.wire, self.sockets.path())
    }

    fn expect_size(&self, out: &File) -> io::Result<()> {
        let arrived = out.metadata()?.len();
        match arrived == self.size {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "{arrived} of {} bytes arrived",
                self.size
            ))),
        }
    }
}

/// Bytes that do not repeat within a file, so that a piece lost, doubled or moved shows.
pub(crate) fn fill(file: &File, size: u64) -> io::Result<()> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut piece = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        for word in piece.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_ne_bytes());
        }
        let n = left.min(PIECE as u64) as usize;
        (&*file).write_all(&piece[..n])?;
        left -= n as u64;
    }
    Ok(())
}

pub(crate) fn same_bytes(one: &File, other: &File, size: u64) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; PIECE], vec![0; PIECE]);
    for at in (0..size).step_by(PIECE) {
        let n = (size - at).min(PIECE as u64) as usize;
        one.read_exact_at(&mut left[..n], at)?;
        other.read_exact_at(&mut right[..n], at)?;
        if left[..n] != right[..n] {
            return Ok(false);
        }
    }
    Ok(true)
}
