//! TLS 1.2 and 1.3 as a layer (RFC 5246, RFC 8446), by rustls.
//!
//! The library's interface without buffers is used: records are decrypted where they lie, and what
//! is left of an unfinished one stays with the caller. Promise: the end of the wire without
//! close_notify is a fault, never an end; an alert for a broken peer goes down before the fault is
//! told; and at most one decrypted record rests here.

use std::rc::Rc;
use std::sync::Arc;

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, ReadTraffic, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, CommonState, ServerConfig};

use super::{Fault, Layer, Phase};
use crate::data::Buf;

/// What a person is told of a peer by its certificates, its own first.
pub type Describe = Rc<dyn Fn(&[CertificateDer<'_>]) -> Vec<String>>;

/// The most plain bytes in a record (RFC 8446, section 5.1).
const PLAIN: usize = 1 << 14;
/// The most that a record of ours adds to them: header, nonce or type, and tag.
const OVERHEAD: usize = 5 + 8 + 16;
/// Room for one record of any kind. So much of the room below is kept for answers, or two peers who
/// both send without end could wait for each other.
const RECORD: usize = PLAIN + 256 + 5;
/// What comes before the payload of a record: its type, a version, its length.
const HEADER: usize = 5;

/// Either end of a connection.
pub struct Tls<S> {
    side: S,
    describe: Option<Describe>,
    /// What was decrypted and found no room above, from `given` on.
    plain: Vec<u8>,
    given: usize,
    /// What rests on the wire of a message of the handshake that has not come whole. The library has
    /// seen it and takes it for granted whenever it is asked for anything.
    seen: Vec<u8>,
    /// Whole records rest on the wire, which the library must see before anything is sent.
    between: bool,
    /// What close_notify is owed: the library could not say it yet.
    owes_goodbye: bool,
    /// The peer has said close_notify.
    ended: bool,
}

/// What the library does alike for both ends.
pub trait Side {
    /// What it knows at this end only.
    type Data;

    /// The next thing that these bytes bring about.
    fn process<'c, 'i>(&'c mut self, wire: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;

    /// What it knows at both ends.
    fn common(&self) -> &CommonState;
}

impl Side for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn process<'c, 'i>(&'c mut self, wire: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(wire)
    }

    fn common(&self) -> &CommonState {
        self
    }
}

impl Side for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn process<'c, 'i>(&'c mut self, wire: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(wire)
    }

    fn common(&self) -> &CommonState {
        self
    }
}

impl Tls<UnbufferedClientConnection> {
    /// The end that begins, and that expects the peer to be `name`.
    ///
    /// # Errors
    /// The configuration leaves nothing to offer.
    pub fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        describe: Option<Describe>,
    ) -> Result<Self, Fault> {
        let side = UnbufferedClientConnection::new(config, name);
        Ok(Self::new(
            side.map_err(|error| Fault::of(&error))?,
            describe,
        ))
    }
}

impl Tls<UnbufferedServerConnection> {
    /// The end that waits for the other to begin.
    ///
    /// # Errors
    /// The configuration leaves nothing to agree to.
    pub fn server(config: Arc<ServerConfig>, describe: Option<Describe>) -> Result<Self, Fault> {
        let side = UnbufferedServerConnection::new(config);
        Ok(Self::new(
            side.map_err(|error| Fault::of(&error))?,
            describe,
        ))
    }
}

/// What to do after one step of the library.
enum Then {
    GoOn,
    Stop,
}

impl<S: Side> Tls<S> {
    fn new(side: S, describe: Option<Describe>) -> Self {
        Self {
            side,
            describe,
            plain: Vec::new(),
            given: 0,
            seen: Vec::new(),
            between: false,
            owes_goodbye: false,
            ended: false,
        }
    }

    /// Hands up what is left of the last record; true if all of it has gone.
    fn give(&mut self, up: &mut Buf) -> bool {
        self.given += up.put(&self.plain[self.given..]);
        let all = self.given == self.plain.len();
        if all {
            (self.plain, self.given) = (Vec::new(), 0);
        }
        all
    }

    /// One step of the library; how many bytes of the wire it has done with.
    fn step(
        &mut self,
        wire: &mut [u8],
        up: &mut Buf,
        down: &mut Buf,
    ) -> Result<(usize, Then), Fault> {
        let UnbufferedStatus { discard, state, .. } = self.side.process(wire);
        let then = match state {
            Ok(ConnectionState::ReadTraffic(traffic)) => {
                self.plain = take_record(traffic, up);
                Then::GoOn
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                let encoded = data.encode(down.room_for(RECORD));
                down.fill(encoded.map_err(|error| Fault::new(error.to_string()))?);
                Then::GoOn
            }
            // What was encoded waits below, from where it goes out by itself.
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                Then::GoOn
            }
            Ok(ConnectionState::PeerClosed) => {
                self.ended = true;
                Then::GoOn
            }
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                if self.owes_goodbye {
                    self.owes_goodbye = false;
                    say_goodbye(&mut traffic, down);
                }
                Then::Stop
            }
            // There is no early data, for there are no tickets.
            Ok(_) => Then::Stop,
            Err(error) => {
                self.say_alert(down);
                return Err(Fault::of(&error));
            }
        };
        Ok((discard, then))
    }

    /// The library knows by itself what to tell a peer that broke the protocol. It is asked for nothing
    /// else: it would look again at a wire that it could not read.
    fn say_alert(&mut self, down: &mut Buf) {
        while self.side.common().wants_write() && down.free() >= RECORD {
            let Ok(ConnectionState::EncodeTlsData(mut data)) = self.side.process(&mut []).state
            else {
                return;
            };
            let n = data.encode(down.room_for(RECORD)).unwrap_or(0);
            down.fill(n);
        }
    }

    /// Lets the library say what it owes the peer; true if it then takes what we have to say.
    fn may_write(&mut self, down: &mut Buf) -> bool {
        if self.between || self.side.common().is_handshaking() {
            return false;
        }
        while down.free() >= RECORD {
            match self.side.process(&mut self.seen).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    let n = data.encode(down.room_for(RECORD)).unwrap_or(0);
                    down.fill(n);
                }
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.ended = true,
                Ok(ConnectionState::WriteTraffic(_)) => return true,
                Ok(_) | Err(_) => return false,
            }
        }
        false
    }
}

