//! The parts of the side-by-side measurements.
//!
//! `transfer` runs the `row`s with every `contestant` (one of them is the `bare` loop) and `score`
//! prints them; `start_up`, `script`, `memory` and `idle` have a table each, and
//! `watched` has two; `summary` sets the figures
//! against the limits. `run`, `place`, `kept` and `procfs` are what these stand on: one measured
//! run, where the contestants meet, children that do not outlive us, and what the system knows of
//! a process. The fan-out bench stands on the same.

pub(crate) mod args;
pub(crate) mod bare;
pub(crate) mod contestant;
pub(crate) mod figures;
pub(crate) mod idle;
pub(crate) mod kept;
pub(crate) mod machine;
pub(crate) mod memory;
pub(crate) mod place;
pub(crate) mod procfs;
pub(crate) mod row;
pub(crate) mod run;
pub(crate) mod score;
pub(crate) mod script;
pub(crate) mod start_up;
pub(crate) mod summary;
pub(crate) mod transfer;
pub(crate) mod watched;
