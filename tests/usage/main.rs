//! The command line as users meet it: what a wrong one says and returns, and that nothing is
//! harmed by it. Beside the installed reference (7.93, if there is one) wherever both must agree.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ncat::cli::flags::{self, Flag, Section};
use ncat::cli::opts;

mod wrong;

use wrong::{Reference, WRONG};

const OURS: &str = env!("CARGO_BIN_EXE_ncat");
const REFERENCE: &str = "/usr/bin/ncat";

/// Every command line here ends by itself; this long is too long on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

const TRY: &str = "Try `--help' or man(1) ncat for more information, usage options and help.";

/// What a program that ended by itself has left.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    stdout: String,
    stderr: String,
    status: Option<i32>,
}

/// Runs a program as `ncat` with nothing on stdin, and waits until it ends.
fn run<Arg: AsRef<OsStr>>(program: &str, args: &[Arg]) -> Ended {
    let mut command = Command::new(program);
    command.arg0("ncat").args(args).env("LC_ALL", "C");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program can be started");
    let stdout = collect(child.stdout.take().expect("stdout is a pipe"));
    let stderr = collect(child.stderr.take().expect("stderr is a pipe"));
    let words: Vec<_> = args
        .iter()
        .map(|arg| arg.as_ref().to_string_lossy())
        .collect();
    let mut wait = |stream: &mpsc::Receiver<Vec<u8>>| match stream.recv_timeout(PATIENCE) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => give_up(&mut child, &format!("{program} {}", words.join(" "))),
    };
    let (stdout, stderr) = (wait(&stdout), wait(&stderr));
    let status = child.wait().expect("a child can be waited for").code();
    Ended {
        stdout,
        stderr,
        status,
    }
}

/// Reads all that comes, beside us, so that a program which never ends cannot hold us up.
fn collect(mut stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes); // what came is compared in any case
        let _ = sender.send(bytes); // nobody waits any more if it took too long
    });
    receiver
}

fn give_up(child: &mut Child, what: &str) -> ! {
    let _ = child.kill();
    let _ = child.wait();
    panic!("`{what}` does not end by itself");
}

/// Whether the reference that these tables were made with is installed.
fn reference_is_here() -> bool {
    static HERE: OnceLock<bool> = OnceLock::new();
    *HERE.get_or_init(|| {
        let there = fs::exists(REFERENCE).unwrap_or(false);
        let here = there
            && run(REFERENCE, &["--version"])
                .stderr
                .contains("Version 7.93 ");
        if !here {
            eprintln!("SKIPPED: no comparison with ncat 7.93, for it is not installed");
        }
        here
    })
}

/// How a mistake ends: complaints of getopt with a hint, sentences of ours between other words.
fn mistake(words: &str) -> Ended {
    let stderr = match words.split(' ').next() {
        Some("open:") => format!("{words}\n"),
        Some("ncat:") => format!("{words}\nNcat: {TRY} QUITTING.\n"),
        _ => format!("Ncat: {words} QUITTING.\n"),
    };
    Ended {
        stdout: String::new(),
        stderr,
        status: Some(2),
    }
}

fn split(line: &str) -> Vec<&str> {
    line.split_whitespace()
        .map(|word| if word == "''" { "" } else { word })
        .collect()
}

#[test]
fn a_wrong_command_line_says_why_and_returns_2() {
    for (line, words, _) in WRONG {
        assert_eq!(run(OURS, &split(line)), mistake(words), "ncat {line}");
    }
}

#[test]
fn the_reference_says_the_same_but_where_we_differ_on_purpose() {
    if !reference_is_here() {
        return;
    }
    for (line, words, reference) in WRONG {
        let theirs = run(REFERENCE, &split(line));
        match reference {
            Reference::Same => assert_eq!(theirs, mistake(words), "the reference, {line}"),
            Reference::Differs(how) => {
                assert_ne!(
                    theirs,
                    mistake(words),
                    "no difference at `{line}`, though {how}"
                );
            }
        }
    }
}

