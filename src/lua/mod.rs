//! Scripts in Lua: understood where peers are served, and run in a process of their own.
//!
//! Promise: nothing of a script runs in the process that serves. A build without Lua has the same
//! functions, which refuse everything; its options never call them.

#[cfg(feature = "lua")]
mod engine;
#[cfg(not(feature = "lua"))]
mod without;

#[cfg(feature = "lua")]
pub use engine::{check, run};
#[cfg(not(feature = "lua"))]
pub use without::{check, run};

/// When a script's output leaves its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// With each line, and whenever the script waits for input: a prompt is seen before it is answered.
    Lines,
    /// As the C library has it for pipes: when the script says so (`print` does), ends, or has
    /// written much. What is written together arrives as one datagram.
    Messages,
}

/// Why a script cannot be run, in a sentence.
pub fn not_loaded(why: &str) -> String {
    format!("Error loading the Lua script: {why}.")
}
