//! Emulating Diagnostic Services, which is a part of the guide and stands alone as well.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, Ends, Help, Opens, OpensUdp, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, all_work};

const SECTION: &str = "Emulating Diagnostic Services";

/// What a service says to whoever comes, twice.
macro_rules! says_to_all {
    ($command:literal, udp $port:literal, $says:literal) => {
        Lesson {
            section: SECTION,
            commands: &[$command],
            // Where the page has a word too many.
            adapted: &[("do ncat", "ncat")],
            play: &[
                Run("server", 0),
                OpensUdp("server", $port),
                Help("one", concat!("ncat -u 127.0.0.1 ", $port)),
                Type("one", "hello\n"),
                Reads("one", $says),
                Help("other", concat!("ncat -u 127.0.0.1 ", $port)),
                Type("other", "hello\n"),
                Reads("other", $says),
                CtrlC("server"),
                Ends("server", 130),
            ],
            ..LESSON
        }
    };
    ($command:literal, $opens:expr, $client:literal, $says:literal) => {
        Lesson {
            section: SECTION,
            commands: &[$command],
            play: &[
                Run("server", 0),
                $opens,
                Help("client", $client),
                Reads("client", $says),
                Ends("client", 0),
                Help("client", $client),
                Reads("client", $says),
                Ends("client", 0),
                CtrlC("server"),
                Ends("server", 130),
            ],
            ..LESSON
        }
    };
}

const LESSONS: &[Lesson] = &[
    says_to_all!(
        "ncat -l --keep-open 9 --recv-only > /dev/null",
        Opens("server", 9),
        "seq 100000 | ncat --no-shutdown -q 0 localhost 9; echo done",
        "done\n"
    ),
    // The guide has one for UDP, the page alone another.
    says_to_all!(
        "ncat --udp -l --keep-open 9 --recv-only > /dev/null",
        OpensUdp("server", 9),
        "echo hello | ncat --send-only -u localhost 9; echo done",
        "done\n"
    ),
    says_to_all!(
        "ncat -l 9 --keep-open --udp --sh-exec \"cat > /dev/null\"",
        OpensUdp("server", 9),
        "echo hello | ncat --send-only -u localhost 9; echo done",
        "done\n"
    ),
    says_to_all!(
        "ncat -l 7 --keep-open --exec \"/bin/cat\"",
        Opens("server", 7),
        "echo hello | ncat localhost 7",
        "hello\n"
    ),
    says_to_all!(
        "ncat -l 7 --keep-open --udp --exec \"/bin/cat\"",
        udp 7,
        "hello\n"
    ),
    says_to_all!(
        "ncat -l 13 --keep-open --send-only --exec \"/bin/date\"",
        Opens("server", 13),
        "ncat --recv-only localhost 13",
        "UTC"
    ),
    says_to_all!(
        "ncat -l 13 --keep-open --udp --send-only --exec \"/bin/date\"",
        udp 13,
        "UTC"
    ),
    Lesson {
        section: SECTION,
        commands: &["nmap -sSU -p 13 --script=daytime localhost"],
        play: &[
            Help(
                "server",
                "ncat -l 13 --keep-open --send-only --exec \"/bin/date\"",
            ),
            Help(
                "udp",
                "ncat -l 13 --keep-open --udp --send-only --exec \"/bin/date\"",
            ),
            Opens("server", 13),
            OpensUdp("udp", 13),
            Run("here", 0),
            Reads("here", "13/tcp "),
            Reads("here", "UTC"),
            Reads("here", "13/udp "),
            Reads("here", "UTC"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    says_to_all!(
        "ncat -l 17 --keep-open --send-only --exec \"/usr/games/fortune\"",
        Opens("server", 17),
        "ncat --recv-only localhost 17",
        "Waste not, fret not.\n"
    ),
    says_to_all!(
        "do ncat -l 17 --keep-open --udp --send-only --exec \"/usr/games/fortune\"",
        udp 17,
        "Waste not, fret not.\n"
    ),
    Lesson {
        section: SECTION,
        commands: &["ncat -l 17 --exec \"/usr/games/fortune\""],
        play: &[
            Run("server", 0),
            Opens("server", 17),
            Help("client", "ncat localhost 17"),
            Reads("client", "Waste not, fret not.\n"),
            Ends("client", 0),
            Ends("server", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: SECTION,
        commands: &["/usr/games/fortune | ncat -l 17"],
        play: &[
            Run("server", 0),
            Opens("server", 17),
            Help("client", "ncat localhost 17"),
            Reads("client", "Waste not, fret not.\n"),
            Ends("client", 0),
            Ends("server", 0),
        ],
        ..LESSON
    },
    says_to_all!(
        "yes \"chargenchargenchargen\" | ncat -l --keep-open 19 --send-only",
        Opens("server", 19),
        "ncat --recv-only localhost 19 | head -c 1000000 | tail -c 50000 | grep -c '^chargenchargenchargen$'",
        "227"
    ),
    Lesson {
        section: SECTION,
        commands: &[
            "ncat -l 19 --keep-open --udp --send-only --sh-exec \\\n  \
             \"yes chargenchargenchargen | dd count=1 bs=$(($RANDOM % 512)) 2> /dev/null\"",
            "ncat -l 19 --keep-open --udp --send-only --sh-exec \\\n\
             \"yes chargenchargenchargen | dd count=1 bs=$((SRANDOM % 512)) 2> /dev/null\"",
        ],
        // The number is no chance, for 0 would be no datagram.
        adapted: &[("$RANDOM", "1324"), ("SRANDOM", "1324")],
        play: &[
            Run("server", 0),
            OpensUdp("server", 19),
            Help("client", "ncat -u 127.0.0.1 19 | head -c 300 | wc -c"),
            Type("client", "\n"),
            Reads("client", "300\n"),
            CtrlC("server"),
            Ends("server", 130),
            Run("server", 1),
            OpensUdp("server", 19),
            Help("client", "ncat -u 127.0.0.1 19 | head -c 300 | wc -c"),
            Type("client", "\n"),
            Reads("client", "300\n"),
        ],
        ..LESSON
    },
];

#[test]
fn the_diagnostic_services_work() -> Told {
    all_work(LESSONS)
}
