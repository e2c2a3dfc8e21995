//! Whatever a wire does to a session, and whatever a stranger sends to either end: what comes up is the
//! beginning of what was said, and a good end is what the peer has said, after all of it.

#![no_main]

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ncat::data::Buf;
use ncat::secure::{self, Client, Server, Version, Wishes};
use ncat::wire::tls::Tls;
use ncat::wire::{Layer, Stack, oracle};

thread_local! {
    static ENDS: [(Client, Server); 2] = [Version::Tls12, Version::Tls13].map(made);
}

/// Making a key takes longer than a session.
fn made(version: Version) -> (Client, Server) {
    let wishes = Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: "localhost".to_owned(),
        named: false,
        alpn: vec![b"x".to_vec()],
        min: Some(version),
        max: Some(version),
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    };
    let client = secure::client(&wishes).expect("a client");
    let server = secure::server(&wishes, "localhost").expect("a server");
    (client, server)
}

/// Room for any message of a handshake, as connections have it.
const ROOM: usize = 1 << 17;

/// One end, and what has become of it.
struct End {
    stack: Stack,
    rx: Buf,
    tx: Buf,
    up: Buf,
    said: Vec<u8>,
    heard: Vec<u8>,
    /// It has said goodbye.
    finished: bool,
    /// Not all that comes to it is what the other has sent. One who has said goodbye is spared that: the
    /// library asserts, in builds like this one only, that it tells nobody of a fault behind a goodbye.
    deceived: bool,
    /// There was a fault.
    broken: bool,
}

impl End {
    fn new(layer: Box<dyn Layer>, up: usize) -> Self {
        let mut stack = Stack::default();
        stack.push(layer);
        Self {
            stack,
            rx: Buf::new(ROOM),
            tx: Buf::new(ROOM),
            up: Buf::new(up),
            said: Vec::new(),
            heard: Vec::new(),
            finished: false,
            deceived: false,
            broken: false,
        }
    }

    /// Moves what it can, and takes at most so much of what comes up.
    fn turn(&mut self, taken: usize) {
        while !self.broken {
            let received = self.stack.recv(&mut self.rx, &mut self.up, &mut self.tx);
            self.broken = received.is_err();
            if received != Ok(true) {
                break;
            }
        }
        oracle::drain(&mut self.up, taken, &mut self.heard);
    }

    fn say(&mut self, length: usize) {
        if self.broken || self.finished {
            return;
        }
        let from = self.said.len();
        let words: Vec<u8> = (from..from + length)
            .map(|at| ((at * 7) >> 3) as u8)
            .collect();
        match self.stack.send(&words, &mut self.tx) {
            Ok(n) => self.said.extend(&words[..n]),
            Err(_) => self.broken = true,
        }
    }

    fn finish(&mut self) {
        if !self.broken && !self.deceived && self.stack.is_open() && self.tx.is_empty() {
            self.finished |= self.stack.finish(&mut self.tx);
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&first, rest)) = input.split_first() else {
        return;
    };
    ENDS.with(|ends| run(&ends[usize::from(first & 1)], first, rest));
});

