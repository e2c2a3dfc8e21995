//! Sets against the naive reader, and what they cost.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::access::tests::{Known, ip};
use crate::access::{Hosts, oracle};
use crate::wire::oracle::Random;

#[test]
fn sets_agree_with_the_naive_reader() {
    for seed in 0..300 {
        let mut dice = Random::new(seed);
        let count = [1, 10, 150][dice.below(3)];
        let specs: Vec<String> = (0..count).map(|_| some_spec(&mut dice)).collect();
        let source = &mut Known::default();
        let mut hosts = Hosts::default();
        for spec in &specs {
            let good = hosts.add(spec, source).is_ok();
            let naive = oracle::means(spec, ip("::"), source).is_some();
            assert_eq!(good, naive, "whether {spec:?} is good (seed {seed})");
        }
        for _ in 0..20 {
            let peer = some_address(&mut dice);
            let meant: Vec<_> = specs
                .iter()
                .filter(|spec| oracle::means(spec, peer, source) == Some(true))
                .collect();
            assert_eq!(
                hosts.contains(peer),
                !meant.is_empty(),
                "{peer}, which {meant:?} mean (seed {seed})"
            );
        }
    }
}

/// From few numbers, so that much agrees.
fn some_address(dice: &mut Random) -> IpAddr {
    let octets = [(); 4].map(|()| [0, 1, 5, 6, 127, 255][dice.below(6)]);
    let v4 = Ipv4Addr::from(octets);
    match dice.below(4) {
        0 => v4.to_ipv6_mapped().into(),
        1 => Ipv6Addr::from_bits(u128::from(v4.to_bits()) << (8 * dice.below(13))).into(),
        _ => v4.into(),
    }
}

fn some_spec(dice: &mut Random) -> String {
    let host = match dice.below(8) {
        0 => some_address(dice).to_string(),
        1 => ["localhost", "many", "1", "nobody", "fe80::1%lo"][dice.below(5)].into(),
        _ => [(); 4].map(|()| some_octet(dice)).join("."),
    };
    match dice.below(3) {
        0 => format!(
            "{host}/{}",
            [0, 7, 8, 20, 24, 31, 32, 33, 64, 128, u64::MAX][dice.below(11)]
        ),
        _ => host,
    }
}

fn some_octet(dice: &mut Random) -> String {
    let shape = [
        "*", "0", "1", "5", "1-5", "4-7", "-", "-6", "127-", "1,5", "6-,0", "256",
    ];
    // The last is no octet and would spoil too many.
    let good = usize::from(dice.below(9) > 0);
    shape[dice.below(shape.len() - good)].into()
}

#[test]
fn a_match_costs_the_same_among_ten_entries_and_ten_thousand() {
    let many = |count: u32, spec: &str| {
        let mut hosts = Hosts::default();
        for k in 0..count {
            let net = Ipv4Addr::from(k << 8).to_string();
            let net = net.trim_end_matches(".0");
            let spec = spec.replace(
                "NET",
                &format!("{net}{}", ".0".repeat(2 - net.matches('.').count())),
            );
            hosts.add(&spec, &mut Known::default()).expect("a net");
        }
        assert!(
            count < 5000 || hosts.contains(ip("0.19.135.7")),
            "the last net"
        );
        hosts
    };
    for spec in ["NET.0/24", "NET.*", "NET.4-7"] {
        assert_eq!(many(10, spec).steps(), 1, "ten of {spec}");
        assert_eq!(many(10_000, spec).steps(), 1, "ten thousand of {spec}");
    }
    let steps = many(10_000, "NET.1-7").steps();
    assert_eq!(
        steps,
        10_000_usize.div_ceil(64),
        "four words for sixty-four patterns"
    );
}
