//! Options about sockets beside all others.

use super::{mistake, plan};
use crate::cli::plan::{KeepAlive, Probes};

#[test]
fn what_a_socket_does_not_know_is_refused_by_name() {
    let cases = [
        (
            "-U --tos 16 /s",
            "--tos means nothing to a Unix domain socket.",
        ),
        (
            "-U -u --broadcast /s",
            "--broadcast means nothing to a Unix domain socket.",
        ),
        (
            "-lU --keepalive /s",
            "--keepalive means nothing to a Unix domain socket.",
        ),
        ("-u --mptcp ::1", "--mptcp is for TCP, and --udp is not."),
        ("-lu --fastopen", "--fastopen is for TCP, and --udp is not."),
        (
            "-u --keepalive=off ::1",
            "--keepalive is for TCP, and --udp is not.",
        ),
        (
            "-l --multicast-join 239.1.1.1",
            "--multicast-join is for datagrams (--udp).",
        ),
        ("--broadcast ::1", "--broadcast is for datagrams (--udp)."),
        (
            "-u --multicast-join 239.1.1.1 ::1",
            "--multicast-join is for a listener (--listen).",
        ),
        (
            "--tos 16 --dscp 4 ::1",
            "--tos and --dscp set the same byte; give one of them.",
        ),
        (
            "--tos 17 ::1",
            "The lowest two bits of --tos are ECN's, which TCP sets by itself.",
        ),
        (
            "-z --fastopen ::1",
            "Invalid option combination: -z and --fastopen, which tells too late who answers.",
        ),
        (
            "--fastopen -e /bin/cat ::1",
            "A program cannot be told whom --fastopen reaches: nobody is reached before it speaks.",
        ),
        (
            "-6 -g 1.2.3.4 ::1",
            "-g can only currently be used with IPv4.",
        ),
        (
            "-U -g 1.2.3.4 /s",
            "-g can only currently be used with IPv4.",
        ),
        (
            "-4 -g 1.2.3.4 -G 8 two",
            "-G points behind the last hop of -g.",
        ),
        (
            "-4n -g name 1.2.3.4",
            "Could not resolve hop \"name\" of -g: Name or service not known.",
        ),
    ];
    for (line, wanted) in cases {
        let told = mistake(line);
        assert_eq!(told, format!("Ncat: {wanted} QUITTING."), "ncat {line}");
    }
}

#[test]
fn a_route_begins_where_the_pointer_is() {
    for (line, wanted) in [
        ("-4 -g 10.1.1.1,10.1.1.2 -g 10.1.1.3 two", "123"),
        ("-4 -g 10.1.1.1,10.1.1.2 -g 10.1.1.3 -G 4 two", "123"),
        ("-4 -g 10.1.1.1,10.1.1.2 -G 8 -g 10.1.1.3 two", "23"),
        ("-4 -G 12 -g 10.1.1.1,10.1.1.2 -g 10.1.1.3 two", "3"),
        ("-l -g 10.1.1.1", ""),
    ] {
        let route = plan(line).sockets.route;
        let last: String = route.iter().map(|ip| ip.octets()[3].to_string()).collect();
        assert_eq!(last, wanted, "ncat {line}");
    }
}

#[test]
fn a_value_that_may_be_left_out_stands_behind_its_sign() {
    let usual = KeepAlive::On(Probes::default());
    let fast = KeepAlive::On(Probes {
        idle: Some(5),
        ..Probes::default()
    });
    for (line, wanted) in [
        ("two", KeepAlive::Usual),
        ("--keepalive two", usual),
        ("--keepalive=5 two", fast),
        ("--keepa=off two", KeepAlive::Off),
    ] {
        assert_eq!(plan(line).sockets.keepalive, wanted, "ncat {line}");
    }
}

#[test]
fn what_has_no_effect_is_warned_about() {
    for (line, wanted) in [
        (
            "-l -g 10.1.1.1 -G 4",
            "-g has no effect with --listen.|-G has no effect with --listen.",
        ),
        ("-G 4 two", "-G has no effect without -g."),
        (
            "-lu --broadcast",
            "--broadcast has no effect with --listen.",
        ),
        (
            "-u6 --broadcast=off two",
            "--broadcast has no effect with -6.",
        ),
        ("-z --keepalive two 1", "--keepalive has no effect with -z."),
        ("-u --broadcast --multicast-ttl 2 two", ""),
    ] {
        let told = plan(line).warnings;
        let told: Vec<_> = told
            .iter()
            .map(|w| w.trim_start_matches("Warning: "))
            .collect();
        assert_eq!(told.join("|"), wanted, "ncat {line}");
    }
}
