//! Reach one peer, leave it to whoever started us, and end.

use super::{Event, Mode, Net, say_connected};

/// Policy of `nc -F host port`: of several ports, the first that answers.
#[derive(Debug)]
pub struct PassOn {
    ports: usize,
}

impl PassOn {
    /// Will try that many ports.
    pub fn new(ports: usize) -> Self {
        Self { ports }
    }
}

impl Mode for PassOn {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Start => net.dial(0),
            Event::Open { conn, .. } => {
                say_connected(conn, net);
                net.pass_on(conn);
            }
            Event::Fail { dial, .. } if dial + 1 < self.ports => net.dial(dial + 1),
            Event::Fail { why, .. } => why.end(net),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::script::{asked, open, refused};

    #[test]
    fn whom_it_reaches_it_passes_on() {
        let wanted = ["dial 0", "say Connected to peer 1.", "pass on 1"];
        assert_eq!(asked(PassOn::new(1), vec![open(0)]), wanted);
        let wanted = ["dial 0", "say Connection refused.", "exit 1 Now"];
        assert_eq!(asked(PassOn::new(1), vec![refused(0)]), wanted);
        let wanted = ["dial 0", "dial 1", "say Connected to peer 2.", "pass on 2"];
        let events = vec![refused(0), open(1)];
        assert_eq!(
            asked(PassOn::new(3), events),
            wanted,
            "the first that answers"
        );
    }
}
