//! Words of peers in our log.

/// A text from outside on one line: bytes that are no characters and those that control a terminal are
/// escaped.
pub(super) fn plain(text: &[u8]) -> String {
    let mut line = String::new();
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c.is_control() {
                true => line.extend(c.escape_default()),
                false => line.push(c),
            }
        }
        line += &chunk.invalid().escape_ascii().to_string();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_has_no_control_characters() {
        let cases: [(&[u8], &str); 4] = [
            (b"joe", "joe"),
            ("jö e".as_bytes(), "jö e"),
            (b"a\n\0\x1b[m\x7f", "a\\n\\u{0}\\u{1b}[m\\u{7f}"),
            (b"a\xff\xc2\x85b", "a\\xff\\u{85}b"),
        ];
        for (text, wanted) in cases {
            assert_eq!(plain(text), wanted, "{}", text.escape_ascii());
        }
    }
}
