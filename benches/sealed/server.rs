//! A program that keeps listening with TLS, as a service does.

use std::{
    io,
    path::Path,
    process::{ChildStdin, Stdio},
};

use tempfile::tempdir;

use crate::side_by_side::{
    contestant::Contestant,
    kept::Kept,
    place::{Place, Wire},
};

/// One that listens.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Kept,
    /// Open, and silent.
    _stdin: Option<ChildStdin>,
}

/// What the server could say to its clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// Nothing any more.
    Over,
    /// Nothing yet.
    Silent,
}

impl Server {
    /// Starts one with room for so many clients. Without papers it makes its own.
    pub(crate) fn start(
        who: Contestant,
        papers: Option<&Path>,
        clients: usize,
        stdin: Stdin,
    ) -> io::Result<Server> {
        let dir = tempdir()?;
        let place = Place::fresh(Wire::Tcp, dir.path())?;
        let Place::Tcp(port) = place else {
            return Err(io::Error::other("a place of TCP is a port"));
        };
        let mut command = who.program()?;
        command.args(["-l", "-k", "--ssl", "-m", &clients.to_string()]);
        if let Some(papers) = papers {
            command.arg("--ssl-cert").arg(papers);
            command.arg("--ssl-key").arg(papers);
        }
        command
            .args(place.words())
            .stdin(match stdin {
                Stdin::Over => Stdio::null(),
                Stdin::Silent => Stdio::piped(),
            })
            .stdout(Stdio::null())
            .stderr(Stdio::null()); // fingerprints, and the peers that leave in a hurry
        let mut child = Kept::spawn(&mut command)?;
        place.await_listener(&mut child)?;
        Ok(Server {
            port,
            _stdin: child.stdin.take(),
            child,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}
