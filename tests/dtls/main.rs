//! DTLS: the layer against itself over a wire that loses, repeats and reorders, with a clock that
//! the test sets; and against openssl through a relay that does the same to real datagrams.

#![cfg(feature = "dtls")]

mod chance;
mod door;
mod kits;
mod lossy;
mod many;
mod openssl;
mod refusals;
mod relay;
mod scene;
mod seat;
