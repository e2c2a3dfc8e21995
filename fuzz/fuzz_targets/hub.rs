//! A hub among ends that come, go, stutter, stall and break as the input says, as a star, a mesh or a
//! chat, under the modes that use it: everybody hears exactly what is meant for them, nobody sleeps who
//! could move, and nobody is dropped without a reason.
#![no_main]

#[allow(
    dead_code,
    reason = "links without a mode are played by another target"
)]
#[path = "../../tests/simulation/fake/mod.rs"]
mod fake;
#[allow(dead_code, reason = "only hubs are played here")]
#[path = "../../tests/simulation/world/mod.rs"]
mod world;

use fake::{Dice, Trace};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|schedule: &[u8]| world::play_hub(&Dice::written(schedule), &Trace::default()));
