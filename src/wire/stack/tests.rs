//! Stacks of real and toy layers, against what the layers say when each is asked alone.

use super::*;
use crate::wire::oracle::{self, Sizes};
use crate::wire::{Crlf, Telnet};

/// A byte travels as itself and its complement; zeros are the goodbye. It wants pairs whole.
struct Seal;

impl Layer for Seal {
    fn recv(&mut self, wire: &mut [u8], up: &mut Buf, _down: &mut Buf) -> Result<usize, Fault> {
        let mut used = 0;
        for pair in wire.chunks_exact(2) {
            if pair[0] != !pair[1] {
                return Err(Fault::new("the seal is broken"));
            }
            if up.put(&pair[..1]) == 0 {
                break;
            }
            used += 2;
        }
        Ok(used)
    }

    fn send(&mut self, app: &[u8], down: &mut Buf) -> Result<usize, Fault> {
        let n = app.len().min(down.free() / 2);
        for &byte in &app[..n] {
            down.put(&[byte, !byte]);
        }
        Ok(n)
    }

    fn finish(&mut self, down: &mut Buf) {
        down.put(&[0, 0]);
    }
}

fn sealed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|&byte| [byte, !byte]).collect()
}

/// Says HI, waits for OK, and is no longer needed.
enum Hello {
    Start,
    Waiting,
    Done,
}

impl Layer for Hello {
    fn phase(&self) -> Phase {
        match self {
            Self::Start | Self::Waiting => Phase::Handshake,
            Self::Done => Phase::Closed,
        }
    }

    fn recv(&mut self, wire: &mut [u8], _up: &mut Buf, down: &mut Buf) -> Result<usize, Fault> {
        if let Self::Start = self {
            down.put(b"HI");
            *self = Self::Waiting;
        }
        match wire {
            [b'O', b'K', ..] => {
                *self = Self::Done;
                Ok(2)
            }
            [] | [b'O'] => Ok(0),
            _ => Err(Fault::new("that is no greeting")),
        }
    }

    fn send(&mut self, _app: &[u8], _down: &mut Buf) -> Result<usize, Fault> {
        Ok(0)
    }

    fn recv_eof(&mut self) -> Result<(), Fault> {
        Err(Fault::new("no greeting came"))
    }
}

fn stack<const N: usize>(queues: usize, layers: [Box<dyn Layer>; N]) -> Stack {
    let mut stack = Stack::with_queues(queues);
    for layer in layers {
        stack.push(layer);
    }
    stack
}

fn queue(bytes: &[u8]) -> Buf {
    let mut queue = Buf::new(bytes.len().max(64));
    queue.put(bytes);
    queue
}

const LETTER: &[u8] =
    b"a\n\xff\xfd\x01b\r\n\xff\xff\n\xff\xfa\x18x\xff\xf0\n\xff\xfb\x03\xff\xfe\x05c";

#[test]
fn a_stack_says_what_its_layers_say_one_after_the_other() {
    let (text, answers) = oracle::telnet(LETTER);
    let wire = sealed(LETTER);
    let expected = (oracle::crlf(&text), sealed(&answers));
    for queues in 8..12 {
        for sizes in Sizes::all(wire.len(), 6..9) {
            let layers: [Box<dyn Layer>; 3] = [
                Box::new(Seal),
                Box::<Telnet>::default(),
                Box::<Crlf>::default(),
            ];
            let heard = oracle::run_stack(&mut stack(queues, layers), &wire, sizes);
            assert_eq!(
                heard, expected,
                "with {sizes:?} and {queues} bytes in between"
            );
        }
    }
}

