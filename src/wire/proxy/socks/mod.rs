//! SOCKS 4, 4a and 5, both sides, and the datagrams that SOCKS5 relays.
//!
//! ```text
//! a way through one        being one                  what both need
//! client4   4, 4a          server    any version      address    hosts and ports as SOCKS5 writes them
//! client5   5, RFC 1928    server4   what 4 says      datagram   what is put before a datagram
//! datagrams relayed ones   server5   what 5 says      numbers    what 5 counts
//!                          proof     who asks         talk       halves of messages
//! ```
//!
//! Promise: nothing that a peer says is looked at before it has come, and no byte behind its last message
//! is used. A name that SOCKS cannot carry is refused, never cut.

mod address;
mod client4;
mod client5;
pub mod datagram;
mod datagrams;
mod numbers;
#[doc(hidden)]
pub mod oracle;
mod proof;
mod server;
mod server4;
mod server5;
mod talk;

pub use client4::Socks4;
pub use client5::{Errand, Socks5};
pub use datagrams::Datagrams;
pub use server::Rules;
pub use server4::Socks4Server;
pub use server5::Socks5Server;

#[cfg(test)]
mod tests;
