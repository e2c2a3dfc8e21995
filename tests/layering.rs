//! Who may import whom. Reads every source file and fails with the rule that is broken.
//!
//! The table below is the rule book: to let a file name something new, add it to the row of its
//! directory, or give the file a row of its own, and say why there.

mod names;

use names::{names, sources, tokens};

/// What the files of one place may name beside their own directory. All rows whose place holds a file
/// speak for it: what any of them allows is allowed, what any of them forbids is forbidden.
struct Rule {
    /// A directory or a file below `src`.
    place: &'static str,
    may: &'static [&'static str],
    /// Exceptions from `may`.
    never: &'static [&'static [&'static str]],
    why: &'static str,
}

/// Where the outside begins: a file that names none of these can be run by a test on any machine.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os::fd",
    "std::os::linux",
    "std::os::unix::io",
    "std::os::unix::net",
    "std::process",
    "std::thread",
    "std::time::Instant::now",
    "std::time::SystemTime",
];
const ADDRESSES: &[&str] = &["std::net"];
const BYTES: &[&str] = &["std::io::BufRead", "std::io::Read", "std::io::Write"];

const RULES: &[Rule] = &[
    Rule {
        place: "lib.rs",
        may: &[],
        never: &[],
        why: "the library's root is a map",
    },
    Rule {
        place: "main.rs",
        may: &["std", "crate::assemble", "crate::cli", "crate::say"],
        never: &[],
        why: "main brings the command line in and the exit code out",
    },
    Rule {
        place: "assemble",
        may: &[
            "std",
            "crate",
            "mio",
            "os_pipe",
            "rustix",
            "signal_hook",
            "socket2",
        ],
        never: &[],
        why: "only assemble knows both options and machinery",
    },
    Rule {
        place: "assemble/secret.rs",
        may: &["rustls::pki_types"],
        never: &[],
        why: "a peer's certificates are handed from a layer to what describes them",
    },
    Rule {
        place: "assemble/transfer/bar.rs",
        may: &["indicatif"],
        never: &[],
        why: "one file talks to what draws the bar",
    },
    Rule {
        place: "assemble/transfer/digests.rs",
        may: &["blake3", "sha2"],
        never: &[],
        why: "hashes are others' work, and lanes know them by a trait",
    },
    Rule {
        place: "lua",
        may: &["std"],
        never: &[OUTSIDE],
        why: "scripts are checked and run in the process they are given to; others choose it",
    },
    Rule {
        place: "lua/engine.rs",
        may: &["mlua", "crate::net::sys"],
        never: &[],
        why: "one file talks to the interpreter, and the platform makes it",
    },
    Rule {
        place: "net/sys/raw.rs",
        may: &["mlua"],
        never: &[],
        why: "an interpreter with all its libraries is made by an unsafe call",
    },
    Rule {
        place: "say.rs",
        may: &["std", "rustix"],
        never: &[],
        why: "lines on stderr need to know whether anybody reads them, and nothing else",
    },
    Rule {
        place: "say",
        may: &["std"],
        never: &[],
        why: "lines on stderr need the time and the environment, and nothing else",
    },
    Rule {
        place: "say/json.rs",
        may: &["serde_json"],
        never: &[],
        why: "what is written is read by somebody else's reader in its test",
    },
    Rule {
        place: "ids.rs",
        may: &["std", "slab"],
        never: &[OUTSIDE, ADDRESSES],
        why: "ids are a leaf that anyone may use",
    },
    Rule {
        place: "access",
        may: &["std"],
        never: &[OUTSIDE],
        why: "lists of hosts are understood without asking for files or names",
    },
    Rule {
        place: "secure",
        may: &[
            "std",
            "aes",
            "cbc",
            "des",
            "md5",
            "pkcs8",
            "rcgen",
            "rpassword",
            "rustls",
            "rustls_native_certs",
            "sha1",
            "sha2",
            "webpki_roots",
            "x509_parser",
        ],
        never: &[&[
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
            "std::process",
            "std::thread",
        ]],
        why: "certificates and keys are read at the start and know no connection",
    },
    Rule {
        place: "data",
        may: &["std"],
        never: &[OUTSIDE, ADDRESSES],
        why: "queues know what they hold and nothing of who moves it",
    },
    Rule {
        place: "wire",
        may: &["std", "memchr", "rustls", "crate::data", "crate::secure"],
        never: &[OUTSIDE],
        why: "protocols know no sockets, files or clock; addresses are words of some of them",
    },
    Rule {
        place: "wire/proxy",
        may: &[
            "base64",
            "hmac",
            "httparse",
            "md5",
            "percent_encoding",
            "sha2",
        ],
        never: &[],
        why: "proxies speak HTTP, whose heads and proofs of who asks are others' work",
    },
    Rule {
        place: "wire/dtls/cipher.rs",
        may: &["ring"],
        never: &[],
        why: "the library seals records of streams only, so one file seals datagrams itself",
    },
    Rule {
        place: "route",
        may: &["std", "crate::data", "crate::ids"],
        never: &[OUTSIDE, ADDRESSES],
        why: "routes know neither sockets nor protocols",
    },
    Rule {
        place: "mode",
        may: &[
            "std",
            "crate::ids",
            "crate::route::Flow",
            "crate::say::Fact",
            "crate::say::Level",
        ],
        never: &[OUTSIDE, ADDRESSES, BYTES],
        why: "modes see no bytes and no descriptors",
    },
    Rule {
        place: "cli",
        may: &[
            "std",
            "getopts",
            "crate::access",
            "crate::secure::Version",
            "crate::secure::Wishes",
        ],
        never: &[OUTSIDE],
        why: "the command line is understood without touching what it names",
    },
    Rule {
        place: "cli/proxy.rs",
        may: &["percent_encoding"],
        never: &[],
        why: "a proxy's password may stand in a URL, and what that stands for is others' work",
    },
    Rule {
        place: "net",
        may: &[
            "std",
            "dns_lookup",
            "libc",
            "mio",
            "os_pipe",
            "rustix",
            "signal_hook",
            "signal_hook_mio",
            "slab",
            "socket2",
            "crate::access",
            "crate::data",
            "crate::ids",
            "crate::mode",
            "crate::route",
            "crate::say",
            "crate::wire",
        ],
        never: &[],
        why: "machinery does not know options",
    },
    Rule {
        place: "net/resolve.rs",
        may: &[
            "crate::cli::plan::Address",
            "crate::cli::plan::Family",
            "crate::cli::plan::Protocol",
        ],
        never: &[],
        why: "addresses are found in the words the command line uses for them",
    },
    Rule {
        place: "net/event_loop.rs",
        may: &[],
        never: &[&["crate::wire"]],
        why: "the loop knows that there are layers, not which",
    },
];

