//! `-z`: see which of some ports answer, and talk to nobody.

use super::{Event, Failure, Level, Mode, Net, When, say_connected};

/// How many ports are tried at one time: enough that a silent host costs one time-out for each
/// hundred ports, few enough to stay far below any limit of descriptors.
const AT_ONCE: usize = 100;

/// Policy of `-z`.
#[derive(Debug)]
pub struct Scan {
    ports: usize,
    next: usize,
    done: usize,
    open: usize,
    datagrams: bool,
    /// There are proxies in between, and so far all ports failed for the same reason: most likely it is not
    /// the ports that fail.
    in_between: Option<Reason>,
}

/// What ports failed for.
#[derive(Debug)]
enum Reason {
    /// None has failed.
    Unknown,
    /// All that have failed did for this.
    Common(Failure),
}

impl Scan {
    /// Will try that many ports; `datagrams` are answered by silence.
    pub fn new(ports: usize, datagrams: bool, by_proxies: bool) -> Self {
        Self {
            ports,
            next: 0,
            done: 0,
            open: 0,
            datagrams,
            in_between: by_proxies.then_some(Reason::Unknown),
        }
    }

    fn try_next(&mut self, net: &mut dyn Net) {
        if self.next < self.ports {
            net.dial(self.next);
            self.next += 1;
        }
    }

    fn finished(&mut self, net: &mut dyn Net) {
        self.done += 1;
        if self.done == self.ports {
            if let Some(Reason::Common(why)) = self.in_between.as_ref().filter(|_| self.ports > 1) {
                let words = format!("All ports failed alike: {why}.");
                net.tell(Level::Verbose, words, why.fact());
            }
            net.exit(if self.open > 0 { 0 } else { 1 }, When::Now);
        }
        self.try_next(net);
    }
}

impl Mode for Scan {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Start => (0..AT_ONCE).for_each(|_| self.try_next(net)),
            Event::Open { conn, .. } => {
                (self.open, self.in_between) = (self.open + 1, None);
                say_connected(conn, net);
                if self.datagrams {
                    net.say(Level::Verbose, "UDP packet sent successfully".into());
                }
                net.close(conn, When::Now);
                self.finished(net);
            }
            Event::Fail { why, .. } => {
                // One port: its failure is the whole answer. Of many, only the open ones are named.
                if self.ports == 1 {
                    net.tell(Level::Verbose, format!("{why}."), why.fact());
                }
                self.in_between = match self.in_between.take() {
                    Some(Reason::Common(other)) if other != why => None,
                    Some(_) => Some(Reason::Common(why)),
                    None => None,
                };
                self.finished(net);
            }
            Event::Signal { number } => net.exit(128 + number, When::Now),
            Event::Accept { .. }
            | Event::End { .. }
            | Event::Broken { .. }
            | Event::Stalled { .. }
            | Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. }
            | Event::Ask { .. }
            | Event::Reached { .. }
            | Event::Served { .. }
            | Event::Alarm { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::script::{self, open, refused};

    /// What is asked when those events are told, after the start.
    fn asked(ports: usize, datagrams: bool, events: Vec<Event>) -> Vec<String> {
        script::asked(Scan::new(ports, datagrams, false), events)
    }

    #[test]
    fn one_port_is_answered_in_full() {
        let wanted = [
            "dial 0",
            "say Connected to peer 1.",
            "close 1 Now",
            "exit 0 Now",
        ];
        assert_eq!(asked(1, false, vec![open(0)]), wanted);
        let wanted = ["dial 0", "say Connection refused.", "exit 1 Now"];
        assert_eq!(asked(1, false, vec![refused(0)]), wanted);
        let wanted = [
            "dial 0",
            "say Connected to peer 1.",
            "say UDP packet sent successfully",
            "close 1 Now",
            "exit 0 Now",
        ];
        assert_eq!(asked(1, true, vec![open(0)]), wanted);
    }

    #[test]
    fn of_many_ports_only_the_open_ones_are_named() {
        let wanted = [
            "dial 0",
            "dial 1",
            "dial 2",
            "say Connected to peer 2.",
            "close 2 Now",
            "exit 0 Now",
        ];
        let events = vec![refused(2), open(1), refused(0)];
        assert_eq!(asked(3, false, events), wanted);
    }

    #[test]
    fn what_keeps_a_proxy_from_trying_any_port_is_said_once() {
        let of = |events| script::asked(Scan::new(3, false, true), events);
        let all = of(vec![refused(0), refused(1), refused(2)]);
        let wanted = [
            "say All ports failed alike: Connection refused.",
            "exit 1 Now",
        ];
        assert_eq!(all[3..], wanted, "all fail alike");
        let one = of(vec![refused(0), open(1), refused(2)]);
        assert_eq!(one.last().map(String::as_str), Some("exit 0 Now"));
        assert!(one.iter().all(|line| !line.contains("failed alike")));
        let why = script::failure("Host unreachable");
        let other = of(vec![refused(0), Event::Fail { dial: 1, why }, refused(2)]);
        assert_eq!(other[3..], ["exit 1 Now"], "they fail differently");
    }

    #[test]
    fn a_port_is_tried_for_each_that_has_answered() {
        let mut lines = asked(AT_ONCE + 2, false, (0..AT_ONCE + 2).map(refused).collect());
        assert_eq!(lines.pop().as_deref(), Some("exit 1 Now"));
        let dials: Vec<String> = (0..AT_ONCE + 2).map(|n| format!("dial {n}")).collect();
        assert_eq!(lines, dials, "each port once, in order");
        let waiting = asked(AT_ONCE + 2, false, Vec::new());
        assert_eq!(waiting.len(), AT_ONCE, "no more at one time");
    }
}
