//! Command lines that are wrong, and what is said of each.

/// Whether the reference must say the same.
pub(crate) enum Reference {
    /// It must.
    Same,
    /// A deliberate difference, and how the reference differs.
    Differs(&'static str),
}
use Reference::{Differs, Same};

/// The arguments (`''` is an empty one), what is said, and whether the reference says it too.
pub(crate) const WRONG: &[(&str, &str, Reference)] = &[
    ("", "You must specify a host to connect to.", Same),
    ("--", "You must specify a host to connect to.", Same),
    ("80", "You must specify a host to connect to.", Same),
    ("'' 80", "You must specify a host to connect to.", Same),
    ("-4", "You must specify a host to connect to.", Same),
    ("-Y", "ncat: invalid option -- 'Y'", Same),
    ("-vY", "ncat: invalid option -- 'Y'", Same),
    ("-4-", "ncat: invalid option -- '-'", Same),
    ("-:", "ncat: invalid option -- ':'", Same),
    ("-w", "ncat: option requires an argument -- 'w'", Same),
    ("-lvw", "ncat: option requires an argument -- 'w'", Same),
    ("--bogus", "ncat: unrecognized option '--bogus'", Same),
    ("--bogus=3", "ncat: unrecognized option '--bogus=3'", Same),
    ("---", "ncat: unrecognized option '---'", Same),
    ("host --bogus", "ncat: unrecognized option '--bogus'", Same),
    ("--bogus -h", "ncat: unrecognized option '--bogus'", Same),
    ("--wait", "ncat: option '--wait' requires an argument", Same),
    (
        "--verbose=1",
        "ncat: option '--verbose' doesn't allow an argument",
        Same,
    ),
    (
        "--version=3",
        "ncat: option '--version' doesn't allow an argument",
        Same,
    ),
    (
        "--ver",
        "ncat: option '--ver' is ambiguous; possibilities: '--version' '--verbose'",
        Same,
    ),
    (
        "--l=3",
        "ncat: option '--l=3' is ambiguous; possibilities: '--lua-exec' '--listen'",
        Same,
    ),
    (
        "-w x",
        "Invalid -w timeout \"x\" (must be greater than 0 and less than 2147483s).",
        Same,
    ),
    (
        "--wait=",
        "Invalid -w timeout \"\" (must be greater than 0 and less than 2147483s).",
        Same,
    ),
    (
        "-d 0",
        "Invalid -d delay \"0\" (must be greater than 0 and less than 2147483s).",
        Same,
    ),
    (
        "-i -1",
        "Invalid -i timeout \"-1\" (must be greater than 0 and less than 2147483s).",
        Same,
    ),
    (
        "-i 100",
        "Since April 2010, the default unit for -i timeout is seconds, so your time of \"100\" \
         is 1.7 minutes. Use \"100ms\" for 100 milliseconds.",
        Same,
    ),
    (
        "-w 99999",
        "Since April 2010, the default unit for -w timeout is seconds, so your time of \"99999\" \
         is 1666.7 minutes. Use \"99999ms\" for 99999 milliseconds.",
        Same,
    ),
    (
        "-w 0x10",
        "Invalid -w timeout \"0x10\" (must be greater than 0 and less than 2147483s).",
        Differs("hexadecimal times are refused"),
    ),
    (
        "-q 0",
        "Invalid -q timeout \"0\" (must not be 0, and less than 2147483s either way).",
        Differs("7.93 has no -q"),
    ),
    (
        "-w x --bogus",
        "Invalid -w timeout \"x\" (must be greater than 0 and less than 2147483s).",
        Same,
    ),
    ("-p x", "Invalid source port number \"x\".", Same),
    ("-p 65536", "Invalid source port 65536.", Same),
    ("-v -p 65536", "Invalid source port 65536.", Same),
    (
        "-p -1",
        "Invalid source port number \"-1\".",
        Differs("7.93 speaks of port 4294967295"),
    ),
    (
        "-p 4294967296 127.0.0.1",
        "Invalid source port 4294967296.",
        Differs("7.93 takes it for port 0"),
    ),
    ("127.0.0.1 x", "Invalid port number \"x\".", Same),
    ("127.0.0.1 5x", "Invalid port number \"5x\".", Same),
    ("127.0.0.1 0x10", "Invalid port number \"0x10\".", Same),
    ("127.0.0.1 65536", "Invalid port number \"65536\".", Same),
    ("127.0.0.1 20-25", "Invalid port number \"20-25\".", Same),
    ("-l 70000", "Invalid port number \"70000\".", Same),
    ("-l 127.0.0.1 x", "Invalid port number \"x\".", Same),
    (
        "-l 80,70000",
        "Invalid port number \"80,70000\".",
        Differs("a name that does not resolve"),
    ),
    ("-l 127.0.0.1 81-80", "Invalid port number \"81-80\".", Same),
    (
        "-l 1-1024",
        "Listening there would take 2048 sockets, and 1024 is the most.",
        Differs("a name that does not resolve"),
    ),
    (
        "--listen-fds 127.0.0.1",
        "--listen-fds is for --listen, --broker and --chat.",
        Differs("has no such option"),
    ),
    (
        "-l --listen-fds 80",
        "--listen-fds takes sockets as they are: no address, port or family beside it.",
        Differs("has no such option"),
    ),
    (
        "-l --listen-fds",
        "--listen-fds: no socket was left to us, neither by LISTEN_FDS nor as our standard input.",
        Differs("has no such option"),
    ),
    (
        "-l --ready-fd 0 127.0.0.1",
        "Invalid descriptor \"0\": --ready-fd takes the number of one, from 3 on.",
        Differs("has no such option"),
    ),
    (
        "--broker 127.0.0.1 70000",
        "Invalid port number \"70000\".",
        Same,
    ),
    (
        "127.0.0.1 1 2",
        "Got more than one port specification: 1 2.",
        Same,
    ),
    (
        "127.0.0.1 x y",
        "Got more than one port specification: x y.",
        Same,
    ),
    (
        "-l 127.0.0.1 1 2",
        "Got more than one port specification: 1 2.",
        Same,
    ),
    (
        "--broker 127.0.0.1 1 2",
        "Got more than one port specification: 1 2.",
        Same,
    ),
    (
        "-l 127.0.0.1 1 -p 2",
        "Got more than one port specification: 2 1.",
        Same,
    ),
    (
        "-n h.invalid 1",
        "Could not resolve hostname \"h.invalid\": Name or service not known.",
        Same,
    ),
    (
        "-n h.invalid x y",
        "Could not resolve hostname \"h.invalid\": Name or service not known.",
        Same,
    ),
    (
        "-nl h.invalid",
        "Could not resolve hostname \"h.invalid\": Name or service not known.",
        Same,
    ),
    (
        "-n -",
        "Could not resolve hostname \"-\": Name or service not known.",
        Same,
    ),
    (
        "-n -- -z",
        "Could not resolve hostname \"-z\": Name or service not known.",
        Same,
    ),
    (
        "-4 ::1 1",
        "Could not resolve hostname \"::1\": Address family for hostname not supported.",
        Same,
    ),
    (
        "-4 -6 127.0.0.1 1",
        "Could not resolve hostname \"127.0.0.1\": Address family for hostname not supported.",
        Same,
    ),
    (
        "-n -s h.invalid 127.0.0.1 1 2",
        "Could not resolve source address \"h.invalid\": Name or service not known.",
        Same,
    ),
    (
        "-l -s 127.0.0.1",
        "-l and -s are incompatible.  Specify the address and port to bind to like you would a \
         host to connect to.",
        Same,
    ),
    (
        "--broker -s 127.0.0.1",
        "-l and -s are incompatible.  Specify the address and port to bind to like you would a \
         host to connect to.",
        Same,
    ),
    (
        "--chat -l -s 127.0.0.1",
        "-l and -s are incompatible.  Specify the address and port to bind to like you would a \
         host to connect to.",
        Same,
    ),
    (
        "--talk -s 127.0.0.1",
        "-l and -s are incompatible.  Specify the address and port to bind to like you would a \
         host to connect to.",
        Differs("--chat alone listens; 7.93 asks for a host"),
    ),
    (
        "--broker -z",
        "Services designed for LISTENING can't be used with -z",
        Same,
    ),
    (
        "--chat -z",
        "Services designed for LISTENING can't be used with -z",
        Differs("--chat alone listens; 7.93 asks for a host"),
    ),
    (
        "-zl",
        "Services designed for LISTENING can't be used with -z",
        Same,
    ),
    ("-zt", "Invalid option combination: -z and -t.", Same),
    (
        "-m 3 127.0.0.1 1",
        "Invalid option combination: `--max-conns' with connect.",
        Same,
    ),
    (
        "-uk 127.0.0.1 1",
        "UDP mode does not support the -k or --keep-open options, except with --exec or \
         --sh-exec.",
        Same,
    ),
    (
        "-lk -m -2 0",
        "The limit of --max-conns must not be negative.",
        Differs("7.93 speaks of an integer overflow"),
    ),
    (
        "-U",
        "You have to specify path to a socket to connect to.",
        Same,
    ),
    (
        "-Ul",
        "You have to specify path to a socket to listen on.",
        Same,
    ),
    (
        "--broker -U",
        "You have to specify path to a socket to listen on.",
        Differs("7.93 has no broker on Unix sockets"),
    ),
    (
        "--broker -m -2 0",
        "The limit of --max-conns must not be negative.",
        Differs("7.93 speaks of an integer overflow"),
    ),
    (
        "--broker -n h.invalid",
        "Could not resolve hostname \"h.invalid\": Name or service not known.",
        Same,
    ),
    (
        "--broker=1",
        "ncat: option '--broker' doesn't allow an argument",
        Same,
    ),
    (
        "-U -p 0 x",
        "Specifying source port when using Unix domain sockets doesn't make sense.",
        Same,
    ),
    (
        "-U -p 4 -zl",
        "Specifying source port when using Unix domain sockets doesn't make sense.",
        Same,
    ),
    (
        "-U a b",
        "A Unix domain socket has no port, so what is: b?",
        Differs("7.93 takes the second word for a port"),
    ),
    (
        "-U ''",
        "The path of a Unix domain socket must not be empty.",
        Differs("7.93 tries to connect to it"),
    ),
    (
        "--allow 127.0.0.1 127.0.0.1 1",
        "Invalid option combination: allow/deny with connect.",
        Same,
    ),
    (
        "-m 3 --allow 127.0.0.1 127.0.0.1 1",
        "Invalid option combination: allow/deny with connect.",
        Same,
    ),
    (
        "--allow 127.0.0.1 no..such 1",
        "Could not resolve hostname \"no..such\": Name or service not known.",
        Same,
    ),
    (
        "-l --allow . no..such",
        "Error resolving name \".\": Name or service not known\n\
         Ncat: error in host specification \".\".",
        Same,
    ),
    (
        "-l --allow 1.2.3.4/33 --deny 1.2.3.4/x",
        "Illegal netmask in \"1.2.3.4/33\". Must be smaller than address bit length.\n\
         Ncat: error in host specification \"1.2.3.4/33\".",
        Same,
    ),
    (
        "-l --deny 1.2.3.4/x --allow 1.2.3.4/33",
        "Illegal netmask in \"1.2.3.4/33\". Must be smaller than address bit length.\n\
         Ncat: error in host specification \"1.2.3.4/33\".",
        Same,
    ),
    (
        "-l --deny 1.2.3.1-5/33",
        "Illegal netmask in \"1.2.3.1-5/33\". Must be between 0 and 32.\n\
         Ncat: error in host specification \"1.2.3.1-5/33\".",
        Same,
    ),
    (
        "-l --deny 1.2.3.4,1.2.3.4//24",
        "Error parsing netmask in \"1.2.3.4//24\".\n\
         Ncat: error in host specification \"1.2.3.4//24\".",
        Differs("7.93 names the first word of the list instead"),
    ),
    (
        "--deny .5.5.5/8 127.0.0.1 1",
        "Error resolving name \".5.5.5\": Name or service not known\n\
         Ncat: error in host specification \".5.5.5/8\".",
        Same,
    ),
    (
        "-n -l --allow localhost",
        "Error resolving name \"localhost\": Name or service not known\n\
         Ncat: error in host specification \"localhost\".",
        Same,
    ),
    (
        "-U -l --allow /8 /nonexistent/x",
        "Error resolving name \"\": Name or service not known\n\
         Ncat: error in host specification \"/8\".",
        Differs("7.93 looks for names of Unix sockets"),
    ),
    (
        "-l --allowfile /nonexistent/x 1 2 3",
        "can't open /nonexistent/x: No such file or directory.",
        Same,
    ),
    (
        "-z --denyfile '' 127.0.0.1 1",
        "can't open : No such file or directory.",
        Same,
    ),
    (
        "-l --allowfile / 127.0.0.1 x",
        "can't open /: Is a directory.",
        Differs("7.93 takes it for an empty list"),
    ),
    (
        "-l --allow fe80::1%lo,0x7f.1,01.02.03.1-2,*.*.*.*/0,-.-.-.- 127.0.0.1 x",
        "Invalid port number \"x\".",
        Same,
    ),
    (
        "--nsock-engine kqueue",
        "Unknown or non-available engine: kqueue.",
        Same,
    ),
    ("-o /nonexistent/x", "open: No such file or directory", Same),
    (
        "-x /nonexistent/x -v",
        "open: No such file or directory",
        Same,
    ),
    ("-o /", "open: Is a directory", Same),
    ("-o ''", "open: No such file or directory", Same),
    (
        "-p 65536 -o /nonexistent/x",
        "Invalid source port 65536.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-cert c 127.0.0.1 1",
        "The --ssl-key and --ssl-cert options must be used together.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "-l --ssl-key=",
        "The --ssl-key and --ssl-cert options must be used together.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-key c -z 127.0.0.1 1",
        "The --ssl-key and --ssl-cert options must be used together.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "-m 3 --ssl-key c 127.0.0.1 1",
        "Invalid option combination: `--max-conns' with connect.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--broker -l --ssl-key c -e x",
        "Invalid option combination: --broker and -e.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--broker -l --ssl-key c -m -2",
        "The --ssl-key and --ssl-cert options must be used together.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-key c -n h.invalid 1",
        "Could not resolve hostname \"h.invalid\": Name or service not known.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-trustfile a --ssl-trustfile b 127.0.0.1 1",
        "The --ssl-trustfile option may be given only once.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "-U --ssl x",
        "SSL option not supported when using Unix domain sockets.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "-U -p 4 -l --ssl-verify x",
        "SSL option not supported when using Unix domain sockets.",
        Same,
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-alpn a,,b 127.0.0.1 1",
        "Invalid --ssl-alpn \"a,,b\" (must be names of 1 to 255 bytes with commas between, at most \
         8192 bytes in all).",
        Differs("7.93 speaks of its library, without a reason"),
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-servername= 127.0.0.1 1",
        "Invalid --ssl-servername \"\" (must not be empty).",
        Differs("7.93 notices once it is connected"),
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-min-version 1.0 127.0.0.1 1",
        "Invalid --ssl-min-version \"1.0\" (must be 1.2 or 1.3; older versions are not safe, and are \
         not spoken here).",
        Differs("an option of our own"),
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-min-version 1.3 --ssl-max-version TLSv1.2 127.0.0.1 1",
        "--ssl-min-version asks for more than --ssl-max-version allows.",
        Differs("options of our own"),
    ),
    #[cfg(feature = "tls")]
    (
        "--ssl-pin sha1:00 127.0.0.1 1",
        "Invalid --ssl-pin \"sha1:00\" (must be sha256: and 64 hexadecimal digits).",
        Differs("an option of our own"),
    ),
    #[cfg(feature = "tls")]
    (
        "-l --handshake-timeout 0",
        "Invalid --handshake-timeout \"0\" (must be greater than 0 and less than 2147483s).",
        Differs("an option of our own"),
    ),
    (
        "-u --datagram-size 64K 127.0.0.1",
        "A UDP datagram holds at most 65507 bytes; --datagram-size asks for more.",
        Differs("an option of our own"),
    ),
    (
        "--broker --stall-timeout 0",
        "Invalid --stall-timeout \"0\" (must be greater than 0 and less than 2147483s).",
        Differs("an option of our own"),
    ),
    (
        "--max-queue 1 127.0.0.1",
        "Invalid --max-queue \"1\" (must be from 65536 to 1099511627776 bytes; K, M and G are \
         understood).",
        Differs("an option of our own"),
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy-type socks5 127.0.0.1 1",
        "Proxy type (--proxy-type) specified without proxy address (--proxy).",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy 127.0.0.1:1 --proxy-type 4x 127.0.0.1",
        "Invalid proxy type \"4x\".",
        Same,
    ),
    #[cfg(feature = "proxy")]
    ("--proxy-dns x --bogus", "Invalid proxy DNS type.", Same),
    #[cfg(feature = "proxy")]
    (
        "--proxy 127.0.0.1:x 127.0.0.1",
        "Invalid proxy port number \"x\".",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy [::1]:http 127.0.0.1",
        "Invalid proxy port number \"http\".",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy 127.0.0.1: 127.0.0.1",
        "Invalid proxy port number \"\".",
        Differs("7.93 takes it for port 0"),
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy-auth a:b --proxy-auth c:d 127.0.0.1",
        "You can't specify more than one --proxy-auth.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "-U -p 5 --proxy 127.0.0.1 x",
        "Proxy option not supported when using Unix domain sockets.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "-U --proxy-type http x",
        "Proxy option not supported when using Unix domain sockets.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "-l --proxy 127.0.0.1 9",
        "Invalid option combination: --proxy and -l.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy 127.0.0.1:1 80",
        "You must specify a host to connect to.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "--proxy 127.0.0.1:1 h 1 2",
        "Got more than one port specification: 1 2.",
        Same,
    ),
    #[cfg(feature = "proxy")]
    (
        "-u --proxy 127.0.0.1 127.0.0.1 1",
        "--udp works through one SOCKS5 proxy, and no other way of proxies.",
        Differs("7.93 goes on without datagrams"),
    ),
    #[cfg(all(feature = "proxy", feature = "tls"))]
    (
        "--proxy-ssl-verify --proxy 127.0.0.1 127.0.0.1 1",
        "--proxy-ssl-verify and --proxy-ssl-trustfile are for proxies at https://, and there is none.",
        Differs("an option of our own"),
    ),
    #[cfg(feature = "proxy")]
    (
        "-l --proxy-type http --proxy-deny 10.0.0.0/8:80,x:y",
        "Error parsing port in \"x:y\".\n\
         Ncat: error in host specification \"x:y\".",
        Differs("an option of our own"),
    ),
];
