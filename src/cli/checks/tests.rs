//! Command lines in, plans or mistakes out, with a world that remembers what it was asked.

mod activation;
#[cfg(feature = "proxy")]
mod proxy;
mod sockets;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "transfer")]
mod transfer;

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::cli::lines::Lines;
use crate::cli::plan::{
    Address, At, Family, Given, Guests, Plan, PortRange, Protocol, Quit, Role, Target, UnixName,
};
use crate::cli::{Log, Parsed, UsageError, World, parse};
#[cfg(feature = "lua")]
use crate::cli::{
    help,
    plan::{Command, Script},
};

/// Knows a few names and services, and notes every question.
#[derive(Default)]
struct Fake {
    asked: Vec<String>,
    /// What the environment says of proxies.
    auth: Option<OsString>,
    /// The sockets that somebody has left.
    given: Option<Given>,
}

impl World for Fake {
    fn speak(&mut self, _: Lines) {}

    fn given(&mut self) -> Result<Given, String> {
        self.asked.push("given".into());
        self.given
            .ok_or_else(|| "Nobody has left us a socket.".into())
    }

    fn ready_fd(&mut self, number: i32) -> Result<(), String> {
        self.asked.push(format!("ready {number}"));
        match number {
            9 => Err("No descriptor 9 was left to us.".into()),
            _ => Ok(()),
        }
    }

    fn open_log(&mut self, path: &Path, which: Log) -> io::Result<()> {
        self.asked.push(format!("{which:?} {}", path.display()));
        match path.starts_with("/missing") {
            true => Err(io::Error::from_raw_os_error(2)),
            false => Ok(()),
        }
    }

    fn read_list(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        self.asked.push(format!("read {}", path.display()));
        match path.to_str() {
            Some("/hosts") => Ok(b"1.2.3.4 two\n10.0.0.1-9\n".into()),
            Some("/wrong") => Ok(b"1.2.3.4/33".into()),
            _ => Err(io::Error::from_raw_os_error(2)),
        }
    }

    fn load_script(&mut self, path: &Path) -> Result<(), String> {
        self.asked.push(format!("script {}", path.display()));
        match path.starts_with("/missing") {
            true => Err("Error loading the Lua script: gone.".into()),
            false => Ok(()),
        }
    }

    fn banner(&mut self) {
        self.asked.push("banner".into());
    }

    fn proxy_auth(&mut self) -> Option<OsString> {
        self.asked.push("environment".into());
        self.auth.clone()
    }

    fn hurry(&mut self, _: Duration) {}

    fn resolve(
        &mut self,
        host: &str,
        family: Family,
        numeric_only: bool,
    ) -> Result<Vec<Address>, String> {
        let only = if numeric_only { " numerically" } else { "" };
        self.asked.push(format!("{host} {family:?}{only}"));
        let known: &[&str] = match host {
            "two" if !numeric_only => &["::1", "127.0.0.1"],
            "123456" => &["0.1.226.64"],
            "5002" => &["0.0.19.138"],
            host => &[host],
        };
        let found: Option<Vec<IpAddr>> = known.iter().map(|text| text.parse().ok()).collect();
        let found = found.ok_or("Name or service not known")?;
        Ok(found
            .into_iter()
            .map(|ip| Address { ip, zone: 0 })
            .collect())
    }

    fn service(&mut self, name: &str, protocol: Protocol) -> Option<u16> {
        self.asked.push(format!("{name} {protocol:?}"));
        (name == "http").then_some(80)
    }
}

fn run(line: &str) -> (Result<Parsed, UsageError>, Vec<String>) {
    let mut world = Fake::default();
    let args = line.split_whitespace().map(OsString::from);
    let parsed = parse(OsStr::new("ncat"), args, &mut world);
    (parsed, world.asked)
}

fn plan(line: &str) -> Plan {
    match run(line).0 {
        Ok(Parsed::Run(plan)) => *plan,
        other => panic!("`ncat {line}` is a good command line, not {other:?}"),
    }
}

fn mistake(line: &str) -> String {
    match run(line).0 {
        Err(error) => {
            assert_eq!(error.status, 2, "status of `ncat {line}`");
            error.lines.join("\n")
        }
        Ok(parsed) => panic!("`ncat {line}` is wrong, but gives {parsed:?}"),
    }
}

