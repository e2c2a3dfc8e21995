//! The library behind `ncat`.

pub mod cli;
pub mod data;
pub mod ids;
pub mod wire;
