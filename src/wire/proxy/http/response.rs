//! A response's head: what it is an answer to decides what it means.
//!
//! Promise: what the client reads is what was understood here, in our framing. A head that could be read in
//! more than one way is none.

use super::super::head::FIELDS_MAX;
use super::body::{Body, From, To};
use super::chunked::Decoder;
use super::fields::{self, Fields, Length};
use super::request::Client;

/// What a response is an answer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) client: Client,
    /// It asked for the head alone.
    pub(super) is_head: bool,
}

/// A head that was understood.
#[derive(Debug)]
pub(super) enum Heard {
    /// Only the first word; the answer is to follow.
    Interim(Vec<u8>),
    Final(Reply),
}

/// The answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// What the client is told first.
    pub(super) head: Vec<u8>,
    /// What follows.
    pub(super) body: Body,
    /// The client has been told that it may ask for more.
    pub(super) stays: bool,
}

/// Understands a whole head.
pub(super) fn read(head: &[u8], question: Question) -> Option<Heard> {
    let mut room = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut room);
    if response.parse(head) != Ok(httparse::Status::Complete(head.len())) {
        return None;
    }
    let status = response.code?;
    let fields = Fields(response.headers);
    let length = fields.length(response.version?).ok()?;
    let mut head = format!("HTTP/1.1 {status} {}\r\n", response.reason?).into_bytes();
    for field in fields.onward() {
        fields::write(&mut head, field.name, field.value);
    }
    match status {
        // We let nobody change protocols.
        ..100 | 101 => None,
        100..200 => {
            head.extend_from_slice(b"\r\n");
            Some(Heard::Interim(head))
        }
        200.. => Some(Heard::Final(reply(status, length, question, head))),
    }
}

fn reply(status: u16, length: Length, question: Question, mut head: Vec<u8>) -> Reply {
    let is_old = question.client.is_old;
    let has_none = question.is_head || matches!(status, 204 | 304);
    let (ending, ends_with_connection) = if is_old {
        (To::Plain, true)
    } else {
        (To::Chunks(0), false)
    };
    let (body, closes) = match length {
        _ if has_none => (Body::NONE, false),
        Length::Exactly(n) => (Body::new(From::Exactly(n), To::Plain), false),
        Length::Chunked => {
            let from = From::Chunked(Decoder::default());
            (Body::new(from, ending), ends_with_connection)
        }
        Length::Unsaid => (Body::new(From::UntilEnd, ending), ends_with_connection),
    };
    match length {
        Length::Exactly(n) if status != 204 => {
            fields::write(&mut head, "Content-Length", n.to_string().as_bytes());
        }
        Length::Chunked | Length::Unsaid if !has_none && !is_old => {
            fields::write(&mut head, "Transfer-Encoding", b"chunked");
        }
        Length::Exactly(_) | Length::Chunked | Length::Unsaid => {}
    }
    let stays = question.client.stays && !closes;
    let client = Client { stays, is_old };
    head.extend_from_slice(client.connection_line().as_bytes());
    head.extend_from_slice(b"\r\n");
    Reply {
        status,
        head,
        body,
        stays,
    }
}
