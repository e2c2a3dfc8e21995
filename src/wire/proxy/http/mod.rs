//! Being an HTTP proxy: requests of a client are read, whoever can reach others is asked to, and what comes
//! back is told.
//!
//! ```text
//! client                         this layer                         origin
//!   head  ──▶ heads ──▶ request ──▶ ask, answer ──▶ head, body ──▶    up
//!   body  ──────────────────────▶ body (chunked) ─────────────────▶   up
//!   down  ◀── out ◀── response ◀── heads ◀──────────────────────────  head
//!   down  ◀──────────────────────── body (chunked) ◀────────────────  body
//! ```
//!
//! Stands on the client's connection. Above it is, for the time of one exchange, the plain stream of a
//! connection to the origin that others have opened, and after a `CONNECT` whatever the client wanted.
//! Owns one request at a time: the next stays in the wire until the last is over and that has been told.
//! Promise: what goes up has one reading, what goes down is one whole response or is visibly broken off,
//! and between requests there is next to nothing in here.

mod body;
pub mod chunked;
mod exchange;
mod fields;
#[doc(hidden)]
pub mod oracle;
mod out;
mod request;
mod response;
mod status;
pub mod target;
mod words;

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use super::head::TooLong;
use crate::data::Buf;
use crate::wire::proxy::auth::{Judgement, Warden};
use crate::wire::{Answer, Ask, Fault, Layer, Miss, Next, Phase, Served, Want};

use super::head::HeadReader;
use exchange::Exchange;
use out::Out;
use request::{Order, Refused};
use status::{BAD_GATEWAY, BAD_REQUEST, Status, TOO_LARGE};

/// The words for what is no request from its first byte on.
const NOT_HTTP: &str = "something that is not HTTP";

/// Who knows who may ask.
pub trait Guard {
    /// Judges by the values of all fields that prove who asks, and by what is asked for.
    fn judge(&mut self, authorization: &[&[u8]], method: &str, uri: &str) -> Judgement;
}

impl Guard for Warden {
    fn judge(&mut self, authorization: &[&[u8]], method: &str, uri: &str) -> Judgement {
        Warden::judge(self, authorization, method, uri)
    }
}

/// The proxy's side of one client's connection.
pub struct HttpServer {
    guard: Option<Rc<RefCell<dyn Guard>>>,
    /// Goes to the client before anything else.
    down: Out,
    state: State,
}

/// What we wait for. What is large is held only while it is needed.
enum State {
    /// A request, behind so many bytes of one that was refused.
    Request {
        skip: u64,
        head: Option<Box<HeadReader>>,
    },
    /// Others to do what it wants; they have been told of it or not.
    Answer { order: Box<Order>, is_told: bool },
    /// Room for the word that a tunnel is there; what passes then is none of our business.
    Tunnel,
    /// The client and the origin.
    Exchange(Box<Exchange>),
    /// Somebody to hear that it is over.
    Ear { served: Served, skip: u64 },
    /// The end of the connection.
    End,
}

impl Default for State {
    fn default() -> Self {
        Self::Request {
            skip: 0,
            head: None,
        }
    }
}

impl State {
    /// Behind this exchange.
    fn over(exchange: &Exchange, next: Next) -> Self {
        Self::Ear {
            served: Served {
                words: exchange.words.clone(),
                status: exchange.status(),
                next,
            },
            skip: 0,
        }
    }
}

impl Layer for HttpServer {
    fn phase(&self) -> Phase {
        match &self.state {
            State::Answer { .. } => Phase::Asking,
            State::Exchange(_) => Phase::Open,
            State::Tunnel if self.down.is_empty() => Phase::Closed,
            // Layers below say goodbye when those above have said all.
            State::End if self.down.is_empty() => Phase::Open,
            State::Request { .. } | State::Tunnel | State::Ear { .. } | State::End => {
                Phase::Handshake
            }
        }
    }

    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        loop {
            let has_gone = self.down.flush(down);
            match self.step(&wire[used..], has_gone, up) {
                0 => break,
                n => used += n,
            }
        }
        self.down.flush(down);
        Ok(used)
    }

    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        while self.down.flush(down) {
            let State::Exchange(exchange) = &mut self.state else {
                break;
            };
            let Ok(n) = exchange.hear(&app[used..], &mut self.down, down) else {
                self.break_off(BAD_GATEWAY);
                continue;
            };
            used += n;
            if exchange.is_answered() {
                self.conclude();
            } else if n == 0 {
                break;
            }
        }
        Ok(used)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        let is_cut = match &self.state {
            State::Request { skip, head } => {
                *skip == 0 && head.as_ref().is_some_and(|head| head.has_begun())
            }
            State::Exchange(exchange) => exchange.is_starved(),
            State::Answer { .. } | State::Tunnel | State::Ear { .. } | State::End => false,
        };
        match is_cut {
            true => Err(Fault::new("the client left in the middle of a request")),
            false => Ok(()),
        }
    }

    fn ask(&mut self) -> Option<Ask> {
        match &mut self.state {
            State::Answer { order, is_told } if !*is_told => {
                *is_told = true;
                Some(Ask {
                    want: order.want.clone(),
                    words: order.words.clone(),
                })
            }
            State::Answer { .. }
            | State::Request { .. }
            | State::Tunnel
            | State::Exchange(_)
            | State::Ear { .. }
            | State::End => None,
        }
    }

    fn answer(&mut self, answer: Answer) {
        match (mem::replace(&mut self.state, State::End), answer) {
            (State::Answer { order, .. }, Answer::Reached(_)) => self.reached(*order),
            (State::Answer { order, .. }, Answer::Missed(miss)) => self.missed(*order, miss),
            (State::Exchange(exchange), Answer::Over) => {
                self.state = State::Exchange(exchange);
                self.origin_ended();
            }
            (State::Exchange(exchange), Answer::Cut) => {
                self.state = State::Exchange(exchange);
                self.break_off(BAD_GATEWAY);
            }
            // Another layer's question.
            (state, _) => self.state = state,
        }
    }

    fn served(&mut self) -> Option<Served> {
        match mem::replace(&mut self.state, State::End) {
            State::Ear { served, skip } => {
                if served.goes_on() {
                    self.state = State::Request { skip, head: None };
                }
                Some(served)
            }
            state => {
                self.state = state;
                None
            }
        }
    }
}