impl<S: Side> Layer for Tls<S> {
    fn phase(&self) -> Phase {
        match self.side.common().is_handshaking() {
            true => Phase::Handshake,
            false => Phase::Open,
        }
    }

    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        let mut then = Then::GoOn;
        while matches!(then, Then::GoOn) && self.give(up) && down.free() >= RECORD {
            let n;
            (n, then) = self.step(&mut wire[used..], up, down)?;
            used += n;
        }
        // Behind bytes that nobody takes, nothing of the handshake is half read: a reader that stops
        // must not keep us from sending.
        let stopped_early = matches!(then, Then::GoOn);
        let goes_on = !self.ended && self.phase() == Phase::Open;
        self.between = goes_on && stopped_early && self.plain.is_empty();
        self.seen = match goes_on && !stopped_early {
            true => half_message(&wire[used..]).to_vec(),
            false => Vec::new(),
        };
        match self.ended {
            true => Ok(wire.len()), // whatever comes behind close_notify, nobody has said it
            false => Ok(used),
        }
    }

    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        if !self.may_write(down) {
            return Ok(0);
        }
        let Ok(ConnectionState::WriteTraffic(mut traffic)) =
            self.side.process(&mut self.seen).state
        else {
            return Ok(0);
        };
        let n = fitting(down.free() - RECORD).min(app.len());
        // Nothing more can be sent with keys that are used up and that TLS 1.2 cannot renew.
        let encrypted = traffic.encrypt(&app[..n], down.room_for(needed(n) + RECORD));
        down.fill(encrypted.map_err(|error| Fault::new(error.to_string()))?);
        Ok(n)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        match self.phase() {
            _ if self.ended => Ok(()),
            Phase::Handshake | Phase::Asking => Err(Fault::new(
                "the peer closed the connection during the TLS handshake",
            )),
            Phase::Open | Phase::Closed => Err(Fault::new(
                "the TLS connection was cut: it ended without close_notify",
            )),
        }
    }

    fn finish(&mut self, down: &mut Buf) {
        self.owes_goodbye = true;
        if self.may_write(down)
            && let Ok(ConnectionState::WriteTraffic(mut traffic)) =
                self.side.process(&mut self.seen).state
        {
            self.owes_goodbye = false;
            say_goodbye(&mut traffic, down);
        }
    }

    fn has_ended(&self) -> bool {
        self.ended && self.plain.is_empty()
    }

    fn remarks(&mut self) -> Vec<String> {
        let describe = self.describe.take();
        let certificates = self.side.common().peer_certificates();
        match (describe, certificates) {
            (Some(describe), Some(certificates)) => describe(certificates),
            (Some(_) | None, _) => Vec::new(),
        }
    }
}

/// Hands up what one step of the library has decrypted; what found no room is returned.
fn take_record<Data>(mut traffic: ReadTraffic<'_, '_, Data>, up: &mut Buf) -> Vec<u8> {
    let mut left = Vec::new();
    while let Some(Ok(record)) = traffic.next_record() {
        let n = match left.is_empty() {
            true => up.put(record.payload),
            false => 0,
        };
        left.extend_from_slice(&record.payload[n..]);
    }
    left
}

/// Says close_notify, for which `down` has room.
fn say_goodbye<Data>(traffic: &mut WriteTraffic<'_, Data>, down: &mut Buf) {
    if let Ok(n) = traffic.queue_close_notify(down.room_for(RECORD)) {
        down.fill(n);
    }
}

/// How many plain bytes become records that fit into so much room.
fn fitting(room: usize) -> usize {
    let (records, rest) = (room / (PLAIN + OVERHEAD), room % (PLAIN + OVERHEAD));
    records * PLAIN + rest.saturating_sub(OVERHEAD)
}

/// How much room so many plain bytes may need as records.
fn needed(plain: usize) -> usize {
    plain + plain.div_ceil(PLAIN) * OVERHEAD
}

/// What lies there, if it begins with a whole record: one that the library has seen and left is part of
/// a message of its handshake.
fn half_message(wire: &[u8]) -> &[u8] {
    let length = |header: &[u8; HEADER]| usize::from(u16::from_be_bytes([header[3], header[4]]));
    match wire.first_chunk() {
        Some(header) if wire.len() >= HEADER + length(header) => wire,
        Some(_) | None => &[],
    }
}

#[cfg(test)]
mod tests;
