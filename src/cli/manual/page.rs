//! The manual page: a frame of text, the option table, and what the README knows.

use super::readme;
use super::roff::{Roff, bold, inline, italic};
use super::text::{self, Block};
use super::topics::{self, Entry, Topic};
use super::wants;
use crate::cli::flags::{Effect, Flag};
use crate::cli::help::FORMS;

/// All that is not about one option.
pub(super) const FRAME: &str = include_str!("page.md");

/// When the words of the manual were last looked through: a page bears a date, and the same program has to
/// print the same page for ever.
const LOOKED_THROUGH: &str = "2026-11-26";

/// What `--generate man` prints.
pub(super) fn text() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut roff = Roff::default();
    roff.command(".\\\" Made by `ncat --generate man`.");
    roff.command(&format!(
        ".TH NCAT 1 {LOOKED_THROUGH} \"ncat {version}\" \"User Commands\""
    ));
    for block in text::blocks(FRAME) {
        match block {
            Block::Insert(name) => insert(&mut roff, name),
            block => roff.blocks(&[block]),
        }
    }
    roff.source()
}

/// What the frame names and does not hold.
fn insert(roff: &mut Roff, name: &str) {
    match name {
        "synopsis" => synopsis(roff),
        "options" => topics::all().for_each(|each| topic(roff, &each)),
        "exit status" => roff.blocks(&text::blocks(readme::statuses())),
        "differences" => differences(roff),
        _ => {} // a test knows all that the frame names
    }
}

fn synopsis(roff: &mut Roff) {
    let lines = FORMS.map(|(form, _)| form);
    roff.blocks(&[Block::Code(lines.to_vec())]);
}

fn topic(roff: &mut Roff, topic: &Topic) {
    roff.heading("SS", topic.title);
    roff.blocks(&topic.preface);
    for entry in &topic.entries {
        option(roff, entry);
    }
}

fn option(roff: &mut Roff, entry: &Entry) {
    if let Some(flag) = entry.flag() {
        roff.entry(&term(flag), &entry.blocks);
        if matches!(flag.effect, Effect::Unsupported(_)) {
            roff.command(".br\nThis build refuses it.");
        }
    }
}

fn term(flag: &Flag) -> String {
    let names: Vec<String> = wants::names(flag).iter().map(|name| bold(name)).collect();
    let names = names.join(", ");
    match flag.value() {
        Some(value) if matches!(flag.effect, Effect::Maybe(..)) => {
            format!("{names}[={}]", italic(value))
        }
        Some(value) => format!("{names} {}", italic(value)),
        None => names,
    }
}

/// The README's table has what the reference does and what we do in columns of their own.
fn differences(roff: &mut Roff) {
    for block in text::blocks(readme::differences()) {
        match block {
            Block::Row(cells) => match cells[..] {
                [what, theirs, ours] => difference(roff, what, theirs, ours),
                _ => roff.blocks(&[Block::Row(cells)]),
            },
            block => roff.blocks(&[block]),
        }
    }
}

fn difference(roff: &mut Roff, what: &str, theirs: &str, ours: &str) {
    let here = format!("Here: {ours}.");
    let both = match theirs {
        "\u{2013}" => here, // nothing to compare with
        theirs => format!("Nmap's ncat: {theirs}. {here}"),
    };
    roff.entry(&inline(what), &[Block::Paragraph(both)]);
}

#[cfg(test)]
mod tests {
    use super::super::topics::listed;
    use super::*;

    #[test]
    fn the_frame_inserts_what_there_is_once() {
        let blocks = text::blocks(FRAME);
        let inserts: Vec<&str> = blocks
            .iter()
            .filter_map(|block| match block {
                Block::Insert(name) => Some(*name),
                _ => None,
            })
            .collect();
        assert_eq!(
            inserts,
            ["synopsis", "options", "exit status", "differences"]
        );
    }

    #[test]
    fn the_page_has_every_option_in_a_line_of_its_own() {
        let page = text();
        let (options, _) = page
            .split_once(".SH END OF FILE\n")
            .expect("options come before what ends");
        for flag in listed() {
            let term = term(flag);
            let lines = options.lines().filter(|line| *line == term).count();
            assert_eq!(lines, 1, "lines of the page about {}", flag.name());
        }
    }

    #[test]
    fn no_line_of_the_source_is_too_long_for_its_tools() {
        for line in text().lines() {
            assert!(line.len() < 80, "{} bytes: {line}", line.len());
        }
    }
}
