//! TLS: ours side by side with the installed `ncat`, with `socat`, and with a bare loop around the
//! library.
//!
//! Owns the order of the tables; the measuring is in `sealed`. Promise: every figure of one table
//! comes from one run of this program, its contestants interleaved, and the verdicts are computed
//! from the figures beside them. `benches/README.md` says how to read the tables.

#[allow(dead_code, reason = "only what the system knows of a process")]
mod crowd;
#[allow(dead_code, reason = "only the turns that contestants take")]
mod programs;
mod sealed;
#[allow(dead_code, reason = "some of it only transfers without TLS need")]
mod side_by_side;

use std::{io, process::ExitCode};

use sealed::{bare, bulk, handshakes, idle, silence};
use side_by_side::{
    args::{self, Options, Order},
    bare::WORD,
    machine,
};

/// Measured runs of each contestant.
const RUNS: usize = 5;

fn main() -> ExitCode {
    args::main("secure", |words| match words.split_first() {
        Some((first, rest)) if first == WORD => bare::main(rest),
        _ => args::measure(words, RUNS, run),
    })
}

fn run(options: &Options) -> io::Result<()> {
    machine::raise_descriptors()?;
    match &options.order {
        Order::Once { row, contestant } => bulk::once(options, row, contestant),
        Order::Tables => tables(options),
    }
}

fn tables(options: &Options) -> io::Result<()> {
    println!(
        "## TLS\n\nMedians of {}. {}.\n",
        options.runs,
        machine::facts(),
    );
    bulk::tables(options)?;
    handshakes::tables(options)?;
    if options.wants(idle::NAME) {
        idle::table()?;
    }
    if options.wants(silence::NAME) {
        silence::table(options)?;
    }
    Ok(())
}
