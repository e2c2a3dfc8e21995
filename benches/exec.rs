//! Programs that talk to peers: ours side by side with the installed `ncat`, and with what our own
//! binary needs when there is no program.
//!
//! Owns the order of the tables; the measuring is in `programs`. Promise: every figure of one table
//! comes from one run of this program, its contestants interleaved, and the verdicts are computed
//! from the figures beside them. `benches/README.md` says how to read the tables.

mod programs;
#[allow(dead_code, reason = "some of it only the transfers need")]
mod side_by_side;

use std::{io, process::ExitCode};

use programs::{bulk, echo, visits};
use side_by_side::{
    args::{self, Options, Order},
    machine,
};

/// Measured runs of each contestant.
const RUNS: usize = 5;

fn main() -> ExitCode {
    args::main("exec", |words| args::measure(words, RUNS, run))
}

fn run(options: &Options) -> io::Result<()> {
    if let Order::Once { .. } = options.order {
        return Err(io::Error::other("--once is for transfers and brokers"));
    }
    println!(
        "## Programs for peers\n\nMedians of {}. {}.\n",
        options.runs,
        machine::facts(),
    );
    if options.wants(visits::NAME) {
        visits::table(options)?;
    }
    if options.wants(echo::NAME) {
        echo::table(options)?;
    }
    if options.wants(bulk::NAME) {
        bulk::table(options)?;
    }
    Ok(())
}
