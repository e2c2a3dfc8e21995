//! A request in words for a log: one line, and nothing in it that a terminal would obey.

use crate::wire::proxy::words::plain;

/// How much of an address, or of what should have been a request, is shown.
const SHOWN_MAX: usize = 200;
/// How much of a method is shown, and how many letters of a user's name.
const NAME_MAX: usize = 64;

/// `GET http://host/path`, with ` as user` behind it if the client has said who it is.
pub(super) fn of_request(method: &str, uri: &str, user: Option<&str>) -> String {
    let words = format!(
        "{} {}",
        shown(method.as_bytes(), NAME_MAX),
        shown(uri.as_bytes(), SHOWN_MAX)
    );
    match user {
        Some(user) => format!("{words} as {}", name(user)),
        None => words,
    }
}

/// What could be read of a line that is no request.
pub(super) fn of_line(line: &[u8]) -> String {
    shown(line, SHOWN_MAX)
}

fn shown(bytes: &[u8], most: usize) -> String {
    let more = if bytes.len() > most { "..." } else { "" };
    let bytes = &bytes[..bytes.len().min(most)];
    format!("{}{more}", bytes.escape_ascii())
}

/// As the other proxies show it, too: in letters that can be read.
fn name(user: &str) -> String {
    let line = plain(user.as_bytes());
    match line.char_indices().nth(NAME_MAX) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_short_and_plain() {
        let cases = [
            ("http://h/a?b", None, "GET http://h/a?b"),
            ("http://h/\u{1b}[2J", None, "GET http://h/\\x1b[2J"),
            ("http://bü/", Some("me"), "GET http://b\\xc3\\xbc/ as me"),
            ("h", Some("a\nb"), "GET h as a\\nb"),
            ("h", Some("b\u{fc}\\"), "GET h as b\u{fc}\\"),
        ];
        for (uri, user, wanted) in cases {
            assert_eq!(of_request("GET", uri, user), wanted);
        }
        let long = of_request("GET", &"x".repeat(SHOWN_MAX + 1), None);
        assert_eq!(long, format!("GET {}...", "x".repeat(SHOWN_MAX)));
        let user = "\u{fc}".repeat(NAME_MAX);
        let words = of_request("GET", "h", Some(&format!("{user}x")));
        assert_eq!(words, format!("GET h as {user}..."));
        assert_eq!(of_line(b"\xff\0"), "\\xff\\x00");
    }
}
