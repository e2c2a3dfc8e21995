//! The library behind `ncat`.

pub mod assemble;
pub mod cli;
pub mod data;
pub mod ids;
pub mod mode;
pub mod net;
pub mod route;
pub mod say;
pub mod wire;
