//! A way through an HTTP proxy: asks it with CONNECT for a connection to the target (RFC 9110, section 9.3.6).
//!
//! Owns the request until it has gone, and the head of the answer until that is whole. Knows nothing of
//! names and passwords but that a [`Login`] does.
//! Promise: whatever a proxy answers, in whatever pieces, is a way to the target or a fault, and costs no
//! more memory than one head may have; what comes behind a good answer is the target's.

use std::cell::RefCell;
use std::rc::Rc;

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};

use super::auth::{Authorization, Login};
use super::head::{FIELDS_MAX, HeadReader};
use crate::data::Buf;
use crate::wire::{Endpoint, Fault, Layer, Phase};

/// How many answers may say that the answer is still to come. Those that send any send one or two.
const INTERIM_MAX: usize = 16;

/// What every answer begins with.
const VERSION: &[u8] = b"HTTP/1.";

const NOT_HTTP: &str = "the proxy did not answer in HTTP";
const TOO_LONG: &str = "the proxy's answer is too long";
const CUT: &str = "the proxy closed the connection before it had answered";

/// The client's side of CONNECT.
pub struct Connect {
    target: Endpoint,
    login: Rc<RefCell<Login>>,
    state: State,
}

/// What we wait for.
enum State {
    /// To be asked for the first time.
    Fresh,
    /// Room for the rest of the request.
    Asking {
        rest: Vec<u8>,
        sent: Option<Authorization>,
    },
    /// The head of the answer.
    Asked {
        answer: Answer,
        sent: Option<Authorization>,
    },
    /// Nothing: all that comes is the target's.
    Through,
}

/// The head of an answer, as far as it has come.
#[derive(Default)]
struct Answer {
    head: HeadReader,
    /// How many have come that were not the last.
    interim: usize,
}

/// What a whole head says.
enum Verdict {
    Interim,
    Through,
}

impl Connect {
    /// A way to this target, through a proxy about which this is known.
    pub fn new(target: Endpoint, login: Rc<RefCell<Login>>) -> Self {
        Self {
            target,
            login,
            state: State::Fresh,
        }
    }
}

impl Layer for Connect {
    fn phase(&self) -> Phase {
        match self.state {
            State::Fresh | State::Asking { .. } | State::Asked { .. } => Phase::Handshake,
            State::Through => Phase::Closed,
        }
    }

    fn recv(&mut self, wire: &mut [u8], _up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        self.ask(down)?;
        let mut used = 0;
        while used < wire.len() {
            match self.hear(&wire[used..])? {
                0 => break,
                n => used += n,
            }
        }
        Ok(used)
    }

    fn send(&mut self, _app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        self.ask(down)?;
        Ok(0)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        match self.state {
            State::Fresh | State::Asking { .. } | State::Asked { .. } => Err(Fault::new(CUT)),
            State::Through => Ok(()),
        }
    }
}

impl Connect {
    /// Says as much of the request as there is room for. Credentials are made when they are needed, for
    /// what another connection has learnt since serves this one.
    fn ask(&mut self, down: &mut Buf) -> Result<(), Fault> {
        if let State::Fresh = self.state {
            let target = self.target.to_string();
            if target.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
                return Err(Fault::new("the target's name cannot be told to a proxy"));
            }
            let sent = self.login.borrow_mut().authorize("CONNECT", &target);
            let rest = request(&target, sent.as_ref());
            self.state = State::Asking { rest, sent };
        }
        if let State::Asking { rest, sent } = &mut self.state {
            rest.drain(..down.put(rest));
            if rest.is_empty() {
                self.state = State::Asked {
                    answer: Answer::default(),
                    sent: sent.take(),
                };
            }
        }
        Ok(())
    }

    /// Takes what comes of the answer; how much was used. 0 when what comes is not of the answer, or comes
    /// before we have asked: it waits until the request has gone.
    fn hear(&mut self, wire: &[u8]) -> Result<usize, Fault> {
        let State::Asked { answer, sent } = &mut self.state else {
            return Ok(0);
        };
        let read = answer.head.read(wire);
        if !may_be_http(answer.head.bytes()) {
            return Err(Fault::new(NOT_HTTP));
        }
        let (used, is_whole) = read.map_err(|_| Fault::new(TOO_LONG))?;
        if !is_whole {
            return Ok(used);
        }
        let head = std::mem::take(&mut answer.head);
        match judge(head.bytes(), &self.login, sent.as_ref())? {
            Verdict::Interim if answer.interim == INTERIM_MAX => return Err(Fault::new(TOO_LONG)),
            Verdict::Interim => answer.interim += 1,
            Verdict::Through => self.state = State::Through,
        }
        Ok(used)
    }
}

/// The request. There is no `Host`: HTTP/1.0 has none, and some proxies were only ever tried without.
fn request(target: &str, authorization: Option<&Authorization>) -> Vec<u8> {
    let mut request = format!("CONNECT {target} HTTP/1.0\r\n").into_bytes();
    if let Some(Authorization { value, .. }) = authorization {
        request.extend([b"Proxy-Authorization: ", &value[..], b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    request
}

/// Whether an answer that begins like this may be one: whoever speaks something else, and waits for us to
/// say more, is not waited for.
fn may_be_http(head: &[u8]) -> bool {
    let line = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    let begun = &head[line.unwrap_or(head.len())..];
    VERSION
        .iter()
        .zip(begun)
        .all(|(wanted, byte)| wanted == byte)
}

/// What a whole head says. A good answer has no body, whatever its fields say (RFC 9110, section 9.3.6).
fn judge(
    head: &[u8],
    login: &RefCell<Login>,
    sent: Option<&Authorization>,
) -> Result<Verdict, Fault> {
    let mut fields = [EMPTY_HEADER; FIELDS_MAX];
    let (status, fields) = read(head, &mut fields)?;
    match status {
        // 101 would be the last answer, in another protocol.
        100 | 102..200 => Ok(Verdict::Interim),
        200 => {
            login.borrow_mut().welcomed();
            Ok(Verdict::Through)
        }
        407 => Err(login.borrow_mut().challenged(&challenges(fields), sent)),
        _ => Err(Fault::new(format!("Proxy returned status code {status}"))),
    }
}

/// The status and the fields in a head.
fn read<'h, 'f>(
    head: &'h [u8],
    fields: &'f mut [Header<'h>],
) -> Result<(u16, &'f [Header<'h>]), Fault> {
    let mut response = httparse::Response::new(fields);
    let parsed = ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response(&mut response, head);
    match parsed {
        Ok(Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::new(TOO_LONG)),
        Ok(_) | Err(_) => return Err(Fault::new(NOT_HTTP)),
    }
    match response.code {
        Some(status @ 100..) => Ok((status, response.headers)),
        Some(_) | None => Err(Fault::new(NOT_HTTP)),
    }
}

fn challenges<'h>(fields: &[Header<'h>]) -> Vec<&'h [u8]> {
    let asking = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("Proxy-Authenticate"));
    asking.map(|field| field.value).collect()
}

#[cfg(test)]
mod tests;
