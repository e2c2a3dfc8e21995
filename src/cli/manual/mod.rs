//! What `--generate` prints: the manual, completions for shells, and the README's table of options.
//!
//! ```text
//! flags ──────┬── bash, zsh, fish       names, values, one line each
//! options/*.md┴── page, readme          and what there is to know about each
//! page.md, README ── page               all that is not about one option
//!                text ── roff           Markdown in, manual page out
//! ```
//!
//! To explain a new option, write its name as a heading into the file of its topic in `options`, and the
//! explanation below; a test names every option that has none.
//! Promise: all is made from the option table, so that nothing here can disagree with it.

mod bash;
mod fish;
mod page;
mod readme;
mod roff;
mod text;
mod topics;
mod wants;
mod zsh;

use super::words::{meaning, names};

/// What writes a text.
pub type Maker = fn() -> String;

/// Each text by its name.
const TEXTS: [(&str, Maker); 5] = [
    ("man", page::text),
    ("complete-bash", bash::text),
    ("complete-zsh", zsh::text),
    ("complete-fish", fish::text),
    ("readme-options", readme::options),
];

/// What `--generate` may be asked for.
pub const NAMES: [&str; 5] = names(&TEXTS);

/// What writes the text of that name.
pub fn maker(name: &str) -> Result<Maker, String> {
    meaning(&TEXTS, name).ok_or_else(|| {
        let known = NAMES.join(", ");
        format!("Invalid --generate \"{name}\" (must be one of {known}).")
    })
}