#[test]
fn a_greeting_goes_first_and_its_layer_leaves() {
    let mut wire = b"OK".to_vec();
    wire.extend(sealed(b"a\xff\xfd\x01b"));
    let mut below = b"HI".to_vec();
    below.extend(sealed(b"\xff\xfc\x01"));
    for sizes in Sizes::all(wire.len(), 6..9) {
        let layers: [Box<dyn Layer>; 3] = [
            Box::new(Hello::Start),
            Box::new(Seal),
            Box::<Telnet>::default(),
        ];
        let mut stack = stack(8, layers);
        let heard = oracle::run_stack(&mut stack, &wire, sizes);
        assert_eq!(heard, (b"ab".to_vec(), below.clone()), "with {sizes:?}");
        assert_eq!(
            (stack.layers.len(), stack.gaps.len()),
            (2, 1),
            "the greeter is still there"
        );
    }
}

/// Two seals and a greeter, which is the layer of this number.
fn greeter_at(greeter: usize) -> Stack {
    let mut layers: Vec<Box<dyn Layer>> = vec![Box::new(Seal), Box::new(Seal)];
    layers.insert(greeter, Box::new(Hello::Start));
    let mut stack = Stack::with_queues(8);
    layers.into_iter().for_each(|layer| stack.push(layer));
    stack
}

#[test]
fn a_layer_may_leave_from_anywhere_with_bytes_on_both_sides() {
    let seals = |bytes: &[u8], times: usize| (0..times).fold(bytes.to_vec(), |b, _| sealed(&b));
    for greeter in 0..3 {
        // The greeting is sealed by the layers below the greeter, the rest by both.
        let wire = [seals(b"OK", greeter), seals(b"text", 2)].concat();
        for sizes in Sizes::all(wire.len(), 4..9) {
            let mut stack = greeter_at(greeter);
            let early = stack
                .send(b"early", &mut Buf::new(8))
                .expect("a seal takes everything");
            let below = [seals(b"HI", greeter), seals(&b"early"[..early], 2)].concat();
            let heard = oracle::run_stack(&mut stack, &wire, sizes);
            assert_eq!(
                heard,
                (b"text".to_vec(), below),
                "greeter at {greeter}, {sizes:?}"
            );
            assert_eq!(
                (stack.layers.len(), stack.gaps.len()),
                (2, 1),
                "it is still there"
            );
        }
    }
}

#[test]
fn what_is_sent_during_a_handshake_waits_and_follows_it() {
    let mut stack = stack(8, [Box::new(Hello::Start), Box::new(Seal)]);
    let (mut up, mut down) = (Buf::new(8), Buf::new(16));
    assert_eq!(
        stack.send(b"abcdef", &mut down),
        Ok(4),
        "the inner queue holds four sealed bytes"
    );
    assert_eq!((down.len(), stack.resting()), (0, (0, 8)));
    assert_eq!(stack.recv(&mut queue(b"OK"), &mut up, &mut down), Ok(true));
    assert_eq!(down.filled(), [b"HI".to_vec(), sealed(b"abcd")].concat());
    assert_eq!(stack.send(b"ef", &mut down), Ok(2));
    assert_eq!(down.filled(), [b"HI".to_vec(), sealed(b"abcdef")].concat());
}

#[test]
fn bytes_of_both_directions_arrive_through_small_queues() {
    for seed in 1..200 {
        let mut random = oracle::Random::new(seed);
        let text: Vec<u8> = (0..200).map(|_| random.below(255) as u8).collect();
        let wire = sealed(&sealed(&text));
        let mut stack = stack(8, [Box::new(Seal), Box::new(Seal)]);
        let (mut arrived, mut up, mut down) = (Buf::new(9), Buf::new(4), Buf::new(6));
        let (mut brought, mut sent, mut above, mut below) = (0, 0, Vec::new(), Vec::new());
        let mut rounds = 0;
        while above.len() < text.len() || below.len() < wire.len() {
            rounds += 1;
            assert!(rounds < 100_000, "seed {seed}: it stands still");
            let to = wire.len().min(brought + random.below(12));
            brought += arrived.put(&wire[brought..to]);
            stack
                .recv(&mut arrived, &mut up, &mut down)
                .expect("no seal is broken");
            let to = text.len().min(sent + random.below(12));
            sent += stack
                .send(&text[sent..to], &mut down)
                .expect("a seal takes everything");
            oracle::drain(&mut up, random.below(4), &mut above);
            oracle::drain(&mut down, random.below(7), &mut below);
        }
        assert_eq!((above, below), (text, wire), "seed {seed}");
    }
}

