//! Our broker side by side with the installed `ncat`, `redis-server` and `nats-server`, and what
//! our binary does with ten thousand connections.
//!
//! Owns the order of the tables; the measuring is in `crowd`. Promise: every figure of one table
//! comes from one run of this program, its contestants interleaved, and the verdicts are computed
//! from the figures beside them. `benches/README.md` says how to read the tables.

mod crowd;
#[allow(dead_code, reason = "some of it only the transfers need")]
mod side_by_side;

use std::{io, process::ExitCode};

use crowd::{burst, fan_out, members, memory, rate, sender, stall};
use side_by_side::{
    args::{self, Options, Order},
    machine,
};

/// Measured runs of each contestant.
const RUNS: usize = 5;

fn main() -> ExitCode {
    args::main("fan_out", |words| match words.split_first() {
        Some((first, rest)) if first == members::WORD => members::main(rest),
        Some((first, rest)) if first == sender::WORD => sender::main(rest),
        _ => args::measure(words, RUNS, run),
    })
}

fn run(options: &Options) -> io::Result<()> {
    machine::raise_descriptors()?;
    match &options.order {
        Order::Once { row, contestant } => fan_out::once(options, row, contestant),
        Order::Tables => tables(options),
    }
}

fn tables(options: &Options) -> io::Result<()> {
    println!(
        "## Many connections\n\n\
         Medians of {}. {}.\n",
        options.runs,
        machine::facts(),
    );
    fan_out::tables(options)?;
    if options.wants(burst::NAME) {
        burst::table(options)?;
    }
    if options.wants(rate::NAME) {
        rate::tables(options)?;
    }
    if options.wants(memory::NAME) {
        memory::table()?;
    }
    if options.wants(stall::NAME) {
        stall::table(options)?;
    }
    Ok(())
}
