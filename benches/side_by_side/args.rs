//! What may be typed after `cargo bench --bench throughput --`, `--bench fan_out --`,
//! `--bench exec --`, `--bench secure --` and `--bench proxy --`, and how a bench begins and ends.

use std::{env, io, process::ExitCode};

/// A bench from its words to its status; what went wrong is said under the bench's name.
pub(crate) fn main(bench: &str, run: impl FnOnce(&[String]) -> io::Result<()>) -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{bench}: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Measures as these words ask for, if they ask for it.
pub(crate) fn measure(
    words: &[String],
    usual_runs: usize,
    run: impl FnOnce(&Options) -> io::Result<()>,
) -> io::Result<()> {
    match is_a_test(words) {
        true => Ok(()),
        false => run(&Options::parse(words, usual_runs)?),
    }
}

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) order: Order,
    pub(crate) runs: usize,
    /// Bytes of one transfer, if they are not left to the bench.
    pub(crate) size: Option<u64>,
    /// Parts of table names; none means every table.
    rows: Vec<String>,
}

/// One process does one of these.
pub(crate) enum Order {
    Tables,
    /// A single transfer compared with nothing, for `perf record`.
    Once {
        row: String,
        contestant: String,
    },
}

impl Options {
    fn parse(words: &[String], usual_runs: usize) -> io::Result<Options> {
        let found = flags().parse(words).map_err(io::Error::other)?;
        let order = match (found.opt_present("once"), found.free.as_slice()) {
            (true, [row, contestant]) => Order::Once {
                row: row.clone(),
                contestant: contestant.clone(),
            },
            (true, _) => return Err(io::Error::other("--once needs a row and a contestant")),
            (false, [unused, ..]) => {
                return Err(io::Error::other(format!("{unused} is no option")));
            }
            (false, []) => Order::Tables,
        };
        Ok(Options {
            order,
            runs: found
                .opt_get_default("runs", usual_runs)
                .map_err(io::Error::other)?
                .max(1),
            size: found.opt_get("size").map_err(io::Error::other)?,
            rows: found.opt_strs("rows"),
        })
    }

    /// Whether the table of this name is wanted.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| name.contains(part.as_str()))
    }
}

/// `cargo test --all-targets` starts bench targets too, with a test's options and without this one.
fn is_a_test(words: &[String]) -> bool {
    !words
        .iter()
        .any(|word| word == "--bench" || word == "--once")
}

fn flags() -> getopts::Options {
    let mut flags = getopts::Options::new();
    flags
        .optflag("", "bench", "said by cargo bench: measure")
        .optopt("", "runs", "measured runs of each contestant", "N")
        .optopt("", "size", "bytes of one transfer", "BYTES")
        .optmulti(
            "",
            "rows",
            "only tables whose name contains this; may be repeated",
            "NAME",
        )
        .optflag("", "once", "one transfer, for perf: --once ROW CONTESTANT");
    flags
}