/// The loop must not know what it is looping for.
const LOOP: &str = "net/event_loop.rs";
const WORDS_OUTSIDE_THE_LOOP: &[&str] = &[
    "broker", "chat", "cli", "crlf", "dtls", "exec", "http", "plan", "proxy", "scan", "sctp",
    "socks", "ssl", "telnet", "tls", "udp", "vsock",
];

/// Who begins a thread: what reads files and looks names up while others are served.
const ASIDE: &[&str] = &["net/aside.rs", "net/names.rs", "net/reload.rs"];

/// The one place that may hold a file with `unsafe`.
const PLATFORM: &str = "net/sys/";

#[test]
fn every_file_names_only_what_its_place_may_name() {
    let broken: Vec<String> = sources()
        .iter()
        .flat_map(|(file, source)| broken(file, source))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_rule_has_something_to_rule() {
    let sources = sources();
    for Rule { place, .. } in RULES {
        let used = sources.iter().any(|(file, _)| holds(place, file));
        assert!(used, "there is a rule for src/{place}, but no such file");
    }
}

#[test]
fn at_most_one_file_is_unsafe_and_it_is_about_platforms() {
    let sources = sources();
    let with: Vec<&str> = sources
        .iter()
        .filter(|(_, source)| tokens(source).contains(&"unsafe"))
        .map(|(file, _)| file.as_str())
        .collect();
    assert!(
        with.len() <= 1,
        "`unsafe` is in more than one file: {with:?}"
    );
    assert!(
        with.iter().all(|file| file.starts_with(PLATFORM)),
        "`unsafe` is in {with:?}"
    );
}

#[test]
fn threads_are_begun_for_waiting_on_files_and_names_only() {
    for (file, source) in sources() {
        let begins = names(&file, &source)
            .iter()
            .any(|name| within(name, "std::thread"));
        assert_eq!(
            begins,
            ASIDE.contains(&file.as_str()),
            "whether src/{file} names std::thread; all else is done by one thread"
        );
    }
}

#[test]
fn the_loop_names_no_protocol_mode_or_option() {
    for (_, source) in sources().iter().filter(|(file, _)| file == LOOP) {
        let named = words_outside_the_loop(source);
        assert!(named.is_empty(), "src/{LOOP} speaks of {named:?}");
    }
}

#[test]
fn the_reader_of_names_finds_what_hides() {
    const CASES: &[(&str, &str, &[&str])] = &[
        (
            "wire/x.rs",
            "use std::fmt; use memchr::memchr; use crate::data::Buf;",
            &[],
        ),
        (
            "wire/x.rs",
            "use super::{Fault, oracle}; use self::y::Z; use crate::wire::Layer;",
            &[],
        ),
        (
            "wire/x.rs",
            "use crate::{data, ids::{Id, Table}};",
            &["crate::ids::Id", "crate::ids::Table"],
        ),
        ("route/x.rs", "use std::net::IpAddr;", &["std::net::IpAddr"]),
        (
            "wire/x.rs",
            "fn f() { mio::Poll::new() }",
            &["mio::Poll::new"],
        ),
        (
            "wire/x.rs",
            "use std::time::Instant; fn f(now: Instant) {}",
            &[],
        ),
        (
            "wire/x.rs",
            "use std::time::Instant; fn f() { Instant::now() }",
            &["std::time::Instant::now"],
        ),
        (
            "wire/x.rs",
            "use std::time as t; fn f() { t::Instant::now() }",
            &["std::time::Instant::now"],
        ),
        ("wire/x.rs", "use std::*;", &["std::*"]),
        (
            "wire/x/y.rs",
            "use super::super::super::net::Conn;",
            &["crate::net::Conn"],
        ),
        (
            "wire/x.rs",
            "// mio::Poll\n/* socket2::Socket */ const A: &str = \"libc::read\";",
            &[],
        ),
        (
            "wire/x.rs",
            "const A: char = '\"'; fn f<'a>() { libc::read() } const B: char = '\"';",
            &["libc::read"],
        ),
        (
            "wire/x.rs",
            "#[cfg(test)]\nmod tests { use std::fs; } fn f() { libc::read() }",
            &["libc::read"],
        ),
        (
            "wire/x.rs",
            "const A: &str = r#\"a \" mio::Poll\"#; fn f() { Vec::<u8>::new() }",
            &[],
        ),
        (
            "route/x.rs",
            "pub(crate) use crate::wire::Stack;",
            &["crate::wire::Stack"],
        ),
        (
            "mode/x.rs",
            "use std::io::{self, Read}; fn f(e: io::Error) {}",
            &["std::io::Read"],
        ),
        (
            "net/x.rs",
            "use crate::cli::plan::Family;",
            &["crate::cli::plan::Family"],
        ),
        (
            "net/resolve.rs",
            "use crate::cli::plan::{Family, Plan};",
            &["crate::cli::plan::Plan"],
        ),
        (
            "main.rs",
            "fn main() { ncat::net::run() }",
            &["crate::net::run"],
        ),
        ("stray.rs", "", &["no rule"]),
    ];
    for &(file, source, names) in CASES {
        let broken = broken(file, source);
        let same = broken.len() == names.len()
            && names
                .iter()
                .all(|name| broken.iter().any(|line| line.contains(&format!(" {name}"))));
        assert!(
            same,
            "{file} with {source:?} should break with {names:?}, but {broken:?}"
        );
    }
    assert_eq!(
        words_outside_the_loop("fn f(x: Option<Tls>, y: run_chat) { tell() } // proxy"),
        ["tls", "chat"]
    );
}

/// The lines to print about one file; none when it keeps the rules.
fn broken(file: &str, source: &str) -> Vec<String> {
    let rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| holds(rule.place, file))
        .collect();
    if rules.is_empty() {
        return vec![format!(
            "src/{file}: no rule in tests/layering.rs speaks for it"
        )];
    }
    let own = format!(
        "crate::{}",
        file.split(['/', '.']).next().unwrap_or_default()
    );
    let mut lines = Vec::new();
    for name in names(file, source) {
        let may = rules
            .iter()
            .any(|rule| rule.may.iter().any(|root| within(&name, root)));
        let never = rules
            .iter()
            .flat_map(|rule| rule.never.iter().copied().flatten());
        let never = never
            .into_iter()
            .any(|root| within(&name, root) || swallows(&name, root));
        if !within(&name, &own) && (!may || never) {
            lines.push(format!("src/{file} names {name}, but {}", rules[0].why));
        }
    }
    lines
}

fn holds(place: &str, file: &str) -> bool {
    file == place
        || file
            .strip_prefix(place)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn within(name: &str, root: &str) -> bool {
    name == root
        || name
            .strip_prefix(root)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// Whether a `use` of everything brings a forbidden name in with the rest.
fn swallows(name: &str, forbidden: &str) -> bool {
    name.strip_suffix("::*")
        .is_some_and(|root| within(forbidden, root))
}

fn words_outside_the_loop(source: &str) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens(source) {
        for part in token.split('_') {
            // A capital opens a word: ChatUser is about chat.
            let mut word = String::new();
            for letter in part.chars().chain(['A']) {
                if letter.is_uppercase() && !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                word.extend(letter.to_lowercase());
            }
        }
    }
    words.retain(|word| WORDS_OUTSIDE_THE_LOOP.contains(&word.as_str()));
    words
}
