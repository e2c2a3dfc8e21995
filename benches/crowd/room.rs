//! A broker, those who hear, and the one who speaks.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{
    account,
    arrival::Arrival,
    broker::{Broker, Running},
    members::Party,
    peer::Peer,
    sender,
};
use crate::side_by_side::procfs;

/// Clients a broker has room for above its members: the sender, and some to spare.
const SPARE: usize = 10;

/// Everybody connected, and what has been said so far.
pub(crate) struct Room {
    pub(crate) broker: Running,
    pub(crate) arrival: Arrival,
    members: Peer,
    sender: Peer,
    listeners: u64,
    payload: u64,
    /// The length of one message as the sender says it, and as a member hears it.
    said_as: u64,
    heard_as: u64,
    /// What each member is to have heard by now, frames included.
    heard: u64,
}

/// What delivering took.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Bytes of payload that reached members, all together.
    pub(crate) delivered: f64,
    /// Seconds from the first word until the last member had the last byte.
    pub(crate) wall: f64,
    /// Processor seconds of the broker meanwhile.
    pub(crate) cpu: f64,
}

impl Sample {
    pub(crate) fn cpu_a_gigabyte(&self) -> f64 {
        self.cpu / self.delivered * 1e9
    }

    pub(crate) fn wall_a_gigabyte(&self) -> f64 {
        self.wall / self.delivered * 1e9
    }
}

impl Room {
    /// A fresh broker and a party that has arrived. All is quiet when it returns.
    pub(crate) fn open(who: Broker, party: &Party) -> io::Result<Room> {
        let broker = who.start(party.members + SPARE)?;
        procfs::await_rest(broker.pid())?;
        let (members, arrival) = party.arrive(broker.port, broker.pid())?;
        let (protocol, blank) = (party.protocol, vec![0; party.payload]);
        let mut sender = Peer::start(&sender::words(protocol, broker.port, party.payload))?;
        sender.hear()?;
        procfs::await_rest(broker.pid())?;
        Ok(Room {
            broker,
            arrival,
            members,
            sender,
            listeners: (party.members - party.deaf) as u64,
            payload: party.payload as u64,
            said_as: protocol.said(&blank).len() as u64,
            heard_as: protocol.heard(&blank).len() as u64,
            heard: 0,
        })
    }

    /// Says so many messages and waits until all have heard them.
    pub(crate) fn say(&mut self, messages: u64, patience: Duration) -> io::Result<Sample> {
        let (said, heard) = (messages * self.said_as, messages * self.heard_as);
        self.pass(said, heard, messages * self.payload, patience)
    }

    /// Says so many bytes, in one write if they are not more than a message; a bare protocol's only.
    pub(crate) fn say_bytes(&mut self, bytes: u64, patience: Duration) -> io::Result<Sample> {
        self.pass(bytes, bytes, bytes, patience)
    }

    fn pass(&mut self, said: u64, heard: u64, net: u64, patience: Duration) -> io::Result<Sample> {
        self.heard += heard;
        let before = account::processor_time(self.broker.pid())?;
        let (goal, seconds) = (self.heard, patience.as_secs_f64());
        self.members.tell(&format!("{goal} {seconds}"))?;
        let began = Instant::now();
        self.sender.tell(&said.to_string())?;
        self.members.hear()?;
        let wall = began.elapsed();
        let after = account::processor_time(self.broker.pid())?;
        Ok(Sample {
            delivered: (net * self.listeners) as f64,
            wall: wall.as_secs_f64(),
            cpu: (after - before).as_secs_f64(),
        })
    }
}
