//! What either side keeps of a conversation: half a message that was heard, and what is still to be said.
//!
//! Promise: bytes are heard one by one, so a message may come cut anywhere through queues of any size,
//! and nothing behind the last one is used. Both halves are as short as the messages of SOCKS are.

use std::mem;

use crate::data::Buf;

/// Of a proxy, whatever it speaks.
pub(super) const LEFT_EARLY: &str = "the proxy closed the connection before it had answered";

#[derive(Default)]
pub(super) struct Talk {
    /// Not yet a message. The longest is one of SOCKS4 with two texts: 520 bytes.
    heard: Vec<u8>,
    /// Messages that have not gone. The longest is a login: 513 bytes.
    unsaid: Vec<u8>,
}

impl Talk {
    /// One more byte; all that has been heard since the last message was complete.
    pub(super) fn hear(&mut self, byte: u8) -> Vec<u8> {
        self.heard.push(byte);
        mem::take(&mut self.heard)
    }

    /// That was not yet a message.
    pub(super) fn keep(&mut self, heard: Vec<u8>) {
        self.heard = heard;
    }

    pub(super) fn say(&mut self, message: &[u8]) {
        self.unsaid.extend(message);
    }

    /// Says what there is room for.
    pub(super) fn pour(&mut self, down: &mut Buf) {
        let said = down.put(&self.unsaid);
        self.unsaid.drain(..said);
    }

    pub(super) fn has_said_all(&self) -> bool {
        self.unsaid.is_empty()
    }
}
