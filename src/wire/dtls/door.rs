//! Who has not been heard of gets nothing of ours but a cookie, which costs no memory: a session is
//! for those who bring it back, and so are where they say they are (RFC 6347, 4.2.1).
//!
//! A cookie is a hash, with a secret made at the start, of the peer's address and of what its hello
//! offers. The secret stays; what changes is the number of the minute, which is hashed with it, so
//! that who collects cookies at many addresses cannot use them all at once later: one lives for one
//! minute at least and two at most.
//! Promise: an answer is never longer than the question, and looking keeps nothing.

use std::time::{Duration, Instant};

use rustls::crypto::tls12::Prf;

use super::bytes::{Reader, put_bytes, same};
use super::hello::{ClientHello, write_verify};
use super::kit::ServerKit;
use super::message::{self, Message, Piece};
use super::record::{DTLS10, HANDSHAKE, HEADER, header, split};
use crate::wire::Clock;

/// How long a cookie lives at least, and half of what it lives at most.
const LIFE: Duration = Duration::from_secs(60);
/// As long as the hash under it.
const COOKIE: usize = 32;

/// Answers those who are not known yet.
pub struct Door {
    prf: &'static dyn Prf,
    secret: [u8; 32],
    clock: Clock,
    opened: Instant,
}

/// What is to be done about a datagram from a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send this back, and keep nothing.
    Answer(Vec<u8>),
    /// It can be reached: a session is to be made, and this very datagram is the first it hears.
    Admit,
    /// It is no beginning of anything.
    Ignore,
}

impl Door {
    /// A door to sessions that are made with `kit`.
    pub fn new(kit: &ServerKit, clock: Clock) -> Result<Self, String> {
        let secret = kit.common.random().map_err(|error| error.to_string())?;
        let (suite, _) = kit.common.suites[0];
        Ok(Self {
            prf: suite.prf_provider,
            secret,
            opened: clock.now(),
            clock,
        })
    }

    /// Looks at what came from an address that has no session. `peer` is that address: any bytes that
    /// no other has.
    pub fn look(&mut self, datagram: &[u8], peer: &[u8]) -> Verdict {
        let Some((number, place, hello)) = read_hello(datagram) else {
            return Verdict::Ignore;
        };
        let minute = self.minute();
        let cookies =
            [minute, minute.wrapping_sub(1)].map(|minute| self.cookie(minute, &hello, peer));
        if cookies.iter().any(|cookie| same(cookie, &hello.cookie)) {
            return Verdict::Admit;
        }
        let answer = answer(number, place, &cookies[0]);
        if answer.len() > datagram.len() {
            return Verdict::Ignore;
        }
        Verdict::Answer(answer)
    }

    fn minute(&self) -> u64 {
        let open = self.clock.now().saturating_duration_since(self.opened);
        open.as_secs() / LIFE.as_secs()
    }

    /// Extensions are left out, as RFC 6347 says.
    fn cookie(&self, minute: u64, hello: &ClientHello, peer: &[u8]) -> [u8; COOKIE] {
        let mut asked = minute.to_be_bytes().to_vec();
        put_bytes::<2>(&mut asked, peer);
        asked.extend(hello.version.to_be_bytes());
        asked.extend(hello.random);
        put_bytes::<1>(&mut asked, &hello.session);
        put_bytes::<1>(&mut asked, &hello.compressions);
        asked.extend(hello.suites.iter().flat_map(|suite| suite.to_be_bytes()));
        let mut cookie = [0; COOKIE];
        let prf = self.prf;
        prf.for_secret(&mut cookie, &self.secret, b"cookie", &asked);
        cookie
    }
}

/// Whether a datagram opens a handshake: from a peer that has a session it means that the peer has
/// forgotten it, or that somebody pretends so.
pub fn is_hello(datagram: &[u8]) -> bool {
    read_hello(datagram).is_some()
}

/// The hello in a datagram, the number of its record and its own place. It must be whole: to put
/// pieces together would take memory.
fn read_hello(datagram: &[u8]) -> Option<(u64, u16, ClientHello)> {
    if datagram.first() != Some(&HANDSHAKE) || datagram.len() > LONGEST {
        return None;
    }
    let mut datagram = datagram.to_vec();
    let (record, _) = split(&mut datagram)?;
    let piece = Piece::read(&mut Reader(record.body))?;
    let opens = record.epoch() == 0 && piece.kind == message::CLIENT_HELLO && piece.is_whole();
    let hello = ClientHello::read(piece.bytes).filter(|_| opens)?;
    Some((record.number, piece.place, hello))
}

/// No hello needs more; the rest is not looked at.
const LONGEST: usize = 4096;

/// The request to come again with a cookie. It has the number of the record it answers, or two of them
/// would have the same.
fn answer(number: u64, place: u16, cookie: &[u8]) -> Vec<u8> {
    let request = Message {
        kind: message::HELLO_VERIFY,
        place,
        body: write_verify(cookie),
    };
    let mut carried = Vec::new();
    request.put(&mut carried);
    let mut datagram = Vec::with_capacity(HEADER + carried.len());
    datagram.extend(header(HANDSHAKE, DTLS10, number, carried.len()));
    datagram.extend(carried);
    datagram
}
