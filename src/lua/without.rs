//! What stands in the place of Lua in a build that has none.

use super::{Pace, not_loaded};

const NONE: &str = "this build knows no Lua";

/// Refuses every script.
///
/// # Errors
/// Always.
pub fn check(_name: &str, _text: &[u8]) -> Result<(), String> {
    Err(not_loaded(NONE))
}

/// Refuses every script.
///
/// # Errors
/// Always.
pub fn run(_name: &str, _text: &[u8], _pace: Pace) -> Result<(), String> {
    Err(not_loaded(NONE))
}
