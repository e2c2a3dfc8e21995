//! Sockets and descriptors that a supervisor has left.

use std::ffi::{OsStr, OsString};

use super::{Fake, place};
use crate::cli::plan::Given;
use crate::cli::{Parsed, parse};

/// Where it listens, or the sentence that says why it does not, and what it has asked for.
fn outcome(line: &str, given: Option<Given>) -> (String, Vec<String>) {
    let mut world = Fake {
        given,
        ..Fake::default()
    };
    let args = line.split_whitespace().map(OsString::from);
    let outcome = match parse(OsStr::new("ncat"), args, &mut world) {
        Ok(Parsed::Run(plan)) => place(&plan),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.lines.join("\n"),
    };
    (outcome, world.asked)
}

#[test]
fn sockets_are_taken_as_they_are() {
    let (listeners, datagrams) = (
        Some(Given::Listeners { sctp: false }),
        Some(Given::Datagrams),
    );
    let connection = Some(Given::Connection { sctp: false });
    let cases = [
        (
            "-l --listen-fds",
            listeners,
            "listen Listeners { sctp: false }",
        ),
        (
            "-lk --listen-fds",
            listeners,
            "listen Listeners { sctp: false }",
        ),
        (
            "--chat --listen-fds",
            listeners,
            "listen Listeners { sctp: false }",
        ),
        ("-lu --listen-fds", datagrams, "listen Datagrams"),
        (
            "-l --listen-fds",
            connection,
            "listen Connection { sctp: false }",
        ),
        (
            "-l --listen-fds",
            None,
            "Ncat: Nobody has left us a socket. QUITTING.",
        ),
        (
            "--listen-fds two",
            listeners,
            "Ncat: --listen-fds is for --listen, --broker and --chat. QUITTING.",
        ),
        (
            "-l --listen-fds",
            datagrams,
            "Ncat: The sockets that we are given take datagrams: --listen-fds needs --udp. QUITTING.",
        ),
        (
            "-lu --listen-fds",
            listeners,
            "Ncat: The sockets that we are given are streams, and --udp is for datagrams. QUITTING.",
        ),
    ];
    for (line, given, wanted) in cases {
        assert_eq!(outcome(line, given).0, wanted, "ncat {line}, {given:?}");
    }
}

#[test]
fn nothing_that_would_choose_a_socket_stands_beside_sockets_that_are_there() {
    for line in ["80", "-4", "-6", "-U", "-p 80", "two 80"] {
        let (said, asked) = outcome(
            &format!("-l --listen-fds {line}"),
            Some(Given::Listeners { sctp: false }),
        );
        let wanted = "Ncat: --listen-fds takes sockets as they are: no address, port or family \
                      beside it. QUITTING.";
        assert_eq!(said, wanted, "ncat -l --listen-fds {line}");
        assert!(asked.is_empty(), "{line}: it asked for {asked:?}");
    }
}

#[test]
fn a_connection_is_nothing_for_many() {
    for line in ["-lk", "--broker", "--chat", "-l --chat"] {
        let (said, _) = outcome(
            &format!("{line} --listen-fds"),
            Some(Given::Connection { sctp: false }),
        );
        let wanted = "Ncat: The socket that we are given is one connection: --keep-open, --broker \
                      and --chat need one that listens. QUITTING.";
        assert_eq!(said, wanted, "ncat {line} --listen-fds");
    }
}

#[test]
fn what_is_known_by_number_is_asked_for_first() {
    let line = "-l --listen-fds --ready-fd 7 -o /log -v";
    let (_, asked) = outcome(line, Some(Given::Listeners { sctp: false }));
    assert_eq!(asked, ["given", "ready 7", "Output /log", "banner"]);
}

#[test]
fn who_waits_for_us_is_told_at_a_descriptor_that_was_left_for_that() {
    let invalid = |word| {
        format!(
            "Ncat: Invalid descriptor \"{word}\": --ready-fd takes the number of one, from 3 on. QUITTING."
        )
    };
    let cases = [
        ("--ready-fd 3 10.0.0.1", "Tcp 10.0.0.1 31337".to_owned()),
        ("-l4 --ready-fd 3", "listen Tcp 0.0.0.0 31337".into()),
        ("-l --ready-fd 2", invalid("2")),
        ("-l --ready-fd -1", invalid("-1")),
        ("-l --ready-fd 3x", invalid("3x")),
        ("-l --ready-fd 3000000000", invalid("3000000000")),
        (
            "-l --ready-fd 9",
            "Ncat: No descriptor 9 was left to us. QUITTING.".into(),
        ),
        (
            "-z --ready-fd 3 10.0.0.1",
            "Ncat: --ready-fd tells of listening or of one connection; -z does neither. QUITTING."
                .into(),
        ),
    ];
    for (line, wanted) in cases {
        assert_eq!(outcome(line, None).0, wanted, "ncat {line}");
    }
}
