//! Going through proxies as users and other programs meet it: proxies that say what the test says, byte
//! by byte, proxies of our own, and an installed ncat.

#![cfg(feature = "proxy")]

mod answers;
mod asked;
mod bytes;
mod chains;
#[path = "../common/mod.rs"]
mod common;
mod foreign;
mod hostile;
mod kits;
mod login;
mod messages;
mod names;
// Both serve the tests of TLS first.
#[allow(dead_code)]
#[path = "../tls/papers.rs"]
mod papers;
#[allow(dead_code)]
#[path = "../tls/people.rs"]
mod people;
#[cfg(feature = "tls")]
mod secure;
mod uses;
