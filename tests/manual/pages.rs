//! The texts as a whole, and the manual page as others read it.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;

use ncat::cli::manual::{NAMES, maker};

use crate::common::scene::Outcome;
use crate::common::{Out, Program, Scene, Told, directory, told};
use crate::{is_missing, ncat};

#[test]
fn every_text_is_printed_whole_whatever_stands_behind_it() -> Told {
    for name in NAMES {
        let outcome = ncat(&["-v", "--generate", name, "--bogus"])?;
        let text = maker(name)?();
        let whole = outcome.stdout == text.as_bytes() && text.ends_with('\n');
        if (outcome.code, outcome.stderr.as_str(), whole) != (0, "", true) {
            let Outcome { code, stderr, .. } = outcome;
            return Err(format!(
                "--generate {name}: status {code}, {stderr:?}, whole: {whole}"
            ));
        }
    }
    Ok(())
}

#[test]
fn a_text_that_is_not_written_whole_is_a_failure() -> Told {
    for name in NAMES {
        let full = "Ncat: write: No space left on device (standard output).\n";
        let gone = "Ncat: write: Broken pipe (standard output).\n";
        let cases = [(Out::Full, full), (Out::Given(pipe_to_nobody()?), gone)];
        for (stdout, why) in cases {
            let case = format!("--generate {name} into {stdout:?}");
            let program = Program::ncat(["--generate", name]).stdout(stdout);
            let outcome = Scene::of(program)?.outcome()?;
            if (outcome.code, outcome.stderr.as_str()) != (2, why) {
                return Err(format!("{case}: {outcome:?}"));
            }
        }
    }
    Ok(())
}

/// A pipe whose reader has left.
fn pipe_to_nobody() -> Told<OwnedFd> {
    let (_, into) = told(rustix::pipe::pipe().map_err(Into::into))?;
    Ok(into)
}

#[test]
fn those_who_show_manuals_find_nothing_to_complain_of() -> Told {
    let dir = directory()?;
    let page = dir.path().join("ncat.1");
    told(fs::write(&page, ncat(&["--generate", "man"])?.stdout))?;
    let readers: [(&str, &[&str]); 2] = [
        ("/usr/bin/mandoc", &["-T", "lint"]),
        ("/usr/bin/groff", &["-man", "-ww", "-z", "-Tutf8"]),
    ];
    for (reader, options) in readers {
        if is_missing(reader) {
            continue;
        }
        let words = options.iter().map(OsStr::new).chain([page.as_os_str()]);
        let outcome = Scene::of(Program::at(reader, words))?.outcome()?;
        let said = String::from_utf8_lossy(&outcome.stdout);
        if (outcome.code, &*said, outcome.stderr.as_str()) != (0, "", "") {
            return Err(format!("{reader}: {said}{}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn the_page_shows_what_there_is_to_know() -> Told {
    if is_missing("/usr/bin/mandoc") {
        return Ok(());
    }
    let dir = directory()?;
    let page = dir.path().join("ncat.1");
    told(fs::write(&page, ncat(&["--generate", "man"])?.stdout))?;
    let words = ["-T", "ascii", "-O", "width=200"].map(OsStr::new);
    let words = words.into_iter().chain([page.as_os_str()]);
    let outcome = Scene::of(Program::at("/usr/bin/mandoc", words))?.outcome()?;
    let shown = plain(&outcome.stdout);
    let lines = [
        "NAME",
        "     -l, --listen",
        "     --ssl-pin sha256:hex",
        "           ncat -l 1313 -k -c 'echo \"you are $NCAT_REMOTE_ADDR\"; date'",
        "     NCAT_PROXY_AUTH",
        "     numbers of a chat",
        "LICENCE",
    ];
    for line in lines {
        if !shown.lines().any(|shown| shown.trim() == line.trim()) {
            return Err(format!("no line `{line}` in what mandoc shows"));
        }
    }
    Ok(())
}

/// What is bold or underlined on a terminal is written twice, with a backspace between.
fn plain(text: &[u8]) -> String {
    let mut plain = String::new();
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '\u{8}' => {
                plain.pop();
            }
            _ => plain.push(c),
        }
    }
    plain
}
