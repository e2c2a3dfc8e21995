//! Who is compared, and the command lines that make each of them do a row's transfer.
//!
//! The peers get the options their manuals give for a one-way transfer, without which some of them
//! lose bytes or never end; ours gets none, for it must do without.

use std::{
    env,
    ffi::OsStr,
    io,
    path::PathBuf,
    process::{Command, Stdio},
};

use super::{bare, place::Place};

/// A program at both ends of a transfer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contestant {
    Ours,
    /// Our binary told to leave sendfile and splice alone.
    OursCopying,
    /// Our binary with an option.
    OursWith(Extra),
    Ncat,
    Nc,
    Socat,
    /// A blocking sendfile or splice loop: what the kernel itself costs.
    Bare,
}

/// What ours is told besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extra {
    Verbose,
    Progress,
    /// Far above what any machine moves.
    RateLimit,
    Sha256,
    Blake3,
}

impl Extra {
    fn words(self) -> &'static str {
        match self {
            Extra::Verbose => "-v",
            Extra::Progress => "--progress=always",
            Extra::RateLimit => "--rate-limit=64G",
            Extra::Sha256 => "--checksum=sha256",
            Extra::Blake3 => "--checksum=blake3",
        }
    }
}

/// Which end of the connection a process is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Listens,
    Connects,
}

/// Which end of the transfer a process is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Sends,
    Receives,
}

impl Contestant {
    pub(crate) const ALL: [Contestant; 6] = [
        Contestant::Ours,
        Contestant::OursCopying,
        Contestant::Ncat,
        Contestant::Nc,
        Contestant::Socat,
        Contestant::Bare,
    ];

    /// For the tables and `--once`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contestant::Ours => "ours",
            Contestant::OursCopying => "ours-copying",
            Contestant::OursWith(extra) => extra.words(),
            Contestant::Ncat => "ncat",
            Contestant::Nc => "nc.openbsd",
            Contestant::Socat => "socat",
            Contestant::Bare => "bare",
        }
    }

    /// Whether ours is measured against the best of these.
    pub(crate) fn is_peer(self) -> bool {
        match self {
            Contestant::Ncat | Contestant::Nc | Contestant::Socat => true,
            Contestant::Ours | Contestant::OursCopying => false,
            Contestant::OursWith(_) | Contestant::Bare => false,
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        match self {
            Contestant::Ours | Contestant::OursCopying => true,
            Contestant::OursWith(_) | Contestant::Bare => true,
            Contestant::Ncat | Contestant::Nc | Contestant::Socat => is_on_path(self.name()),
        }
    }

    /// The program without a word after it.
    pub(crate) fn program(self) -> io::Result<Command> {
        let mut command = match self {
            Contestant::Ours | Contestant::OursCopying | Contestant::OursWith(_) => {
                Command::new(our_binary())
            }
            Contestant::Ncat | Contestant::Nc | Contestant::Socat => Command::new(self.name()),
            Contestant::Bare => Command::new(env::current_exe()?),
        };
        // Whatever the caller's environment says, only the copying contestant copies.
        command.env_remove(COPY_ONLY);
        if self == Contestant::OursCopying {
            command.env(COPY_ONLY, "1");
        }
        Ok(command)
    }

    /// One end of a one-way transfer through `place`; stdin and stdout are the caller's.
    pub(crate) fn end(self, role: Role, task: Task, place: &Place) -> io::Result<Command> {
        let mut command = self.program()?;
        match self {
            Contestant::Ours | Contestant::OursCopying | Contestant::OursWith(_) => {
                if let Contestant::OursWith(extra) = self {
                    command.arg(extra.words()).stderr(Stdio::null());
                }
                command
                    .args(listen_flag(role))
                    .args(transport_flag(place))
                    .args(tls_flags(role, place))
                    .args(place.words());
            }
            // Without these it quits at the other's end of file and loses what is still to come.
            Contestant::Ncat => {
                command.arg(match task {
                    Task::Sends => "--send-only",
                    Task::Receives => "--recv-only",
                });
                command
                    .args(listen_flag(role))
                    .args(transport_flag(place))
                    .args(tls_flags(role, place))
                    .args(place.words());
            }
            // -N passes the end of stdin on; -d does not read stdin. Without them it never ends.
            Contestant::Nc => {
                command.arg(match task {
                    Task::Sends => "-N",
                    Task::Receives => "-d",
                });
                command
                    .args(listen_flag(role))
                    .args(transport_flag(place))
                    .args(place.words());
            }
            // -u: one way, left to right. 256 KiB is the block size it is fastest with.
            Contestant::Socat => {
                command.args(["-u", "-b", "262144"]);
                let address = socat_address(role, place);
                match task {
                    Task::Sends => command.args(["-", &address]),
                    Task::Receives => command.args([&address, "-"]),
                };
            }
            Contestant::Bare => {
                command.args(bare::words(role, task)).args(place.words());
                if let Place::Tls(_, papers) = place {
                    command.arg(papers);
                }
            }
        }
        Ok(command)
    }
}

