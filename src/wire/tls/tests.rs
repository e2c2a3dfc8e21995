//! Clients and servers against each other in memory, and against what no good peer would send.

use std::io::Read;
use std::time::Duration;

use rustls::ServerConnection;

use super::*;
use crate::secure::{Client, Server, Version, Wishes, client, server};
use crate::wire::{Stack, Telnet, oracle};

const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];

/// Room for what one end may send at a time.
const WIRE: usize = 2 * RECORD;

fn wishes(version: Version) -> Wishes {
    Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: None,
        ciphers: None,
        name: "localhost".to_owned(),
        named: false,
        alpn: Vec::new(),
        min: Some(version),
        max: Some(version),
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    }
}

/// A client and a server of this version, as connections have them.
fn layers(version: Version) -> [Box<dyn Layer>; 2] {
    let Client { config, name, .. } = client(&wishes(version)).expect("a client");
    let Server { config: own, .. } = server(&wishes(version), "localhost").expect("a server");
    [
        Box::new(Tls::client(config, name, None).expect("something to offer")),
        Box::new(Tls::server(own, None).expect("something to agree to")),
    ]
}

/// How much fits.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// Capacity of the queue above.
    up: usize,
    /// Capacity of the queues below.
    wire: usize,
}

const PLAIN_SIZES: Sizes = Sizes {
    up: WIRE,
    wire: WIRE,
};

/// One end of a connection with its queues, and whoever talks through it.
struct End {
    stack: Stack,
    rx: Buf,
    tx: Buf,
    up: Buf,
    /// What is still to be sent.
    to_say: Vec<u8>,
    heard: Vec<u8>,
    /// It is to say goodbye when all is sent.
    finishes: bool,
    finished: bool,
    fault: Option<Fault>,
}

impl End {
    fn new(layers: Vec<Box<dyn Layer>>, sizes: Sizes) -> Self {
        let mut stack = Stack::default();
        layers.into_iter().for_each(|layer| stack.push(layer));
        Self {
            stack,
            rx: Buf::new(sizes.wire),
            tx: Buf::new(sizes.wire),
            up: Buf::new(sizes.up),
            to_say: Vec::new(),
            heard: Vec::new(),
            finishes: false,
            finished: false,
            fault: None,
        }
    }

    /// Moves what it can once; true if anything moved.
    fn turn(&mut self) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let moved = self.try_turn();
        moved.unwrap_or_else(|fault| {
            self.fault = Some(fault);
            false
        })
    }

    fn try_turn(&mut self) -> Result<bool, Fault> {
        let received = self.stack.recv(&mut self.rx, &mut self.up, &mut self.tx);
        let n = self.up.len();
        oracle::drain(&mut self.up, n, &mut self.heard);
        let mut moved = received? || n > 0;
        let n = self.stack.send(&self.to_say, &mut self.tx)?;
        self.to_say.drain(..n);
        moved |= n > 0;
        let rests = self.stack.resting().1 > 0;
        if self.finishes && !self.finished && self.to_say.is_empty() && !rests && self.tx.is_empty()
        {
            self.finished = self.stack.finish(&mut self.tx);
            moved |= self.finished;
        }
        Ok(moved)
    }

    /// All went well and the peer has said goodbye.
    fn has_good_end(&self) -> bool {
        self.fault.is_none() && self.stack.has_ended()
    }
}

/// Two ends that talk to each other alone.
fn ends(version: Version, sizes: Sizes) -> [End; 2] {
    layers(version).map(|layer| End::new(vec![layer], sizes))
}

/// Moves what is below one end to the other; true if anything moved.
fn carry(from: &mut End, to: &mut End, piece: usize) -> bool {
    let n = to.rx.put(&from.tx.filled()[..piece.min(from.tx.len())]);
    from.tx.take(n);
    n > 0
}

/// Lets both ends talk until neither has anything to do.
fn talk([one, other]: &mut [End; 2], piece: usize) {
    while one.turn() | other.turn() | carry(one, other, piece) | carry(other, one, piece) {}
}

/// Both ends of a connection that nobody has said anything through.
fn open(version: Version) -> [End; 2] {
    let mut ends = ends(version, PLAIN_SIZES);
    talk(&mut ends, WIRE);
    assert!(
        ends.iter()
            .all(|end| end.stack.is_open() && end.fault.is_none())
    );
    ends
}

