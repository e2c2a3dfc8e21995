//! Command lines of OpenBSD's netcat, as data: what they mean, and what is wrong with them.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use super::*;
use crate::cli::plan::{Address, At, Family, Given, Protocol, Target};
use crate::cli::{Log, World};

/// A world in which every host is 127.0.0.1, and http is the only service.
struct Fake;

impl World for Fake {
    fn speak(&mut self, _: crate::cli::lines::Lines) {}
    fn given(&mut self) -> Result<Given, String> {
        Err("nobody has left us a socket".into())
    }
    fn ready_fd(&mut self, _: i32) -> Result<(), String> {
        Err("nobody has left us a descriptor".into())
    }
    fn open_log(&mut self, _: &Path, _: Log) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn read_list(&mut self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn load_script(&mut self, _: &Path) -> Result<(), String> {
        Err("there is no script".into())
    }
    fn banner(&mut self) {
        panic!("nc does not say who it is");
    }
    fn proxy_auth(&mut self) -> Option<OsString> {
        None
    }
    fn hurry(&mut self, _: Duration) {}
    fn resolve(&mut self, host: &str, _: Family, numeric: bool) -> Result<Vec<Address>, String> {
        if host.parse::<Ipv4Addr>().is_err() && numeric {
            return Err("Name or service not known".into());
        }
        Ok(vec![Address {
            ip: host.parse().unwrap_or_else(|_| Ipv4Addr::LOCALHOST.into()),
            zone: 0,
        }])
    }
    fn service(&mut self, name: &str, _: Protocol) -> Option<u16> {
        (name == "http").then_some(80)
    }
}

fn understood(line: &str) -> Result<Plan, UsageError> {
    let args = line.split_whitespace().map(OsString::from).collect();
    match parse("nc".as_ref(), args, &mut Fake)? {
        Parsed::Run(plan) => Ok(*plan),
        other => panic!("{line}: no run but {other:?}"),
    }
}

fn plan_of(line: &str) -> Plan {
    understood(line).unwrap_or_else(|error| panic!("{line}: {:?}", error.lines))
}

/// Where a plan leads, in words.
fn place_of(plan: &Plan) -> String {
    match &plan.role {
        Role::Listen(listen) => match &listen.at {
            At::Inet { hosts, ports, .. } => {
                let hosts: Vec<_> = hosts.iter().flatten().map(|a| a.ip.to_string()).collect();
                format!("listen {} {}", hosts.join(","), words_of(ports))
            }
            at => format!("listen {at:?}"),
        },
        Role::Connect(connect) => match &connect.target {
            Target::Inet { .. } => format!("connect {}", words_of(&connect.ports)),
            _ => "connect".into(),
        },
        Role::Scan(scan) => format!("scan {}", words_of(&scan.ports)),
    }
}

fn words_of(ports: &[PortRange]) -> String {
    let words = ports.iter().map(|range| match range.len() {
        1 => range.first.to_string(),
        _ => format!("{}-{}", range.first, range.last),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn places_are_said_in_all_of_its_ways() {
    let cases = [
        ("host 80", "connect 80"),
        ("host http", "connect 80"),
        ("-4n 10.0.0.1 80", "connect 80"),
        ("-l 80", "listen 0.0.0.0 80"),
        ("-l http", "listen 0.0.0.0 80"),
        ("-6l 80", "listen :: 80"),
        ("-lp 80", "listen 0.0.0.0 80"),
        ("-l -p http", "listen 0.0.0.0 80"),
        ("-l 10.0.0.1 80", "listen 10.0.0.1 80"),
        ("-l -s 10.0.0.1 -p 80", "listen 10.0.0.1 80"),
        ("-z host 20-25 http", "scan 20-25 80"),
        ("-z host 25-20", "scan 20-25"),
        ("-z host 20", "scan 20"),
        ("host 20-25 http", "connect 20-25 80"),
        ("host http 25-20", "connect 80 20-25"),
    ];
    for (line, wanted) in cases {
        assert_eq!(place_of(&plan_of(line)), wanted, "nc {line}");
    }
}

#[test]
fn the_end_of_stdin_is_told_only_where_that_is_asked_for() {
    let seconds = |n| Quit::After(Duration::from_secs(n));
    let cases = [
        ("host 80", true, Quit::Never),
        ("-N host 80", false, Quit::Never),
        ("-q 1 host 80", false, seconds(1)),
        ("-q0 host 80", false, seconds(0)),
        ("-q -1 host 80", true, Quit::Never),
        ("-q -1 -N host 80", false, Quit::Never),
        ("-l 80", true, Quit::Never),
        ("-lN 80", false, Quit::Never),
    ];
    for (line, silent, quit) in cases {
        let flow = plan_of(line).flow;
        assert_eq!(flow.no_shutdown, silent, "nc {line}: the end is kept");
        assert_eq!(flow.quit, quit, "nc {line}: when it quits");
        let connects = !line.contains("-l");
        assert_eq!(flow.half_close, connects, "nc {line}: outlives the peer");
    }
}

#[test]
fn a_time_is_one_for_connecting_and_for_silence() {
    let plan = plan_of("-w 3 host 80");
    let three = Duration::from_secs(3);
    assert_eq!((plan.wait, plan.idle), (three, Some(three)), "with -w");
    let plan = plan_of("host 80");
    assert_eq!((plan.wait, plan.idle), (FOR_EVER, None), "without -w");
    assert!(plan.flow.lenient, "a time-out is no failure");
    let plan = plan_of("-w 0 host 80");
    assert_eq!((plan.wait, plan.idle), (AT_ONCE, Some(AT_ONCE)), "no time");
}

#[test]
fn letters_set_what_they_say() {
    type Fact = fn(&Plan) -> bool;
    let holds: [(&str, Fact); 15] = [
        ("-d host 80", |p| p.flow.recv_only),
        ("-C host 80", |p| p.dress.crlf),
        ("-t host 80", |p| p.dress.telnet),
        ("-i 2 host 80", |p| {
            p.dress.interval == Some(Duration::from_secs(2))
        }),
        ("-W 3 -u host 80", |p| p.flow.packets == Some(3)),
        ("-M 9 host 80", |p| p.sockets.ttl == Some(9)),
        ("-T ef host 80", |p| p.sockets.class == Some(0xb8)),
        ("-T critical host 80", |p| p.sockets.class == Some(0xa0)),
        ("-T 0xff host 80", |p| p.sockets.class == Some(0xfc)),
        ("-T lowcost -u host 80", |p| p.sockets.class == Some(0x02)),
        ("-I 4096 host 80", |p| {
            p.sockets.receive_buffer == Some(4096)
        }),
        ("-O 4096 host 80", |p| p.sockets.send_buffer == Some(4096)),
        ("-bu host 80", |p| p.sockets.broadcast),
        ("-vv host 80", |p| p.verbose == 1),
        (
            "-lk 80",
            |p| matches!(&p.role, Role::Listen(l) if l.guests == Guests::Many && l.in_turn),
        ),
    ];
    for (line, fact) in holds {
        let plan = plan_of(line);
        assert!(fact(&plan), "nc {line}: {plan:?}");
        assert!(
            plan.warnings.is_empty(),
            "nc {line} warns: {:?}",
            plan.warnings
        );
    }
}

#[test]
fn ports_are_tried_in_another_order_each_once() {
    let Role::Scan(scan) = plan_of("-rz host 1-500").role else {
        panic!("no scan");
    };
    let ports: Vec<u16> = scan.ports.iter().map(|range| range.first).collect();
    let mut sorted = ports.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=500).collect::<Vec<_>>(), "each once");
    assert_ne!(sorted, ports, "in an order of its own");
    let Role::Connect(connect) = plan_of("-r host 1-500").role else {
        panic!("no connection");
    };
    assert_eq!(connect.ports.len(), 500, "each for itself");
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_speaks_socks5_unless_told_otherwise() {
    let cases = [
        ("-x proxy host 80", ProxyKind::Socks5, 1080),
        ("-X 5 -x proxy:9050 host 80", ProxyKind::Socks5, 9050),
        ("-X 4 -x proxy host 80", ProxyKind::Socks4, 1080),
        ("-X connect -x proxy host 80", ProxyKind::Http, 3128),
        (
            "-Xconnect -xproxy:8080 -Puser host 80",
            ProxyKind::Http,
            8080,
        ),
    ];
    for (line, kind, port) in cases {
        let Role::Connect(connect) = plan_of(line).role else {
            panic!("nc {line} does not connect");
        };
        let way = connect.way.expect(line);
        let [hop] = &way.hops[..] else {
            panic!("nc {line}: not one proxy: {way:?}");
        };
        assert_eq!((hop.kind, hop.port), (kind, port), "nc {line}");
        let user = hop.login.as_ref().map(|login| &login.user[..]);
        let wanted = line.contains("-P").then_some(&b"user"[..]);
        assert_eq!(user, wanted, "nc {line}: who we are");
    }
}

#[test]
fn what_is_wrong_is_said_in_its_words() {
    let cases = [
        ("-Y", "nc: invalid option -- 'Y'"),
        ("-w", "nc: option requires an argument -- 'w'"),
        ("--help", "nc: invalid option -- '-'"),
        ("", "usage: "),
        ("-U", "usage: "),
        ("-l 1 2 3", "usage: "),
        ("-lp 1 host", "usage: "),
        ("host", "nc: missing port number"),
        ("-l", "nc: missing port number"),
        ("-U path 80", "nc: cannot use port with -U"),
        ("-Up 80 path", "nc: cannot use -p and -U"),
        ("host foo", "nc: port number invalid: foo"),
        ("host 1,2", "nc: port number invalid: 1,2"),
        ("host 70000", "nc: port number too large: 70000"),
        ("-p 70000 host 1", "nc: port number too large: 70000"),
        ("-l 1-3", "nc: port number invalid: 1-3"),
        ("host 0", "nc: port number too small: 0"),
        ("-z host 0-3", "nc: port number too small: 0"),
        ("host 1-", "nc: port number invalid: "),
        ("-F -U path", "nc: cannot use -F and -U"),
        ("-zl 1", "nc: cannot use -z and -l"),
        ("-k host 1", "nc: must use -l with -k"),
        ("-w x host 1", "nc: timeout invalid: x"),
        ("-i x host 1", "nc: interval invalid: x"),
        ("-q x host 1", "nc: quit timer invalid: x"),
        ("-T foo host 1", "nc: illegal tos value foo"),
        ("-W 0 host 1", "nc: receive limit too small: 0"),
        ("-M 300 host 1", "nc: ttl too large: 300"),
        ("-I 0 host 1", "nc: TCP receive window too small: 0"),
        (
            "-V 3 host 1",
            "nc: no alternate routing table support available",
        ),
        ("-S host 1", "nc: -S is not supported: "),
        ("-Z host 1", "nc: -Z is not supported: "),
        ("-F -l 1", "nc: cannot use -F and -l"),
        ("-m 3 host 1", "nc: -m is not supported"),
        (
            "-n localhost 1",
            "nc: getaddrinfo for host \"localhost\" port 1: ",
        ),
        ("-n -l localhost 1", "nc: getaddrinfo: "),
        ("-n -s localhost 127.0.0.1 1", "nc: getaddrinfo: "),
    ];
    for (line, wanted) in cases {
        let error = understood(line).expect_err(line);
        assert!(
            error.lines[0].starts_with(wanted),
            "nc {line}: {:?}",
            error.lines
        );
        assert_eq!(error.status, 1, "nc {line}");
        let ours = |line: &String| line.contains("Ncat") || line.contains("QUITTING");
        assert!(!error.lines.iter().any(ours), "{:?}", error.lines);
    }
}

#[test]
fn a_letter_in_vain_is_told_of() {
    let cases = [
        ("-zN host 1", "-N has no effect with -z."),
        ("-b host 1", "-b has no effect without -u."),
        ("-ulb 1", "-b has no effect with -l."),
        ("-zq1 host 1", "-q has no effect with -z."),
        ("-b host 1", "-b has no effect without -u."),
        (
            "-uN host 1",
            "-N has no effect with -u, which has no end to tell of.",
        ),
    ];
    for (line, wanted) in cases {
        let warnings = plan_of(line).warnings;
        assert_eq!(warnings, [format!("Warning: {wanted}")], "nc {line}");
    }
}

#[test]
fn help_has_a_line_for_each_letter_and_fits_a_terminal() {
    let text = help();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "too long: {line}");
    }
    for letter in "46bCDdFhIiklMmNnOPpqrSsTtUuVvWwXxZz".chars() {
        let front = format!("  -{letter} ");
        let lines = text.lines().filter(|line| line.starts_with(&front));
        assert_eq!(lines.count(), 1, "lines about -{letter}");
    }
}
