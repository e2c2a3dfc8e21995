//! What a silent member costs the broker: its memory, and no time at all.

use std::{io, thread, time::Duration};

use super::{account, broker::Broker, members::Party};
use crate::side_by_side::{
    figures::show,
    procfs,
    summary::{Bound, verdict},
};

/// For `--rows`.
pub(crate) const NAME: &str = "memory";

const MEMBERS: usize = 10_000;

/// The most bytes of our own that one silent member may hold.
const BYTES_A_MEMBER: f64 = 512.0;

/// How long nothing happens, and how much of the processor that may take.
const WATCH: Duration = Duration::from_secs(3);
const TICKS: f64 = 0.0;

struct Held {
    /// KiB that are resident, of them without a file behind them, and of them nobody else's.
    resident: u64,
    anonymous: u64,
    private: u64,
}

/// Measures and prints.
pub(crate) fn table() -> io::Result<()> {
    let who = Broker::Ours;
    let broker = who.start(MEMBERS)?;
    procfs::await_rest(broker.pid())?;
    let empty = Held::by(broker.pid())?;
    let party = Party {
        protocol: who.protocol(),
        payload: 1,
        members: MEMBERS,
        deaf: 0,
        rush: false,
    };
    let _members = party.arrive(broker.port, broker.pid())?;
    procfs::await_rest(broker.pid())?;
    let full = Held::by(broker.pid())?;
    let before = procfs::activity(broker.pid())?;
    thread::sleep(WATCH);
    let after = procfs::activity(broker.pid())?;

    println!("### {MEMBERS} silent members (`{NAME}`)\n");
    println!("| members | VmRSS, KiB | of it anonymous | of it private |\n|--:|--:|--:|--:|");
    for (members, held) in [(0, &empty), (MEMBERS, &full)] {
        let Held {
            resident,
            anonymous,
            private,
        } = held;
        println!("| {members} | {resident} | {anonymous} | {private} |");
    }
    println!("\n| what | figure | limit | |\n|---|--:|--:|---|");
    let bytes = (full.private as f64 - empty.private as f64) * 1024.0 / MEMBERS as f64;
    let ticks = (after.ticks - before.ticks) as f64;
    for (what, figure, limit) in [
        ("private bytes a member", bytes, BYTES_A_MEMBER),
        ("CPU ticks in 3 s of silence", ticks, TICKS),
    ] {
        let figure = Some(figure);
        let word = verdict([Bound { figure, limit }]);
        println!("| {what} | {} | ≤ {limit} | {word} |", show(figure, 0));
    }
    println!();
    Ok(())
}

impl Held {
    fn by(pid: u32) -> io::Result<Held> {
        let (resident, anonymous) = procfs::resident(pid)?;
        Ok(Held {
            resident,
            anonymous,
            private: account::private(pid)?,
        })
    }
}
