//! The parts of the measurements with a program for every peer: `visits` that are short, an `echo`
//! that goes to and fro, and `bulk` one way. Each has a table.

pub(crate) mod bulk;
pub(crate) mod echo;
pub(crate) mod visits;

use std::{io, net::Ipv4Addr, process::Stdio};

use tempfile::{TempDir, tempdir};

use crate::side_by_side::{
    args::Options,
    contestant::Contestant,
    figures::{median, ratio, show},
    kept::Kept,
    place::{Place, Wire},
    summary::{Bound, verdict},
};

/// Who is compared where there is somebody to compare with.
const CONTESTANTS: [Contestant; 2] = [Contestant::Ours, Contestant::Ncat];

/// A listener, and where it is.
struct Server {
    _child: Kept,
    port: u16,
    _dir: TempDir,
}

impl Server {
    /// One that serves many with a program; its stdin is silent.
    fn start(who: Contestant, options: &[&str]) -> io::Result<Server> {
        let dir = tempdir()?;
        let place = Place::fresh(Wire::Tcp, dir.path())?;
        let Place::Tcp(port) = place else {
            return Err(io::Error::other("a place of TCP is a port"));
        };
        let mut command = who.program()?;
        command.arg("-l").args(options).args(place.words());
        let mut child = Kept::spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()))?;
        place.await_listener(&mut child)?;
        Ok(Server {
            _child: child,
            port,
            _dir: dir,
        })
    }

    fn address(&self) -> (Ipv4Addr, u16) {
        (Ipv4Addr::LOCALHOST, self.port)
    }
}

/// Plays `once` with each installed contestant in turn; every round begins with another one.
pub(crate) fn in_turns<T>(
    name: &str,
    options: &Options,
    once: impl Fn(Contestant) -> io::Result<T>,
) -> io::Result<[(Contestant, Vec<T>); 2]> {
    let mut all = CONTESTANTS.map(|who| (who, Vec::new()));
    for round in 0..options.runs {
        eprintln!("{name}: round {} of {}", round + 1, options.runs);
        for turn in 0..all.len() {
            let (who, figures) = &mut all[(round + turn) % CONTESTANTS.len()];
            if who.is_installed() {
                figures.push(once(*who)?);
            }
        }
    }
    Ok(all)
}

/// Prints both contestants with ours set against a limit; the less of the figure the better.
fn print(unit: &str, places: usize, limit: f64, all: &[(Contestant, Vec<f64>); 2]) {
    println!("| server | {unit} | ours ÷ it | limit | |\n|---|--:|--:|--:|---|");
    let ours = median(all[0].1.iter().copied());
    for (who, figures) in all {
        let middle = median(figures.iter().copied());
        let figure = ratio(ours, middle);
        let word = match who {
            Contestant::Ours => "–",
            _ => verdict([Bound { figure, limit }]),
        };
        println!(
            "| {} | {} | {} | ≤ {limit:.2} | {word} |",
            who.name(),
            show(middle, places),
            show(figure, 2)
        );
    }
    println!();
}
