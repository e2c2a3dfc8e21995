//! Somebody at the other end who has a file to give, once: bare behind a word, or as the body of an HTTP
//! response.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::fd::AsRawFd,
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::fs::sendfile;
use tempfile::tempfile_in;

use super::client::read_head;
use crate::{
    crowd::peer::step_aside,
    side_by_side::transfer::{MEMORY, fill},
};

/// No proxy takes as long to take something.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most one sendfile may move; the kernel stops before 2 GiB.
const AT_ONCE: u64 = 1 << 30;
/// The chunks of a body.
const CHUNK: u64 = 64 << 10;

/// How the file is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As soon as one byte has been said.
    Bare,
    /// With its length in the head.
    Length,
    /// In chunks.
    Chunked,
}

/// What is given.
pub(crate) struct Source {
    pub(crate) file: File,
    pub(crate) size: u64,
}

impl Source {
    pub(crate) fn of(size: u64) -> io::Result<Source> {
        let file = tempfile_in(MEMORY)?;
        fill(&file, size)?;
        Ok(Source { file, size })
    }
}

/// A thread that serves one client.
pub(crate) struct Origin {
    pub(crate) port: u16,
    thread: JoinHandle<io::Result<()>>,
}

impl Origin {
    pub(crate) fn start(form: Form, source: &Source) -> io::Result<Origin> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        // Opened anew, not cloned: every run reads from an offset of its own.
        let file = File::open(format!("/proc/self/fd/{}", source.file.as_raw_fd()))?;
        let size = source.size;
        let thread = thread::spawn(move || serve(&listener, form, &file, size));
        Ok(Origin { port, thread })
    }

    /// Waits for its end. Whoever has got everything need not wait long.
    pub(crate) fn end(self) -> io::Result<()> {
        let told = self.thread.join();
        told.map_err(|_| io::Error::other("the origin panicked"))?
    }
}

fn serve(listener: &TcpListener, form: Form, file: &File, size: u64) -> io::Result<()> {
    step_aside()?;
    let (mut wire, _) = listener.accept()?;
    wire.set_write_timeout(Some(PATIENCE))?;
    wire.set_read_timeout(Some(PATIENCE))?;
    match form {
        Form::Bare => {
            wire.read_exact(&mut [0])?;
            give(&wire, file, size)?;
        }
        Form::Length => {
            read_head(&mut wire)?;
            write!(
                wire,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
            )?;
            give(&wire, file, size)?;
        }
        Form::Chunked => {
            read_head(&mut wire)?;
            write!(
                wire,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            )?;
            for at in (0..size).step_by(CHUNK as usize) {
                let n = CHUNK.min(size - at);
                write!(wire, "{n:x}\r\n")?;
                give(&wire, file, n)?;
                wire.write_all(b"\r\n")?;
            }
            wire.write_all(b"0\r\n\r\n")?;
        }
    }
    wire.shutdown(Shutdown::Write)?;
    let _ = wire.read(&mut [0]); // until the other side has gone, in whatever way
    Ok(())
}

fn give(wire: &TcpStream, file: &File, size: u64) -> io::Result<()> {
    let mut left = size;
    while left > 0 {
        match sendfile(wire, file, None, left.min(AT_ONCE) as usize)? {
            0 => return Err(io::Error::other("the file is shorter than it was")),
            n => left -= n as u64,
        }
    }
    Ok(())
}
