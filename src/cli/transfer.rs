//! Words for long transfers, and what excludes them.

use std::ops::RangeInclusive;

use super::checks::Limit;
use super::lines::Format;
use super::opts::Options;
use super::plan::{Checksum, Progress};
use super::quantity::size;
use super::words::{meaning, names};

const PROGRESS: [(&str, Progress); 3] = [
    ("auto", Progress::Auto),
    ("always", Progress::Always),
    ("never", Progress::Never),
];

const CHECKSUMS: [(&str, Checksum); 2] =
    [("sha256", Checksum::Sha256), ("blake3", Checksum::Blake3)];

/// What `--progress` may be.
pub(super) const PROGRESS_NAMES: [&str; 3] = names(&PROGRESS);

/// What `--checksum` may be.
pub(super) const CHECKSUM_NAMES: [&str; 2] = names(&CHECKSUMS);

/// More than any machine passes on; time is counted in billionths of a second.
const RATES: RangeInclusive<usize> = 1..=1 << 40;

/// What no disk holds fits a counter still.
const SIZES: RangeInclusive<usize> = 1..=1 << 60;

/// When the bar is shown; without a word, where somebody sees it.
pub(super) fn progress(word: Option<&str>) -> Result<Progress, String> {
    let Some(word) = word else {
        return Ok(Progress::Auto);
    };
    meaning(&PROGRESS, word)
        .ok_or_else(|| format!("Invalid progress \"{word}\" (must be auto, always or never)."))
}

/// How what passes is hashed.
pub(super) fn checksum(word: &str) -> Result<Checksum, String> {
    meaning(&CHECKSUMS, word)
        .ok_or_else(|| format!("Invalid checksum \"{word}\" (must be sha256 or blake3)."))
}

/// Bytes a second.
pub(super) fn rate(word: &str) -> Result<u64, String> {
    size("--rate-limit", word, RATES).map(|rate| rate as u64)
}

/// How much is to pass.
pub(super) fn whole(word: &str) -> Result<u64, String> {
    size("--size", word, SIZES).map(|size| size as u64)
}

pub(super) const LIMITS: [Limit; 5] = [
    (
        |o| o.zero_io && asks_for_any(o),
        "--progress, --rate-limit and --checksum are about what passes, and with -z nothing does.",
    ),
    (
        |o| o.transfer.progress.is_some() && o.lines.format == Format::Json,
        "--progress is a picture for people, and --log-format json is for machines.",
    ),
    (
        |o| o.transfer.size.is_some() && o.transfer.progress.is_none(),
        "--size tells --progress how much is to pass, and is of no use without it.",
    ),
    (
        |o| o.is_proxy() && (o.transfer.progress.is_some() || o.transfer.checksum.is_some()),
        "--progress and --checksum are about conversations of our own, and a proxy has none.",
    ),
    (
        |o| o.transfer.checksum.is_some() && (o.is_mesh() || o.listen && o.keep_open && !o.runs()),
        "--checksum is of one conversation: without --keep-open, --broker and --chat, or with a \
         program.",
    ),
];

fn asks_for_any(options: &Options) -> bool {
    let transfer = options.transfer;
    transfer.progress.is_some() || transfer.rate.is_some() || transfer.checksum.is_some()
}
