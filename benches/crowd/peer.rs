//! A conversation with a child that is this program again: a line is asked, a line is answered.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{ChildStdin, ChildStdout, Command, Stdio},
};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

use crate::side_by_side::kept::Kept;

/// What an answer begins with that says why there is none.
const FAILED: &str = "failed: ";

/// The asking side. The child ends when its stdin does, at the latest when this is dropped.
pub(crate) struct Peer {
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    _child: Kept,
}

impl Peer {
    pub(crate) fn start(words: &[String]) -> io::Result<Peer> {
        let mut child = Kept::spawn(
            Command::new(env::current_exe()?)
                .args(words)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        )?;
        let (asks, answers) = (child.stdin.take(), child.stdout.take());
        let (Some(asks), Some(answers)) = (asks, answers) else {
            return Err(io::Error::other("a child without pipes"));
        };
        Ok(Peer {
            asks,
            answers: BufReader::new(answers),
            _child: child,
        })
    }

    pub(crate) fn tell(&mut self, words: &str) -> io::Result<()> {
        writeln!(self.asks, "{words}")
    }

    /// Waits for an answer; a child never takes longer than the deadline it was told.
    pub(crate) fn hear(&mut self) -> io::Result<String> {
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let answer = answer.trim_end();
        match (answer.strip_prefix(FAILED), answer) {
            (Some(why), _) => Err(io::Error::other(why)),
            (None, "") => Err(io::Error::other("a child ended without an answer")),
            (None, answer) => Ok(answer.into()),
        }
    }
}

/// Leaves all processors but the last to the broker, for all that this thread does from now on. Each
/// write of the broker wakes somebody; where the kernel lets them run, beside the broker or in its
/// place, is another for every run, and the broker's account varied by a factor of two with it.
pub(crate) fn step_aside() -> io::Result<()> {
    let all = sched_getaffinity(Pid::from_raw(0))?;
    let last = (0..CpuSet::count()).rfind(|&cpu| all.is_set(cpu) == Ok(true));
    if let Some(last) = last {
        let mut one = CpuSet::new();
        one.set(last)?;
        sched_setaffinity(Pid::from_raw(0), &one)?;
    }
    Ok(())
}

/// The answering side: says the result, or why there is none.
pub(crate) fn answer(result: io::Result<String>) -> io::Result<()> {
    let mut out = io::stdout();
    match result {
        Ok(words) => writeln!(out, "{words}")?,
        Err(why) => writeln!(out, "{FAILED}{why}")?,
    }
    out.flush()
}
