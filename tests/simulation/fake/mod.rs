//! Ends that nobody can rely on: they stutter, cut, stall and break as their dice say, and keep
//! books of what they said and heard.
//!
//! Promise: an end is unreliable only in what it may be. What the system would owe, an event after
//! each refusal to read or write, comes in the end, so whoever sleeps too long is to blame.

pub(crate) mod audit;
mod dice;
mod ear;
mod end;
mod kernel;
pub(crate) mod pair;
mod trace;
pub(crate) mod voice;

pub(crate) use dice::Dice;
pub(crate) use ear::{Ear, Hearing};
pub(crate) use end::{End, Nature};
pub(crate) use trace::Trace;
pub(crate) use voice::{Fate, Voice};
