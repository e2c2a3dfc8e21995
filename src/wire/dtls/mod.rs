//! DTLS 1.2 (RFC 6347) over a wire of datagrams: a TLS session that knows of loss.
//!
//! ```text
//!  a stranger's datagram ── Door ── Admit ── Dtls::server ─┐
//!                                            Dtls::client ─┤
//!   wire ── record ── window, cipher ── up                 │
//!               └──── message (pieces) ── client, server ──┴─ talk (flights, timer) ── outgoing ── wire
//! ```
//!
//! Promise: what comes up was sealed by the peer and comes up once, in the order of arrival; what
//! goes down is sealed, one record in one datagram; a datagram that is not genuine changes
//! nothing once the session is open. What the wire loses of the handshake is said again; what it loses
//! of the rest is lost.
//!
//! The state machine is our own, on the library's primitives. Of the two crates that have one,
//! rtc-dtls keeps a session for every address before its cookie has come back, repeats a flight
//! only until the first piece of an answer, and never puts a message together that was cut in two
//! ways; the first alone cannot be mended from outside. dimpl does not know RSA. Both bring a second
//! set of keys, verifiers and suites, while here `--ssl-verify`, `--ssl-ciphers` and the rest mean
//! for datagrams what they mean for streams. Resumption, renegotiation and other key exchanges than
//! ECDHE are left out, as the library leaves them out of TLS 1.2 or we do.

mod alert;
mod bytes;
mod chain;
mod cipher;
mod client;
mod door;
mod failure;
mod hello;
mod kit;
mod layer;
mod message;
mod outgoing;
mod record;
mod secret;
mod server;
mod session;
mod successor;
mod talk;
mod window;

pub use door::{Door, Verdict};
pub use kit::{ClientKit, Describe, ServerKit};
pub use layer::Dtls;
