//! The guide of Nmap's ncat: Neat Tricks.

use crate::common::Told;
use crate::lesson::Step::{CtrlC, CtrlD, Ends, Help, Holds, Opens, Reads, Run, Type};
use crate::lesson::{LESSON, Lesson, ROOT, all_work};

const LESSONS: &[Lesson] = &[
    Lesson {
        section: "Send Mail",
        commands: &["ncat -C mail.example.com 25"],
        play: &[
            Help("server", "ncat -l 25 -c smtp"),
            Opens("server", 25),
            Run("here", 0),
            Reads("here", "220 mail.example.com ESMTP\r\n"),
            Type("here", "HELO client.example.com\n"),
            Reads("here", "250 mail.example.com Hello client.example.com\r\n"),
            Type("here", "MAIL FROM:a@example.com\n"),
            Reads("here", "250 OK\r\n"),
            Type("here", "RCPT TO:b@example.com\n"),
            Reads("here", "250 Accepted\r\n"),
            Type("here", "DATA\n"),
            Reads("here", "354 "),
            Type("here", "Subject: Greetings from Ncat\n\nHello.\n.\n"),
            Reads("here", "250 OK\r\n"),
            Type("here", "QUIT\n"),
            Reads("here", "221 mail.example.com closing connection\r\n"),
            Ends("here", 0),
            Holds(
                "server",
                "mail",
                "Subject: Greetings from Ncat\r\n\r\nHello.\r\n",
            ),
        ],
        ..LESSON
    },
    Lesson {
        section: "Turn Ncat into a simple web server",
        commands: &[
            r#"ncat -lk -p 8080 --sh-exec "echo -e 'HTTP/1.1 200 OK\r\n'; cat index.html""#,
        ],
        // The shell of Debian has an echo without -e.
        adapted: &[(
            "echo -e 'HTTP/1.1 200 OK\\r\\n'",
            "echo 'HTTP/1.1 200 OK\\r\\n\\r'",
        )],
        needs: &["curl"],
        before: "echo '<h1>Index</h1>' > index.html",
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Index</h1>\n"),
            Ends("browser", 0),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Index</h1>\n"),
            Ends("browser", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Turn Ncat into a simple web server",
        commands: &[r#"ncat -lk -p 8080 --sh-exec "echo HTTP/1.1 200 OK& echo(&type index.html""#],
        not_run: "it is for the shell of Windows",
        ..LESSON
    },
    Lesson {
        section: "Turn Ncat into a simple web server",
        commands: &["ncat --lua-exec httpd.lua --listen 8080 --keep-open"],
        needs: &["curl"],
        before: concat!(
            "echo '<h1>Index</h1>' > index.html; cat > httpd.lua <<'END'\n",
            include_str!("../lua/scripts/http.lua"),
            "\nEND\n"
        ),
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/index.html"),
            Reads("browser", "<h1>Index</h1>\n"),
            Ends("browser", 0),
            Help("browser", "curl -si http://localhost:8080/nothing"),
            Reads("browser", " 404 "),
            Ends("browser", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Unwrap SSL",
        commands: &[r#"ncat -l localhost 143 --sh-exec "ncat --ssl imap.example.com 993""#],
        play: &[
            Help("server", "ncat -l 993 --ssl -c imap"),
            Opens("server", 993),
            Run("here", 0),
            Opens("here", 143),
            Help("reader", "ncat -C localhost 143"),
            Reads("reader", "* OK IMAP4rev1 ready\r\n"),
            Type("reader", "a1 NOOP\n"),
            Reads("reader", "a1 OK NOOP\r\n"),
            Type("reader", "a2 LOGOUT\n"),
            Reads("reader", "a2 OK done\r\n"),
            Ends("reader", 0),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Use SSH Through an Ncat Tunnel",
        commands: &[r#"ssh -o ProxyCommand="ssh -q router ncat %h %p" host"#],
        // A program that needs no terminal, in place of a shell that wants one.
        adapted: &[("%p\" host", "%p\" host cat")],
        needs: &["/usr/bin/ssh", "/usr/sbin/sshd", ROOT],
        play: &[
            Help("server", "shells"),
            Opens("server", 22),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Use SSH Through an Ncat Tunnel",
        commands: &[
            "ssh router -D 8080",
            "ncat --proxy localhost:8080 --proxy-type socks4 192.168.1.123",
        ],
        needs: &["/usr/bin/ssh", "/usr/sbin/sshd", ROOT],
        before: "ip addr add 192.168.1.123/32 dev lo",
        play: &[
            Help("server", "shells"),
            Opens("server", 22),
            Help("host", "ncat -l 192.168.1.123"),
            Opens("host", 31337),
            Run("tunnel", 0),
            Opens("tunnel", 8080),
            Run("here", 1),
            Type("here", "hello\n"),
            Reads("host", "hello\n"),
            Type("host", "good day\n"),
            Reads("here", "good day\n"),
            CtrlD("here"),
            CtrlD("host"),
            Ends("here", 0),
            Ends("host", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Watch What Nmap's Version Detection is Doing",
        commands: &[
            "ncat -l --keep-open 5200 --hex-dump vscan.log > /dev/null",
            "nmap -d -sV --version-all localhost -p 5200",
        ],
        play: &[
            Run("here", 0),
            Opens("here", 5200),
            Run("nmap", 1),
            Ends("nmap", 0),
            Holds("here", "vscan.log", "0000   0d 0a 0d 0a      "),
            Holds(
                "here",
                "vscan.log",
                "0000   47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  GET./.HTTP/1.0..\n\
                 0010   0d 0a     ",
            ),
            Holds("here", "vscan.log", "0000   80 00 00 28 72 fe 1d 13      "),
            CtrlC("here"),
            Ends("here", 130),
        ],
        ..LESSON
    },
];

#[test]
fn the_tricks_of_the_guide_work() -> Told {
    all_work(LESSONS)
}
