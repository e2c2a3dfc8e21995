//! Every command that a reader of the guide, of its companions or of our own README would type, typed as it
//! stands there.
//!
//! A lesson is a group of commands, with what they are to do. It is given in a world of its own: machines
//! with names, addresses and ports like those of the text, which end with it. So nothing has to be changed
//! in a command but what its reader would put in, and each change stands beside it.
#![cfg(all(
    feature = "dtls",
    feature = "lua",
    feature = "manual",
    feature = "proxy",
    feature = "transfer"
))]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod clients;
mod exec;
mod files;
mod lesson;
mod ports;
mod python;
mod readme;
mod services;
mod stand_ins;
mod tricks;
mod tutorial;
mod world;
