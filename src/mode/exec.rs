//! A program for every peer: `--exec`, `--sh-exec` and `--lua-exec`, connecting or listening.
//!
//! The program's output is handed over to its last byte, whatever comes first of its exit and the
//! end of what it wrote; its descendants are heard as long as they hold the pipe. A peer that is
//! gone leaves a program that is hung up on after a while, and nobody's program outlives us.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Alarm, Ending, Event, Fact, Failure, Flow, Level, Manners, Mode, Net, When, idle_sentence,
    quitting_sentence, say_broken, say_connected, say_connection, say_silent, timeout,
};
use crate::ids::ConnId;

/// Where peers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// We reach one.
    Dial,
    /// The first that comes in is the only one.
    One,
    /// Many come in, without end.
    Many,
}

/// Policy of a program for every peer.
#[derive(Debug)]
pub struct Exec {
    manners: Manners,
    entry: Entry,
    /// How long a program has to end after its peer is gone, before it is told to.
    kill_after: Duration,
    /// Programs that run or are heard, by the connection with their pipes.
    programs: BTreeMap<ConnId, Program>,
    /// The program of each peer that is there.
    of_peer: BTreeMap<ConnId, ConnId>,
    /// Programs that were asked for and are not known to run yet.
    starting: usize,
    /// A peer has come, if there is to be only one.
    taken: bool,
    /// The status to end with once no program is left; nobody is left to deliver to then.
    ending: Option<i32>,
}

#[derive(Debug)]
struct Program {
    /// Who it talks to; `None` when the peer is gone.
    peer: Option<ConnId>,
    /// All its output has been handed over.
    is_heard: bool,
    has_exited: bool,
}

impl Exec {
    /// Will run a program with these manners.
    pub fn new(manners: Manners, entry: Entry, kill_after: Duration) -> Self {
        Self {
            manners,
            entry,
            kill_after,
            programs: BTreeMap::new(),
            of_peer: BTreeMap::new(),
            starting: 0,
            taken: false,
            ending: None,
        }
    }

    fn came_in(&mut self, peer: ConnId, net: &mut dyn Net) {
        let is_second = self.taken && self.entry == Entry::One;
        if is_second || self.ending.is_some() {
            return net.close(peer, When::Now);
        }
        say_connection(peer, net);
        if self.entry == Entry::One {
            net.stop_listening();
        }
        self.begin(peer, net);
    }

    fn begin(&mut self, peer: ConnId, net: &mut dyn Net) {
        self.taken = true;
        if let Some(after) = self.manners.idle {
            net.arm(peer, Alarm::Idle, after);
        }
        self.starting += 1;
        net.spawn(peer);
    }

    fn spawned(&mut self, peer: ConnId, child: ConnId, net: &mut dyn Net) {
        self.starting = self.starting.saturating_sub(1);
        let program = Program {
            peer: Some(peer),
            is_heard: false,
            has_exited: false,
        };
        self.programs.insert(child, program);
        self.of_peer.insert(peer, child);
        net.link(child, peer, self.out(), self.manners.back());
        if self.ending.is_some() {
            self.lose_peer(peer, Duration::ZERO, net);
        }
    }

    /// What happens to what the program says. What nobody is to get is read as well, or the program could
    /// not go on, and its end would not be seen.
    fn out(&self) -> Flow {
        match self.manners.recv_only {
            true => Flow::Discard,
            false => Flow::Pass,
        }
    }

    fn not_spawned(&mut self, peer: ConnId, why: &Failure, net: &mut dyn Net) {
        self.starting = self.starting.saturating_sub(1);
        let fact = Fact::new("program_failed").peer(net.name(peer));
        net.tell(
            Level::Error,
            format!("exec: {why}."),
            fact.reason(&why.words),
        );
        net.close(peer, When::Delivered);
        self.leave_if_over(net);
    }

    /// The program has closed its output, or nobody is left who could write into it.
    fn heard(&mut self, child: ConnId, net: &mut dyn Net) {
        let Some(program) = self.programs.get_mut(&child) else {
            return;
        };
        program.is_heard = true;
        match (program.has_exited, program.peer) {
            (true, _) => self.over(child, net),
            // Where that would end what the peer says as well, the program may still want to hear it.
            (false, Some(peer)) if self.manners.ending != Ending::Whole => net.finish(peer),
            (false, _) => {}
        }
    }

