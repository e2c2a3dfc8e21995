//! Our own README: every block of commands in it, played as it stands there.

use crate::common::Told;
use crate::lesson::Step::{
    CtrlC, CtrlD, Ends, Help, Holds, Meets, Opens, OpensUdp, Reads, Run, Same, Type,
};
use crate::lesson::{LESSON, Lesson, ROOT, all_work};

const README: &str = include_str!("../../README.md");

const TWO: &[&str] = &["host1", "host2"];
const THREE: &[&str] = &["host1", "host2", "host3"];

/// Those who are trusted in this world.
const TRUSTED: &[(&str, &str)] = &[(
    "ncat --ssl-verify",
    "SSL_CERT_FILE=cert.pem ncat --ssl-verify",
)];
const TRUSTED_BEHIND: &[(&str, &str)] = &[(
    "ncat --proxy proxy.example --ssl-verify",
    "SSL_CERT_FILE=cert.pem ncat --proxy proxy.example --ssl-verify",
)];

/// A program that needs no terminal, in place of a shell that wants one.
const CAT_OVER_THERE: &[(&str, &str)] = &[("' host.example", "' host.example cat")];

const BLOCKS: &[Lesson] = &[
    Lesson {
        section: "Install",
        commands: &["cargo install --path .                  # puts ncat into your PATH"],
        not_run: "the tests run what cargo has built for them",
        ..LESSON
    },
    Lesson {
        section: "Install",
        commands: &[
            "ncat --generate man > /usr/local/share/man/man1/ncat.1          # the manual: all there is to know",
            "ncat --generate complete-bash > /etc/bash_completion.d/ncat     # or complete-zsh, complete-fish",
        ],
        adapted: &[
            ("/usr/local/share/man/man1/", ""),
            ("/etc/bash_completion.d/", ""),
        ],
        play: &[
            Run("here", 0),
            Ends("here", 0),
            Holds("here", "ncat.1", ".TH NCAT 1"),
            Run("here", 1),
            Ends("here", 0),
            Holds("here", "ncat", "complete "),
        ],
        ..LESSON
    },
    Lesson {
        section: "Talk to a server",
        commands: &[
            "ncat example.org 7                      # what you type goes there, what comes is shown",
            "ncat -C example.org 80                  # -C ends lines with CR LF: GET / HTTP/1.0, and an empty line",
            "ncat -C --ssl example.org 443           # the same, encrypted",
            r#"printf 'GET / HTTP/1.0\r\n\r\n' | ncat example.org 80 > page"#,
            "echo | ncat -u -q 1 localhost 13        # a datagram, and what answers come within a second",
            "ncat -U /tmp/socket                     # a Unix socket; with -u for datagrams, @name is abstract",
            "ncat -zv example.org 7-13,80,https      # which ports answer? With --ssl: which of them speak TLS?",
            "ncat -t -w 5 example.org 7              # answers to telnet's questions; five seconds to connect",
        ],
        adapted: &[("/tmp/", "./")],
        play: &[
            Help("echo", "ncat -lk 7 -e /bin/cat"),
            Opens("echo", 7),
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Help("secure", "ncat -lk 443 --ssl -c web"),
            Opens("secure", 443),
            Help("date", "ncat -luk 13 --send-only -e /bin/date"),
            OpensUdp("date", 13),
            Help("unix", "ncat -lkU ./socket -e /bin/cat"),
            Help("probe", "until ncat -zU ./socket 2> /dev/null; do :; done"),
            Ends("probe", 0),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Run("here", 1),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "<title>Go ahead!"),
            Ends("here", 0),
            Run("here", 2),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "<title>Go ahead!"),
            Ends("here", 0),
            Run("here", 3),
            Ends("here", 0),
            Holds("here", "page", "<title>Go ahead!"),
            Run("here", 4),
            Reads("here", "UTC"),
            Ends("here", 1),
            Run("here", 5),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Run("here", 6),
            Reads("here", ":7."),
            Reads("here", ":80."),
            Reads("here", ":443."),
            Ends("here", 0),
            Run("here", 7),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Be a server",
        commands: &[
            "ncat -l 8080 < hello.http               # one answer for the first who comes; shows what they say",
            "ncat -l -k 8080 -c 'cat hello.http'     # the same for everybody",
            "ncat -l -k -v 9000 > all                # what everybody says goes into a file; -v says who comes",
            "ncat -l -k -u 9000                      # datagrams: who sends is answered",
            "ncat -l -k -U /tmp/socket               # a Unix socket",
        ],
        adapted: &[("/tmp/", "./")],
        needs: &["curl"],
        before: "printf 'HTTP/1.0 200 OK\\n\\n<h1>Hello</h1>\\n' > hello.http",
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello</h1>\n"),
            Ends("browser", 0),
            Reads("server", "GET / HTTP/1.1\r\n"),
            Ends("server", 0),
            Run("server", 1),
            Opens("server", 8080),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello</h1>\n"),
            Ends("browser", 0),
            Help("browser", "curl -s http://localhost:8080/"),
            Reads("browser", "<h1>Hello</h1>\n"),
            Ends("browser", 0),
            Run("everybody", 2),
            Opens("everybody", 9000),
            Help("one", "ncat localhost 9000"),
            Type("one", "one is here\n"),
            Holds("everybody", "all", "one is here\n"),
            Reads("everybody", "Connection from "),
            Help("two", "ncat localhost 9000"),
            Type("two", "two as well\n"),
            Holds("everybody", "all", "two as well\n"),
            Type("everybody", "welcome\n"),
            Reads("one", "welcome\n"),
            Reads("two", "welcome\n"),
            Run("datagrams", 3),
            OpensUdp("datagrams", 9000),
            Help("sender", "ncat -u 127.0.0.1 9000"),
            Type("sender", "hello\n"),
            Reads("datagrams", "hello\n"),
            Type("datagrams", "good day\n"),
            Reads("sender", "good day\n"),
            Run("unix", 4),
            Help("probe", "until ncat -zU ./socket 2> /dev/null; do :; done"),
            Ends("probe", 0),
            Help("caller", "ncat -U ./socket"),
            Type("caller", "hello\n"),
            Reads("unix", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Transfer files",
        commands: &[
            "ncat -l 9000 > copy.img                 # here, at host1",
            "ncat host1 9000 < disk.img              # and there",
        ],
        hosts: TWO,
        before: "head -c 12345678 /dev/urandom > ../host2/disk.img",
        play: &[
            Run("host1", 0),
            Opens("host1", 9000),
            Run("host2", 1),
            Ends("host2", 0),
            Ends("host1", 0),
            Same("host1", "host2/disk.img", "host1/copy.img"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Transfer files",
        commands: &[
            "ncat -l 9000 < disk.img                 # here, at host1",
            "ncat host1 9000 > copy.img              # and there",
        ],
        hosts: TWO,
        before: "head -c 12345678 /dev/urandom > ../host1/disk.img",
        play: &[
            Run("host1", 0),
            Opens("host1", 9000),
            Run("host2", 1),
            Ends("host2", 0),
            Ends("host1", 0),
            Same("host1", "host1/disk.img", "host2/copy.img"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Transfer files",
        commands: &[
            "ncat -l 9000 | tar xz                   # here, at host1",
            "tar cz photos | ncat --send-only host1 9000",
        ],
        hosts: TWO,
        before: "mkdir ../host2/photos; head -c 2345678 /dev/urandom > ../host2/photos/one",
        play: &[
            Run("host1", 0),
            Opens("host1", 9000),
            Run("host2", 1),
            Ends("host2", 0),
            Ends("host1", 0),
            Same("host1", "host2/photos/one", "host1/photos/one"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Transfer files",
        commands: &[
            "ncat -l 9000 > disk.img                 # here, at host1",
            "ncat --send-only host1 9000 < /dev/sda",
        ],
        adapted: &[("/dev/sda", "sda")],
        hosts: TWO,
        before: "head -c 12345678 /dev/urandom > ../host2/sda",
        play: &[
            Run("host1", 0),
            Opens("host1", 9000),
            Run("host2", 1),
            Ends("host2", 0),
            Ends("host1", 0),
            Same("host1", "host2/sda", "host1/disk.img"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Transfer files",
        commands: &[
            "ncat --broker 9000                      # at host3",
            "ncat host3 9000 > copy.img              # at host2",
            "ncat --send-only host3 9000 < disk.img  # at host1",
        ],
        hosts: THREE,
        before: "head -c 12345678 /dev/urandom > ../host1/disk.img",
        play: &[
            Run("host3", 0),
            Opens("host3", 9000),
            Run("host2", 1),
            Meets("host2", 9000),
            Run("host1", 2),
            Ends("host1", 0),
            Same("host2", "host1/disk.img", "host2/copy.img"),
            CtrlC("host2"),
            Ends("host2", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chat, or let many hear each other",
        commands: &[
            "ncat -l 9000                            # in one terminal",
            "ncat localhost 9000                     # in another",
        ],
        play: &[
            Run("one", 0),
            Opens("one", 9000),
            Run("other", 1),
            Type("other", "hello\n"),
            Reads("one", "hello\n"),
            Type("one", "good day\n"),
            Reads("other", "good day\n"),
            CtrlD("other"),
            CtrlD("one"),
            Ends("other", 0),
            Ends("one", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Chat, or let many hear each other",
        commands: &[
            "ncat --chat 9000                        # each line says who said it: <user1>, <user2>, ...",
            "ncat --broker 9000                      # the same without names, for bytes of any kind",
        ],
        play: &[
            Run("server", 0),
            Opens("server", 9000),
            Help("one", "ncat localhost 9000"),
            Reads("one", "<announce>"),
            Help("other", "ncat localhost 9000"),
            Reads("other", "<announce>"),
            Type("one", "hello\n"),
            Reads("other", "<user1> hello\n"),
            Type("server", "good day\n"),
            Reads("one", "<user0> good day\n"),
            CtrlC("server"),
            Ends("server", 130),
            Run("server", 1),
            Opens("server", 9000),
            Help("one", "ncat localhost 9000"),
            Meets("one", 9000),
            Help("other", "ncat localhost 9000"),
            Meets("other", 9000),
            Type("other", "hello\n"),
            Reads("one", "hello\n"),
            Type("server", "good day\n"),
            Reads("one", "good day\n"),
            Reads("other", "good day\n"),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "Redirect a port",
        commands: &[
            "ncat -l -k 8080 -c 'ncat example.org 80'                        # port 8080 here is port 80 there",
            "ncat -l -k localhost 143 -c 'ncat --ssl mail.example 993'       # TLS for a program that has none",
            "ncat -l -k 993 --ssl -c 'ncat localhost 143'                    # and for a server that has none",
            "ncat -l 9000 | ncat host1 9000                                  # one way only",
        ],
        hosts: &["host1"],
        before: "ip addr add 10.0.0.9/24 dev joint; head -c 12345678 /dev/urandom > file",
        play: &[
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Run("here", 0),
            Opens("here", 8080),
            Help(
                "browser",
                "printf 'GET / HTTP/1.0\r\n\r\n' | ncat localhost 8080",
            ),
            Reads("browser", "Go ahead!"),
            Ends("browser", 0),
            Help("secure", "ncat -l 993 --ssl -c imap"),
            Opens("secure", 993),
            Run("unwrap", 1),
            Opens("unwrap", 143),
            Help("reader", "ncat -C localhost 143"),
            Reads("reader", "* OK "),
            Type("reader", "a LOGOUT\n"),
            Reads("reader", "a OK done"),
            Ends("reader", 0),
            CtrlC("unwrap"),
            Ends("unwrap", 130),
            Ends("secure", 0),
            Help("plain", "ncat -l 143 -c imap"),
            Opens("plain", 143),
            Run("wrap", 2),
            Opens("wrap", 993),
            Help("reader", "ncat -C --ssl localhost 993"),
            Reads("reader", "* OK "),
            Type("reader", "a LOGOUT\n"),
            Reads("reader", "a OK done"),
            Ends("reader", 0),
            Help("host1", "ncat -l 10.0.0.1 9000 > copy"),
            Opens("host1", 9000),
            Run("relay", 3),
            Opens("relay", 9000),
            Help("sender", "ncat --send-only 127.0.0.1 9000 < file"),
            Ends("sender", 0),
            Ends("relay", 0),
            Ends("host1", 0),
            Same("host1", "file", "host1/copy"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Running a program for each connection",
        commands: &[
            "ncat -l 7 -k -e /bin/cat                            # an echo service, for many at once",
            "ncat -l 7 -k -u -e /bin/cat                         # the same for datagrams: one cat for each sender",
            r#"ncat -l 1313 -k -c 'echo "you are $NCAT_REMOTE_ADDR"; date'"#,
            "ncat backup.example 9000 -c 'tar cz /etc'               # connecting works the same way",
        ],
        adapted: &[("tar cz /etc", "tar cz ../here/etc 2> /dev/null")],
        before: "mkdir etc; : > etc/one",
        play: &[
            Run("echo", 0),
            Opens("echo", 7),
            Help("here", "ncat localhost 7"),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Run("datagrams", 1),
            OpensUdp("datagrams", 7),
            Help("here", "ncat -u 127.0.0.1 7"),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            Run("who", 2),
            Opens("who", 1313),
            Help("here", "ncat 127.0.0.1 1313"),
            Reads("here", "you are 127.0.0.1\n"),
            Reads("here", "UTC"),
            Ends("here", 0),
            Help("backup", "ncat -l 9000 | tar tz"),
            Opens("backup", 9000),
            Run("here", 3),
            Ends("here", 0),
            Reads("backup", "here/etc/one\n"),
            Ends("backup", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "A service in Lua",
        commands: &["ncat -l -k 9000 --lua-exec hello.lua"],
        before: "cat > hello.lua <<'END'\nio.write(\"Your name? \")\nprint(\"Hello, \" .. (io.read() or \"stranger\") .. \" from \" .. os.getenv(\"NCAT_REMOTE_ADDR\"))\nEND\n",
        play: &[
            Run("server", 0),
            Opens("server", 9000),
            Help("one", "ncat 127.0.0.1 9000"),
            Reads("one", "Your name? "),
            Type("one", "Ada\n"),
            Reads("one", "Hello, Ada from 127.0.0.1\n"),
            Ends("one", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Diagnostic services",
        commands: &[
            "ncat -l -k 9 --recv-only > /dev/null                    # discard: takes all, says nothing",
            "ncat -l -k 7 -e /bin/cat                                # echo",
            "ncat -l -k 13 --send-only -e /bin/date                  # daytime",
            "ncat -l -k 17 --send-only -e /usr/games/fortune         # quote of the day",
            "yes chargenchargen | ncat -l -k 19 --send-only          # characters without end, the same for all",
        ],
        play: &[
            Run("discard", 0),
            Opens("discard", 9),
            Help("here", "seq 100000 | ncat --send-only localhost 9"),
            Ends("here", 0),
            Run("echo", 1),
            Opens("echo", 7),
            Help("here", "echo hello | ncat localhost 7"),
            Reads("here", "hello\n"),
            Ends("here", 0),
            Run("date", 2),
            Opens("date", 13),
            Help("here", "ncat localhost 13"),
            Reads("here", "UTC"),
            Ends("here", 0),
            Run("quote", 3),
            Opens("quote", 17),
            Help("here", "ncat localhost 17"),
            Reads("here", "Waste not, "),
            Ends("here", 0),
            Run("chars", 4),
            Opens("chars", 19),
            Help(
                "here",
                "ncat --recv-only localhost 19 2> /dev/null | head -c 1000000 | wc -c",
            ),
            Reads("here", "1000000\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "TLS",
        commands: &[
            "ncat --ssl -v mail.example 993                          # encrypted, but to whom? -v says what it saw",
            "ncat --ssl-verify mail.example 993                      # to the one who can prove the name",
            "ncat -l 9000 --ssl                                      # with a certificate made for this run",
        ],
        adapted: TRUSTED,
        needs: &["openssl"],
        before: "certificate mail.example cert",
        play: &[
            Help(
                "mail",
                "ncat -lk 993 --ssl-cert cert.pem --ssl-key cert-key.pem -c imap",
            ),
            Opens("mail", 993),
            Run("here", 0),
            Reads("here", "SHA-1 fingerprint: "),
            Reads("here", "* OK "),
            Type("here", "a LOGOUT\n"),
            Reads("here", "* BYE"),
            CtrlC("here"),
            Run("here", 1),
            Reads("here", "* OK "),
            CtrlC("here"),
            Run("server", 2),
            Opens("server", 9000),
            Help("here", "ncat --ssl localhost 9000"),
            Type("here", "hello\n"),
            Reads("server", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "TLS",
        commands: &[
            "openssl req -new -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=host.example -keyout key.pem -out cert.pem",
            "ncat -l 9000 --ssl-cert cert.pem --ssl-key key.pem      # at host.example",
            "ncat --ssl-trustfile cert.pem host.example 9000         # anywhere with a copy of cert.pem",
        ],
        needs: &["openssl"],
        play: &[
            Run("here", 0),
            Ends("here", 0),
            Run("server", 1),
            Opens("server", 9000),
            Run("client", 2),
            Type("client", "it is you\n"),
            Reads("server", "it is you\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxies",
        commands: &[
            "ncat --proxy proxy.example:3128 host.example 22                             # HTTP, by CONNECT",
            "ncat --proxy proxy.example --proxy-type socks5 host.example 22              # SOCKS5, at port 1080",
            "ncat --proxy socks5://me:secret@proxy.example:9050 host.example 22          # the same as a URL",
            "NCAT_PROXY_AUTH=me:secret ncat --proxy proxy.example host.example 22        # nobody sees it among processes",
            "ncat --proxy proxy.example --ssl-verify host.example 443                    # TLS with the host behind it",
        ],
        adapted: TRUSTED_BEHIND,
        needs: &["openssl"],
        before: "certificate host.example cert",
        play: &[
            Help("host", "ncat -lk 22 -e /bin/cat"),
            Opens("host", 22),
            Help(
                "secure",
                "ncat -lk 443 --ssl-cert cert.pem --ssl-key cert-key.pem -c cat",
            ),
            Opens("secure", 443),
            Help("http", "ncat -lv --proxy-type http"),
            Opens("http", 3128),
            Help("socks", "ncat -lv --proxy-type socks5"),
            Opens("socks", 1080),
            Help(
                "secret",
                "ncat -lv 9050 --proxy-type socks5 --proxy-auth me:secret",
            ),
            Opens("secret", 9050),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("http", "CONNECT host.example:22"),
            Run("here", 1),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("socks", "CONNECT host.example:22"),
            Run("here", 2),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("secret", "CONNECT host.example:22 as me"),
            Run("here", 4),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("http", "CONNECT host.example:443"),
            CtrlC("http"),
            Ends("http", 130),
            Help("http", "ncat -lv --proxy-type http --proxy-auth me:secret"),
            Opens("http", 3128),
            Run("here", 3),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("http", "CONNECT host.example:22 as me"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxies",
        commands: &[
            "ncat --proxy https://one.example,socks5://two.example host.example 22       # or --proxy twice",
            "ncat --udp --proxy socks5://proxy.example host.example 53                   # datagrams, through one SOCKS5 proxy",
        ],
        play: &[
            Help("host", "ncat -lk 22 -e /bin/cat"),
            Opens("host", 22),
            Help("names", "ncat -luk 53 -e /bin/cat"),
            OpensUdp("names", 53),
            Help("one", "ncat -lv 443 --proxy-type http --ssl"),
            Opens("one", 443),
            Help("two", "ncat -lv --proxy-type socks5"),
            Opens("two", 1080),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("one", "CONNECT two.example:1080"),
            Reads("two", "CONNECT host.example:22"),
            Run("here", 1),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Proxies",
        commands: &[
            "ncat -l --proxy-type http                           # HTTP, at port 3128 of all addresses",
            "ncat -lv 127.0.0.1 --proxy-type socks5              # SOCKS5, for this machine only; says who went where",
            "ncat -l 8080 --proxy-type http --proxy-auth me:secret --allow 192.168.0.0/16",
            "ncat -l 8443 --proxy-type http --ssl                # TLS with its clients",
            "ncat -l --proxy-type socks5 --proxy-deny '127.0.0.0/8,[::1],10.0.0.0/8'     # not to ourselves or into our net",
            "ncat -l --proxy-type http --proxy-allow example.com:80,443                  # to that host, and those ports of it",
        ],
        before: "ip addr add 192.168.0.7/32 dev lo",
        play: &[
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Run("proxy", 0),
            Opens("proxy", 3128),
            Help("here", "ncat -C --proxy 127.0.0.1 example.com 80"),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "Go ahead!"),
            Ends("here", 0),
            CtrlC("proxy"),
            Ends("proxy", 130),
            Run("proxy", 1),
            Opens("proxy", 1080),
            Help("here", "ncat -C --proxy socks5://127.0.0.1 example.com 80"),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "Go ahead!"),
            Ends("here", 0),
            Reads("proxy", "CONNECT example.com:80"),
            CtrlC("proxy"),
            Ends("proxy", 130),
            Run("proxy", 2),
            Opens("proxy", 8080),
            Help(
                "here",
                "ncat -C --proxy http://me:secret@127.0.0.1:8080 example.com 80",
            ),
            Ends("here", 1),
            Help(
                "here",
                "ncat -C --proxy http://me:secret@192.168.0.7:8080 example.com 80",
            ),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "Go ahead!"),
            Ends("here", 0),
            CtrlC("proxy"),
            Ends("proxy", 130),
            Run("proxy", 3),
            Opens("proxy", 8443),
            Help(
                "here",
                "ncat -C --proxy https://127.0.0.1:8443 example.com 80",
            ),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "Go ahead!"),
            Ends("here", 0),
            CtrlC("proxy"),
            Ends("proxy", 130),
            Run("proxy", 4),
            Opens("proxy", 1080),
            Help("here", "ncat -C --proxy socks5://127.0.0.1 example.com 80"),
            Ends("here", 1),
            CtrlC("proxy"),
            Ends("proxy", 130),
            Run("proxy", 5),
            Opens("proxy", 3128),
            Help("here", "ncat -C --proxy 127.0.0.1 example.com 80"),
            Type("here", "GET / HTTP/1.0\n\n"),
            Reads("here", "Go ahead!"),
            Ends("here", 0),
            Help("here", "ncat --proxy 127.0.0.1 example.com 22"),
            Ends("here", 1),
        ],
        ..LESSON
    },
    Lesson {
        section: "SSH through it",
        commands: &[
            "ssh -o ProxyCommand='ncat --proxy proxy.example %h %p' host.example     # through a proxy",
            "ssh -o ProxyCommand='ssh -q router ncat %h %p' host.example             # by way of a router that has an ncat",
            "ssh -N -D 1080 router                                                   # ssh as a proxy into the net behind it",
            "ncat --proxy socks5://localhost 192.168.1.123 7000                      # and a host in that net",
        ],
        adapted: CAT_OVER_THERE,
        needs: &["/usr/bin/ssh", "/usr/sbin/sshd", ROOT],
        before: "ip addr add 192.168.1.123/32 dev lo",
        play: &[
            Help("shells", "shells"),
            Opens("shells", 22),
            Help("proxy", "ncat -lv --proxy-type http"),
            Opens("proxy", 3128),
            Run("here", 0),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Reads("proxy", "CONNECT host.example:22"),
            Run("here", 1),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
            CtrlD("here"),
            Ends("here", 0),
            Help("inside", "ncat -l 192.168.1.123 7000"),
            Opens("inside", 7000),
            Run("tunnel", 2),
            Opens("tunnel", 1080),
            Run("here", 3),
            Type("here", "hello\n"),
            Reads("inside", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Who may come in",
        commands: &[
            "ncat -l -k 9000 --allow 192.168.0.0/24,2001:db8::/32    # these, and nobody else",
            "ncat -l -k 9000 --deny 192.168.0.200                    # everybody else",
            "ncat -l -k 9000 --allowfile friends.txt -m 5            # a line for each of them; five at once",
        ],
        before: "for at in 192.168.0.125 192.168.0.200 192.168.7.1 192.168.7.7; do ip addr add $at/32 dev lo; done; echo 192.168.0.125 > friends.txt",
        play: &[
            Run("server", 0),
            Opens("server", 9000),
            Help(
                "stranger",
                "ncat --recv-only -s 192.168.7.7 192.168.7.1 9000",
            ),
            Ends("stranger", 0),
            Help("friend", "ncat -s 192.168.0.125 192.168.7.1 9000"),
            Type("friend", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("server"),
            Ends("server", 130),
            Run("server", 1),
            Opens("server", 9000),
            Help(
                "stranger",
                "ncat --recv-only -s 192.168.0.200 192.168.7.1 9000",
            ),
            Ends("stranger", 0),
            Help("friend", "ncat -s 192.168.7.7 192.168.7.1 9000"),
            Type("friend", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("server"),
            Ends("server", 130),
            Run("server", 2),
            Opens("server", 9000),
            Help(
                "stranger",
                "ncat --recv-only -s 192.168.0.200 192.168.7.1 9000",
            ),
            Ends("stranger", 0),
            Help("friend", "ncat -s 192.168.0.125 192.168.7.1 9000"),
            Type("friend", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("server"),
            Ends("server", 130),
        ],
        ..LESSON
    },
    Lesson {
        section: "See what passes",
        commands: &[
            "ncat -C -o smtp.log mail.example 25                     # all that passes goes into a file, too",
            "ncat -C -x smtp.hex mail.example 25                     # the same in hex",
            "ncat -vv example.org 80                                 # says what happens",
        ],
        play: &[
            Help("mail", "ncat -lk 25 -c smtp"),
            Opens("mail", 25),
            Help("web", "ncat -lk 80 -c web"),
            Opens("web", 80),
            Run("here", 0),
            Reads("here", "220 "),
            Type("here", "QUIT\n"),
            Reads("here", "221 "),
            Ends("here", 0),
            Holds("here", "smtp.log", "ESMTP\r\nQUIT\r\n221 "),
            Run("here", 1),
            Reads("here", "220 "),
            Type("here", "QUIT\n"),
            Reads("here", "221 "),
            Ends("here", 0),
            Holds("here", "smtp.hex", "0000   51 55 49 54 0d 0a   "),
            Run("here", 2),
            Reads("here", "Ncat: Connected to 127.0.0.1:80.\n"),
            CtrlC("here"),
        ],
        ..LESSON
    },
    Lesson {
        section: "As a service",
        commands: &[
            "ncat -l 8080,8081                       # two ports of all addresses; a number alone, or a list, is a port",
            "ncat -l -k 127.0.0.1,::1 8080,9000-9003 -e /bin/cat",
        ],
        play: &[
            Run("server", 0),
            Opens("server", 8080),
            Opens("server", 8081),
            Help("here", "ncat localhost 8081"),
            Type("here", "hello\n"),
            Reads("server", "hello\n"),
            CtrlC("server"),
            Ends("server", 130),
            Run("server", 1),
            Opens("server", 8080),
            Opens("server", 9003),
            Help("here", "ncat ::1 9002"),
            Type("here", "hello\n"),
            Reads("here", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Sockets",
        commands: &[
            "ncat -l -u -k 5000 --multicast-join 239.1.2.3%eth0      # who says what in that group",
            "echo hello | ncat -u 239.1.2.3 5000                     # and there",
            "ncat -v fe80::1%eth0 9000                               # a link-local address has an interface",
        ],
        hosts: TWO,
        play: &[
            Run("host1", 0),
            OpensUdp("host1", 5000),
            Run("host2", 1),
            Ends("host2", 0),
            Reads("host1", "hello\n"),
            CtrlC("host1"),
            Ends("host1", 130),
            Help(
                "host1",
                "ip addr add fe80::1/64 dev eth0 nodad; ncat -l 9000",
            ),
            Opens("host1", 9000),
            Help("host2", "ip addr add fe80::2/64 dev eth0 nodad"),
            Ends("host2", 0),
            Run("host2", 2),
            Reads("host2", "Ncat: Connected to [fe80::1%eth0]:9000.\n"),
            Type("host2", "hello\n"),
            Reads("host1", "hello\n"),
        ],
        ..LESSON
    },
    Lesson {
        section: "Sockets",
        commands: &["ncat -4 -g 10.1.0.2 10.2.0.2 7000                       # by way of 10.1.0.2"],
        not_run: "the way wants routers that follow it: tests/sockets goes there",
        ..LESSON
    },
    Lesson {
        section: "Options and the manual",
        commands: &[
            "ncat --help                                                     # a line for each option",
        ],
        play: &[
            Run("here", 0),
            Reads("here", "Usage: ncat "),
            Ends("here", 0),
        ],
        ..LESSON
    },
    Lesson {
        section: "Building small",
        commands: &[
            "cargo build --release --no-default-features             # no TLS, proxies, Lua, manual; no C compiler needed",
            "cargo build --release --no-default-features --features tls,proxy",
        ],
        not_run: "the tests run what cargo has built for them",
        ..LESSON
    },
    Lesson {
        section: "Working on it",
        commands: &[
            "cargo run --release -- -v -l 31337      # a listener that anyone can connect to; says who comes",
            "cargo test                              # the tests",
        ],
        not_run: "the tests are run by this very command",
        ..LESSON
    },
];

#[test]
fn every_block_of_the_readme_works() -> Told {
    all_work(BLOCKS)
}

/// The commands of a text: section and lines of each block for a shell.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let (mut section, mut open) = ("", false);
    for line in text.lines() {
        match line {
            "```sh" => {
                open = true;
                blocks.push((section, Vec::new()));
            }
            "```" => open = false,
            line if open => blocks
                .last_mut()
                .expect("a block that is open has begun")
                .1
                .push(line),
            line => section = line.strip_prefix("## ").unwrap_or(section),
        }
    }
    blocks
}

#[test]
fn no_block_of_the_readme_is_forgotten() {
    let played: Vec<_> = BLOCKS
        .iter()
        .map(|lesson| (lesson.section, lesson.commands.to_vec()))
        .collect();
    let written = blocks(README);
    for block in &written {
        assert!(
            played.contains(block),
            "the README has a block that nobody plays here: {block:#?}"
        );
    }
    for block in &played {
        assert!(
            written.contains(block),
            "the README lacks a block that is played here: {block:#?}"
        );
    }
    assert!(!written.is_empty(), "the README shows how it is used");
}
