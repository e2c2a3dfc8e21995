//! What options about long transfers cost: the same transfer with each of them, beside ours without any.

use std::io;

use super::{
    args::Options,
    contestant::{Contestant, Extra},
    figures::{ratio, show},
    row::ROWS,
    run::Sample,
    score::of,
    transfer::{SIZE, Stage},
};

/// For `--rows`.
pub(crate) const NAME: &str = "watched";

const CONTESTANTS: [Contestant; 6] = [
    Contestant::Ours,
    Contestant::OursWith(Extra::Verbose),
    Contestant::OursWith(Extra::Progress),
    Contestant::OursWith(Extra::RateLimit),
    Contestant::OursWith(Extra::Sha256),
    Contestant::OursWith(Extra::Blake3),
];

/// A table for a file and one for a pipe.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    let stage = Stage::set(options.size.unwrap_or(SIZE))?;
    for name in ["file-null", "pipe-pipe"] {
        let Some(row) = ROWS.iter().find(|row| row.name == name) else {
            continue;
        };
        let scores = stage.measure(row, &CONTESTANTS, options.runs)?;
        println!("### Watched: {} (`{NAME}`)\n", row.title);
        println!("| option at both ends | CPU s | wall s | CPU ratio | wall ratio |");
        println!("|---|--:|--:|--:|--:|");
        let plain = |figure: fn(&Sample) -> f64| of(&scores, Contestant::Ours, figure);
        let (plain_cpu, plain_wall) = (plain(Sample::cpu), plain(|sample| sample.wall));
        for who in CONTESTANTS {
            let cpu = of(&scores, who, Sample::cpu);
            let wall = of(&scores, who, |sample| sample.wall);
            println!(
                "| `{}` | {} | {} | {} | {} |",
                who.name(),
                show(cpu, 3),
                show(wall, 3),
                show(ratio(cpu, plain_cpu), 2),
                show(ratio(wall, plain_wall), 2),
            );
        }
        println!();
    }
    Ok(())
}
