//! What a platform owes the rest, beyond what every Unix gives:
//!
//! * `Channel`: bytes moved between two descriptors by the kernel alone. A platform without it
//!   offers none, and everything is copied.
//! * `unsent`: how much of what was written to a socket the peer has not acknowledged.
//! * `GiveUp`: an end to a look-up that cannot be told to stop.
//! * `stdout_was_closed`: what the descriptors were before Rust's start-up mended them. A platform
//!   without it takes a closed stdout for /dev/null.

mod channel;
mod raw;

pub use channel::{Channel, Ready};
pub use raw::{GiveUp, stdout_was_closed, unsent};