fn letter(seed: u64, length: usize) -> Vec<u8> {
    let mut random = oracle::Random::new(seed);
    (0..length).map(|_| random.below(256) as u8).collect()
}

#[test]
fn two_ends_hear_the_same_however_the_wire_is_cut_and_whatever_fits() {
    for version in VERSIONS {
        for piece in [1, 3, 5, 16, 101, 4_099, RECORD, 1 << 17] {
            let length = if piece < 16 { 2_000 } else { 20_000 };
            let letters = [letter(1, length), letter(2, 2 * length)];
            for (up, wire) in [
                (1 << 17, 1 << 17),
                (7, RECORD + OVERHEAD + 1),
                (1 << 14, WIRE),
            ] {
                let sizes = Sizes { up, wire };
                let mut ends = ends(version, sizes);
                for (end, letter) in ends.iter_mut().zip(&letters) {
                    end.to_say.clone_from(letter);
                    end.finishes = true;
                }
                talk(&mut ends, piece);
                for (end, letter) in ends.iter().zip([&letters[1], &letters[0]]) {
                    assert_eq!(end.fault, None, "{version:?}, pieces of {piece}, {sizes:?}");
                    assert!(
                        end.has_good_end(),
                        "no end: {version:?}, pieces of {piece}, {sizes:?}"
                    );
                    assert!(
                        end.heard == *letter,
                        "{version:?}, pieces of {piece}, {sizes:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn either_end_may_say_goodbye_and_be_told_more() {
    for version in VERSIONS {
        for first in [0, 1] {
            let mut ends = open(version);
            ends[first].to_say = b"last".to_vec();
            ends[first].finishes = true;
            talk(&mut ends, 7);
            let second = 1 - first;
            assert!(ends[second].has_good_end());
            assert_eq!(ends[second].heard, b"last");
            assert!(!ends[first].stack.has_ended(), "nobody has answered yet");
            let answer = letter(3, 50_000);
            ends[second].to_say.clone_from(&answer);
            talk(&mut ends, 1_000);
            assert!(ends[first].heard == answer, "the answer of {second}");
            assert!(!ends[first].stack.has_ended(), "it has not said so");
            ends[second].finishes = true;
            talk(&mut ends, 1);
            assert!(ends[first].has_good_end());
        }
    }
}

#[test]
fn a_wire_that_ends_before_close_notify_is_a_fault_wherever_it_ends() {
    for version in VERSIONS {
        for cut in [0, 1] {
            let mut ends = ends(version, PLAIN_SIZES);
            for end in &mut ends {
                end.to_say = b"some words".to_vec();
                end.finishes = true;
            }
            let mut brought = 0;
            loop {
                ends.iter_mut().for_each(|end| while end.turn() {});
                let [one, other] = &mut ends;
                let (cut_end, other) = if cut == 0 { (one, other) } else { (other, one) };
                if cut_end.stack.has_ended() {
                    assert_eq!(cut_end.stack.recv_eof(), Ok(()));
                    assert_eq!(cut_end.heard, b"some words");
                    break;
                }
                let fault = cut_end.stack.recv_eof();
                assert!(
                    fault.is_err(),
                    "good end after {brought} bytes, {version:?}"
                );
                assert_eq!(cut_end.fault, None);
                carry(cut_end, other, WIRE);
                if carry(other, cut_end, 1) {
                    brought += 1;
                }
            }
            assert!(brought > 250, "{brought} bytes are no session");
            let left = ends[1 - cut].tx.len();
            assert_eq!(left, 0, "the last byte is what makes the end good");
        }
    }
}

#[test]
fn a_changed_byte_is_a_fault_and_the_peer_is_told_first() {
    for version in VERSIONS {
        for liar in [0, 1] {
            let mut ends = open(version);
            ends[liar].to_say = b"good words".to_vec();
            assert!(ends[liar].turn());
            let last = ends[liar].tx.len() - 1;
            ends[liar].tx.filled_mut()[last] ^= 1;
            talk(&mut ends, WIRE);
            let (deceived, liar) = (&ends[1 - liar], &ends[liar]);
            assert_eq!(deceived.heard, b"");
            assert!(deceived.fault.is_some() && !deceived.stack.has_ended());
            let told = liar
                .fault
                .as_ref()
                .expect("the alert came before the fault");
            assert!(told.words.contains("refused"), "{told}");
            assert!(!liar.stack.has_ended());
        }
    }
}

/// What this end makes of these bytes when they come first.
fn hears_first(layer: Box<dyn Layer>, wire: &[u8]) -> End {
    let mut end = End::new(vec![layer], PLAIN_SIZES);
    end.rx.put(wire);
    while end.turn() {}
    end
}

#[test]
fn who_does_not_speak_tls_is_a_fault_in_words() {
    let strangers: [&[u8]; 5] = [
        b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        &[0; 100],
        &[0xff; 20_000],
    ];
    for stranger in strangers {
        for version in VERSIONS {
            for layer in layers(version) {
                let end = hears_first(layer, stranger);
                let fault = end.fault.expect("nobody can go on from there");
                assert!(!fault.words.is_empty() && fault.then == crate::wire::Then::Break);
                assert!(end.heard.is_empty(), "heard {:?}", end.heard);
            }
        }
    }
}

/// A record of the handshake that holds the first bytes of a long message of this kind.
fn first_half(kind: u8) -> Vec<u8> {
    vec![22, 3, 3, 0, 5, kind, 0, 1, 0, 0]
}

#[test]
fn half_a_message_and_then_anything_is_no_more_than_a_fault() {
    for kind in [1, 2, 11, 20] {
        for other in 0..=u8::MAX {
            for length in [0, 1, 2, 0x41] {
                if other == 22 && length > 0 {
                    continue; // the message goes on
                }
                let record = [&[other, 3, 3, 0, length], &[1; 0x41][..length.into()]].concat();
                let wire = [first_half(kind), record, first_half(kind)].concat();
                for layer in layers_again() {
                    let end = hears_first(layer, &wire);
                    let said = end.fault.is_some() || other == 22;
                    assert!(said, "{kind} and then {other} of {length}");
                }
            }
        }
    }
}

thread_local! {
    static CONFIGS: (Client, Server) = (
        client(&wishes(Version::Tls13)).expect("a client"),
        server(&wishes(Version::Tls13), "localhost").expect("a server"),
    );
}

/// Both ends, of configurations that are made once.
fn layers_again() -> [Box<dyn Layer>; 2] {
    CONFIGS.with(|(client, server)| -> [Box<dyn Layer>; 2] {
        let (config, name) = (client.config.clone(), client.name.clone());
        [
            Box::new(Tls::client(config, name, None).expect("something to offer")),
            Box::new(Tls::server(server.config.clone(), None).expect("something to agree to")),
        ]
    })
}

#[test]
fn half_a_message_and_then_anything_is_a_fault_in_an_open_session() {
    for version in VERSIONS {
        for at in [0, 1] {
            let mut ends = open(version);
            let garbage = [first_half(4), vec![99, 3, 3, 0, 1, 0]].concat();
            ends[at].rx.put(&garbage);
            talk(&mut ends, WIRE);
            assert!(ends[at].fault.is_some());
            assert!(ends[1 - at].fault.is_some(), "nobody told it");
        }
    }
}

#[test]
fn a_changed_byte_is_a_fault_for_one_who_has_said_goodbye() {
    for version in VERSIONS {
        for first in [0, 1] {
            let mut ends = open(version);
            ends[first].finishes = true;
            talk(&mut ends, WIRE);
            ends[first].rx.put(&[23, 3, 3, 0, 30]);
            ends[first].rx.put(&[1; 30]);
            ends[first].turn();
            assert!(ends[first].fault.is_some() && !ends[first].stack.has_ended());
        }
    }
}

#[test]
fn a_goodbye_that_anybody_could_have_said_is_no_good_end() {
    for version in VERSIONS {
        for layer in layers(version) {
            let mut end = hears_first(layer, &[21, 3, 3, 0, 2, 1, 0]);
            assert!(!end.stack.has_ended() && end.stack.recv_eof().is_err());
        }
    }
}

#[test]
fn what_comes_behind_close_notify_keeps_nobody_from_answering() {
    for version in VERSIONS {
        for first in [0, 1] {
            let mut ends = open(version);
            ends[first].finishes = true;
            talk(&mut ends, WIRE);
            let second = &mut ends[1 - first];
            assert!(second.has_good_end());
            for garbage in [&[23, 3, 3, 0, 2, 1, 1][..], b"GET / HTTP/1.0\r\n\r\n"] {
                second.rx.put(garbage);
                second.turn();
            }
            second.to_say = b"an answer".to_vec();
            second.finishes = true;
            talk(&mut ends, WIRE);
            assert_eq!(ends[first].heard, b"an answer");
            assert!(ends.iter().all(End::has_good_end));
        }
    }
}

#[test]
fn who_takes_nothing_can_still_send_and_loses_nothing() {
    for version in VERSIONS {
        for up in [0, 1, 100] {
            let mut ends = open(version);
            ends[0].up = Buf::new(up);
            ends[1].to_say = letter(4, 200_000);
            ends[1].finishes = true;
            // Nobody takes what came up.
            let moved = |end: &mut End| {
                let received = end.stack.recv(&mut end.rx, &mut end.up, &mut end.tx);
                received.expect("no fault")
            };
            while ends[1].turn() | moved(&mut ends[0]) {
                let [one, other] = &mut ends;
                carry(other, one, WIRE);
            }
            assert!(!ends[1].tx.is_empty() && !ends[1].to_say.is_empty());
            let answer = letter(5, 300_000);
            let mut rest = &answer[..];
            while !rest.is_empty() {
                let [one, other] = &mut ends;
                let n = one.stack.send(rest, &mut one.tx).expect("no fault");
                rest = &rest[n..];
                carry(one, other, WIRE);
                other.turn();
                assert!(n > 0, "{} bytes cannot be sent", rest.len());
            }
            assert!(!ends[0].stack.has_ended());
            ends[0].finishes = true;
            ends[0].up = match up {
                0 => Buf::new(50),
                _ => std::mem::replace(&mut ends[0].up, Buf::new(0)),
            };
            talk(&mut ends, WIRE);
            assert!(ends[1].heard == answer);
            assert!(ends[0].heard == letter(4, 200_000));
            assert!(ends.iter().all(End::has_good_end));
        }
    }
}

#[test]
fn what_is_left_of_a_record_comes_up_when_there_is_room() {
    for version in VERSIONS {
        let mut ends = open(version);
        ends[1].to_say = b"five!".to_vec();
        ends[1].finishes = true;
        while ends[1].turn() {
            let [one, other] = &mut ends;
            carry(other, one, WIRE);
        }
        let mut heard = Vec::new();
        for _ in 0..5 {
            let end = &mut ends[0];
            assert!(
                !end.stack.has_ended(),
                "{} bytes are still there",
                5 - heard.len()
            );
            let mut up = Buf::new(1);
            end.stack
                .recv(&mut end.rx, &mut up, &mut end.tx)
                .expect("no fault");
            oracle::drain(&mut up, 1, &mut heard);
        }
        ends[0].turn();
        assert_eq!(heard, b"five!");
        assert!(ends[0].has_good_end());
    }
}

/// A server by the same library that we have not wrapped, and what it sends.
struct Foreign {
    server: ServerConnection,
    wire: Vec<u8>,
}

impl Foreign {
    /// It cuts what it says to pieces, and gives the client so many tickets.
    fn new(tickets: usize) -> Self {
        let made = server(&wishes(Version::Tls13), "localhost").expect("a server");
        let mut config = Arc::unwrap_or_clone(made.config);
        config.max_fragment_size = Some(32);
        config.send_tls13_tickets = tickets;
        config.session_storage = rustls::server::ServerSessionMemoryCache::new(10);
        Self {
            server: ServerConnection::new(Arc::new(config)).expect("a server"),
            wire: Vec::new(),
        }
    }

    fn hear(&mut self, end: &mut End) {
        let mut wire = end.tx.filled();
        while !wire.is_empty() {
            self.server.read_tls(&mut wire).expect("memory gives all");
            self.server.process_new_packets().expect("no fault");
        }
        let n = end.tx.len();
        end.tx.take(n);
        while self.server.wants_write() {
            self.server
                .write_tls(&mut self.wire)
                .expect("memory takes all");
        }
    }

    fn heard(&mut self) -> Vec<u8> {
        let mut heard = [0; 1_000];
        let n = self.server.reader().read(&mut heard).unwrap_or(0);
        heard[..n].to_vec()
    }
}

/// A client that takes tickets; ours tell servers not to send any.
fn foreign_client() -> End {
    let made = client(&wishes(Version::Tls13)).expect("a client");
    let mut config = Arc::unwrap_or_clone(made.config);
    config.resumption = rustls::client::Resumption::in_memory_sessions(1);
    let client = Tls::client(Arc::new(config), made.name, None);
    let client = client.expect("something to offer");
    End::new(vec![Box::new(client)], PLAIN_SIZES)
}

#[test]
fn a_message_that_comes_in_pieces_keeps_nobody_from_sending_or_from_saying_goodbye() {
    for stops_at in (0..300).step_by(7) {
        let (mut end, mut foreign) = (foreign_client(), Foreign::new(2));
        loop {
            end.turn();
            if end.stack.is_open() {
                break;
            }
            foreign.hear(&mut end);
            end.rx.put(&std::mem::take(&mut foreign.wire));
        }
        foreign.hear(&mut end);
        assert!(
            foreign.wire.len() > 250,
            "{} bytes of tickets",
            foreign.wire.len()
        );
        let tickets = std::mem::take(&mut foreign.wire);
        let (first, rest) = tickets.split_at(stops_at.min(tickets.len()));
        for byte in first {
            end.rx.put(&[*byte]);
            end.turn();
        }
        end.to_say = b"at once".to_vec();
        end.turn();
        foreign.hear(&mut end);
        assert_eq!(foreign.heard(), b"at once", "behind {stops_at} bytes");
        end.rx.put(rest);
        end.to_say = b", and again".to_vec();
        end.turn();
        end.finishes = true;
        foreign.hear(&mut end);
        end.turn();
        foreign.hear(&mut end);
        assert_eq!(foreign.heard(), b", and again");
        assert_eq!(end.fault, None);
        let state = foreign.server.process_new_packets().expect("no fault");
        assert!(
            state.peer_has_closed(),
            "no goodbye behind {stops_at} bytes"
        );
    }
}

#[test]
fn new_keys_are_agreed_on_in_the_middle_of_a_talk() {
    let (mut end, mut foreign) = (foreign_client(), Foreign::new(0));
    let mut expected = Vec::new();
    for round in 0u8..20 {
        for _ in 0..4 {
            end.turn();
            foreign.hear(&mut end);
            end.rx.put(&std::mem::take(&mut foreign.wire));
        }
        foreign
            .server
            .refresh_traffic_keys()
            .expect("an open session");
        std::io::Write::write_all(&mut foreign.server.writer(), &[round; 100]).expect("room");
        expected.extend([round; 100]);
        end.to_say = vec![round];
        foreign.hear(&mut end);
        for byte in std::mem::take(&mut foreign.wire) {
            end.rx.put(&[byte]);
            end.turn();
        }
        foreign.hear(&mut end);
        assert_eq!(foreign.heard(), [round]);
    }
    assert_eq!((&end.fault, end.heard), (&None, expected));
}

#[test]
fn telnet_over_tls_says_what_telnet_says() {
    const LETTER: &[u8] = b"a\xff\xfd\x01b\xff\xff\xff\xfa\x18x\xff\xf0\xff\xfb\x03\xff\xfe\x05c";
    let (text, answers) = oracle::telnet(LETTER);
    for version in VERSIONS {
        for piece in [1, 2, 50, WIRE] {
            for up in [1, 2, WIRE] {
                let sizes = Sizes { up, wire: WIRE };
                let [client, server] = layers(version);
                let mut ends = [
                    End::new(vec![client, Box::<Telnet>::default()], sizes),
                    End::new(vec![server], sizes),
                ];
                ends[1].to_say = LETTER.to_vec();
                ends[1].finishes = true;
                talk(&mut ends, piece);
                assert_eq!(
                    ends[0].heard, text,
                    "{version:?}, pieces of {piece}, {sizes:?}"
                );
                assert!(ends[0].has_good_end());
                ends[0].to_say = b"\xffz".to_vec();
                ends[0].finishes = true;
                talk(&mut ends, piece);
                let expected = [&answers[..], b"\xffz"].concat();
                assert_eq!(
                    ends[1].heard, expected,
                    "{version:?}, pieces of {piece}, {sizes:?}"
                );
                assert!(ends[1].has_good_end());
            }
        }
    }
}
