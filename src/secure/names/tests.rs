use super::*;
use crate::secure::made::{Draft, UTF8, subject, wrap};
use crate::secure::verify::Certificate;

/// A certificate of these common names and hosts.
fn names(common: &[&str], hosts: &[&str]) -> Names {
    let common: Vec<(u8, u8, &[u8])> = common
        .iter()
        .map(|name| (3, UTF8, name.as_bytes()))
        .collect();
    let mut draft = Draft::plain("");
    draft.subject = subject(&common);
    if !hosts.is_empty() {
        draft = draft.hosts(hosts);
    }
    of(&draft)
}

fn of(draft: &Draft) -> Names {
    let made = draft.signed_by_itself();
    let certificate = Certificate::read(&made.der).expect("a certificate");
    Names::of(&certificate.parsed)
}

fn held<'a>(names: &Names, asked: &[&'a str]) -> Vec<&'a str> {
    let held = asked.iter().filter(|asked| names.hold(asked).is_some());
    held.copied().collect()
}

const ASKED: &[&str] = &[
    "a.com",
    "www.a.com",
    "sub.www.a.com",
    "www.example.com",
    "example.co.uk",
    "*.*.com",
];

#[test]
fn a_name_is_itself_and_a_star_is_one_whole_label() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("a.com", &["a.com"]),
        ("www.a.com", &["www.a.com"]),
        ("*.a.com", &["www.a.com"]),
        ("w*.a.com", &[]),
        ("*w.a.com", &[]),
        ("www.*.com", &[]),
        ("*.com", &[]),
        ("*.com.", &[]),
        ("*.*.com", &[]),
        ("*.", &[]),
        ("*", &[]),
        ("a.com\0evil.com", &[]),
        ("a.com\0", &[]),
        ("A.Com", &["a.com"]),
        ("*.A.COM", &["www.a.com"]),
    ];
    for &(name, expected) in cases {
        let found = held(&names(&[name], &[]), ASKED);
        assert_eq!(found, expected, "{name:?} as the common name");
        let found = held(&names(&[], &[name]), ASKED);
        assert_eq!(found, expected, "{name:?} as a host");
    }
    assert!(held(&names(&[], &[]), ASKED).is_empty(), "no name at all");
    assert!(
        names(&["a.com"], &[]).hold("").is_none(),
        "asked for nobody"
    );
    assert!(
        names(&["*.a.com"], &[]).hold(".a.com").is_none(),
        "no label"
    );
    assert!(names(&[""], &[""]).hold("").is_none(), "nobody for nobody");
}

#[test]
fn common_names_count_only_where_no_host_is_named() {
    let found = held(&names(&["a.com"], &["example.co.uk"]), ASKED);
    assert_eq!(found, ["example.co.uk"], "a.com beside a host");
    let found = held(&names(&["a.com"], &["b.com"]), ASKED);
    assert!(found.is_empty(), "a.com beside another host: {found:?}");
    let found = held(&names(&[], &["a.com", "example.co.uk", "b.com"]), ASKED);
    assert_eq!(found, ["a.com", "example.co.uk"], "several hosts");
    let foreign = wrap(0x30, &[&wrap(0x82, &["ä.com".as_bytes()])]);
    let names = of(&Draft::plain("a.com").extension(17, false, &foreign));
    assert!(
        names.hold("a.com").is_none(),
        "beside a host in no alphabet"
    );
}

#[test]
fn the_most_specific_common_name_counts() {
    let asked = &[
        "a.com",
        "sub.b.com",
        "sub.c.com",
        "sub.d.com",
        "sub.sub.e.com",
        "sub.sub.f.com",
        "sub.sub.g.com",
    ];
    for (list, forwards, backwards) in [
        (
            "a.com *.b.com sub.c.com sub.d.com *.sub.e.com *.sub.f.com sub.sub.g.com",
            "sub.sub.g.com",
            "sub.sub.g.com",
        ),
        (
            "a.com *.b.com sub.c.com sub.d.com *.sub.e.com *.sub.f.com",
            "sub.d.com",
            "sub.c.com",
        ),
        (
            "a.com *.b.com sub.c.com *.sub.e.com *.sub.f.com",
            "sub.c.com",
            "sub.c.com",
        ),
        ("a.com *.b.com *.sub.e.com *.sub.f.com", "a.com", "a.com"),
        (
            "*.b.com *.sub.e.com *.sub.f.com",
            "sub.sub.f.com",
            "sub.sub.e.com",
        ),
        ("*.b.com *.sub.e.com", "sub.sub.e.com", "sub.sub.e.com"),
    ] {
        let mut common: Vec<&str> = list.split(' ').collect();
        assert_eq!(held(&names(&common, &[]), asked), [forwards], "{list}");
        common.reverse();
        let found = held(&names(&common, &[]), asked);
        assert_eq!(found, [backwards], "{list}, the other way round");
    }
}

#[test]
fn two_lists_of_hosts_are_none() {
    let names = of(&Draft::plain("a.com").hosts(&["b.com"]).hosts(&["c.com"]));
    let found = held(&names, &["a.com", "b.com", "c.com"]);
    assert_eq!(found, ["a.com"], "only the common name");
}

#[test]
fn addresses_are_found_as_addresses_and_as_words_but_never_by_a_star() {
    let four = of(&Draft::plain("x").address(&[127, 0, 0, 1]));
    let six = of(&Draft::plain("x").address(&std::net::Ipv6Addr::LOCALHOST.octets()));
    let asked = &["127.0.0.1", "127.0.0.2", "::1", "[::1]", "::1%lo", "0:0::1"];
    assert_eq!(held(&four, asked), ["127.0.0.1"], "an IPv4 address");
    assert_eq!(
        held(&six, asked),
        ["::1", "[::1]", "::1%lo", "0:0::1"],
        "IPv6"
    );
    let word = names(&[], &["127.0.0.1"]);
    assert_eq!(held(&word, asked), ["127.0.0.1"], "as the name of a host");
    let star = names(&["*.0.0.1"], &["*.0.0.1"]);
    assert!(
        held(&star, asked).is_empty(),
        "a star for part of an address"
    );
    let mask = of(&Draft::plain("x").address(&[127, 0, 0, 1, 255, 0, 0, 0]));
    assert!(held(&mask, asked).is_empty(), "an address with a mask");
}

#[test]
fn lists_of_names_are_short_and_safe_to_print() {
    let names_of = |hosts: &[&str]| names(&["common"], hosts).list();
    assert_eq!(names_of(&["a.com", "b.com"]), "a.com, b.com");
    assert_eq!(names_of(&[]), "common", "the common name in place of hosts");
    assert_eq!(names(&[], &[]).list(), "nobody");
    assert_eq!(names_of(&["a\x1b[2J"]), "a\\x1B[2J", "a terminal's escape");
    let many = ["x.com"; 30];
    assert!(names_of(&many).ends_with("x.com, 20 more"), "thirty names");
}
