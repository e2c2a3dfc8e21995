//! The bare loop of TLS: what a transfer costs when nothing but the library's own work is done.
//!
//! A child of the bench like the loop without TLS. Blocking calls, large pieces, and the interface of
//! rustls that leaves buffers to its caller.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    mem,
    net::{Shutdown, TcpStream},
    ops::Range,
    os::fd::AsFd,
    path::Path,
    sync::Arc,
};

use rustls::{
    ServerConfig,
    client::UnbufferedClientConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::UnbufferedServerConnection,
    unbuffered::{AppDataRecord, ConnectionState, UnbufferedStatus},
};

use super::client;
use crate::side_by_side::bare;

/// How much is read at once, of files and of sockets.
const PIECE: usize = 256 * 1024;
/// What sealing may add to a piece: some bytes for each of its records of 16 KiB.
const SEALS: usize = 4096;

pub(crate) fn main(words: &[String]) -> io::Result<()> {
    let [role, task, host, port, papers] = words else {
        let why = "a bare loop needs a role, a task, a place and papers";
        return Err(io::Error::other(why));
    };
    let side = match role.as_str() {
        "listen" => Side::server(Path::new(papers))?,
        _ => Side::client()?,
    };
    let wire = TcpStream::from(bare::tcp(role, host, port)?);
    let mut session = Session::new(side, wire);
    match task.as_str() {
        "send" => send(&mut session),
        _ => receive(&mut session),
    }
}

fn send(session: &mut Session) -> io::Result<()> {
    // Not the standard library's own stdin, which reads by way of a buffer.
    let mut source = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut piece = vec![0; PIECE];
    loop {
        match source.read(&mut piece)? {
            0 => break,
            n => session.run(&mut Job::Say(&piece[..n]))?,
        }
    }
    session.run(&mut Job::End)?;
    session.wire.shutdown(Shutdown::Write)?;
    // Until the other has gone: closed earlier, what it says would be answered with a reset.
    while session.wire.read(&mut piece)? > 0 {}
    Ok(())
}

fn receive(session: &mut Session) -> io::Result<()> {
    let mut sink = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    session.run(&mut Job::Hear(&mut sink))
}

enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

struct Session {
    side: Side,
    wire: TcpStream,
    incoming: Vec<u8>,
    /// What of it has come and was not looked at yet.
    unread: Range<usize>,
    outgoing: Outgoing,
}

/// What is on its way out.
struct Outgoing {
    bytes: Vec<u8>,
    len: usize,
}

/// What a session is for once it is open.
enum Job<'a> {
    Say(&'a [u8]),
    End,
    Hear(&'a mut File),
}

enum Step {
    Again,
    /// More has to come first.
    Wait,
    Done,
}

impl Side {
    fn client() -> io::Result<Side> {
        let made = UnbufferedClientConnection::new(client::config()?, client::name());
        made.map(Side::Client).map_err(io::Error::other)
    }

    fn server(papers: &Path) -> io::Result<Side> {
        let papers = fs::read(papers)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&papers).collect();
        let key = PrivateKeyDer::from_pem_slice(&papers).map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(client::provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain.map_err(io::Error::other)?, key)
            .map_err(io::Error::other)?;
        config.send_tls13_tickets = 0; // nobody comes back
        let made = UnbufferedServerConnection::new(Arc::new(config));
        made.map(Side::Server).map_err(io::Error::other)
    }
}

impl Session {
    fn new(side: Side, wire: TcpStream) -> Session {
        Session {
            side,
            wire,
            incoming: vec![0; PIECE],
            unread: 0..0,
            outgoing: Outgoing {
                bytes: vec![0; PIECE + SEALS],
                len: 0,
            },
        }
    }

    /// Goes on, with the handshake first, until the job is done.
    fn run(&mut self, job: &mut Job<'_>) -> io::Result<()> {
        loop {
            let incoming = &mut self.incoming[self.unread.clone()];
            let (out, wire) = (&mut self.outgoing, &mut self.wire);
            let (used, step) = match &mut self.side {
                Side::Client(side) => step(side.process_tls_records(incoming), job, out, wire)?,
                Side::Server(side) => step(side.process_tls_records(incoming), job, out, wire)?,
            };
            self.unread.start += used;
            match step {
                Step::Again => {}
                Step::Wait => self.read()?,
                Step::Done => return Ok(()),
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        self.incoming.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        match self.wire.read(&mut self.incoming[self.unread.end..])? {
            0 => Err(io::Error::other("cut off without a goodbye")),
            n => {
                self.unread.end += n;
                Ok(())
            }
        }
    }
}

/// One step, and how many of the bytes that came are done with.
fn step<D>(
    status: UnbufferedStatus<'_, '_, D>,
    job: &mut Job<'_>,
    out: &mut Outgoing,
    wire: &mut TcpStream,
) -> io::Result<(usize, Step)> {
    let mut used = status.discard;
    let step = match (status.state.map_err(io::Error::other)?, job) {
        (ConnectionState::EncodeTlsData(mut words), _) => {
            let n = words.encode(&mut out.bytes[out.len..]);
            out.len += n.map_err(io::Error::other)?;
            Step::Again
        }
        (ConnectionState::TransmitTlsData(words), _) => {
            out.go(wire)?;
            words.done();
            Step::Again
        }
        (ConnectionState::WriteTraffic(mut traffic), Job::Say(words)) => {
            let n = traffic.encrypt(words, &mut out.bytes);
            out.len = n.map_err(io::Error::other)?;
            out.go(wire)?;
            Step::Done
        }
        (ConnectionState::WriteTraffic(mut traffic), Job::End) => {
            let n = traffic.queue_close_notify(&mut out.bytes);
            out.len = n.map_err(io::Error::other)?;
            out.go(wire)?;
            Step::Done
        }
        (ConnectionState::ReadTraffic(mut traffic), Job::Hear(sink)) => {
            while let Some(record) = traffic.next_record() {
                let AppDataRecord { discard, payload } = record.map_err(io::Error::other)?;
                sink.write_all(payload)?;
                used += discard;
            }
            Step::Again
        }
        (ConnectionState::PeerClosed | ConnectionState::Closed, Job::Hear(_)) => Step::Done,
        (ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_), _) => Step::Wait,
        (other, _) => return Err(io::Error::other(format!("{other:?} in a one-way transfer"))),
    };
    Ok((used, step))
}

impl Outgoing {
    fn go(&mut self, wire: &mut TcpStream) -> io::Result<()> {
        let len = mem::take(&mut self.len);
        wire.write_all(&self.bytes[..len])
    }
}
