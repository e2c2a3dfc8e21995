//! Where bytes rest between two calls: queues whose memory is borrowed, and nothing that moves them.

mod buf;
mod log;

pub use buf::{Buf, Pool};
pub use log::{Cursor, Log};
