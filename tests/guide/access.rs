//! The guide of Nmap's ncat: Access Control and Proxying.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, CtrlD, Ends, Help, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, all_work};

/// One who may come in and one who may not, each from an address of their own.
macro_rules! who_may_come {
    ($command:literal, $to:literal, $friend:literal, $stranger:literal) => {
        Lesson {
            section: "Access Control",
            commands: &[$command],
            before: "for at in 192.168.0.7 192.168.0.125 192.168.0.200 192.168.7.7; do \
                     ip addr add $at/32 dev lo; done; \
                     for at in 2001:db8::7 2001:db8::7d 2001:db8::c8 2001:7::7; do \
                     ip addr add $at/128 dev lo nodad; done; \
                     printf '192.168.0.125\n2001:db8::/32\n' > trusted-hosts.txt; \
                     printf '192.168.7.0/24\n192.168.0.200\n' > external-hosts.txt",
            play: &[
                Run("server", 0),
                Opens("server", 31337),
                Help(
                    "stranger",
                    concat!("ncat --recv-only -s ", $stranger, " ", $to),
                ),
                Ends("stranger", 0),
                Help("friend", concat!("ncat -s ", $friend, " ", $to)),
                Type("friend", "hello\n"),
                Reads("server", "hello\n"),
                CtrlD("server"),
                CtrlD("friend"),
                Ends("friend", 0),
                Ends("server", 0),
            ],
            ..LESSON
        }
    };
}

/// A host that is reached through a proxy of each kind, for what a synopsis leaves open.
macro_rules! through {
    ($put_in:expr, $proxy:literal, $port:literal) => {
        Lesson {
            section: "Proxying",
            commands: &[
                "ncat --proxy proxyhost[:proxyport] --proxy-type {http|socks4|socks5} host [port]",
            ],
            adapted: $put_in,
            play: &[
                Help("host", "ncat -l 7000"),
                Opens("host", 7000),
                Help("proxy", $proxy),
                Opens("proxy", $port),
                Run("here", 0),
                Type("here", "hello\n"),
                Reads("host", "hello\n"),
                Type("host", "good day\n"),
                Reads("here", "good day\n"),
                CtrlD("here"),
                CtrlD("host"),
                Ends("here", 0),
                Reads("proxy", "host:7000"),
            ],
            ..LESSON
        }
    };
}

