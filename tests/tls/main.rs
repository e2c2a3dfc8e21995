//! `--ssl` as users and other programs meet it: our program on one side, and openssl, curl, another
//! ncat or a bare library on the other. Certificates are made by openssl in a directory of each test.

#![cfg(feature = "tls")]

mod agreed;
#[path = "../common/mod.rs"]
mod common;
mod cut;
#[cfg(feature = "dtls")]
mod datagrams;
mod foreign;
mod guide;
mod halves;
mod keys;
mod library;
#[cfg(feature = "dtls")]
mod lost;
mod modes;
mod opened;
mod others;
mod papers;
mod patience;
mod people;
mod verify;
