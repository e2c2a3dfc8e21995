//! How the lines on stderr are to look.

use super::words::{meaning, names};

/// Whom lines are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// People.
    #[default]
    Text,
    /// Machines.
    Json,
}

/// When errors have a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// `--log-format`, `--timestamps` and `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Lines {
    pub format: Format,
    pub timestamps: bool,
    pub color: Option<Colour>,
}

const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("json", Format::Json)];
const COLOURS: [(&str, Colour); 3] = [
    ("auto", Colour::Auto),
    ("always", Colour::Always),
    ("never", Colour::Never),
];

/// The words of `--log-format`.
pub const FORMAT_NAMES: [&str; 2] = names(&FORMATS);
/// The words of `--color`.
pub const COLOUR_NAMES: [&str; 3] = names(&COLOURS);

/// The value of `--log-format`.
pub fn format(word: &str) -> Result<Format, String> {
    meaning(&FORMATS, word)
        .ok_or_else(|| format!("Invalid --log-format \"{word}\": it is text or json."))
}

/// The value of `--color`.
pub fn colour(word: &str) -> Result<Colour, String> {
    meaning(&COLOURS, word)
        .ok_or_else(|| format!("Invalid --color \"{word}\": it is auto, always or never."))
}
