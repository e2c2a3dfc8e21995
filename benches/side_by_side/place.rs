//! Where the two ends of a transfer meet, and how one knows that somebody listens there.

use std::{
    ffi::OsString,
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use super::procfs;

/// How long a listener may take from its start to `listen`.
const LISTEN_WITHIN: Duration = Duration::from_secs(10);

/// Pause between two looks at a table of the kernel, which tells nobody when it changes.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The kind of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Tcp,
    Udp,
    Sctp,
    Vsock,
    Unix,
    Tls,
}

/// An address nobody used before.
pub(crate) enum Place {
    Tcp(u16),
    Udp(u16),
    Sctp(u16),
    /// A port of this machine, as virtual machines call it.
    Vsock(u16),
    Unix(PathBuf),
    /// A port, and the file with certificate and key of whoever listens there.
    Tls(u16, PathBuf),
}

/// The name of that file.
pub(crate) const PAPERS: &str = "papers.pem";

impl Place {
    /// A free port of the loopback interface, or a socket file that does not exist yet in `dir`.
    pub(crate) fn fresh(wire: Wire, dir: &Path) -> io::Result<Place> {
        Ok(match wire {
            // A port that was only listened on is free again at once; every contestant gets its
            // port this way, for not every one of them can report a port the kernel chose.
            Wire::Tcp => Place::Tcp(free_port()?),
            Wire::Udp => Place::Udp(free_port()?),
            // Nobody else is where these are measured; they only have to differ from run to run.
            Wire::Sctp => Place::Sctp(free_port()?),
            Wire::Vsock => Place::Vsock(free_port()?),
            Wire::Tls => Place::Tls(free_port()?, dir.join(PAPERS)),
            Wire::Unix => {
                let path = dir.join("socket");
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => Place::Unix(path),
                }
            }
        })
    }

    /// The place as the words of a netcat: host and port, or the path.
    pub(crate) fn words(&self) -> Vec<OsString> {
        match self {
            Place::Tcp(port) | Place::Udp(port) | Place::Sctp(port) | Place::Tls(port, _) => {
                vec!["127.0.0.1".into(), port.to_string().into()]
            }
            // The number of this machine for itself.
            Place::Vsock(port) => vec!["1".into(), port.to_string().into()],
            Place::Unix(path) => vec![path.into()],
        }
    }

    /// Waits until `child` listens here.
    pub(crate) fn await_listener(&self, child: &mut Child) -> io::Result<()> {
        let give_up = Instant::now() + LISTEN_WITHIN;
        while !self.is_listened_on(child.id())? {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!(
                    "the listener ended early, {status}"
                )));
            }
            if Instant::now() > give_up {
                return Err(io::Error::other(
                    "nobody listens although 10 seconds have passed",
                ));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn is_listened_on(&self, child: u32) -> io::Result<bool> {
        match self {
            Place::Tcp(port) | Place::Tls(port, _) => procfs::tcp_port_listens(*port),
            Place::Udp(port) => procfs::udp_port_is_bound(*port),
            Place::Sctp(port) => procfs::sctp_port_is_bound(*port),
            // No file tells of these; a listener has a socket and sleeps.
            Place::Vsock(_) => procfs::sleeps_over_a_socket(child),
            Place::Unix(path) => procfs::unix_path_listens(path),
        }
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