fn shown(addresses: &[Address]) -> String {
    let texts: Vec<_> = addresses.iter().map(|a| a.ip.to_string()).collect();
    texts.join(" ")
}

/// Who is reached, or where it listens, in a few words.
fn place(plan: &Plan) -> String {
    match &plan.role {
        Role::Connect(connect) => target(&connect.target),
        Role::Scan(scan) => {
            let range = |r: &PortRange| format!(" {}-{}", r.first, r.last);
            let ports: String = scan.ports.iter().map(range).collect();
            format!("scan {} in{ports}", target(&scan.target))
        }
        Role::Listen(listen) => match &listen.at {
            At::Inet {
                protocol,
                hosts,
                ports,
            } => {
                let hosts: Vec<_> = hosts.iter().map(|host| shown(host)).collect();
                let range = |r: &PortRange| match r.len() {
                    1 => format!(" {}", r.first),
                    _ => format!(" {}-{}", r.first, r.last),
                };
                let ports: String = ports.iter().map(range).collect();
                format!("listen {protocol:?} {}{ports}", hosts.join(" / "))
            }
            At::Vsock { at, datagram } => format!("listen {at:?} {datagram}"),
            At::Unix { name, datagram } => format!("listen {name:?} {datagram}"),
            At::Given(given) => format!("listen {given:?}"),
        },
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Inet {
            protocol,
            addresses,
            port,
            local,
        } => {
            let from = match local.addresses.is_empty() && local.port == 0 {
                true => String::new(),
                false => format!(" from {} {}", shown(&local.addresses), local.port),
            };
            format!("{protocol:?} {} {port}{from}", shown(addresses))
        }
        Target::Vsock {
            cid,
            port,
            datagram,
            local,
        } => format!("vsock {cid} {port} {datagram} {local:?}"),
        Target::Unix {
            name,
            datagram,
            local,
        } => format!("{name:?} {datagram} {local:?}"),
    }
}

#[test]
fn operands_say_whom_to_reach() {
    let cases = [
        ("two", "Tcp ::1 127.0.0.1 31337"),
        ("two 80", "Tcp ::1 127.0.0.1 80"),
        ("two http", "Tcp ::1 127.0.0.1 80"),
        ("two 0", "Tcp ::1 127.0.0.1 0"),
        ("-u [::1] 53", "Udp ::1 53"),
        ("-p 5 10.0.0.1 1", "Tcp 10.0.0.1 1 from  5"),
        (
            "-s two -p http 10.0.0.1",
            "Tcp 10.0.0.1 31337 from ::1 127.0.0.1 80",
        ),
        ("123456 1", "Tcp 0.1.226.64 1"),
        ("-z two", "scan Tcp ::1 127.0.0.1 31337 in 31337-31337"),
        (
            "-z 10.0.0.1 20-25,http,7",
            "scan Tcp 10.0.0.1 20 in 20-25 80-80 7-7",
        ),
        ("-zu 10.0.0.1 53", "scan Udp 10.0.0.1 53 in 53-53"),
        ("--sctp -p 5 10.0.0.1 1", "Sctp 10.0.0.1 1 from  5"),
        ("-u --sctp 10.0.0.1 1", "Sctp 10.0.0.1 1"),
        ("--sctp -u 10.0.0.1 1", "Udp 10.0.0.1 1"),
        ("--vsock 2", "vsock 2 31337 false None"),
        ("--vsock 2 4294967295", "vsock 2 4294967295 false None"),
        (
            "--vsock -p 70000 2 1",
            "vsock 2 1 false Some(Vsock { cid: None, port: Some(70000) })",
        ),
        (
            "--vsock -u -s 3 2 1",
            "vsock 2 1 true Some(Vsock { cid: Some(3), port: None })",
        ),
        ("--vsock -4 10.0.0.1 1", "Tcp 10.0.0.1 1"),
        ("-zU --vsock 2 1", "scan vsock 2 1 false None in 0-0"),
        ("-U /x", "Path(\"/x\") false None"),
        ("-U @x", "Abstract(\"x\") false None"),
        ("-Uu -s @y @x", "Abstract(\"x\") true Some(Abstract(\"y\"))"),
        ("-U -s /y /x", "Path(\"/x\") false None"),
        ("-zU /x", "scan Path(\"/x\") false None in 0-0"),
    ];
    for (line, wanted) in cases {
        assert_eq!(place(&plan(line)), wanted, "ncat {line}");
    }
}

