//! Our own stdin and stdout, whatever they are.
//!
//! Promise: the flags of a descriptor that others share are never changed. A pipe or terminal is
//! opened again for us alone where the system can do that; a socket is told not to wait call by
//! call; what is left is asked before each call whether it would wait.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, SeekFrom, Stat};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use super::sys::{self, Width};

/// What kind of thing a descriptor is, as far as moving bytes is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file or a block device: has an end, and is always ready.
    File,
    /// A pipe or FIFO.
    Pipe,
    /// A terminal.
    Terminal,
    /// A socket.
    Socket,
    /// Any other device.
    Device,
}

/// How the descriptor is kept from stopping the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// It never waits, or the system cannot say whether it would: files, /dev/null.
    Always,
    /// It is ours alone and non-blocking.
    Ours,
    /// A shared socket: every call says that it must not wait.
    PerCall,
    /// Shared and blocking: every call is preceded by the question whether it would wait.
    Asked,
    /// We were started without it: nothing can be written.
    Closed,
}

enum Fd {
    Ours(OwnedFd),
    Shared(BorrowedFd<'static>),
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Ours(fd) => fd.as_fd(),
            Self::Shared(fd) => *fd,
        }
    }
}

/// One of stdin and stdout.
pub struct Half {
    fd: Fd,
    kind: Kind,
    manner: Manner,
    width: Width,
    output: bool,
}

impl Half {
    /// Stdin.
    pub fn input() -> io::Result<Self> {
        Self::open(rustix::stdio::stdin(), false)
    }

    /// Stdout.
    pub fn output() -> io::Result<Self> {
        let mut half = Self::open(rustix::stdio::stdout(), true)?;
        if sys::stdout_was_closed() {
            half.manner = Manner::Closed;
        }
        Ok(half)
    }

    fn open(shared: BorrowedFd<'static>, output: bool) -> io::Result<Self> {
        let stat = rustix::fs::fstat(shared)?;
        let kind = kind(shared, &stat);
        let (fd, manner) = match kind {
            Kind::File => (Fd::Shared(shared), Manner::Always),
            Kind::Socket => (Fd::Shared(shared), Manner::PerCall),
            Kind::Pipe | Kind::Terminal => match open_again(shared, &stat, output) {
                Some(ours) => (Fd::Ours(ours), Manner::Ours),
                None => (Fd::Shared(shared), Manner::Asked),
            },
            Kind::Device => (Fd::Shared(shared), Manner::Asked),
        };
        Ok(Self {
            fd,
            kind,
            manner,
            width: Width::default(),
            output,
        })
    }

    /// What kind of thing it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The loop cannot watch it: it is to be taken as always ready.
    pub fn cannot_be_watched(&mut self) {
        if self.manner == Manner::Asked {
            self.manner = Manner::Always;
        }
    }

    /// Whether the loop should watch it at all.
    pub fn is_watched(&self) -> bool {
        !matches!(self.manner, Manner::Always | Manner::Closed)
    }

    /// Whether the kernel may be asked to move its bytes without waiting.
    pub fn is_raw(&self) -> bool {
        match self.kind {
            Kind::File | Kind::Pipe => true,
            Kind::Device => self.manner == Manner::Always && self.output,
            Kind::Terminal | Kind::Socket => false,
        }
    }

