//! TLS as the user wants it: files and words become what the layers of [`crate::wire`] are made with.
//!
//! A leaf: knows certificates, keys and suites, but no connection.

mod wishes;

pub use wishes::{Version, Wishes};
