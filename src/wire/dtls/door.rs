//! Who has not been heard of gets nothing of ours but a cookie, which costs no memory: a session is
//! for those who bring it back, and so are where they say they are (RFC 6347, 4.2.1).
//!
//! A cookie is a hash, with a secret made at the start, of the peer's address and of how its hello
//! begins. What the hello offers is left out though RFC 6347 suggests it: some clients, the reference
//! among them, cut even their hello in pieces, and of these the first must do. The secret stays; what changes is the number of the minute, which is hashed with it, so
//! that who collects cookies at many addresses cannot use them all at once later: one lives for one
//! minute at least and two at most.
//! Promise: an answer is never longer than the question, and looking keeps nothing.

use std::time::{Duration, Instant};

use rustls::crypto::tls12::Prf;

use super::bytes::{Reader, put_bytes, same};
use super::hello::write_verify;
use super::kit::ServerKit;
use super::message::{self, Message, Piece};
use super::record::{DTLS10, HANDSHAKE, HEADER, header};
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
        let Some((number, place, hello)) = read_opening(datagram) else {
            return Verdict::Ignore;
        };
        let minute = self.minute();
        let cookies =
            [minute, minute.wrapping_sub(1)].map(|minute| self.cookie(minute, &hello, peer));
        if cookies.iter().any(|cookie| same(cookie, hello.cookie)) {
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

    fn cookie(&self, minute: u64, hello: &Opening<'_>, peer: &[u8]) -> [u8; COOKIE] {
        let mut asked = minute.to_be_bytes().to_vec();
        put_bytes::<2>(&mut asked, peer);
        asked.extend(hello.before_cookie);
        let mut cookie = [0; COOKIE];
        let prf = self.prf;
        prf.for_secret(&mut cookie, &self.secret, b"cookie", &asked);
        cookie
    }
}

/// Whether a datagram opens a handshake: from a peer that has a session it means that the peer has
/// forgotten it, or that somebody pretends so.
pub(super) fn is_hello(datagram: &[u8]) -> bool {
    read_opening(datagram).is_some()
}

/// How a hello begins, which is all in its first piece.
struct Opening<'a> {
    /// Version, random number and the name of a session.
    before_cookie: &'a [u8],
    cookie: &'a [u8],
}

/// The hello in a datagram, the number of its record and its own place.
fn read_opening(datagram: &[u8]) -> Option<(u64, u16, Opening<'_>)> {
    let (header, rest) = datagram.split_at_checked(HEADER)?;
    let mut fields = Reader(header);
    let (kind, version) = (fields.u8()?, fields.u16()?);
    let number = u64::from_be_bytes(fields.take(8)?.try_into().ok()?);
    let length = fields.u16()?;
    let piece = Piece::read(&mut Reader(rest.get(..length.into())?))?;
    let plain = kind == HANDSHAKE && version >> 8 == 0xfe && number >> 48 == 0;
    if !plain || piece.kind != message::CLIENT_HELLO || piece.from > 0 {
        return None;
    }
    let mut hello = Reader(piece.bytes);
    hello.take(2 + 32)?;
    hello.list::<1>()?;
    let before_cookie = &piece.bytes[..piece.bytes.len() - hello.0.len()];
    let cookie = hello.list::<1>()?;
    let opening = Opening {
        before_cookie,
        cookie,
    };
    Some((number, piece.place, opening))
}

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
