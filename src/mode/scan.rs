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
    /// One port: its failure is the user's answer in full. Many: only the open ones are named.
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
            | Event::Alarm { .. } => {}
        }
    }
}