impl HttpServer {
    /// The proxy's side towards a client that has said nothing yet; with a guard, it must prove who it is.
    pub fn new(guard: Option<Rc<RefCell<dyn Guard>>>) -> Self {
        Self {
            guard,
            down: Out::default(),
            state: State::default(),
        }
    }

    /// Goes as far as one state reaches; returns how much of `wire` was used.
    fn step(&mut self, wire: &[u8], has_gone: bool, up: &mut Buf) -> usize {
        match &mut self.state {
            State::Request { .. } if wire.is_empty() || !has_gone => 0,
            State::Request { skip: 0, head } => {
                let read = head.get_or_insert_default().read(wire);
                let is_foreign = head.as_ref().is_some_and(|head| head.is_foreign());
                match read {
                    Ok(_) if is_foreign => self.not_http(),
                    Ok((_, false)) => {}
                    Ok((_, true)) => self.understand(),
                    Err(TooLong) => self.too_long(),
                }
                read.map_or(0, |(used, _)| used)
            }
            State::Request { skip, .. } => {
                let n = usize::try_from(*skip).map_or(wire.len(), |skip| skip.min(wire.len()));
                *skip -= n as u64;
                n
            }
            State::Exchange(exchange) => exchange.ask(wire, up).unwrap_or_else(|_| {
                self.break_off(BAD_REQUEST);
                0
            }),
            State::Answer { .. } | State::Tunnel | State::Ear { .. } | State::End => 0,
        }
    }

    /// The head is complete.
    fn understand(&mut self) {
        if let State::Request {
            head: Some(head), ..
        } = &self.state
        {
            match request::read(head.bytes(), head.line(), self.guard.as_deref()) {
                Ok(order) => {
                    self.state = State::Answer {
                        order: Box::new(order),
                        is_told: false,
                    };
                }
                Err(refused) => self.refuse(refused),
            }
        }
    }

    fn too_long(&mut self) {
        if let State::Request {
            head: Some(head), ..
        } = &self.state
        {
            let words = words::of_line(head.line());
            self.refuse(Refused::for_good(TOO_LARGE, words));
        }
    }

    /// Whoever speaks something else, and waits for an answer to it, is not left waiting.
    fn not_http(&mut self) {
        self.refuse(Refused::for_good(BAD_REQUEST, NOT_HTTP.into()));
    }

    /// Answers instead of others.
    fn refuse(&mut self, mut refused: Refused) {
        refused.client.stays &= refused.in_the_way.is_some();
        let response = refused.status.response(&refused.lines, refused.client);
        self.down.put(&response);
        self.state = State::Ear {
            served: Served {
                words: refused.words,
                status: Some(refused.status.0),
                next: match refused.client.stays {
                    true => Next::Request,
                    false => Next::End,
                },
            },
            skip: refused.in_the_way.unwrap_or(0),
        };
    }

    fn reached(&mut self, order: Order) {
        self.state = match order.want {
            Want::Exchange(_) => State::Exchange(Box::new(Exchange::new(order))),
            Want::Tunnel(_) | Want::Associate(_) => {
                self.down.put(b"HTTP/1.0 200 OK\r\n\r\n");
                State::Tunnel
            }
        };
    }

    fn missed(&mut self, order: Order, miss: Miss) {
        // Behind a request for a tunnel may come what was to go through it, in anybody's words: it must not
        // be taken for requests of a client that was let in.
        let in_the_way = match order.want {
            Want::Exchange(_) => order.in_the_way,
            Want::Tunnel(_) | Want::Associate(_) => None,
        };
        self.refuse(Refused {
            status: miss.into(),
            lines: Vec::new(),
            words: order.words,
            client: order.client,
            in_the_way,
        });
    }

    fn origin_ended(&mut self) {
        let State::Exchange(exchange) = &mut self.state else {
            return;
        };
        match exchange.end(&mut self.down) {
            true => self.conclude(),
            false => self.break_off(BAD_GATEWAY),
        }
    }

    /// The response is complete.
    fn conclude(&mut self) {
        if let State::Exchange(exchange) = &self.state {
            self.state = State::over(exchange, exchange.next());
        }
    }

    /// It never will be: the client is told so, or sees it from how the connection ends.
    fn break_off(&mut self, status: Status) {
        let State::Exchange(exchange) = &self.state else {
            return;
        };
        if exchange.status().is_some() {
            self.state = State::over(exchange, Next::Cut);
            return;
        }
        let refused = Refused {
            status,
            lines: Vec::new(),
            words: exchange.words.clone(),
            client: exchange.client(),
            in_the_way: exchange.is_asked().then_some(0),
        };
        self.refuse(refused);
    }
}

#[cfg(test)]
mod tests;
