//! Who is compared, and how each of them is started.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::{TempDir, tempdir};

use super::protocol::Protocol;
use crate::side_by_side::{
    contestant::{self, Contestant},
    kept::Kept,
    place::{Place, Wire},
};

/// A program that passes what one client says to all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broker {
    Ours,
    Ncat,
    Redis,
    Nats,
}

/// One that listens, with silence at its stdin.
pub(crate) struct Running {
    pub(crate) port: u16,
    child: Kept,
    _dir: TempDir,
}

impl Broker {
    pub(crate) const ALL: [Broker; 4] = [Broker::Ours, Broker::Ncat, Broker::Redis, Broker::Nats];

    /// For the tables and `--once`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Broker::Ours => "ours",
            Broker::Ncat => "ncat",
            Broker::Redis => "redis-server",
            Broker::Nats => "nats-server",
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Broker::Ours | Broker::Ncat => Protocol::Bare,
            Broker::Redis => Protocol::Redis,
            Broker::Nats => Protocol::Nats,
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        match self {
            Broker::Ours => true,
            Broker::Ncat => Contestant::Ncat.is_installed(),
            Broker::Redis | Broker::Nats => contestant::is_on_path(self.name()),
        }
    }

    /// Starts it with room for so many clients.
    pub(crate) fn start(self, clients: usize) -> io::Result<Running> {
        let (dir, place) = somewhere()?;
        let Place::Tcp(port) = place else {
            return Err(io::Error::other("a place of TCP is a port"));
        };
        let mut command = match self {
            Broker::Ours => netcat(Contestant::Ours, port, clients)?,
            Broker::Ncat => netcat(Contestant::Ncat, port, clients)?,
            Broker::Redis => redis(port, clients, dir.path()),
            Broker::Nats => nats(port, clients, dir.path())?,
        };
        let child = listen(command.stdin(Stdio::piped()), &place)?;
        Ok(Running {
            port,
            child,
            _dir: dir,
        })
    }
}

/// A fresh port, and a directory for those who want one.
pub(crate) fn somewhere() -> io::Result<(TempDir, Place)> {
    let dir = tempdir()?;
    let place = Place::fresh(Wire::Tcp, dir.path())?;
    Ok((dir, place))
}

/// Starts a server and waits until it listens.
pub(crate) fn listen(command: &mut Command, place: &Place) -> io::Result<Kept> {
    let mut child = Kept::spawn(command)?;
    place.await_listener(&mut child)?;
    Ok(child)
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

fn netcat(who: Contestant, port: u16, clients: usize) -> io::Result<Command> {
    let mut command = who.program()?;
    command
        .args(["-l", "--broker", "-m", &clients.to_string()])
        .args(["127.0.0.1", &port.to_string()])
        .stdout(Stdio::null());
    Ok(command)
}

/// Nothing is kept on disk, and no subscriber is dropped for being slow.
fn redis(port: u16, clients: usize, dir: &Path) -> Command {
    let mut command = Command::new(Broker::Redis.name());
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--maxclients", &clients.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .args(["--client-output-buffer-limit", "pubsub 0 0 0"])
        .arg("--dir")
        .arg(dir)
        .stdout(Stdio::null());
    command
}

/// No subscriber is dropped for being slow, and pings come too seldom to be met.
fn nats(port: u16, clients: usize, dir: &Path) -> io::Result<Command> {
    let file = dir.join("config");
    fs::write(
        &file,
        format!(
            "host: 127.0.0.1\nport: {port}\nmax_connections: {clients}\n\
             max_pending: {}\nwrite_deadline: \"60s\"\nping_interval: \"10m\"\n",
            4_u64 << 30
        ),
    )?;
    let mut command = Command::new(Broker::Nats.name());
    command
        .arg("--config")
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Ok(command)
}
