//! The guide of Nmap's ncat: its sections about basic usage, SSL and output.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, CtrlD, Ends, Help, Holds, Meets, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, all_work};

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "Basic usage",
        commands: &["ncat host [port]", "ncat --listen [host] [port]"],
        adapted: &[("[host]", "host"), ("[port]", "7000")],
        play: &[
            Run("server", 1),
            Opens("server", 7000),
            Run("client", 0),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            Type("server", "good day\n"),
            Reads("client", "good day\n"),
            CtrlD("client"),
            CtrlD("server"),
            Ends("client", 0),
            Ends("server", 0),
        ],
        ..LESSON
    },
    // Without either of the two, it is port 31337 of all addresses.
    Lesson {
        section: "Basic usage",
        commands: &["ncat host [port]", "ncat -l [host] [port]"],
        adapted: &[(" [host]", ""), (" [port]", "")],
        play: &[
            Run("server", 1),
            Opens("server", 31337),
            Run("client", 0),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            CtrlD("client"),
            CtrlD("server"),
            Ends("server", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Basic usage",
        commands: &["ncat --help"],
        play: &[
            Run("here", 0),
            Reads("here", "Usage: ncat "),
            Reads("here", "--listen"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Basic usage",
        commands: &["man ncat"],
        not_run: "the manual is installed by packages; that it can be shown is tested with groff and mandoc",
        ..LESSON
    },
    Lesson {
        section: "A Connect Mode Example",
        commands: &["ncat -C scanme.nmap.org 80"],
        play: &[
            Help("server", "ncat -l 80 -c web"),
            Opens("server", 80),
            Run("here", 0),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "HTTP/1.1 200 OK\r\n"),
            Reads("here", "<title>Go ahead!</title>"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "A Listen Mode Example",
        commands: &["ncat -l localhost 8080 < hello.http"],
        needs: &["curl"],
        before: "printf 'HTTP/1.0 200 OK\n\n<html>\n  <h1>Hello, world!</h1>\n</html>\n' > hello.http",
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello, world!</h1>"),
            Ends("browser", 0),
            Reads("server", "GET / HTTP/1.1\r\n"),
            Ends("server", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &["ncat -C --ssl server 443"],
        needs: &["openssl"],
        before: "certificate server cert",
        play: &[
            Help("web", HTTPS),
            Opens("web", 443),
            Run("here", 0),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "HTTP/1.0 200 ok"),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &["ncat -C --ssl-verify server 443"],
        // The trusted certificates of this world.
        adapted: &[("ncat ", "SSL_CERT_FILE=cert.pem ncat ")],
        needs: &["openssl"],
        before: "certificate server cert",
        play: &[
            Help("web", HTTPS),
            Opens("web", 443),
            Run("here", 0),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "HTTP/1.0 200 ok"),
            Help("doubter", "ncat -C --ssl-verify server 443"),
            Reads("doubter", "not trusted."),
            Ends("doubter", 1),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &["ncat -C --ssl-verify --ssl-trustfile custom-certs.pem server 443"],
        needs: &["openssl"],
        before: "certificate server cert; cp cert.pem custom-certs.pem",
        play: &[
            Help("web", HTTPS),
            Opens("web", 443),
            Run("here", 0),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "HTTP/1.0 200 ok"),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &["ncat --ssl-ciphers HIGH:!aNULL:!eNULL server 443"],
        needs: &["openssl"],
        before: "certificate server cert",
        play: &[
            Help("web", HTTPS),
            Opens("web", 443),
            Run("here", 0),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "HTTP/1.0 200 ok"),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &["ncat -v --listen --ssl"],
        play: &[
            Run("server", 0),
            Reads("server", "Ncat: Generating a temporary "),
            Reads(
                "server",
                "Use --ssl-key and --ssl-cert to use a permanent one.",
            ),
            Reads("server", "SHA-1 fingerprint: "),
            Opens("server", 31337),
            Help("client", "ncat --ssl localhost"),
            Type("client", "hello\n"),
            Reads("server", "hello\n"),
            CtrlD("server"),
            CtrlD("client"),
            Ends("server", 0),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSL",
        commands: &[
            "openssl req -new -x509 -keyout test-key.pem -out test-cert.pem",
            "ncat --listen --ssl --ssl-cert test-cert.pem --ssl-key test-key.pem",
            "ncat --ssl-verify --ssl-trustfile test-cert.pem",
        ],
        // The last one has no host, and needs one.
        adapted: &[(
            "--ssl-trustfile test-cert.pem",
            "--ssl-trustfile test-cert.pem server",
        )],
        needs: &["openssl"],
        play: &[
            Run("server", 0),
            Reads("server", "phrase:"),
            Type("server", "secret\n"),
            Reads("server", "phrase:"),
            Type("server", "secret\n"),
            Reads("server", "Country Name"),
            Type("server", "AU\nSome-State\nTown\nTest\nUnit\n"),
            Reads("server", "Common Name"),
            Type("server", "server\n"),
            Reads("server", "Email Address"),
            Type("server", "\n"),
            Ends("server", 0),
            Run("server", 1),
            Reads("server", "phrase"),
            Type("server", "secret\n"),
            Opens("server", 31337),
            Run("client", 2),
            Type("client", "it is you\n"),
            Reads("server", "it is you\n"),
            Type("server", "it is me\n"),
            Reads("client", "it is me\n"),
            CtrlD("server"),
            CtrlD("client"),
            Ends("client", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Output Options",
        commands: &["ncat -C --output smtp-debug.log mail.example.com 25"],
        play: &[
            Help("server", "ncat -l 25 -c smtp"),
            Opens("server", 25),
            Run("here", 0),
            Reads("here", "220 mail.example.com ESMTP\r\n"),
            Type("here", "QUIT\n"),
            Reads("here", "221 "),
            Ends("here", 0),
            Holds(
                "here",
                "smtp-debug.log",
                "220 mail.example.com ESMTP\r\nQUIT\r\n221 mail.example.com closing connection\r\n",
            ),
        ],
        ..LESSON
    },
    Lesson {
        section: "Output Options",
        commands: &["ncat -C --hex-dump ssh-hex.log scanme.nmap.org 22"],
        play: &[
            Help(
                "server",
                "ncat -l 22 -c 'echo SSH-2.0-OpenSSH_4.3; read line; echo Protocol mismatch.'",
            ),
            Opens("server", 22),
            Run("here", 0),
            Reads("here", "SSH-2.0-OpenSSH_4.3\n"),
            Type("here", "HELO example.com\n"),
            Reads("here", "Protocol mismatch.\n"),
            Ends("here", 0),
            // As the reference writes it today; the guide shows how an older one did.
            Holds("here", "ssh-hex.log", HEX),
        ],
        ..LESSON
    },
    Lesson {
        section: "Timing",
        commands: &["--delay 500ms"],
        adapted: &[("--delay", "ncat host1 7000 --delay")],
        play: &[
            Help("server", "ncat -l 7000"),
            Opens("server", 7000),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("here"),
            Ends("here", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chatting",
        commands: &["ncat -l", "ncat host1"],
        hosts: &["host1", "host2"],
        play: &[
            Run("host1", 0),
            Opens("host1", 31337),
            Run("host2", 1),
            Type("host2", "Is anyone there?\n"),
            Reads("host1", "Is anyone there?\n"),
            Type("host1", "I'm here.\n"),
            Reads("host2", "I'm here.\n"),
            CtrlC("host2"),
            Ends("host2", 130),
            Ends("host1", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chatting",
        commands: &["ncat -l --chat", "ncat server"],
        play: &[
            Run("server", 0),
            Opens("server", 31337),
            Run("one", 1),
            Meets("one", 31337),
            Reads("one", "<announce>"),
            Run("other", 1),
            Reads("one", "<announce>"),
            Type("other", "Is anyone there?\n"),
            Reads("one", "<user2> Is anyone there?\n"),
            Type("one", "I'm here.\n"),
            Reads("other", "<user1> I'm here.\n"),
            Type("server", "Go away, all of you.\n"),
            Reads("one", "<user0> Go away, all of you.\n"),
            Reads("other", "<user0> Go away, all of you.\n"),
        ],
        ..LESSON
    },
];

const HEX: &str = "\
0000   53 53 48 2d 32 2e 30 2d  4f 70 65 6e 53 53 48 5f  SSH-2.0-OpenSSH_
0010   34 2e 33 0a                                       4.3.            
0000   48 45 4c 4f 20 65 78 61  6d 70 6c 65 2e 63 6f 6d  HELO.example.com
0010   0d 0a                                             ..              
0000   50 72 6f 74 6f 63 6f 6c  20 6d 69 73 6d 61 74 63  Protocol.mismatc
0010   68 2e 0a                                          h..             
";

/// A web server with TLS of somebody else's.
const HTTPS: &str = "openssl s_server -4 -quiet -www -accept 443 -cert cert.pem -key cert-key.pem";

#[test]
fn what_the_guide_says_about_clients_and_servers_works() -> Told {
    all_work(LESSONS)
}
