//! Lists in, yes or no out, with a source that knows a few names and files.

use std::net::IpAddr;
use std::path::Path;

use super::{Access, Entries, Entry, Hosts, Lists, Source};

/// Knows a few hosts, and notes who is asked for.
#[derive(Default)]
pub(super) struct Known {
    pub(super) asked: Vec<String>,
}

impl Source for Known {
    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        let text: &[u8] = match path.to_str() {
            Some("hosts") => b"1.2.3.4\n\n 10.0.0.1-5\t::1\x0bmany\r\n",
            Some("empty") => b"",
            Some("bad") => b"1.2.3.4 1.2.3.4/33",
            Some("comment") => b"# nobody",
            Some("text") => b"1.2.3.4\xff",
            Some("long") => &[b'1'; 1023],
            _ => return Err("No such file or directory".into()),
        };
        Ok(text.into())
    }

    fn numeric(&mut self, word: &str) -> Option<IpAddr> {
        let ip = match word {
            "01.02.03.04" => "1.2.3.4",
            "1" => "0.0.0.1",
            "3" => "0.0.0.3",
            "1.2" => "1.0.0.2",
            "1.2.3" => "1.2.0.3",
            "0x7f.1" | "2130706433" => "127.0.0.1",
            "fe80::1%lo" => "fe80::1",
            _ => return None,
        };
        ip.parse().ok()
    }

    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
        self.asked.push(name.into());
        let found: &[&str] = match name.to_ascii_lowercase().as_str() {
            "localhost" => &["127.0.0.1"],
            "many" => &["192.0.2.1", "2001:db8::1"],
            _ => return Err("Name or service not known".into()),
        };
        Ok(found.iter().filter_map(|text| text.parse().ok()).collect())
    }
}

pub(super) fn hosts(specs: &str) -> Hosts {
    let mut hosts = Hosts::default();
    for spec in specs.split(' ').filter(|spec| !spec.is_empty()) {
        let added = hosts.add(spec, &mut Known::default());
        added.unwrap_or_else(|why| panic!("{spec:?} is good, but: {why}"));
    }
    hosts
}

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Addresses in words: `a.b.c.1-5` for a row of them.
pub(super) fn addresses(words: &str) -> Vec<IpAddr> {
    let each = |word: &str| match word
        .rsplit_once('.')
        .map(|(net, row)| (net, row.split_once('-')))
    {
        Some((net, Some((first, last)))) => {
            let (first, last): (u8, u8) = (first.parse().unwrap(), last.parse().unwrap());
            (first..=last).map(|k| ip(&format!("{net}.{k}"))).collect()
        }
        _ => vec![ip(word)],
    };
    words.split_whitespace().flat_map(each).collect()
}

#[test]
fn lists_come_from_the_command_line_and_from_files() {
    let cases: &[(&[Entry], &str)] = &[
        (&[], ""),
        (&[Entry::Words("".into())], ""),
        (&[Entry::Words(",".into())], ""),
        (
            &[Entry::Words("1.2.3.4,::1, 10.0.0.1".into())],
            "1.2.3.4 ::1 10.0.0.1",
        ),
        (&[Entry::Words("10.0.0.2,3".into())], "10.0.0.2 0.0.0.3"),
        (
            &[Entry::Words("1.2.3.4".into()), Entry::Words("::1".into())],
            "1.2.3.4 ::1",
        ),
        (
            &[Entry::File("hosts".into())],
            "1.2.3.4 ::1 10.0.0.1 10.0.0.2 192.0.2.1 2001:db8::1",
        ),
        (&[Entry::File("empty".into())], ""),
    ];
    let all = addresses("1.2.3.4 ::1 10.0.0.1 10.0.0.2 0.0.0.3 192.0.2.1 2001:db8::1");
    for (lists, wanted) in cases {
        let entries = Entries {
            allow: lists.to_vec(),
            deny: Vec::new(),
        };
        let access = entries.read(&mut Known::default()).expect("good lists");
        let wanted = addresses(wanted);
        for &peer in &all {
            assert_eq!(
                access.admits(Some(peer)),
                wanted.contains(&peer) || lists.is_empty(),
                "{peer} allowed by {lists:?}"
            );
        }
    }
}