fn run((client, server): &(Client, Server), first: u8, mut input: &[u8]) {
    let up = [0, 1, 100, ROOM][usize::from(first >> 2 & 3)];
    let name = client.name.clone();
    let client = Tls::client(Arc::clone(&client.config), name, None).expect("something to offer");
    let server = Tls::server(Arc::clone(&server.config), None).expect("something to agree to");
    let mut ends = [
        End::new(Box::new(client), up),
        End::new(Box::new(server), up),
    ];
    if first & 2 != 0 {
        agree(&mut ends);
    }
    while let Some((&act, rest)) = input.split_first() {
        input = rest;
        let from = usize::from(act & 1);
        let [by] = numbers(&mut input);
        let by = usize::from(by);
        let what = act >> 1 & 7;
        if (2..6).contains(&what) {
            if ends[1 - from].finished {
                continue;
            }
            ends[1 - from].deceived = true;
        }
        match what {
            0 => carry(&mut ends, from, by),
            1 => carry(&mut ends, from, by << 8),
            2 => {
                let [change] = numbers(&mut input);
                let wire = ends[from].tx.filled_mut();
                if !wire.is_empty() {
                    let at = by * wire.len() / 256;
                    wire[at] ^= change;
                }
            }
            3 => {
                let [kind, length] = numbers(&mut input);
                let n = by.min(input.len());
                let (body, rest) = input.split_at(n);
                input = rest;
                let header = [20 + kind % 6, 3, 3, length & 1, n as u8];
                ends[1 - from].rx.put(&header);
                ends[1 - from].rx.put(body);
            }
            4 => {
                let n = by.min(input.len());
                let (bytes, rest) = input.split_at(n);
                input = rest;
                ends[1 - from].rx.put(bytes);
            }
            5 => {
                let n = by.min(ends[from].tx.len());
                ends[from].tx.take(n);
            }
            6 => ends[from].say(by << (by & 7)),
            _ => ends[from].finish(),
        }
        for (end, taken) in ends.iter_mut().zip([by, 1 + by]) {
            end.turn(taken);
        }
        judge(&mut ends);
    }
    if ends.iter().all(|end| !end.deceived) {
        end_well(&mut ends);
    }
}

/// Neither end hears anything that was not said, or an end that was none.
fn judge(ends: &mut [End; 2]) {
    for at in [0, 1] {
        let (said, finished) = (ends[1 - at].said.clone(), ends[1 - at].finished);
        let end = &mut ends[at];
        assert!(said.starts_with(&end.heard), "nobody said that");
        if end.stack.has_ended() {
            assert!(finished, "an end that nobody has told");
            let waiting = end.up.len();
            assert_eq!(
                end.heard.len() + waiting,
                said.len(),
                "an end before the end"
            );
        } else if end.rx.is_empty() && !end.broken {
            let came_up = end.heard.len() + end.up.len();
            let good = end.stack.recv_eof().is_ok();
            assert!(!good || finished && came_up < said.len(), "a cut is no end");
        }
    }
}

/// Nobody has touched the wire: all that was said arrives, and so does the end.
fn end_well(ends: &mut [End; 2]) {
    for end in &mut *ends {
        let waiting = std::mem::replace(&mut end.up, Buf::new(ROOM));
        end.heard.extend(waiting.filled());
    }
    for _ in 0..2 {
        agree(ends);
        ends.iter_mut().for_each(End::finish);
    }
    agree(ends);
    for at in [0, 1] {
        assert!(!ends[at].broken, "a fault out of nothing");
        assert!(ends[at].finished && ends[at].stack.has_ended(), "no end");
        assert!(ends[at].heard == ends[1 - at].said, "words are lost");
    }
}

/// Lets both talk until nothing moves any more.
fn agree(ends: &mut [End; 2]) {
    let mut before = [[usize::MAX; 3]; 2];
    loop {
        ends.iter_mut().for_each(|end| end.turn(ROOM));
        let now = [0, 1].map(|at| {
            let end = &ends[at];
            [end.rx.len(), end.tx.len(), end.heard.len()]
        });
        if std::mem::replace(&mut before, now) == now {
            break;
        }
        for from in [0, 1] {
            carry(ends, from, ROOM);
        }
    }
}

/// Moves at most so many bytes from below one end to the other.
fn carry(ends: &mut [End; 2], from: usize, most: usize) {
    let [one, other] = ends;
    let (from, to) = if from == 0 {
        (one, other)
    } else {
        (other, one)
    };
    if to.stack.has_ended() || to.broken {
        from.tx.clear(); // whoever listens no more
        return;
    }
    let n = to.rx.put(&from.tx.filled()[..most.min(from.tx.len())]);
    from.tx.take(n);
}

/// The next bytes, or zeros.
fn numbers<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let mut numbers = [0; N];
    let n = N.min(input.len());
    numbers[..n].copy_from_slice(&input[..n]);
    *input = &input[n..];
    numbers
}
