//! The two ends of byte streams that a test holds: where it puts bytes in, and where it takes them
//! out.
//!
//! Both remember everything that went through them, so that a test can compare at any time. They
//! never block, whatever they are made of.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read, write};
use rustix::net::{Shutdown, shutdown};

use super::Deadline;

/// What carries the bytes; it decides how an end of file looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    Pipe,
    Terminal,
    Socket,
    /// A connected datagram socket: what is lined up at once is one message, an empty one adds nothing
    /// to what came, and none is an end.
    Messages,
}

/// Whether the end of what we write has been asked for, and said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    No,
    Wanted,
    Said,
}

/// The character that ends the input of a terminal at the start of a line.
const CTRL_D: u8 = 4;

/// Our own end of a pipe, terminal or socket; the description is ours alone, so its flags are too.
fn without_blocking(fd: &OwnedFd) {
    let flags = fcntl_getfl(fd).expect("an open descriptor has flags");
    fcntl_setfl(fd, flags | OFlags::NONBLOCK).expect("an open descriptor takes O_NONBLOCK");
}

/// Where a test puts bytes in: stdin of a program, or its own end of a connection.
#[derive(Debug)]
pub(crate) struct Feeder {
    fd: Option<OwnedFd>,
    medium: Medium,
    queue: Vec<u8>,
    taken: usize,
    finish: Finish,
    /// Why nothing can be put in any more, if that was not our own decision.
    pub(crate) broken: Option<Errno>,
}

impl Feeder {
    pub(crate) fn new(fd: OwnedFd, medium: Medium) -> Self {
        without_blocking(&fd);
        Self {
            fd: Some(fd),
            medium,
            ..Self::none()
        }
    }

    /// For a stdin that is not in our hands.
    pub(crate) fn none() -> Self {
        Self {
            fd: None,
            medium: Medium::Pipe,
            queue: Vec::new(),
            taken: 0,
            finish: Finish::No,
            broken: None,
        }
    }

    /// Lines up `data`; it goes out as the scene turns.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.queue.extend_from_slice(data);
    }

    /// Ends the stream once everything lined up is taken.
    pub(crate) fn finish(&mut self) {
        if self.finish == Finish::No {
            self.finish = Finish::Wanted;
        }
        self.finish_if_empty();
    }

    /// Everything that was taken from us so far.
    pub(crate) fn fed(&self) -> &[u8] {
        &self.queue[..self.taken]
    }

    /// Everything that was lined up so far.
    pub(crate) fn pushed(&self) -> &[u8] {
        &self.queue
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.queue.len()
    }

    /// Nothing left to put in, and the end said if that was asked for; or nobody is there any more.
    pub(crate) fn is_done(&self) -> bool {
        self.broken.is_some() || self.is_empty() && self.finish != Finish::Wanted
    }

    /// Lets go of the descriptor without saying anything.
    pub(crate) fn drop_end(&mut self) {
        self.fd = None;
    }

    pub(super) fn wait(&self) -> Option<PollFd<'_>> {
        let fd = self.fd.as_ref().filter(|_| !self.is_done())?;
        Some(PollFd::new(fd, PollFlags::OUT))
    }

    /// Puts in what goes in without waiting; true when anything did.
    pub(super) fn turn(&mut self) -> bool {
        let before = self.taken;
        while !self.is_empty() && self.broken.is_none() {
            let Some(fd) = &self.fd else { break };
            match write(fd, &self.queue[self.taken..]) {
                Ok(taken) => self.taken += taken,
                Err(Errno::AGAIN) if self.hung_up() => self.broken = Some(Errno::IO),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(error) => self.broken = Some(error),
            }
        }
        self.finish_if_empty();
        self.taken > before
    }

    /// A terminal that nobody has open any more is full for ever without being broken.
    fn hung_up(&self) -> bool {
        let Some(fd) = self.fd.as_ref().filter(|_| self.medium == Medium::Terminal) else {
            return false;
        };
        let mut fds = [PollFd::new(fd, PollFlags::OUT)];
        let now = Deadline::after(Duration::ZERO).poll(&mut fds);
        now == Ok(true) && fds[0].revents().contains(PollFlags::HUP)
    }

    fn finish_if_empty(&mut self) {
        if self.finish != Finish::Wanted || !self.is_empty() {
            return;
        }
        self.finish = Finish::Said;
        let Some(fd) = self.fd.take() else { return };
        match self.medium {
            Medium::Terminal => {
                // It may have no room for the character yet; then this is tried again.
                let full = write(&fd, &[CTRL_D]) == Err(Errno::AGAIN);
                // The terminal stays open: closing it would be a hang-up, not an end of input.
                self.fd = Some(fd);
                if full && self.hung_up() {
                    self.broken = Some(Errno::IO);
                } else if full {
                    self.finish = Finish::Wanted;
                }
            }
            Medium::Messages => self.fd = Some(fd),
            Medium::Socket => {
                // The peer may have gone; then there is nobody to tell.
                let _ = shutdown(&fd, Shutdown::Write);
            }
            Medium::Pipe => drop(fd),
        }
    }

    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }
}

/// How a stream that we read from came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Eof,
    Broken(Errno),
}

/// Where a test takes bytes out: stdout or stderr of a program, or its own end of a connection.
#[derive(Debug)]
pub(crate) struct Catcher {
    fd: Option<OwnedFd>,
    medium: Medium,
    /// Everything that came.
    pub(crate) got: Vec<u8>,
    /// Set once nothing more can come.
    pub(crate) end: Option<Ending>,
    /// While true nothing is read: the writer at the other side meets back-pressure.
    pub(crate) paused: bool,
}

impl Catcher {
    pub(crate) fn new(fd: OwnedFd, medium: Medium) -> Self {
        without_blocking(&fd);
        Self {
            fd: Some(fd),
            medium,
            got: Vec::new(),
            end: None,
            paused: false,
        }
    }

    /// For a stdout that is not in our hands.
    pub(crate) fn none() -> Self {
        Self {
            fd: None,
            medium: Medium::Pipe,
            got: Vec::new(),
            end: Some(Ending::Eof),
            paused: false,
        }
    }

    pub(crate) fn ended(&self) -> bool {
        self.end.is_some()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.got).into_owned()
    }

    /// Lets go of the descriptor: a writer at the other side gets EPIPE or a reset.
    pub(crate) fn drop_end(&mut self) {
        self.fd = None;
        self.end = Some(Ending::Eof);
    }

    pub(super) fn wait(&self) -> Option<PollFd<'_>> {
        let fd = self
            .fd
            .as_ref()
            .filter(|_| !self.paused && self.end.is_none())?;
        Some(PollFd::new(fd, PollFlags::IN))
    }

    /// Takes what can be taken without waiting; true when anything came, the end included.
    pub(super) fn turn(&mut self) -> bool {
        let mut moved = false;
        let mut piece = [0; 65536];
        // Not without end, for a writer may be faster than we are and the others have their turn
        // too.
        for _ in 0..16 {
            if self.paused || self.end.is_some() {
                break;
            }
            let Some(fd) = &self.fd else { break };
            match read(fd, &mut piece) {
                Ok(0) if self.medium == Medium::Messages => {}
                Ok(0) => self.end = Some(Ending::Eof),
                Ok(n) => self.got.extend_from_slice(&piece[..n]),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                // The other side of a terminal has been closed by everybody who had it.
                Err(Errno::IO) if self.medium == Medium::Terminal => self.end = Some(Ending::Eof),
                Err(error) => self.end = Some(Ending::Broken(error)),
            }
            moved = true;
        }
        moved
    }

    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }
}
