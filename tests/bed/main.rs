//! What only a kernel of our own shows: SCTP and vsock, bad lines, and networks with routers.
//!
//! These tests need the test bed, which `tests/bed/run` boots, and are ignored anywhere else. There a
//! kernel that lacks something is a failure, not a reason to pass something over.
//!
//! The bed has one processor, and networks that belong to nobody else.

#[path = "../common/mod.rs"]
mod common;
mod families;
mod loss;
mod members;
mod plain;
mod routes;
mod sctp;
mod tap;
mod transfers;
mod vrf;
mod vsock;
mod ways;
mod world;
