//! What `--ssl` and its company mean together.

use std::time::Duration;

use super::{mistake, plan};
use crate::cli::plan::Role;
use crate::secure::{Version, Wishes};

const PIN: &str = "sha256:abababababababababababababababababababababababababababababababab";

fn wishes(line: &str) -> Wishes {
    plan(line)
        .secure
        .unwrap_or_else(|| panic!("`ncat {line}` asks for TLS"))
}

/// What `--ssl` alone asks for.
fn plain(name: &str) -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: name.into(),
        named: false,
        alpn: Vec::new(),
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    }
}

#[test]
fn each_option_says_what_it_wishes_and_that_tls_is_wanted() {
    let pin = |line: String| (line, vec![[0xab; 32]]);
    let (pinned, pins) = pin(format!("--ssl-pin {PIN} two"));
    let (twice, again) = pin(format!("--ssl-pin {PIN} --ssl-pin {PIN} two"));
    let two = || plain("two");
    let cases = [
        ("--ssl two", two()),
        (
            "--ssl-verify two",
            Wishes {
                verify: true,
                ..two()
            },
        ),
        (
            "--ssl-trustfile /t two",
            Wishes {
                verify: true,
                trust: Some("/t".into()),
                ..two()
            },
        ),
        (
            "--ssl-cert /c --ssl-key /k two",
            Wishes {
                cert: Some("/c".into()),
                key: Some("/k".into()),
                ..two()
            },
        ),
        (
            "--ssl-ciphers HIGH:!aNULL two",
            Wishes {
                ciphers: Some("HIGH:!aNULL".into()),
                ..two()
            },
        ),
        (
            "--ssl-servername a.com two",
            Wishes {
                named: true,
                ..plain("a.com")
            },
        ),
        (
            "--ssl-alpn h2,http/1.1 two",
            Wishes {
                alpn: vec![b"h2".into(), b"http/1.1".into()],
                ..two()
            },
        ),
        (
            "--ssl-min-version TLSv1.3 two",
            Wishes {
                min: Some(Version::Tls13),
                ..two()
            },
        ),
        (
            "--ssl-max-version 1.2 two",
            Wishes {
                max: Some(Version::Tls12),
                ..two()
            },
        ),
        (&pinned, Wishes { pins, ..two() }),
        (
            &twice,
            Wishes {
                pins: [again.clone(), again].concat(),
                ..two()
            },
        ),
        ("--ssl [::1] 443", plain("::1")),
        ("--ssl -z two 443", two()),
        ("--ssl -l two", plain("")),
        (
            "--ssl -l --handshake-timeout 500ms",
            Wishes {
                patience: Duration::from_millis(500),
                ..plain("")
            },
        ),
        (
            "--broker --ssl-verify --ssl-alpn x",
            Wishes {
                verify: true,
                alpn: vec![b"x".into()],
                ..plain("")
            },
        ),
    ];
    for (line, wanted) in cases {
        assert_eq!(wishes(line), wanted, "ncat {line}");
    }
}

#[test]
fn nothing_else_asks_for_tls() {
    for line in ["two 443", "-l --handshake-timeout 1", "-z two 443"] {
        assert_eq!(plan(line).secure, None, "ncat {line}");
    }
}

#[test]
fn a_listener_knows_the_name_that_it_was_given() {
    let cases = [
        ("-l", None),
        ("-l 80", None),
        ("-l two", Some("two")),
        ("-l two 80", Some("two")),
        ("-l [::1] 80", Some("::1")),
        ("-l -p 5001 5002", Some("5002")),
        ("--broker two", Some("two")),
        ("-U -l /x", None),
    ];
    for (line, wanted) in cases {
        let Role::Listen(listen) = plan(line).role else {
            panic!("`ncat {line}` listens");
        };
        assert_eq!(listen.host.as_deref(), wanted, "ncat {line}");
    }
}

#[test]
fn contradictions_have_the_words_of_the_reference() {
    let half = "The --ssl-key and --ssl-cert options must be used together.";
    let unix = "SSL option not supported when using Unix domain sockets.";
    let cases = [
        ("--ssl-cert /c two", half),
        ("--ssl-key /k two", half),
        ("-l --ssl-key /k", half),
        ("-z --ssl-cert /c two", half),
        ("--broker --ssl-cert /c", half),
        ("-U --ssl /x", unix),
        ("-Ul --ssl-verify /x", unix),
        ("-U -p 4 --ssl /x", unix),
        (
            "--ssl-trustfile /a --ssl-trustfile /a two",
            "The --ssl-trustfile option may be given only once.",
        ),
        (
            "--ssl-min-version 1.3 --ssl-max-version 1.2 two",
            "--ssl-min-version asks for more than --ssl-max-version allows.",
        ),
        (
            "--ssl-min-version 1.1 two",
            "Invalid --ssl-min-version \"1.1\" (must be 1.2 or 1.3; older versions are not safe, \
             and are not spoken here).",
        ),
        (
            "--ssl-servername= two",
            "Invalid --ssl-servername \"\" (must not be empty).",
        ),
        (
            "--handshake-timeout 0 -l",
            "Invalid --handshake-timeout \"0\" (must be greater than 0 and less than 2147483s).",
        ),
        // The order among other mistakes.
        (
            "--ssl-key /k -m 3 two",
            "Invalid option combination: `--max-conns' with connect.",
        ),
        (
            "--broker --ssl-key /k -e x",
            "Invalid option combination: --broker and -e.",
        ),
        ("--broker --ssl-key /k -m -2", half),
        (
            "-zt --ssl-key /k two",
            "Invalid option combination: -z and -t.",
        ),
        (
            "--ssl-key /k none",
            "Could not resolve hostname \"none\": Name or service not known.",
        ),
    ];
    for (line, wanted) in cases {
        assert_eq!(
            mistake(line),
            format!("Ncat: {wanted} QUITTING."),
            "ncat {line}"
        );
    }
}

#[test]
fn datagrams_are_secured_by_a_build_that_can() {
    let udp = "--ssl with --udp is not supported by this build.";
    let unix = "SSL option not supported when using Unix domain sockets.";
    assert_eq!(
        mistake("-Uu --ssl /x"),
        format!("Ncat: {unix} QUITTING."),
        "-U"
    );
    if cfg!(feature = "dtls") {
        assert_eq!(wishes("-u --ssl two"), plain("two"), "connecting");
        assert_eq!(wishes("-lu --ssl"), plain(""), "listening");
        let newer = "DTLS ends at version 1.2; --ssl-min-version asks for more.";
        let line = "-u --ssl-min-version 1.3 two";
        assert_eq!(
            mistake(line),
            format!("Ncat: {newer} QUITTING."),
            "ncat {line}"
        );
    } else {
        for line in ["-u --ssl two", "-lu --ssl-verify", "-zu --ssl two"] {
            assert_eq!(
                mistake(line),
                format!("Ncat: {udp} QUITTING."),
                "ncat {line}"
            );
        }
    }
}
