//! One conversation between our stdio and one peer: when each end is told the end of the other, and
//! when it is over. Connect mode and listen mode without `-k` are both this.

use std::time::Duration;

use super::{
    Alarm, Doing, Event, Failure, Flow, LULL, Level, Net, When, idle_sentence, stdio_failure,
};
use crate::ids::ConnId;

/// `-q`: what the end of stdin does besides being passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quit {
    /// The mode's own rule.
    Default,
    /// Quit this long after it.
    After(Duration),
    /// Never quit because of it.
    Never,
}

/// What the user wants of a conversation.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Our own stdin and stdout.
    pub stdio: ConnId,
    /// Stdin is a file that will be sent to its end whatever the peer does.
    pub stdin_is_file: bool,
    /// The transport keeps messages and has no half-close.
    pub messages: bool,
    /// `--send-only`.
    pub send_only: bool,
    /// `--recv-only`.
    pub recv_only: bool,
    /// `--no-shutdown`.
    pub no_shutdown: bool,
    /// Go on until stdin ends, whatever the peer does.
    pub half_close: bool,
    /// `-q`.
    pub quit: Quit,
    /// `-i`.
    pub idle: Option<Duration>,
    /// The exit status of a time-out.
    pub timeout_status: i32,
    /// The end of stdin is the end of a conversation in messages.
    pub stdin_ends_messages: bool,
    /// Say at the end how much was moved.
    pub summary: bool,
}

impl Manners {
    /// What happens to what stdin says.
    pub fn out(&self) -> Flow {
        if self.recv_only {
            Flow::Shut
        } else {
            Flow::Pass
        }
    }

    /// What happens to what peers say.
    pub fn back(&self) -> Flow {
        if self.send_only {
            Flow::Discard
        } else {
            Flow::Pass
        }
    }
}

/// One conversation.
#[derive(Debug)]
pub struct Talk {
    manners: Manners,
    peer: ConnId,
    stdin_over: bool,
    peer_over: bool,
    /// Something could not be handed over: the status to end with once the rest has been.
    failed: Option<i32>,
    leaving: bool,
}

impl Talk {
    /// Starts talking.
    pub fn begin(manners: Manners, peer: ConnId, net: &mut dyn Net) -> Self {
        net.link(manners.stdio, peer, manners.out(), manners.back());
        if let Some(after) = manners.idle {
            net.arm(peer, Alarm::Idle, after);
        }
        let stdin_over = manners.recv_only;
        Self {
            manners,
            peer,
            stdin_over,
            peer_over: false,
            failed: None,
            leaving: false,
        }
    }

    /// Reacts to what concerns the conversation.
    pub fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        if self.leaving {
            return self.fail_late(event, net);
        }
        match event {
            Event::End { conn } if conn == self.peer => self.peer_ended(net),
            Event::End { .. } => self.stdin_ended(net),
            Event::Broken { conn, doing, why } if conn == self.peer => {
                self.peer_broke(doing, &why, net);
            }
            Event::Broken { doing, why, .. } => self.stdio_broke(doing, &why, net),
            Event::Alarm {
                what: Alarm::Lull, ..
            } => self.leave(0, net),
            Event::Alarm {
                what: Alarm::Idle, ..
            } => {
                self.time_out(self.manners.idle.unwrap_or_default(), net);
            }
            Event::Alarm {
                what: Alarm::Quit, ..
            } => match self.manners.quit {
                Quit::After(after) => self.time_out(after, net),
                Quit::Default | Quit::Never => {}
            },
            Event::Start
            | Event::Open { .. }
            | Event::Fail { .. }
            | Event::Accept { .. }
            | Event::Stalled { .. }
            | Event::Signal { .. } => {}
        }
    }

    /// While the last words are being handed over nothing changes the plan to leave, but the first
    /// loss changes the status.
    fn fail_late(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Broken {
                conn,
                doing: Doing::Writing,
                why,
            } if self.failed.is_none() => match conn == self.peer {
                true => {
                    net.say(Level::Error, format!("{why}."));
                    self.leave(1, net);
                }
                false => self.stdio_broke(Doing::Writing, &why, net),
            },
            _ => {}
        }
    }

    fn stdin_ended(&mut self, net: &mut dyn Net) {
        self.stdin_over = true;
        net.say(Level::Debug, "EOF on stdin.".into());
        let m = &self.manners;
        if !m.no_shutdown && !m.messages {
            net.finish(self.peer);
        }
        let last_word = m.send_only || (m.messages && m.stdin_ends_messages);
        match m.quit {
            // With nothing to be received there is nothing left to wait for.
            Quit::Never if m.send_only => self.leave(0, net),
            Quit::Never => self.leave_if_both_over(net),
            Quit::After(after) if !self.peer_over => net.arm(self.peer, Alarm::Quit, after),
            Quit::Default if last_word => self.leave(0, net),
            Quit::After(_) | Quit::Default => self.leave_if_both_over(net),
        }
    }

    fn peer_ended(&mut self, net: &mut dyn Net) {
        self.peer_over = true;
        net.say(Level::Debug, "EOF from the peer.".into());
        if self.failed.is_some() || self.stdin_over || self.manners.messages {
            return self.leave(0, net);
        }
        // A sender whose words nobody answers goes on sending, as before.
        if self.manners.send_only {
            return;
        }
        net.finish(self.manners.stdio);
        if !self.manners.half_close && !self.manners.stdin_is_file {
            net.arm(self.peer, Alarm::Lull, LULL);
        }
    }

    fn leave_if_both_over(&mut self, net: &mut dyn Net) {
        if self.stdin_over && self.peer_over {
            self.leave(0, net);
        }
    }

    fn peer_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if self.failed.is_none() {
            net.say(Level::Error, format!("{why}."));
            self.failed = Some(1);
        }
        // What arrived before the break is still to be had, unless reading has ended as well.
        let more = doing == Doing::Writing && !self.peer_over && !self.manners.messages;
        if !more {
            self.leave(1, net);
        }
    }

    fn stdio_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        net.say(Level::Error, stdio_failure(doing, why));
        let status = match doing {
            Doing::Reading => 1,
            Doing::Writing => 2,
        };
        self.leave(status, net);
    }

    fn time_out(&mut self, after: Duration, net: &mut dyn Net) {
        self.leaving = true;
        net.say(Level::Error, idle_sentence(after));
        net.exit(self.manners.timeout_status, When::Now);
    }

    fn leave(&mut self, status: i32, net: &mut dyn Net) {
        self.leaving = true;
        let status = self.failed.unwrap_or(status);
        self.failed = (status != 0).then_some(status);
        if status == 0 && self.manners.summary {
            let (sent, received) = net.passed(self.peer);
            let seconds = net.elapsed().as_secs_f64();
            let words =
                format!("{sent} bytes sent, {received} bytes received in {seconds:.2} seconds.");
            net.say(Level::Verbose, words);
        }
        net.exit(status, When::Delivered);
    }
}
