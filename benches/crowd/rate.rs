//! How many visitors a server takes: as many as the clock sends, and as many as there can be.

use std::{io, time::Duration};

use super::visit::{AT_A_TIME, Host, Pace, Stdin, Visits, visit};
use crate::side_by_side::{
    args::Options,
    contestant::Contestant,
    figures::{median, ratio, show},
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "rate";

/// Visitors by the clock, and how long they come.
const A_SECOND: u32 = 2000;
const PACED: Duration = Duration::from_secs(10);

/// How long they come as fast as they are served.
const UNPACED: Duration = Duration::from_secs(3);

/// The most processor time ours may take for an unpaced visitor, as a multiple of ncat's. Two system
/// calls more are its price for not having ncat's limit of 1024 descriptors: each is registered, and
/// the listener is asked until nobody waits. Time by the clock is not judged: with so few at a time
/// it tells how soon the kernel lets visitors and server take turns.
const OVER_NCAT: f64 = 1.5;

/// Measures and prints both tables.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    paced(options)?;
    unpaced(options)
}

fn paced(options: &Options) -> io::Result<()> {
    let host = Host {
        who: Contestant::Ours,
        stdin: Stdin::Silent,
    };
    let pace = Pace::Every(Duration::from_secs(1) / A_SECOND);
    let mut runs = Vec::new();
    for round in 0..options.runs {
        eprintln!("{NAME}, paced: round {} of {}", round + 1, options.runs);
        runs.push(visit(host, pace, PACED)?);
    }
    println!(
        "### {A_SECOND} visitors a second for {} s (`{NAME}`)\n",
        PACED.as_secs()
    );
    println!("The worst of {} runs.\n", options.runs);
    println!("| what | figure | limit | |\n|---|--:|--:|---|");
    let most = |figure: fn(&Visits) -> u64| runs.iter().map(figure).max();
    for (what, figure) in [
        ("refused", most(|visits| visits.refused)),
        ("waited longer than 900 ms", most(|visits| visits.slow)),
        ("not served", most(Visits::unserved)),
    ] {
        let figure = figure.map(|count| count as f64);
        let word = verdict([Bound { figure, limit: 0.0 }]);
        println!("| {what} | {} | ≤ 0 | {word} |", show(figure, 0));
    }
    println!();
    Ok(())
}

fn unpaced(options: &Options) -> io::Result<()> {
    let mut tried: Vec<(Host, Vec<Visits>)> = Vec::new();
    for stdin in [Stdin::Over, Stdin::Silent] {
        for who in [Contestant::Ours, Contestant::Ncat] {
            if who.is_installed() {
                tried.push((Host { who, stdin }, Vec::new()));
            }
        }
    }
    for round in 0..options.runs {
        eprintln!("{NAME}, unpaced: round {} of {}", round + 1, options.runs);
        for turn in 0..tried.len() {
            let at = (round + turn) % tried.len();
            let (host, runs) = &mut tried[at];
            runs.push(visit(*host, Pace::Crowded, UNPACED)?);
        }
    }
    println!(
        "### {AT_A_TIME} visitors at a time for {} s (`{NAME}`)\n",
        UNPACED.as_secs()
    );
    println!(
        "| server | stdin | served a second | CPU µs each | refused | repeated a SYN | not served | ours ÷ it, CPU | limit | |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|---|");
    for line in &tried {
        print_line(line, &tried);
    }
    println!();
    Ok(())
}

fn print_line((host, runs): &(Host, Vec<Visits>), tried: &[(Host, Vec<Visits>)]) {
    let cpu = |runs: &[Visits]| median(runs.iter().map(Visits::cpu_a_visitor));
    let ours = tried
        .iter()
        .find(|(other, _)| other.who == Contestant::Ours && other.stdin == host.stdin)
        .and_then(|(_, runs)| cpu(runs));
    let judged = Bound {
        figure: ratio(ours, cpu(runs)),
        limit: OVER_NCAT,
    };
    let (limit, word) = match host.who {
        Contestant::Ours => ("–".into(), ""),
        _ => (format!("≤ {OVER_NCAT}"), verdict([judged])),
    };
    let stdin = match host.stdin {
        Stdin::Over => "/dev/null",
        Stdin::Silent => "silent",
    };
    let rate = median(runs.iter().map(Visits::served_a_second));
    let of = |figure: fn(&Visits) -> u64| show(median(runs.iter().map(|v| figure(v) as f64)), 0);
    println!(
        "| {} | {stdin} | {} | {} | {} | {} | {} | {} | {limit} | {word} |",
        host.who.name(),
        show(rate, 0),
        show(cpu(runs).map(|seconds| seconds * 1e6), 1),
        of(|visits| visits.refused),
        of(|visits| visits.slow),
        of(Visits::unserved),
        show(judged.figure, 2),
    );
}
