//! What one member of a chat says, as the others are to see it.
//!
//! Owns who spoke last, and what each speaker has begun and not finished: half of a character, or a
//! CR that may belong to a line end. Knows no members and no log: whoever speaks is a number, and what
//! is written is for everybody but the speaker. Promise: every line begins with its speaker's prefix
//! and holds nobody else's words, in whatever order they speak and wherever reads cut them; no control
//! byte but newline and tab is passed on; nothing that was said is lost.
//!
//! A member does not see its own words, so each has a view of its own, but what is written is the
//! same for all. Where a line must be ended in one view and is not open in another, the other shows
//! an empty line. That happens only around people who speak in parts of lines; the twin without it
//! (to log that line end as said by whoever left the line open) costs every hub another entry and a
//! look at a second member for each.

use std::collections::BTreeMap;
use std::{mem, str};

use crate::data::Buf;

/// Turns what members say into lines that say who said them.
pub struct Chat {
    crlf: bool,
    messages: bool,
    floor: Floor,
    /// Speakers that have begun something, and only those.
    held: BTreeMap<u32, Held>,
}

/// How the text so far ends, in everybody's view. Two facts are enough for all of them: whoever did
/// not speak last has seen the last words; whoever did has seen all up to the words before its own.
#[derive(Default)]
struct Floor {
    /// Who spoke last; `None` after an announcement, which everybody has seen.
    last: Option<u32>,
    /// The last speaker's line is not finished: all views but its own end within it.
    open: bool,
    /// The last speaker's own view ends within the line of somebody before it.
    behind: bool,
}

/// At most three bytes whose meaning the next will tell.
#[derive(Clone, Copy, Default)]
struct Held {
    bytes: [u8; 3],
    len: usize,
}

/// Who types at the server: not a member, so nobody looks at its view.
const SERVER: u32 = 0;

/// The room that one item needs, whatever it is: a line feed and the longest prefix (18 bytes), an
/// escaped control character (8), and a line end (2).
const ITEM: usize = 32;

/// The room that is enough for a byte and what was held back before it: three bytes of half a
/// character may have to be escaped (18 and 12) before that byte is an item.
const PIECE: usize = 64;

/// What a text run leaves free, so that a message can always be closed with a line end.
const LINE_END: usize = 2;

impl Chat {
    /// A chat in which nobody has spoken. `crlf`: the server's own lines, those of user 0, end in
    /// CR LF (`-C`). `messages`: members are datagram peers.
    ///
    /// A message may get lost, and the next one shown on its own, so none relies on another: each
    /// begins with a prefix and ends with a line end. (To end an open line at the head of the next
    /// message would put two speakers on one line whenever that one is lost.)
    pub fn new(crlf: bool, messages: bool) -> Self {
        Self {
            crlf,
            messages,
            floor: Floor::default(),
            held: BTreeMap::new(),
        }
    }

    /// Writes what `speaker` said; returns how much of `said` was used. All of it, unless there is not
    /// enough room; with 64 bytes free it is at least one. What was written is one chunk, or one
    /// message, for everybody but the speaker; it may be empty.
    pub fn relay(&mut self, speaker: u32, said: &[u8], out: &mut Buf) -> usize {
        let mut used = 0;
        while used < said.len() && out.free() >= PIECE {
            used += match self.held.remove(&speaker) {
                Some(held) => self.resume(speaker, held, said[used], out),
                None => self.pass(speaker, &said[used..], out),
            };
        }
        self.close_message(out);
        used
    }

    /// The speaker will say no more, but may go on listening: what it had begun is written, in a queue
    /// that grows if need be. Nothing is written when this is said again.
    pub fn end(&mut self, speaker: u32, out: &mut Buf) {
        if let Some(held) = self.held.remove(&speaker) {
            out.grow(out.len() + PIECE);
            self.escape(speaker, held.filled(), out);
            self.close_message(out);
        }
    }

    /// An announcement of the server, on a line of its own, in a queue that grows if need be. The words
    /// may name what a peer has chosen, such as the path of its socket, so they are escaped too.
    pub fn announce(&mut self, words: &str, out: &mut Buf) {
        let Floor { open, behind, .. } = mem::take(&mut self.floor);
        let mut line = String::from(if open || behind { "\n" } else { "" });
        line += "<announce> ";
        for c in words.chars() {
            if is_odd(c) {
                let bytes = String::from(c).into_bytes();
                line.extend(bytes.into_iter().flat_map(octal).map(char::from));
            } else {
                line.push(c);
            }
        }
        line += "\n";
        out.grow(out.len() + line.len());
        out.put(line.as_bytes());
    }

