//! `-z`: see which of some ports answer, and talk to nobody.

use super::{Event, Level, Mode, Net, When};

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
}

impl Scan {
    /// Will try that many ports; `datagrams` are answered by silence.
    pub fn new(ports: usize, datagrams: bool) -> Self {
        Self {
            ports,
            next: 0,
            done: 0,
            open: 0,
            datagrams,
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
                self.open += 1;
                net.say(Level::Verbose, format!("Connected to {}.", net.name(conn)));
                if self.datagrams {
                    net.say(Level::Verbose, "UDP packet sent successfully".into());
                }
                net.close(conn, When::Now);
                self.finished(net);
            }
            Event::Fail { why, .. } => {
                // One port: its failure is the whole answer. Of many, only the open ones are named.
                if self.ports == 1 {
                    net.say(Level::Verbose, format!("{why}."));
                }
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
        script::asked(Scan::new(ports, datagrams), events)
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
    fn a_port_is_tried_for_each_that_has_answered() {
        let mut lines = asked(AT_ONCE + 2, false, (0..AT_ONCE + 2).map(refused).collect());
        assert_eq!(lines.pop().as_deref(), Some("exit 1 Now"));
        let dials: Vec<String> = (0..AT_ONCE + 2).map(|n| format!("dial {n}")).collect();
        assert_eq!(lines, dials, "each port once, in order");
        let waiting = asked(AT_ONCE + 2, false, Vec::new());
        assert_eq!(waiting.len(), AT_ONCE, "no more at one time");
    }
}
