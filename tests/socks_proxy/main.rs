//! Being a SOCKS proxy: what clients are told to the byte, what passes through tunnels and relays, and
//! many of them at once.

#![cfg(feature = "proxy")]

mod clients;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod cut;
mod datagrams;
mod names;
mod options;
mod replies;
mod scene;
mod tunnels;
mod words;
