//! A log that is no regular file may have a reader, and a reader may stop: a FIFO, a terminal, the
//! pipe of a shell's `>(...)`.
//!
//! Owns the file and a thread that waits in our place; the thread exists only with such a log.
//! Promise: writing never waits, and what waits here is bounded. A log whose reader lags further
//! behind than that fails, which ends the log and not the conversation.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::route::Log;

/// How many bytes may wait for the reader of a log: as many as wait for all members of a hub.
const MOST: usize = 16 << 20;

/// A regular file, which never makes anybody wait.
pub(super) struct Plain(pub File);

impl Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log for Plain {}

/// Anything else.
pub(super) struct Relay {
    chunks: Sender<Vec<u8>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes that have been noted and not written.
    waiting: usize,
    /// Why nothing can be written any more.
    failure: Option<io::Error>,
}

impl Relay {
    /// Passes on to `file`.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let (chunks, coming) = channel();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        thread::Builder::new().spawn(move || write_all(file, &coming, &theirs))?;
        Ok(Self { chunks, shared })
    }
}

impl Write for Relay {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shared.take(bytes.len())?;
        let sent = self.chunks.send(bytes.to_vec());
        sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log for Relay {
    fn wait(&mut self, patience: Duration) -> bool {
        let state = self.shared.state.lock();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let unwritten = |state: &mut State| state.waiting > 0 && state.failure.is_none();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, patience, unwritten);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !unwritten(&mut state)
    }
}

impl Shared {
    /// Makes room for that many bytes more.
    fn take(&self, n: usize) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        if state.waiting + n > MOST {
            return Err(io::Error::other("its reader is too slow"));
        }
        state.waiting += n;
        Ok(())
    }

    fn wrote(&self, n: usize, result: io::Result<()>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting -= n;
        state.failure = result.err();
        self.changed.notify_all();
        state.failure.is_none()
    }
}

fn write_all(mut file: File, coming: &Receiver<Vec<u8>>, shared: &Shared) {
    for chunk in coming {
        let result = file.write_all(&chunk);
        if !shared.wrote(chunk.len(), result) {
            return;
        }
    }
}
