//! Several peers, one after another: with each there is a conversation of its own.
//!
//! Stdin is shared by all of them in their order: what one was not told any more is not told to the next.
//! Promise: the status is 0 if any peer was reached and nothing was lost.

use super::{
    Alarm, Doing, Ending, Event, Failure, Level, Manners, Mode, Net, Quit, Reach, When,
    say_connected, say_stdio_failure,
};
use crate::ids::ConnId;

/// Policy of `nc host port port`.
#[derive(Debug)]
pub struct Series {
    manners: Manners,
    /// How many peers there are.
    peers: usize,
    next: usize,
    talk: Option<Talk>,
    stdin_over: bool,
    /// The status to end with.
    status: i32,
    /// Something was lost: no peer makes up for that.
    failed: bool,
}

/// The conversation of the moment.
#[derive(Debug)]
struct Talk {
    peer: ConnId,
    /// It has said all it has to say.
    peer_over: bool,
}

impl Series {
    /// Will talk with that many peers, with these manners.
    pub fn new(manners: Manners, peers: usize) -> Self {
        let stdin_over = manners.recv_only;
        Self {
            manners,
            peers,
            next: 0,
            talk: None,
            stdin_over,
            status: 1,
            failed: false,
        }
    }

    fn begin(&mut self, peer: ConnId, net: &mut dyn Net) {
        let number = u32::try_from(self.next).unwrap_or(u32::MAX);
        net.join(peer, number);
        if let Some(after) = self.manners.idle {
            net.arm(peer, Alarm::Idle, after);
        }
        self.status = i32::from(self.failed);
        let peer_over = false;
        self.talk = Some(Talk { peer, peer_over });
        if self.stdin_over && !self.manners.recv_only {
            self.tell_end(net);
        }
    }

    /// Whoever is talked to is told that stdin is over, if that is wanted.
    fn tell_end(&mut self, net: &mut dyn Net) {
        let tells = self.manners.ending == Ending::ByHalves && !self.manners.no_shutdown;
        if let Some(talk) = self.talk.as_ref().filter(|_| tells) {
            net.finish(talk.peer);
        }
    }

    fn stdin_ended(&mut self, net: &mut dyn Net) {
        self.stdin_over = true;
        self.tell_end(net);
        if let Quit::After(after) = self.manners.quit {
            net.arm(self.manners.stdio, Alarm::Quit, after);
        }
        if self.talk.as_ref().is_some_and(|talk| talk.peer_over) {
            self.go_on(When::Delivered, net);
        }
    }

    fn peer_ended(&mut self, net: &mut dyn Net) {
        let outlives = self.manners.ending == Ending::ByHalves && !self.manners.counts_packets;
        match &mut self.talk {
            Some(talk) if outlives && !self.stdin_over => talk.peer_over = true,
            Some(_) | None => self.go_on(When::Delivered, net),
        }
    }

    /// What it had said before it broke is still to be had, unless reading has ended as well.
    fn peer_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        let messages = self.manners.ending == Ending::Untold;
        let over = self.talk.as_ref().is_none_or(|talk| talk.peer_over);
        // Nobody is missed who has said its last, and is written to in vain.
        if !messages && !over {
            net.tell(Level::Error, format!("{why}."), why.fact());
            (self.failed, self.status) = (true, 1);
        }
        match &mut self.talk {
            Some(talk) if doing == Doing::Writing && !messages && !over => talk.peer_over = true,
            Some(_) | None => self.go_on(When::Delivered, net),
        }
    }

    /// That is all there is to say to this one.
    fn go_on(&mut self, when: When, net: &mut dyn Net) {
        if let Some(talk) = self.talk.take() {
            net.close(talk.peer, when);
        }
        self.next += 1;
        match self.next < self.peers {
            true => net.dial(self.next),
            false => net.exit(self.status, When::Delivered),
        }
    }

    fn is_talking_to(&self, conn: ConnId) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.peer == conn)
    }
}

