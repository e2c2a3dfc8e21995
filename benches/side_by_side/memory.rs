//! The memory of a listener that nobody has connected to.

use std::{io, process::Stdio};

use tempfile::tempdir;

use super::{
    args::Options,
    contestant::Contestant,
    figures::{median, show},
    kept::Kept,
    place::{Place, Wire},
    procfs,
    summary::{Bound, Summary},
};

/// For `--rows`.
pub(crate) const NAME: &str = "memory";

/// The most KiB ours may have above `nc.openbsd`.
const LIMIT: f64 = 1024.0;

const CONTESTANTS: [Contestant; 3] = [Contestant::Ours, Contestant::Nc, Contestant::Ncat];

/// Measures, prints, and notes ours against its limit.
pub(crate) fn table(options: &Options, summary: &mut Summary) -> io::Result<()> {
    println!("### Resident memory of an idle listener (`{NAME}`)\n");
    println!("| contestant | VmRSS, KiB | of it anonymous |\n|---|--:|--:|");
    let mut resident = CONTESTANTS.map(|who| (who, None));
    for (who, all) in resident.iter_mut().filter(|(who, _)| who.is_installed()) {
        let mut samples = Vec::new();
        for _ in 0..options.runs {
            samples.push(listener(*who)?);
        }
        *all = median(samples.iter().map(|(all, _)| *all as f64));
        let anonymous = median(samples.iter().map(|(_, anonymous)| *anonymous as f64));
        println!(
            "| {} | {} | {} |",
            who.name(),
            show(*all, 0),
            show(anonymous, 0)
        );
    }
    println!();
    let [(_, ours), (_, nc), _] = resident;
    let above = ours.zip(nc).map(|(ours, nc)| ours - nc);
    let bound = Bound {
        figure: above,
        limit: LIMIT,
    };
    summary.other("idle listener, KiB above nc.openbsd", bound, 0);
    Ok(())
}

/// The memory of one listener, once it has gone to sleep.
fn listener(who: Contestant) -> io::Result<(u64, u64)> {
    let dir = tempdir()?;
    let place = Place::fresh(Wire::Tcp, dir.path())?;
    let mut command = who.program()?;
    command
        .arg("-l")
        .args(place.words())
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = Kept::spawn(&mut command)?;
    place.await_listener(&mut child)?;
    procfs::await_rest(child.id())?;
    procfs::resident(child.id())
}
