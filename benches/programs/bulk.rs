//! A gigabyte into a program and out of one: our own processor time, beside that of the same transfer
//! with the program outside, where the shell has put it.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    time::{ClockId, clock_gettime},
    unistd::Pid,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{PidfdFlags, pidfd_open},
};
use tempfile::{NamedTempFile, tempdir};

use crate::side_by_side::{
    args::Options,
    contestant::Contestant,
    figures::{median, ratio, show},
    kept::Kept,
    place::{Place, Wire},
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "bulk";

/// Bytes of one transfer, unless the command line has its own idea.
const SIZE: u64 = 1 << 30;
const PIECE: usize = 1 << 20;

/// A memory file system, so that no disk is measured.
const MEMORY: &str = "/dev/shm";

/// How long our process may need to end after its peer.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// The most processor time with a program, as a multiple of the time without. It is the same work; a
/// twentieth is what two runs of one thing differ by.
const OVER_PLAIN: f64 = 1.05;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Into,
    From,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Ours,
    Outside,
}

pub(crate) fn table(options: &Options) -> io::Result<()> {
    let size = options.size.unwrap_or(SIZE);
    let mut file = NamedTempFile::new_in(MEMORY)?;
    let piece = vec![b'x'; PIECE];
    for at in (0..size).step_by(PIECE) {
        file.write_all(&piece[..PIECE.min((size - at) as usize)])?;
    }
    println!("### {size} bytes, processor time of our process alone (`{NAME}`)\n");
    println!("| transfer | s | with a pipe to the same program, s | ratio | limit | |");
    println!("|---|--:|--:|--:|--:|---|");
    for (direction, title) in [
        (Direction::Into, "into `-c 'cat > /dev/null'`"),
        (Direction::From, "from `-c 'cat FILE'`"),
    ] {
        let mut spent = [Program::Ours, Program::Outside].map(|program| (program, Vec::new()));
        for round in 0..options.runs {
            eprintln!("{NAME}, {title}: round {} of {}", round + 1, options.runs);
            for turn in 0..2 {
                let (program, spent) = &mut spent[(round + turn) % 2];
                spent.push(transfer(direction, *program, &file, size)?);
            }
        }
        let [with, without] = spent.map(|(_, spent)| median(spent));
        let (figure, limit) = (ratio(with, without), OVER_PLAIN);
        println!(
            "| {title} | {} | {} | {} | ≤ {limit} | {} |",
            show(with, 3),
            show(without, 3),
            show(figure, 2),
            verdict([Bound { figure, limit }])
        );
    }
    println!();
    Ok(())
}

/// Seconds of processor time of the listener.
fn transfer(
    direction: Direction,
    program: Program,
    file: &NamedTempFile,
    size: u64,
) -> io::Result<f64> {
    let dir = tempdir()?;
    let place = Place::fresh(Wire::Tcp, dir.path())?;
    let mut command = Contestant::Ours.program()?;
    command.arg("-l").args(place.words());
    let mut cat = Command::new("cat");
    // The cat outside lives until it has all, or is not needed any more.
    let (mut listener, _cat) = match (program, direction) {
        (Program::Ours, Direction::Into) => (ours(&mut command, "cat > /dev/null")?, None),
        (Program::Ours, Direction::From) => {
            let line = format!("cat {}", file.path().display());
            (ours(&mut command, &line)?, None)
        }
        (Program::Outside, Direction::Into) => {
            let (tail, head) = io::pipe()?;
            let cat = Kept::spawn(cat.stdin(tail).stdout(Stdio::null()))?;
            let command = command.stdin(Stdio::null()).stdout(head);
            (Kept::spawn(command)?, Some(cat))
        }
        (Program::Outside, Direction::From) => {
            let (tail, head) = io::pipe()?;
            let cat = Kept::spawn(cat.stdin(File::open(file.path())?).stdout(head))?;
            let command = command.stdin(tail).stdout(Stdio::null());
            (Kept::spawn(command)?, Some(cat))
        }
    };
    drop((command, cat)); // and with them our copies of the pipe's ends
    place.await_listener(&mut listener)?;
    let Place::Tcp(port) = place else {
        return Err(io::Error::other("a place of TCP is a port"));
    };
    let peer = TcpStream::connect(("127.0.0.1", port))?;
    match direction {
        Direction::Into => give(peer, size)?,
        Direction::From => take(peer, size)?,
    }
    processor_time_at_the_end(&listener)
}

fn ours(command: &mut Command, line: &str) -> io::Result<Kept> {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null());
    Kept::spawn(silent.args(["-c", line]))
}

fn give(mut peer: TcpStream, size: u64) -> io::Result<()> {
    let piece = vec![b'x'; PIECE];
    for at in (0..size).step_by(PIECE) {
        peer.write_all(&piece[..PIECE.min((size - at) as usize)])?;
    }
    peer.shutdown(Shutdown::Write)?;
    // Its end comes when the program has ended.
    match peer.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::other("the program answered")),
    }
}

fn take(mut peer: TcpStream, size: u64) -> io::Result<()> {
    let (mut piece, mut got) = (vec![0; PIECE], 0);
    loop {
        match peer.read(&mut piece)? {
            0 if got == size => return Ok(()),
            0 => return Err(io::Error::other(format!("{got} of {size} bytes came"))),
            n => got += n as u64,
        }
    }
}

/// Waits for its end, and asks before it is reaped: what it has used is its own then, without the
/// programs that it has waited for.
fn processor_time_at_the_end(child: &Kept) -> io::Result<f64> {
    let id = rustix::process::Pid::from_child(child);
    let door = pidfd_open(id, PidfdFlags::empty())?;
    let mut fds = [PollFd::new(&door, PollFlags::IN)];
    let limit = Timespec::try_from(ENDS_WITHIN).map_err(io::Error::other)?;
    if poll(&mut fds, Some(&limit))? == 0 {
        return Err(io::Error::other("it does not end"));
    }
    let id = Pid::from_raw(child.id().try_into().map_err(io::Error::other)?);
    let spent: Duration = clock_gettime(ClockId::pid_cpu_clock_id(id)?)?.into();
    Ok(spent.as_secs_f64())
}
