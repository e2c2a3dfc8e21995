//! One session: what the records of a datagram mean, and where they come from.

use std::collections::VecDeque;

use super::alert;
use super::bytes::Reader;
use super::client::Client;
use super::failure::Failure;
use super::kit::{ClientKit, ServerKit};
use super::message::{self, Piece};
use super::record::{self, ALERT, APPLICATION, HANDSHAKE, Record};
use super::server::Server;
use super::talk::Talk;
use super::window::Window;
use crate::wire::Clock;

/// The most that is kept of sealed records that came before they could be opened, in bytes.
const EARLY: usize = 32 << 10;
/// The most that is kept of messages that came before they may go up, in bytes.
const HELD: usize = 64 << 10;

/// One session, as its client or its server.
pub(super) struct Session {
    stage: Stage,
    pub(super) talk: Talk,
    window: Window,
    /// Sealed records that came before there were keys, whole.
    early: Vec<Vec<u8>>,
    /// Messages that wait for room above, or for the end of the handshake.
    pub(super) above: VecDeque<Vec<u8>>,
    /// The peer said goodbye.
    ended: bool,
}

enum Stage {
    Client(Box<Client>),
    Server(Box<Server>),
    Open,
}

impl Session {
    /// A client that has said hello.
    pub(super) fn client(kit: &ClientKit, clock: Clock) -> (Self, Result<(), Failure>) {
        let mut session = Self::new(Stage::Client(Box::new(Client::new(kit))), clock);
        let said = match &mut session.stage {
            Stage::Client(client) => client.start(&mut session.talk),
            Stage::Server(_) | Stage::Open => Ok(()),
        };
        (session, said)
    }

    /// A server that waits for a hello.
    pub(super) fn server(kit: &ServerKit, clock: Clock) -> Self {
        Self::new(Stage::Server(Box::new(Server::new(kit.clone()))), clock)
    }

