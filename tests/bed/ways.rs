//! Two programs and the way between them, over whatever the bed has.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::proc_net::tcp_port_of;
use crate::common::scene::announced;
use crate::common::{Deadline, Program, Scene, Told};

/// What two programs talk through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Tcp,
    Tls,
    Sctp,
    Sctp6,
    SctpTls,
    Vsock,
}

impl Way {
    /// The options that both sides need.
    pub(crate) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Tcp => &[],
            Self::Tls => &["--ssl"],
            Self::Sctp | Self::Sctp6 => &["--sctp"],
            Self::SctpTls => &["--sctp", "--ssl"],
            Self::Vsock => &["--vsock"],
        }
    }

    /// An address of our own: where to listen, and where to call.
    pub(crate) fn host(self) -> &'static str {
        match self {
            Self::Tcp | Self::Tls | Self::Sctp | Self::SctpTls => "127.0.0.1",
            Self::Sctp6 => "::1",
            Self::Vsock => "1",
        }
    }

    /// Whether the end of one direction leaves the other one open.
    pub(crate) fn has_halves(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls | Self::Vsock)
    }
}

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Ours,
    /// Nmap's, as Debian has it.
    Installed,
}

impl Who {
    pub(crate) fn program(self, words: &[&str]) -> Told<Program> {
        const INSTALLED: &str = "/usr/bin/ncat";
        match self {
            Self::Ours => Ok(Program::ncat(words)),
            Self::Installed if Path::new(INSTALLED).exists() => Ok(Program::at(INSTALLED, words)),
            Self::Installed => Err(format!("{INSTALLED} is not there: apt install ncat")),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "ours",
            Self::Installed => "the installed one",
        })
    }
}

/// A port of vsock that no test has used; there are no others in the bed. It does not fit 16 bits.
pub(crate) fn vsock_port() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(100_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A listener, and the words by which it is called.
pub(crate) struct Listening {
    pub(crate) scene: Scene,
    way: Way,
    host: String,
    port: u32,
}

impl Listening {
    /// Starts one of these, and waits until it can be called.
    pub(crate) fn start(
        way: Way,
        who: Who,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Self> {
        Self::start_at(way.host(), way, who, options, dress)
    }

    /// The same at another address.
    pub(crate) fn start_at(
        host: &str,
        way: Way,
        who: Who,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Self> {
        let wanted = if way == Way::Vsock { vsock_port() } else { 0 };
        let port = wanted.to_string();
        let words = [&["-l", "-v"], way.options(), options, &[host, &port]].concat();
        let mut scene = Scene::of(dress(who.program(&words)?))?;
        announced(&mut scene, 1)?;
        let port = match way {
            Way::Vsock => wanted,
            // The installed one says 0. The kernel knows, and of SCTP as of TCP.
            _ => tcp_port_of(&mut scene.program, Deadline::usual())?.into(),
        };
        let host = host.to_owned();
        Ok(Self {
            scene,
            way,
            host,
            port,
        })
    }

    /// One of ours.
    pub(crate) fn ours(way: Way, options: &[&str]) -> Told<Self> {
        Self::start(way, Who::Ours, options, |program| program)
    }

    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// Somebody calls.
    pub(crate) fn called_by(
        &self,
        who: Who,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Scene> {
        let port = self.port.to_string();
        let words = [self.way.options(), options, &[&self.host, &port]].concat();
        Scene::of(dress(who.program(&words)?))
    }

    /// One of ours calls.
    pub(crate) fn called(
        &self,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Scene> {
        self.called_by(Who::Ours, options, dress)
    }
}
