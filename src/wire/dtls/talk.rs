//! The talk of one handshake, from our side: what was heard, what we say, and saying it again.
//!
//! What belongs together is said as one flight. A flight is repeated until the peer's next is there,
//! whole: its first message alone proves nothing about the rest (RFC 6347, 4.2.4).

use std::time::{Duration, Instant};

use rustls::Tls12CipherSuite;
use rustls::pki_types::CertificateDer;

use super::alert;
use super::cipher::Key;
use super::failure::Failure;
use super::message::{self, Assembly, Message};
use super::outgoing::Outgoing;
use super::record::{ALERT, CHANGE_CIPHER, HANDSHAKE};
use crate::wire::Clock;

/// How large a datagram of the handshake may be: every way that is used today carries it (the
/// least that IPv6 allows is 1280, with 48 for headers; tunnels take some).
const DATAGRAM: usize = 1200;
/// The same when several repetitions have got no answer: the least that IPv4 allows is 576.
const SMALL_DATAGRAM: usize = 508;
/// How many repetitions that takes.
const TRIES_BEFORE_SMALL: u32 = 4;
/// No piece of a message is made smaller than this to fill a datagram.
const SMALL_PIECE: usize = 32;

/// How long the first answer may take. RFC 6347 suggests a second, but a handshake has ten in all
/// (`-w`, `--handshake-timeout`), and where one datagram in six is lost these are soon gone.
const RETRY_AFTER: Duration = Duration::from_millis(300);
/// Each repetition waits twice as long as the last, up to this.
const RETRY_AFTER_MAX: Duration = Duration::from_millis(2400);
/// A peer that repeats itself has not heard us and is answered at once; but not more often than
/// this, for one flight of theirs may be several datagrams.
const ANSWER_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long a peer that lacks our last flight may take to repeat its own: the first repetition waits a second
/// as RFC 6347 has it, the next two, and ours `RETRY_AFTER_MAX` at the most.
const ASKED_AGAIN_WITHIN: Duration = Duration::from_millis(2500);

/// Both sides' words, and the timer.
pub(super) struct Talk {
    clock: Clock,
    /// All messages so far, each in one piece: what signatures and proofs are about.
    pub(super) heard: Vec<u8>,
    pub(super) assembly: Assembly,
    pub(super) out: Outgoing,
    /// What opens the peer's sealed records.
    pub(super) theirs: Option<Key>,
    /// The peer's certificates, its own first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// The place of our next message.
    place: u16,
    /// The epoch we speak in.
    epoch: u16,
    /// What we said last.
    flight: Vec<Item>,
    /// Where the peer's messages begin that can come only after it heard our flight.
    answer_from: u16,
    sent_at: Instant,
    /// How often the flight was repeated because nothing came; `None` when it waits for nothing.
    tries: Option<u32>,
}

enum Item {
    Said { epoch: u16, message: Message },
    ChangeCipher,
}

impl Talk {
    pub(super) fn new(clock: Clock) -> Self {
        let sent_at = clock.now();
        Self {
            clock,
            heard: Vec::new(),
            assembly: Assembly::default(),
            out: Outgoing::default(),
            theirs: None,
            chain: Vec::new(),
            place: 0,
            epoch: 0,
            flight: Vec::new(),
            answer_from: 0,
            sent_at,
            tries: None,
        }
    }

    /// The peer's first message has this place, and ours is to have the same.
    pub(super) fn begin_at(&mut self, place: u16) {
        self.assembly.begin_at(place);
        self.place = place;
    }

    /// A new flight, in place of the last.
    pub(super) fn begin_flight(&mut self) {
        self.flight.clear();
    }

    pub(super) fn say(&mut self, kind: u8, body: Vec<u8>) {
        let message = Message {
            kind,
            place: self.place,
            body,
        };
        message.put(&mut self.heard);
        self.place = self.place.saturating_add(1);
        let epoch = self.epoch;
        self.flight.push(Item::Said { epoch, message });
    }

    /// From here on we speak sealed.
    pub(super) fn change_cipher(&mut self) {
        self.flight.push(Item::ChangeCipher);
        self.epoch = 1;
    }

    /// What comes can be opened now, and what goes can be sealed.
    pub(super) fn set_keys(&mut self, theirs: Key, ours: Key, suite: &Tls12CipherSuite) {
        self.theirs = Some(theirs);
        self.out.set_key(ours, suite.common.confidentiality_limit);
    }

    /// Sends the flight, and repeats it until there is an answer if there is to be one.
    pub(super) fn send_flight(&mut self, has_answer: bool) -> Result<(), Failure> {
        self.tries = has_answer.then_some(0);
        self.answer_from = self.assembly.next;
        self.transmit()
    }

