//! Where bytes rest between two calls: queues whose memory is borrowed, and nothing that moves them.

mod buf;

pub use buf::{Buf, Pool};
