//! A stand on which one side of a conversation meets whatever its peer says, for tests and fuzz targets.

use crate::data::Buf;
use crate::wire::oracle::drain;
use crate::wire::{Answer, Ask, Endpoint, Layer, Phase, Served};

/// What came of a meeting. It may not depend on how the peer's words were cut, nor on the room for ours.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was said to the peer.
    pub said: Vec<u8>,
    /// How many of the peer's bytes were left for whoever is above.
    pub left: usize,
    /// The layer has done its work.
    pub closed: bool,
    /// What it wanted of others.
    pub asked: Vec<Ask>,
    /// What it said of requests that are over.
    pub served: Vec<Served>,
    /// What it said for a person.
    pub remarks: Vec<String>,
    /// Where it said that messages are to be sent.
    pub relay: Option<Endpoint>,
    /// Why the connection breaks, be it when the peer says no more.
    pub fault: Option<String>,
}

/// Brings `pieces` to a layer, and then the end. There is room for `room` bytes of what it says, which go
/// one at a time; whatever it asks is answered with `answer`.
///
/// # Panics
/// The layer has given something to whoever is above, or never settles.
pub fn meet<'a>(
    layer: &mut dyn Layer,
    pieces: impl Iterator<Item = &'a [u8]>,
    room: usize,
    answer: &Answer,
) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut wire, mut up, mut down) = (Buf::new(1), Buf::new(1), Buf::new(room));
    for piece in std::iter::once(&[][..]).chain(pieces) {
        wire.grow(wire.len() + piece.len());
        wire.put(piece);
        let mut turns = wire.len() + MOST_SAID;
        while layer.phase() != Phase::Closed {
            let used = match layer.recv(wire.filled_mut(), &mut up, &mut down) {
                Ok(used) => used,
                Err(fault) => {
                    drain(&mut down, room, &mut outcome.said);
                    outcome.fault = Some(fault.words);
                    return outcome;
                }
            };
            wire.take(used);
            let asked = layer.ask();
            if asked.is_some() {
                layer.answer(answer.clone());
            }
            if used == 0 && down.is_empty() && asked.is_none() {
                break;
            }
            outcome.asked.extend(asked);
            outcome.served.extend(layer.served());
            drain(&mut down, 1, &mut outcome.said);
            turns = turns.checked_sub(1).expect("a layer that settles");
        }
    }
    assert!(up.is_empty(), "these layers pass nothing up");
    drain(&mut down, room, &mut outcome.said);
    outcome.left = wire.len();
    outcome.closed = layer.phase() == Phase::Closed;
    if !outcome.closed {
        outcome.fault = layer.recv_eof().err().map(|fault| fault.words);
    }
    outcome.remarks = layer.remarks();
    outcome.relay = layer.relay();
    outcome
}

/// More than any side says, and more turns than the rest of it takes.
const MOST_SAID: usize = 2000;
