//! Who may come, how many at a time, and where they may go.

use crate::common::{Place, Told};
use crate::house::{A_MOMENT, CONNECTED, House, dead_end};

#[test]
fn who_is_not_on_the_list_is_turned_away() -> Told {
    for (options, served) in [
        (&["--allow", "127.0.0.1"][..], true),
        (&["--allow", "127.0.0.2"], false),
        (&["--deny", "127.0.0.1"], false),
        (&["--deny", "127.0.0.2"], true),
        (&["-m", "0"], false),
    ] {
        let mut house = House::open(options)?;
        let client = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
        match served {
            true => {
                house.met()?;
                house.heard(client, CONNECTED)?;
            }
            false => {
                house
                    .scene
                    .until("the client is turned away", |s| s.peers[client].rx.ended())?;
                assert_eq!(house.scene.peers[client].rx.text(), "", "{options:?}");
                house.is_unmet("who may not come")?;
            }
        }
        assert_eq!(house.scene.program.status, None, "the proxy stays");
    }
    Ok(())
}

#[test]
fn a_limit_counts_those_who_are_served() -> Told {
    let mut house = House::open(&["-m", "2"])?;
    // Who says nothing is in nobody's way.
    for _ in 0..3 {
        house.client()?;
    }
    let (first, _) = house.tunnel()?;
    let (second, its_origin) = house.tunnel()?;
    let third = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
    house
        .scene
        .until("a third is turned away", |s| s.peers[third].rx.ended())?;
    house.is_unmet("one too many")?;
    house.finishes(second)?;
    house.finishes(its_origin)?;
    house.heard_last(second, b"")?;
    let fourth = house.asks("CONNECT ORIGIN HTTP/1.1\r\n\r\n")?;
    house.met()?;
    house.heard(fourth, CONNECTED)?;
    house.scene.holds(A_MOMENT, "the first is left alone", |s| {
        !s.peers[first].rx.ended()
    })
}

/// A list, and who can and cannot be reached by it.
const LISTS: &[(&[&str], &[&str], &[&str])] = &[
    (
        &["--proxy-allow", "127.0.0.1"],
        &["127.0.0.1:HERE", "localhost:HERE"],
        &["127.0.0.2:HERE", "10.0.0.1:1"],
    ),
    (
        &["--proxy-deny", "127.0.0.1"],
        &[],
        &[
            "127.0.0.1:HERE",
            "localhost:HERE",
            "0.0.0.0:HERE",
            "[::ffff:127.0.0.1]:HERE",
        ],
    ),
    (
        &["--proxy-allow", "127.0.0.0/8"],
        &["127.0.0.1:HERE"],
        &["10.0.0.1:1", "[::1]:1"],
    ),
    (
        &["--proxy-deny", "127.0.0.0/8"],
        &[],
        &["127.0.0.1:HERE", "127.1.2.3:1", "0.0.0.0:HERE"],
    ),
    (
        &["--proxy-deny", "localhost"],
        &[],
        &["localhost:HERE", "LOCALHOST:HERE"],
    ),
    (
        &["--proxy-allow", "localhost"],
        &["localhost:HERE"],
        &["10.0.0.1:HERE"],
    ),
    (
        &["--proxy-allow", ":HERE"],
        &["127.0.0.1:HERE", "localhost:HERE"],
        &["127.0.0.1:1", "127.0.0.1:NEXT"],
    ),
    (
        &["--proxy-deny", ":1-NEXT"],
        &[],
        &["127.0.0.1:HERE", "127.0.0.1:1"],
    ),
    (
        &["--proxy-deny", "127.0.0.1:NEXT"],
        &["127.0.0.1:HERE"],
        &["127.0.0.1:NEXT"],
    ),
    (
        &[
            "--proxy-allow",
            "127.0.0.1",
            "--proxy-deny",
            "127.0.0.0/8:NEXT",
        ],
        &["127.0.0.1:HERE"],
        &["127.0.0.1:NEXT"],
    ),
    (
        &["--proxy-allow", "*", "--proxy-deny", "127.0.0.1"],
        &[],
        &["127.0.0.1:HERE"],
    ),
];

#[test]
fn lists_say_where_clients_may_go() -> Told {
    let origin = Place::any_port().open()?;
    let here = crate::house::port(&origin.place);
    let numbers = |text: &str| {
        text.replace("HERE", &here.to_string())
            .replace("NEXT", &(here + 1).to_string())
    };
    for (options, reached, refused) in LISTS {
        let words: Vec<_> = options.iter().map(|word| numbers(word)).collect();
        let words: Vec<_> = ["-4"]
            .into_iter()
            .chain(words.iter().map(String::as_str))
            .collect();
        let mut house = House::open(&words)?;
        for place in *reached {
            let place = numbers(place);
            let client = house.asks(&format!("CONNECT {place} HTTP/1.1\r\n\r\n"))?;
            let heard = house.heard(client, CONNECTED);
            heard.map_err(|e| format!("{options:?}: to {place}: {e}"))?;
            drop(origin.accept(crate::common::Deadline::usual())?);
        }
        for place in *refused {
            // Families are looked at first.
            if place.starts_with("[::1") {
                continue;
            }
            let place = numbers(place);
            for request in [
                format!("CONNECT {place} HTTP/1.1\r\n\r\n"),
                format!("GET http://{place}/ HTTP/1.1\r\n\r\n"),
            ] {
                let client = house.asks(&request)?;
                let heard = house.heard(client, &dead_end(&request, "403 Forbidden"));
                heard.map_err(|e| format!("{options:?}: {request:?}: {e}"))?;
            }
        }
    }
    Ok(())
}
