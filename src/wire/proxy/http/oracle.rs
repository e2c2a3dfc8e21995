//! Naive readers of whole messages, and a stand on which the layer meets a client, an origin and somebody
//! who runs its errands. Tests and fuzz targets judge by these; nothing here is part of the program.

use std::net::SocketAddr;

use super::HttpServer;
use super::chunked::{Decoder, EXTENSION_MAX, TRAILERS_MAX};
use crate::data::Buf;
use crate::wire::{Answer, Ask, Layer, Phase, Served, Want, oracle};

/// Reads chunks: the data, and how many bytes are behind the end if that has come.
pub fn chunked(wire: &[u8]) -> Option<(Vec<u8>, Option<usize>)> {
    let (mut rest, mut data) = (wire, Vec::new());
    loop {
        let (line, behind) = line(rest)?;
        let digits = line.split(|&c| c == b';').next()?;
        let extension = line.get(digits.len() + 1..).unwrap_or_default();
        let is_open = digits.len() == line.len() && behind.is_none();
        let good = digits.iter().all(u8::is_ascii_hexdigit)
            && digits.len() <= 16
            && (is_open || !digits.is_empty())
            && extension.len() <= usize::from(EXTENSION_MAX);
        if !good {
            return None;
        }
        let Some(behind) = behind.flatten() else {
            return Some((data, None));
        };
        let size = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if size == 0 {
            return Some((data, trailers(behind)?));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        data.extend(&behind[..size.min(behind.len())]);
        rest = match behind.get(size..).unwrap_or_default() {
            [] | b"\r" => return Some((data, None)),
            [b'\r', b'\n', rest @ ..] => rest,
            _ => return None,
        };
    }
}

/// The same by way of the decoder, to which `wire` comes in these pieces.
pub fn read_chunks<'a>(
    wire: &[u8],
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Option<(Vec<u8>, Option<usize>)> {
    let (mut decoder, mut data) = (Decoder::default(), Vec::new());
    let (mut arrived, mut used) = (0, 0);
    for piece in pieces {
        arrived += piece.len();
        loop {
            used += decoder.skip(&wire[used..arrived]).ok()?;
            let ahead = usize::try_from(decoder.ahead()).unwrap_or(usize::MAX);
            let n = ahead.min(arrived - used);
            data.extend(&wire[used..used + n]);
            decoder.took(n as u64);
            used += n;
            if n == 0 {
                break;
            }
        }
    }
    Some((data, decoder.is_over().then_some(wire.len() - used)))
}

/// How much is behind trailers if they have ended.
fn trailers(mut rest: &[u8]) -> Option<Option<usize>> {
    let mut dropped = 0;
    loop {
        match rest {
            [b'\r', b'\n', behind @ ..] => return Some(Some(behind.len())),
            [] | b"\r" => return Some(None),
            _ => {}
        }
        let (line, behind) = line(rest)?;
        let colon = line.iter().position(|&c| c == b':');
        let name = &line[..colon.unwrap_or(line.len())];
        let is_name = |c: &u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(c);
        dropped += line.len() - usize::from(colon.is_some());
        let good = !name.is_empty() && name.iter().all(is_name);
        let is_open = colon.is_none() && behind.is_none();
        if !good || !is_open && colon.is_none() || dropped > usize::from(TRAILERS_MAX) {
            return None;
        }
        let Some(behind) = behind.flatten() else {
            return Some(None);
        };
        rest = behind;
    }
}

/// A line of text, and what is behind it: nothing yet, its CR alone, or more.
type Line<'a> = (&'a [u8], Option<Option<&'a [u8]>>);

fn line(bytes: &[u8]) -> Option<Line<'_>> {
    let end = bytes.iter().position(|&c| c == b'\r');
    let line = &bytes[..end.unwrap_or(bytes.len())];
    let is_text = |&c: &u8| c == b'\t' || c >= b' ' && c != 0x7f;
    if !line.iter().all(is_text) {
        return None;
    }
    match end.map(|end| &bytes[end + 1..]) {
        None => Some((line, None)),
        Some([]) => Some((line, Some(None))),
        Some([b'\n', behind @ ..]) => Some((line, Some(Some(behind)))),
        Some(_) => None,
    }
}

/// A message, read by somebody who puts up with nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line and the fields.
    pub lines: Vec<String>,
    /// What has come of the data.
    pub data: Vec<u8>,
    /// It has an end, and that has come.
    pub is_whole: bool,
    /// How many bytes are behind it.
    pub behind: usize,
}

/// Who reads a message, for that decides what its end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// An origin: what says nothing of a body has none.
    Origin,
    /// A client: what says nothing of a body goes on to the end.
    Client {
        /// It asked for the head alone.
        is_head: bool,
    },
}

