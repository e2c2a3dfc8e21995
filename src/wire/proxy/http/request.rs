//! A request's head: what the client wants, in words for others and in words for the origin.
//!
//! Promise: a head that comes out of here has one reading only ([`read`] refuses any other), and what is
//! sent to the origin says again in plain words what was understood, not what was said.

use std::cell::RefCell;

use super::super::head::FIELDS_MAX;
use super::body::{Body, From, To};
use super::chunked::Decoder;
use super::fields::{self, Fields, Length};
use super::status::{AUTHENTICATION_REQUIRED, BAD_REQUEST, METHOD_NOT_ALLOWED, Status, TOO_LARGE};
use super::target::{self, HTTP_PORT, Target};
use super::words;
use super::{Guard, Judgement};
use crate::wire::{Endpoint, Want};

/// The longest body of a refused request that is read and thrown away, so that the client may ask again
/// over the same connection: forms of log-in pages are shorter.
const THROWN_AWAY_MAX: u64 = 16 << 10;
/// Methods whose requests have a body, be it an empty one.
const WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];

/// How a client understands us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// It speaks HTTP/1.0: no chunks, no interim responses.
    pub(super) is_old: bool,
    /// The connection is to stay for its next request.
    pub(super) stays: bool,
}

impl Client {
    /// One that can be told anything, for the last time.
    pub(super) const UNKNOWN: Self = Self {
        is_old: false,
        stays: false,
    };

    /// The field that tells it what becomes of the connection, where that is not understood.
    pub(super) fn connection_line(self) -> &'static str {
        match (self.stays, self.is_old) {
            (false, _) => "Connection: close\r\n",
            (true, true) => "Connection: keep-alive\r\n",
            (true, false) => "",
        }
    }
}

/// A request that was understood.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) want: Want,
    pub(super) words: String,
    pub(super) client: Client,
    /// Its response has no body.
    pub(super) is_head: bool,
    /// What the origin is told first; nothing for a tunnel.
    pub(super) head: Vec<u8>,
    /// What follows.
    pub(super) body: Body,
    /// What must be thrown away before the next request, if this one is refused now. None if that cannot be
    /// known or is too much.
    pub(super) in_the_way: Option<u64>,
}

/// A request that is not carried out.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: Status,
    /// Fields for the response.
    pub(super) lines: Vec<String>,
    pub(super) words: String,
    pub(super) client: Client,
    /// As in [`Order::in_the_way`].
    pub(super) in_the_way: Option<u64>,
}

impl Refused {
    /// A request that cannot be trusted to end where it seems to.
    pub(super) fn for_good(status: Status, words: String) -> Self {
        Self {
            status,
            lines: Vec::new(),
            words,
            client: Client::UNKNOWN,
            in_the_way: None,
        }
    }
}

/// Understands a whole head, of which `line` is the first.
pub(super) fn read(
    head: &[u8],
    line: &[u8],
    guard: Option<&RefCell<dyn Guard>>,
) -> Result<Order, Refused> {
    let bad = |words: String| Refused::for_good(BAD_REQUEST, words);
    let mut room = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut room);
    let parsed = request.parse(head);
    let (Some(method), Some(uri), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(bad(words::of_line(line)));
    };
    if line.len() != method.len() + uri.len() + "  HTTP/1.x".len() {
        return Err(bad(words::of_line(line)));
    }
    let words = words::of_request(method, uri, None);
    if !is_method(method) {
        let mut refused = Refused::for_good(METHOD_NOT_ALLOWED, words);
        refused.lines = vec!["Allow: CONNECT, GET, HEAD, POST".into()];
        return Err(refused);
    }
    if parsed == Err(httparse::Error::TooManyHeaders) {
        return Err(Refused::for_good(TOO_LARGE, words));
    }
    if parsed != Ok(httparse::Status::Complete(head.len())) {
        return Err(bad(words));
    }
    let fields = Fields(request.headers);
    let asked = Asked::read(method, uri, minor, fields).ok_or_else(|| bad(words.clone()))?;
    let user = asked.identify(guard, &words)?;
    let words = words::of_request(method, uri, user.as_deref());
    asked.order(words.clone()).ok_or_else(|| bad(words))
}

/// Whether this may be a method: they are written in capitals, and `get` is none.
fn is_method(method: &str) -> bool {
    let good = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    method.bytes().all(good)
}

