//! Rules in, yes or no out.

use super::super::tests::{Known, ip};
use super::*;

fn read(allow: &[&str], deny: &[&str]) -> Result<Destinations, Mistake> {
    let strings = |words: &[&str]| words.iter().map(|&text| text.into()).collect::<Vec<_>>();
    Destinations::read(&strings(allow), &strings(deny), &mut Known::default())
}

fn good(allow: &[&str], deny: &[&str]) -> Destinations {
    read(allow, deny).unwrap_or_else(|why| panic!("{allow:?} and {deny:?} are good, but: {why:?}"))
}

/// `[name=]address port`, with commas between them.
fn places(words: &str) -> Vec<(Option<&str>, IpAddr, u16)> {
    words
        .split(", ")
        .filter(|text| !text.is_empty())
        .map(|text| {
            let (at, port) = text.split_once(' ').expect("an address and a port");
            let (name, address) = match at.split_once('=') {
                Some((name, address)) => (Some(name), address),
                None => (None, at),
            };
            (name, ip(address), port.parse().expect("a port"))
        })
        .collect()
}

#[test]
fn a_rule_means_its_hosts_at_its_ports() {
    let cases = [
        ("1.2.3.4", "1.2.3.4 0, 1.2.3.4 65535", "1.2.3.5 80, ::1 80"),
        ("10.0.0.0/8:80", "10.9.9.9 80", "10.9.9.9 81, 11.0.0.1 80"),
        (
            "10.0.0.0/8:80,443,8000-8100",
            "10.1.1.1 80, 10.1.1.1 443, 10.1.1.1 8000, 10.1.1.1 8100",
            "10.1.1.1 79, 10.1.1.1 8101, 0.0.0.80 80, 0.0.1.187 443",
        ),
        (
            "1.2.3.4:1,2,1.2.3.5:3,4-5",
            "1.2.3.4 1, 1.2.3.4 2, 1.2.3.5 3, 1.2.3.5 5",
            "1.2.3.4 3, 1.2.3.5 2",
        ),
        (":25", "1.2.3.4 25, ::1 25, x=9.9.9.9 25", "1.2.3.4 26"),
        ("*:25,26", "1.2.3.4 26", "1.2.3.4 27"),
        ("*", "1.2.3.4 25, 2001:db8::1 0", ""),
        ("10.0.*.1-5:7", "10.0.200.3 7", "10.0.0.6 7, 10.0.0.1 8"),
        ("::1", "::1 9", "::2 9, 0.0.0.1 9"),
        ("2001:db8::/32", "2001:db8::80 443", "2001:db9::1 443"),
        (
            "[2001:db8::]/32:443",
            "2001:db8::9 443",
            "2001:db8::9 80, 2001:db9::1 443",
        ),
        (
            "[2001:db8::/32]:443",
            "2001:db8::9 443",
            "2001:db8::9 80, 2001:db9::1 443",
        ),
        ("[::1]", "::1 1", "::2 1"),
        ("[::1]:1-3", "::1 2", "::1 4"),
        // Names: as they are asked for, and by their addresses.
        (
            "many:80",
            "192.0.2.1 80, 2001:db8::1 80, many=9.9.9.9 80, MANY.=9.9.9.9 80",
            "many=9.9.9.9 81, many.example=9.9.9.9 80, 192.0.2.2 80",
        ),
        ("Many/24", "192.0.2.77 1, many=9.9.9.9 1", "192.0.3.1 1"),
        // IPv4 in other clothes is IPv4.
        (
            "10.0.0.0/8",
            "::ffff:10.1.2.3 80",
            "::10.1.2.3 80, 64:ff9b::10.1.2.3 80",
        ),
        ("10.0.0-255.1-9", "::ffff:10.0.2.3 80", ""),
        (
            "::ffff:10.0.0.0/104",
            "10.1.2.3 1, ::ffff:10.1.2.3 1",
            "11.0.0.1 1",
        ),
        ("0.0.0.0/0", "9.9.9.9 1, ::ffff:9.9.9.9 1", "2001:db8::1 1"),
        // No address in particular is the host itself.
        (
            "127.0.0.1,::1",
            "0.0.0.0 1, :: 1, ::ffff:0.0.0.0 1",
            "0.0.0.2 1",
        ),
        (" 1.2.3.4:1, 2", "1.2.3.4 2", ""),
        ("1.2.3.4:0-65535", "1.2.3.4 0, 1.2.3.4 65535", "1.2.3.5 1"),
        ("1.2.3.4:5,5,1.2.3.5:5", "1.2.3.4 5, 1.2.3.5 5", "1.2.3.4 6"),
    ];
    for (rules, meant, others) in cases {
        let (allow, deny) = (good(&[rules], &[]), good(&[], &[rules]));
        for (words, hit) in [(meant, true), (others, false)] {
            for (name, ip, port) in places(words) {
                let place = format!("{name:?} at {ip} {port}");
                let allowed = allow.permits(name, ip, port);
                assert_eq!(allowed, hit, "--proxy-allow {rules:?}: {place}");
                let denied = !deny.permits(name, ip, port);
                assert_eq!(denied, hit, "--proxy-deny {rules:?}: {place}");
            }
        }
    }
}

