//! One run of one contestant: both ends started, awaited, measured, and reaped.
//!
//! Promise: the processor time is that of the two ends alone. What a process has used is added to
//! its parent's account when it is reaped; so nothing else is reaped between two looks at ours.

use std::{
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::{TimeVal, TimeValLike},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::{
    contestant::{Contestant, Role, Task},
    kept::Kept,
    place::{Place, Wire},
    row::{Row, Sink, Source},
};

/// Slower than any contestant on any machine: 1 GiB in about two minutes.
const SLOWEST: u64 = 10_000_000;
const AT_LEAST: Duration = Duration::from_secs(20);

/// What one run took, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) wall: f64,
    /// Processor time of the sending end, and of the receiving end.
    pub(crate) sending: f64,
    pub(crate) receiving: f64,
}

impl Sample {
    pub(crate) fn cpu(&self) -> f64 {
        self.sending + self.receiving
    }
}

/// The files of one run; `out` is what the last process of the row writes to.
pub(crate) struct Files {
    pub(crate) source: File,
    pub(crate) out: File,
    pub(crate) size: u64,
}

/// One end of the transfer, and the `cat` beside it in rows with pipes.
struct End {
    itself: Kept,
    cat: Option<Kept>,
    /// The other end of a stdin that is to stay open.
    _mouth: Option<io::PipeWriter>,
}

/// Carries `files` once. The clock runs from the start of the connecting end, the listener being
/// there already, until both ends have ended.
pub(crate) fn run(who: Contestant, row: &Row, place: &Place, files: &Files) -> io::Result<Sample> {
    let start = |role| match row.task(role) {
        Task::Sends => start_sender(who.end(role, Task::Sends, place)?, row.source, files),
        Task::Receives => {
            // Over SCTP the end of stdin is the end of both directions.
            let stdin_open = row.wire == Wire::Sctp;
            let command = who.end(role, Task::Receives, place)?;
            start_receiver(command, row.sink, files, stdin_open)
        }
    };
    let mut listener = start(Role::Listens)?;
    place.await_listener(&mut listener.itself)?;
    let began = Instant::now();
    let connector = start(Role::Connects)?;
    await_both(
        &listener.itself,
        &connector.itself,
        began + patience(files.size),
    )?;
    let wall = began.elapsed().as_secs_f64();
    let (sender, receiver) = match row.task(Role::Listens) {
        Task::Sends => (listener, connector),
        Task::Receives => (connector, listener),
    };
    Ok(Sample {
        wall,
        sending: sender.reap("sending")?,
        receiving: receiver.reap("receiving")?,
    })
}

fn start_sender(mut command: Command, source: Source, files: &Files) -> io::Result<End> {
    command.stdout(Stdio::null());
    let file = files.source.try_clone()?;
    if source == Source::File {
        return Ok(End {
            itself: Kept::spawn(command.stdin(file))?,
            cat: None,
            _mouth: None,
        });
    }
    let (tail, head) = io::pipe()?;
    let cat = Kept::spawn(Command::new("cat").stdin(file).stdout(head))?;
    Ok(End {
        itself: Kept::spawn(command.stdin(tail))?,
        cat: Some(cat),
        _mouth: None,
    })
}

fn start_receiver(
    mut command: Command,
    sink: Sink,
    files: &Files,
    stdin_open: bool,
) -> io::Result<End> {
    let mut mouth = None;
    if stdin_open {
        let (tail, head) = io::pipe()?;
        command.stdin(tail);
        mouth = Some(head);
    } else {
        command.stdin(Stdio::null());
    }
    let out = files.out.try_clone()?;
    if sink != Sink::Pipe {
        return Ok(End {
            itself: Kept::spawn(command.stdout(out))?,
            cat: None,
            _mouth: mouth,
        });
    }
    let (tail, head) = io::pipe()?;
    let cat = Kept::spawn(Command::new("cat").stdin(tail).stdout(out))?;
    Ok(End {
        itself: Kept::spawn(command.stdout(head))?,
        cat: Some(cat),
        _mouth: mouth,
    })
}

impl End {
    /// The processor time of an end that is over. An unhappy end is an error.
    fn reap(mut self, what: &str) -> io::Result<f64> {
        let before = reaped_time()?;
        let status = self.itself.wait()?;
        let spent = reaped_time()? - before;
        if let Some(mut cat) = self.cat {
            cat.wait()?; // what it still held is in its file now
        }
        match status.success() {
            true => Ok(spent),
            false => Err(io::Error::other(format!(
                "the {what} end {}",
                ended(status)
            ))),
        }
    }
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    }
}

fn patience(size: u64) -> Duration {
    AT_LEAST + Duration::from_secs(size / SLOWEST)
}

/// Returns when both have ended, without reaping them.
fn await_both(listener: &Child, connector: &Child, give_up: Instant) -> io::Result<()> {
    for (role, child) in [("connecting", connector), ("listening", listener)] {
        let handle = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        let left = give_up.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        if poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&left))? == 0 {
            return Err(io::Error::other(format!("the {role} end did not end")));
        }
    }
    Ok(())
}

/// Seconds of processor time of all children reaped so far.
pub(crate) fn reaped_time() -> io::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