#[test]
fn operands_say_where_to_listen() {
    let cases = [
        ("-l", "listen Tcp :: / 0.0.0.0 31337"),
        ("-lu", "listen Udp :: / 0.0.0.0 31337"),
        (
            "-l --vsock",
            "listen Vsock { cid: None, port: Some(31337) } false",
        ),
        (
            "-l --vsock 5",
            "listen Vsock { cid: None, port: Some(5) } false",
        ),
        (
            "-l --vsock 1 5",
            "listen Vsock { cid: Some(1), port: Some(5) } false",
        ),
        (
            "-l --vsock -p 70000",
            "listen Vsock { cid: None, port: Some(70000) } false",
        ),
        (
            "-l --vsock 1 -p 5",
            "listen Vsock { cid: Some(1), port: Some(5) } false",
        ),
        ("-l --sctp 5", "listen Sctp :: / 0.0.0.0 5"),
        ("-l4", "listen Tcp 0.0.0.0 31337"),
        ("-l6 5", "listen Tcp :: 5"),
        ("-l 80", "listen Tcp :: / 0.0.0.0 80"),
        ("-l -p 80", "listen Tcp :: / 0.0.0.0 80"),
        ("-l -p http", "listen Tcp :: / 0.0.0.0 80"),
        ("-l 0", "listen Tcp :: / 0.0.0.0 0"),
        ("-l two", "listen Tcp ::1 127.0.0.1 31337"),
        ("-l two http", "listen Tcp ::1 127.0.0.1 80"),
        ("-l two -p 80", "listen Tcp ::1 127.0.0.1 80"),
        ("-l 123456", "listen Tcp 0.1.226.64 31337"),
        ("-l -p 5001 5002", "listen Tcp 0.0.19.138 5001"),
        ("-l 80,81", "listen Tcp :: / 0.0.0.0 80 81"),
        ("-l 80,http", "listen Tcp :: / 0.0.0.0 80 80"),
        ("-l http,http", "listen Tcp :: / 0.0.0.0 80 80"),
        ("-l4 8000-8003", "listen Tcp 0.0.0.0 8000-8003"),
        ("-l4 8000-8003,5,0", "listen Tcp 0.0.0.0 8000-8003 5 0"),
        (
            "-l two,10.0.0.1",
            "listen Tcp ::1 127.0.0.1 / 10.0.0.1 31337",
        ),
        (
            "-lu [::1],10.0.0.1 1-2,http",
            "listen Udp ::1 / 10.0.0.1 1-2 80",
        ),
        (
            "-l -p 1 5002,123456",
            "listen Tcp 0.0.19.138 / 0.1.226.64 1",
        ),
        ("-l 10.0.0.1 0-1023", "listen Tcp 10.0.0.1 0-1023"),
        ("-Ul /x,y", "listen Path(\"/x,y\") false"),
        ("-Ul /x", "listen Path(\"/x\") false"),
        ("-Ulu @x", "listen Abstract(\"x\") true"),
    ];
    for (line, wanted) in cases {
        assert_eq!(place(&plan(line)), wanted, "ncat {line}");
    }
}

