//! Where was measured: the facts without which the figures of a report say nothing, and what has to be
//! asked of the machine beforehand.

use std::{fs, io, thread};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Processors, kernel and load, in one phrase.
pub(crate) fn facts() -> String {
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cpus} × {}, Linux {}, load {} at the start",
        cpu_model(),
        read("/proc/sys/kernel/osrelease"),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    )
}

/// As many descriptors as may be had, for us and for all that we start.
pub(crate) fn raise_descriptors() -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

fn cpu_model() -> String {
    read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(|| "processors".into(), |(_, model)| model.into())
}

/// A fact that cannot be read is left out.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().into()
}
