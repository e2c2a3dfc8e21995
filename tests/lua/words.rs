//! What is said of scripts that cannot be run, and of command lines that would run them wrongly.

use std::fs;

use crate::common::scene::Outcome;
use crate::common::{Program, Scene, Told, told};
use crate::{Script, heard, server};

const REFERENCE: &str = "/usr/bin/ncat";

/// Plays a command line to its end, here and with the reference if it is installed.
fn both(words: &[&str]) -> Told<Vec<(&'static str, Outcome)>> {
    let ours = Scene::of(Program::ncat(words))?.outcome()?;
    let mut all = vec![("ours", ours)];
    if fs::exists(REFERENCE).unwrap_or(false) {
        let theirs = Scene::of(Program::at(REFERENCE, words))?.outcome()?;
        all.push(("the reference", theirs));
    } else {
        println!("SKIPPED: the reference is not installed");
    }
    Ok(all)
}

fn says(words: &[&str], status: i32, stderr: &str) -> Told {
    for (whose, outcome) in both(words)? {
        if (outcome.code, outcome.stderr.as_str()) != (status, stderr) {
            return Err(format!("`ncat {words:?}`, {whose}: {outcome:?}"));
        }
    }
    Ok(())
}

#[test]
fn a_script_that_cannot_be_loaded_stops_us_before_we_listen() -> Told {
    let script = Script::new("print('x'\nlocal y =\n")?;
    let missing = script.dir().join("missing.lua").display().to_string();
    let directory = script.dir().display().to_string();
    let (wrong, place) = (script.word(), ["127.0.0.1", "0"]);
    let cases = [
        ("", "cannot open : No such file or directory".into()),
        (
            missing.as_str(),
            format!("cannot open {missing}: No such file or directory"),
        ),
        (
            directory.as_str(),
            format!("cannot read {directory}: Is a directory"),
        ),
        (
            wrong,
            format!("{wrong}:2: ')' expected (to close '(' at line 1) near 'local'"),
        ),
    ];
    for (file, why) in cases {
        let stderr = format!("Ncat: Error loading the Lua script: {why}. QUITTING.\n");
        says(&["-l", "--lua-exec", file, place[0], place[1]], 2, &stderr)?;
    }
    Ok(())
}

#[test]
fn what_does_not_go_with_a_script_is_said_in_the_references_words() -> Told {
    let script = Script::new("print('x')")?;
    let file = script.word();
    let missing = "Error loading the Lua script: cannot open /missing: No such file or directory.";
    let cases: [(&[&str], &str); 7] = [
        (
            &["--lua-exec", "/missing"],
            "You must specify a host to connect to.",
        ),
        (
            &["--lua-exec", "/missing", "no..such"],
            "Could not resolve hostname \"no..such\": Name or service not known.",
        ),
        (&["--lua-exec", "/missing", "-m", "3", "127.0.0.1"], missing),
        (
            &["--lua-exec", file, "-m", "3", "127.0.0.1"],
            "Invalid option combination: `--max-conns' with connect.",
        ),
        (
            &["--lua-exec", "/missing", "-z", "127.0.0.1"],
            "Command execution can't be done along with option -z.",
        ),
        (
            &["--lua-exec", file, "--broker"],
            "Invalid option combination: --broker and -e.",
        ),
        (
            &["--lua-exec", file, "-e", "/bin/true", "127.0.0.1"],
            "Only one of --exec, --sh-exec, and --lua-exec is allowed.",
        ),
    ];
    for (words, sentence) in cases {
        says(words, 2, &format!("Ncat: {sentence} QUITTING.\n"))?;
    }
    Ok(())
}

#[test]
fn a_script_that_fails_says_where_and_ends_its_connection_only() -> Told {
    let script = Script::new("local function f() error('boom') end\nprint('before')\nf()\n")?;
    let (mut scene, place) = server(&[], script.word())?;
    let got = heard(&mut scene, &place, b"")?;
    let outcome = scene.ends_with(0)?;
    let at = script.word();
    let wanted = format!(
        "Ncat: Error running the Lua script: {at}:1: boom\nstack traceback:\n\t[C]: in function \
         'error'\n\t{at}:1: in local 'f'\n\t{at}:3: in main chunk. QUITTING.\n"
    );
    if got != b"before\n" || !outcome.stderr.contains(&wanted) {
        return Err(format!("the peer hears {got:?}; {outcome:?}"));
    }
    Ok(())
}

#[test]
fn whatever_is_thrown_is_told_with_the_place() -> Told {
    let cases = [
        ("error(42)", "42"),
        ("error()", "nil"),
        (
            "error(setmetatable({}, {__tostring = function() return 'an object' end}))",
            "an object",
        ),
        ("error('no place', 0)", "no place"),
        (
            "error('a\\nstack traceback:\\n\\tb', 0)",
            "a\nstack traceback:\n\tb",
        ),
    ];
    for (text, words) in cases {
        let script = Script::new(text)?;
        let at = script.word();
        let outcome = Scene::of(Program::ncat(["--lua-exec-internal", at]))?.ends_with(2)?;
        let wanted = format!(
            "Ncat: Error running the Lua script: {words}\nstack traceback:\n\t[C]: in function \
             'error'\n\t{at}:1: in main chunk. QUITTING.\n"
        );
        if outcome.stderr != wanted {
            return Err(format!("{text}: {:?}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn the_status_of_a_script_is_nobodys_but_its_own() -> Told {
    for text in [
        "os.exit(3)",
        "os.exit(3, true)",
        "print('x') os.exit(false)",
    ] {
        let script = Script::new(text)?;
        let (mut scene, place) = server(&[], script.word())?;
        heard(&mut scene, &place, b"")?;
        scene.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_script_can_be_run_by_hand_on_stdin_and_stdout() -> Told {
    let script = Script::new("print(io.read('a')) os.exit(3)")?;
    let first = ["--lua-exec-internal", script.word()];
    let input = script.dir().join("input");
    told(fs::write(&input, "hello"))?;
    let program = Program::ncat(first).stdin(crate::common::In::File(input));
    let outcome = Scene::of(program)?.ends_with(3)?;
    if outcome.stdout != b"hello\n" {
        return Err(format!("it says {outcome:?}"));
    }
    for words in [
        &["-v"][..],
        &["127.0.0.1"],
        &["7", "8"],
        &["--lua-exec-internal", "x"],
    ] {
        let all = first.iter().chain(words);
        let outcome = Scene::of(Program::ncat(all))?.ends_with(2)?;
        let wanted = "Ncat: --lua-exec-internal must be the only option. QUITTING.\n";
        if outcome.stderr != wanted {
            return Err(format!("with {words:?}: {:?}", outcome.stderr));
        }
    }
    Ok(())
}
