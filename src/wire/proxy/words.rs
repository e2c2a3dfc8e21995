//! Words of peers in our log.

/// A text from outside on one line: bytes that are no characters, those that control a terminal, and those
/// that are not seen or change how others are seen are escaped.
pub(super) fn plain(text: &[u8]) -> String {
    let mut line = String::new();
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                // What is escaped otherwise stands for itself here.
                '\'' | '"' | '\\' => line.push(c),
                c => line.extend(c.escape_debug()),
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
        let cases: [(&[u8], &str); 6] = [
            (b"it's \"so\\\"", "it's \"so\\\""),
            ("a\u{202e}b\u{2028}".as_bytes(), "a\\u{202e}b\\u{2028}"),
            (b"joe", "joe"),
            ("jö e".as_bytes(), "jö e"),
            (b"a\n\0\x1b[m\x7f", "a\\n\\0\\u{1b}[m\\u{7f}"),
            (b"a\xff\xc2\x85b", "a\\xff\\u{85}b"),
        ];
        for (text, wanted) in cases {
            assert_eq!(plain(text), wanted, "{}", text.escape_ascii());
        }
    }
}
