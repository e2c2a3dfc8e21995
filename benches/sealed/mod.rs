//! The parts of the measurements under TLS.
//!
//! `bulk` transfers, `handshakes`, `idle` sessions and `silence` before the handshake have a table or
//! two each. They stand on `papers` (certificate and key), a `server` to which a `client` comes, and
//! on the `bare` loop, the library with nothing around it.

pub(crate) mod bare;
pub(crate) mod bulk;
pub(crate) mod handshakes;
pub(crate) mod idle;
pub(crate) mod silence;

mod client;
mod papers;
mod server;
