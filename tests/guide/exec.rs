//! The guide of Nmap's ncat: Command Execution.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, Ends, Help, Opens, Reads, Run};
use crate::lesson::{LESSON, Lesson, all_work};

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "Command Execution",
        commands: &["ncat -l --exec \"/bin/echo Hello.\""],
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Help("client", "ncat localhost"),
            Reads("client", "Hello.\n"),
            Ends("server", 0),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Command Execution",
        commands: &["ncat -l --sh-exec \"echo `pwd`\""],
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Help("client", "ncat localhost"),
            Reads("client", "/here\n"),
            Ends("server", 0),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Command Execution",
        commands: &["ncat -l --lua-exec hello-luaexec.lua"],
        before: "echo 'print(\"Hello, world!\")' > hello-luaexec.lua",
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Help("client", "ncat localhost"),
            Reads("client", "Hello, world!\n"),
            Ends("server", 0),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Command Execution",
        commands: &["ncat -l --keep-open --exec \"/bin/echo Hello.\""],
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Help("client", "ncat localhost"),
            Reads("client", "Hello.\n"),
            Ends("client", 0),
            Help("client", "ncat localhost"),
            Reads("client", "Hello.\n"),
            Ends("client", 0),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Command Execution",
        commands: &["ncat -l --lua-exec env.lua &", "ncat localhost"],
        // Each has a terminal of its own.
        adapted: &[(" &", "")],
        before: "cat > env.lua <<'END'\n\
                 function env(v)\n\
                 \tprint(string.format(\"%s %q\", v, os.getenv(v)))\n\
                 end\n\
                 env(\"NCAT_REMOTE_ADDR\")\n\
                 env(\"NCAT_REMOTE_PORT\")\n\
                 env(\"NCAT_LOCAL_ADDR\")\n\
                 env(\"NCAT_LOCAL_PORT\")\n\
                 env(\"NCAT_PROTO\")\n\
                 END\n",
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Run("client", 1),
            Reads("client", "NCAT_REMOTE_ADDR \""),
            Reads("client", "NCAT_REMOTE_PORT \""),
            Reads("client", "NCAT_LOCAL_ADDR \""),
            Reads("client", "NCAT_LOCAL_PORT \"31337\"\n"),
            Reads("client", "NCAT_PROTO \"TCP\"\n"),
            Ends("client", 0),
            Ends("server", 0),
        ],
        ..LESSON
    },
];

#[test]
fn what_the_guide_says_about_programs_works() -> Told {
    all_work(LESSONS)
}
