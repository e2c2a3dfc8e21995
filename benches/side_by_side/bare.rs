//! The bare loops: what a row costs when nothing but the kernel's own transfer is done.
//!
//! A child of the bench, so that its processor time is measured as the others' is. Blocking calls,
//! sendfile from files and splice elsewhere, pipes enlarged as far as an ordinary user may.

use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
};

use rustix::{
    fs::{FileType, fstat, sendfile},
    net::{Shutdown, shutdown},
    pipe::{SpliceFlags, fcntl_setpipe_size, pipe, splice},
    stdio::{stdin, stdout},
};

use super::contestant::{Role, Task};

/// The first word of the command line that makes the bench this child.
pub(crate) const WORD: &str = "bare";

/// Wanted size of every pipe: the limit of a user without privileges.
const PIPE: usize = 1 << 20;

/// The most one sendfile may move; the kernel stops before 2 GiB.
const AT_ONCE: usize = 1 << 30;

/// The words before the place.
pub(crate) fn words(role: Role, task: Task) -> [&'static str; 3] {
    [
        WORD,
        match role {
            Role::Listens => "listen",
            Role::Connects => "connect",
        },
        match task {
            Task::Sends => "send",
            Task::Receives => "receive",
        },
    ]
}

pub(crate) fn main(words: &[String]) -> io::Result<()> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (socket, task) = match words.as_slice() {
        [role, task, host, port] => (tcp(role, host, port)?, *task),
        [role, task, path] => (unix(role, path)?, *task),
        _ => {
            return Err(io::Error::other(
                "a bare loop needs a role, a task and a place",
            ));
        }
    };
    match task {
        "send" => send(&socket)?,
        _ => receive(&socket)?,
    }
    Ok(())
}

pub(crate) fn tcp(role: &str, host: &str, port: &str) -> io::Result<OwnedFd> {
    let host: Ipv4Addr = host.parse().map_err(io::Error::other)?;
    let port: u16 = port.parse().map_err(io::Error::other)?;
    Ok(match role {
        "listen" => TcpListener::bind((host, port))?.accept()?.0.into(),
        _ => TcpStream::connect((host, port))?.into(),
    })
}

fn unix(role: &str, path: &str) -> io::Result<OwnedFd> {
    Ok(match role {
        "listen" => UnixListener::bind(path)?.accept()?.0.into(),
        _ => UnixStream::connect(path)?.into(),
    })
}

fn send(socket: &OwnedFd) -> rustix::io::Result<()> {
    if kind(stdin())? == FileType::RegularFile {
        while sendfile(socket, stdin(), None, AT_ONCE)? > 0 {}
    } else {
        enlarge(stdin());
        while carry(stdin(), socket.as_fd(), PIPE)? > 0 {}
    }
    shutdown(socket, Shutdown::Write)
}

fn receive(socket: &OwnedFd) -> rustix::io::Result<()> {
    if kind(stdout())? == FileType::Fifo {
        enlarge(stdout());
        while carry(socket.as_fd(), stdout(), PIPE)? > 0 {}
        return Ok(());
    }
    let (tail, head) = pipe()?;
    enlarge(head.as_fd());
    loop {
        let mut held = carry(socket.as_fd(), head.as_fd(), PIPE)?;
        if held == 0 {
            return Ok(());
        }
        while held > 0 {
            held -= carry(tail.as_fd(), stdout(), held)?;
        }
    }
}

fn carry(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> rustix::io::Result<usize> {
    splice(from, None, to, None, most, SpliceFlags::MOVE)
}

fn kind(fd: BorrowedFd<'_>) -> rustix::io::Result<FileType> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode))
}

fn enlarge(pipe: BorrowedFd<'_>) {
    let _ = fcntl_setpipe_size(pipe, PIPE); // a smaller pipe is slower and does as well
}
