//! The process that hears: many connections, one loop.
//!
//! Every member's bytes are counted; every sixteenth, the first and the last compare them too.
//! Promise: "heard" is answered only when each of them has exactly the bytes it was to get.

use std::{
    io::{self, BufRead, ErrorKind, Read},
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{
    arrival::{self, Arrival},
    peer::{self, Peer},
    protocol::Protocol,
    stream::Stream,
};

/// The first word of the command line that makes the bench this child.
pub(crate) const WORD: &str = "members";

/// One in so many has its bytes compared; the rest are counted.
const COMPARED: usize = 16;

/// Nothing is gained above this; the bytes stay in the cache of the core that copies them.
const AT_ONCE: usize = 1 << 17;

/// Who is to come, and how.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) protocol: Protocol,
    pub(crate) payload: usize,
    pub(crate) members: usize,
    /// So many of them never read.
    pub(crate) deaf: usize,
    /// All at once, instead of at the broker's pace.
    pub(crate) rush: bool,
}

impl Party {
    /// Starts the process and waits until the broker has accepted them all.
    pub(crate) fn arrive(&self, port: u16, broker: u32) -> io::Result<(Peer, Arrival)> {
        let mut peer = Peer::start(&[
            WORD.into(),
            self.protocol.name().into(),
            self.payload.to_string(),
            self.members.to_string(),
            self.deaf.to_string(),
            self.rush.to_string(),
            port.to_string(),
            broker.to_string(),
        ])?;
        let answer = peer.hear()?;
        let [refused, slow, seconds] = numbers(&answer)?;
        let arrival = Arrival {
            refused: refused as u64,
            slow: slow as u64,
            seconds,
        };
        Ok((peer, arrival))
    }

    /// The children's side of it.
    fn gather(words: &[String]) -> io::Result<(Members, Arrival)> {
        let [protocol, payload, members, deaf, rush, port, broker] = words else {
            return Err(io::Error::other("members need seven words"));
        };
        let number = |word: &String| word.parse::<usize>().map_err(io::Error::other);
        let protocol = Protocol::of_name(protocol)?;
        let stream = Stream::new(number(payload)?, |payload| protocol.heard(payload));
        let port = port.parse().map_err(io::Error::other)?;
        let broker = broker.parse().map_err(io::Error::other)?;
        let count = number(members)?;
        let (sockets, arrival) = match rush.as_str() {
            "true" => arrival::all_at_once(port, count, broker)?,
            _ => arrival::one_by_one(port, protocol, count, broker)?,
        };
        Ok((Members::new(sockets, number(deaf)?, stream)?, arrival))
    }
}

fn numbers<const N: usize>(line: &str) -> io::Result<[f64; N]> {
    let parsed: Vec<f64> = line
        .split(' ')
        .map(|word| word.parse().map_err(io::Error::other))
        .collect::<io::Result<_>>()?;
    parsed
        .try_into()
        .map_err(|_| io::Error::other(format!("{line:?} has not {N} numbers")))
}

/// Answers how the arrival went; then `heard` to each line of stdin that says how many bytes each
/// has to have in all, and within how many seconds.
pub(crate) fn main(words: &[String]) -> io::Result<()> {
    peer::step_aside()?;
    let mut members = match Party::gather(words) {
        Ok((members, arrival)) => {
            let Arrival {
                refused,
                slow,
                seconds,
            } = arrival;
            peer::answer(Ok(format!("{refused} {slow} {seconds}")))?;
            members
        }
        Err(why) => return peer::answer(Err(why)),
    };
    for line in io::stdin().lock().lines() {
        let [bytes, seconds] = numbers(&line?)?;
        let heard = members.hear(bytes as u64, Duration::from_secs_f64(seconds));
        peer::answer(heard.map(|()| "heard".into()))?;
    }
    Ok(())
}

struct Members {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    _deaf: Vec<TcpStream>,
    stream: Stream,
    buffer: Vec<u8>,
}

struct Member {
    socket: TcpStream,
    heard: u64,
    compared: bool,
}

impl Members {
    fn new(mut sockets: Vec<TcpStream>, deaf: usize, stream: Stream) -> io::Result<Members> {
        let deaf = sockets.split_off(sockets.len().saturating_sub(deaf));
        let poll = Poll::new()?;
        let last = sockets.len().saturating_sub(1);
        let mut members = Vec::new();
        for (at, mut socket) in sockets.into_iter().enumerate() {
            poll.registry()
                .register(&mut socket, Token(at), Interest::READABLE)?;
            members.push(Member {
                socket,
                heard: 0,
                compared: at % COMPARED == 0 || at == last,
            });
        }
        Ok(Members {
            poll,
            events: Events::with_capacity(1024),
            members,
            _deaf: deaf,
            stream,
            buffer: vec![0; AT_ONCE],
        })
    }

    /// Waits until each has so many bytes in all.
    fn hear(&mut self, goal: u64, patience: Duration) -> io::Result<()> {
        let give_up = Instant::now() + patience;
        let mut behind = self.members.iter().filter(|m| m.heard < goal).count();
        while behind > 0 {
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.short_of(goal));
            }
            self.poll.poll(&mut self.events, Some(left))?;
            for event in &self.events {
                let Token(at) = event.token();
                let member = &mut self.members[at];
                let was_behind = member.heard < goal;
                member
                    .read(&self.stream, &mut self.buffer, goal)
                    .map_err(|why| io::Error::other(format!("member {at} {why}")))?;
                behind -= usize::from(was_behind && member.heard == goal);
            }
        }
        Ok(())
    }

    fn short_of(&self, goal: u64) -> io::Error {
        let heard = self.members.iter().map(|member| member.heard);
        let short = heard.clone().filter(|heard| *heard < goal).count();
        let least = heard.min().unwrap_or_default();
        io::Error::other(format!(
            "{short} of {} members lack bytes, the worst has {least} of {goal}",
            self.members.len()
        ))
    }
}

impl Member {
    fn read(&mut self, stream: &Stream, buffer: &mut [u8], goal: u64) -> io::Result<()> {
        loop {
            let n = match self.socket.read(buffer) {
                Ok(0) => return Err(io::Error::other("was sent away")),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            if self.compared && !stream.has(self.heard, &buffer[..n]) {
                return Err(io::Error::other("heard what nobody said"));
            }
            self.heard += n as u64;
            if self.heard > goal {
                return Err(io::Error::other("heard more than was said"));
            }
            // Less than there was room for: the socket is empty, and an event follows the next byte.
            if n < buffer.len() {
                return Ok(());
            }
        }
    }
}
