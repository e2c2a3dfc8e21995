//! Any text as host specifications: first as one on the command line, then as a file of them. What
//! is accepted and whom it means is what the naive reader says. Sixteen bytes in front are a peer.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ncat::access::{Entries, Entry, Hosts, Source, oracle};

/// A file, and names that lead somewhere.
struct Fake<'a>(&'a [u8]);

impl Source for Fake<'_> {
    fn file(&mut self, _: &Path) -> Result<Vec<u8>, String> {
        Ok(self.0.into())
    }

    fn numeric(&mut self, word: &str) -> Option<IpAddr> {
        let number: u32 = word.parse().ok()?;
        Some(Ipv4Addr::from_bits(number).into())
    }

    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
        assert!(
            name.bytes().any(|c| c.is_ascii_alphabetic()) && !name.contains([' ', ',', ':', '/']),
            "somebody was asked for {name:?}"
        );
        match name.len() {
            1 => Err("nobody is called like that".into()),
            n => Ok(vec![
                Ipv4Addr::from_bits(n as u32).into(),
                Ipv6Addr::LOCALHOST.into(),
            ]),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&number, text)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let [a, b, c, d, ..] = number;
    let peers: [IpAddr; 3] = [
        Ipv6Addr::from(number).into(),
        Ipv4Addr::new(a, b, c, d).into(),
        Ipv4Addr::new(a, b, c, d).to_ipv6_mapped().into(),
    ];
    let source = &mut Fake(text);
    let spec = String::from_utf8_lossy(text);
    let mut hosts = Hosts::default();
    let good = hosts.add(&spec, source).is_ok();
    for peer in peers {
        let means = oracle::means(&spec, peer, source);
        assert_eq!(good, means.is_some(), "whether {spec:?} is good");
        assert_eq!(
            hosts.contains(peer),
            means == Some(true),
            "{peer} in {spec:?}"
        );
    }

    let entries = Entries {
        allow: vec![Entry::File("x".into())],
        deny: Vec::new(),
    };
    let words = text.split(|c| b" \t\n\x0b\x0c\r".contains(c));
    let specs: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let read = entries.read(source);
    let long = specs.iter().any(|spec| spec.len() >= 1023);
    for peer in peers {
        let mut means = |spec: &&[u8]| oracle::means(&String::from_utf8_lossy(spec), peer, source);
        let all: Option<Vec<bool>> = specs.iter().map(&mut means).collect();
        let all = all.filter(|_| !long);
        let admitted = read.as_ref().ok().map(|access| access.admits(Some(peer)));
        assert_eq!(
            admitted,
            all.map(|all| all.contains(&true)),
            "{peer} in a file of {specs:?}"
        );
    }
});
