//! Clients of a proxy that come, say one byte through a tunnel, hear it again, and leave: a few at once,
//! all in one thread. With a thread for each, the bench took more of the processors than any proxy.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr},
    time::Duration,
};

use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};

use super::client::{METHODS, Protocol, Way};

/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// One of them.
struct Visitor {
    wire: TcpStream,
    state: State,
    /// What has come since it last said something.
    heard: Vec<u8>,
}

/// What a visitor waits for.
#[derive(Clone, Copy)]
enum State {
    /// To be connected.
    Way,
    /// A method of SOCKS5.
    Method,
    /// The tunnel.
    Tunnel,
    /// Its own byte.
    Echo,
    /// The end of the other side.
    End,
}

/// Those who are under way.
pub(crate) struct Visitors {
    poll: Poll,
    way: Way,
    to: u16,
    all: Vec<Option<Visitor>>,
}

impl Visitors {
    /// Visitors of an echo at that port.
    pub(crate) fn new(way: Way, to: u16) -> io::Result<Visitors> {
        Ok(Visitors {
            poll: Poll::new()?,
            way,
            to,
            all: Vec::new(),
        })
    }

    /// So many come and go, so many of them at a time.
    pub(crate) fn walk(mut self, count: usize, at_once: usize) -> io::Result<()> {
        let mut events = Events::with_capacity(at_once);
        while self.all.len() < at_once.min(count) {
            let at = self.all.len();
            let visitor = self.set_out(at)?;
            self.all.push(Some(visitor));
        }
        let (mut begun, mut done) = (self.all.len(), 0);
        while done < count {
            self.poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() {
                return Err(io::Error::other("nothing happens any more"));
            }
            for event in &events {
                let Token(at) = event.token();
                let Some(visitor) = &mut self.all[at] else {
                    continue;
                };
                if !visitor.goes_on(self.way.protocol, self.to, event.is_writable())? {
                    done += 1;
                    self.all[at] = None;
                    if begun < count {
                        begun += 1;
                        self.all[at] = Some(self.set_out(at)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn set_out(&self, at: usize) -> io::Result<Visitor> {
        Visitor::set_out(self.way.port, self.poll.registry(), Token(at))
    }
}

impl Visitor {
    fn set_out(port: u16, registry: &Registry, token: Token) -> io::Result<Visitor> {
        let mut wire = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        registry.register(&mut wire, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Visitor {
            wire,
            state: State::Way,
            heard: Vec::new(),
        })
    }

    /// Does what can be done; false when it has left.
    fn goes_on(&mut self, protocol: Protocol, to: u16, connected: bool) -> io::Result<bool> {
        if let State::Way = self.state {
            if !connected {
                return Ok(true);
            }
            match protocol {
                Protocol::Http => self.say(&protocol.request(to), State::Tunnel)?,
                Protocol::Socks5 => self.say(METHODS, State::Method)?,
            }
        }
        let mut piece = [0; 1024];
        loop {
            let n = match (self.wire.read(&mut piece), self.state) {
                (Ok(0), State::End) => return Ok(false),
                (Ok(0), _) => return Err(io::Error::other("it was sent away")),
                (Ok(n), _) => n,
                (Err(error), _) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                (Err(error), State::End) if error.kind() == ErrorKind::ConnectionReset => {
                    return Ok(false);
                }
                (Err(error), _) => return Err(error),
            };
            self.heard.extend_from_slice(&piece[..n]);
            self.answer(protocol, to)?;
        }
    }

    /// Says what is to be said to what has been heard, if that is complete.
    fn answer(&mut self, protocol: Protocol, to: u16) -> io::Result<()> {
        let heard = self.heard.as_slice();
        match (self.state, protocol) {
            (State::Method, _) if heard == [5, 0] => self.say(&protocol.request(to), State::Tunnel),
            (State::Tunnel, Protocol::Http) if heard.ends_with(b"\r\n\r\n") => {
                match heard.get(9..12) {
                    Some(b"200") => self.say(b"x", State::Echo),
                    _ => Err(io::Error::other("it was refused")),
                }
            }
            (State::Tunnel, Protocol::Socks5) if heard.len() == 10 => match heard[1] {
                0 => self.say(b"x", State::Echo),
                _ => Err(io::Error::other("it was refused")),
            },
            (State::Echo, _) => match heard {
                b"x" => {
                    self.state = State::End;
                    self.wire.shutdown(Shutdown::Write)
                }
                _ => Err(io::Error::other("another byte came back")),
            },
            (State::End, _) => Err(io::Error::other("more came than was said")),
            (State::Way | State::Method | State::Tunnel, _) => Ok(()), // more is to come
        }
    }

    fn say(&mut self, words: &[u8], then: State) -> io::Result<()> {
        self.state = then;
        self.heard.clear();
        self.wire.write_all(words) // the first words on a connection always fit
    }
}
