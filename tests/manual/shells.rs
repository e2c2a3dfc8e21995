//! Completions, asked for by the shells they are for.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::common::{Program, Scene, Told, directory, told};
use crate::{is_missing, ncat};

/// A command line up to where Tab is pressed, and what must be among the offers, and what must not.
type Case = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (&["--no-s"], &["--no-shutdown"], &["--nodns"]),
    (&["--max-"], &["--max-conns", "--max-queue"], &["--udp"]),
    (&["--generate", "complete-"], &["complete-bash"], &["man"]),
    (&["-l", "--generate", ""], &["man", "readme-options"], &[]),
    (&["-o", "fi"], &["file"], &["other"]),
    (&["-lvo", "fi"], &["file"], &["other"]),
    (&["--hex-dump", "ot"], &["other"], &["file"]),
    (&["-e", "fi"], &["file"], &[]),
    (&["-U", "fi"], &["file"], &[]),
    (&["-lU", "fi"], &["file"], &[]),
    (&["--unixsock", "-v", "fi"], &["file"], &[]),
    // What nobody can know, and what a host is not.
    (&["-w", "fi"], &[], &["file"]),
    (&["--max-conns", ""], &[], &["file", "other"]),
    (&["fi"], &[], &["file"]),
    (&["--lua-exec-int"], &[], &["--lua-exec-internal"]),
];

/// Completions that some builds do without.
#[cfg(feature = "proxy")]
const OF_PROXIES: &[Case] = &[
    (
        &["-l", "--proxy-type", ""],
        &["http", "socks4", "socks5"],
        &["file"],
    ),
    (&["--proxy-dns", "re"], &["remote"], &["local"]),
];
#[cfg(not(feature = "proxy"))]
const OF_PROXIES: &[Case] = &[(&["--proxy-t"], &[], &["--proxy-type"])];

/// A place with two files, and the completion for one shell beside it.
struct Place {
    files: TempDir,
    home: TempDir,
    completion: PathBuf,
}

impl Place {
    fn of(text: &str) -> Told<Self> {
        let (files, home) = (directory()?, directory()?);
        for name in ["file", "other"] {
            told(fs::write(files.path().join(name), ""))?;
        }
        let completion = home.path().join(text);
        told(fs::write(&completion, ncat(&["--generate", text])?.stdout))?;
        Ok(Self {
            files,
            home,
            completion,
        })
    }

    /// What a shell says to a script, which finds the completion in `$completion`.
    fn ask(&self, shell: &str, options: &[&str], script: &str) -> Told<Vec<String>> {
        let words = options.iter().copied().chain(["-c", script]);
        let place = self.files.path().display().to_string();
        let program = Program::at(shell, words)
            .through(&["env", "-C", &place])
            .env("HOME", self.home.path())
            .env("completion", &self.completion);
        let outcome = Scene::of(program)?.outcome()?;
        if (outcome.code, outcome.stderr.as_str()) != (0, "") {
            return Err(format!("{shell} at `{script}`: {outcome:?}"));
        }
        let said = String::from_utf8_lossy(&outcome.stdout);
        Ok(said.lines().map(str::to_owned).collect())
    }
}

fn fits(shell: &str, case: &Case, offers: &[String]) -> Told {
    let (typed, wanted, unwanted) = case;
    let offered = |word: &&&str| offers.iter().any(|offer| offer == **word);
    let lacks = wanted.iter().find(|word| !offered(word));
    let wrong = unwanted.iter().find(offered);
    match (lacks, wrong) {
        (None, None) => Ok(()),
        _ => Err(format!(
            "{shell} at `ncat {typed:?}` lacks {lacks:?}, or has {wrong:?}: {offers:?}"
        )),
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(OF_PROXIES)
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    words.join(" ")
}

#[test]
fn bash_completes_what_there_is() -> Told {
    if is_missing("/bin/bash") {
        return Ok(());
    }
    let place = Place::of("complete-bash")?;
    let ask = |words: &str| {
        // How to show an offer can be said only while somebody types.
        let script = format!(
            "compopt() {{ :; }}; source \"$completion\"; COMP_WORDS=(ncat {words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _ncat; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        place.ask("/bin/bash", &["--norc"], &script)
    };
    for case in cases() {
        fits("bash", case, &ask(&quoted(case.0))?)?;
    }
    // Here a sign is a word of its own.
    let glued: [Case; 2] = [
        (&["--generate", "=", "m"], &["man"], &["complete-bash"]),
        (&["--output", "="], &["file", "other"], &[]),
    ];
    for case in &glued {
        fits("bash", case, &ask(&quoted(case.0))?)?;
    }
    Ok(())
}

#[test]
fn fish_completes_what_there_is() -> Told {
    if is_missing("/usr/bin/fish") {
        return Ok(());
    }
    let place = Place::of("complete-fish")?;
    for case in cases() {
        let line = case.0.join(" ");
        let script = format!("source $completion; complete -C 'ncat {line}'");
        let said = place.ask("/usr/bin/fish", &["--no-config"], &script)?;
        let offers = said.iter().map(|line| line.split('\t').next());
        let offers: Vec<String> = offers.flatten().map(str::to_owned).collect();
        fits("fish", case, &offers)?;
    }
    Ok(())
}

#[test]
fn zsh_reads_a_line_for_each_option() -> Told {
    if is_missing("/usr/bin/zsh") {
        return Ok(());
    }
    let place = Place::of("complete-zsh")?;
    place.ask("/usr/bin/zsh", &["-f"], "zsh -f -n \"$completion\"")?;
    // What completes asks for somebody at a terminal; but what it would be told can be seen.
    let script = "_arguments() { print -rl -- \"$@\" }; source \"$completion\"";
    let said = place.ask("/usr/bin/zsh", &["-f"], script)?;
    let lines = [
        "*-l[Wait for peers instead of reaching for one]",
        "*--listen[Wait for peers instead of reaching for one]",
        "*-o+[Copy what passes into a file]:file:_files",
        "*--output=[Copy what passes into a file]:file:_files",
        "*-i+[Quit when nothing passes for so long]:time: ",
        "*--generate=[Print the manual or a completion and quit]:what:\
         (man complete-bash complete-zsh complete-fish readme-options)",
        "*:operand:_ncat_operand",
    ];
    for line in lines {
        if !said.iter().any(|said| said == line) {
            return Err(format!("zsh is not told `{line}`, but {said:#?}"));
        }
    }
    Ok(())
}