    /// One more byte to what was held back.
    fn resume(&mut self, speaker: u32, held: Held, byte: u8, out: &mut Buf) -> usize {
        let mut joined = [byte; 4];
        joined[..held.len].copy_from_slice(held.filled());
        self.pass(speaker, &joined[..=held.len], out);
        1
    }

    /// Passes as much as there is room for, and holds back what the end leaves open.
    fn pass(&mut self, speaker: u32, said: &[u8], out: &mut Buf) -> usize {
        // No byte becomes less than one, but for a CR; to look further would be to look twice.
        let said = &said[..said.len().min(out.free())];
        let (told, begun) = said.split_at(said.len() - begun(said));
        let mut used = 0;
        for chunk in told.utf8_chunks() {
            used += self.pass_text(speaker, chunk.valid(), out);
            for &byte in chunk.invalid() {
                if out.free() < ITEM {
                    return used;
                }
                self.escape(speaker, &[byte], out);
                used += 1;
            }
        }
        if used < told.len() {
            return used;
        }
        if !begun.is_empty() {
            self.held.insert(speaker, Held::new(begun));
        }
        said.len()
    }

    /// Passes clean runs and line ends, escapes what is neither.
    fn pass_text(&mut self, speaker: u32, text: &str, out: &mut Buf) -> usize {
        let mut used = 0;
        while used < text.len() && out.free() >= ITEM {
            let rest = &text[used..];
            used += match rest.find(is_odd) {
                Some(0) => self.pass_odd(speaker, rest, out),
                Some(run) => self.pass_run(speaker, &rest[..run], out),
                None => self.pass_run(speaker, rest, out),
            };
        }
        used
    }

    /// Passes a clean run in one piece, or as many whole characters of it as there is room for.
    fn pass_run(&mut self, speaker: u32, run: &str, out: &mut Buf) -> usize {
        self.open_line(speaker, out);
        let mut n = run.len().min(out.free() - LINE_END);
        while !run.is_char_boundary(n) {
            n -= 1;
        }
        out.put(&run.as_bytes()[..n])
    }

    /// Passes the line end or the control character that `text` begins with.
    fn pass_odd(&mut self, speaker: u32, text: &str, out: &mut Buf) -> usize {
        let n = match text.as_bytes() {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            odd => {
                let n = text.chars().next().map_or(0, char::len_utf8);
                self.escape(speaker, &odd[..n], out);
                return n;
            }
        };
        self.open_line(speaker, out);
        self.end_line(out);
        n
    }

    fn escape(&mut self, speaker: u32, bytes: &[u8], out: &mut Buf) {
        self.open_line(speaker, out);
        for &byte in bytes {
            out.put(&octal(byte));
        }
    }

    /// Goes on with the speaker's own line, or begins one.
    fn open_line(&mut self, speaker: u32, out: &mut Buf) {
        let Floor { last, open, behind } = self.floor;
        if last != Some(speaker) {
            if open || behind {
                out.put(b"\n");
            }
            self.floor.last = Some(speaker);
            self.floor.behind = open && speaker != SERVER;
        } else if open {
            return;
        }
        self.floor.open = true;
        out.put(format!("<user{speaker}> ").as_bytes());
    }

    /// Ends the line of whoever spoke last.
    fn end_line(&mut self, out: &mut Buf) {
        let network = self.crlf && self.floor.last == Some(SERVER);
        out.put(if network { b"\r\n" } else { b"\n" });
        self.floor.open = false;
    }

    fn close_message(&mut self, out: &mut Buf) {
        if self.messages && self.floor.open {
            self.end_line(out);
        }
    }
}

impl Held {
    /// `bytes` are at most three.
    fn new(bytes: &[u8]) -> Self {
        let mut held = Self {
            len: bytes.len(),
            ..Self::default()
        };
        held.bytes[..bytes.len()].copy_from_slice(bytes);
        held
    }

    fn filled(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// How many bytes at the end mean something only together with what follows: a CR, or a character
/// that is cut.
fn begun(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return 1;
    }
    let is_cut = |&n: &usize| {
        let end = &bytes[bytes.len() - n..];
        str::from_utf8(end).is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(is_cut).unwrap_or(0)
}

/// Whether a character is one that a terminal acts upon: line ends among them, tab not.
fn is_odd(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// A byte as a backslash and three octal digits.
fn octal(byte: u8) -> [u8; 4] {
    [
        b'\\',
        b'0' + (byte >> 6),
        b'0' + (byte >> 3 & 7),
        b'0' + (byte & 7),
    ]
}

#[cfg(test)]
mod tests;
