//! Whoever supervises us is told when we are ready and when we begin to end: by a newline at a descriptor,
//! as s6 has it, and by messages to a socket, as sd_notify(3) has it.
//!
//! Promise: it is told without waiting for anybody, and what fails is a sentence and nothing more.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::event::PollFlags;
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::SendFlags;
use socket2::{Domain, SockAddr, Socket, Type};

use super::dial::words;
use super::stdio::is_ready;
use super::sys;

/// The variable that names the socket; it is not for those whom we start.
pub const VARIABLE: &str = "NOTIFY_SOCKET";

/// The most places that a status names. A message has to fit into one datagram, and a status on a line.
const PLACES: usize = 8;

/// Who is to be told, and has not been.
#[derive(Debug, Default)]
pub struct Supervisor {
    /// Where a newline is waited for.
    pub descriptor: Option<OwnedFd>,
    /// Where messages are.
    pub socket: Option<OsString>,
}

impl Supervisor {
    /// We wait for peers at these places, or have met our peer; sentences about what failed.
    pub fn ready(&mut self, places: &[String]) -> Vec<String> {
        let told = self.descriptor.take().map(|fd| newline(&fd));
        let told = told.unwrap_or(Ok(()));
        let told = told.map_err(|error| {
            let why = words(&error);
            format!("Nobody could be told at --ready-fd that we are ready: {why}.")
        });
        let notified = self.notify(&format!("READY=1\nSTATUS={}", status(places)));
        let failures = [told.err(), notified.err()];
        failures.into_iter().flatten().collect()
    }

    /// We begin to end; said once.
    pub fn stopping(&mut self) -> Result<(), String> {
        let told = self.notify("STOPPING=1");
        self.socket = None;
        told
    }

    fn notify(&self, message: &str) -> Result<(), String> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        send(socket, message).map_err(|error| {
            let (name, why) = (socket.display(), words(&error));
            format!("{VARIABLE} {name} could not be told: {why}.")
        })
    }
}

/// The descriptor of that number, which was left to us; to be asked for before anything is opened.
///
/// # Errors
/// It is none, or cannot be written to.
pub fn take(number: i32) -> io::Result<OwnedFd> {
    let fd = sys::inherited(number)?;
    if fcntl_getfl(&fd)? & OFlags::RWMODE == OFlags::RDONLY {
        return Err(io::Error::other("it is for reading"));
    }
    fcntl_setfd(&fd, FdFlags::CLOEXEC)?;
    Ok(fd)
}

/// Its flags are shared with whoever waits, so it is asked first whether it would make us wait.
fn newline(fd: &OwnedFd) -> io::Result<()> {
    if !is_ready(fd.as_fd(), PollFlags::OUT) {
        return Err(io::Error::other("it takes no more"));
    }
    rustix::io::write(fd, b"\n")?;
    Ok(())
}

fn status(places: &[String]) -> String {
    let mut named = places.iter().take(PLACES).cloned().collect::<Vec<_>>();
    if places.len() > PLACES {
        named.push(format!("and {} more", places.len() - PLACES));
    }
    let status = match named.is_empty() {
        true => "Serving one connection".into(),
        false => format!("Listening on {}", named.join(", ")),
    };
    // A path may hold anything, and what follows a newline would be another message.
    status.replace(char::is_control, "?")
}

fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    let name = match socket.as_bytes() {
        [b'@', name @ ..] => SockAddr::unix(OsStr::from_bytes(&[b"\0", name].concat()))?,
        [b'/', ..] => SockAddr::unix(socket)?,
        _ => {
            return Err(io::Error::other(
                "it is neither a path nor an abstract name",
            ));
        }
    };
    let socket = Socket::new(Domain::UNIX, Type::DGRAM.cloexec(), None)?;
    let flags = (SendFlags::NOSIGNAL | SendFlags::DONTWAIT).bits() as i32;
    socket.send_to_with_flags(message.as_bytes(), &name, flags)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line_that_names_a_few_places() {
        let place = |n: usize| format!("[::]:{n}");
        let many: Vec<String> = (1..=10).map(place).collect();
        let cases: [(&[String], &str); 4] = [
            (&[], "Serving one connection"),
            (&many[..2], "Listening on [::]:1, [::]:2"),
            (
                &many,
                "Listening on [::]:1, [::]:2, [::]:3, [::]:4, [::]:5, [::]:6, [::]:7, [::]:8, and 2 more",
            ),
            (&["/a\nREADY=0".into()], "Listening on /a?READY=0"),
        ];
        for (places, wanted) in cases {
            assert_eq!(status(places), wanted);
        }
    }
}
