//! Proxies, both sides: ways through them, and being one.
//!
//! ```text
//! a way through one            being one            what both need
//! connect  HTTP CONNECT        http    requests     head         where a head ends
//! socks    4, 4a, 5            socks   4, 4a, 5     auth         who asks, and how that is proved
//!                                                   noise        numbers that nobody can foresee
//!                                                   secret       whether somebody knows it
//!                                                   words        what peers say, in our log
//! ```
//!
//! A way through a proxy is a layer whose work ends with its handshake: it leaves the stack, and what came
//! behind the proxy's answer is the target's. A proxy that we are is a layer that asks others to reach
//! whom the peer names ([`super::Ask`]).

pub mod auth;
mod connect;
pub mod head;
pub mod http;
mod noise;
mod secret;
pub mod socks;
mod words;

pub use connect::Connect;
pub use noise::Noise;

use std::fmt;

/// A name and a password, of whatever bytes the user typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name; no colon in it.
    pub user: Vec<u8>,
    /// The password.
    pub password: Vec<u8>,
}

impl fmt::Debug for Credentials {
    /// Without the password, for whatever is debugged ends up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?})", String::from_utf8_lossy(&self.user))
    }
}