    /// When the flight is to be repeated.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let after = RETRY_AFTER * (1 << self.tries?.min(8));
        Some(self.sent_at + after.min(RETRY_AFTER_MAX))
    }

    /// Repeats the flight if it is time.
    pub(super) fn on_deadline(&mut self) -> Result<(), Failure> {
        if let Some(tries) = self.tries
            && self.deadline().is_some_and(|at| at <= self.clock.now())
        {
            self.tries = Some(tries.saturating_add(1));
            self.repeat()?;
        }
        Ok(())
    }

    /// The peer said the message at `place` again. From before our flight it means that it has not
    /// heard all of that.
    pub(super) fn answer_again(&mut self, place: u16) -> Result<(), Failure> {
        let rested = self.clock.now() >= self.sent_at + ANSWER_AGAIN_AFTER;
        if place < self.answer_from && rested {
            self.repeat()?;
        }
        Ok(())
    }

    /// Says the flight again, unless the last time has not gone yet.
    fn repeat(&mut self) -> Result<(), Failure> {
        if self.out.below.is_empty() {
            return self.transmit();
        }
        self.sent_at = self.clock.now();
        Ok(())
    }

    /// The handshake is over; only the last flight is kept, if the peer might not have heard it.
    pub(super) fn finish(&mut self) {
        self.tries = None;
        self.heard = Vec::new();
        self.assembly.clear();
    }

    /// Nothing is said any more but why, unless the peer knows.
    pub(super) fn give_up(&mut self, alert: Option<u8>) {
        self.tries = None;
        self.out.below.clear();
        if let Some(alert) = alert {
            self.say_alert(alert::FATAL, alert);
        }
    }

    /// Whether the peer may still say that it has not heard our last flight.
    pub(super) fn may_be_asked_again(&self) -> bool {
        !self.flight.is_empty() && self.clock.now() < self.sent_at + ASKED_AGAIN_WITHIN
    }

    /// The peer has certainly heard all we said.
    pub(super) fn forget_flight(&mut self) {
        self.flight = Vec::new();
    }

    pub(super) fn say_alert(&mut self, level: u8, alert: u8) {
        let mut datagram = Vec::new();
        let said = self
            .out
            .append(self.epoch, ALERT, &[level, alert], &mut datagram);
        if said.is_some() {
            self.out.below.push_back(datagram);
        }
    }

    /// Lays the flight into datagrams, as few as there can be.
    fn transmit(&mut self) -> Result<(), Failure> {
        self.sent_at = self.clock.now();
        let mut datagrams = Packing {
            size: match self.tries {
                Some(TRIES_BEFORE_SMALL..) => SMALL_DATAGRAM,
                Some(_) | None => DATAGRAM,
            },
            out: &mut self.out,
            datagram: Vec::new(),
        };
        for item in &self.flight {
            let packed = match item {
                Item::ChangeCipher => datagrams.put(0, CHANGE_CIPHER, &[1]),
                Item::Said { epoch, message } => datagrams.put_message(*epoch, message),
            };
            packed.ok_or_else(Failure::worn)?;
        }
        datagrams.end();
        Ok(())
    }
}

/// A datagram that is being filled.
struct Packing<'a> {
    size: usize,
    out: &'a mut Outgoing,
    datagram: Vec<u8>,
}

impl Packing<'_> {
    fn put_message(&mut self, epoch: u16, message: &Message) -> Option<()> {
        let (mut from, length) = (0, message.body.len());
        loop {
            let left = length - from;
            let around = self.out.overhead(epoch) + message::HEADER;
            let mut room = self.size.saturating_sub(self.datagram.len() + around);
            if room < left.min(SMALL_PIECE) || self.datagram.len() + around > self.size {
                self.end();
                room = self.size.saturating_sub(around);
            }
            let piece = left.min(room);
            let mut carried = Vec::with_capacity(message::HEADER + piece);
            message.put_piece(&mut carried, from, piece);
            self.put(epoch, HANDSHAKE, &carried)?;
            from += piece;
            if from == length {
                return Some(());
            }
        }
    }

    fn put(&mut self, epoch: u16, kind: u8, carried: &[u8]) -> Option<()> {
        if self.datagram.len() + self.out.overhead(epoch) + carried.len() > self.size {
            self.end();
        }
        self.out.append(epoch, kind, carried, &mut self.datagram)
    }

    fn end(&mut self) {
        if !self.datagram.is_empty() {
            self.out.below.push_back(std::mem::take(&mut self.datagram));
        }
    }
}
