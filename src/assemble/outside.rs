//! What the command line asks of the outside while it is understood: logs, scripts, names,
//! services.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::{Logs, script};
use crate::cli::lines::{Colour, Format, Lines};
use crate::cli::plan::{Address, Family, Given, Protocol};
use crate::cli::proxy::AUTH_VARIABLE;
use crate::cli::{self, Log, World, help};
use crate::net::notify::{self, Supervisor};
use crate::net::sys::GiveUp;
use crate::net::{given, resolve};
use crate::say::{self, Fact};

/// The world as it is.
pub struct Outside {
    /// The logs opened so far.
    pub logs: Logs,
    /// The text of the script.
    pub(super) script: Option<Vec<u8>>,
    /// The sockets that were left to us.
    pub(super) given: Option<given::Given>,
    /// Who is to be told that we are ready.
    pub(super) supervisor: Supervisor,
    pub(super) started: Instant,
    wait: Option<Duration>,
}

impl Outside {
    /// The program began at that time, which is what deadlines count from.
    pub fn new(started: Instant) -> Self {
        Self {
            logs: Logs::default(),
            script: None,
            given: None,
            supervisor: Supervisor::default(),
            started,
            wait: None,
        }
    }

    /// Looks a host up within what is left of the time for connecting.
    fn look_up(&self, host: &str, family: Family, numeric: bool) -> Result<Vec<Address>, String> {
        // An address needs no name server, and so no deadline.
        let found = resolve::host(host, family, true);
        if found.is_ok() || numeric {
            return found;
        }
        let left = self.wait.map(|wait| {
            let left = wait.saturating_sub(self.started.elapsed());
            left.max(Duration::from_millis(1)) // a timer of nothing would never ring
        });
        let give_up = left.map(give_up_after).transpose();
        let _give_up = give_up.map_err(|error| format!("no deadline could be set: {error}"))?;
        resolve::host(host, family, false)
    }
}

/// Ends the program after that time, with words that must be there before.
fn give_up_after(left: Duration) -> io::Result<GiveUp> {
    let fact = Fact::new("failed").reason("TIMEOUT").number("status", 1);
    let words = say::last_words("TIMEOUT.", &fact, SystemTime::now() + left);
    GiveUp::after(left, words)
}

impl World for Outside {
    fn speak(&mut self, lines: Lines) {
        let colour = match lines.color {
            Some(Colour::Always) => say::Colour::Always,
            Some(Colour::Never) => say::Colour::Never,
            Some(Colour::Auto) | None => say::Colour::Auto,
        };
        say::speak(lines.format == Format::Json, lines.timestamps, colour);
    }

    fn given(&mut self) -> Result<Given, String> {
        let given = given::Given::take(|name| env::var(name).ok())?;
        let kind = match given.kind {
            given::Kind::Listener { sctp } => Given::Listeners { sctp },
            given::Kind::Datagrams => Given::Datagrams,
            given::Kind::Connection { sctp } => Given::Connection { sctp },
        };
        self.given = Some(given);
        Ok(kind)
    }

    fn ready_fd(&mut self, number: i32) -> Result<(), String> {
        let known = self.given.iter().flat_map(|given| &given.sockets);
        if known.into_iter().any(|fd| fd.as_raw_fd() == number) {
            return Err(format!(
                "Descriptor {number} is a socket to listen on, and not where --ready-fd can tell anybody."
            ));
        }
        let taken = notify::take(number).map_err(|error| {
            let why = cli::reason(&error);
            format!("Descriptor {number} was not left to us for --ready-fd to write to: {why}.")
        });
        self.supervisor.descriptor = Some(taken?);
        Ok(())
    }

    fn open_log(&mut self, path: &Path, which: Log) -> io::Result<()> {
        let file = open(path)?;
        match which {
            Log::Output => self.logs.output = Some(file),
            Log::HexDump => self.logs.hex_dump = Some(file),
        }
        Ok(())
    }

    fn read_list(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn load_script(&mut self, path: &Path) -> Result<(), String> {
        self.script = Some(script::load(path)?);
        Ok(())
    }

    fn banner(&mut self) {
        say::line(&help::version(), &Fact::new("version"));
    }

    fn proxy_auth(&mut self) -> Option<OsString> {
        env::var_os(AUTH_VARIABLE)
    }

    fn hurry(&mut self, wait: Duration) {
        self.wait = Some(wait);
    }

    fn resolve(
        &mut self,
        host: &str,
        family: Family,
        numeric_only: bool,
    ) -> Result<Vec<Address>, String> {
        self.look_up(host, family, numeric_only)
    }

    fn service(&mut self, name: &str, protocol: Protocol) -> Option<u16> {
        resolve::service(name, protocol)
    }
}

/// Appends, so that two logs of one name follow each other; readable for the group as ever.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o664)
        .open(path)
}
