//! A layer with its two queues, driven as the rules of layers over datagrams say.

use std::time::Instant;

use ncat::data::Buf;
use ncat::wire::dtls::Dtls;
use ncat::wire::{Fault, Layer, Phase};

/// One end.
pub(crate) struct Seat {
    pub(crate) layer: Dtls,
    up: Buf,
    down: Buf,
    /// What came up, message by message.
    pub(crate) heard: Vec<Vec<u8>>,
    /// What is to be sent.
    pub(crate) out: Vec<Vec<u8>>,
    pub(crate) fault: Option<Fault>,
}

impl Seat {
    pub(crate) fn new(layer: Dtls) -> Self {
        let mut seat = Self {
            layer,
            up: Buf::new(2048),
            down: Buf::new(2048),
            heard: Vec::new(),
            out: Vec::new(),
            fault: None,
        };
        seat.drain();
        seat
    }

    /// A datagram from the wire.
    pub(crate) fn hear(&mut self, datagram: &[u8]) {
        let mut wire = datagram.to_vec();
        self.drain();
        match self.layer.recv(&mut wire, &mut self.up, &mut self.down) {
            Ok(used) => assert_eq!(
                used,
                wire.len(),
                "a datagram is used whole when queues are empty"
            ),
            Err(fault) => self.fault = Some(fault),
        }
        self.drain();
    }

    /// One message, which is taken whole.
    pub(crate) fn say(&mut self, message: &[u8]) {
        self.drain();
        let taken = self.layer.send(message, &mut self.down);
        assert_eq!(taken, Ok(message.len()), "an open session takes a message");
        self.drain();
    }

    pub(crate) fn finish(&mut self) {
        self.drain();
        self.layer.finish(&mut self.down);
        self.drain();
    }

    pub(crate) fn on_deadline(&mut self) {
        if let Err(fault) = self.layer.on_deadline(&mut self.down) {
            self.fault = Some(fault);
        }
        self.drain();
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.layer.deadline()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.layer.phase() == Phase::Open
    }

    fn drain(&mut self) {
        loop {
            take(&mut self.down, &mut self.out);
            take(&mut self.up, &mut self.heard);
            if let Err(fault) = self.layer.recv(&mut [], &mut self.up, &mut self.down) {
                self.fault = Some(fault);
            }
            if self.up.is_empty() && self.down.is_empty() {
                return;
            }
        }
    }
}

fn take(queue: &mut Buf, into: &mut Vec<Vec<u8>>) {
    if !queue.is_empty() {
        into.push(queue.filled().to_vec());
        queue.clear();
    }
}
