//! Processes that are our children though we have not started them, and that nobody else buries.
//!
//! The first process of a container is given all whose parents are gone, those of programs we run for
//! peers among them. Whoever turned into us (`exec`) may have had children before.
//!
//! Promise: none stays dead for long; our own programs, and whoever lives, are left alone.

use std::fs;
use std::process;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpid};

use super::Shell;
use super::alarm::Wake;

/// How long one may wait to be buried. To look for them takes time, so it is not done for each.
const REST: Duration = Duration::from_secs(1);

/// What is known of them.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    /// When they are looked for.
    pub at: Option<Instant>,
}

impl Shell {
    /// Whether there may be any. Not to be asked any more once we have children of our own.
    pub(super) fn may_have_orphans() -> bool {
        let any = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        process::id() == 1 || waitid(WaitId::All, any).is_ok()
    }

    /// A child has ended, whoever it is.
    pub(super) fn await_burial(&mut self) {
        if self.orphans.at.is_none() {
            let at = self.now + REST;
            self.orphans.at = Some(at);
            self.alarms.set(at, Wake::Orphans);
        }
    }

    /// Buries those that are dead by now.
    pub(super) fn bury_orphans(&mut self) {
        self.orphans.at = None;
        if self.processes.is_empty() {
            while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
            return;
        }
        // A program that is kept after its exit would hide all who come behind it from waitpid.
        for id in dead_children() {
            let is_program = self.processes.iter().any(|(_, process)| process.is(id));
            if !is_program {
                let _ = waitpid(Some(id), WaitOptions::NOHANG); // there is nothing to learn from it
            }
        }
    }
}

/// Our children that have ended, as far as /proc tells.
fn dead_children() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours = process::id().to_string();
    ids.filter(|id: &i32| {
        let stat = fs::read(format!("/proc/{id}/stat")).unwrap_or_default();
        is_dead_child(&String::from_utf8_lossy(&stat), &ours)
    })
    .filter_map(Pid::from_raw)
    .collect()
}

/// Whether that line is one of a process that has ended and whose parent has this number.
fn is_dead_child(stat: &str, parent: &str) -> bool {
    // The name comes before, and may contain anything.
    let rest = stat.rsplit(") ").next().unwrap_or_default();
    let mut words = rest.split(' ');
    words.next() == Some("Z") && words.next() == Some(parent)
}

#[cfg(test)]
mod tests {
    use super::is_dead_child;

    #[test]
    fn who_is_dead_and_whose_child_is_read_behind_the_name() {
        let cases = [
            ("12 (sleep) Z 1 12 12 0", true),
            ("12 (sleep) S 1 12 12 0", false),
            ("12 (sleep) Z 11 12 12 0", false),
            ("12 (a) Z 1 b) S 7 12 12 0", false),
            ("12 (a) S 7 b) Z 1 12 12 0", true),
            ("", false),
        ];
        for (stat, is_one) in cases {
            assert_eq!(is_dead_child(stat, "1"), is_one, "of {stat:?}");
        }
    }
}
