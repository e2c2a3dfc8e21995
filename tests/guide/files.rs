//! The guide of Nmap's ncat: File Transfer, and chains of ncats.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, Ends, Help, Meets, Opens, Reads, Run, Same};
use crate::lesson::{LESSON, Lesson, all_work};

const TWO: &[&str] = &["host1", "host2"];
const THREE: &[&str] = &["host1", "host2", "host3"];

/// More than sockets and pipes hold between them.
const INPUT: &str = "head -c 12345678 /dev/urandom > ../host1/inputfile";

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "File Transfer",
        commands: &["ncat -l > outputfile", "ncat --send-only host2 < inputfile"],
        hosts: TWO,
        before: INPUT,
        play: &[
            Run("host2", 0),
            Opens("host2", 31337),
            Run("host1", 1),
            Ends("host1", 0),
            Ends("host2", 0),
            Same("host2", "host1/inputfile", "host2/outputfile"),
        ],
        ..LESSON
    },
    Lesson {
        section: "File Transfer",
        commands: &["ncat -l --send-only < inputfile", "ncat host1 > outputfile"],
        hosts: TWO,
        before: INPUT,
        play: &[
            Run("host1", 0),
            Opens("host1", 31337),
            Run("host2", 1),
            Ends("host1", 0),
            Ends("host2", 0),
            Same("host2", "host1/inputfile", "host2/outputfile"),
        ],
        ..LESSON
    },
    Lesson {
        section: "File Transfer",
        commands: &[
            "ncat -l | tar xzv",
            "tar czv files | ncat --send-only host2",
        ],
        hosts: TWO,
        before: "cd ../host1; mkdir files; head -c 2345678 /dev/urandom > files/one; echo two > files/two",
        play: &[
            Run("host2", 0),
            Opens("host2", 31337),
            Run("host1", 1),
            Ends("host1", 0),
            Ends("host2", 0),
            Same("host2", "host1/files/one", "host2/files/one"),
            Same("host2", "host1/files/two", "host2/files/two"),
        ],
        ..LESSON
    },
    Lesson {
        section: "File Transfer",
        commands: &[
            "ncat -l > host1-hda.image",
            "ncat --send-only host2 < /dev/hda",
        ],
        // A file in place of a disk.
        adapted: &[("/dev/hda", "hda")],
        hosts: TWO,
        before: "head -c 12345678 /dev/urandom > ../host1/hda",
        play: &[
            Run("host2", 0),
            Opens("host2", 31337),
            Run("host1", 1),
            Ends("host1", 0),
            Ends("host2", 0),
            Same("host2", "host1/hda", "host2/host1-hda.image"),
        ],
        ..LESSON
    },
    Lesson {
        section: "File Transfer",
        commands: &[
            "ncat -l | bzip2 -d > host1-hda.image",
            "cat /dev/hda | bzip2 | ncat --send-only host2",
        ],
        adapted: &[("/dev/hda", "hda")],
        hosts: TWO,
        needs: &["bzip2"],
        before: "head -c 1234567 /dev/urandom > ../host1/hda",
        play: &[
            Run("host2", 0),
            Opens("host2", 31337),
            Run("host1", 1),
            Ends("host1", 0),
            Ends("host2", 0),
            Same("host2", "host1/hda", "host2/host1-hda.image"),
        ],
        ..LESSON
    },
    Lesson {
        section: "File Transfer",
        commands: &[
            "ncat -l --broker",
            "ncat host3 > outputfile",
            "ncat --send-only host3 < inputfile",
        ],
        hosts: THREE,
        before: INPUT,
        play: &[
            Run("host3", 0),
            Opens("host3", 31337),
            Run("host2", 1),
            Meets("host2", 31337),
            Run("host1", 2),
            Ends("host1", 0),
            Same("host2", "host1/inputfile", "host2/outputfile"),
            CtrlC("host2"),
            Ends("host2", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chain Ncats Together",
        commands: &[
            "ncat -l > log.txt",
            "ncat -l | ncat host3",
            "ncat --send-only host2 < log.txt",
        ],
        hosts: THREE,
        before: "head -c 12345678 /dev/urandom > ../host1/log.txt",
        play: &[
            Run("host3", 0),
            Opens("host3", 31337),
            Run("host2", 1),
            Opens("host2", 31337),
            Run("host1", 2),
            Ends("host1", 0),
            Ends("host2", 0),
            Ends("host3", 0),
            Same("host3", "host1/log.txt", "host3/log.txt"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chain Ncats Together",
        commands: &[
            "ncat -l > log.txt",
            "ncat -l --sh-exec \"ncat host3\"",
            "ncat --send-only host2 < log.txt",
        ],
        hosts: THREE,
        before: "head -c 12345678 /dev/urandom > ../host1/log.txt",
        play: &[
            Run("host3", 0),
            Opens("host3", 31337),
            Run("host2", 1),
            Opens("host2", 31337),
            Run("host1", 2),
            Ends("host1", 0),
            Ends("host2", 0),
            Ends("host3", 0),
            Same("host3", "host1/log.txt", "host3/log.txt"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chain Ncats Together",
        commands: &["ncat -l localhost 8080 --sh-exec \"ncat example.org 80\""],
        needs: &["curl"],
        play: &[
            Help("web", "ncat -l 80 -c web"),
            Opens("web", 80),
            Run("here", 0),
            Opens("here", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<title>Go ahead!</title>"),
            Ends("browser", 0),
            Ends("here", 0),
        ],
        ..LESSON
    },
];

#[test]
fn what_the_guide_says_about_files_works() -> Told {
    all_work(LESSONS)
}
