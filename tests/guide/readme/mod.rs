//! Our own README: every block of commands in it, played as it stands there. A block that nobody plays fails.

mod more;
mod plain;
mod ways;

use crate::common::Told;
use crate::lesson::all_work;

const README: &str = include_str!("../../../README.md");

#[test]
fn what_the_readme_says_about_talking_and_files_works() -> Told {
    all_work(plain::BLOCKS)
}

#[test]
fn what_the_readme_says_about_programs_and_tls_works() -> Told {
    all_work(more::BLOCKS)
}

#[test]
fn what_the_readme_says_about_proxies_and_services_works() -> Told {
    all_work(ways::BLOCKS)
}

/// The commands of a text: section and lines of each block for a shell.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let (mut section, mut open) = ("", false);
    for line in text.lines() {
        match line {
            "```sh" => {
                open = true;
                blocks.push((section, Vec::new()));
            }
            "```" => open = false,
            line if open => blocks
                .last_mut()
                .expect("a block that is open has begun")
                .1
                .push(line),
            line => section = line.strip_prefix("## ").unwrap_or(section),
        }
    }
    blocks
}

#[test]
fn no_block_of_the_readme_is_forgotten() {
    let played: Vec<_> = [plain::BLOCKS, more::BLOCKS, ways::BLOCKS]
        .into_iter()
        .flatten()
        .map(|lesson| (lesson.section, lesson.commands.to_vec()))
        .collect();
    let written = blocks(README);
    for block in &written {
        assert!(
            played.contains(block),
            "the README has a block that nobody plays here: {block:#?}"
        );
    }
    for block in &played {
        assert!(
            written.contains(block),
            "the README lacks a block that is played here: {block:#?}"
        );
    }
    assert!(!written.is_empty(), "the README shows how it is used");
}