#[test]
fn what_is_denied_stays_so_and_any_allowance_leaves_all_else_out() {
    let cases: [(&[&str], &[&str], &str, &str); 8] = [
        (&[], &[], "1.2.3.4 1, many=::1 1", ""),
        (&[""], &[], "", "1.2.3.4 1, ::1 1"),
        (&[], &[""], "1.2.3.4 1", ""),
        (
            &["10.0.0.0/8"],
            &["10.0.0.1"],
            "10.0.0.2 1",
            "10.0.0.1 1, 11.0.0.1 1",
        ),
        (
            &["many"],
            &[":22"],
            "many=9.9.9.9 80",
            "many=9.9.9.9 22, 9.9.9.9 80",
        ),
        (
            &["*"],
            &["many"],
            "1.2.3.4 1",
            "many=1.2.3.4 1, 192.0.2.1 1",
        ),
        (
            &["1.1.1.1", "2.2.2.2:5"],
            &[],
            "1.1.1.1 9, 2.2.2.2 5",
            "2.2.2.2 9",
        ),
        // Allowed by its own number, or denied by it.
        (&["0.0.0.0"], &["0.0.0.0/8"], "", "0.0.0.0 1, 127.0.0.1 1"),
    ];
    for (allow, deny, yes, no) in cases {
        let destinations = good(allow, deny);
        for (words, wanted) in [(yes, true), (no, false)] {
            for (name, ip, port) in places(words) {
                let permits = destinations.permits(name, ip, port);
                let rules = format!("allow {allow:?}, deny {deny:?}");
                assert_eq!(permits, wanted, "{rules}: {name:?} at {ip} {port}");
            }
        }
    }
    let rest = good(&[], &["0.0.0.0"]);
    assert!(
        !rest.permits(None, ip("0.0.0.0"), 1),
        "denied by its number"
    );
    assert!(rest.permits(None, ip("127.0.0.1"), 1), "not meant");
}

#[test]
fn a_name_that_is_denied_is_not_even_looked_up() {
    let deny = good(&["many"], &["many:22", "localhost", "1.2.3.4", ":25"]);
    let cases = [
        ("many", 22, false),
        ("MANY.", 22, false),
        ("many", 80, true),
        ("localhost", 80, false),
        ("elsewhere", 80, true),
        ("elsewhere", 25, false),
        ("1.2.3.4", 80, true),
    ];
    for (name, port, wanted) in cases {
        assert_eq!(deny.permits_name(name, port), wanted, "{name} {port}");
    }
}

#[test]
fn a_rule_that_is_wrong_is_told() {
    let cases = [
        ("1.2.3.4:", "Error parsing port in \"1.2.3.4:\"."),
        (":", "Error parsing port in \":\"."),
        ("1.2.3.4:x", "Error parsing port in \"1.2.3.4:x\"."),
        ("1.2.3.4:+1", "Error parsing port in \"1.2.3.4:+1\"."),
        ("1.2.3.4:65536", "Error parsing port in \"1.2.3.4:65536\"."),
        ("1.2.3.4:5-", "Error parsing port in \"1.2.3.4:5-\"."),
        ("1.2.3.4:-5", "Error parsing port in \"1.2.3.4:-5\"."),
        ("1.2.3.4:6-5", "Error parsing port in \"1.2.3.4:6-5\"."),
        (
            "80",
            "There is no host with a colon before the port \"80\".",
        ),
        (
            "1.2.3.4,80",
            "There is no host with a colon before the port \"80\".",
        ),
        (
            "1.2.3.4,80-90",
            "There is no host with a colon before the port \"80-90\".",
        ),
        (
            "1.2.3.4:1,1.2.3.5,2",
            "There is no host with a colon before the port \"2\".",
        ),
        ("[::1", "Error parsing brackets in \"[::1\"."),
        ("[::1]x", "Error parsing brackets in \"[::1]x\"."),
        ("[::1]80", "Error parsing brackets in \"[::1]80\"."),
        ("[many]:80", "Error parsing brackets in \"[many]:80\"."),
        ("[::1]:80:90", "Error parsing port in \"[::1]:80:90\"."),
        ("[::/32]/32:1", "Error parsing netmask in \"::/32/32\"."),
        (
            "1.2.3.4/33:1",
            "Illegal netmask in \"1.2.3.4/33\". Must be smaller than address bit length.",
        ),
        (
            "none:80",
            "Error resolving name \"none\": Name or service not known",
        ),
        (
            "*/8",
            "Error resolving name \"*\": Name or service not known",
        ),
        (
            "1.2.3.4:5,66666",
            "Error resolving name \"66666\": Name or service not known",
        ),
        (
            "1.2.3.4:5,6-",
            "Error resolving name \"6-\": Name or service not known",
        ),
    ];
    for (rules, wanted) in cases {
        for (allow, deny) in [(&[rules][..], &[][..]), (&[], &[rules])] {
            let sentences = read(allow, deny).map_err(|mistake| mistake.sentences());
            let sentences = sentences.expect_err(rules);
            assert_eq!(sentences[0], wanted, "{rules:?}");
            assert!(
                sentences[1].starts_with("error in host specification \""),
                "{rules:?}: {sentences:?}"
            );
        }
    }
}

#[test]
fn an_address_is_taken_for_what_the_system_takes_it_for() {
    let cases = [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("0.0.0.0", "127.0.0.1"),
        ("::ffff:0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("::1", "::1"),
        ("2001:db8::1", "2001:db8::1"),
    ];
    for (ip, wanted) in cases {
        let ip: IpAddr = ip.parse().expect("an address");
        assert_eq!(reached(ip).to_string(), wanted, "{ip}");
    }
}
