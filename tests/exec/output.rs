//! Every byte of output arrives, however little of the program is left when it is read.
//!
//! `NCAT_TEST_RUNS` says how often each size is played in each way (5 if it is not set); each time
//! the rest is drawn anew: what carries the bytes, how, who wrote them, how they are read and what
//! comes the other way meanwhile.

use std::time::Duration;

use crate::common::payload::{Xorshift, noise, same};
use crate::common::table::{Case, all_hold, runs};
use crate::common::{Scene, Told};
use crate::meeting::{Meeting, WAYS, Way, in_every_way};

const A_PAUSE: Duration = Duration::from_millis(5);

/// What the peer does while the program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Listens,
    Talks,
    TalksAndEnds,
    Ends,
}

/// Who writes `size` zeros.
fn command(chance: &mut Xorshift, size: usize) -> [String; 2] {
    match chance.between(0, 2) {
        0 => ["-e".into(), format!("/usr/bin/head -c {size} /dev/zero")],
        1 => ["-c".into(), format!("head -c {size} /dev/zero")],
        // The shell is gone when the first byte is written, or may be.
        _ => ["-c".into(), format!("head -c {size} /dev/zero & exit 0")],
    }
}

fn all_arrives(size: usize, way: Way, seed: u64) -> Told {
    let mut chance = Xorshift::new(seed);
    let meeting = Meeting::drawn(way, &mut chance)?;
    let [option, line] = command(&mut chance, size);
    let waits = chance.between(0, 1) == 0;
    let peer =
        [Peer::Listens, Peer::Talks, Peer::TalksAndEnds, Peer::Ends][chance.between(0, 3) as usize];
    let play = || {
        let mut scene = meeting.meet(&[&option, &line])?;
        act(&mut scene, peer);
        if waits {
            scene.peer().rx.paused = true;
            scene.until_quiet(A_PAUSE)?;
            scene.peer().rx.paused = false;
        }
        let got = match peer {
            Peer::Talks | Peer::TalksAndEnds => meeting.end_of_talk(&mut scene)?,
            Peer::Listens | Peer::Ends => meeting.end(&mut scene)?,
        };
        same("the output", &got, &vec![0; size])
    };
    play().map_err(|e| format!("{meeting}, {option} {line:?}, {peer:?}, waits: {waits}: {e}"))
}

fn act(scene: &mut Scene, peer: Peer) {
    let tx = &mut scene.peer().tx;
    if matches!(peer, Peer::Talks | Peer::TalksAndEnds) {
        tx.push(&noise(1, 100_000));
    }
    if matches!(peer, Peer::Ends | Peer::TalksAndEnds) {
        tx.finish();
    }
}

fn every_byte_arrives(size: usize, times: u64) -> Told {
    let mut cases = Vec::new();
    for run in 0..times {
        for way in WAYS {
            let seed = run * 1000 + cases.len() as u64;
            let name = format!("{way:?}, seed {seed}");
            cases.push(Case::new(name, move || all_arrives(size, way, seed)));
        }
    }
    all_hold(&cases)
}

#[test]
fn twenty_thousand_bytes_of_output_arrive_every_time() -> Told {
    every_byte_arrives(20_000, 2 * runs())
}

#[test]
fn three_hundred_thousand_bytes_of_output_arrive_every_time() -> Told {
    every_byte_arrives(300_000, 2 * runs())
}

#[test]
fn five_megabytes_of_output_arrive_every_time() -> Told {
    every_byte_arrives(5_000_000, runs().div_ceil(2))
}

#[test]
fn what_descendants_say_after_the_programs_exit_arrives() -> Told {
    in_every_way(|meeting| {
        let line = "echo first; (read wait; echo last; head -c 300000 /dev/zero) <&3 3<&- & exit 0";
        let line = format!("exec 3<&0; {line}");
        let mut scene = meeting.meet(&["-c", &line])?;
        scene.until("the program has spoken", |s| s.peer().rx.got == b"first\n")?;
        scene.until_quiet(A_PAUSE)?;
        scene.peer().tx.push(b"go on\n");
        let want = [b"first\nlast\n".as_slice(), &vec![0; 300_000]].concat();
        same("the output", &meeting.end(&mut scene)?, &want)
    })
}

#[test]
fn everything_comes_back_from_cat() -> Told {
    in_every_way(|meeting| {
        let data = noise(7, 5_000_000);
        let mut scene = meeting.meet(&["-e", "/bin/cat"])?;
        scene.peer().tx.push(&data);
        scene.peer().tx.finish();
        same("the echo", &meeting.end(&mut scene)?, &data)
    })
}
