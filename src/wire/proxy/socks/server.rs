//! Being a proxy, whatever version of SOCKS its clients speak: one request is heard, done by others and
//! answered.
//!
//! Owns where that stands; what is said in which words is a [`Dialect`]'s.
//! Promise: a client is never at fault. It is answered in its protocol's words if there are any, and what
//! it sent behind its request is left for whoever it asked for.

use std::net::SocketAddr;

use super::talk::Talk;
use crate::data::Buf;
use crate::wire::proxy::Credentials;
use crate::wire::{Answer, Ask, Fault, Layer, Miss, Phase, Served, Want};

/// For whom we are a proxy.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Who has to prove to be this; whoever comes in if it is missing.
    pub login: Option<Credentials>,
}

/// One version's words.
pub trait Dialect {
    /// Hears the beginning of a message, which is not empty; `say` takes an answer to it.
    fn hear(&mut self, heard: &[u8], say: &mut dyn FnMut(&[u8])) -> Heard;
    /// What is said of an errand that was done.
    fn reached(&self, at: SocketAddr) -> Vec<u8>;
    /// What is said of one that was not, and its code.
    fn missed(&self, miss: Miss) -> (Vec<u8>, u8);
}

/// What was heard.
pub enum Heard {
    /// Half a message.
    Half,
    /// A message that others follow.
    Whole,
    /// What the client wants.
    Wish(Ask),
    /// What it cannot have.
    Refused {
        /// As [`Served::words`].
        words: String,
        /// As [`Served::status`].
        status: Option<u8>,
    },
}

/// One client.
pub struct Server<D> {
    dialect: D,
    talk: Talk,
    stage: Stage,
    served: Option<Served>,
}

enum Stage {
    /// The client is to say what it wants.
    Hearing,
    /// It has; others have not been told.
    Wishing(Ask),
    /// They do it. That much is known of what they do.
    Asking { words: String, associates: bool },
    /// It has its tunnel. Who it is is of no interest once it has been told.
    Tunnel,
    /// It may send datagrams for as long as its connection lasts; what it says there is nothing.
    Association,
    /// It has been refused.
    Over,
}

impl<D: Dialect> Server<D> {
    pub(super) fn speaking(dialect: D) -> Self {
        Self {
            dialect,
            talk: Talk::default(),
            stage: Stage::Hearing,
            served: None,
        }
    }

    /// Hears as many bytes as there are until the request is complete; returns how many that were.
    fn listen(&mut self, wire: &[u8]) -> usize {
        let mut bytes = wire.iter();
        while let Stage::Hearing = self.stage
            && let Some(&byte) = bytes.next()
        {
            let heard = self.talk.hear(byte);
            let mut say = |words: &[u8]| self.talk.say(words);
            match self.dialect.hear(&heard, &mut say) {
                Heard::Half => self.talk.keep(heard),
                Heard::Whole => {}
                Heard::Wish(ask) => self.stage = Stage::Wishing(ask),
                Heard::Refused { words, status } => self.refuse(words, status),
            }
        }
        wire.len() - bytes.len()
    }

    fn refuse(&mut self, words: String, status: Option<u8>) {
        self.stage = Stage::Over;
        self.served = Some(Served {
            words,
            status: status.map(u16::from),
            goes_on: false,
        });
    }

    fn miss(&mut self, words: String, miss: Miss) {
        let (reply, code) = self.dialect.missed(miss);
        self.talk.say(&reply);
        self.refuse(words, Some(code));
    }
}

impl<D: Dialect> Layer for Server<D> {
    fn phase(&self) -> Phase {
        match self.stage {
            Stage::Wishing(_) | Stage::Asking { .. } => Phase::Asking,
            Stage::Tunnel if self.talk.has_said_all() => Phase::Closed,
            // Whoever is above or below says goodbye when all has been said here.
            Stage::Over if self.talk.has_said_all() => Phase::Open,
            Stage::Hearing | Stage::Tunnel | Stage::Association | Stage::Over => Phase::Handshake,
        }
    }

    fn recv(&mut self, wire: &mut [u8], _: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        // Others may be asked before all is said: what there is to say is short.
        let used = match self.stage {
            Stage::Hearing => self.listen(wire),
            Stage::Association => wire.len(),
            Stage::Wishing(_) | Stage::Asking { .. } | Stage::Tunnel | Stage::Over => 0,
        };
        self.talk.pour(down);
        Ok(used)
    }

    fn send(&mut self, _: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        self.talk.pour(down);
        Ok(0)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        match self.stage {
            Stage::Hearing => Err(Fault::new(
                "the client left before it had said what it wants",
            )),
            // It may have said its last and still wait for an answer.
            Stage::Wishing(_) | Stage::Asking { .. } | Stage::Tunnel => Ok(()),
            Stage::Association | Stage::Over => Ok(()),
        }
    }

    fn ask(&mut self) -> Option<Ask> {
        let Stage::Wishing(ask) = &self.stage else {
            return None;
        };
        let ask = ask.clone();
        self.stage = Stage::Asking {
            words: ask.words.clone(),
            associates: matches!(ask.want, Want::Associate(_)),
        };
        Some(ask)
    }

    fn answer(&mut self, answer: Answer) {
        let Stage::Asking { words, associates } = &mut self.stage else {
            return;
        };
        let (words, associates) = (std::mem::take(words), *associates);
        match answer {
            Answer::Reached(at) => {
                self.talk.say(&self.dialect.reached(at));
                self.stage = match associates {
                    true => Stage::Association,
                    false => Stage::Tunnel,
                };
            }
            Answer::Missed(miss) => self.miss(words, miss),
            // These are about exchanges, of which SOCKS knows nothing.
            Answer::Over | Answer::Cut => self.miss(words, Miss::Failed),
        }
    }

    fn served(&mut self) -> Option<Served> {
        self.served.take()
    }
}

/// ` as user` for a log, if somebody had to say who it is.
pub(super) fn as_user(rules: &Rules) -> String {
    let login = rules.login.as_ref();
    login.map_or_else(String::new, |login| format!(" as {}", plain(&login.user)))
}

/// A text from outside on one line: bytes that are no characters and those that control a terminal are
/// escaped.
pub(super) fn plain(text: &[u8]) -> String {
    let mut line = String::new();
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c.is_control() {
                true => line.extend(c.escape_default()),
                false => line.push(c),
            }
        }
        line += &chunk.invalid().escape_ascii().to_string();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_has_no_control_characters() {
        let cases: [(&[u8], &str); 4] = [
            (b"joe", "joe"),
            ("jö e".as_bytes(), "jö e"),
            (b"a\n\0\x1b[m\x7f", "a\\n\\u{0}\\u{1b}[m\\u{7f}"),
            (b"a\xff\xc2\x85b", "a\\xff\\u{85}b"),
        ];
        for (text, wanted) in cases {
            assert_eq!(plain(text), wanted, "{}", text.escape_ascii());
        }
    }
}