    /// Reads without waiting.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.try_read(into)?;
        self.widen(n);
        Ok(n)
    }

    fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self.manner {
            Manner::PerCall => {
                Ok(rustix::net::recv(&self.fd, into, RecvFlags::DONTWAIT).map(|(n, _)| n)?)
            }
            Manner::Asked => {
                self.ask(PollFlags::IN)?;
                Ok(rustix::io::read(&self.fd, into)?)
            }
            Manner::Always | Manner::Ours => Ok(rustix::io::read(&self.fd, into)?),
            Manner::Closed => Err(Errno::BADF.into()),
        }
    }

    /// Writes without waiting.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.try_write(bytes)?;
        self.widen(n);
        Ok(n)
    }

    fn widen(&mut self, n: usize) {
        if self.kind == Kind::Pipe {
            self.width.passed(n, self.fd.as_fd());
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.manner {
            Manner::PerCall => {
                let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                Ok(rustix::net::send(&self.fd, bytes, flags)?)
            }
            Manner::Asked => {
                self.ask(PollFlags::OUT)?;
                // A ready pipe has promised room for this much and no more.
                Ok(rustix::io::write(
                    &self.fd,
                    &bytes[..bytes.len().min(PIPE_PROMISE)],
                )?)
            }
            Manner::Always | Manner::Ours => Ok(rustix::io::write(&self.fd, bytes)?),
            Manner::Closed => Err(Errno::BADF.into()),
        }
    }

    fn ask(&self, what: PollFlags) -> io::Result<()> {
        match is_ready(self.fd.as_fd(), what) {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Lets go of stdout, so that its reader sees the end. The number stays taken, by /dev/null.
    pub fn close_output(&mut self) -> io::Result<()> {
        let null = rustix::fs::open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        rustix::stdio::dup2_stdout(&null)?;
        self.fd = Fd::Ours(null);
        self.kind = Kind::Device;
        self.manner = Manner::Always;
        Ok(())
    }
}

impl AsFd for Half {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What kind of thing stdin is, without touching it.
pub fn input_kind() -> io::Result<Kind> {
    let stdin = rustix::stdio::stdin();
    Ok(kind(stdin, &rustix::fs::fstat(stdin)?))
}

/// How much is left of stdin, if it has an end. Files that the system makes up as they are read have none
/// that could be told.
pub fn input_size() -> Option<u64> {
    let stdin = rustix::stdio::stdin();
    let stat = rustix::fs::fstat(stdin).ok()?;
    if kind(stdin, &stat) != Kind::File {
        return None;
    }
    let end = match FileType::from_raw_mode(stat.st_mode) {
        FileType::BlockDevice => end_of_device()?,
        _ => stat.st_size.try_into().ok()?,
    };
    let left = end.saturating_sub(rustix::fs::tell(stdin).ok()?);
    Some(left).filter(|_| end > 0)
}

/// Looked for with an offset of our own, for others may share that of stdin.
fn end_of_device() -> Option<u64> {
    let path = "/proc/self/fd/0";
    let device = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    rustix::fs::seek(device, SeekFrom::End(0)).ok()
}

/// What a writable pipe is sure to take without waiting: PIPE_BUF of Linux.
const PIPE_PROMISE: usize = 4096;

/// Whether a call on the descriptor would not wait.
pub fn is_ready(fd: BorrowedFd<'_>, what: PollFlags) -> bool {
    let [ready] = are_ready([(fd, what)]);
    ready
}

/// The same of several descriptors, for the price of one question.
pub fn are_ready<const N: usize>(asked: [(BorrowedFd<'_>, PollFlags); N]) -> [bool; N] {
    let mut fds = asked.map(|(fd, what)| PollFd::from_borrowed_fd(fd, what));
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut fds, Some(&now)) {
        Ok(_) => fds.map(|fd| !fd.revents().is_empty()),
        // A failing poll says nothing, and the call itself will say more.
        Err(_) => [true; N],
    }
}

fn kind(fd: BorrowedFd<'_>, stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile | FileType::BlockDevice | FileType::Directory => Kind::File,
        FileType::Fifo => Kind::Pipe,
        FileType::Socket => Kind::Socket,
        _ if rustix::termios::isatty(fd) => Kind::Terminal,
        _ => Kind::Device,
    }
}

/// A descriptor of our own for the same pipe or terminal, non-blocking. Never for a regular file,
/// which would start at its beginning again, nor for a multiplexer of terminals, which would be a
/// new terminal.
fn open_again(shared: BorrowedFd<'static>, stat: &Stat, output: bool) -> Option<OwnedFd> {
    const PTMX: (u32, u32) = (5, 2);
    let device = (
        rustix::fs::major(stat.st_rdev),
        rustix::fs::minor(stat.st_rdev),
    );
    if FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && device == PTMX {
        return None;
    }
    let path = if output {
        "/proc/self/fd/1"
    } else {
        "/proc/self/fd/0"
    };
    let access = if output {
        OFlags::WRONLY
    } else {
        OFlags::RDONLY
    };
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    debug_assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&shared), i32::from(output));
    let ours = rustix::fs::open(path, flags, Mode::empty()).ok()?;
    let again = rustix::fs::fstat(&ours).ok()?;
    ((again.st_dev, again.st_ino) == (stat.st_dev, stat.st_ino)).then_some(ours)
}
