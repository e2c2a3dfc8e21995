//! Protocols without I/O: bytes go in, bytes come out, and "took n" is the only way to say wait.
//!
//! Knows no sockets, files or clock. State survives between calls, for a command may be cut
//! anywhere. A [`Stack`] is the layers of one connection in order, wire end first. [`Chat`] is no layer:
//! one serves all the members of a hub.

mod chat;
mod crlf;
#[doc(hidden)]
pub mod oracle;
mod stack;
mod telnet;

use std::fmt;

pub use chat::Chat;
pub use crlf::Crlf;
pub use stack::Stack;
pub use telnet::Telnet;

use crate::data::Buf;

/// What keeps a layer from being plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Talking to the peer about how to talk; takes no application bytes yet.
    Handshake,
    /// Passing bytes.
    Open,
    /// Its work is done: bytes pass it unchanged until the stack can drop it.
    Closed,
}

/// The peer broke or refused the protocol: its connection ends, with these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One protocol between the wire below and the application above.
pub trait Layer {
    /// Where the protocol stands. A layer without a handshake is open from the start.
    fn phase(&self) -> Phase {
        Phase::Open
    }

    /// Bytes from below. What they mean goes `up`, what must be answered goes `down`; returns how
    /// many were used. Less than all means: no room in a queue, or the rest is half a command that
    /// this layer wants whole.
    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, down: &mut Buf) -> Result<usize, Fault>;

    /// Bytes from above, encoded `down`; returns how many were used. A layer in its handshake uses
    /// none, and that is all the back-pressure there is.
    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault>;

    /// The wire ended. An error when the protocol had promised more.
    fn recv_eof(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// The application will send no more: the protocol's goodbye, if it has one. Asked once, when the
    /// handshake is over and all that was sent has gone, with an empty `down` to say it in.
    fn finish(&mut self, _down: &mut Buf) {}
}
