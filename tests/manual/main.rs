//! What `--generate` prints, read by those it is for: programs that show manuals, and shells. Whoever is not
//! installed is left out, and that is said.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "manual")]
mod pages;
#[cfg(feature = "manual")]
mod shells;

use common::scene::Outcome;
use common::{Program, Scene, Told};

/// Plays a command line of ours to its end.
fn ncat(words: &[&str]) -> Told<Outcome> {
    Scene::of(Program::ncat(words))?.outcome()
}

/// Whether a program is to be done without.
#[cfg(feature = "manual")]
fn is_missing(program: &str) -> bool {
    let missing = !std::path::Path::new(program).exists();
    if missing {
        println!("SKIPPED: nothing is shown to {program}, for it is not installed");
    }
    missing
}

/// Whether a command line ended like that.
fn ended(words: &[&str], status: i32, stderr: &str) -> Told {
    let outcome = ncat(words)?;
    let same = (outcome.code, outcome.stderr.as_str()) == (status, stderr);
    match same && outcome.stdout.is_empty() {
        true => Ok(()),
        false => Err(format!("`ncat {words:?}`: {outcome:?}")),
    }
}

#[cfg(feature = "manual")]
#[test]
fn a_text_that_there_is_not_is_wrong_usage() -> Told {
    let known = "man, complete-bash, complete-zsh, complete-fish, readme-options";
    for word in ["", "men", "complete", "MAN"] {
        let why =
            format!("Ncat: Invalid --generate \"{word}\" (must be one of {known}). QUITTING.\n");
        ended(&["--generate", word], 2, &why)?;
    }
    Ok(())
}

#[cfg(not(feature = "manual"))]
#[test]
fn a_build_without_the_manual_says_so() -> Told {
    let why = "Ncat: --generate is not supported by this build. QUITTING.\n";
    ended(&["--generate", "man"], 2, why)?;
    ended(&["--generate", "nothing"], 2, why)
}
