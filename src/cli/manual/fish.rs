//! The completion for fish.

use super::wants::{Wants, offered, wants};
use crate::cli::flags::Flag;

/// What `--generate complete-fish` prints.
pub(super) fn text() -> String {
    let rows: String = offered().map(row).collect();
    format!("{HEAD}{rows}")
}

const HEAD: &str = "\
# fish completion for ncat, made by `ncat --generate complete-fish`.

complete -c ncat -f
complete -c ncat -n '__fish_seen_argument -s U -l unixsock' -F
complete -c ncat -n 'not __fish_seen_argument -s U -l unixsock' -a '(__fish_print_hostnames)'
";

fn row(flag: &Flag) -> String {
    let short = flag.short.map(|letter| format!(" -s {letter}"));
    let long = (flag.long.len() > 1).then(|| format!(" -l {}", flag.long));
    let names = [short, long].into_iter().flatten().collect::<String>();
    let value = match wants(flag) {
        Wants::Nothing => String::new(),
        Wants::File => " -r -F".into(),
        Wants::Command => " -x -a '(__fish_complete_command)'".into(),
        Wants::Words(words) => format!(" -x -a '{}'", words.join(" ")),
        Wants::Anything => " -x".into(),
    };
    format!(
        "complete -c ncat{names}{value} -d '{}'\n",
        quoted(flag.help)
    )
}

/// Between single quotes, where only they and backslashes mean something.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
