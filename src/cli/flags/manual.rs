//! The option that writes what is made from this table, and is itself a row of it.

use super::{Flag, long};
#[cfg(feature = "manual")]
use crate::cli::{manual, opts::Special};

/// Its row.
pub(super) static FLAGS: &[Flag] = &[generate().beyond()];

const fn generate() -> Flag {
    let row = long("generate", "Print the manual or a completion and quit");
    with_texts(row)
}

#[cfg(feature = "manual")]
const fn with_texts(row: Flag) -> Flag {
    row.takes("what", |o, v| {
        manual::maker(v).map(|make| o.special = Some(Special::Generate(make)))
    })
    .one_of(&manual::NAMES)
}

/// The texts are longer than all else that a small build holds.
#[cfg(not(feature = "manual"))]
const fn with_texts(row: Flag) -> Flag {
    row.unsupported(Some("what"))
}
