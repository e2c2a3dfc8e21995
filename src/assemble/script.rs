//! `--lua-exec`: the text of a script as it was when we started, from its file to the process that
//! runs it for a peer.
//!
//! That process is this program once more: it begins as fast, and whatever the script does to it
//! happens to nobody else. The text goes there in memory of its own, which nobody can write to; so
//! every peer meets the script that was checked, whatever becomes of its file.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use crate::cli::plan::Script;
use crate::lua::{self, Pace};
use crate::net::{dial, sys};
use crate::say::{self, Fact};

/// What a peer's program is told of its protocol; set for scripts as for all programs.
const PROTOCOL: &str = "NCAT_PROTO";

/// The text of a script that is fit to run.
///
/// # Errors
/// The sentence that says why it is not.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, String> {
    let text = read(path)?;
    lua::check(&path.to_string_lossy(), &text)?;
    Ok(text)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |verb: &str, error: &io::Error| {
        let (path, why) = (path.display(), dial::words(error));
        lua::not_loaded(&format!("cannot {verb} {path}: {why}"))
    };
    let mut text = Vec::new();
    let mut file = File::open(path).map_err(|error| failed("open", &error))?;
    file.read_to_end(&mut text)
        .map_err(|error| failed("read", &error))?;
    Ok(text)
}

/// A text that programs we start inherit.
pub(super) struct Kept(OwnedFd);

impl Kept {
    /// Inherited, because a path to it by way of our own process would be closed to a program that is
    /// not allowed to look into us, as when ours may do more than its user.
    pub(super) fn new(text: &[u8]) -> io::Result<Self> {
        let memory = memfd_create(c"lua-exec", MemfdFlags::ALLOW_SEALING)?;
        let mut file = File::from(memory);
        file.write_all(text)?;
        let memory = OwnedFd::from(file);
        let all = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&memory, all)?;
        Ok(Self(memory))
    }

    /// The command line for which this program runs the script.
    pub(super) fn argv(&self, path: &Path) -> Vec<OsString> {
        let [name, option] = ["ncat", "--lua-exec-internal"].map(OsString::from);
        let descriptor = self.0.as_raw_fd().to_string().into();
        vec![name, option, path.into(), descriptor]
    }
}

/// Where this program is, whatever it was called.
pub(super) const OURSELVES: &str = "/proc/self/exe";

/// Runs a script instead of everything else; the exit status.
pub fn run_script(script: &Script) -> u8 {
    match try_run(script) {
        Ok(()) => 0,
        Err(sentence) => {
            say::line(&format!("Ncat: {sentence} QUITTING."), &Fact::new("error"));
            2
        }
    }
}

fn try_run(script: &Script) -> Result<(), String> {
    let text = match script.descriptor {
        Some(number) => inherited(number).map_err(|error| lua::not_loaded(&dial::words(&error)))?,
        None => read(&script.name)?,
    };
    let pace = match std::env::var_os(PROTOCOL) {
        Some(protocol) if protocol == "UDP" => Pace::Messages,
        Some(_) | None => Pace::Lines,
    };
    sys::die_of_broken_pipes();
    lua::run(&script.name.to_string_lossy(), &text, pace)
}

/// Reads by position, for all who inherit the text share its descriptor's.
fn inherited(number: i32) -> io::Result<Vec<u8>> {
    let file = File::from(sys::inherited(number)?);
    let size = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    let mut text = vec![0; size];
    file.read_exact_at(&mut text, 0)?;
    Ok(text)
}
