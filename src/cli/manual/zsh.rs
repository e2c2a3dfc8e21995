//! The completion for zsh.

use super::wants::{Wants, letters, names, offered, wants};
use crate::cli::flags::Flag;

/// What `--generate complete-zsh` prints.
pub(super) fn text() -> String {
    let specs: String = offered().flat_map(specs).collect();
    TEMPLATE
        .replace("{switches}", &letters(false))
        .replace("{specs}", &specs)
}

const TEMPLATE: &str = r#"#compdef ncat
# zsh completion for ncat, made by `ncat --generate complete-zsh`.

_ncat_operand() {
    if [[ -n ${words[(r)(--unixsock|-[{switches}]#U*)]} ]]; then
        _files
    elif [[ -z ${words[(r)(--listen|-[{switches}]#l*)]} ]]; then
        _hosts
    fi
}

_ncat() {
    setopt local_options extended_glob
    _arguments -s -S \
{specs}        '*:operand:_ncat_operand'
}

_ncat "$@"
"#;

/// A line for each name; all may be given again.
fn specs(flag: &Flag) -> Vec<String> {
    let help = escaped(flag.help);
    let value = flag.value().map(escaped).unwrap_or_default();
    let offer = match wants(flag) {
        Wants::Nothing => String::new(),
        Wants::File => format!(":{value}:_files"),
        Wants::Command => format!(":{value}:_command_names -e"),
        Wants::Words(words) => format!(":{value}:({})", words.join(" ")),
        Wants::Anything => format!(":{value}: "),
    };
    // The value of a letter may stand in its word or in the next, that of a name behind a sign or there.
    let glue = |name: &str| match (wants(flag), name.starts_with("--")) {
        (Wants::Nothing, _) => "",
        (_, true) => "=",
        (_, false) => "+",
    };
    let spec = |name: String| format!("        '*{name}{}[{help}]{offer}' \\\n", glue(&name));
    names(flag).into_iter().map(spec).collect()
}

/// What ends a description, or begins something else, in a specification between single quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\'' => escaped.push_str("'\\''"),
            ':' | '[' | ']' | '\\' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}
