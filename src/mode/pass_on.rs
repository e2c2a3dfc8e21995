//! Reach one peer, leave it to whoever started us, and end.

use super::{Event, Mode, Net, say_connected};

/// Policy of `nc -F host port`.
#[derive(Debug)]
pub struct PassOn;

impl Mode for PassOn {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Start => net.dial(0),
            Event::Open { conn, .. } => {
                say_connected(conn, net);
                net.pass_on(conn);
            }
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
        assert_eq!(asked(PassOn, vec![open(0)]), wanted);
        let wanted = ["dial 0", "say Connection refused.", "exit 1 Now"];
        assert_eq!(asked(PassOn, vec![refused(0)]), wanted);
    }
}
