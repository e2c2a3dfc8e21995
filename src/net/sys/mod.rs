//! What a platform owes the rest, beyond what every Unix gives:
//!
//! * `Channel`: bytes moved between two descriptors by the kernel alone. A platform without it
//!   offers none, and everything is copied.
//! * `Pipes`: those that a `Channel` needs between two descriptors when neither is one.
//! * `Width`: pipes made larger for bulk. A platform without it leaves them as they are.
//! * `unsent`: how much of what was written to a socket the peer has not acknowledged.
//! * `undelivered`, `is_dissolved`: the same for SCTP, and whether it is over.
//! * `send_at_once`: SCTP that does not wait for more before it sends.
//! * `set_option`, `set_number`, `has_option`: options of sockets that no wrapper knows.
//! * `wake_for`: a receiver that is woken for so many bytes and no fewer.
//! * `pass_on_nothing`: programs that we start inherit none of the descriptors that we did.
//! * `inherited`: a descriptor that was left to us by number.
//! * `die_of_broken_pipes`: SIGPIPE ends us, as it ends programs that know nothing of it.
//! * `lua`: an interpreter with all that a script may ask for.
//! * `is_ignored`: whether a signal is, by the wish of whoever started us.
//! * `GiveUp`: an end to a look-up that cannot be told to stop.
//! * `stdout_was_closed`: what the descriptors were before Rust's start-up mended them. A platform
//!   without it takes a closed stdout for /dev/null.

mod channel;
mod pipes;
mod raw;
mod width;

pub use channel::{Channel, Ready};
pub use pipes::Pipes;
#[cfg(feature = "lua")]
pub use raw::lua;
pub use raw::{
    GiveUp, die_of_broken_pipes, has_option, inherited, is_dissolved, is_ignored, is_unix,
    pass_on_nothing, send_at_once, set_number, set_option, stdout_was_closed, undelivered, unsent,
    wake_for,
};
pub use width::Width;
