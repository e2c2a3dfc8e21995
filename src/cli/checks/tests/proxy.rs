//! What `--proxy` and its company mean, and what a proxy of ours is.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::{Fake, mistake, place, plan, run, shown};
use crate::cli::plan::{
    At, Family, Far, Guests, Hop, Listen, Login, Plan, ProxyKind, Role, Service, Way,
};
use crate::cli::{Parsed, UsageError, parse};

fn way(plan: &Plan) -> Option<&Way> {
    match &plan.role {
        Role::Connect(connect) => connect.way.as_ref(),
        Role::Scan(scan) => scan.way.as_ref(),
        Role::Listen(_) => None,
    }
}

fn far(host: &Far) -> String {
    match host {
        Far::Name(name) => format!("\"{name}\""),
        Far::Ip(ip) => ip.to_string(),
    }
}

fn who(login: Option<&Login>) -> String {
    login.map_or(String::new(), |login| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let password = login.password.as_ref().map(|password| text(password));
        format!(
            " as {} {}",
            text(&login.user),
            password.unwrap_or("-".into())
        )
    })
}

/// A way in a few words.
fn hops(plan: &Plan) -> String {
    let Some(way) = way(plan) else {
        return "no way".into();
    };
    let hop = |hop: &Hop| {
        let tls = if hop.secure { " in TLS" } else { "" };
        let who = who(hop.login.as_ref());
        format!("{:?}{tls} {} {}{who}, ", hop.kind, far(&hop.host), hop.port)
    };
    let hops: String = way.hops.iter().map(hop).collect();
    format!("{hops}then {} {}", far(&way.host), way.port)
}

/// What a good command line means when the environment holds a password.
fn plan_with(auth: Option<&str>, line: &str) -> Plan {
    let mut world = Fake {
        auth: auth.map(OsString::from),
        ..Fake::default()
    };
    let args = line.split_whitespace().map(OsString::from);
    match parse(OsStr::new("ncat"), args, &mut world) {
        Ok(Parsed::Run(plan)) => *plan,
        other => panic!("`ncat {line}` is a good command line, not {other:?}"),
    }
}

fn failure(line: &str) -> (String, u8) {
    match run(line).0 {
        Err(UsageError { lines, status, .. }) => (lines.join("\n"), status),
        Ok(parsed) => panic!("`ncat {line}` is wrong, but gives {parsed:?}"),
    }
}

#[test]
fn the_first_proxy_is_dialled_and_the_others_are_told() {
    let cases = [
        (
            "--proxy 10.0.0.1 h",
            "Tcp 10.0.0.1 3128",
            "Http 10.0.0.1 3128, then \"h\" 31337",
        ),
        (
            "--proxy two:5 h 80",
            "Tcp ::1 127.0.0.1 5",
            "Http \"two\" 5, then \"h\" 80",
        ),
        (
            "--proxy [::1]:5 --proxy-type socks5 10.0.0.1 http",
            "Tcp ::1 5",
            "Socks5 ::1 5, then 10.0.0.1 80",
        ),
        (
            "--proxy ::1 --proxy-type 5 123456 1",
            "Tcp ::1 1080",
            "Socks5 ::1 1080, then 0.1.226.64 1",
        ),
        (
            "--proxy ::1 --proxy-type 4 [::ffff] 1 --proxy socks5://q",
            "Tcp ::1 1080",
            "Socks4 ::1 1080, Socks5 \"q\" 1080, then ::ffff 1",
        ),
        (
            "-s two -p 5 --proxy 10.0.0.1 h 1",
            "Tcp 10.0.0.1 3128 from ::1 127.0.0.1 5",
            "Http 10.0.0.1 3128, then \"h\" 1",
        ),
        (
            "-4 --proxy two,a,10.0.0.2:7 --proxy socks5://u:p@[::2] two 1",
            "Tcp ::1 127.0.0.1 3128",
            "Http \"two\" 3128, Http \"a\" 3128, Http 10.0.0.2 7, Socks5 ::2 1080 as u p, \
             then \"two\" 1",
        ),
        (
            "-z --proxy 10.0.0.1 h 20-25,80",
            "scan Tcp 10.0.0.1 3128 in 20-25 80-80",
            "Http 10.0.0.1 3128, then \"h\" 20",
        ),
        (
            "-u --proxy socks5://10.0.0.1 h 53",
            "Udp 10.0.0.1 1080",
            "Socks5 10.0.0.1 1080, then \"h\" 53",
        ),
        ("two 1", "Tcp ::1 127.0.0.1 1", "no way"),
    ];
    for (line, dialled, told) in cases {
        let plan = plan(line);
        assert_eq!(place(&plan), dialled, "ncat {line}: who is dialled");
        assert_eq!(hops(&plan), told, "ncat {line}: who is told");
    }
}