#[cfg(feature = "proxy")]
#[test]
fn what_would_fail_on_the_way_to_a_peer_returns_1() {
    let cases = [
        (
            "--proxy no..such h",
            "Could not resolve proxy \"no..such\": Name or service not known.",
        ),
        (
            "-s no..such --proxy no..such -zl",
            "Could not resolve proxy \"no..such\": Name or service not known.",
        ),
        (
            "-n --proxy localhost h",
            "Could not resolve proxy \"localhost\": Name or service not known.",
        ),
        (
            "-4 --proxy ::1 h",
            "Could not resolve proxy \"::1\": Address family for hostname not supported.",
        ),
        (
            "--proxy-type socks4 --proxy 127.0.0.1:1 ::1 1",
            "Error: IPv6 addresses are not supported with Socks4.",
        ),
    ];
    let programs = [Some(OURS), reference_is_here().then_some(REFERENCE)];
    for program in programs.into_iter().flatten() {
        for (line, words) in cases {
            let wanted = Ended {
                stdout: String::new(),
                stderr: format!("Ncat: {words}\n"),
                status: Some(1),
            };
            assert_eq!(run(program, &split(line)), wanted, "{program} {line}");
        }
    }
    let (line, words) = (
        "--proxy 127.0.0.1:1 --proxy-dns none h 1",
        "Error: Failed to resolve host h locally.",
    );
    let ended = run(OURS, &split(line));
    assert_eq!(ended.stderr, format!("Ncat: {words}\n"), "ncat {line}");
    assert_eq!(ended.status, Some(1), "ncat {line}");
}

#[test]
fn what_this_build_cannot_do_is_refused_by_name() {
    let cases = [];
    let scripts = [
        ("--lua-exec x -l", "--lua-exec"),
        ("--lua-exec-internal x", "--lua-exec-internal"),
    ];
    let scripts = scripts.into_iter().filter(|_| cfg!(not(feature = "lua")));
    let tls = [
        ("--ssl 127.0.0.1 1", "--ssl"),
        ("-l --ssl-key k", "--ssl-key"),
        ("--ssl-pin none 127.0.0.1", "--ssl-pin"),
    ];
    let tls = tls.into_iter().filter(|_| cfg!(not(feature = "tls")));
    let dtls = [("--ssl -u 127.0.0.1 1", "--ssl with --udp")];
    let dtls = dtls.into_iter();
    let dtls = dtls.filter(|_| cfg!(all(feature = "tls", not(feature = "dtls"))));
    let proxies = [
        ("--proxy http://h 127.0.0.1", "--proxy"),
        ("-l --proxy-type http", "--proxy-type"),
        ("-l --proxy-allow none", "--proxy-allow"),
    ];
    let proxies = proxies.into_iter();
    let proxies = proxies.filter(|_| cfg!(not(feature = "proxy")));
    let neither = [("-l --handshake-timeout 1", "--handshake-timeout")];
    let neither = neither.into_iter();
    let neither = neither.filter(|_| cfg!(not(any(feature = "tls", feature = "proxy"))));
    let features = scripts.chain(tls).chain(dtls).chain(proxies).chain(neither);
    for (line, name) in cases.into_iter().chain(features) {
        let words = format!("{name} is not supported by this build.");
        assert_eq!(run(OURS, &split(line)), mistake(&words), "ncat {line}");
    }
}

/// For each beginning of each name that the reference knows: what is said when a value is missing,
/// or is one too many, names the option that was understood.
#[test]
fn every_abbreviation_means_the_same_to_the_reference() {
    if !reference_is_here() {
        return;
    }
    let known = |flag: &&Flag| flag.section != Section::Beyond;
    let names = flags::all().filter(known).map(|flag| flag.long);
    let beginnings: BTreeSet<&str> = names
        .flat_map(|name| (1..=name.len()).map(|end| &name[..end]))
        .collect();
    for beginning in beginnings {
        let bare = format!("--{beginning}");
        let accepted = opts::read("ncat".as_ref(), [(&bare).into()]).is_ok();
        let arg = if accepted { format!("{bare}=x") } else { bare };
        let ours = opts::read("ncat".as_ref(), [(&arg).into()]);
        let ours = ours
            .map(drop)
            .expect_err("a value is missing or one too many");
        let theirs = run(REFERENCE, &[&arg]).stderr;
        assert_eq!(ours.lines.join("\n") + "\n", theirs, "ncat {arg}");
    }
}

