//! What the system knows of a broker: its time, its memory, its descriptors.

use std::{fs, io, time::Duration};

use nix::{
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

use crate::side_by_side::procfs;

/// The most memory that was ever resident, in KiB.
pub(crate) fn most_resident(pid: u32) -> io::Result<u64> {
    procfs::field(
        &fs::read_to_string(format!("/proc/{pid}/status"))?,
        "VmHWM:",
    )
}

/// What a process has to itself, in KiB: memory that nobody would hold if it were not there.
pub(crate) fn private(pid: u32) -> io::Result<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    Ok(procfs::field(&rollup, "Private_Clean:")? + procfs::field(&rollup, "Private_Dirty:")?)
}

/// User and system time of all threads, those that have ended too, as exactly as the scheduler
/// keeps it; the ticks of `procfs::activity` are a hundredth of a second.
pub(crate) fn processor_time(pid: u32) -> io::Result<Duration> {
    let pid = Pid::from_raw(pid.try_into().map_err(io::Error::other)?);
    Ok(clock_gettime(ClockId::pid_cpu_clock_id(pid)?)?.into())
}

/// How many descriptors a process has open.
pub(crate) fn descriptors(pid: u32) -> io::Result<u64> {
    let dir = format!("/proc/{pid}/fd");
    // Since Linux 6.2 the size of the directory is their number; before, it was nothing.
    match fs::metadata(&dir)?.len() {
        0 => Ok(fs::read_dir(dir)?.count() as u64),
        count => Ok(count),
    }
}