#[test]
fn every_contradiction_has_its_sentence() {
    let cases = [
        ("", "You must specify a host to connect to."),
        ("80", "You must specify a host to connect to."),
        (
            "none",
            "Could not resolve hostname \"none\": Name or service not known.",
        ),
        (
            "none 1 2",
            "Could not resolve hostname \"none\": Name or service not known.",
        ),
        ("two 1 2", "Got more than one port specification: 1 2."),
        ("two x y", "Got more than one port specification: x y."),
        ("two x", "Invalid port number \"x\"."),
        ("two 65536", "Invalid port number \"65536\"."),
        ("two 20-25", "Invalid port number \"20-25\"."),
        ("-z two 25-20", "Invalid port number \"25-20\"."),
        (
            "-l two 1 -p 2",
            "Got more than one port specification: 2 1.",
        ),
        ("-l 70000", "Invalid port number \"70000\"."),
        ("-l 80,70000", "Invalid port number \"80,70000\"."),
        ("-l 81-80", "Invalid port number \"81-80\"."),
        ("-l 10.0.0.1 80,", "Invalid port number \"80,\"."),
        (
            "-l http",
            "Could not resolve hostname \"http\": Name or service not known.",
        ),
        (
            "-l 10.0.0.1,none",
            "Could not resolve hostname \"none\": Name or service not known.",
        ),
        (
            "-l 80,none",
            "Could not resolve hostname \"80\": Name or service not known.",
        ),
        (
            "-l 10.0.0.1 1,2 -p 3",
            "Got more than one port specification: 3 1,2.",
        ),
        (
            "-l 1-513",
            "Listening there would take 1026 sockets, and 1024 is the most.",
        ),
        (
            "-l none",
            "Could not resolve hostname \"none\": Name or service not known.",
        ),
        ("-p 65536 two", "Invalid source port 65536."),
        ("-p x two", "Invalid source port number \"x\"."),
        (
            "-s none two",
            "Could not resolve source address \"none\": Name or service not known.",
        ),
        (
            "-l -s two",
            "-l and -s are incompatible.  Specify the address and port to bind to like you would \
             a host to connect to.",
        ),
        ("-U", "You have to specify path to a socket to connect to."),
        ("-Ul", "You have to specify path to a socket to listen on."),
        (
            "-U /x 80",
            "A Unix domain socket has no port, so what is: 80?",
        ),
        (
            "-U -p 0 /x",
            "Specifying source port when using Unix domain sockets doesn't make sense.",
        ),
        (
            "-zl",
            "Services designed for LISTENING can't be used with -z",
        ),
        ("-zt two", "Invalid option combination: -z and -t."),
        (
            "-m 3 two",
            "Invalid option combination: `--max-conns' with connect.",
        ),
        (
            "-m 3 --allow 1.2.3.4 two",
            "Invalid option combination: allow/deny with connect.",
        ),
        (
            "--allowfile /hosts two",
            "Invalid option combination: allow/deny with connect.",
        ),
        (
            "-ku two",
            "UDP mode does not support the -k or --keep-open options, except with --exec or \
             --sh-exec.",
        ),
        (
            "-lk -m -2",
            "The limit of --max-conns must not be negative.",
        ),
        (
            "-u --datagram-size 64K two",
            "A UDP datagram holds at most 65507 bytes; --datagram-size asks for more.",
        ),
        ("--vsock two", "Invalid CID \"two\"."),
        ("--vsock 0 1", "Invalid CID \"0\"."),
        (
            "--vsock 2 1 2",
            "Got more than one port specification: 1 2.",
        ),
        (
            "--vsock 2 4294967296",
            "Invalid port number \"4294967296\".",
        ),
        (
            "-l --vsock 5 -p 6 7",
            "Got more than one port specification: 6 7.",
        ),
        (
            "--vsock -p 4294967296 2 1",
            "Invalid source port 4294967296.",
        ),
        ("--vsock -s two 2 1", "Invalid source address CID \"two\"."),
        (
            "--vsock --ssl 2 1",
            "SSL option not supported when using vsock sockets.",
        ),
        (
            "-l --vsock --broker",
            "Connection brokering not supported when using vsock sockets.",
        ),
        (
            "-U --sctp /x",
            "SCTP goes over IP only, not over Unix domain sockets or vsock sockets.",
        ),
        ("-g 1.2.3.4 two", "-g can only currently be used with IPv4."),
    ];
    for (line, wanted) in cases {
        assert_eq!(
            mistake(line),
            format!("Ncat: {wanted} QUITTING."),
            "ncat {line}"
        );
    }
    assert_eq!(
        mistake("-o /missing/x"),
        "open: No such file or directory",
        "a log"
    );
}

/// Each of these lines has several mistakes. They are made right one by one, from the left.
#[test]
fn checks_happen_in_the_order_of_the_reference() {
    let mut rest = [
        ("-Y", "invalid option"),
        ("-p 70000", "Invalid source port"),
        ("-o /missing/x", "open:"),
        ("-z", "LISTENING"),
        ("-s none", "-l and -s"),
        ("--allow 1.2.3.4/33", "mask in \"1.2.3.4/33\""),
        ("--allowfile /wrong", "hosts file /wrong"),
        ("--deny 1.2.3.4/x", "Error parsing netmask"),
        ("--denyfile /none", "can't open /none"),
        ("-l none 1 2", "Could not resolve hostname"),
    ]
    .as_slice();
    while let [(_, wanted), later @ ..] = rest {
        let words: Vec<_> = rest.iter().map(|(words, _)| *words).collect();
        let line = words.join(" ");
        let said = mistake(&line);
        assert!(
            said.contains(wanted),
            "`ncat {line}` says {said:?}, not {wanted:?}"
        );
        rest = later;
    }
}

