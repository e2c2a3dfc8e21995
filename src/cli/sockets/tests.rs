//! Words about sockets, good and bad.

use super::*;

#[test]
fn marks_have_numbers_and_names() {
    let cases: &[(&str, Option<u8>, Option<u8>)] = &[
        ("0", Some(0), Some(0)),
        ("16", Some(16), Some(64)),
        ("0x10", Some(16), Some(64)),
        ("0X2e", Some(46), Some(184)),
        ("63", Some(63), Some(252)),
        ("64", Some(64), None),
        ("255", Some(255), None),
        ("256", None, None),
        ("-1", None, None),
        ("+1", None, None),
        ("0x", None, None),
        ("", None, None),
        ("ef", Some(0xb8), Some(0xb8)),
        ("EF", Some(0xb8), Some(0xb8)),
        ("va", Some(0xb0), Some(0xb0)),
        ("le", Some(4), Some(4)),
        ("be", Some(0), Some(0)),
        ("df", Some(0), Some(0)),
        ("cs0", Some(0), Some(0)),
        ("cs1", Some(0x20), Some(0x20)),
        ("CS7", Some(0xe0), Some(0xe0)),
        ("cs8", None, None),
        ("cs", None, None),
        ("af11", Some(0x28), Some(0x28)),
        ("af23", Some(0x58), Some(0x58)),
        ("AF41", Some(0x88), Some(0x88)),
        ("af43", Some(0x98), Some(0x98)),
        ("af40", None, None),
        ("af44", None, None),
        ("af51", None, None),
        ("af01", None, None),
        ("af4", None, None),
        ("lowdelay", Some(0x10), None),
        ("Throughput", Some(0x08), None),
        ("reliability", Some(0x04), None),
        ("é", None, None),
    ];
    for &(word, byte, point) in cases {
        assert_eq!(tos(word).ok(), byte, "--tos {word:?}");
        assert_eq!(dscp(word).ok(), point, "--dscp {word:?}");
    }
}

#[test]
fn probes_may_leave_out_what_is_as_usual() {
    let on = |idle, interval, count| {
        Some(KeepAlive::On(Probes {
            idle,
            interval,
            count,
        }))
    };
    let cases = [
        ("", on(None, None, None)),
        ("60,15,4", on(Some(60), Some(15), Some(4))),
        ("5", on(Some(5), None, None)),
        (",5", on(None, Some(5), None)),
        (",,5", on(None, None, Some(5))),
        ("32767,32767,127", on(Some(32_767), Some(32_767), Some(127))),
        ("off", Some(KeepAlive::Off)),
        ("0", Some(KeepAlive::Off)),
        ("0,1", None),
        ("32768", None),
        (",,128", None),
        ("1,2,3,4", None),
        ("1,2,3,", None),
        ("1s", None),
        ("on", None),
    ];
    for (word, wanted) in cases {
        assert_eq!(keepalive(word).ok(), wanted, "--keepalive={word}");
    }
}

#[test]
fn a_group_is_a_multicast_address_with_an_interface_or_without() {
    let cases = [
        ("239.1.2.3", Some(("239.1.2.3", None))),
        ("224.0.0.0%eth0", Some(("224.0.0.0", Some("eth0")))),
        ("ff02::1%2", Some(("ff02::1", Some("2")))),
        ("[ff02::1%lo]", Some(("ff02::1", Some("lo")))),
        ("240.0.0.0", None),
        ("223.255.255.255", None),
        ("fe80::1", None),
        ("group", None),
        ("239.1.2.3%", None),
        ("239.1.2.3%a/b", None),
        ("239.1.2.3%sixteen-bytes-by-", None),
        ("", None),
    ];
    for (word, wanted) in cases {
        let found = group(word).ok().map(|g| (g.ip.to_string(), g.interface));
        let wanted = wanted.map(|(ip, name)| (ip.into(), name.map(String::from)));
        assert_eq!(found, wanted, "--multicast-join {word:?}");
    }
}

#[test]
fn routes_have_eight_hops_at_most_however_they_are_given() {
    let eight = ["a"; 8].join(",");
    for (words, wanted) in [
        (vec!["a"], Some(1)),
        (vec!["a,b", "c"], Some(3)),
        (vec![eight.as_str()], Some(8)),
        (vec![eight.as_str(), "b"], None),
        (vec!["a,,b"], None),
        (vec![""], None),
    ] {
        let mut hops = Vec::new();
        let added = words.iter().try_for_each(|word| add_hops(&mut hops, word));
        assert_eq!(added.ok().map(|()| hops.len()), wanted, "-g {words:?}");
    }
    for (word, wanted) in [
        ("4", Some(4)),
        ("28", Some(28)),
        ("8x", Some(8)),
        ("0", None),
        ("6", None),
        ("32", None),
        ("-4", None),
        ("", None),
    ] {
        assert_eq!(pointer(word).ok(), wanted, "-G {word:?}");
    }
}

#[test]
fn routers_are_counted_within_a_byte() {
    for (word, some, zero) in [
        ("1", Some(1), Some(1)),
        ("0", None, Some(0)),
        ("255", Some(255), Some(255)),
        ("256", None, None),
        ("x", None, None),
    ] {
        assert_eq!(ttl("--ttl", word, 1).ok(), some, "--ttl {word}");
        assert_eq!(ttl("--multicast-ttl", word, 0).ok(), zero, "{word}");
    }
}
