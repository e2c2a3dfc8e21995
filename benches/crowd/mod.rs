//! The parts of the measurements with many connections to one server.
//!
//! `fan_out`, `burst`, `rate`, `memory` and `stall` have a table or two each. Most of them open a
//! `room`: a `broker` that is measured, one `sender`, and the `members` that hear it. Each of
//! these is a process of its own, so that the broker's account holds nothing but its own work;
//! sender and members are this program again, asked in words by its first self (`peer`). `rate`
//! has its own scene, a server and those who `visit` it. A `protocol` is how the broker is spoken
//! to, a `stream` what goes through it, an `account` what the system knows of it.

pub(crate) mod account;
pub(crate) mod burst;
pub(crate) mod fan_out;
pub(crate) mod members;
pub(crate) mod memory;
pub(crate) mod peer;
pub(crate) mod rate;
pub(crate) mod sender;
pub(crate) mod stall;

mod arrival;
mod broker;
mod protocol;
mod room;
mod score;
mod stream;
mod visit;
