//! Somebody at the other end of tunnels: says again what it hears until it hears the end.

use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    thread::{self, JoinHandle},
};

use mio::{
    Events, Interest, Poll, Token, Waker,
    net::{TcpListener, TcpStream},
};

use crate::crowd::peer::step_aside;

const LISTENER: Token = Token(0);
const GO: Token = Token(1);
/// The first token of a connection.
const FIRST: usize = 2;

/// A thread that ends with this.
pub(crate) struct Echo {
    pub(crate) port: u16,
    waker: Waker,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Echo {
    pub(crate) fn start() -> io::Result<Echo> {
        let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        let poll = Poll::new()?;
        let registry = poll.registry();
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Echo {
            port,
            waker: Waker::new(registry, GO)?,
            thread: Some(thread::spawn(move || serve(poll, &listener))),
        })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.waker.wake(); // it may have ended of an error
        if let Some(Ok(Err(why))) = self.thread.take().map(JoinHandle::join) {
            eprintln!("the echo ended early: {why}");
        }
    }
}

fn serve(mut poll: Poll, listener: &TcpListener) -> io::Result<()> {
    step_aside()?;
    let mut events = Events::with_capacity(1024);
    let mut wires: HashMap<usize, TcpStream> = HashMap::new();
    let mut next = FIRST;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                GO => return Ok(()),
                LISTENER => {
                    while let Ok((mut wire, _)) = listener.accept() {
                        poll.registry()
                            .register(&mut wire, Token(next), Interest::READABLE)?;
                        wires.insert(next, wire);
                        next += 1;
                    }
                }
                Token(at) => {
                    if wires.get_mut(&at).is_some_and(is_over) {
                        wires.remove(&at);
                    }
                }
            }
        }
    }
}

/// Says again all there is; true at the end of it, or when nobody listens any more.
fn is_over(wire: &mut TcpStream) -> bool {
    let mut piece = [0; 4096];
    loop {
        match wire.read(&mut piece) {
            Ok(0) => return true,
            // There is room for what fits into one call: nobody says more before having heard it again.
            Ok(n) if wire.write_all(&piece[..n]).is_err() => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}