#[test]
fn who_resolves_the_target_is_as_asked() {
    let remote = |host: &str| format!("Host {host} will be resolved by the proxy.");
    let local = |ip: &str| format!("Host two locally resolved to {ip}.");
    let cases = [
        ("h", "\"h\"", vec![remote("h")]),
        ("--proxy-dns remote two", "\"two\"", vec![remote("two")]),
        ("-n two", "\"two\"", vec![remote("two")]),
        ("--proxy-dns local two", "::1", vec![local("::1")]),
        ("--proxy-dns both two", "::1", vec![local("::1")]),
        ("--proxy-dns both h", "\"h\"", vec![remote("h")]),
        ("--proxy-dns both -n two", "\"two\"", vec![remote("two")]),
        ("123456", "0.1.226.64", vec![]),
        ("--proxy-dns none 123456", "0.1.226.64", vec![]),
        ("-4 ::1", "::1", vec![]),
        ("-4 --proxy-dns both ::1", "::1", vec![]),
        ("-6 --proxy-dns local ::1", "::1", vec![]),
        ("-n ::1", "::1", vec![]),
    ];
    for (line, host, notes) in cases {
        let plan = plan(&format!("--proxy 10.0.0.1 {line} 1"));
        let way = way(&plan).unwrap_or_else(|| panic!("a way for {line}"));
        assert_eq!(far(&way.host), host, "ncat {line}");
        assert_eq!(plan.notes, notes, "said by `ncat {line}`");
    }
}

#[test]
fn the_world_is_asked_for_what_is_ours_to_know() {
    let cases: [(&str, &[&str]); 8] = [
        (
            "--proxy two h 1",
            &[
                "environment",
                "two Any",
                "two Any numerically",
                "h Any numerically",
            ],
        ),
        (
            "-4 --proxy http://u@two,b two http",
            &[
                "environment",
                "two V4",
                "two Any numerically",
                "b Any numerically",
                "two Any numerically",
                "http Tcp",
            ],
        ),
        (
            "--proxy http://u@two --proxy-dns local two",
            &[
                "two Any",
                "two Any numerically",
                "two Any numerically",
                "two Any",
            ],
        ),
        (
            "--proxy-auth u --proxy socks4://10.0.0.1 --proxy-dns local two",
            &[
                "10.0.0.1 Any",
                "10.0.0.1 Any numerically",
                "two Any numerically",
                "two V4",
            ],
        ),
        (
            "-n --proxy none -s two h",
            &["environment", "none Any numerically"],
        ),
        (
            "-l --proxy-type http --proxy-deny two:5 --deny 10.0.0.1 two",
            &["environment", "two Any numerically", "two Any", "two Any"],
        ),
        ("-l two", &["two Any"]),
        ("-U --proxy two /x", &[]),
    ];
    for (line, wanted) in cases {
        assert_eq!(run(line).1, wanted, "asked by `ncat {line}`");
    }
}

#[test]
fn a_password_is_for_proxies_that_have_none_of_their_own() {
    let cases = [
        (
            None,
            "a,socks5://u:p@b",
            "Http \"a\" 3128, Socks5 \"b\" 1080 as u p, ",
        ),
        (Some(""), "a", "Http \"a\" 3128, "),
        (Some("e:f"), "a", "Http \"a\" 3128 as e f, "),
        (
            Some("e:f"),
            "http://u@a,b",
            "Http \"a\" 3128 as u -, Http \"b\" 3128 as e f, ",
        ),
        (
            Some("e:f"),
            "http://a,socks5://@b",
            "Http \"a\" 3128 as e f, Socks5 \"b\" 1080, ",
        ),
        (
            Some("e:f"),
            "a --proxy-auth x:y:z",
            "Http \"a\" 3128 as x y:z, ",
        ),
    ];
    for (auth, words, wanted) in cases {
        let words = words.replacen("a", "10.0.0.1", 1);
        let wanted = wanted.replacen("\"a\"", "10.0.0.1", 1);
        let plan = plan_with(auth, &format!("1.2.3.4 1 --proxy {words}"));
        let wanted = format!("{wanted}then 1.2.3.4 1");
        assert_eq!(hops(&plan), wanted, "--proxy {words} and {auth:?}");
    }
}