/// A head without contradictions.
struct Asked<'h, 'b> {
    method: &'h str,
    uri: &'h str,
    fields: Fields<'h, 'b>,
    length: Length,
    client: Client,
    /// The client sends the body when it has been told to, or when it is tired of waiting.
    waits: bool,
}

impl<'h, 'b> Asked<'h, 'b> {
    fn read(method: &'h str, uri: &'h str, minor: u8, fields: Fields<'h, 'b>) -> Option<Self> {
        fields.only("host").ok()?;
        let length = fields.length(minor).ok()?;
        if method == "CONNECT" && !matches!(length, Length::Unsaid | Length::Exactly(0)) {
            return None;
        }
        let says = |word| fields.list("connection", word) || fields.list("proxy-connection", word);
        let is_old = minor == 0;
        let stays = !says("close") && (!is_old || says("keep-alive"));
        Some(Self {
            method,
            uri,
            fields,
            length,
            client: Client { is_old, stays },
            waits: !is_old && fields.all("expect").next().is_some(),
        })
    }

    /// Who asks, if anybody must say so.
    fn identify(
        &self,
        guard: Option<&RefCell<dyn Guard>>,
        words: &str,
    ) -> Result<Option<String>, Refused> {
        let Some(guard) = guard else { return Ok(None) };
        let proofs: Vec<&[u8]> = self.fields.all("proxy-authorization").collect();
        match guard.borrow_mut().judge(&proofs, self.method, self.uri) {
            Judgement::Welcome(user) => Ok(Some(user)),
            Judgement::Challenge(lines) => Err(Refused {
                status: AUTHENTICATION_REQUIRED,
                lines,
                words: words.into(),
                client: self.client,
                in_the_way: self.in_the_way(),
            }),
        }
    }

    fn in_the_way(&self) -> Option<u64> {
        match self.length {
            Length::Unsaid | Length::Exactly(0) => Some(0),
            Length::Exactly(n) => Some(n).filter(|&n| n <= THROWN_AWAY_MAX && !self.waits),
            Length::Chunked => None,
        }
    }

    fn order(&self, words: String) -> Option<Order> {
        let (want, head) = match self.method {
            "CONNECT" => (Want::Tunnel(target::of_authority(self.uri)?), Vec::new()),
            _ => {
                let target = target::of_uri(self.uri)?;
                let head = self.head(&target);
                (Want::Exchange(target.to), head)
            }
        };
        Some(Order {
            want,
            words,
            client: self.client,
            is_head: self.method == "HEAD",
            head,
            body: self.body(),
            in_the_way: self.in_the_way(),
        })
    }

    fn body(&self) -> Body {
        match self.length {
            Length::Unsaid => Body::NONE,
            Length::Exactly(n) => Body::new(From::Exactly(n), To::Plain),
            Length::Chunked => Body::new(From::Chunked(Decoder::default()), To::Chunks(0)),
        }
    }

    /// What the origin is told: the host first, as it should be, and framing last.
    fn head(&self, target: &Target) -> Vec<u8> {
        let path = match target.path.as_str() {
            "" if self.method == "OPTIONS" => "*".into(),
            path if path.starts_with('/') => path.into(),
            path => format!("/{path}"),
        };
        let mut head = format!("{} {path} HTTP/1.1\r\n", self.method).into_bytes();
        fields::write(&mut head, "Host", host(&target.to).as_bytes());
        for field in self.fields.onward() {
            let is_ours = field.name.eq_ignore_ascii_case("host");
            let is_vain = self.client.is_old && field.name.eq_ignore_ascii_case("expect");
            if !is_ours && !is_vain {
                fields::write(&mut head, field.name, field.value);
            }
        }
        head.extend_from_slice(b"Connection: close\r\n");
        let said = match self.length {
            Length::Unsaid if WITH_BODY.contains(&self.method) => {
                "Content-Length: 0\r\n\r\n".into()
            }
            Length::Unsaid => "\r\n".into(),
            Length::Exactly(n) => format!("Content-Length: {n}\r\n\r\n"),
            Length::Chunked => "Transfer-Encoding: chunked\r\n\r\n".into(),
        };
        head.extend_from_slice(said.as_bytes());
        head
    }
}

/// What the origin is to think it is called.
fn host(to: &Endpoint) -> String {
    match to.port {
        HTTP_PORT => to.host.to_string(),
        _ => to.to_string(),
    }
}
