//! The README: the table of options that it shows, and what the manual has from it.
//!
//! What differs from the reference, and what each exit status means, is written there for everybody who looks
//! at the project first, and nowhere else.

use super::topics;
use super::wants;
use crate::cli::flags::{Effect, Flag};

/// What `--generate readme-options` prints.
pub(super) fn options() -> String {
    let tables: Vec<String> = topics::all().map(|topic| table(&topic)).collect();
    tables.join("\n")
}

fn table(topic: &topics::Topic) -> String {
    let flags = topic.entries.iter().filter_map(topics::Entry::flag);
    let rows: String = flags.map(row).collect();
    format!("| {} | |\n|---|---|\n{rows}", topic.title)
}

fn row(flag: &Flag) -> String {
    let mut names = wants::names(flag);
    if let (Some(last), Some(value)) = (names.last_mut(), flag.value()) {
        last.push_str(&match flag.effect {
            Effect::Maybe(..) => format!("[={value}]"),
            _ => format!(" <{value}>"),
        });
    }
    let names = in_cell(&names.join("`, `"));
    let help = in_cell(&flag.help.replace('<', "\\<"));
    format!("| `{names}` | {help} |\n")
}

/// The end of a cell is one in code as well.
fn in_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const README: &[u8] = include_bytes!("../../../README.md");

/// The section below that heading.
macro_rules! section {
    ($heading:literal) => {{
        const START: usize = end_of(concat!("\n## ", $heading, "\n").as_bytes(), 0);
        const END: usize = end_of(b"\n## ", START) - b"## ".len();
        // Copied, so that only this part of the README is in the program.
        static TEXT: [u8; END - START] = copy(START);
        match str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => "", // it was text before it was cut at line ends
        }
    }};
}

/// `Where it differs from Nmap's ncat`.
pub(super) fn differences() -> &'static str {
    section!("Where it differs from Nmap's ncat")
}

/// `Exit status`.
pub(super) fn statuses() -> &'static str {
    section!("Exit status")
}

/// Where the README goes on behind the first such bytes. Not to find them is a failure of the build.
const fn end_of(mark: &[u8], mut from: usize) -> usize {
    loop {
        let mut same = 0;
        while same < mark.len() && README[from + same] == mark[same] {
            same += 1;
        }
        if same == mark.len() {
            return from + same;
        }
        from += 1;
    }
}

const fn copy<const N: usize>(start: usize) -> [u8; N] {
    let mut part = [0; N];
    let mut n = 0;
    while n < N {
        part[n] = README[start + n];
        n += 1;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_the_options_that_there_are() {
        let readme = str::from_utf8(README).expect("the README is text");
        let shown = readme
            .split_once("<!-- ncat --generate readme-options -->\n")
            .and_then(|(_, rest)| rest.split_once("<!-- end of options -->\n"));
        let (shown, _) = shown.expect("the README has its two marks");
        assert_eq!(
            shown.trim(),
            options().trim(),
            "the README has another table of options: put there what --generate readme-options prints"
        );
    }

    #[test]
    fn every_row_of_the_table_has_two_cells() {
        for row in options().lines().filter(|line| !line.is_empty()) {
            let ends = row.replace("\\|", "").matches('|').count();
            assert_eq!(ends, 3, "{row}");
        }
    }

    #[test]
    fn sections_begin_behind_their_heading_and_end_before_the_next() {
        for (name, text) in [("differences", differences()), ("statuses", statuses())] {
            assert!(text.contains("\n|---|"), "no table in {name}: {text}");
            assert!(!text.contains("\n## "), "{name} goes on: {text}");
        }
    }
}