#[test]
fn the_world_is_asked_in_order_and_no_more_than_needed() {
    let cases: [(&str, &[&str]); 9] = [
        (
            "-l6 --allow 1.2.3.4,two,::1,1.2.3.4-5 --denyfile /hosts none",
            &[
                "two Any numerically",
                "two V6",
                "1.2.3.4-5 Any numerically",
                "read /hosts",
                "two Any numerically",
                "two V6",
                "10.0.0.1-9 Any numerically",
                "none V6",
            ],
        ),
        (
            "-l -n --allow two none",
            &["two Any numerically", "two Any numerically"],
        ),
        (
            "-s two --deny 1.2.3.4-5 none",
            &["two Any", "1.2.3.4-5 Any numerically", "none Any"],
        ),
        (
            "-v -x /x -o /o -s src -n two http",
            &["Output /o", "HexDump /x", "banner", "src Any numerically"],
        ),
        ("-6 two http 5", &["two V6"]),
        ("-4u two http", &["two V4", "http Udp"]),
        ("-v -z -l", &["banner"]),
        ("-o /o --bogus", &[]),
        ("-v -h", &[]),
    ];
    for (line, wanted) in cases {
        assert_eq!(run(line).1, wanted, "asked by `ncat {line}`");
    }
}

#[cfg(feature = "lua")]
#[test]
fn a_script_is_loaded_once_the_target_is_known_and_before_the_mode_is_looked_at() {
    let cases: [(&str, &[&str]); 5] = [
        ("--lua-exec /x two", &["two Any", "script /x"]),
        ("--lua-exec /x none", &["none Any"]),
        ("-l --lua-exec /x -m -5 two", &["two Any", "script /x"]),
        ("-z --lua-exec /x two", &[]),
        ("--exec /x --lua-exec /y two", &[]),
    ];
    for (line, wanted) in cases {
        assert_eq!(run(line).1, wanted, "asked by `ncat {line}`");
    }
    assert_eq!(
        mistake("-l --lua-exec /missing -m -5"),
        "Ncat: Error loading the Lua script: gone. QUITTING.",
        "the first mistake is told"
    );
    assert_eq!(
        plan("--lua-exec /x two").command,
        Some(Command::Lua("/x".into())),
        "what is run for the peer"
    );
}

#[cfg(feature = "lua")]
#[test]
fn a_script_to_be_run_at_once_leaves_nothing_for_other_options_to_do() {
    let script = |descriptor| {
        let name = "/x".into();
        Ok(Parsed::Script(Script { name, descriptor }))
    };
    let alone = "Ncat: --lua-exec-internal must be the only option. QUITTING.";
    let cases = [
        ("--lua-exec-internal /x", script(None)),
        ("--lua-exec-internal=/x 5", script(Some(5))),
        ("--lua-exec-internal /x -v", Err(alone)),
        ("-l --lua-exec-internal /x", Err(alone)),
        ("--lua-exec-internal /x --lua-exec-internal /y", Err(alone)),
        ("--lua-exec-internal /x host", Err(alone)),
        ("--lua-exec-internal /x 5 6", Err(alone)),
        ("--lua-exec-internal /x -h", Ok(Parsed::Help(help::text()))),
    ];
    for (line, wanted) in cases {
        let (parsed, asked) = run(line);
        let parsed = parsed.map_err(|error| error.lines.join("\n"));
        assert_eq!(parsed, wanted.map_err(str::to_owned), "ncat {line}");
        assert!(asked.is_empty(), "asked by `ncat {line}`: {asked:?}");
    }
}

#[test]
fn a_list_of_hosts_that_is_wrong_is_told_in_two_lines() {
    let name = "Ncat: Error resolving name \"none\": Name or service not known";
    let mask = "Ncat: Illegal netmask in \"1.2.3.4/33\". Must be smaller than address bit length.";
    let word = "Ncat: error in host specification \"none\". QUITTING.";
    let file = "Ncat: error in hosts file /wrong. QUITTING.";
    let cases = [
        ("-l --allow 1.2.3.4,none", format!("{name}\n{word}")),
        ("--deny none two", format!("{name}\n{word}")),
        ("-Ul --deny none /x", format!("{name}\n{word}")),
        ("-l --denyfile /wrong", format!("{mask}\n{file}")),
        (
            "-l --allowfile /none",
            "Ncat: can't open /none: No such file or directory. QUITTING.".into(),
        ),
    ];
    for (line, wanted) in cases {
        assert_eq!(mistake(line), wanted, "ncat {line}");
    }
}

