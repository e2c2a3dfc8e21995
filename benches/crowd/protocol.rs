//! How a broker is spoken to: as bare bytes, as Redis, or as NATS.
//!
//! Only what one topic with one sender needs. Every frame of a payload is as long as that of any
//! other payload of the same length, so that bytes of the wire count messages.

use std::io;

/// What the contestants speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    /// Whatever a client says goes to all others, as it is.
    Bare,
    Redis,
    Nats,
}

impl Protocol {
    /// For the command lines of our own children.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Protocol::Bare => "bare",
            Protocol::Redis => "redis",
            Protocol::Nats => "nats",
        }
    }

    pub(crate) fn of_name(name: &str) -> io::Result<Protocol> {
        [Protocol::Bare, Protocol::Redis, Protocol::Nats]
            .into_iter()
            .find(|protocol| protocol.name() == name)
            .ok_or_else(|| io::Error::other(format!("{name} is no protocol")))
    }

    /// What makes a fresh connection a member.
    pub(crate) fn join(self) -> &'static [u8] {
        match self {
            Protocol::Bare => b"",
            Protocol::Redis => b"*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n",
            Protocol::Nats => b"CONNECT {\"verbose\":false}\r\nSUB c 1\r\nPING\r\n",
        }
    }

    /// Whether these are all the answers to `join`, so that nothing but messages will follow.
    pub(crate) fn is_welcome(self, heard: &[u8]) -> bool {
        match self {
            Protocol::Bare => true,
            Protocol::Redis => heard.ends_with(b":1\r\n"),
            // Two seconds after the start it asks whether we live, and then not for minutes.
            Protocol::Nats => heard.ends_with(b"PONG\r\nPING\r\n"),
        }
    }

    /// What a member says once it is welcome.
    pub(crate) fn confirm(self) -> &'static [u8] {
        match self {
            Protocol::Bare | Protocol::Redis => b"",
            Protocol::Nats => b"PONG\r\n",
        }
    }

    /// What makes a fresh connection the sender.
    pub(crate) fn introduce(self) -> &'static [u8] {
        match self {
            Protocol::Bare | Protocol::Redis => b"",
            Protocol::Nats => b"CONNECT {\"verbose\":false}\r\n",
        }
    }

    /// A message as the sender says it.
    pub(crate) fn said(self, payload: &[u8]) -> Vec<u8> {
        let head = match self {
            Protocol::Bare => return payload.into(),
            Protocol::Redis => format!("*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n${}\r\n", payload.len()),
            Protocol::Nats => format!("PUB c {}\r\n", payload.len()),
        };
        [head.as_bytes(), payload, b"\r\n"].concat()
    }

    /// A message as a member hears it.
    pub(crate) fn heard(self, payload: &[u8]) -> Vec<u8> {
        let head = match self {
            Protocol::Bare => return payload.into(),
            Protocol::Redis => format!("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${}\r\n", payload.len()),
            Protocol::Nats => format!("MSG c 1 {}\r\n", payload.len()),
        };
        [head.as_bytes(), payload, b"\r\n"].concat()
    }
}
