//! The completion for bash. Needs no other package there.

use super::wants::{Wants, letters, names, offered, wants};
use crate::cli::flags::Flag;

/// What `--generate complete-bash` prints.
pub(super) fn text() -> String {
    TEMPLATE
        .replace("{switches}", &letters(false))
        .replace("{valued}", &letters(true))
        .replace("{values}", &values())
        .replace("{options}", &options())
}

/// bash cuts `--name=value` into three words, and knows nothing of `-vo file`.
const TEMPLATE: &str = r#"# bash completion for ncat, made by `ncat --generate complete-bash`.

_ncat() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} other
    COMPREPLY=()
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $before =~ ^-[{switches}]*([{valued}])$ ]]; then
        before=-${BASH_REMATCH[1]}
    fi
    case $before in
{values}    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{options}' -- "$word")
        return
    fi
    for other in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ $other == --unixsock || $other =~ ^-[{switches}]*U ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
        fi
    done
    mapfile -t COMPREPLY < <(compgen -A hostname -- "$word")
}

complete -F _ncat ncat
"#;

fn options() -> String {
    let all: Vec<String> = offered().flat_map(names).collect();
    all.join(" ")
}

/// A branch for each option that takes a value.
fn values() -> String {
    offered().filter_map(branch).collect()
}

fn branch(flag: &Flag) -> Option<String> {
    let offer = match wants(flag) {
        Wants::Nothing => return None,
        Wants::File => reply("compopt -o filenames; ", "-f"),
        Wants::Command => reply("", "-A command"),
        Wants::Words(words) => reply("", &format!("-W '{}'", words.join(" "))),
        Wants::Anything => String::new(),
    };
    let names = names(flag).join(" | ");
    Some(format!("        {names}) {offer}return ;;\n"))
}

fn reply(before: &str, what: &str) -> String {
    format!("{before}mapfile -t COMPREPLY < <(compgen {what} -- \"$word\"); ")
}
