//! Who is compared, how each of them is started, and what it has spent in the end.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::{TempDir, tempdir};

use super::client::{Protocol, Way};
use crate::{
    crowd::account,
    side_by_side::{
        contestant::{Contestant, is_on_path},
        kept::Kept,
        place::{Place, Wire},
        procfs,
        run::reaped_time,
    },
};

/// How long processes of a proxy may take to end when their clients have gone, and the pause between
/// two looks.
const END_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A program that brings clients to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proxy {
    OursHttp,
    OursSocks,
    /// A process for each client.
    Ncat,
    /// A thread for each client, as has the next.
    Tinyproxy,
    Microsocks,
}

impl Proxy {
    pub(crate) const ALL: [Proxy; 5] = [
        Proxy::OursHttp,
        Proxy::OursSocks,
        Proxy::Ncat,
        Proxy::Tinyproxy,
        Proxy::Microsocks,
    ];

    /// For the tables and `--once`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Proxy::OursHttp => "ours-http",
            Proxy::OursSocks => "ours-socks5",
            Proxy::Ncat => "ncat",
            Proxy::Tinyproxy => "tinyproxy",
            Proxy::Microsocks => "microsocks",
        }
    }

    /// What its clients speak.
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Proxy::OursHttp | Proxy::Ncat | Proxy::Tinyproxy => Protocol::Http,
            Proxy::OursSocks | Proxy::Microsocks => Protocol::Socks5,
        }
    }

    /// Ours that speaks the same.
    pub(crate) fn ours(self) -> Proxy {
        match self.protocol() {
            Protocol::Http => Proxy::OursHttp,
            Protocol::Socks5 => Proxy::OursSocks,
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        self.ours() == self || is_on_path(self.name())
    }

    /// Starts one with room for so many clients.
    pub(crate) fn start(self, clients: usize) -> io::Result<Running> {
        let dir = tempdir()?;
        let place = Place::fresh(Wire::Tcp, dir.path())?;
        let Place::Tcp(port) = place else {
            return Err(io::Error::other("a place of TCP is a port"));
        };
        let mut command = match self {
            Proxy::OursHttp => netcat(Contestant::Ours, "http", clients, &place)?,
            Proxy::OursSocks => netcat(Contestant::Ours, "socks5", clients, &place)?,
            Proxy::Ncat => netcat(Contestant::Ncat, "http", clients, &place)?,
            Proxy::Tinyproxy => tinyproxy(dir.path(), port, clients)?,
            Proxy::Microsocks => microsocks(port),
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()); // some tell of every client
        let mut child = Kept::spawn(&mut command)?;
        place.await_listener(&mut child)?;
        procfs::await_rest(child.id())?;
        let before = account::processor_time(child.id())?;
        let protocol = self.protocol();
        Ok(Running {
            way: Way { port, protocol },
            child,
            before,
            _dir: dir,
        })
    }
}

fn netcat(who: Contestant, kind: &str, clients: usize, place: &Place) -> io::Result<Command> {
    let mut command = who.program()?;
    command
        .args(["-l", "--proxy-type", kind, "-m", &clients.to_string()])
        .args(place.words());
    Ok(command)
}

/// It has no options but a file.
fn tinyproxy(dir: &Path, port: u16, clients: usize) -> io::Result<Command> {
    let file = dir.join("tinyproxy.conf");
    let config = format!(
        "Port {port}\nListen 127.0.0.1\nMaxClients {clients}\nTimeout 60\nLogLevel Critical\n"
    );
    fs::write(&file, config)?;
    let mut command = Command::new(Proxy::Tinyproxy.name());
    command.args(["-d", "-c"]).arg(file);
    Ok(command)
}

/// It takes as many clients as there are descriptors.
fn microsocks(port: u16) -> Command {
    let mut command = Command::new(Proxy::Microsocks.name());
    command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
    command
}

/// A proxy at work.
pub(crate) struct Running {
    /// How it is reached.
    pub(crate) way: Way,
    child: Kept,
    /// What it took to start.
    before: Duration,
    _dir: TempDir,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor seconds of all its processes from when it was ready until their work was done. What those
    /// have spent that have ended is on its account, and with it on ours when it is reaped itself.
    pub(crate) fn end(mut self) -> io::Result<f64> {
        self.await_children()?;
        procfs::await_rest(self.pid())?;
        let others = reaped_time()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(reaped_time()? - others - self.before.as_secs_f64())
    }

    /// Waits until no process is left but the first.
    fn await_children(&self) -> io::Result<()> {
        let give_up = Instant::now() + END_WITHIN;
        let tasks = format!("/proc/{0}/task/{0}/children", self.pid());
        while !fs::read_to_string(&tasks)?.trim().is_empty() {
            if Instant::now() > give_up {
                return Err(io::Error::other("its processes outlast their clients"));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }
}
