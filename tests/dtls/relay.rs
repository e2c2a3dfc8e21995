//! What lies between a layer and a real socket: loss, copies and delays, both ways.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::chance::Chance;

const LOSS: u64 = 15;
const COPIES: u64 = 10;
const DELAY: u64 = 20;
/// The kind of record that carries what users say.
const APPLICATION: u8 = 23;

type OnTheWay = (Instant, u64, bool, Vec<u8>);

/// A socket behind a bad way.
pub(crate) struct Relay {
    pub(crate) socket: UdpSocket,
    chance: Chance,
    /// Due times, each with a number that keeps equals apart, and whether the way is inwards.
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    /// Otherwise it carries all, at once.
    bad: bool,
    thrown: u64,
    /// Bytes of records with words that openssl sent, without headers.
    pub(crate) sent_to_us: usize,
    /// The datagrams with words that get through to us.
    pub(crate) passed_to_us: HashSet<Vec<u8>>,
}

impl Relay {
    pub(crate) fn new(socket: UdpSocket, seed: u64, bad: bool) -> Self {
        socket
            .set_nonblocking(true)
            .expect("a socket that does not wait");
        Self {
            socket,
            chance: Chance::new(seed),
            on_the_way: BinaryHeap::new(),
            bad,
            thrown: 0,
            sent_to_us: 0,
            passed_to_us: HashSet::new(),
        }
    }

    /// Sends a datagram on its way; false when that loses it.
    pub(crate) fn throw(&mut self, inwards: bool, datagram: &[u8]) -> bool {
        let copies = 1 + usize::from(self.bad && self.chance.percent(COPIES));
        let mut passes = false;
        for _ in 0..copies {
            if self.bad && self.chance.percent(LOSS) {
                continue;
            }
            passes = true;
            self.thrown += 1;
            let delay = if self.bad {
                self.chance.below(DELAY)
            } else {
                0
            };
            let due = Instant::now() + Duration::from_millis(delay);
            let entry = (due, self.thrown, inwards, datagram.to_vec());
            self.on_the_way.push(Reverse(entry));
        }
        passes
    }

    /// Takes in what openssl sent, and gives out what is due: what we are to hear.
    pub(crate) fn work(&mut self) -> Vec<Vec<u8>> {
        let mut room = vec![0; 65536];
        // Refused is what a child gets that is gone; the deadline tells of that.
        while let Ok(n) = self.socket.recv(&mut room) {
            let words = room[0] == APPLICATION;
            if words {
                self.sent_to_us += n - 13;
            }
            if self.throw(true, &room[..n]) && words {
                self.passed_to_us.insert(room[..n].to_vec());
            }
        }
        let mut heard = Vec::new();
        while self.due().is_some_and(|due| due <= Instant::now()) {
            match self.on_the_way.pop() {
                Some(Reverse((_, _, true, datagram))) => heard.push(datagram),
                Some(Reverse((_, _, false, datagram))) => {
                    let _ = self.socket.send(&datagram); // it may be gone
                }
                None => {}
            }
        }
        heard
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.on_the_way.peek().map(|Reverse((due, ..))| *due)
    }
}
