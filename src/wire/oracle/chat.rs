//! A naive chat: byte by byte, with every member's view written out.

use std::collections::BTreeMap;
use std::str;

use crate::data::Buf;
use crate::wire::Chat;

/// What happens in a chat.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// This user said something.
    Say(u32, &'a [u8]),
    /// This user will say no more, but goes on listening.
    End(u32),
    /// The server announces something.
    Announce(&'a str),
}

impl Event<'_> {
    /// Who does not hear of it.
    pub fn origin(&self) -> Option<u32> {
        match *self {
            Self::Say(user, _) | Self::End(user) => Some(user),
            Self::Announce(_) => None,
        }
    }
}

/// How a chat is set up, and how large the queue is that it writes to.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// As in [`Chat::new`].
    pub crlf: bool,
    /// As in [`Chat::new`].
    pub messages: bool,
    /// Capacity of the queue, at least 64.
    pub room: usize,
}

/// What is written for each event.
///
/// # Panics
/// When the chat stands still though its queue is empty, or stops though its queue has room.
pub fn run(setup: Setup, events: &[Event]) -> Vec<Vec<u8>> {
    let mut chat = Chat::new(setup.crlf, setup.messages);
    let one = |&event: &Event| {
        let (mut out, mut written) = (Buf::new(setup.room), Vec::new());
        match event {
            Event::Say(user, mut said) => {
                while !said.is_empty() {
                    let used = chat.relay(user, said, &mut out);
                    assert!(used > 0, "nothing was used with {} free", setup.room);
                    said = &said[used..];
                    assert!(
                        said.is_empty() || out.free() < 64,
                        "stopped with {} free",
                        out.free()
                    );
                    written.extend(out.filled());
                    out.clear();
                }
            }
            Event::End(user) => chat.end(user, &mut out),
            Event::Announce(words) => chat.announce(words, &mut out),
        }
        written.extend(out.filled());
        written
    };
    events.iter().map(one).collect()
}

/// What is to be written for each event, if every message finds room.
pub fn chat(setup: Setup, events: &[Event]) -> Vec<Vec<u8>> {
    let mut naive = Naive {
        setup,
        begun: BTreeMap::new(),
        views: events
            .iter()
            .filter_map(Event::origin)
            .filter(|&user| user != 0)
            .chain([ONLOOKER])
            .map(|user| (user, Vec::new()))
            .collect(),
        last: None,
        written: Vec::new(),
    };
    events.iter().map(|event| naive.hear(event)).collect()
}

/// A member that never says anything.
const ONLOOKER: u32 = u32::MAX - 1;

struct Naive {
    setup: Setup,
    /// What each user said that may yet become a character or a line end.
    begun: BTreeMap<u32, Vec<u8>>,
    /// All that each member has seen.
    views: BTreeMap<u32, Vec<u8>>,
    last: Option<u32>,
    /// What this event has given so far.
    written: Vec<u8>,
}

impl Naive {
    fn hear(&mut self, event: &Event) -> Vec<u8> {
        match *event {
            Event::Say(user, said) => said.iter().for_each(|&byte| self.hear_byte(user, byte)),
            Event::End(user) => {
                for byte in self.begun.remove(&user).unwrap_or_default() {
                    self.write(user, &escaped(&[byte]));
                }
            }
            Event::Announce(words) => {
                let text: String = words.chars().map(shown).collect();
                if self.is_open(None) {
                    self.show(None, b"\n");
                }
                self.show(None, format!("<announce> {text}\n").as_bytes());
                self.last = None;
            }
        }
        if self.setup.messages && self.written.last().is_some_and(|&byte| byte != b'\n') {
            self.end_line();
        }
        std::mem::take(&mut self.written)
    }

    fn hear_byte(&mut self, user: u32, byte: u8) {
        let begun = self.begun.entry(user).or_default();
        begun.push(byte);
        let all = std::mem::take(begun);
        let rest = match (&all[..], str::from_utf8(&all)) {
            (b"\r\n" | b"\n", _) => {
                self.write(user, b"");
                self.end_line();
                return;
            }
            (b"\r", _) => return self.keep(user, all),
            ([b'\r', rest @ ..], _) => {
                self.write(user, b"\\015");
                rest
            }
            (_, Ok(text)) => {
                let text: String = text.chars().map(shown).collect();
                return self.write(user, text.as_bytes());
            }
            (_, Err(e)) if e.error_len().is_none() => return self.keep(user, all),
            (bytes, Err(_)) => {
                self.write(user, &escaped(&bytes[..1]));
                &bytes[1..]
            }
        };
        rest.iter().for_each(|&byte| self.hear_byte(user, byte));
    }

    fn keep(&mut self, user: u32, begun: Vec<u8>) {
        self.begun.insert(user, begun);
    }

    /// Writes text of a user, behind a prefix where a line begins.
    fn write(&mut self, user: u32, text: &[u8]) {
        if self.last != Some(user) || !is_within_line(&self.views[&ONLOOKER]) {
            if self.is_open(Some(user)) {
                self.show(Some(user), b"\n");
            }
            self.show(Some(user), format!("<user{user}> ").as_bytes());
        }
        self.show(Some(user), text);
        self.last = Some(user);
    }

    fn end_line(&mut self) {
        let network = self.setup.crlf && self.last == Some(0);
        self.show(self.last, if network { b"\r\n" } else { b"\n" });
    }

    /// Whether anybody but `speaker` sees a line that is not finished.
    fn is_open(&self, speaker: Option<u32>) -> bool {
        self.views
            .iter()
            .any(|(&user, view)| Some(user) != speaker && is_within_line(view))
    }

    fn show(&mut self, origin: Option<u32>, text: &[u8]) {
        for (&user, view) in &mut self.views {
            if Some(user) != origin {
                view.extend(text);
            }
        }
        self.written.extend(text);
    }
}

fn is_within_line(view: &[u8]) -> bool {
    view.last().is_some_and(|&byte| byte != b'\n')
}

fn shown(c: char) -> String {
    if c != '\t' && (c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c)) {
        let bytes = escaped(c.to_string().as_bytes());
        bytes.into_iter().map(char::from).collect()
    } else {
        c.to_string()
    }
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let octal = |byte: &u8| format!("\\{byte:03o}").into_bytes();
    bytes.iter().flat_map(octal).collect()
}