/// Reads the message at the beginning of `bytes`.
///
/// # Errors
/// The reason why nobody should send such a thing.
pub fn message(bytes: &[u8], reader: Reader) -> Result<Message, String> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let at = at.ok_or("the head has no end")?;
    let (head, body) = (&bytes[..at], &bytes[at + 4..]);
    let lines: Vec<String> = String::from_utf8_lossy(head)
        .split("\r\n")
        .map(Into::into)
        .collect();
    if lines.iter().any(|line| line.contains(['\r', '\n', '\0'])) {
        return Err("a line with another in it".into());
    }
    let (mut lengths, mut codings, mut hosts) = (Vec::new(), 0, 0);
    for line in &lines[1..] {
        let (name, value) = line.split_once(": ").ok_or("a field without a value")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("a field called {name:?}"));
        }
        match name.to_ascii_lowercase().as_str() {
            "content-length" => lengths.push(value.parse::<u64>().map_err(|e| e.to_string())?),
            "transfer-encoding" if value == "chunked" => codings += 1,
            "transfer-encoding" => return Err(format!("coded as {value:?}")),
            "host" => hosts += 1,
            _ => {}
        }
    }
    if reader == Reader::Origin && hosts != 1 {
        return Err(format!("{hosts} hosts"));
    }
    if lengths.len() + codings > 1 {
        return Err(format!("{lengths:?} as lengths, coded {codings} times"));
    }
    let status = lines[0].split(' ').nth(1).unwrap_or_default();
    let has_none = match reader {
        Reader::Origin => codings + lengths.len() == 0,
        Reader::Client { is_head } => {
            is_head || status.starts_with('1') || matches!(status, "204" | "304")
        }
    };
    let (data, behind) = match lengths.first() {
        _ if has_none => (Vec::new(), Some(body.len())),
        Some(&length) => {
            let n = body
                .len()
                .min(usize::try_from(length).unwrap_or(usize::MAX));
            let whole = n as u64 == length;
            (body[..n].into(), whole.then_some(body.len() - n))
        }
        None if codings == 1 => chunked(body).ok_or("no chunks")?,
        None => (body.into(), Some(0)),
    };
    Ok(Message {
        lines,
        data,
        is_whole: behind.is_some(),
        behind: behind.unwrap_or(0),
    })
}

/// What is going to happen.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// All that the client says.
    pub client: &'a [u8],
    /// It leaves when it has said that.
    pub leaves: bool,
    /// What comes of everything it wants.
    pub answer: Answer,
    /// All that an origin says, each time.
    pub origin: &'a [u8],
    /// What comes of the origin then.
    pub end: Answer,
    /// The origin does not wait until the client has said all.
    pub is_eager: bool,
}

impl<'a> Scene<'a> {
    /// Everybody does what they should.
    pub fn new(client: &'a [u8], origin: &'a [u8]) -> Self {
        Self {
            client,
            leaves: false,
            answer: Answer::Reached(SocketAddr::from(([127, 0, 0, 1], 1))),
            origin,
            end: Answer::Over,
            is_eager: false,
        }
    }
}

/// How bytes come, and how much room there is for them.
#[derive(Clone, Copy, Debug)]
pub struct Cuts<'a> {
    /// The lengths of pieces, over and over.
    pub pieces: &'a [u8],
    /// Capacity of the queue towards the origin.
    pub up: usize,
    /// Capacity of the queue towards the client.
    pub down: usize,
}

/// What has happened.
#[derive(Debug, Default)]
pub struct Told {
    /// What the layer wanted.
    pub asks: Vec<Ask>,
    /// What it said of each request.
    pub served: Vec<Served>,
    /// What each origin was sent.
    pub up: Vec<Vec<u8>>,
    /// What the client was sent.
    pub down: Vec<u8>,
    /// What was left to whoever takes the connection over.
    pub left: usize,
    /// Why the client's connection was broken off.
    pub fault: Option<String>,
    /// The layer's work is done.
    pub is_closed: bool,
}

impl Told {
    /// The same in lines that do not depend on how bytes were cut.
    ///
    /// # Panics
    /// When somebody was sent what nobody should send.
    pub fn lines(&self) -> Vec<String> {
        let mut said: Vec<String> = self.asks.iter().map(asked).collect();
        said.extend(self.lines_up());
        said.extend(self.lines_down());
        if self.is_closed {
            said.push(format!("closed, {} bytes left", self.left));
        }
        said.extend(self.fault.iter().map(|fault| format!("fault: {fault}")));
        said
    }

    fn lines_up(&self) -> impl Iterator<Item = String> {
        self.up.iter().map(|up| {
            let read = message(up, Reader::Origin).unwrap_or_else(|e| panic!("{e}: {up:?}"));
            assert_eq!(read.behind, 0, "more than one request: {up:?}");
            shown("up", &read)
        })
    }

