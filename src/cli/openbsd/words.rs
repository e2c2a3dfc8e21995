//! What OpenBSD's netcat says of its letters, and of mistakes in them.

use crate::cli::compat::Dialect;
use crate::cli::{UsageError, flags};

/// The whole text of `-h`.
pub(super) fn help() -> String {
    let line = |flag: &flags::Flag| {
        let letter = flag.short.unwrap_or_default();
        let value = flag.value().map(|value| format!(" {value}"));
        let names = format!("-{letter}{}", value.unwrap_or_default());
        format!("  {names:15}  {}\n", flag.help)
    };
    let lines: String = flags::of(Dialect::Openbsd).map(line).collect();
    format!("{TITLE}\n{}\n{lines}\n{MORE}", FORMS.join("\n"))
}

/// Scripts that want to know whose `nc` it is look for the first two words.
const TITLE: &str = concat!(
    "OpenBSD netcat, as ncat ",
    env!("CARGO_PKG_VERSION"),
    " plays it"
);

const FORMS: [&str; 3] = [
    "usage: nc [options] host port           connect",
    "       nc -l [options] [address] port   listen",
    "       nc -z [options] host ports       see which ports (20-25 80) answer",
];

const MORE: &str = "\
These are the options of OpenBSD's netcat, for we were called as nc. As ncat, or
with --compat nmap as the first argument, we have many more.
";

/// Nothing that can be understood.
pub(super) fn usage() -> UsageError {
    UsageError {
        hint: None,
        lines: FORMS.map(String::from).into(),
        status: 1,
    }
}

/// What is said of names that do not resolve is what scripts look for: the first of the ports with it, if it
/// is a peer's.
pub(super) fn unresolved(mut error: UsageError, ports: Option<&str>) -> UsageError {
    for line in &mut error.lines {
        let said = line.strip_prefix("Ncat: ").unwrap_or(line);
        let peer = said.strip_prefix("Could not resolve hostname ");
        let own = || said.strip_prefix("Could not resolve source address ");
        let Some((host, why)) = peer.or_else(own).and_then(|rest| rest.rsplit_once(": ")) else {
            continue;
        };
        let why = why.strip_suffix(" QUITTING.").unwrap_or(why);
        let why = why.strip_suffix('.').unwrap_or(why);
        let port = ports.filter(|_| peer.is_some());
        let port = port.and_then(|ports| ports.split([',', '-']).next());
        *line = match port {
            Some(port) => format!("Ncat: getaddrinfo for host {host} port {port}: {why}"),
            None => format!("Ncat: getaddrinfo: {why}"),
        };
    }
    error
}

/// A mistake as it says it.
pub(super) fn in_its_words(error: UsageError) -> UsageError {
    let mut lines = Vec::new();
    for line in error.lines {
        match line.strip_prefix("Ncat: ") {
            Some(line) if line.starts_with("Try `--help'") => {
                lines.extend(FORMS.map(String::from));
            }
            Some(line) => {
                let line = line.strip_suffix(" QUITTING.").unwrap_or(line);
                lines.push(format!("nc: {line}"));
            }
            None => lines.push(line),
        }
    }
    UsageError {
        lines,
        status: 1,
        hint: None,
    }
}