pub(crate) fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// What a netcat needs to be told where bytes are sealed.
fn tls_flags(role: Role, place: &Place) -> Vec<&OsStr> {
    let mut flags = Vec::new();
    if let Place::Tls(_, papers) = place {
        flags.push(OsStr::new("--ssl"));
        if role == Role::Listens {
            for flag in ["--ssl-cert", "--ssl-key"] {
                flags.extend([OsStr::new(flag), papers.as_os_str()]);
            }
        }
    }
    flags
}

/// Makes our binary copy where it could let the kernel carry.
const COPY_ONLY: &str = "NCAT_NO_SPLICE";

/// The binary that cargo built for this bench, unless another is to be tried.
fn our_binary() -> PathBuf {
    env::var_os("NCAT_BIN").map_or_else(|| env!("CARGO_BIN_EXE_ncat").into(), PathBuf::from)
}

fn listen_flag(role: Role) -> Option<&'static OsStr> {
    (role == Role::Listens).then(|| OsStr::new("-l"))
}

fn transport_flag(place: &Place) -> Option<&'static OsStr> {
    let flag = match place {
        Place::Unix(_) => "-U",
        Place::Sctp(_) => "--sctp",
        Place::Vsock(_) => "--vsock",
        Place::Tcp(_) | Place::Udp(_) | Place::Tls(..) => return None,
    };
    Some(OsStr::new(flag))
}

fn socat_address(role: Role, place: &Place) -> String {
    match (role, place) {
        (Role::Listens, Place::Tcp(port)) => format!("TCP4-LISTEN:{port},bind=127.0.0.1"),
        (Role::Listens, Place::Udp(port)) => format!("UDP4-LISTEN:{port},bind=127.0.0.1"),
        (Role::Listens, Place::Sctp(port)) => format!("SCTP4-LISTEN:{port},bind=127.0.0.1"),
        (Role::Listens, Place::Vsock(port)) => format!("VSOCK-LISTEN:{port}"),
        (Role::Connects, Place::Sctp(port)) => format!("SCTP4:127.0.0.1:{port}"),
        (Role::Connects, Place::Vsock(port)) => format!("VSOCK-CONNECT:1:{port}"),
        (Role::Listens, Place::Unix(path)) => format!("UNIX-LISTEN:{}", path.display()),
        (Role::Listens, Place::Tls(port, papers)) => {
            let papers = papers.display();
            format!("OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={papers},verify=0")
        }
        (Role::Connects, Place::Tls(port, _)) => format!("OPENSSL:127.0.0.1:{port},verify=0"),
        (Role::Connects, Place::Tcp(port)) => format!("TCP4:127.0.0.1:{port}"),
        (Role::Connects, Place::Udp(port)) => format!("UDP4:127.0.0.1:{port}"),
        (Role::Connects, Place::Unix(path)) => format!("UNIX-CONNECT:{}", path.display()),
    }
}
