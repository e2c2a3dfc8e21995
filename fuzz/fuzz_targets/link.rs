//! A link between two ends that stutter, cut and break as the input says: nothing is lost, doubled or
//! reordered, by the kernel or by copying, and nobody sleeps who could move.
#![no_main]

#[allow(dead_code, reason = "the simulation of whole modes uses the rest")]
#[path = "../../tests/simulation/fake/mod.rs"]
mod fake;

use fake::{Dice, Trace, pair};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|schedule: &[u8]| pair::play(&Dice::written(schedule), &Trace::default()));