    fn new(stage: Stage, clock: Clock) -> Self {
        Self {
            stage,
            talk: Talk::new(clock),
            window: Window::default(),
            early: Vec::new(),
            above: VecDeque::new(),
            ended: false,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    /// Nothing more will come up.
    pub(super) fn has_ended(&self) -> bool {
        self.ended && self.is_open() && self.above.is_empty()
    }

    /// A newer session with the same peer goes on in this one's place, once what came here has gone up.
    pub(super) fn be_succeeded(&mut self, next: Self) {
        let mut above = std::mem::take(&mut self.above);
        let below = std::mem::take(&mut self.talk.out.below);
        *self = next;
        above.append(&mut self.above);
        self.above = above;
        self.talk.out.below = below;
    }

    /// One datagram; whether any of it was sealed by this session's peer.
    pub(super) fn hear(&mut self, mut datagram: &mut [u8]) -> Result<bool, Failure> {
        let mut genuine = false;
        while let Some((record, rest)) = record::split(datagram) {
            genuine |= self.take_record(record)?;
            datagram = rest;
        }
        Ok(genuine)
    }

    fn take_record(&mut self, record: Record<'_>) -> Result<bool, Failure> {
        match record.epoch() {
            0 => self.take_plain(&record)?,
            1 if self.talk.theirs.is_some() => return self.take_sealed(record),
            1 => self.keep_early(&record),
            _ => {}
        }
        Ok(false)
    }

    /// Anybody may have sent this, so an open session does not listen to it.
    fn take_plain(&mut self, record: &Record<'_>) -> Result<(), Failure> {
        if self.is_open() {
            return Ok(());
        }
        match record.kind {
            HANDSHAKE => self.take_handshake(record.number, record.body),
            ALERT => self.take_alert(false, record.body),
            _ => Ok(()),
        }
    }

    fn take_sealed(&mut self, record: Record<'_>) -> Result<bool, Failure> {
        let Record {
            kind,
            version,
            number,
            body,
        } = record;
        let place = number & ((1 << 48) - 1);
        let Some(key) = self
            .talk
            .theirs
            .as_ref()
            .filter(|_| self.window.is_new(place))
        else {
            return Ok(false);
        };
        let Some(carried) = key.open(kind, version, number, body) else {
            return Ok(false);
        };
        self.window.mark(place);
        // Who says anything else than what it said of the handshake has heard our end of that.
        if self.is_open() && kind != HANDSHAKE {
            self.talk.forget_flight();
        }
        match kind {
            HANDSHAKE => self.take_handshake(number, carried)?,
            ALERT => self.take_alert(true, carried)?,
            APPLICATION => self.take_message(carried),
            _ => {}
        }
        Ok(true)
    }

    fn keep_early(&mut self, record: &Record<'_>) {
        let held: usize = self.early.iter().map(Vec::len).sum();
        if held + record.body.len() > EARLY || self.is_open() {
            return;
        }
        let header = record::header(
            record.kind,
            record.version,
            record.number,
            record.body.len(),
        );
        self.early.push([&header, &*record.body].concat());
    }

    fn take_message(&mut self, carried: &[u8]) {
        let held: usize = self.above.iter().map(Vec::len).sum();
        if carried.is_empty() || held + carried.len() > HELD {
            return;
        }
        self.above.push_back(carried.to_vec());
    }

    /// A sealed goodbye may have overtaken what comes before it.
    fn take_alert(&mut self, sealed: bool, body: &[u8]) -> Result<(), Failure> {
        match *body {
            [_, alert::CLOSE_NOTIFY] if sealed => self.ended = true,
            [_, alert @ alert::CLOSE_NOTIFY] | [alert::FATAL, alert] => {
                return Err(Failure::told(alert));
            }
            _ => {}
        }
        Ok(())
    }

    fn take_handshake(&mut self, number: u64, body: &[u8]) -> Result<(), Failure> {
        let mut reader = Reader(body);
        while let Some(piece) = Piece::read(&mut reader) {
            let sealed = number >> 48 > 0;
            // Who proves what was said must do it sealed, and nobody seals anything else.
            if sealed == (piece.kind == message::FINISHED) {
                self.take_piece(number, &piece)?;
            }
            if reader.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn take_piece(&mut self, number: u64, piece: &Piece<'_>) -> Result<(), Failure> {
        // A first message of before is no first message any more.
        let is_late = piece.place < self.talk.assembly.next;
        match &mut self.stage {
            Stage::Client(client) if piece.kind == message::HELLO_VERIFY => {
                if piece.is_whole() {
                    client.show_cookie(piece.bytes, &mut self.talk)?;
                }
                return Ok(());
            }
            Stage::Client(client)
                if client.is_new() && piece.kind == message::SERVER_HELLO && !is_late =>
            {
                self.talk.assembly.begin_at(piece.place);
            }
            Stage::Server(server)
                if server.is_new() && piece.kind == message::CLIENT_HELLO && !is_late =>
            {
                self.talk.begin_at(piece.place);
                self.talk.out.begin_at(number);
            }
            _ => {}
        }
        if is_late {
            return self.talk.answer_again(piece.place);
        }
        if self.is_open() {
            return Ok(()); // nothing more is to be agreed on
        }
        self.talk.assembly.put(piece);
        self.take_whole_messages()
    }

    fn take_whole_messages(&mut self) -> Result<(), Failure> {
        while let Some(message) = self.talk.assembly.take() {
            let over = match &mut self.stage {
                Stage::Client(client) => client.take(&message, &mut self.talk)?,
                Stage::Server(server) => server.take(&message, &mut self.talk)?,
                Stage::Open => return Ok(()),
            };
            if over {
                self.stage = Stage::Open;
                self.talk.finish();
            }
            if self.talk.theirs.is_some() {
                for mut datagram in std::mem::take(&mut self.early) {
                    self.hear(&mut datagram)?;
                }
            }
        }
        Ok(())
    }
}
