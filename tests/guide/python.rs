//! "How to use Python to analyze TCP server and client": its two programs, with an ncat in the place of
//! either.

use crate::common::Told;
use crate::lesson::Step::{Ends, Help, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, all_work};

const PROGRAMS: &str = concat!(
    "cat > tcp_server.py <<'END'\n",
    include_str!("programs/tcp_server.py"),
    "END\ncat > tcp_client.py <<'END'\n",
    include_str!("programs/tcp_client.py"),
    "END\n"
);

/// A person in the server's place.
const TALK: &str = "ncat -l 127.0.0.1 6000";

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "Single server VS single client",
        commands: &["python3 ./tcp_server.py"],
        needs: &["python3"],
        before: PROGRAMS,
        play: &[
            Run("server", 0),
            Reads("server", "Waiting for connection..."),
            Opens("server", 6000),
            Help("client", "ncat 127.0.0.1 6000"),
            Reads("server", "Accept new connection from 127.0.0.1:"),
            Reads("client", "Welcome!\nWhat's your name?"),
            Type("client", "Alice\n"),
            Reads("client", "Hello Alice!\nWhat's your name?\n"),
            Type("client", "Bob\n"),
            Reads("client", "Hello Bob!\nWhat's your name?\n"),
            Type("client", "exit\n"),
            Reads("client", "Good bye!\n"),
            Reads("server", " is closed"),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Single server VS single client",
        commands: &["python3 ./tcp_client.py"],
        needs: &["python3"],
        before: PROGRAMS,
        play: &[
            Help("server", TALK),
            Opens("server", 6000),
            Run("client", 0),
            Type("server", "Welcome!\n"),
            Reads("client", "Welcome!\n"),
            Type("server", "What's your name?\n"),
            Reads("client", "What's your name?\n"),
            Reads("client", "Please input your name:"),
            Type("client", "\n"),
            Reads("client", "Please input your name:"),
            Type("client", "exit\n"),
            Reads("server", "exit"),
            Type("server", "Good bye!\n"),
            Reads("client", "Good bye!\n"),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Single server VS multi-client",
        commands: &["python3 ./tcp_server.py", "python3 ./tcp_client.py"],
        needs: &["python3"],
        before: PROGRAMS,
        play: &[
            Run("server", 0),
            Opens("server", 6000),
            Help("one", "ncat 127.0.0.1 6000"),
            Help("two", "ncat 127.0.0.1 6000"),
            Run("three", 1),
            Reads("one", "What's your name?"),
            Type("one", "Client1\n"),
            Reads("two", "What's your name?"),
            Type("two", "Client2\n"),
            Reads("three", "Please input your name:"),
            Type("three", "Client3\n"),
            Reads("one", "Hello Client1!"),
            Reads("two", "Hello Client2!"),
            Reads("three", "Hello Client3!"),
            Type("one", "exit\n"),
            Reads("one", "Good bye!\n"),
            Ends("one", 0),
            Type("two", "exit\n"),
            Reads("two", "Good bye!\n"),
            Ends("two", 0),
        ],
        ..LESSON
    },
];

#[test]
fn programs_in_python_talk_to_ours() -> Told {
    all_work(LESSONS)
}