const LESSONS: &[Lesson] = &[
    who_may_come!(
        "ncat -l --allow 192.168.0.125",
        "192.168.0.7",
        "192.168.0.125",
        "192.168.0.200"
    ),
    who_may_come!(
        "ncat -l --allow 2001:db8::7d",
        "2001:db8::7",
        "2001:db8::7d",
        "2001:db8::c8"
    ),
    who_may_come!(
        "ncat -l --allow trusted.example.com",
        "192.168.0.7",
        "192.168.0.125",
        "192.168.0.200"
    ),
    who_may_come!(
        "ncat -l --deny 192.168.0.200",
        "192.168.0.7",
        "192.168.0.125",
        "192.168.0.200"
    ),
    who_may_come!(
        "ncat -l --deny 2001:db8::c8",
        "2001:db8::7",
        "2001:db8::7d",
        "2001:db8::c8"
    ),
    who_may_come!(
        "ncat -l --allow 192.168.0.0/24",
        "192.168.0.7",
        "192.168.0.200",
        "192.168.7.7"
    ),
    who_may_come!(
        "ncat -l --allow 192.168.0.0-255",
        "192.168.0.7",
        "192.168.0.200",
        "192.168.7.7"
    ),
    who_may_come!(
        "ncat -l --allow 2001:db8::/32",
        "2001:db8::7",
        "2001:db8::c8",
        "2001:7::7"
    ),
    who_may_come!(
        "ncat -l --allowfile trusted-hosts.txt",
        "192.168.0.7",
        "192.168.0.125",
        "192.168.0.200"
    ),
    who_may_come!(
        "ncat -l --denyfile external-hosts.txt",
        "192.168.0.7",
        "192.168.0.125",
        "192.168.0.200"
    ),
    Lesson {
        section: "Access Control",
        commands: &["ncat -l --max-conns 5"],
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Help("client", "ncat localhost"),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("client"),
            Ends("server", 0),
        ],
        ..LESSON
    },
    through!(
        &[
            ("[:proxyport]", ""),
            ("{http|socks4|socks5}", "http"),
            ("[port]", "7000")
        ],
        "ncat -lv --proxy-type http",
        3128
    ),
    through!(
        &[
            ("[:proxyport]", ":8080"),
            ("{http|socks4|socks5}", "http"),
            ("[port]", "7000")
        ],
        "ncat -lv 8080 --proxy-type http",
        8080
    ),
    through!(
        &[
            ("[:proxyport]", " --proxy-dns remote"),
            ("{http|socks4|socks5}", "socks4"),
            ("[port]", "7000")
        ],
        "ncat -lv --proxy-type socks4",
        1080
    ),
    through!(
        &[
            ("[:proxyport]", ""),
            ("{http|socks4|socks5}", "socks5"),
            ("[port]", "7000")
        ],
        "ncat -lv --proxy-type socks5",
        1080
    ),
    Lesson {
        section: "Proxying",
        commands: &["--proxy-auth username:password"],
        adapted: &[(
            "--proxy-auth",
            "ncat host 7000 --proxy proxyhost --proxy-auth",
        )],
        play: &[
            Help("host", "ncat -l 7000"),
            Opens("host", 7000),
            Help(
                "proxy",
                "ncat -lv --proxy-type http --proxy-auth username:password",
            ),
            Opens("proxy", 3128),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("host", "hello\n"),
            CtrlD("here"),
            CtrlD("host"),
            Ends("here", 0),
            Reads("proxy", " as username: over"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxying",
        commands: &["--proxy-auth username"],
        adapted: &[(
            "--proxy-auth",
            "ncat host 7000 --proxy socks4://proxyhost --proxy-auth",
        )],
        play: &[
            Help("host", "ncat -l 7000"),
            Opens("host", 7000),
            Help(
                "proxy",
                "ncat -lv --proxy-type socks4 --proxy-auth username",
            ),
            Opens("proxy", 1080),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("host", "hello\n"),
            CtrlD("here"),
            CtrlD("host"),
            Ends("here", 0),
            Reads("proxy", " as username: over"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxying",
        commands: &["ncat -l 3128 --proxy-type http"],
        needs: &["curl"],
        play: &[
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Run("proxy", 0),
            Opens("proxy", 3128),
            Help(
                "browser",
                "curl -sx http://localhost:3128 http://example.org/",
            ),
            Reads("browser", "<title>Go ahead!</title>"),
            Ends("browser", 0),
            Help(
                "browser",
                "curl -spx http://localhost:3128 http://example.org/",
            ),
            Reads("browser", "<title>Go ahead!</title>"),
            Ends("browser", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxying",
        commands: &["ncat -l 3128 --proxy-type http --proxy-auth user:pass"],
        needs: &["curl"],
        play: &[
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Run("proxy", 0),
            Opens("proxy", 3128),
            Help(
                "browser",
                "curl -s --proxy-digest -x http://user:pass@localhost:3128 http://example.org/",
            ),
            Reads("browser", "<title>Go ahead!</title>"),
            Ends("browser", 0),
            Help(
                "stranger",
                "curl -six http://localhost:3128 http://example.org/",
            ),
            Reads("stranger", " 407 Proxy Authentication Required\r\n"),
            Ends("stranger", 0),
        ],
        ..LESSON
    },
];

#[test]
fn what_the_guide_says_about_access_and_proxies_works() -> Told {
    all_work(LESSONS)
}
