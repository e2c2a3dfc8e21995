//! Visitors of a server that keeps open: they say a few bytes and leave.
//!
//! Whether one was let in it sees for itself; that it was served is seen from what the server
//! handed over, for whoever is turned away after its words does not wait to hear of it.

use std::{
    fs::File,
    io::{self, Write},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use tempfile::tempfile;

use super::{
    account,
    arrival::{self, SLOW},
    broker::{listen, somewhere},
    peer,
};
use crate::side_by_side::{contestant::Contestant, kept::Kept, place::Place};

/// What a visitor says.
const WORDS: [u8; 16] = *b"sixteen bytes...";

/// Visitors as fast as they are served: how many of them are not yet, and how long they come. More
/// would fill the backlog of ncat, which has room for ten, and the second after which a SYN is
/// repeated would be all there is to see.
pub(crate) const AT_A_TIME: u64 = 8;

/// How long nobody more may be let in, or served, before the rest are given up. Longer than a
/// first SYN's repetition takes.
const GIVE_UP: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Whom they visit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) who: Contestant,
    pub(crate) stdin: Stdin,
}

/// What the server could say to its visitors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// Nothing any more, as is usual for a service.
    Over,
    /// Nothing yet, as from a terminal.
    Silent,
}

/// When the next visitor sets out.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// By the clock.
    Every(Duration),
    /// As soon as fewer than [`AT_A_TIME`] are not served yet.
    Crowded,
}

impl Pace {
    /// How long to sleep when nothing happens. Nobody tells that a visitor was served, so the crowded
    /// do not sleep.
    fn rest(self) -> Duration {
        match self {
            Pace::Every(_) => LOOK_EVERY,
            Pace::Crowded => Duration::ZERO,
        }
    }
}

/// What became of the visitors.
#[derive(Default)]
pub(crate) struct Visits {
    pub(crate) all: u64,
    pub(crate) refused: u64,
    pub(crate) slow: u64,
    /// Those whose words the server handed over.
    pub(crate) served: u64,
    /// From the first connect until the last was served.
    pub(crate) seconds: f64,
    /// Processor seconds of the server.
    pub(crate) cpu: f64,
}

impl Visits {
    pub(crate) fn unserved(&self) -> u64 {
        self.all - self.served
    }

    pub(crate) fn served_a_second(&self) -> f64 {
        self.served as f64 / self.seconds
    }

    pub(crate) fn cpu_a_visitor(&self) -> f64 {
        self.cpu / self.served as f64
    }
}

/// One run with a fresh server. Its stdout is a file, so that it can be seen who was served.
pub(crate) fn visit(host: Host, pace: Pace, during: Duration) -> io::Result<Visits> {
    let out = tempfile()?;
    let (server, port) = server(host, &out)?;
    let cpu = account::processor_time(server.id())?;
    let began = Instant::now();
    let street = thread::scope(|scope| scope.spawn(|| walk(port, &out, pace, during)).join());
    let street = street.map_err(|_| io::Error::other("the visitors came to grief"))??;
    let mut visits = street.visits;
    let (served, last) = await_served(&out, visits.all - visits.refused)?;
    (visits.served, visits.seconds) = (served, (last - began).as_secs_f64());
    visits.cpu = (account::processor_time(server.id())? - cpu).as_secs_f64();
    Ok(visits)
}

/// All who set out until the time is over, and who has been let in in the end.
fn walk(port: u16, out: &File, pace: Pace, during: Duration) -> io::Result<Street> {
    peer::step_aside()?;
    let began = Instant::now();
    let mut street = Street::new(port)?;
    while began.elapsed() < during {
        let due = match pace {
            Pace::Every(every) => (began.elapsed().as_nanos() / every.as_nanos()) as u64,
            Pace::Crowded => served_by(out)? + street.visits.refused + AT_A_TIME,
        };
        while street.visits.all < due {
            street.set_out()?;
        }
        street.look(pace.rest())?;
    }
    while street.walking > 0 && street.look(GIVE_UP)? {}
    Ok(street)
}

fn server(host: Host, out: &File) -> io::Result<(Kept, u16)> {
    let (_dir, place) = somewhere()?;
    let Place::Tcp(port) = place else {
        return Err(io::Error::other("a place of TCP is a port"));
    };
    let mut command = host.who.program()?;
    command
        .args(["-l", "-k", "-m", "1000"])
        .args(place.words())
        .stdin(match host.stdin {
            Stdin::Over => Stdio::null(),
            Stdin::Silent => Stdio::piped(),
        })
        .stdout(out.try_clone()?);
    Ok((listen(&mut command, &place)?, port))
}

fn served_by(out: &File) -> io::Result<u64> {
    Ok(out.metadata()?.len() / WORDS.len() as u64)
}

/// Waits until so many have been served, or nobody is any more; tells how many, and since when.
fn await_served(out: &File, wanted: u64) -> io::Result<(u64, Instant)> {
    let (mut seen, mut since) = (0, Instant::now());
    while seen < wanted && since.elapsed() < GIVE_UP {
        let now = served_by(out)?;
        match now > seen {
            true => (seen, since) = (now, Instant::now()),
            false => thread::sleep(LOOK_EVERY),
        }
    }
    Ok((seen, since))
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
        self.visits.all += 1;
        let Some(mut socket) = arrival::set_out(self.port)? else {
            self.visits.refused += 1;
            self.visitors.push(None);
            return Ok(());
        };
        let token = Token(self.visitors.len());
        self.poll
            .registry()
            .register(&mut socket, token, Interest::WRITABLE)?;
        self.visitors.push(Some((socket, began)));
        self.walking += 1;
        Ok(())
    }

    /// Whoever has arrived says the words and leaves. Tells whether there was anybody.
    fn look(&mut self, patience: Duration) -> io::Result<bool> {
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
        Ok(!self.events.is_empty())
    }
}