#[test]
fn a_list_that_is_wrong_is_told_with_what_is_wrong_in_it() {
    let eleven = "1".repeat(11);
    let long = format!("Host specification starting with \"{eleven}\" is too long.");
    let name = |name: &str| format!("Error resolving name \"{name}\": Name or service not known");
    let mask = "Illegal netmask in \"1.2.3.4/33\". Must be smaller than address bit length.";
    let file = |path: &str| Entry::File(path.into());
    let cases = [
        (
            Entry::Words("1.2.3.4,nobody,x/y".into()),
            vec![
                name("nobody"),
                "error in host specification \"nobody\".".into(),
            ],
        ),
        (
            file("bad"),
            vec![mask.into(), "error in hosts file bad.".into()],
        ),
        (
            file("comment"),
            vec![name("#"), "error in hosts file comment.".into()],
        ),
        (
            file("text"),
            vec![name("1.2.3.4\u{fffd}"), "error in hosts file text.".into()],
        ),
        (file("long"), vec![long, "error in hosts file long.".into()]),
        (
            file("none"),
            vec!["can't open none: No such file or directory.".into()],
        ),
    ];
    for (entry, wanted) in cases {
        let entries = Entries {
            allow: vec![Entry::File("hosts".into())],
            deny: vec![entry],
        };
        let mistake = entries.read(&mut Known::default()).expect_err("a mistake");
        assert_eq!(mistake.sentences(), wanted, "what is said of {entries:?}");
    }
}

#[test]
fn what_is_read_again_are_the_files_alone() {
    let entries = Entries {
        allow: vec![
            Entry::Words("1.2.3.4,nobody".into()),
            Entry::File("hosts".into()),
        ],
        deny: vec![Entry::File("empty".into()), Entry::Words("::1".into())],
    };
    assert!(entries.has_files(), "two of them");
    let lists = entries
        .read_files(&mut Known::default())
        .expect("good files");
    assert!(lists.allow.contains(ip("::1")), "::1 is allowed by a file");
    assert_eq!(lists.deny, Hosts::default(), "no file denies anybody");
    let entries = Entries {
        allow: vec![Entry::Words("1.2.3.4".into())],
        deny: Vec::new(),
    };
    assert!(!entries.has_files(), "nothing to read again");
}

#[test]
fn denying_wins_and_an_allow_list_leaves_everybody_else_out() {
    let lists = |allow: &str, deny: &str| Lists {
        allow: hosts(allow),
        deny: hosts(deny),
    };
    let access = |only_allowed, given, filed| Access {
        only_allowed,
        given,
        filed,
    };
    let none = || lists("", "");
    let cases = [
        ("no list", access(false, none(), none()), "yes yes yes yes"),
        (
            "an empty allow list",
            access(true, none(), none()),
            "no no no no",
        ),
        (
            "allowed",
            access(true, lists("1.1.1.1", ""), none()),
            "yes no no no",
        ),
        (
            "allowed in a file",
            access(true, none(), lists("1.1.1.1", "")),
            "yes no no no",
        ),
        (
            "allowed by either",
            access(true, lists("1.1.1.1", ""), lists("::1", "")),
            "yes no yes no",
        ),
        (
            "denied",
            access(false, lists("", "1.1.1.1"), none()),
            "no yes yes yes",
        ),
        (
            "denied in a file",
            access(false, none(), lists("", "::1")),
            "yes yes no yes",
        ),
        (
            "allowed and denied",
            access(true, lists("1.1.1.1 2.2.2.2", ""), lists("", "1.1.1.1 ::1")),
            "no yes no no",
        ),
    ];
    let peers = [
        Some(ip("1.1.1.1")),
        Some(ip("2.2.2.2")),
        Some(ip("::1")),
        None,
    ];
    for (name, access, wanted) in cases {
        let told = peers.map(|peer| if access.admits(peer) { "yes" } else { "no" });
        assert_eq!(
            told.join(" "),
            wanted,
            "{name}: 1.1.1.1, 2.2.2.2, ::1, a Unix peer"
        );
    }
}
