//! The one place that talks to the interpreter.

use mlua::{Function, Lua, LuaOptions, StdLib};

use super::{Pace, not_loaded};
use crate::net::sys;

/// glibc sends what stands in a stdout of lines when it has to wait for a stdin of lines. With another C
/// library a prompt waits for its line to end, unless the script flushes.
const LINES: &str = "io.stdin:setvbuf('line') io.stdout:setvbuf('line')";

/// Sees whether the script is Lua, in an interpreter without libraries; nothing of it runs.
///
/// # Errors
/// The sentence that says what is wrong with it.
pub fn check(name: &str, text: &[u8]) -> Result<(), String> {
    let lua = Lua::new_with(StdLib::NONE, LuaOptions::default()).map_err(|e| loading(&e))?;
    load(&lua, name, text).map(drop)
}

/// Runs the script to its end on our stdin and stdout.
///
/// # Errors
/// The sentence that says what was wrong with it, and where it was.
pub fn run(name: &str, text: &[u8], pace: Pace) -> Result<(), String> {
    let lua = sys::lua();
    if pace == Pace::Lines {
        lua.load(LINES).exec().map_err(|e| running(&e))?;
    }
    let main = load(&lua, name, text)?;
    main.call::<()>(()).map_err(|e| running(&e))
}

fn load(lua: &Lua, name: &str, text: &[u8]) -> Result<Function, String> {
    let chunk = lua.load(code(text)).set_name(format!("@{name}"));
    chunk.into_function().map_err(|e| loading(&e))
}

/// The text without what only editors and shells want to see: a mark of its encoding, and a first
/// line that begins with `#`. The end of that line stays, so that all others keep their numbers.
fn code(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if !text.starts_with(b"#") {
        return text;
    }
    let end = text.iter().position(|&byte| byte == b'\n');
    &text[end.unwrap_or(text.len())..]
}

fn loading(error: &mlua::Error) -> String {
    not_loaded(&words(error))
}

fn running(error: &mlua::Error) -> String {
    format!("Error running the Lua script: {}.", words(error))
}

/// Lua's own words.
fn words(error: &mlua::Error) -> String {
    match error {
        mlua::Error::SyntaxError { message, .. } | mlua::Error::MemoryError(message) => {
            message.clone()
        }
        mlua::Error::RuntimeError(message) => without_first_frame(message),
        other => other.to_string(),
    }
}

/// The traceback begins with whoever took it, under one name or another; that is not of the script.
fn without_first_frame(message: &str) -> String {
    const TITLE: &str = "\nstack traceback:\n\t";
    let parts = message
        .rsplit_once(TITLE)
        .and_then(|(before, frames)| Some((before, frames.split_once("\n\t")?.1)));
    parts.map_or(message.into(), |(before, frames)| {
        format!("{before}{TITLE}{frames}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_may_be_for_a_shell_and_the_rest_keeps_its_numbers() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"x = 1", b"x = 1"),
            (b"#!/usr/bin/lua\nx", b"\nx"),
            (b"\xef\xbb\xbf# a\r\nx", b"\nx"),
            (b"\xef\xbb\xbfx", b"x"),
            (b"#", b""),
            (b"", b""),
        ];
        for (text, wanted) in cases {
            assert_eq!(code(text), wanted, "the code of {text:?}");
        }
    }

    #[test]
    fn a_script_is_checked_without_being_run() {
        let endless = check("endless.lua", b"while true do end");
        assert_eq!(endless, Ok(()), "a script that would never end");
        let wrong = check("dir/wrong.lua", b"#!\nlocal x =\n");
        assert_eq!(
            wrong,
            Err(
                "Error loading the Lua script: dir/wrong.lua:3: unexpected symbol near <eof>."
                    .into()
            ),
            "a script that is none"
        );
    }
}