#[test]
fn who_may_come_in_is_what_all_lists_say_together() {
    let cases = [
        ("", "yes yes yes"),
        ("--allow 1.2.3.4", "yes no no"),
        ("--allow 1.2.3.4 --allow ::1", "yes no yes"),
        ("--allow=", "no no no"),
        ("--allowfile /hosts", "yes yes yes"),
        ("--allowfile /hosts --allow 9.9.9.9", "yes yes yes"),
        ("--deny ::1,1.2.3.4", "no yes no"),
        ("--allow 1.2.3.4,::1 --denyfile /hosts", "no no no"),
        ("-4 --deny two", "yes yes no"),
    ];
    for (words, wanted) in cases {
        let Role::Listen(listen) = plan(&format!("-l {words}")).role else {
            panic!("-l listens");
        };
        let peers = ["1.2.3.4", "10.0.0.7", "::1"].map(|ip| ip.parse().ok());
        let told = peers.map(|peer| match listen.gate.access.admits(peer) {
            true => "yes",
            false => "no",
        });
        assert_eq!(
            told.join(" "),
            wanted,
            "ncat -l {words}: 1.2.3.4 10.0.0.7 ::1"
        );
        let files = words.contains("file");
        assert_eq!(listen.gate.again.is_some(), files, "ncat -l {words}: again");
    }
}

#[test]
fn defaults_are_filled_in() {
    let plan = plan("two");
    assert_eq!(plan.wait, Duration::from_secs(10), "-w");
    assert_eq!(plan.idle, None, "-i");
    assert_eq!(plan.flow.quit, Quit::Default, "-q");
    assert_eq!(plan.dress.datagram_size, 8192, "--datagram-size");
    assert_eq!(
        plan.dress.stall_after,
        Duration::from_secs(5),
        "--stall-timeout"
    );
    assert_eq!(plan.dress.max_queue, 16 << 20, "--max-queue");
    assert!(
        plan.warnings.is_empty(),
        "nothing to warn of: {:?}",
        plan.warnings
    );
}

#[test]
fn the_limit_of_connections_is_what_atoi_makes_of_it() {
    let cases = [
        ("", 100),
        ("-m -1", 100),
        ("-m x", 0),
        ("-m 0", 0),
        ("-m 5x", 5),
    ];
    for (words, wanted) in cases {
        let Role::Listen(listen) = plan(&format!("-lk {words}")).role else {
            panic!("-l listens");
        };
        assert_eq!(listen.max_conns, wanted, "ncat -lk {words}");
        assert_eq!(listen.guests, Guests::Many, "-k stays");
    }
}

#[test]
fn going_on_after_the_peers_end_is_asked_for_in_two_ways() {
    let cases = [
        ("two", false),
        ("-k two", true),
        ("--half-close two", true),
        ("-lk", false),
        ("-l --half-close", true),
    ];
    for (line, wanted) in cases {
        assert_eq!(plan(line).flow.half_close, wanted, "ncat {line}");
    }
}

#[test]
fn a_unix_name_survives_without_being_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let name = OsStr::from_bytes(b"/\xff");
    let args = ["-U".into(), name.to_os_string()];
    let parsed = parse(OsStr::new("ncat"), args, &mut Fake::default());
    let Ok(Parsed::Run(plan)) = parsed else {
        panic!("a path may be of any bytes: {parsed:?}");
    };
    let path = UnixName::Path(name.into());
    assert_eq!(place(&plan), format!("{path:?} false None"), "the path");
}

#[test]
fn long_arguments_are_answered_not_feared() {
    let long = "9".repeat(1 << 16);
    for front in ["", "-", "--", "-p", "-w", "-U ", "two ", "-z two ", "-m"] {
        let (parsed, _) = run(&format!("{front}{long}"));
        // -m stays at its limit and then lacks a host; all others are refused.
        assert!(parsed.is_err(), "so much behind {front:?} is accepted");
    }
}