impl Mode for Series {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        let (stdio, manners) = (self.manners.stdio, &self.manners);
        match event {
            Event::Start => {
                net.hub(stdio, manners.out(), manners.back(), Reach::Star);
                net.dial(0);
            }
            Event::Open { conn, .. } => {
                say_connected(conn, net);
                self.begin(conn, net);
            }
            Event::Fail { why, .. } => {
                if !why.told {
                    net.tell(Level::Verbose, format!("{why}."), why.fact());
                }
                self.go_on(When::Now, net);
            }
            Event::End { conn } if conn == stdio => self.stdin_ended(net),
            Event::End { conn } if self.is_talking_to(conn) => self.peer_ended(net),
            Event::Broken { conn, why, .. } if conn == stdio && why.hung_up && manners.lenient => {
                match &mut self.talk {
                    Some(talk) if !self.stdin_over => talk.peer_over = true,
                    Some(_) | None => net.exit(self.status, When::Delivered),
                }
            }
            Event::Broken { conn, doing, why } if conn == stdio => {
                say_stdio_failure(doing, &why, net);
                match doing {
                    Doing::Reading => {
                        (self.failed, self.status) = (true, 1);
                        self.stdin_ended(net);
                    }
                    Doing::Writing => net.exit(2, When::Delivered),
                }
            }
            Event::Broken { conn, doing, why } if self.is_talking_to(conn) => {
                self.peer_broke(doing, &why, net);
            }
            Event::Alarm {
                what: Alarm::Quit, ..
            } => net.exit(self.status, When::Now),
            // Silence, or a peer that takes nothing, is an end like any other.
            Event::Alarm { conn, .. } | Event::Stalled { conn } if self.is_talking_to(conn) => {
                self.go_on(When::Now, net);
            }
            Event::Signal { number } => net.exit(128 + number, When::Now),
            Event::End { .. }
            | Event::Broken { .. }
            | Event::Stalled { .. }
            | Event::Alarm { .. }
            | Event::Accept { .. }
            | Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. }
            | Event::Ask { .. }
            | Event::Reached { .. }
            | Event::Served { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mode::script::{self, alarm, broken, end, manners, open, refused};

    /// What is asked when those events are told, after the start, with three peers.
    fn asked(change: fn(&mut Manners), events: Vec<Event>) -> Vec<String> {
        let mut manners = manners();
        manners.half_close = true;
        manners.no_shutdown = true;
        manners.quit = Quit::Never;
        manners.lenient = true;
        change(&mut manners);
        let mut lines = script::asked(Series::new(manners, 3), events);
        lines.retain(|line| !line.starts_with("say Connected"));
        assert_eq!(lines[..2], ["hub 0 Pass Pass Star", "dial 0"], "the start");
        lines.split_off(2)
    }

    /// What it is about, how manners differ, what happens, and what is asked.
    type Case = (
        &'static str,
        fn(&mut Manners),
        Vec<Event>,
        &'static [&'static str],
    );

    #[test]
    fn the_end_of_one_conversation_is_the_beginning_of_the_next() {
        let cases: [Case; 7] = [
            (
                "each ends for itself",
                |_| {},
                vec![open(0), end(0), end(1), open(1), end(2), open(2), end(3)],
                &[
                    "join 1 as 0",
                    "close 1 Delivered",
                    "dial 1",
                    "join 2 as 1",
                    "close 2 Delivered",
                    "dial 2",
                    "join 3 as 2",
                    "close 3 Delivered",
                    "exit 0 Delivered",
                ],
            ),
            (
                "as long as stdin goes on",
                |_| {},
                vec![open(0), end(1), end(0)],
                &["join 1 as 0", "close 1 Delivered", "dial 1"],
            ),
            (
                "each is told the end of stdin",
                |m| m.no_shutdown = false,
                vec![open(0), end(0), end(1), open(1)],
                &[
                    "join 1 as 0",
                    "finish 1",
                    "close 1 Delivered",
                    "dial 1",
                    "join 2 as 1",
                    "finish 2",
                ],
            ),
            (
                "those who do not answer are left out",
                |_| {},
                vec![refused(0), open(1), end(0), end(2), refused(2)],
                &[
                    "say Connection refused.",
                    "dial 1",
                    "join 2 as 1",
                    "close 2 Delivered",
                    "dial 2",
                    "say Connection refused.",
                    "exit 0 Delivered",
                ],
            ),
            (
                "silence is an end",
                |m| m.idle = Some(Duration::from_secs(1)),
                vec![open(0), alarm(1, Alarm::Idle)],
                &["join 1 as 0", "arm 1 Idle 1000", "close 1 Now", "dial 1"],
            ),
            (
                "what stdin's end brings ends them all",
                |m| m.quit = Quit::After(Duration::from_secs(1)),
                vec![open(0), end(0), alarm(0, Alarm::Quit)],
                &["join 1 as 0", "arm 0 Quit 1000", "exit 0 Now"],
            ),
            (
                "who breaks off shows in the status",
                |_| {},
                vec![
                    open(0),
                    broken(1, Doing::Reading),
                    open(1),
                    end(0),
                    end(2),
                    refused(2),
                ],
                &[
                    "join 1 as 0",
                    "say Broken pipe.",
                    "close 1 Delivered",
                    "dial 1",
                    "join 2 as 1",
                    "close 2 Delivered",
                    "dial 2",
                    "say Connection refused.",
                    "exit 1 Delivered",
                ],
            ),
        ];
        for (name, change, events, wanted) in cases {
            assert_eq!(asked(change, events), wanted, "{name}");
        }
    }

    #[test]
    fn nobody_reached_is_a_failure() {
        let lines = asked(|_| {}, vec![refused(0), refused(1), refused(2)]);
        assert_eq!(lines.last().map(String::as_str), Some("exit 1 Delivered"));
    }
}
