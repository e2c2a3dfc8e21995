//! A program under test: how it is started, with what as its stdin and stdout, and how it ends.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};

use super::{Catcher, Deadline, Feeder, Medium, Told};

/// How bytes are moved: every scene that moves bytes is played with both, and must look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// sendfile and splice, wherever the program finds them fitting.
    Kernel,
    /// read and write only: `NCAT_NO_SPLICE=1`.
    Copy,
}

impl Carrier {
    pub(crate) const BOTH: [Self; 2] = [Self::Kernel, Self::Copy];
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel path",
            Self::Copy => "copy path",
        })
    }
}

/// What the program gets as its stdin.
#[derive(Debug)]
pub(crate) enum In {
    Pipe,
    /// A terminal that reads lines and does not echo; Ctrl-D ends it.
    Terminal,
    Socket,
    File(PathBuf),
    Null,
    Closed,
    Given(OwnedFd),
}

/// What the program gets as its stdout.
#[derive(Debug)]
pub(crate) enum Out {
    Pipe,
    /// A terminal that changes no byte.
    Terminal,
    Socket,
    File(PathBuf),
    Append(PathBuf),
    Null,
    /// /dev/full: every write fails with ENOSPC.
    Full,
    Closed,
    Given(OwnedFd),
}

/// A program about to be started.
#[derive(Debug)]
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, OsString)>,
    carrier: Carrier,
    stdin: In,
    stdout: Out,
    /// Its stderr is a terminal.
    complains_to_terminal: bool,
    /// The words of another program that starts this one, such as `prlimit --nofile=6`.
    through: Vec<OsString>,
}

impl Program {
    /// The program under test.
    pub(crate) fn ncat<I: IntoIterator<Item: AsRef<OsStr>>>(args: I) -> Self {
        let built = OsString::from(env!("CARGO_BIN_EXE_ncat"));
        Self::at(std::env::var_os("NCAT_BIN").unwrap_or(built), args)
    }

    /// Any other program.
    pub(crate) fn at<I: IntoIterator<Item: AsRef<OsStr>>>(
        path: impl Into<PathBuf>,
        args: I,
    ) -> Self {
        Self {
            path: path.into(),
            args: args
                .into_iter()
                .map(|arg| arg.as_ref().to_owned())
                .collect(),
            env: Vec::new(),
            carrier: Carrier::Kernel,
            stdin: In::Null,
            stdout: Out::Pipe,
            complains_to_terminal: false,
            through: Vec::new(),
        }
    }

    pub(crate) fn carrier(mut self, carrier: Carrier) -> Self {
        self.carrier = carrier;
        self
    }

    pub(crate) fn stdin(mut self, stdin: In) -> Self {
        self.stdin = stdin;
        self
    }

    pub(crate) fn stdout(mut self, stdout: Out) -> Self {
        self.stdout = stdout;
        self
    }

    /// Has the program meet a terminal as its stderr.
    pub(crate) fn complains_to_terminal(mut self) -> Self {
        self.complains_to_terminal = true;
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Has the program started by another one, which is given its path and arguments as its last
    /// words.
    pub(crate) fn through(mut self, words: &[&str]) -> Self {
        self.through = words.iter().map(OsString::from).collect();
        self
    }

    /// Has the program meet no signal that is ignored, as those are which come from a shell's
    /// background.
    pub(crate) fn with_usual_signals(self) -> Self {
        self.through(&["env", "--default-signal=INT,TERM,HUP,QUIT"])
    }

    /// Has the program meet a SIGHUP that is ignored, as `nohup` does.
    pub(crate) fn without_hangups(self) -> Self {
        self.through(&["env", "--ignore-signal=HUP"])
    }

    pub(crate) fn start(self) -> Told<Running> {
        let (stdin, feeder) = self.stdin.open()?;
        let (stdout, catcher) = self.stdout.open()?;
        let (stderr, complaints) = match self.complains_to_terminal {
            true => {
                terminal().map(|(ours, theirs)| (theirs, Catcher::new(ours, Medium::Terminal)))?
            }
            false => pipe().map(|(out, into)| (into, Catcher::new(out, Medium::Pipe)))?,
        };
        let child = self
            .command()
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|e| format!("{} cannot be started: {e}", self.path.display()))?;
        let id = Pid::from_child(&child);
        let door = pidfd_open(id, PidfdFlags::empty()).map_err(|e| format!("no pidfd: {e}"))?;
        Ok(Running {
            child,
            id,
            door,
            stdin: feeder,
            stdout: catcher,
            stderr: complaints,
            status: None,
        })
    }

