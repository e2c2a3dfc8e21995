//! Blocks of text as the source of a manual page, in the macros of man(7).
//!
//! Promise: nothing in a text is taken for a command, whatever characters it has.

use super::text::Block;

/// Where a line of the source is broken. Readers do not see it; the tools for such pages want less than 80.
const WIDTH: usize = 74;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Roff {
    source: String,
    /// A heading, or something like it, was the last thing: the space before what follows is there already.
    fresh: bool,
}

impl Roff {
    /// The source so far.
    pub(super) fn source(self) -> String {
        self.source
    }

    /// A command with its words as they stand.
    pub(super) fn command(&mut self, line: &str) {
        self.source.push_str(line);
        self.source.push('\n');
        self.fresh = false;
    }

    /// A heading: `SH` or `SS`.
    pub(super) fn heading(&mut self, level: &str, title: &str) {
        self.command(&format!(".{level} {}", inline(title)));
        self.fresh = true;
    }

    /// A term and what it means. The term is source.
    pub(super) fn entry(&mut self, term: &str, blocks: &[Block]) {
        self.command(".TP");
        self.command(term);
        let (first, more) = match blocks.split_first() {
            Some((Block::Paragraph(text), more)) => (text.as_str(), more),
            _ => ("", blocks),
        };
        self.fill(first);
        if !more.is_empty() {
            self.command(".RS");
            self.blocks(more);
            self.command(".RE");
        }
    }

    /// Blocks, one after the other.
    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Section(title) => self.heading("SH", title),
            Block::Subsection(title) => self.heading("SS", title),
            Block::Paragraph(text) => {
                if !self.fresh {
                    self.command(".PP");
                }
                self.fill(text);
            }
            Block::Item(text) => {
                self.command(".IP \\(bu 2");
                self.fill(text);
            }
            Block::Row(cells) => self.row(cells),
            Block::Code(lines) => self.code(lines),
            Block::Insert(_) => {} // is for those who know what it means
        }
    }

    fn row(&mut self, cells: &[&str]) {
        if let Some((term, rest)) = cells.split_first() {
            let text = Block::Paragraph(rest.join("; "));
            self.entry(&inline(term), &[text]);
        }
    }

    fn code(&mut self, lines: &[&str]) {
        if !self.fresh {
            self.command(".PP");
        }
        self.command(".RS 4");
        self.command(".EX");
        for line in lines {
            self.command(&guarded(&verbatim(line)));
        }
        self.command(".EE");
        self.command(".RE");
    }

    /// Text that is filled by who shows it. A sentence ends its line, as is the custom: then it is known
    /// for the end of one.
    fn fill(&mut self, text: &str) {
        let mut line = String::new();
        for word in inline(text).split(' ') {
            if !line.is_empty() && line.len() + 1 + word.len() > WIDTH {
                self.command(&guarded(&line));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if ends_sentence(word) {
                self.command(&guarded(&line));
                line.clear();
            }
        }
        if !line.is_empty() {
            self.command(&guarded(&line));
        }
    }
}

fn ends_sentence(word: &str) -> bool {
    word.trim_end_matches(')').ends_with(['.', '?', '!'])
}

/// A line that begins like a command is none.
fn guarded(line: &str) -> String {
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line.into(),
    }
}

/// Text in which code stands between backticks.
pub(super) fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(n, part)| match n % 2 {
            0 => plain(part),
            _ => bold(part),
        })
        .collect()
}

/// What is typed as it stands.
pub(super) fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", verbatim(text))
}

/// What stands for something else.
pub(super) fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", verbatim(text))
}

fn plain(text: &str) -> String {
    text.chars().map(|c| escaped(c, false)).collect()
}

/// Text with the characters that a terminal has for it, not those of a book.
fn verbatim(text: &str) -> String {
    text.chars().map(|c| escaped(c, true)).collect()
}

fn escaped(c: char, verbatim: bool) -> String {
    match c {
        '\\' => "\\e".into(),
        '-' if verbatim => "\\-".into(),
        '\'' if verbatim => "\\(aq".into(),
        '`' => "\\(ga".into(),
        '"' => "\\(dq".into(),
        '^' => "\\(ha".into(),
        '~' => "\\(ti".into(),
        c if c.is_ascii() => c.into(),
        c => format!("\\[u{:04X}]", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::blocks;
    use super::*;

    #[test]
    fn no_text_is_taken_for_a_command() {
        let cases = [
            ("plain words", ".PP\nplain words\n"),
            ("one. two.", ".PP\none.\ntwo.\n"),
            (".TH x", ".PP\n\\&.TH x\n"),
            ("'br", ".PP\n\\&'br\n"),
            ("a\\fB", ".PP\na\\efB\n"),
            ("`-l` it's", ".PP\n\\fB\\-l\\fR it's\n"),
            ("`'~`\u{2013}", ".PP\n\\fB\\(aq\\(ti\\fR\\[u2013]\n"),
            (
                "```\n.x 'y'\n```",
                ".PP\n.RS 4\n.EX\n\\&.x \\(aqy\\(aq\n.EE\n.RE\n",
            ),
            ("| `a` | b |", ".TP\n\\fBa\\fR\nb\n"),
        ];
        for (text, wanted) in cases {
            let mut roff = Roff::default();
            roff.blocks(&blocks(text));
            assert_eq!(roff.source(), wanted, "the source of {text:?}");
        }
    }

    #[test]
    fn lines_are_short_wherever_a_word_ends() {
        let mut roff = Roff::default();
        roff.fill(&"a bc def ".repeat(50));
        let source = roff.source();
        let longest = source.lines().map(str::len).max();
        assert!(longest <= Some(WIDTH), "a line has {longest:?} columns");
        assert!(source.lines().count() < 10, "lines are too short: {source}");
    }
}
