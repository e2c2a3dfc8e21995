//! Who may come in, read when it is its turn among the questions to the outside.

use std::net::IpAddr;
use std::path::Path;

use super::place::Place;
use super::plan::{Again, Family, Gate};
use super::{UsageError, World, reason};
use crate::access::{Access, Source};

impl Place<'_> {
    /// Reads the lists. In connect mode too, where they have no effect but may be wrong.
    pub(super) fn lists(&mut self) -> Result<Access, UsageError> {
        let entries = &self.options.lists;
        let access = entries.read(&mut self.asked());
        access.map_err(|mistake| UsageError::quitting_after(&mistake.sentences()))
    }

    /// Whom to ask while specifications of hosts are read.
    pub(super) fn asked(&mut self) -> Asked<'_> {
        Asked {
            family: self.family(),
            numeric_only: self.options.numeric_only,
            world: &mut *self.world,
        }
    }

    /// Who may come in, now and when the lists have changed.
    pub(super) fn gate(&mut self) -> Result<Box<Gate>, UsageError> {
        let access = self.lists()?;
        let entries = &self.options.lists;
        let again = entries.has_files().then(|| Again {
            entries: entries.clone(),
            family: self.family(),
            numeric_only: self.options.numeric_only,
        });
        Ok(Box::new(Gate { access, again }))
    }
}

/// The world, asked in the way that the options say.
pub(super) struct Asked<'a> {
    world: &'a mut dyn World,
    family: Family,
    numeric_only: bool,
}

impl Source for Asked<'_> {
    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        self.world.read_list(path).map_err(|error| reason(&error))
    }

    // A list may hold addresses of both families whatever we listen on.
    fn numeric(&mut self, word: &str) -> Option<IpAddr> {
        let found = self.world.resolve(word, Family::Any, true).ok()?;
        found.first().map(|address| address.ip)
    }

    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = self.world.resolve(name, self.family, self.numeric_only)?;
        Ok(found.iter().map(|address| address.ip).collect())
    }
}