#[test]
fn every_contradiction_has_its_sentence() {
    let cases = [
        (
            "--proxy-type socks5 two",
            "Proxy type (--proxy-type) specified without proxy address (--proxy).",
        ),
        ("--proxy-type ftp two", "Invalid proxy type \"ftp\"."),
        ("--proxy-dns x two", "Invalid proxy DNS type."),
        ("--proxy two:x two", "Invalid proxy port number \"x\"."),
        (
            "--proxy-auth a --proxy-auth b two",
            "You can't specify more than one --proxy-auth.",
        ),
        (
            "--proxy-auth= --proxy two two",
            "Invalid --proxy-auth (must be user:pass, without control characters).",
        ),
        (
            "-U --proxy two /x",
            "Proxy option not supported when using Unix domain sockets.",
        ),
        (
            "-Ul --proxy-type http /x",
            "Proxy option not supported when using Unix domain sockets.",
        ),
        (
            "-l --proxy two",
            "Invalid option combination: --proxy and -l.",
        ),
        (
            "-l --proxy two --proxy-type http",
            "Invalid option combination: --proxy and -l.",
        ),
        (
            "--broker --proxy two",
            "Invalid option combination: --proxy and -l.",
        ),
        (
            "-u --proxy two two",
            "--udp works through one SOCKS5 proxy, and no other way of proxies.",
        ),
        (
            "-u --proxy socks4://two two",
            "--udp works through one SOCKS5 proxy, and no other way of proxies.",
        ),
        (
            "-u --proxy two,two --proxy-type socks5 two",
            "--udp works through one SOCKS5 proxy, and no other way of proxies.",
        ),
        (
            "-zu --proxy socks5://two two",
            "A port that takes datagrams cannot be tried through a proxy (-z and --udp).",
        ),
        (
            "-l --broker --proxy-type http",
            "Invalid option combination: --broker and --proxy-type.",
        ),
        (
            "--chat --proxy-type http",
            "Invalid option combination: --broker and --proxy-type.",
        ),
        (
            "-lu --proxy-type socks5",
            "Invalid option combination: --udp and --proxy-type with --listen.",
        ),
        (
            "-l --proxy-type http -e x",
            "Invalid option combination: --proxy-type and -e with --listen.",
        ),
        (
            "-l --proxy-type http -c x",
            "Invalid option combination: --proxy-type and -e with --listen.",
        ),
        (
            "-lz --proxy-type http",
            "Services designed for LISTENING can't be used with -z",
        ),
        (
            "-l --proxy-deny ::1",
            "--proxy-allow and --proxy-deny are for a proxy of ours (--listen and --proxy-type).",
        ),
        (
            "--proxy two --proxy-allow ::1 two",
            "--proxy-allow and --proxy-deny are for a proxy of ours (--listen and --proxy-type).",
        ),
        (
            "-l --proxy-type http -m -2",
            "The limit of --max-conns must not be negative.",
        ),
        ("--proxy two 80", "You must specify a host to connect to."),
        (
            "--proxy two h 1 2",
            "Got more than one port specification: 1 2.",
        ),
        ("--proxy two h 1-2", "Invalid port number \"1-2\"."),
        (
            "--proxy two h/x 1",
            "No proxy can be asked for \"h/x\" (the name of a host has 1 to 255 bytes, and neither \
             blanks nor signs that mean something in addresses).",
        ),
        (
            "--proxy socks5://two --proxy-auth :p h",
            "SOCKS5 has room for names of 1 to 255 bytes and passwords of no more.",
        ),
    ];
    for (line, wanted) in cases {
        let wanted = format!("Ncat: {wanted} QUITTING.");
        assert_eq!(mistake(line), wanted, "ncat {line}");
    }
    let rules = "Ncat: Error parsing port in \"two:x\".\n\
                 Ncat: error in host specification \"two:x\". QUITTING.";
    let line = "-l --proxy-type http --proxy-allow two:x none";
    assert_eq!(mistake(line), rules, "ncat {line}");
}

