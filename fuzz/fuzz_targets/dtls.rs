//! Whatever a wire does to a session, and whoever else sends what they like to either side or to the
//! door: nothing comes up that was not said, nothing twice, no queue grows without end, and an
//! answer to a stranger is no longer than the question.

#![no_main]

#[path = "../../tests/dtls/seat.rs"]
mod seat;

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use ncat::secure::{self, Wishes};
use ncat::wire::Clock;
use ncat::wire::dtls::{ClientKit, Door, Dtls, ServerKit, Verdict};
use seat::Seat;

thread_local! {
    static KITS: (ClientKit, ServerKit) = kits();
}

/// Making a key takes longer than a session.
fn kits() -> (ClientKit, ServerKit) {
    let wishes = Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: "localhost".to_owned(),
        named: false,
        alpn: vec![b"x".to_vec()],
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    };
    let client = secure::client(&wishes).expect("a client");
    let server = secure::server(&wishes, "localhost").expect("a server");
    let client = ClientKit::new(&client).expect("suites");
    (client, ServerKit::new(&server).expect("suites"))
}

/// How many datagrams may wait on one side, whatever has been done, and how many more for each act.
const WAITING: usize = 200;
const AN_ACT: usize = 8;

fuzz_target!(|input: &[u8]| {
    KITS.with(|(client, server)| run(client, server, input));
});

fn run(client: &ClientKit, server: &ServerKit, schedule: &[u8]) {
    let mut input = schedule;
    let clock = Clock::new(Instant::now());
    let mut door = Door::new(server, clock.clone()).expect("a door");
    let mut seats = [
        Seat::new(Dtls::client(client, clock.clone())),
        Seat::new(Dtls::server(server, clock.clone())),
    ];
    let mut said = [0u32; 2];
    while let Some((&act, rest)) = input.split_first() {
        input = rest;
        let from = usize::from(act & 1);
        let to = 1 - from;
        match act >> 1 & 7 {
            0 | 1 => {
                if !seats[from].out.is_empty() {
                    let datagram = seats[from].out.remove(0);
                    seats[to].hear(&datagram);
                }
            }
            2 => {
                if let Some(copy) = seats[from].out.first().cloned() {
                    seats[to].hear(&copy);
                }
            }
            3 => {
                let [at, by] = numbers(&mut input);
                if let Some(mut copy) = seats[from].out.first().cloned() {
                    let at = usize::from(at) * 4 % copy.len();
                    copy[at] ^= by;
                    door_is_fair(&mut door, &copy);
                    seats[to].hear(&copy);
                }
            }
            4 => drop(seats[from].out.pop()),
            5 => {
                let datagram = forged(&mut input);
                door_is_fair(&mut door, &datagram);
                seats[to].hear(&datagram);
            }
            6 => {
                clock.set(clock.now() + Duration::from_millis(400));
                for seat in &mut seats {
                    if seat.deadline().is_some_and(|at| at <= clock.now()) {
                        seat.on_deadline();
                    }
                    assert!(seat.deadline().is_none_or(|at| at > clock.now()));
                }
            }
            _ => {
                if seats[from].is_open() && seats[from].fault.is_none() {
                    seats[from].say(&said[from].to_be_bytes());
                    said[from] += 1;
                }
            }
        }
        for seat in &mut seats {
            let acts = schedule.len() - input.len();
            assert!(seat.out.len() < WAITING + acts * AN_ACT, "queues grow");
        }
    }
    for seat in &mut seats {
        if seat.is_open() && seat.fault.is_none() {
            seat.finish();
        }
    }
    for (seat, said) in seats.iter().zip([said[1], said[0]]) {
        let mut numbers: Vec<u32> = seat.heard.iter().map(|message| number(message)).collect();
        numbers.sort_unstable();
        assert!(
            numbers.iter().all(|&number| number < said),
            "nobody said that"
        );
        assert!(
            numbers.windows(2).all(|pair| pair[0] != pair[1]),
            "heard twice"
        );
    }
}

fn number(message: &[u8]) -> u32 {
    u32::from_be_bytes(message.try_into().expect("messages have four bytes"))
}

fn door_is_fair(door: &mut Door, datagram: &[u8]) {
    if let Verdict::Answer(answer) = door.look(datagram, b"peer") {
        assert!(
            answer.len() <= datagram.len(),
            "an answer is larger than its question"
        );
    }
}

/// The next bytes, or zeros.
fn numbers<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let mut numbers = [0; N];
    let n = N.min(input.len());
    numbers[..n].copy_from_slice(&input[..n]);
    *input = &input[n..];
    numbers
}

/// A datagram of one record whose header is in order, with a piece of a handshake if it is to be.
fn forged(input: &mut &[u8]) -> Vec<u8> {
    let [kind, epoch, place, message, length] = numbers(input);
    let n = usize::from(length).min(input.len());
    let (body, rest) = input.split_at(n);
    *input = rest;
    let mut carried = Vec::new();
    if message > 0 {
        carried.extend([message, 0, 0, length, 0, place, 0, 0, 0, 0, 0, n as u8]);
    }
    carried.extend(body);
    let mut datagram = vec![
        20 + kind % 5,
        0xfe,
        0xfd,
        0,
        epoch % 3,
        0,
        0,
        0,
        0,
        0,
        place,
    ];
    datagram.extend((carried.len() as u16).to_be_bytes());
    datagram.extend(carried);
    datagram
}
