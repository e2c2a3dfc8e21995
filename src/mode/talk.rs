//! One conversation between our stdio and one peer: when each end is told the end of the other, and
//! when it is over. Connect mode and listen mode without `-k` are both this.

use std::time::Duration;

use super::{
    Alarm, Doing, Event, Fact, Failure, Flow, LULL, Level, Net, When, idle_sentence,
    quitting_sentence, say_stdio_failure, timeout,
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

/// What the end of one direction means, by what carries the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Each direction has an end of its own.
    ByHalves,
    /// The end of one is the end of both.
    Whole,
    /// Messages: nobody is told of an end.
    Untold,
}

/// What the user wants of a conversation.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Our own stdin and stdout.
    pub stdio: ConnId,
    /// Stdin is a file that will be sent to its end whatever the peer does.
    pub stdin_is_file: bool,
    /// What the end of one direction means.
    pub ending: Ending,
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
    /// A time-out, a peer that refuses messages, and a reader of stdout who has seen enough are ends like any
    /// other, which nothing is said of.
    pub lenient: bool,
    /// The peer's end may be one that we have set: then there is nothing left to say, either.
    pub counts_packets: bool,
    /// The peers come to us. Then a time-out is said and counted otherwise, the end of stdin does not
    /// end a conversation in messages, and nothing is said at the end.
    pub listening: bool,
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

    /// The exit status of a time-out.
    pub(crate) fn timeout_status(&self) -> i32 {
        match self.listening {
            _ if self.lenient => 0,
            true => 2,
            false => 1,
        }
    }
}

/// One conversation.
#[derive(Debug)]
pub(super) struct Talk {
    manners: Manners,
    peer: ConnId,
    stdin_over: bool,
    peer_over: bool,
    /// Something could not be handed over: the status to end with once the rest has been.
    failed: Option<i32>,
    /// With that status, once everything has been handed over.
    leaving: Option<i32>,
}

