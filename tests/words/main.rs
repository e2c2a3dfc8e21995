//! What is said on stderr: to machines an object for each event, to people lines with hints and colours.

#[path = "../common/mod.rs"]
mod common;
mod events;
mod hints;
mod lines;
mod read;
