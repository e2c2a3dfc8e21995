//! Options for those who are started and watched by a supervisor.

use super::{Flag, long};
use crate::cli::activation;

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    long("listen-fds", "Listen on sockets that systemd has opened")
        .sets(|o| o.activation.listen_fds = true)
        .beyond(),
    long("ready-fd", "Write a newline to it when ready")
        .takes("number", |o, v| {
            activation::descriptor(v).map(|number| o.activation.ready_fd = Some(number))
        })
        .beyond(),
];
