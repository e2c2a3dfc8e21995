//! Who runs because of a program under test: found in /proc by a mark in the environment, which all
//! descendants inherit whatever else they do.

use std::cell::RefCell;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Deadline, Program, Running, Told};

const NAME: &str = "NCAT_TEST_MARK";
/// How many looks in a row must find the same.
const LOOKS: usize = 5;

/// A word that nobody else's environment contains.
#[derive(Clone, Debug)]
pub(crate) struct Mark(String);

impl Mark {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}.{next}", std::process::id()))
    }

    pub(crate) fn on(&self, program: Program) -> Program {
        program.env(NAME, &self.0)
    }

    /// All who bear it, but `parent`.
    pub(crate) fn bearers(&self, parent: u32) -> Vec<u32> {
        let wanted = format!("{NAME}={}", self.0);
        let bears = |id: &u32| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            let mut words = environment.split(|byte| *byte == 0);
            words.any(|word| word == wanted.as_bytes())
        };
        processes()
            .filter(|id| *id != parent)
            .filter(bears)
            .collect()
    }

    /// Waits until exactly so many bear it, and the same ones for some looks in a row: a process that is just
    /// turning into another program bears nothing for a moment.
    pub(crate) fn until_borne_by(&self, count: usize, program: &mut Running) -> Told {
        let what = format!("{count} descendants are there");
        let seen = RefCell::new((Vec::new(), 0));
        program.repeat_until(Deadline::usual(), &what, |id| {
            let now = self.bearers(id);
            let (last, times) = &mut *seen.borrow_mut();
            *times = if *last == now { *times + 1 } else { 1 };
            *last = now;
            (last.len() == count && *times >= LOOKS).then_some(())
        })
    }

    /// Sees that nobody bears it now that the program has ended.
    pub(crate) fn is_gone(&self) -> Told {
        match self.bearers(0).as_slice() {
            [] => Ok(()),
            left => Err(format!("these are left behind: {left:?}")),
        }
    }
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The children of a process, those included that have ended and that nobody has reaped.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let is_child = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // The name comes before, and may contain anything.
        let rest = stat.rsplit(") ").next().unwrap_or_default();
        rest.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    processes().filter(is_child).collect()
}

/// The numbers of the descriptors of a process.
pub(crate) fn descriptors(id: u32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{id}/fd"));
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
