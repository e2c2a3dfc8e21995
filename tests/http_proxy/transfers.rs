//! Bulk through the proxy, to those who are quick and to those who stop for a while: whole, and the same
//! that was sent.

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold, runs};
use crate::common::wire::Room;
use crate::common::{Carrier, Place, Told};
use crate::house::{CONNECTED, House};

const BULK: usize = 31 << 20;

/// How the receiver reads.
#[derive(Clone, Copy, Debug)]
enum Pace {
    Quick,
    /// Not before the sender cannot go on, and through a small window.
    Slow,
}

/// By what way, and where to.
#[derive(Clone, Copy, Debug)]
enum Way {
    TunnelDown,
    TunnelUp,
    Get,
    Post,
    PostChunks,
}

#[test]
fn thirty_one_megabytes_arrive_whole() -> Told {
    let all = noise(31, BULK);
    let all = &all;
    let times = runs().div_ceil(4); // each run has twenty transfers
    let mut cases = Vec::new();
    for way in [
        Way::TunnelDown,
        Way::TunnelUp,
        Way::Get,
        Way::Post,
        Way::PostChunks,
    ] {
        for pace in [Pace::Quick, Pace::Slow] {
            for carrier in Carrier::BOTH {
                for _ in 0..times {
                    let name = format!("{way:?}, {pace:?}, {carrier}");
                    cases.push(Case::new(name, move || transfer(way, pace, carrier, all)));
                }
            }
        }
    }
    all_hold(&cases)
}

fn transfer(way: Way, pace: Pace, carrier: Carrier, all: &[u8]) -> Told {
    let mut house = House::dressed(&[], |program| program.carrier(carrier))?;
    let room = match pace {
        Pace::Quick => Room::Usual,
        Pace::Slow => Room::Narrow,
    };
    house.origin = Place::any_port().open_with(&room, 16)?;
    house.scene.peers.push(house.place.connect_with(&room)?);
    let client = 0;
    let length = all.len();
    let request = match way {
        Way::TunnelDown | Way::TunnelUp => "CONNECT ORIGIN HTTP/1.1\r\n\r\n".into(),
        Way::Get => "GET http://ORIGIN/ HTTP/1.1\r\n\r\n".into(),
        Way::Post => format!("POST http://ORIGIN/ HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"),
        Way::PostChunks => {
            "POST http://ORIGIN/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".into()
        }
    };
    house.says(client, &request);
    let origin = house.met()?;
    let (head, sender, receiver) = match way {
        Way::TunnelDown => (CONNECTED.to_vec(), origin, client),
        Way::TunnelUp => {
            house.heard(client, CONNECTED)?;
            (Vec::new(), client, origin)
        }
        Way::Get => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            house.says(origin, &head);
            (head.into_bytes(), origin, client)
        }
        Way::Post => {
            let head = format!(
                "POST / HTTP/1.1\r\nHost: ORIGIN\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            (house.wire(&head), client, origin)
        }
        Way::PostChunks => (Vec::new(), client, origin),
    };
    if let Pace::Slow = pace {
        house.scene.peers[receiver].rx.paused = true;
    }
    match way {
        Way::PostChunks => {
            for piece in all.chunks(100_000) {
                house.says_bytes(sender, format!("{:x}\r\n", piece.len()).as_bytes());
                house.says_bytes(sender, piece);
                house.says(sender, "\r\n");
            }
            house.says(sender, "0\r\n\r\n");
        }
        Way::TunnelDown | Way::TunnelUp => {
            house.says_bytes(sender, all);
            house.scene.peers[sender].tx.finish();
        }
        Way::Get | Way::Post => house.says_bytes(sender, all),
    }
    if let Pace::Slow = pace {
        // All of it may have gone in: some systems have that much room in their sockets.
        house.scene.until_quiet(crate::house::A_MOMENT)?;
        house.scene.peers[receiver].rx.paused = false;
    }
    match way {
        Way::TunnelDown | Way::TunnelUp | Way::Get | Way::Post => {
            let wanted = [&head, all].concat();
            house.heard(receiver, &wanted)?;
            if matches!(way, Way::TunnelDown | Way::TunnelUp) {
                house.heard_last(receiver, &wanted)?;
            }
            Ok(())
        }
        Way::PostChunks => {
            house.scene.until("all has come", |s| {
                let rx = &s.peers[receiver].rx;
                rx.ended() || rx.got.ends_with(b"\r\n0\r\n\r\n")
            })?;
            let got = &house.scene.peers[receiver].rx.got;
            let data = crate::bodies::unchunked(crate::bodies::body(got));
            same("the body", &data.ok_or("these chunks are not whole")?, all)
        }
    }
}