    fn command(&self) -> Command {
        let close = match (&self.stdin, &self.stdout) {
            (In::Closed, Out::Closed) => "exec \"$@\" <&- >&-",
            (In::Closed, _) => "exec \"$@\" <&-",
            (_, Out::Closed) => "exec \"$@\" >&-",
            (_, _) => "",
        };
        let shell = ["/bin/sh", "-c", close, "sh"].map(OsString::from);
        let shell = shell.into_iter().filter(|_| !close.is_empty());
        let mut words = shell
            .chain(self.through.iter().cloned())
            .chain([self.path.clone().into()]);
        let mut command = Command::new(words.next().expect("there is at least the program itself"));
        command.args(words);
        command
            .args(&self.args)
            .env("LC_ALL", "C")
            .env_remove("NCAT_NO_SPLICE");
        if self.carrier == Carrier::Copy {
            command.env("NCAT_NO_SPLICE", "1");
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl In {
    fn open(&self) -> Told<(Stdio, Feeder)> {
        Ok(match self {
            Self::Pipe => {
                pipe().map(|(out, into)| (out.into(), Feeder::new(into, Medium::Pipe)))?
            }
            Self::Terminal => terminal()
                .map(|(ours, theirs)| (theirs.into(), Feeder::new(ours, Medium::Terminal)))?,
            Self::Socket => {
                pair().map(|(ours, theirs)| (theirs.into(), Feeder::new(ours, Medium::Socket)))?
            }
            Self::File(path) => (
                opened(OpenOptions::new().read(true), path)?.into(),
                Feeder::none(),
            ),
            Self::Null | Self::Closed => (Stdio::null(), Feeder::none()),
            Self::Given(fd) => (copy_of(fd)?.into(), Feeder::none()),
        })
    }
}

impl Out {
    fn open(&self) -> Told<(Stdio, Catcher)> {
        Ok(match self {
            Self::Pipe => {
                pipe().map(|(out, into)| (into.into(), Catcher::new(out, Medium::Pipe)))?
            }
            Self::Terminal => terminal()
                .map(|(ours, theirs)| (theirs.into(), Catcher::new(ours, Medium::Terminal)))?,
            Self::Socket => {
                pair().map(|(ours, theirs)| (theirs.into(), Catcher::new(ours, Medium::Socket)))?
            }
            Self::File(path) => (
                opened(
                    OpenOptions::new().write(true).create(true).truncate(true),
                    path,
                )?
                .into(),
                Catcher::none(),
            ),
            Self::Append(path) => (
                opened(OpenOptions::new().append(true).create(true), path)?.into(),
                Catcher::none(),
            ),
            Self::Null | Self::Closed => (Stdio::null(), Catcher::none()),
            Self::Full => (
                opened(OpenOptions::new().write(true), Path::new("/dev/full"))?.into(),
                Catcher::none(),
            ),
            Self::Given(fd) => (copy_of(fd)?.into(), Catcher::none()),
        })
    }
}

fn opened(how: &OpenOptions, path: &Path) -> Told<File> {
    how.open(path)
        .map_err(|e| format!("{} cannot be opened: {e}", path.display()))
}

fn copy_of(fd: &OwnedFd) -> Told<OwnedFd> {
    fd.try_clone()
        .map_err(|e| format!("the descriptor cannot be copied: {e}"))
}

/// A pipe that no other child inherits: (to read, to write).
pub(crate) fn pipe() -> Told<(OwnedFd, OwnedFd)> {
    pipe_with(PipeFlags::CLOEXEC).map_err(|e| format!("no pipe: {e}"))
}

/// Two connected stream sockets: (ours, theirs).
pub(crate) fn pair() -> Told<(OwnedFd, OwnedFd)> {
    socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .map_err(|e| format!("no socket pair: {e}"))
}

/// A terminal: (our side, the side of the program). It collects lines, echoes nothing and leaves
/// output as it is.
pub(crate) fn terminal() -> Told<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let open = || {
        let ours = openpt(flags)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        let mut modes = tcgetattr(&theirs)?;
        modes.local_modes.remove(LocalModes::ECHO);
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&theirs, OptionalActions::Now, &modes)?;
        Ok::<_, rustix::io::Errno>((ours, theirs))
    };
    open().map_err(|e| format!("no terminal: {e}"))
}

/// A process that was started; killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    id: Pid,
    /// A pidfd: readable once the process has ended.
    door: OwnedFd,
    pub(crate) stdin: Feeder,
    pub(crate) stdout: Catcher,
    pub(crate) stderr: Catcher,
    /// How it ended, once it has.
    pub(crate) status: Option<ExitStatus>,
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it waits for something; false while it runs or waits for a processor.
    pub(crate) fn sleeps(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The state comes after the name, which may contain anything but stands in parentheses.
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        state != Some('R')
    }

    pub(crate) fn signal(&self, signal: Signal) -> Told {
        kill_process(self.id, signal).map_err(|e| format!("signal {signal:?} cannot be sent: {e}"))
    }

    /// What stands for the process, to be held beside it.
    pub(crate) fn pidfd(&self) -> Told<OwnedFd> {
        copy_of(&self.door)
    }

    pub(crate) fn door(&self) -> Option<BorrowedFd<'_>> {
        self.status.is_none().then(|| self.door.as_fd())
    }

    /// Notes the end of the process if it has come.
    pub(crate) fn reap(&mut self) -> Told<bool> {
        if self.status.is_none() {
            self.status = self
                .child
                .try_wait()
                .map_err(|e| format!("cannot wait for the program: {e}"))?;
        }
        Ok(self.status.is_some())
    }

    /// Asks `look` with the id of the process until it gives something. For facts that only /proc
    /// knows and nothing announces; wakes at once if the process ends.
    pub(crate) fn repeat_until<T>(
        &mut self,
        deadline: Deadline,
        what: &str,
        look: impl Fn(u32) -> Option<T>,
    ) -> Told<T> {
        const AGAIN: Duration = Duration::from_millis(2);
        loop {
            if let Some(found) = look(self.id()) {
                return Ok(found);
            }
            let mut door = [PollFd::new(&self.door, PollFlags::IN)];
            let gone = Deadline::after(AGAIN).sooner(deadline).poll(&mut door)?;
            self.stderr.turn();
            if gone || deadline.passed() {
                return Err(format!(
                    "waited in vain until {what}; its stderr: {:?}",
                    self.stderr.text()
                ));
            }
        }
    }
}

/// The exit status as a shell would see it: 128 + n for a signal.
pub(crate) fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended and been reaped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
