//! The first lines of the report: what was measured where.

use std::{fs, thread};

use super::args::Options;

/// A headline and the facts without which the figures say nothing.
pub(crate) fn describe(options: &Options) -> String {
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "## Side by side\n\n\
         {} bytes a transfer, medians of {}. {cpus} × {}, Linux {}, load {} at the start.\n\
         CPU: user and system seconds of both ends together. Ratios: to the best of ncat,\n\
         nc.openbsd and socat in the same table.\n",
        options.size,
        options.runs,
        cpu_model(),
        read("/proc/sys/kernel/osrelease"),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    )
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