#[test]
fn what_would_fail_on_the_way_is_told_with_status_1() {
    let v6 = "Error: IPv6 addresses are not supported with Socks4.";
    let cases = [
        (
            "--proxy none h",
            "Could not resolve proxy \"none\": Name or service not known.",
        ),
        (
            "-n --proxy two h",
            "Could not resolve proxy \"two\": Name or service not known.",
        ),
        (
            "-n --proxy ::1,two h",
            "Could not resolve proxy \"two\": Name or service not known.",
        ),
        (
            "--proxy none -zl",
            "Could not resolve proxy \"none\": Name or service not known.",
        ),
        (
            "--proxy-dns local --proxy ::1 h",
            "Error: Failed to resolve host h locally.",
        ),
        (
            "--proxy-dns local -n --proxy ::1 two",
            "Error: Failed to resolve host two locally.",
        ),
        (
            "--proxy-dns none --proxy ::1 two",
            "Error: Failed to resolve host two locally.",
        ),
        (
            "--proxy-dns none -4 --proxy ::1 ::1",
            "Error: Failed to resolve host ::1 locally.",
        ),
        (
            "--proxy-dns local -6 --proxy ::1 1.2.3.4",
            "Error: Failed to resolve host 1.2.3.4 locally.",
        ),
        ("--proxy socks4://two ::1", v6),
        ("--proxy socks4://two,http://[::1] h", v6),
        ("--proxy two --proxy-type 4 --proxy-dns local -6 two", v6),
        (
            "--proxy socks4://two 0.0.0.5",
            "Error: 0.0.0.5 is no address to Socks4, which marks names in this way.",
        ),
    ];
    for (line, wanted) in cases {
        let wanted = (format!("Ncat: {wanted}"), 1);
        assert_eq!(failure(line), wanted, "ncat {line}");
    }
}

