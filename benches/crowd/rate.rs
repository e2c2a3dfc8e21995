//! Visitors who say a few bytes and leave: as many as the clock says, and as many as there can be.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use tempfile::tempfile;

use super::{
    arrival::SLOW,
    broker::{listen, somewhere},
};
use crate::side_by_side::{
    args::Options,
    contestant::Contestant,
    figures::{median, ratio, show},
    kept::Kept,
    place::Place,
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "rate";

/// What a visitor says.
const WORDS: [u8; 16] = *b"sixteen bytes...";

/// Visitors by the clock, and how many there are in all.
const A_SECOND: u32 = 2000;
const PACED: usize = 20_000;

/// Visitors as fast as they are served, and how many of them are on their way at a time.
const UNPACED: usize = 20_000;
const AT_A_TIME: usize = 64;

/// How long the server may take to serve whoever is still waiting when the last has left.
const SERVED_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The most time ours may take for the unpaced visitors, as a multiple of ncat's.
const OVER_NCAT: f64 = 1.0;

/// What became of the visitors.
#[derive(Default)]
struct Visits {
    refused: u64,
    slow: u64,
    /// Those whose words the server never handed over.
    lost: u64,
    /// From the first connect until all were served.
    seconds: f64,
}

/// Measures and prints both tables.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    paced(options)?;
    unpaced(options)
}

fn paced(options: &Options) -> io::Result<()> {
    let every = Duration::from_secs(1) / A_SECOND;
    let mut all = Vec::new();
    for round in 0..options.runs {
        eprintln!("{NAME}, paced: round {} of {}", round + 1, options.runs);
        all.push(visit(Contestant::Ours, PACED, Some(every))?);
    }
    println!("### {PACED} visitors, {A_SECOND} a second (`{NAME}`)\n");
    println!("The worst of {} runs.\n", options.runs);
    println!("| what | figure | limit | |\n|---|--:|--:|---|");
    let most = |figure: fn(&Visits) -> u64| all.iter().map(figure).max();
    for (what, figure) in [
        ("refused", most(|visits| visits.refused)),
        ("waited longer than 900 ms", most(|visits| visits.slow)),
        ("served incompletely", most(|visits| visits.lost)),
    ] {
        let figure = figure.map(|count| count as f64);
        let word = verdict([Bound { figure, limit: 0.0 }]);
        println!("| {what} | {} | ≤ 0 | {word} |", show(figure, 0));
    }
    println!();
    Ok(())
}

fn unpaced(options: &Options) -> io::Result<()> {
    let mut all = [Contestant::Ours, Contestant::Ncat].map(|who| (who, Vec::new()));
    for round in 0..options.runs {
        eprintln!("{NAME}, unpaced: round {} of {}", round + 1, options.runs);
        let first = round % all.len();
        for turn in 0..all.len() {
            let (who, runs) = &mut all[(first + turn) % 2];
            if who.is_installed() {
                runs.push(visit(*who, UNPACED, None)?);
            }
        }
    }
    println!("### {UNPACED} visitors, {AT_A_TIME} at a time (`{NAME}`)\n");
    println!(
        "| server | s | visitors a second | refused | repeated a SYN | lost | ours ÷ it | limit | |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|---|");
    let seconds = |runs: &[Visits]| median(runs.iter().map(|visits| visits.seconds));
    let ours = seconds(&all[0].1);
    for (who, runs) in &all {
        let figure = ratio(ours, seconds(runs));
        let of = |figure: fn(&Visits) -> u64| {
            show(median(runs.iter().map(|visits| figure(visits) as f64)), 0)
        };
        let judged = Bound {
            figure,
            limit: OVER_NCAT,
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | ≤ {OVER_NCAT} | {} |",
            who.name(),
            show(seconds(runs), 2),
            show(seconds(runs).map(|seconds| UNPACED as f64 / seconds), 0),
            of(|visits| visits.refused),
            of(|visits| visits.slow),
            of(|visits| visits.lost),
            show(figure, 2),
            verdict([judged])
        );
    }
    println!();
    Ok(())
}

/// One run with a fresh server. Its stdout is a file, so that it can be seen who was served.
fn visit(who: Contestant, count: usize, every: Option<Duration>) -> io::Result<Visits> {
    let out = tempfile()?;
    let (_server, port) = server(who, &out)?;
    let began = Instant::now();
    let mut street = Street::new(port)?;
    let mut started = 0;
    while started < count || street.walking > 0 {
        let due = match every {
            Some(every) => (began.elapsed().as_nanos() / every.as_nanos()) as usize,
            None => started + AT_A_TIME - street.walking,
        };
        while started < due.min(count) {
            street.set_out()?;
            started += 1;
        }
        street.look(every.map_or(Duration::from_secs(1), |_| LOOK_EVERY))?;
    }
    let served = street.visits.refused + await_served(&out, count as u64 - street.visits.refused)?;
    Ok(Visits {
        lost: count as u64 - served,
        seconds: began.elapsed().as_secs_f64(),
        ..street.visits
    })
}

fn server(who: Contestant, out: &File) -> io::Result<(Kept, u16)> {
    let (_dir, place) = somewhere()?;
    let Place::Tcp(port) = place else {
        return Err(io::Error::other("a place of TCP is a port"));
    };
    let mut command = who.program()?;
    command
        .args(["-l", "-k", "-m", "1000"])
        .args(place.words())
        .stdout(out.try_clone()?);
    Ok((listen(command, &place)?, port))
}

/// Waits until so many have been served, or nobody is any more.
fn await_served(out: &File, wanted: u64) -> io::Result<u64> {
    let (mut seen, mut since) = (0, Instant::now());
    while seen < wanted && since.elapsed() < SERVED_WITHIN {
        let now = out.metadata()?.len() / WORDS.len() as u64;
        if now > seen {
            (seen, since) = (now, Instant::now());
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(seen)
}

/// Visitors on their way.
struct Street {
    poll: Poll,
    events: Events,
    port: u16,
    visitors: Vec<Option<(TcpStream, Instant)>>,
    walking: usize,
    visits: Visits,
}

impl Street {
    fn new(port: u16) -> io::Result<Street> {
        Ok(Street {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            port,
            visitors: Vec::new(),
            walking: 0,
            visits: Visits::default(),
        })
    }

    fn set_out(&mut self) -> io::Result<()> {
        let began = Instant::now();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut socket = match TcpStream::connect(server) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                self.visits.refused += 1;
                return Ok(());
            }
            other => other?,
        };
        let token = Token(self.visitors.len());
        self.poll
            .registry()
            .register(&mut socket, token, Interest::WRITABLE)?;
        self.visitors.push(Some((socket, began)));
        self.walking += 1;
        Ok(())
    }

    /// Whoever has arrived says the words and leaves.
    fn look(&mut self, patience: Duration) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(patience))?;
        for event in &self.events {
            let Token(at) = event.token();
            let Some((mut socket, began)) = self.visitors[at].take() else {
                continue;
            };
            self.walking -= 1;
            if began.elapsed() > SLOW {
                self.visits.slow += 1;
            }
            match socket.write(&WORDS) {
                Ok(n) if n == WORDS.len() => {}
                _ => self.visits.refused += 1,
            }
        }
        Ok(())
    }
}
