//! Protocols without I/O: bytes go in, bytes come out, and "took n" is the only way to say wait.
//!
//! Knows no sockets, files or clock. State survives between calls, for a command may be cut
//! anywhere. A [`Stack`] is the layers of one connection in order, wire end first. [`Chat`] is no layer:
//! one serves all the members of a hub.

mod chat;
mod clock;
mod crlf;
#[cfg(feature = "dtls")]
pub mod dtls;
mod errand;
#[doc(hidden)]
pub mod oracle;
#[cfg(feature = "proxy")]
pub mod proxy;
mod refusal;
mod stack;
mod telnet;
#[cfg(feature = "tls")]
pub mod tls;

use std::fmt;
use std::time::Instant;

pub use chat::Chat;
pub use clock::Clock;
pub use crlf::Crlf;
pub use errand::{Answer, Ask, Endpoint, Host, Miss, Next, Served, Want};
pub use refusal::Refusal;
pub use stack::Stack;
pub use telnet::Telnet;

use crate::data::Buf;

/// What keeps a layer from being plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Talking to the peer about how to talk; takes no application bytes yet.
    Handshake,
    /// The peer wants something of others ([`Layer::ask`]); until that is answered, no bytes pass.
    Asking,
    /// Passing bytes.
    Open,
    /// Its work is done: bytes pass it unchanged until the stack can drop it.
    Closed,
}

/// The peer broke or refused the protocol: its connection ends, with these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What a person is told, without a full stop.
    pub words: String,
    /// What is to come of it.
    pub then: Then,
    /// What is certain to help, in a sentence.
    pub hint: Option<&'static str>,
}

/// What is to come of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The connection ends as any that breaks.
    Break,
    /// The peer is not one that the user could have meant: nobody is to go on as if a network had failed.
    Quit,
    /// The peer may be met once more, for now more is known of what it wants to hear.
    Again,
    /// The peer may be met once more when the user has told what it wants to hear.
    Ask,
}

impl Fault {
    /// The peer broke the protocol.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            then: Then::Break,
            hint: None,
        }
    }

    /// The peer broke the protocol, or it is an impostor.
    #[cfg(feature = "tls")]
    pub(crate) fn of(error: &rustls::Error) -> Self {
        let (words, impostor) = crate::secure::words(error);
        let fault = match impostor {
            true => Self::wrong_peer(words),
            false => Self::new(words),
        };
        Self {
            hint: crate::secure::hint(error),
            ..fault
        }
    }

    /// The peer is the wrong one.
    pub fn wrong_peer(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            then: Then::Quit,
            hint: None,
        }
    }

    /// The peer has told what it wants to hear first.
    pub fn again(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            then: Then::Again,
            hint: None,
        }
    }

    /// The peer has told what it wants to hear first, and only the user knows that.
    pub fn ask(words: impl Into<String>) -> Self {
        Self {
            then: Then::Ask,
            ..Self::again(words)
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Fault {}

/// One protocol between the wire below and the application above.
///
/// Over a wire of messages (datagrams) one call is about one message: `wire` holds one and is used
/// whole, and a layer puts one into an empty `up` or `down` and keeps the next until it is asked
/// again, be it with nothing.
pub trait Layer {
    /// Where the protocol stands. A layer without a handshake is open from the start.
    fn phase(&self) -> Phase {
        Phase::Open
    }

    /// Whether nothing may pass beside it, not even an empty message. Asked before anything has passed.
    fn seals(&self) -> bool {
        self.phase() == Phase::Handshake
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

    /// The peer has said its last though the wire goes on: nothing more will come up.
    fn has_ended(&self) -> bool {
        false
    }

    /// Whether the peer may have missed what it cannot do without, and say so: to go now would be to leave
    /// it with nothing. Not for long, whatever the peer does.
    fn may_be_asked_again(&self) -> bool {
        false
    }

    /// When it wants [`Layer::on_deadline`] unless something happens before.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// That time has come.
    fn on_deadline(&mut self, _down: &mut Buf) -> Result<(), Fault> {
        Ok(())
    }

    /// What a person may want to know of the peer, each a line; asked once, when the handshake is over.
    fn remarks(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// What the peer wants done by others, told once. The layer is [`Phase::Asking`] from then on, until
    /// [`Layer::answer`].
    fn ask(&mut self) -> Option<Ask> {
        None
    }

    /// What came of what it asked for. What there is to be said to the peer about it goes down with the
    /// next [`Layer::recv`].
    fn answer(&mut self, _answer: Answer) {}

    /// A request of the peer that is over, told once. What there is to be said to the peer about it goes
    /// down with the next [`Layer::recv`] if it has not gone.
    fn served(&mut self) -> Option<Served> {
        None
    }

    /// Where messages are to be sent from here on, if the handshake was about that; told once, when it is
    /// over. The wire that it was held over must stay for as long as messages are sent.
    fn relay(&mut self) -> Option<Endpoint> {
        None
    }
}
