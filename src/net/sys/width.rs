//! Pipes made larger when bulk goes through them: fewer and larger turns on both sides.

use std::os::fd::BorrowedFd;

use rustix::pipe::fcntl_setpipe_size;

/// How large: the most that the system gives to users without asking, and where measurements stop
/// getting better.
const WIDE: usize = 1 << 20;
/// How much must go at once to count as bulk: half of what a pipe holds unless told otherwise. Pipes
/// are not widened before, for a user's share of pipe memory is limited.
const BULK: usize = 32 * 1024;

/// Whether a pipe has been made larger, or could not be.
#[derive(Debug, Default)]
pub struct Width {
    tried: bool,
}

impl Width {
    /// So much has just gone through the pipe at once.
    pub fn passed(&mut self, n: usize, pipe: BorrowedFd<'_>) {
        if n >= BULK && !std::mem::replace(&mut self.tried, true) {
            let _ = fcntl_setpipe_size(pipe, WIDE); // over the user's share the small one stays
        }
    }
}
