//! How the members get to the broker: a few at a time, or all at once.
//!
//! A connection is made when the kernel has queued it, long before the broker knows of it, and a
//! bare protocol has no answer that says so. How many it has accepted is therefore seen from the
//! number of its descriptors.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{account, protocol::Protocol};

/// How long the broker may take for the next one, and the pause between two looks.
const ACCEPT_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// No more than even the shortest backlog has room for.
const GROUP: usize = 8;

/// A first SYN that finds the backlog full is repeated after a second; nothing else takes so long.
pub(crate) const SLOW: Duration = Duration::from_millis(900);

/// How a burst went.
#[derive(Default)]
pub(crate) struct Arrival {
    pub(crate) refused: u64,
    pub(crate) slow: u64,
    /// From the first connect until the last was accepted.
    pub(crate) seconds: f64,
}

/// Waits for the broker after every few. All have been accepted and welcomed in the end.
pub(crate) fn one_by_one(
    port: u16,
    protocol: Protocol,
    count: usize,
    broker: u32,
) -> io::Result<(Vec<TcpStream>, Arrival)> {
    let before = account::descriptors(broker)?;
    let began = Instant::now();
    let mut sockets = Vec::new();
    while sockets.len() < count {
        for _ in sockets.len()..count.min(sockets.len() + GROUP) {
            let mut socket = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            socket.write_all(protocol.join())?;
            sockets.push(socket);
        }
        await_accepted(broker, before, sockets.len())?;
    }
    for socket in &mut sockets {
        await_welcome(socket, protocol)?;
        socket.set_nonblocking(true)?;
    }
    let arrival = Arrival {
        seconds: began.elapsed().as_secs_f64(),
        ..Arrival::default()
    };
    Ok((
        sockets.into_iter().map(TcpStream::from_std).collect(),
        arrival,
    ))
}

fn await_welcome(socket: &mut std::net::TcpStream, protocol: Protocol) -> io::Result<()> {
    let (mut heard, mut piece) = (Vec::new(), [0; 1024]);
    socket.set_read_timeout(Some(ACCEPT_WITHIN))?;
    while !protocol.is_welcome(&heard) {
        match socket.read(&mut piece)? {
            0 => return Err(io::Error::other("a member was turned away")),
            n => heard.extend_from_slice(&piece[..n]),
        }
    }
    socket.write_all(protocol.confirm())
}

/// As fast as one process can, for brokers that need no words.
pub(crate) fn all_at_once(
    port: u16,
    count: usize,
    broker: u32,
) -> io::Result<(Vec<TcpStream>, Arrival)> {
    let before = account::descriptors(broker)?;
    let began = Instant::now();
    let mut burst = Burst::new()?;
    for _ in 0..count {
        burst.connect(port)?;
        if burst.waiting % 64 == 0 {
            burst.look(Duration::ZERO)?; // seen late, all of them would seem slow
        }
    }
    while burst.waiting > 0 {
        burst.look(ACCEPT_WITHIN)?;
    }
    let sockets: Vec<TcpStream> = burst.sockets.into_iter().flatten().collect();
    await_accepted(broker, before, sockets.len())?;
    burst.arrival.seconds = began.elapsed().as_secs_f64();
    Ok((sockets, burst.arrival))
}

/// A connection under way; none, if it was refused at once.
pub(crate) fn set_out(port: u16) -> io::Result<Option<TcpStream>> {
    match TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
        socket => socket.map(Some),
    }
}

/// Connections under way.
struct Burst {
    poll: Poll,
    events: Events,
    /// Those that were refused are gone.
    sockets: Vec<Option<TcpStream>>,
    began: Vec<Instant>,
    waiting: usize,
    arrival: Arrival,
}

impl Burst {
    fn new() -> io::Result<Burst> {
        Ok(Burst {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            sockets: Vec::new(),
            began: Vec::new(),
            waiting: 0,
            arrival: Arrival::default(),
        })
    }

    fn connect(&mut self, port: u16) -> io::Result<()> {
        let began = Instant::now();
        let Some(mut socket) = set_out(port)? else {
            self.arrival.refused += 1;
            return Ok(());
        };
        let token = Token(self.sockets.len());
        self.poll
            .registry()
            .register(&mut socket, token, Interest::WRITABLE)?;
        self.sockets.push(Some(socket));
        self.began.push(began);
        self.waiting += 1;
        Ok(())
    }

    fn look(&mut self, patience: Duration) -> io::Result<()> {
        self.poll.poll(&mut self.events, Some(patience))?;
        if self.events.is_empty() && !patience.is_zero() {
            return Err(io::Error::other(format!(
                "{} connections are neither made nor refused",
                self.waiting
            )));
        }
        let now = Instant::now();
        for event in &self.events {
            let Token(at) = event.token();
            let Some(socket) = &mut self.sockets[at] else {
                continue;
            };
            // One event for each is all there is to come: nobody speaks yet, and nobody leaves.
            self.poll.registry().deregister(socket)?;
            self.waiting -= 1;
            if now - self.began[at] > SLOW {
                self.arrival.slow += 1;
            }
            if socket.take_error()?.is_some() || socket.peer_addr().is_err() {
                self.sockets[at] = None;
                self.arrival.refused += 1;
            }
        }
        Ok(())
    }
}

/// Waits until the broker has so many descriptors more than before.
fn await_accepted(broker: u32, before: u64, wanted: usize) -> io::Result<()> {
    let (mut seen, mut since) = (before, Instant::now());
    while seen < before + wanted as u64 {
        thread::sleep(LOOK_EVERY);
        let now = account::descriptors(broker)?;
        if now > seen {
            (seen, since) = (now, Instant::now());
        } else if since.elapsed() > ACCEPT_WITHIN {
            return Err(io::Error::other(format!(
                "{} of {wanted} were accepted",
                seen.saturating_sub(before)
            )));
        }
    }
    Ok(())
}
