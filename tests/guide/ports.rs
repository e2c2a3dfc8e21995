//! "ports.md": nc and telnet talk to each other, and are watched.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, CtrlD, Ends, Help, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, ROOT, all_work};

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "Talking to yourself",
        commands: &["nc -l 8080", "telnet localhost 8080"],
        needs: &["telnet"],
        play: &[
            Run("one", 0),
            Opens("one", 8080),
            Run("other", 1),
            Reads("other", "Escape character is '^]'."),
            Type("other", "hello\n"),
            Reads("one", "hello\r\n"),
            Type("one", "good day\n"),
            Reads("other", "good day\r\n"),
            Type("other", "\x1d"),
            Reads("other", "telnet> "),
            Type("other", "quit\n"),
            Ends("other", 0),
            CtrlD("one"),
            Ends("one", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Talking http",
        commands: &["curl http://localhost:8080"],
        needs: &["curl"],
        play: &[
            Help("one", "nc -l 8080"),
            Opens("one", 8080),
            Run("other", 0),
            Reads(
                "one",
                "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/",
            ),
            Type("one", "HTTP/1.0 200 OK\n\nhello\n"),
            Reads("other", "hello\n"),
            CtrlC("one"),
            Ends("other", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Talking http",
        commands: &["telnet www.google.com 80"],
        needs: &["telnet"],
        play: &[
            Help("server", "ncat -l 80 -c web"),
            Opens("server", 80),
            Run("here", 0),
            Reads("here", "Escape character is '^]'."),
            Type("here", "GET / HTTP/1.1\n\n"),
            Reads("here", "HTTP/1.1 200 OK\r\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Exploring your computers chatter",
        commands: &["netstat -f inet -n"],
        // The same on Linux.
        adapted: &[("netstat -f inet -n", "ss -4 -t -n")],
        needs: &["ss"],
        play: &[
            Help("one", "nc -l 8080"),
            Opens("one", 8080),
            Help("other", "ncat -4 localhost 8080"),
            Type("other", "hello\n"),
            Reads("one", "hello\n"),
            Run("here", 0),
            Reads("here", "ESTAB"),
            Reads("here", "127.0.0.1:8080"),
            Reads("here", "ESTAB"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Tcpdump",
        commands: &["tcpdump -A --interface lo0 port  8080"],
        // The loopback of Linux, and what is seen is shown at once.
        adapted: &[(
            "tcpdump -A --interface lo0",
            "tcpdump -Z root -lA --interface lo",
        )],
        needs: &["tcpdump", ROOT],
        play: &[
            Help("one", "nc -l 8080"),
            Opens("one", 8080),
            Help("other", "ncat localhost 8080"),
            Type("other", "hello\n"),
            Reads("one", "hello\n"),
            Run("watch", 0),
            Reads("watch", "listening on lo"),
            Type("other", "somebody listens\n"),
            Reads("one", "somebody listens\n"),
            Reads("watch", "somebody listens"),
            CtrlC("watch"),
            Ends("watch", 0),
        ],
        ..LESSON
    },
];

#[test]
fn what_is_told_about_ports_works() -> Told {
    all_work(LESSONS)
}
