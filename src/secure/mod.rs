//! TLS as the user wants it: files and words become what the layers of [`crate::wire`] are made with.
//!
//! ```text
//! Wishes ── ciphers, provider ── suites and versions ─┐
//!        ── keys, or else temporary ── who we are ────┼── configs: Client, Server
//!        ── verify, names, roots ── whom to believe ──┘
//! an error of the library ── words ── a sentence
//! a peer's certificates ── describe ── lines for the curious
//! ```
//!
//! A leaf: knows certificates, keys and suites, but no connection.

#[cfg(feature = "tls")]
pub mod ciphers;
#[cfg(feature = "tls")]
mod configs;
#[cfg(feature = "tls")]
mod describe;
#[cfg(feature = "tls")]
mod fingerprint;
#[cfg(feature = "tls")]
mod keys;
#[cfg(all(test, feature = "tls"))]
mod made;
#[cfg(feature = "tls")]
mod names;
#[cfg(feature = "tls")]
mod old;
#[cfg(feature = "tls")]
pub mod pem;
#[cfg(feature = "tls")]
mod provider;
#[cfg(feature = "tls")]
mod roots;
#[cfg(feature = "tls")]
mod subject;
#[cfg(feature = "tls")]
mod temporary;
#[cfg(feature = "tls")]
pub mod verify;
mod wishes;
#[cfg(feature = "tls")]
mod words;

#[cfg(feature = "tls")]
pub use configs::{Client, Server, client, server};
#[cfg(feature = "tls")]
pub use describe::describe;
pub use wishes::{Version, Wishes};
#[cfg(feature = "tls")]
pub use words::{hint, words};