#[test]
fn names_and_passwords_have_a_most() {
    let name = |length: usize| "x".repeat(length);
    let cases = [
        (format!("--proxy two {}", name(255)), true),
        (format!("--proxy two {}", name(256)), false),
        (format!("--proxy two {}", name(1000)), false),
        (
            format!("--proxy socks5://{}:{}@two h", name(255), name(255)),
            true,
        ),
        (format!("--proxy socks5://{}@two h", name(256)), false),
        (format!("--proxy socks5://u:{}@two h", name(256)), false),
        (format!("--proxy http://u:{}@two h", name(1000)), true),
        (format!("--proxy two,{} h", name(255)), true),
        (format!("--proxy two,{} h", name(256)), false),
    ];
    for (line, good) in cases {
        assert_eq!(run(&line).0.is_ok(), good, "ncat {line}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn proxies_in_tls_are_verified_if_that_is_wished_for() {
    let cases = [
        ("--proxy two h", None),
        ("--ssl --proxy two h", None),
        ("--proxy https://two h", Some((false, None))),
        ("--proxy two,https://two h", Some((false, None))),
        ("--ssl-verify --proxy https://two h", Some((false, None))),
        (
            "--proxy-ssl-verify --proxy https://two h",
            Some((true, None)),
        ),
        (
            "--proxy-ssl-trustfile /t --proxy https://two h",
            Some((true, Some("/t".into()))),
        ),
    ];
    for (line, wanted) in cases {
        let plan = plan(line);
        let secure = way(&plan).and_then(|way| way.secure.as_ref());
        let secure = secure.map(|wishes| {
            assert_eq!(wishes.name, "", "ncat {line}: the name is each proxy's own");
            (wishes.verify, wishes.trust.clone())
        });
        assert_eq!(secure, wanted, "ncat {line}");
        let ssl = line.contains("--ssl");
        assert_eq!(plan.secure.is_some(), ssl, "ncat {line}: the target");
    }
    let secured = plan("--ssl --proxy two target.example 1").secure;
    let name = secured.map(|wishes| wishes.name);
    assert_eq!(name.as_deref(), Some("target.example"), "whom to expect");
    let none = "--proxy-ssl-verify and --proxy-ssl-trustfile are for proxies at https://, and there \
                is none.";
    let cases = [
        ("--proxy-ssl-verify --proxy two h", none),
        ("--proxy-ssl-trustfile /t -l", none),
        (
            "--proxy-ssl-trustfile /t --proxy-ssl-trustfile /t --proxy https://two h",
            "The --proxy-ssl-trustfile option may be given only once.",
        ),
    ];
    for (line, wanted) in cases {
        let wanted = format!("Ncat: {wanted} QUITTING.");
        assert_eq!(mistake(line), wanted, "ncat {line}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_meets_no_proxy_in_it() {
    let wanted =
        "Ncat: A proxy at https:// needs TLS, which is not supported by this build. QUITTING.";
    assert_eq!(mistake("--proxy https://two h"), wanted);
}

fn served(plan: Plan) -> (Listen, Service) {
    let Role::Listen(mut listen) = plan.role else {
        panic!("-l listens");
    };
    let service = listen.proxy.take().expect("a proxy");
    (listen, *service)
}

#[test]
fn a_proxy_of_ours_listens_where_it_is_told() {
    let cases = [
        ("--proxy-type http", ProxyKind::Http, ":: 0.0.0.0 3128"),
        ("--proxy-type socks4", ProxyKind::Socks4, ":: 0.0.0.0 1080"),
        ("--proxy-type 5", ProxyKind::Socks5, ":: 0.0.0.0 1080"),
        (
            "--proxy-type http 127.0.0.1",
            ProxyKind::Http,
            "127.0.0.1 3128",
        ),
        (
            "--proxy-type http two 80",
            ProxyKind::Http,
            "::1 127.0.0.1 80",
        ),
        (
            "--proxy-type socks5 -4 -p 9",
            ProxyKind::Socks5,
            "0.0.0.0 9",
        ),
        ("--proxy-type http 0", ProxyKind::Http, ":: 0.0.0.0 0"),
    ];
    for (words, kind, wanted) in cases {
        let (listen, service) = served(plan(&format!("-l {words}")));
        assert_eq!(service.kind, kind, "ncat -l {words}");
        assert_eq!(listen.guests, Guests::Proxy, "ncat -l {words}");
        let At::Inet { hosts, ports, .. } = &listen.at else {
            panic!("ncat -l {words} listens over IP");
        };
        let port = ports.first().map_or(0, |range| range.first);
        let at = format!("{} {port}", shown(&hosts.concat()));
        assert_eq!(at, wanted, "ncat -l {words}");
    }
}

#[test]
fn a_proxy_of_ours_is_as_it_was_asked_for() {
    let (listen, service) = served(plan("-l --proxy-type http"));
    let wanted = Service {
        kind: ProxyKind::Http,
        login: None,
        destinations: Default::default(),
        family: Family::Any,
        numeric_only: false,
        patience: Duration::from_secs(10),
    };
    assert_eq!(service, wanted, "nothing else was said");
    assert_eq!((listen.max_conns, listen.limited), (10_000, false), "-m");
    let line = "-l -6 -n -k -m 5 -w 3 --handshake-timeout 2 --proxy-type socks5 --proxy-auth u:p \
                --proxy-allow ::1:80 --proxy-deny 10.0.0.0/8,:25";
    let plan = plan(line);
    assert_eq!(plan.wait, Duration::from_secs(3), "-w");
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    let (listen, service) = served(plan);
    assert_eq!((listen.max_conns, listen.limited), (5, true), "-m 5");
    assert_eq!(listen.guests, Guests::Proxy, "-k is implied");
    assert_eq!(service.kind, ProxyKind::Socks5);
    assert_eq!(who(service.login.as_ref()), " as u p");
    assert_eq!((service.family, service.numeric_only), (Family::V6, true));
    assert_eq!(service.patience, Duration::from_secs(2));
    let permits = |ip: &str, port| {
        let ip = ip.parse().expect("an address");
        service.destinations.permits(None, ip, port)
    };
    assert!(
        permits("::1:80", 80),
        "an address without brackets has no port"
    );
    assert!(!permits("::1", 80), "nobody allowed that");
    assert!(!permits("::1:80", 25), "a port that is denied");
    let (_, service) = served(plan_with(Some("e:f"), "-l --proxy-type http"));
    assert_eq!(who(service.login.as_ref()), " as e f", "the environment");
}
