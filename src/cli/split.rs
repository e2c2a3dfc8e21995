//! `--exec`: one string becomes a program and its arguments, without a shell.
//!
//! White space separates words. A backslash makes the next byte an ordinary one, white space and
//! backslashes included; at the very end it means nothing. There are no quotes.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The words of a command.
pub(super) fn words(command: &OsStr) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = command.as_bytes().iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            // What isspace(3) takes for white space; Rust leaves out the vertical tab.
            b' ' | b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r' => words.extend(word.take()),
            byte => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words.into_iter().map(OsString::from_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_white_space_that_is_not_escaped() {
        let cases: &[(&str, &[&str])] = &[
            ("ncat -l -k", &["ncat", "-l", "-k"]),
            ("ncat localhost 793", &["ncat", "localhost", "793"]),
            (
                "./ncat scanme.nmap.org 80",
                &["./ncat", "scanme.nmap.org", "80"],
            ),
            (
                r"t\ p\ s hello world how are you?",
                &["t p s", "hello", "world", "how", "are", "you?"],
            ),
            (
                r"t\ p\ s hello world how\ are you?",
                &["t p s", "hello", "world", "how are", "you?"],
            ),
            (r"ncat\", &["ncat"]),
            (r"a\nb", &["anb"]),
            (" ncat a ", &["ncat", "a"]),
            (r"\ncat \a", &["ncat", "a"]),
            (r"ncat\\ a", &[r"ncat\", "a"]),
            (r"ncat\ \", &["ncat "]),
            ("", &[]),
            (" \t\n", &[]),
            (
                r#"/bin/sh -c "echo hi""#,
                &["/bin/sh", "-c", "\"echo", "hi\""],
            ),
            (r"a\\\ b", &[r"a\ b"]),
            ("a\\\nb", &["a\nb"]),
            // The reference swallows white space behind an escape; these are what it means to do.
            (r"a\b c", &["ab", "c"]),
            (r"a\  b", &["a ", "b"]),
            (r"a\x  b", &["ax", "b"]),
            (r"a \  b", &["a", " ", "b"]),
        ];
        for (command, wanted) in cases {
            assert_eq!(words(OsStr::new(command)), *wanted, "words of {command:?}");
        }
    }
}
