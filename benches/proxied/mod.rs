//! The parts of the measurements of proxies.
//!
//! `tunnels`, `bulk` and `exchange` have tables of the same kind: contestants take `turns`, and what each
//! of them took is set against ours. `idle` and `newcomer` have tables of their own. A `proxy` is a
//! process that is measured; the `client`s it serves, and the `echo` and the `origin` to which it
//! leads them, are threads of the bench, so that its account holds nothing but its own work.

pub(crate) mod bulk;
pub(crate) mod exchange;
pub(crate) mod idle;
pub(crate) mod newcomer;
pub(crate) mod proxy;
pub(crate) mod tunnels;

mod client;
mod echo;
mod origin;
mod turns;
mod visitors;
