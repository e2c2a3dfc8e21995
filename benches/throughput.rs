//! Our binary side by side with the installed `ncat`, `nc.openbsd` and `socat`, and a bare loop.
//!
//! Owns the order of the tables; the measuring is in `side_by_side`. Promise: every figure of one
//! table comes from one run of this program, its contestants interleaved, and the verdicts are
//! computed from the figures above them. `benches/README.md` says how to read the tables.

#[allow(dead_code, reason = "some of it only transfers under TLS need")]
mod side_by_side;

use std::{io, process::ExitCode};

use side_by_side::{
    args::{self, Options, Order},
    bare, idle, machine, memory, script, start_up,
    summary::Summary,
    transfer, watched,
};

/// Measured runs of each contestant.
const RUNS: usize = 9;

fn main() -> ExitCode {
    args::main("throughput", |words| match words.split_first() {
        Some((first, rest)) if first == bare::WORD => bare::main(rest),
        _ => args::measure(words, RUNS, run),
    })
}

fn run(options: &Options) -> io::Result<()> {
    match &options.order {
        Order::Once { row, contestant } => transfer::once(options, row, contestant),
        Order::Tables => tables(options),
    }
}

fn tables(options: &Options) -> io::Result<()> {
    println!(
        "## Side by side\n\n\
         {} bytes a transfer, medians of {}. {}.\n\
         CPU: user and system seconds of both ends together. Ratios: to the best of ncat,\n\
         nc.openbsd and socat in the same table.\n",
        options.size.unwrap_or(transfer::SIZE),
        options.runs,
        machine::facts(),
    );
    let mut summary = Summary::default();
    transfer::tables(options, &mut summary)?;
    if options.wants(watched::NAME) {
        watched::tables(options)?;
    }
    if options.wants(start_up::NAME) {
        start_up::table(&mut summary)?;
    }
    if options.wants(script::NAME) {
        script::table(&mut summary)?;
    }
    if options.wants(memory::NAME) {
        memory::table(options, &mut summary)?;
    }
    if options.wants(idle::NAME) {
        idle::table(&mut summary)?;
    }
    println!("{summary}");
    Ok(())
}
