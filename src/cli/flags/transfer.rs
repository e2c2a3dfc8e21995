//! Options for long transfers.

use super::{Flag, HAS_TRANSFER, long};
use crate::cli::transfer::{self, CHECKSUM_NAMES, PROGRESS_NAMES};

/// Their rows.
pub(super) static FLAGS: &[Flag] = &[
    long("progress", "Show a bar: auto, always or never")
        .may_take("when", |o, v| {
            transfer::progress(v).map(|when| o.transfer.progress = Some(when))
        })
        .one_of(&PROGRESS_NAMES)
        .only_with(HAS_TRANSFER)
        .beyond(),
    long("size", "How much the bar is to reach")
        .takes("size", |o, v| {
            transfer::whole(v).map(|size| o.transfer.size = Some(size))
        })
        .only_with(HAS_TRANSFER)
        .beyond(),
    long("rate-limit", "Pass at most so much a second each way")
        .takes("size", |o, v| {
            transfer::rate(v).map(|rate| o.transfer.rate = Some(rate))
        })
        .beyond(),
    long("checksum", "Hash what passes: sha256 or blake3")
        .takes("kind", |o, v| {
            transfer::checksum(v).map(|kind| o.transfer.checksum = Some(kind))
        })
        .one_of(&CHECKSUM_NAMES)
        .only_with(HAS_TRANSFER)
        .beyond(),
];