    fn exited(&mut self, child: ConnId, net: &mut dyn Net) {
        if let Some(program) = self.programs.get_mut(&child) {
            program.has_exited = true;
            if program.is_heard || program.peer.is_none() {
                self.over(child, net);
            }
        }
    }

    /// The program has ended and everything it said has been handed over.
    fn over(&mut self, child: ConnId, net: &mut dyn Net) {
        let Some(program) = self.programs.remove(&child) else {
            return;
        };
        net.forget(child);
        if let Some(peer) = program.peer {
            self.of_peer.remove(&peer);
            if self.entry == Entry::Many {
                net.close(peer, When::Delivered);
            }
        }
        self.leave_if_over(net);
    }

    /// The peer is gone for good: the program sees the end of its input, and has so long to end. If it
    /// has ended, its descendants have, who hold its output.
    fn lose_peer(&mut self, peer: ConnId, after: Duration, net: &mut dyn Net) {
        net.close(peer, When::Now);
        let Some(child) = self.of_peer.remove(&peer) else {
            return self.leave_if_over(net);
        };
        if let Some(program) = self.programs.get_mut(&child) {
            program.peer = None;
            net.hang_up(child, after);
        }
    }

    fn broke(&mut self, conn: ConnId, why: &Failure, net: &mut dyn Net) {
        if self.programs.contains_key(&conn) {
            return self.heard(conn, net);
        }
        let many = self.entry == Entry::Many;
        if many {
            say_broken(conn, why, net);
        } else {
            let fact = Fact::new("broken").peer(net.name(conn));
            net.tell(Level::Error, format!("{why}."), fact.reason(&why.words));
            self.ending.get_or_insert(1);
        }
        self.lose_peer(conn, self.kill_after, net);
    }

    fn fell_silent(&mut self, peer: ConnId, net: &mut dyn Net) {
        let after = self.manners.idle.unwrap_or_default();
        let fact = timeout(net.name(peer), after);
        match self.entry {
            Entry::Many => say_silent(peer, after, net),
            Entry::One => net.tell(Level::Error, quitting_sentence(after), fact),
            Entry::Dial => net.tell(Level::Error, idle_sentence(after), fact),
        }
        if self.entry != Entry::Many {
            self.ending.get_or_insert(self.manners.timeout_status());
        }
        self.lose_peer(peer, self.kill_after, net);
    }

    /// All programs are told to end, and we with the last of them.
    fn told_to_end(&mut self, number: i32, net: &mut dyn Net) {
        self.ending = Some(128 + number);
        net.stop_listening();
        for (child, program) in &mut self.programs {
            if let Some(peer) = program.peer.take() {
                net.close(peer, When::Now);
            }
            net.hang_up(*child, Duration::ZERO);
        }
        self.of_peer.clear();
        self.leave_if_over(net);
    }

    fn leave_if_over(&mut self, net: &mut dyn Net) {
        if self.starting > 0 || !self.programs.is_empty() {
            return;
        }
        match (self.ending, self.entry) {
            (Some(status), _) => net.exit(status, When::Now),
            (None, Entry::Dial | Entry::One) => net.exit(0, When::Delivered),
            (None, Entry::Many) => {}
        }
    }
}

impl Mode for Exec {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Start if self.entry == Entry::Dial => net.dial(0),
            Event::Start => {}
            Event::Open { conn, .. } => {
                say_connected(conn, net);
                self.begin(conn, net);
            }
            Event::Fail { why, .. } => why.end(net),
            Event::Accept { conn } => self.came_in(conn, net),
            Event::Spawned { peer, child } => self.spawned(peer, child, net),
            Event::NotSpawned { peer, why } => self.not_spawned(peer, &why, net),
            Event::Exited { child } => self.exited(child, net),
            Event::End { conn } if self.programs.contains_key(&conn) => self.heard(conn, net),
            Event::End { conn } => {
                if let Some(&child) = self.of_peer.get(&conn) {
                    net.finish(child);
                }
            }
            Event::Broken { conn, why, .. } => self.broke(conn, &why, net),
            Event::Alarm {
                conn,
                what: Alarm::Idle,
            } => self.fell_silent(conn, net),
            Event::Signal { number } => self.told_to_end(number, net),
            Event::Alarm { .. }
            | Event::Stalled { .. }
            | Event::Ask { .. }
            | Event::Reached { .. }
            | Event::Served { .. } => {}
        }
    }
}