impl Talk {
    /// Starts talking.
    pub(super) fn begin(manners: Manners, peer: ConnId, net: &mut dyn Net) -> Self {
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
            leaving: None,
        }
    }

    /// Reacts to what concerns the conversation.
    pub(super) fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        if self.leaving.is_some() {
            return self.on_parting(event, net);
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
            | Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. }
            | Event::Ask { .. }
            | Event::Reached { .. }
            | Event::Served { .. }
            | Event::Signal { .. } => {}
        }
    }

    /// What was read may still turn out to be lost while we wait for it to be taken, and the user's
    /// patience may end before that.
    fn on_parting(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Broken { conn, doing, why } if self.leaving == Some(0) => {
                self.lost_at_parting(conn, doing, &why, net);
            }
            Event::Alarm {
                what: Alarm::Idle, ..
            } => self.time_out(self.manners.idle.unwrap_or_default(), net),
            _ => {}
        }
    }

    fn lost_at_parting(&mut self, conn: ConnId, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if conn == self.manners.stdio {
            return self.stdio_broke(doing, why, net);
        }
        // A peer that breaks off after it was given everything does no harm.
        if doing == Doing::Writing || !net.has_all(conn) {
            self.say_broken(why, net);
            self.leave(1, net);
        }
    }

    fn stdin_ended(&mut self, net: &mut dyn Net) {
        self.stdin_over = true;
        let fact = Fact::new("end").text("side", "stdin");
        net.tell(Level::Debug, "EOF on stdin.".into(), fact);
        if self.tells_end(net) {
            net.finish(self.peer);
        }
        let m = &self.manners;
        let last_word = m.send_only || (!m.listening && self.cannot_tell_end());
        match m.quit {
            // With nothing to be received there is nothing left to wait for.
            Quit::Never if m.send_only => self.leave(0, net),
            Quit::Never => self.leave_if_both_over(net),
            Quit::After(after) if !self.peer_over => net.arm(self.peer, Alarm::Quit, after),
            Quit::Default if last_word => self.leave(0, net),
            Quit::After(_) | Quit::Default => self.leave_if_both_over(net),
        }
    }

    /// Whether the peer is told that stdin is over. Where that ends what the peer says as well, it is told
    /// when we would quit, and then by a server only that had something to say: what it has been asked to
    /// receive would be lost otherwise. What was on its way to us arrives before the peer's end.
    fn tells_end(&self, net: &dyn Net) -> bool {
        let m = &self.manners;
        match m.ending {
            Ending::ByHalves => !m.no_shutdown,
            Ending::Whole => {
                let had_its_say = !m.listening || net.passed(self.peer).0 > 0;
                !m.no_shutdown && m.quit == Quit::Default && had_its_say
            }
            Ending::Untold => false,
        }
    }

    /// Whether there is no way, or no leave, to tell the peer that stdin is over.
    fn cannot_tell_end(&self) -> bool {
        let m = &self.manners;
        match m.ending {
            Ending::ByHalves => false,
            Ending::Whole => m.no_shutdown,
            Ending::Untold => true,
        }
    }

    fn peer_ended(&mut self, net: &mut dyn Net) {
        self.peer_over = true;
        let fact = Fact::new("end").text("side", "peer");
        net.tell(Level::Debug, "EOF from the peer.".into(), fact);
        if self.failed.is_some() || self.stdin_over || !self.outlives_peer() {
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

    /// Whether there may be something left to say to a peer that has said its last.
    fn outlives_peer(&self) -> bool {
        self.manners.ending == Ending::ByHalves && !self.manners.counts_packets
    }

    fn leave_if_both_over(&mut self, net: &mut dyn Net) {
        if self.stdin_over && self.peer_over {
            self.leave(0, net);
        }
    }

    fn peer_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if self.manners.lenient && self.manners.ending == Ending::Untold {
            return self.leave(0, net);
        }
        if self.failed.is_none() {
            self.say_broken(why, net);
            self.failed = Some(1);
        }
        // What arrived before the break is still to be had, unless reading has ended as well.
        let streams = self.manners.ending != Ending::Untold;
        let more = streams && doing == Doing::Writing && !self.peer_over;
        if !more {
            self.leave(1, net);
        }
    }

    fn say_broken(&self, why: &Failure, net: &mut dyn Net) {
        let fact = Fact::new("broken").peer(net.name(self.peer));
        net.tell(Level::Error, format!("{why}."), fact.reason(&why.words));
    }

    fn stdio_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if self.manners.lenient && doing == Doing::Writing && why.hung_up {
            return self.reader_left(net);
        }
        say_stdio_failure(doing, why, net);
        let status = match doing {
            Doing::Reading => 1,
            Doing::Writing => 2,
        };
        self.leave(status, net);
    }

    /// What the peer says is not wanted any more, but stdin may have something left for it.
    fn reader_left(&mut self, net: &mut dyn Net) {
        self.peer_over = true;
        if self.stdin_over || self.manners.listening {
            self.leave(0, net);
        }
    }

    fn time_out(&mut self, after: Duration, net: &mut dyn Net) {
        self.leaving = Some(self.manners.timeout_status());
        let words = match self.manners.listening {
            true => quitting_sentence(after),
            false => idle_sentence(after),
        };
        if !self.manners.lenient {
            let fact = timeout(net.name(self.peer), after);
            net.tell(Level::Error, words, fact);
        }
        net.exit(self.manners.timeout_status(), When::Now);
    }

    fn leave(&mut self, status: i32, net: &mut dyn Net) {
        let status = self.failed.unwrap_or(status);
        self.leaving = Some(status);
        if status == 0 && !self.manners.listening {
            let (sent, received) = net.passed(self.peer);
            let seconds = net.elapsed().as_secs_f64();
            let words =
                format!("{sent} bytes sent, {received} bytes received in {seconds:.2} seconds.");
            let fact = Fact::closed(net.name(self.peer), sent, received, seconds);
            net.tell(Level::Verbose, words, fact);
        }
        net.exit(status, When::Delivered);
    }
}
