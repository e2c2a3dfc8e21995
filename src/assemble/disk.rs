//! Lists of hosts as they are read while we serve: from files and from the system's resolver.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use crate::access::Source;
use crate::cli::plan::{Again, Family};
use crate::net::{Reader, dial, resolve};

/// Reads what the plan says; by a thread of its own, for it may take as long as it takes.
pub(super) fn reader(again: Again) -> Reader {
    Arc::new(move || {
        let mut disk = Disk {
            family: again.family,
            numeric_only: again.numeric_only,
        };
        again.entries.read_files(&mut disk)
    })
}

/// Files and names as they are now.
struct Disk {
    family: Family,
    numeric_only: bool,
}

impl Source for Disk {
    /// A pipe gives what it holds only once; to take nothing for the list would open every door.
    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        let read = || match fs::metadata(path)?.is_file() {
            true => fs::read(path),
            false => Err(std::io::Error::other(
                "It is no file that can be read again",
            )),
        };
        read().map_err(|error| dial::words(&error))
    }

    fn numeric(&mut self, word: &str) -> Option<IpAddr> {
        let found = resolve::host(word, Family::Any, true).ok()?;
        found.first().map(|address| address.ip)
    }

    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = resolve::host(name, self.family, self.numeric_only)?;
        Ok(found.iter().map(|address| address.ip).collect())
    }
}