    /// Those of them that the client has seen, or that are about what it has seen.
    ///
    /// # Panics
    /// When it was sent what nobody should send.
    pub fn lines_down(&self) -> Vec<String> {
        let mut said = Vec::new();
        let mut rest = &self.down[..];
        let mut served = self.served.iter();
        let mut current = served.next();
        while !rest.is_empty() {
            if self.is_closed && rest == b"HTTP/1.0 200 OK\r\n\r\n" {
                said.push("down HTTP/1.0 200 OK".into());
                break;
            }
            let is_head = current.is_some_and(|served| served.words.starts_with("HEAD "));
            let reader = Reader::Client { is_head };
            let read = message(rest, reader).unwrap_or_else(|e| panic!("{e}: {rest:?}"));
            said.push(shown("down", &read));
            if !read.lines[0].starts_with("HTTP/1.1 1") {
                current = served.next();
            }
            rest = &rest[rest.len() - read.behind..];
        }
        for served in &self.served {
            let status = served
                .status
                .map_or("-".into(), |status| status.to_string());
            let then = match (served.goes_on, served.is_whole) {
                (true, _) => "goes on",
                (false, true) => "ends",
                (false, false) => "breaks",
            };
            said.push(format!("{status} {then}: {}", served.words));
        }
        said
    }
}

fn asked(ask: &Ask) -> String {
    let words = &ask.words;
    match &ask.want {
        Want::Tunnel(to) => format!("tunnel {to}: {words}"),
        Want::Exchange(to) => format!("exchange {to}: {words}"),
        Want::Associate(to) => format!("associate {to}: {words}"),
    }
}

fn shown(way: &str, message: &Message) -> String {
    let whole = if message.is_whole { "" } else { " and no end" };
    let data = message.data.escape_ascii();
    format!("{way} {} [{data}]{whole}", message.lines.join("|"))
}

/// Lets it happen.
///
/// # Panics
/// When the layer stands still though it could go on.
pub fn play(layer: &mut HttpServer, scene: &Scene, cuts: Cuts) -> Told {
    let mut stand = Stand {
        layer,
        told: Told::default(),
        wire: Vec::new(),
        app: Vec::new(),
        up: Buf::new(cuts.up),
        down: Buf::new(cuts.down),
    };
    let mut client = oracle::cut(scene.client, cuts.pieces);
    let mut origin = oracle::cut(scene.origin, cuts.pieces);
    let mut is_over = false;
    loop {
        stand.settle();
        let asks = stand.told.asks.len();
        if let Some(ask) = stand.layer.ask() {
            if let (Want::Exchange(_), Answer::Reached(_)) = (&ask.want, &scene.answer) {
                stand.told.up.push(Vec::new());
            }
            stand.told.asks.push(ask);
            stand.layer.answer(scene.answer.clone());
            (origin, is_over) = (oracle::cut(scene.origin, cuts.pieces), false);
        } else if let Some(served) = stand.layer.served() {
            stand.told.served.push(served);
            stand.app.clear();
        } else if let Some(piece) = stand.hears(scene).then(|| origin.next()).flatten() {
            stand.app.extend(piece);
        } else if let Some(piece) = client.next() {
            stand.wire.extend(piece);
        } else if let Some(piece) = stand.is_exchanging().then(|| origin.next()).flatten() {
            stand.app.extend(piece);
        } else if stand.is_exchanging() && !is_over && !scene.leaves {
            assert!(
                stand.app.is_empty(),
                "{} bytes were not taken",
                stand.app.len()
            );
            stand.layer.answer(scene.end.clone());
            is_over = true;
        } else {
            break;
        }
        assert!(stand.told.asks.len() - asks < 2, "asked twice");
    }
    if scene.leaves && !stand.told.is_closed {
        stand.told.fault = stand.layer.recv_eof().err().map(|fault| fault.words);
    }
    stand.told.left = stand.wire.len();
    stand.told
}

struct Stand<'a> {
    layer: &'a mut HttpServer,
    told: Told,
    /// What has come and was not used.
    wire: Vec<u8>,
    app: Vec<u8>,
    up: Buf,
    down: Buf,
}

impl Stand<'_> {
    fn is_exchanging(&self) -> bool {
        let ended = self
            .told
            .served
            .last()
            .is_some_and(|served| !served.goes_on);
        self.layer.phase() == Phase::Open && !ended
    }

    fn hears(&self, scene: &Scene) -> bool {
        scene.is_eager && self.is_exchanging()
    }

    /// Goes on until nothing moves, with queues that are emptied when they are all that it waits for.
    fn settle(&mut self) {
        loop {
            if self.layer.phase() == Phase::Closed {
                self.told.is_closed = true;
                self.told.down.extend(self.down.filled());
                self.down.clear();
                return;
            }
            let before = (self.up.len(), self.down.len());
            let used = self
                .layer
                .recv(&mut self.wire, &mut self.up, &mut self.down)
                .expect("a layer that answers in the client's words");
            self.wire.drain(..used);
            let taken = self.layer.send(&self.app, &mut self.down);
            let taken = taken.expect("a layer that answers in the client's words");
            self.app.drain(..taken);
            if used + taken > 0 || (self.up.len(), self.down.len()) != before {
                continue;
            }
            if self.up.is_empty() && self.down.is_empty() {
                return;
            }
            if let Some(sent) = self.told.up.last_mut() {
                sent.extend(self.up.filled());
            }
            self.told.down.extend(self.down.filled());
            self.up.clear();
            self.down.clear();
        }
    }
}
