//! Where `-o` and `-x` write. A log that is no regular file may have a reader, and a reader may stop:
//! a FIFO, a terminal, the pipe of a shell's `>(...)`.
//!
//! Owns the file, and what its reader has not taken yet. Promise: writing never waits, and what
//! waits here is bounded. A log whose reader lags further behind than that fails, which ends the log
//! and not the conversation.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};

use rustix::fs::OFlags;

use crate::route::Log;

/// How many bytes may wait for the reader of a log: as many as wait for all members of a hub.
const MOST: usize = 16 << 20;

/// A log, and what waits for its reader.
pub(super) struct LogFile {
    file: File,
    waiting: VecDeque<u8>,
}

impl LogFile {
    /// Logs into `file`, which was opened for us alone: that is why its flags may be changed.
    ///
    /// # Errors
    /// Those of fcntl(2).
    pub(super) fn new(file: File) -> io::Result<Self> {
        if !file.metadata()?.is_file() {
            let flags = rustix::fs::fcntl_getfl(&file)?;
            rustix::fs::fcntl_setfl(&file, flags | OFlags::NONBLOCK)?;
        }
        Ok(Self {
            file,
            waiting: VecDeque::new(),
        })
    }
}

impl Log for LogFile {
    fn note(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.settle()?;
        while self.waiting.is_empty() && !bytes.is_empty() {
            match write(&mut self.file, bytes)? {
                0 => break,
                n => bytes = &bytes[n..],
            }
        }
        if self.waiting.len() + bytes.len() > MOST {
            return Err(io::Error::other("its reader is too slow"));
        }
        self.waiting.extend(bytes);
        Ok(())
    }

    fn settle(&mut self) -> io::Result<bool> {
        while !self.waiting.is_empty() {
            match write(&mut self.file, self.waiting.as_slices().0)? {
                0 => return Ok(false),
                n => drop(self.waiting.drain(..n)),
            }
        }
        Ok(true)
    }
}

/// Writes once; 0 when the reader takes nothing now.
fn write(file: &mut File, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match file.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            result => return result,
        }
    }
}