#[test]
fn what_came_before_a_fault_is_delivered_first() {
    let mut stack = stack(8, [Box::new(Seal), Box::<Crlf>::default()]);
    let mut wire = queue(&[sealed(b"a\nb\nc"), b"xx".to_vec()].concat());
    let (mut up, mut down, mut above) = (Buf::new(2), Buf::new(8), Vec::new());
    let fault = loop {
        match stack.recv(&mut wire, &mut up, &mut down) {
            Ok(_) => assert!(!up.is_empty(), "it waits for nobody"),
            Err(fault) => break fault,
        }
        oracle::drain(&mut up, 2, &mut above);
    };
    oracle::drain(&mut up, 2, &mut above);
    assert_eq!(
        (above, fault),
        (b"a\r\nb\r\nc".to_vec(), Fault::new("the seal is broken"))
    );
    assert_eq!(
        stack.send(b"x", &mut down),
        Err(Fault::new("the seal is broken"))
    );
    assert!(stack.finish(&mut down), "there is no goodbye after a fault");
}

#[test]
fn every_layer_says_goodbye_after_all_that_was_sent() {
    let mut stack = stack(
        8,
        [Box::new(Seal), Box::<Telnet>::default(), Box::new(Seal)],
    );
    let (mut down, mut below) = (Buf::new(4), Vec::new());
    assert_eq!(stack.send(b"abcdef", &mut down), Ok(6));
    while !stack.finish(&mut down) {
        assert!(!down.is_empty(), "it waits for nobody");
        oracle::drain(&mut down, 3, &mut below);
    }
    oracle::drain(&mut down, 4, &mut below);
    let inner = [sealed(b"abcdef"), vec![0, 0]].concat();
    assert_eq!(below, [sealed(&inner), vec![0, 0]].concat());
}

#[test]
fn a_goodbye_waits_for_the_end_of_the_handshake() {
    let mut stack = stack(8, [Box::new(Hello::Start), Box::new(Seal)]);
    let (mut up, mut down) = (Buf::new(8), Buf::new(8));
    assert!(!stack.finish(&mut down), "nobody has greeted yet");
    assert_eq!(stack.recv(&mut queue(b""), &mut up, &mut down), Ok(true));
    assert_eq!(down.filled(), b"HI");
    down.clear();
    assert_eq!(stack.recv(&mut queue(b"OK"), &mut up, &mut down), Ok(true));
    assert!(stack.finish(&mut down), "all is said");
    assert_eq!(down.filled(), [0, 0]);
}

#[test]
fn an_end_in_a_handshake_is_a_fault_and_later_none() {
    let mut stack = stack(8, [Box::new(Hello::Start), Box::new(Seal)]);
    assert_eq!(stack.recv_eof(), Err(Fault::new("no greeting came")));
    let (mut up, mut down) = (Buf::new(8), Buf::new(8));
    assert_eq!(stack.recv(&mut queue(b"OK"), &mut up, &mut down), Ok(true));
    assert_eq!(stack.recv_eof(), Ok(()));
}

#[test]
fn a_stack_without_layers_is_the_identity_and_one_layer_needs_no_queue() {
    let mut none = Stack::default();
    let (mut wire, mut up, mut down) = (queue(b"abc"), Buf::new(2), Buf::new(2));
    assert_eq!(none.recv(&mut wire, &mut up, &mut down), Ok(true));
    assert_eq!((up.filled(), wire.filled()), (&b"ab"[..], &b"c"[..]));
    assert_eq!(none.send(b"xyz", &mut down), Ok(2));
    assert!(none.is_empty() && none.finish(&mut down));
    assert!(stack(8, [Box::new(Seal)]).gaps.is_empty());
}
