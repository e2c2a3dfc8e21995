//! Whose letters the options are: ours and the reference's, or those of OpenBSD's netcat.
//!
//! The name that we are called by decides, and the very first argument can say otherwise. It must be the
//! first, for the letters mean different things, and what stands before it would have been read already.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::UsageError;
use super::words::{meaning, names};

/// Whose command line it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Nmap's ncat.
    #[default]
    Nmap,
    /// OpenBSD's nc, as Debian has it.
    Openbsd,
}

const DIALECTS: [(&str, Dialect); 2] = [("nmap", Dialect::Nmap), ("openbsd", Dialect::Openbsd)];

/// What `--compat` may be.
const NAMES: [&str; 2] = names(&DIALECTS);

/// Whose command line it is, and its arguments.
pub(super) fn choose(
    argv0: &OsStr,
    args: impl IntoIterator<Item = OsString>,
) -> Result<(Dialect, Vec<OsString>), UsageError> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let first = args.first().and_then(|arg| arg.to_str());
    let (word, used) = match first.and_then(|arg| arg.strip_prefix("--compat")) {
        Some("") => (args.get(1).map(|word| word.to_string_lossy()), 2),
        Some(rest) => match rest.strip_prefix('=') {
            Some(word) => (Some(word.into()), 1),
            None => return Ok((named(argv0), args)), // another option, which is not known
        },
        None => return Ok((named(argv0), args)),
    };
    let dialect = meaning(&DIALECTS, word.as_deref().unwrap_or_default());
    let dialect = dialect.ok_or_else(|| {
        let names = NAMES.join(" or ");
        UsageError::quitting(format!("--compat must be {names}."))
    })?;
    args.drain(..used);
    Ok((dialect, args))
}

/// What the name of the program asks for: `nc`, `nc.anything` and `netcat` are OpenBSD's.
fn named(argv0: &OsStr) -> Dialect {
    let name = Path::new(argv0).file_name().unwrap_or(argv0);
    let name = name.to_string_lossy();
    match name.split('.').next() {
        Some("nc" | "netcat") => Dialect::Openbsd,
        Some(_) | None => Dialect::Nmap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_unless_the_first_argument_does() {
        let cases: [(&str, &[&str], Dialect, &[&str]); 11] = [
            ("ncat", &["-l", "1"], Dialect::Nmap, &["-l", "1"]),
            ("/usr/bin/nc", &["-l"], Dialect::Openbsd, &["-l"]),
            ("nc.openbsd", &[], Dialect::Openbsd, &[]),
            ("netcat", &[], Dialect::Openbsd, &[]),
            ("ncat.old", &[], Dialect::Nmap, &[]),
            ("ncx", &[], Dialect::Nmap, &[]),
            ("", &[], Dialect::Nmap, &[]),
            ("nc", &["--compat", "nmap", "-z"], Dialect::Nmap, &["-z"]),
            ("ncat", &["--compat=openbsd", "a"], Dialect::Openbsd, &["a"]),
            (
                "ncat",
                &["a", "--compat"],
                Dialect::Nmap,
                &["a", "--compat"],
            ),
            ("nc", &["--compatible"], Dialect::Openbsd, &["--compatible"]),
        ];
        for (name, args, dialect, rest) in cases {
            let args = args.iter().map(OsString::from);
            let (found, left) = choose(name.as_ref(), args).expect("a good choice");
            assert_eq!(found, dialect, "{name}");
            assert_eq!(left, rest, "{name}: what is left");
        }
    }

    #[test]
    fn nobody_else_s_letters_are_known() {
        for args in [&["--compat"][..], &["--compat", "gnu"], &["--compat="]] {
            let args = args.iter().map(OsString::from);
            let error = choose("ncat".as_ref(), args).expect_err("no such netcat");
            let wanted = "Ncat: --compat must be nmap or openbsd. QUITTING.";
            assert_eq!(error.lines, [wanted]);
        }
    }
}
