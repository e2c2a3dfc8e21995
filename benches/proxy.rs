//! Our proxy side by side with the installed `ncat`, `tinyproxy` and `microsocks`, and what our binary
//! does with thousands of tunnels.
//!
//! Owns the order of the tables; the measuring is in `proxied`. Promise: every figure of one table
//! comes from one run of this program, its contestants interleaved, and the verdicts are computed
//! from the figures beside them. `benches/README.md` says how to read the tables.

#[allow(dead_code, reason = "only what the system knows of a process")]
mod crowd;
mod proxied;
#[allow(dead_code, reason = "some of it only transfers without a proxy need")]
mod side_by_side;

use std::{io, process::ExitCode};

use proxied::{bulk, exchange, idle, newcomer, proxy::Proxy, tunnels};
use side_by_side::{
    args::{self, Options, Order},
    machine,
};

/// Measured runs of each contestant.
const RUNS: usize = 5;

fn main() -> ExitCode {
    args::main("proxy", |words| args::measure(words, RUNS, run))
}

fn run(options: &Options) -> io::Result<()> {
    machine::raise_descriptors()?;
    match &options.order {
        Order::Once { row, contestant } => once(options, row, contestant),
        Order::Tables => tables(options),
    }
}

fn tables(options: &Options) -> io::Result<()> {
    println!(
        "## Proxies\n\nMedians of {}. {}.\n",
        options.runs,
        machine::facts(),
    );
    for missing in Proxy::ALL.iter().filter(|who| !who.is_installed()) {
        println!("Not installed and left out: {}.\n", missing.name());
    }
    if options.wants(tunnels::NAME) {
        tunnels::table(options)?;
    }
    if options.wants(bulk::NAME) {
        bulk::table(options)?;
    }
    exchange::tables(options)?;
    if options.wants(idle::NAME) {
        idle::table()?;
    }
    if options.wants(newcomer::NAME) {
        newcomer::table(options)?;
    }
    Ok(())
}

/// One run of one contestant, for a profiler that follows children.
fn once(options: &Options, row: &str, contestant: &str) -> io::Result<()> {
    let who = Proxy::ALL
        .into_iter()
        .find(|known| known.name() == contestant)
        .ok_or_else(|| io::Error::other(format!("there is no contestant {contestant}")))?;
    let sample = match row {
        tunnels::NAME => tunnels::run(who)?,
        bulk::NAME => bulk::once(options, who)?,
        _ => exchange::once(options, row, who)?,
    };
    println!(
        "{row}, {contestant}: {:.3} s wall, {:.3} s CPU",
        sample.wall, sample.cpu
    );
    Ok(())
}
