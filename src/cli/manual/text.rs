//! The part of Markdown that our texts are written in: headings, paragraphs, lists, tables and code.
//!
//! Promise: every line of a text is in one block, in the order of the lines.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// Behind one `#`.
    Section(&'a str),
    /// Behind two.
    Subsection(&'a str),
    /// Lines as one.
    Paragraph(String),
    /// Behind a `*`; lines that are indented belong to it.
    Item(String),
    /// A row of a table, but for those that are its head.
    Row(Vec<&'a str>),
    /// Lines between ``` and ```.
    Code(Vec<&'a str>),
    /// `{name}` alone on its line: what is to stand here comes from elsewhere.
    Insert(&'a str),
}

const FENCE: &str = "```";

/// All blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    // Whether a line without a mark goes on with the block before it.
    let mut open = false;
    while let Some(line) = lines.next() {
        if line.starts_with(FENCE) {
            let inside = lines.by_ref().take_while(|line| !line.starts_with(FENCE));
            blocks.push(Block::Code(inside.collect()));
            open = false;
            continue;
        }
        match (blocks.last_mut(), marked(line)) {
            (_, Some(block)) => {
                open = matches!(block, Block::Item(_));
                blocks.push(block);
            }
            _ if line.is_empty() || line.starts_with('|') => open = false,
            (Some(Block::Paragraph(text) | Block::Item(text)), None) if open => {
                text.push(' ');
                text.push_str(line.trim_start());
            }
            (_, None) => {
                blocks.push(Block::Paragraph(line.into()));
                open = true;
            }
        }
    }
    blocks
}

/// The block that a line begins, if it begins with the mark of one.
fn marked(line: &str) -> Option<Block<'_>> {
    if let Some(title) = line.strip_prefix("# ") {
        return Some(Block::Section(title));
    }
    if let Some(title) = line.strip_prefix("## ") {
        return Some(Block::Subsection(title));
    }
    if let Some(words) = line.strip_prefix("* ") {
        return Some(Block::Item(words.into()));
    }
    if let Some(cells) = line.strip_prefix('|') {
        return row(cells).map(Block::Row);
    }
    let name = line.strip_prefix('{')?.strip_suffix('}')?;
    Some(Block::Insert(name))
}

/// The cells of a row. The head of our tables has nothing in its first cell, and dashes below.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells = line.strip_suffix('|')?.split('|').map(str::trim);
    let cells: Vec<&str> = cells.collect();
    let head = cells.first().is_none_or(|first| first.is_empty());
    let rule = cells.iter().all(|cell| cell.starts_with("---"));
    (!head && !rule).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_in_one_block() {
        let text = "# ONE\n\nfirst\nsecond\n\nthird\n* a\n  b\n* c\n\n{options}\n## two\n\n\
                    | | x |\n|---|---|\n| `k` | v |\n\n```sh\na\n\n# b\n```\nend\n";
        let wanted = [
            Block::Section("ONE"),
            Block::Paragraph("first second".into()),
            Block::Paragraph("third".into()),
            Block::Item("a b".into()),
            Block::Item("c".into()),
            Block::Insert("options"),
            Block::Subsection("two"),
            Block::Row(vec!["`k`", "v"]),
            Block::Code(vec!["a", "", "# b"]),
            Block::Paragraph("end".into()),
        ];
        assert_eq!(blocks(text), wanted);
    }
}
