//! "TCP/IP applications by example": servers of a line or two.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, CtrlD, Ends, Help, Meets, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, all_work};

const RESPONSE: &str = "printf 'HTTP/1.0 200 OK\nContent-type: text/html; charset=utf-8\n\
                        Connection: close\n\n\n' | tee response1.txt > response.txt; \
                        echo '<h1>Hello world</h1>' >> response.txt; : > messages";

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "TCP/IP applications by example",
        commands: &["sudo apt install nmap"],
        not_run: "it installs what is replaced here",
        ..LESSON
    },
    Lesson {
        section: "Basic usage of ncat",
        commands: &[
            "ncat <target-address> <target-port>",
            "ncat -lp <listen-port>",
        ],
        adapted: &[
            ("<target-address>", "127.0.0.1"),
            ("<target-port>", "7000"),
            ("<listen-port>", "7000"),
        ],
        play: &[
            Run("server", 1),
            Opens("server", 7000),
            Run("client", 0),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Basic usage of ncat",
        commands: &["ncat -lp 10101", "ncat localhost 10101"],
        play: &[
            Run("server", 0),
            Opens("server", 10101),
            Run("client", 1),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            Type("server", "good day\n"),
            Reads("client", "good day\n"),
            CtrlD("client"),
            Ends("server", 0),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Basic usage of ncat",
        commands: &["man ncat"],
        not_run: "the manual is installed by packages; that it can be shown is tested with groff and mandoc",
        ..LESSON
    },
    Lesson {
        section: "Example 1: MOTD-server",
        commands: &[
            "ncat -c \"echo hello world\" -lp 10101",
            "ncat localhost 10101",
        ],
        play: &[
            Run("server", 0),
            Opens("server", 10101),
            Run("client", 1),
            Reads("client", "hello world\n"),
            CtrlD("client"),
            Ends("client", 0),
            Ends("server", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 2: Echo server",
        commands: &["ncat -c cat -lp 10101 -k", "ncat localhost 10101"],
        play: &[
            Run("server", 0),
            Opens("server", 10101),
            Run("client", 1),
            Type("client", "is this on?\n"),
            Reads("client", "is this on?\n"),
            Type("client", "this is echoed.\n"),
            Reads("client", "this is echoed.\n"),
            CtrlD("client"),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 3: Chat server",
        commands: &["cat >>messages", "tail -f messages"],
        not_run: "these are parts of the command below",
        ..LESSON
    },
    Lesson {
        section: "Example 3: Chat server",
        commands: &[
            "ncat -c \"cat >>messages | tail -f messages\" -lp 10101 -k",
            "ncat localhost 10101",
        ],
        before: RESPONSE,
        play: &[
            Run("server", 0),
            Opens("server", 10101),
            Run("one", 1),
            Run("other", 1),
            Type("one", "hello\n"),
            Reads("other", "hello\n"),
            Reads("one", "hello\n"),
            Type("other", "good day\n"),
            Reads("one", "good day\n"),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 4: Simple HTTP server",
        commands: &["ncat -c \"cat response.txt\" -lp 8080 -k"],
        needs: &["curl"],
        before: RESPONSE,
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello world</h1>\n"),
            Ends("browser", 0),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello world</h1>\n"),
            Ends("browser", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 5: Improved chat server",
        commands: &[
            "sed -ue \"s/^/$PPID: /\"",
            "grep --line-buffered -v \"^$PPID:\"",
        ],
        not_run: "these are parts of the command below",
        ..LESSON
    },
    Lesson {
        section: "Example 5: Improved chat server",
        commands: &[
            r#"ncat -c 'sed -ue "s/^/$PPID: /"  | cat >>messages | tail -f messages | grep --line-buffered -v "^$PPID:"' -lp 10101 -k"#,
            "ncat localhost 10101",
        ],
        before: RESPONSE,
        play: &[
            Run("server", 0),
            Opens("server", 10101),
            Run("one", 1),
            Meets("one", 10101),
            Run("other", 1),
            Meets("other", 10101),
            Type("one", "I am one\n"),
            Reads("other", ": I am one\n"),
            Type("other", "I am the other\n"),
            Reads("one", ": I am the other\n"),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 6: Fuzz testing",
        commands: &["ncat -c \"head -c 1000000 /dev/urandom\" -lp 8080 -k"],
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help(
                "browser",
                "printf 'GET / HTTP/1.0\r\n\r\n' | ncat localhost 8080 | wc -c",
            ),
            Reads("browser", "1000000\n"),
            Ends("browser", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Example 6: Fuzz testing",
        commands: &["ncat -c \"head -c 1000000 /dev/urandom | cat response1.txt -\" -lp 8080 -k"],
        needs: &["curl"],
        before: RESPONSE,
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/ | wc -c"),
            // The head of the text ends in two empty lines, of which the second is content.
            Reads("browser", "1000001\n"),
            Ends("browser", 0),
        ],
        ..LESSON
    },
];

#[test]
fn the_tutorials_applications_work() -> Told {
    all_work(LESSONS)
}
