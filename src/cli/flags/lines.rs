//! Options for how the lines on stderr look.

use super::{Flag, long};
use crate::cli::lines;

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    long("log-format", "Say things to people or to machines (text)")
        .takes("format", |o, v| {
            lines::format(v).map(|format| o.lines.format = format)
        })
        .one_of(&lines::FORMAT_NAMES)
        .beyond(),
    long("timestamps", "Put the time (UTC) in front of each line")
        .sets(|o| o.lines.timestamps = true)
        .beyond(),
    long("color", "Show errors in colour (auto)")
        .takes("when", |o, v| {
            lines::colour(v).map(|colour| o.lines.color = Some(colour))
        })
        .one_of(&lines::COLOUR_NAMES)
        .beyond(),
];