#[test]
fn asking_for_help_or_the_version_is_answered_at_once() {
    let version = format!("Ncat: Version {} ( ", env!("CARGO_PKG_VERSION"));
    let lines: [&[&str]; 3] = [&["--version"], &["--vers", "--bogus"], &["--version", "-w"]];
    for args in lines {
        let ended = run(OURS, args);
        let answer = ended.stderr.strip_prefix(&version);
        assert!(
            answer.is_some_and(|rest| rest.ends_with(" )\n")),
            "ncat {args:?}: {ended:?}"
        );
        assert_eq!(
            (ended.stdout.as_str(), ended.status),
            ("", Some(0)),
            "ncat {args:?}"
        );
    }
    let lines: [&[&str]; 4] = [
        &["-h"],
        &["--help"],
        &["-hY"],
        &["-h", "-o", "/nonexistent/x"],
    ];
    for args in lines {
        let ended = run(OURS, args);
        assert!(
            ended.stdout.contains("Usage: ncat "),
            "ncat {args:?}: {ended:?}"
        );
        assert_eq!(
            (ended.stderr.as_str(), ended.status),
            ("", Some(0)),
            "ncat {args:?}"
        );
    }
}

#[test]
fn the_banner_comes_after_the_logs_and_before_other_mistakes() {
    let banner = format!("Ncat: Version {} ( ", env!("CARGO_PKG_VERSION"));
    let ended = run(OURS, &["-v", "-zl"]);
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert!(
        lines[0].starts_with(&banner),
        "the banner comes first: {lines:?}"
    );
    assert_eq!(lines.len(), 2, "the banner and the mistake: {lines:?}");
}

#[test]
fn a_log_keeps_its_content_until_the_command_line_is_known_to_be_right() {
    let directory = tempfile::tempdir().expect("a directory for the log");
    let log = directory.path().join("log");
    for option in ["-o", "-x"] {
        fs::write(&log, "precious").expect("a log from before");
        let wrong = [
            OsStr::new(option),
            log.as_os_str(),
            "127.0.0.1".as_ref(),
            "nosuch!".as_ref(),
        ];
        assert_eq!(
            run(OURS, &wrong).status,
            Some(2),
            "{option} with a bad port"
        );
        let kept = fs::read_to_string(&log).expect("the log is still there");
        assert_eq!(
            kept, "precious",
            "{option} and a bad port have emptied the log"
        );
    }
}

#[test]
fn arguments_of_any_bytes_are_answered() {
    let odd = |front: &str| {
        let bytes = [front.as_bytes(), b"\xff\xfe"].concat();
        OsStr::from_bytes(&bytes).to_os_string()
    };
    let cases = [
        (odd("-"), "ncat: invalid option -- '"),
        (odd("--"), "ncat: unrecognized option '--"),
        (odd("-w"), "Ncat: Invalid -w timeout \""),
        (odd("-o/nonexistent/"), "open: No such file or directory"),
        (odd("-nl"), "ncat: invalid option -- '"),
    ];
    for (arg, start) in cases {
        let ended = run(OURS, &[&arg]);
        assert!(ended.stderr.starts_with(start), "ncat {arg:?}: {ended:?}");
        assert_eq!(ended.status, Some(2), "ncat {arg:?}");
    }
    let ended = run(OURS, &[OsStr::new("-n"), &odd("host")]);
    let start = "Ncat: Could not resolve hostname \"host";
    assert!(
        ended.stderr.starts_with(start),
        "a host of odd bytes: {ended:?}"
    );
}
