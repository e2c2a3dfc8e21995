//! Handshakes a second: clients that come, shake hands and leave, eight at once.

use std::{io, path::Path, sync::Arc, thread, time::Instant};

use rustls::ClientConfig;
use tempfile::tempdir;

use super::{
    client, papers,
    server::{Server, Stdin},
};
use crate::{
    crowd::account,
    programs::in_turns,
    side_by_side::{
        args::Options,
        contestant::Contestant,
        figures::{median, ratio, show},
        summary::{Bound, verdict},
    },
};

const VISITS: usize = 2000;
const AT_ONCE: usize = 8;

/// Whose certificate is shown.
struct Scene {
    /// For `--rows`.
    name: &'static str,
    title: &'static str,
    /// Otherwise each server makes its own.
    same: bool,
    /// The fewest handshakes a second, as a multiple of the reference's.
    least: f64,
}

const SCENES: [Scene; 2] = [
    Scene {
        name: "handshakes-same",
        title: "the same certificate, RSA of 2048 bits",
        same: true,
        least: 0.95,
    },
    Scene {
        name: "handshakes-own",
        title: "each server's own temporary certificate",
        same: false,
        least: 4.0,
    },
];

/// What one run came to.
struct Rate {
    /// Handshakes a second.
    speed: f64,
    /// Processor milliseconds of the server for each.
    cost: f64,
}

pub(crate) fn tables(options: &Options) -> io::Result<()> {
    let dir = tempdir()?;
    let papers = papers::make(dir.path())?;
    let config = client::config()?;
    for scene in SCENES.iter().filter(|scene| options.wants(scene.name)) {
        let papers = scene.same.then_some(papers.as_path());
        let rates = in_turns(scene.name, options, |who| run(who, papers, &config))?;
        print(scene, &rates);
    }
    Ok(())
}

fn run(who: Contestant, papers: Option<&Path>, config: &Arc<ClientConfig>) -> io::Result<Rate> {
    let server = Server::start(who, papers, 100, Stdin::Over)?;
    // The first of all meets a server that still loads its code.
    visit(config, server.port)?;
    let before = account::processor_time(server.pid())?;
    let began = Instant::now();
    thread::scope(|scope| {
        let visitor = || (0..VISITS / AT_ONCE).try_for_each(|_| visit(config, server.port));
        let visitors: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(visitor)).collect();
        let mut told = visitors.into_iter().map(|visitor| visitor.join());
        told.try_for_each(|told| told.map_err(|_| io::Error::other("a visitor panicked"))?)
    })?;
    let spent = began.elapsed().as_secs_f64();
    let cost = account::processor_time(server.pid())? - before;
    Ok(Rate {
        speed: VISITS as f64 / spent,
        cost: cost.as_secs_f64() * 1e3 / VISITS as f64,
    })
}

fn visit(config: &Arc<ClientConfig>, port: u16) -> io::Result<()> {
    let mut wire = client::connect(port)?;
    let session = client::shake_hands(config, &mut wire)?;
    client::leave(session, wire)
}

fn print(scene: &Scene, all: &[(Contestant, Vec<Rate>); 2]) {
    let Scene { name, title, .. } = scene;
    println!("### {VISITS} handshakes, {AT_ONCE} at once, with {title} (`{name}`)\n");
    println!("| server | a second | server's CPU, ms each | ours ÷ it | limit | |");
    println!("|---|--:|--:|--:|--:|---|");
    let speed = |rates: &[Rate]| median(rates.iter().map(|rate| rate.speed));
    let ours = speed(&all[0].1);
    for (who, rates) in all {
        let its = speed(rates);
        let word = match who {
            Contestant::Ours => "–",
            _ => verdict([Bound {
                figure: ratio(its, ours),
                limit: 1.0 / scene.least,
            }]),
        };
        println!(
            "| {} | {} | {} | {} | ≥ {} | {word} |",
            who.name(),
            show(its, 0),
            show(median(rates.iter().map(|rate| rate.cost)), 3),
            show(ratio(ours, its), 2),
            scene.least
        );
    }
    println!();
}
