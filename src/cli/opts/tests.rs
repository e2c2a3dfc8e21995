//! Arguments in, options or mistakes out.

use super::*;

fn read_all(args: &[&str]) -> Result<(Options, Vec<OsString>), UsageError> {
    read("ncat".as_ref(), args.iter().map(OsString::from))
}

#[test]
fn options_may_stand_anywhere_and_in_one_word() {
    let cases: [&[&str]; 7] = [
        &["-l", "-v", "-n", "-p", "5005", "host"],
        &["-lvnp5005", "host"],
        &["host", "-lvnp", "5005"],
        &[
            "--listen",
            "--verbose",
            "host",
            "--nodns",
            "--source-port=5005",
        ],
        &["--li", "host", "--verb", "--nod", "--source-p", "5005"],
        &["-lvn", "-p1", "-p5005", "--", "host"],
        &["-lvn", "--source-port", "5005", "host"],
    ];
    for args in cases {
        let (options, operands) = read_all(args).expect("a good command line");
        assert!(
            options.listen && options.numeric_only,
            "{args:?} lost a switch"
        );
        assert_eq!(options.verbose, 1, "{args:?}");
        assert_eq!(
            options.source_port,
            Some(PortWord::Number(5005)),
            "{args:?}"
        );
        assert_eq!(operands, ["host"], "{args:?}");
    }
}

#[test]
fn nothing_is_an_option_behind_two_dashes_nor_is_one_dash() {
    let (options, operands) = read_all(&["-", "--", "-l", "--", "-"]).expect("operands only");
    assert!(!options.listen, "-l behind -- is an operand");
    assert_eq!(operands, ["-", "-l", "--", "-"], "operands");
}

#[test]
fn the_last_word_on_addresses_wins() {
    let cases: [(&[&str], Domain); 6] = [
        (&[], Domain::Any),
        (&["-4"], Domain::V4),
        (&["-46"], Domain::V6),
        (&["-464"], Domain::V4),
        (&["--6", "-U"], Domain::Unix),
        (&["-U", "--4"], Domain::V4),
    ];
    for (args, wanted) in cases {
        let (options, _) = read_all(args).expect("a good command line");
        assert_eq!(options.domain, wanted, "{args:?}");
    }
}

#[test]
fn a_value_is_taken_whatever_it_looks_like() {
    for args in [
        &["-o", "--"][..],
        &["-o--"],
        &["--output", "--"],
        &["--output=--"],
    ] {
        let (options, _) = read_all(args).expect("a good command line");
        assert_eq!(options.output, Some("--".into()), "{args:?}");
    }
    let (options, _) = read_all(&["-q", "-1"]).expect("a negative time");
    assert_eq!(options.quit, Quit::Never, "-q -1");
    let (options, _) = read_all(&["--output="]).expect("an empty value");
    assert_eq!(options.output, Some("".into()), "--output=");
    let (options, _) = read_all(&["--output=a=b"]).expect("a value with a sign");
    assert_eq!(options.output, Some("a=b".into()), "--output=a=b");
}

#[test]
fn a_path_need_not_be_utf8() {
    let path = OsStr::from_bytes(b"/tmp/\xff\xc3\xa9");
    let glued = |front: &str| {
        [OsStr::new(front), path]
            .iter()
            .copied()
            .collect::<OsString>()
    };
    for args in [
        vec!["-o".into(), path.into()],
        vec![glued("-vo")],
        vec![glued("--output=")],
    ] {
        let (options, _) = read("ncat".as_ref(), args.clone()).expect("a good command line");
        assert_eq!(options.output.as_deref(), Some(path.as_ref()), "{args:?}");
    }
}

#[test]
fn what_is_wrong_is_said_as_getopt_long_says_it() {
    let cases: [(&[&str], &str); 14] = [
        (&["-w"], "option requires an argument -- 'w'"),
        (&["-lvw"], "option requires an argument -- 'w'"),
        (&["-Y"], "invalid option -- 'Y'"),
        (&["-vY"], "invalid option -- 'Y'"),
        (&["-4-"], "invalid option -- '-'"),
        (&["-v?"], "invalid option -- '?'"),
        (&["--bogus"], "unrecognized option '--bogus'"),
        (&["--bogus=3"], "unrecognized option '--bogus=3'"),
        (&["---"], "unrecognized option '---'"),
        (&["--wait"], "option '--wait' requires an argument"),
        (&["--wa"], "option '--wait' requires an argument"),
        (&["--g"], "option '--g' requires an argument"),
        (&["--lis=4"], "option '--listen' doesn't allow an argument"),
        (
            &["--ver"],
            "option '--ver' is ambiguous; possibilities: '--version' '--verbose'",
        ),
    ];
    for (args, wanted) in cases {
        let error = read_all(args).expect_err(wanted);
        assert_eq!(error.lines[0], format!("ncat: {wanted}"), "{args:?}");
        assert!(
            error.lines[1].starts_with("Ncat: Try `--help'"),
            "{args:?}: {error:?}"
        );
        assert_eq!(error.status, 2, "{args:?}");
    }
}

#[test]
fn the_first_mistake_is_the_one_reported() {
    let cases: [(&[&str], &str); 3] = [
        (&["-w", "x", "--bogus"], "Ncat: Invalid -w timeout \"x\""),
        (
            &["--bogus", "-w", "x"],
            "ncat: unrecognized option '--bogus'",
        ),
        (
            &["-p", "5x!", "-Y"],
            "Ncat: Invalid source port number \"5x!\". QUITTING.",
        ),
    ];
    for (args, wanted) in cases {
        let error = read_all(args).expect_err(wanted);
        assert!(error.lines[0].starts_with(wanted), "{args:?}: {error:?}");
    }
}

#[test]
fn help_and_version_act_at_once() {
    let cases: [(&[&str], &str); 7] = [
        (&["-h", "--bogus"], "help"),
        (&["-hY"], "help"),
        (&["-hw"], "help"),
        (&["--hel", "-w", "x"], "help"),
        (&["--version", "-h"], "version"),
        (&["--ssl", "--vers"], "version"),
        (&["-v", "--", "-h"], "nothing"),
    ];
    let asked = |special| match special {
        Some(Special::Help) => "help",
        Some(Special::Generate(_)) => "a text",
        Some(Special::Version) => "version",
        None => "nothing",
    };
    for (args, wanted) in cases {
        let (options, _) = read_all(args).expect("nothing wrong before it");
        assert_eq!(asked(options.special), wanted, "{args:?}");
    }
    assert!(
        read_all(&["-Yh"]).is_err(),
        "a mistake before -h is reported"
    );
    assert!(
        read_all(&["-w", "x", "-h"]).is_err(),
        "a mistake before -h is reported"
    );
}

#[cfg(not(feature = "lua"))]
#[test]
fn an_unsupported_option_is_remembered_not_refused_yet() {
    let (options, operands) =
        read_all(&["--lua-exec", "p", "--lua-exec-internal", "q", "h"]).expect("a good line");
    let first = options.unsupported.map(Flag::name);
    assert_eq!(first.as_deref(), Some("--lua-exec"), "the first of them");
    assert_eq!(operands, ["h"], "its value is no operand");
    assert!(
        read_all(&["--lua-exec", "x", "-w"]).is_err(),
        "other mistakes are reported first"
    );
}
