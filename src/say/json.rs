//! One object of JSON in one line (RFC 8259): the little of it that facts need.
//!
//! Promise: whatever a field holds, the line is an object, and its only line feed is its last character.

use super::fact::Value;

/// An object that is being written.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self("{".into())
    }

    /// The same with one more field.
    pub(super) fn text(mut self, name: &str, words: &str) -> Self {
        self.name(name);
        quote(words, &mut self.0);
        self
    }

    /// The same with one more field.
    pub(super) fn value(mut self, name: &str, value: &Value) -> Self {
        match value {
            Value::Text(words) => return self.text(name, words),
            Value::Number(number) => {
                self.name(name);
                self.0 += &number.to_string();
            }
            // Microseconds are enough; and no number of JSON is endless.
            Value::Seconds(seconds) => {
                self.name(name);
                let seconds = if seconds.is_finite() { *seconds } else { 0.0 };
                self.0 += &format!("{seconds:.6}");
            }
        }
        self
    }

    /// The finished line.
    pub(super) fn line(mut self) -> String {
        self.0 += "}\n";
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        quote(name, &mut self.0);
        self.0.push(':');
    }
}

/// Control characters are escaped, and so is what some readers take for the end of a line.
fn quote(words: &str, out: &mut String) {
    out.push('"');
    for c in words.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{2028}' | '\u{2029}' => escape(c, out),
            c if c.is_control() => escape(c, out),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// All of these are in the first plane, so one unit of UTF-16 is enough.
fn escape(c: char, out: &mut String) {
    *out += &format!("\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn whatever_a_field_holds_comes_back_from_a_strict_reader() {
        let every = (0..=0x2_1000u32)
            .filter_map(char::from_u32)
            .collect::<String>();
        let cases = [
            "",
            "plain",
            "\"\\/\u{8}\u{c}\n\r\t\0\u{1b}[31m",
            "é \u{2028}\u{2029}\u{85}\u{feff}\u{fffd} 😀",
            "{\"event\":\"forged\"}\n{}",
            &every,
        ];
        for words in cases {
            let line = Object::new()
                .text("text", words)
                .value("n", &Value::Number(u64::MAX))
                .value("s", &Value::Seconds(1.5))
                .value("endless", &Value::Seconds(f64::INFINITY))
                .line();
            let body = line.strip_suffix('\n').expect("a line ends");
            assert!(
                !body.contains(char::is_control),
                "a control character stands in {body:?}"
            );
            let read: BTreeMap<String, serde_json::Value> =
                serde_json::from_str(body).expect("an object of JSON");
            assert_eq!(read["text"], words, "what was said");
            assert_eq!(read["n"], u64::MAX, "the greatest number");
            assert_eq!(read["s"], 1.5, "a time");
            assert_eq!(read["endless"], 0.0, "no time at all");
        }
    }
}
