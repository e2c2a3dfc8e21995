//! Being an HTTP proxy (`-l --proxy-type http`) as clients and origins meet it: plain sockets that say
//! exactly what a test wants, curl, and another ncat.

#![cfg(feature = "proxy")]

mod addresses;
mod ambiguous;
mod bodies;
#[path = "../common/mod.rs"]
mod common;
mod crowds;
mod house;
mod logs;
mod peers;
mod proof;
mod requests;
mod rules;
#[cfg(feature = "tls")]
mod secure;
mod several;
mod statuses;
mod transfers;
mod tunnels;
