//! One request and its response, while both are on their way.

use super::super::head::HeadReader;
use super::body::Body;
use super::chunked::Malformed;
use super::out::Out;
use super::request::{Client, Order};
use super::response::{self, Heard, Question, Reply};
use crate::data::Buf;
use crate::wire::Next;

/// The most interim responses to one request. An origin that works on it for long may say so now and then.
const INTERIMS_MAX: u8 = 32;

/// A request on its way up and its response on its way down; neither waits for the other.
pub(super) struct Exchange {
    pub(super) words: String,
    question: Question,
    /// The request's head, and framing of its body.
    up: Out,
    request: Body,
    /// All that has come of the request has gone up.
    starved: bool,
    response: Response,
}

/// How far the response has come.
enum Response {
    /// Its head is still coming, after so many interim ones.
    Head { reader: HeadReader, interims: u8 },
    Body {
        status: u16,
        body: Body,
        stays: bool,
    },
}

impl Exchange {
    pub(super) fn new(order: Order) -> Self {
        let mut up = Out::default();
        up.put(&order.head);
        Self {
            words: order.words,
            question: Question {
                client: order.client,
                is_head: order.is_head,
            },
            up,
            request: order.body,
            starved: false,
            response: Response::Head {
                reader: HeadReader::default(),
                interims: 0,
            },
        }
    }

    pub(super) fn client(&self) -> Client {
        self.question.client
    }

    /// Sends the request on; returns how much of `wire` was used.
    pub(super) fn ask(&mut self, wire: &[u8], up: &mut Buf) -> Result<usize, Malformed> {
        let used = self.request.carry(wire, &mut self.up, up)?;
        self.starved = used == wire.len();
        Ok(used)
    }

    /// Whether the client has said all of its request.
    pub(super) fn is_asked(&self) -> bool {
        self.request.is_over()
    }

    /// Whether only the client can bring the request on.
    pub(super) fn is_starved(&self) -> bool {
        self.starved && !self.is_asked()
    }

    /// Sends the response on; returns how much of `app` was used. Words of our own go by way of `out`.
    pub(super) fn hear(
        &mut self,
        app: &[u8],
        out: &mut Out,
        down: &mut Buf,
    ) -> Result<usize, Malformed> {
        let reader = match &mut self.response {
            Response::Body { body, .. } => return body.carry(app, out, down),
            Response::Head { reader, .. } => reader,
        };
        let (used, is_complete) = reader.read(app).map_err(|_| Malformed)?;
        if is_complete {
            self.understand(out)?;
        }
        Ok(used)
    }

    /// The origin will say no more; true if the response is complete with that.
    pub(super) fn end(&mut self, out: &mut Out) -> bool {
        match &mut self.response {
            Response::Head { .. } => false,
            Response::Body { body, .. } => body.end(out),
        }
    }

    /// Whether all of the response has come.
    pub(super) fn is_answered(&self) -> bool {
        match &self.response {
            Response::Head { .. } => false,
            Response::Body { body, .. } => body.is_over(),
        }
    }

    /// What the client has been told, if it has.
    pub(super) fn status(&self) -> Option<u16> {
        match self.response {
            Response::Head { .. } => None,
            Response::Body { status, .. } => Some(status),
        }
    }

    /// What may follow when this request is answered.
    pub(super) fn next(&self) -> Next {
        match self.response {
            Response::Body { stays: true, .. } if self.is_asked() => Next::Request,
            Response::Body { .. } | Response::Head { .. } => Next::End,
        }
    }

    fn understand(&mut self, out: &mut Out) -> Result<(), Malformed> {
        let Response::Head { reader, interims } = &mut self.response else {
            return Ok(());
        };
        let mut question = self.question;
        // Who is answered before it has said all may go on with that: the next request would be behind.
        question.client.stays &= self.request.is_over();
        match response::read(reader.bytes(), question) {
            None => return Err(Malformed),
            Some(Heard::Interim(_)) if *interims == INTERIMS_MAX => return Err(Malformed),
            Some(Heard::Interim(head)) => {
                *interims += 1;
                *reader = HeadReader::default();
                if !question.client.is_old {
                    out.put(&head);
                }
            }
            Some(Heard::Final(reply)) => self.reply(reply, out),
        }
        Ok(())
    }

    fn reply(&mut self, reply: Reply, out: &mut Out) {
        out.put(&reply.head);
        self.response = Response::Body {
            status: reply.status,
            body: reply.body,
            stays: reply.stays,
        };
    }
}
