//! What a plan wants to be run for each peer, as the machinery starts it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use super::script::{Kept, OURSELVES};
use super::target::carriage;
use crate::cli::plan::{Command, Plan};
use crate::net::Program;
use crate::net::sockopt::{Carriage, SoftLimit};

const SHELL: &str = "/bin/sh";

/// A shell between us and the command's. Some commands tell their peers apart by `$PPID`; a command
/// that we start ourselves would find the same number there for each of them.
const BETWEEN: &str = "/bin/sh -c \"$0\"; exit $?";

/// The program for each peer, if there is to be one.
pub(super) fn program(
    plan: &Plan,
    script: Option<&Kept>,
    descriptors: SoftLimit,
    private: Vec<&'static str>,
) -> Option<Program> {
    let (argv, path) = match plan.command.as_ref()? {
        Command::Program(words) => (words.clone(), None),
        Command::Shell(line) => (shell(line), None),
        Command::Lua(file) => (script?.argv(file), Some(OURSELVES.into())),
    };
    Some(Program {
        argv,
        path,
        protocol: match carriage(&plan.role) {
            Carriage::Datagram => "UDP",
            Carriage::Sctp => "SCTP",
            Carriage::Stream => "TCP",
        },
        descriptors,
        private,
        kill_after: plan.kill_after,
    })
}

fn shell(line: &OsString) -> Vec<OsString> {
    let asks_for_parent = line.as_bytes().windows(4).any(|word| word == b"PPID");
    let mut argv: Vec<OsString> = vec![SHELL.into(), "-c".into()];
    if asks_for_parent {
        argv.push(BETWEEN.into());
    }
    argv.push(line.clone());
    argv
}
