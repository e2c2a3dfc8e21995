//! `--checksum`: what has passed, in so few bytes that two people can compare them.

/// A hash of all bytes that have reached the sink of a lane, in their order.
pub trait Digest {
    /// These are next.
    fn add(&mut self, bytes: &[u8]);

    /// The hash of all until now, in hex.
    fn hex(&self) -> String;
}
