//! Packets as they pass by.

use std::io::Read;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use crate::common::{Deadline, Told, told};
use crate::world::Host;

/// Sees every packet that a host gets or sends.
pub(crate) struct Tap(Socket);

/// An IP packet, and when it was seen.
pub(crate) struct Packet {
    pub(crate) bytes: Vec<u8>,
    pub(crate) at: Instant,
}

impl Tap {
    pub(crate) fn at(host: &Host) -> Told<Self> {
        const EVERY_PROTOCOL: u16 = 3;
        let protocol = Protocol::from(i32::from(EVERY_PROTOCOL.to_be()));
        let open = || Socket::new(Domain::PACKET, Type::DGRAM, Some(protocol));
        let socket = host.inside(|| told(open()))?;
        told(socket.set_nonblocking(true))?;
        Ok(Self(socket))
    }

    /// The next packet that is wanted.
    pub(crate) fn next(&mut self, what: &str, wanted: impl Fn(&[u8]) -> bool) -> Told<Packet> {
        let deadline = Deadline::usual();
        let mut room = [0; 65536];
        while deadline.poll(&mut [PollFd::new(&self.0, PollFlags::IN)])? {
            let Ok(length) = self.0.read(&mut room) else {
                continue;
            };
            if wanted(&room[..length]) {
                let (bytes, at) = (room[..length].to_vec(), Instant::now());
                return Ok(Packet { bytes, at });
            }
        }
        Err(format!("there was no packet {what}"))
    }
}
