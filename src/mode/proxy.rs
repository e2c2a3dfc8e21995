//! A proxy: peers say whom they want to reach, and are brought there.
//!
//! What a peer wants and how it is told what came of it is its layers' business. Here a tunnel or an
//! exchange is begun, ended when both sides are done, and told of with `-v`, a line for each request.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Alarm, Doing, Errand, Event, Fact, Failure, Flow, Level, Mode, Net, Next, When, idle_sentence,
};
use crate::ids::ConnId;

/// Policy of `ncat -l --proxy-type`.
#[derive(Debug)]
pub struct Proxy {
    /// `-i`.
    idle: Option<Duration>,
    /// Those whose request is under way.
    visits: BTreeMap<ConnId, Visit>,
    /// For whom each connection to elsewhere was made.
    of_far: BTreeMap<ConnId, ConnId>,
}

/// A request under way.
#[derive(Debug)]
struct Visit {
    errand: Errand,
    words: String,
    /// When it was said.
    since: Duration,
    /// The connection to whom it asked for, once that is there.
    far: Option<ConnId>,
    /// The peer has said its last.
    near_over: bool,
    /// The other end has.
    far_over: bool,
}

impl Proxy {
    /// Will end what has been silent for so long.
    pub fn new(idle: Option<Duration>) -> Self {
        Self {
            idle,
            visits: BTreeMap::new(),
            of_far: BTreeMap::new(),
        }
    }

    fn asked(&mut self, conn: ConnId, errand: Errand, words: String, net: &mut dyn Net) {
        if let Some(after) = self.idle {
            net.arm(conn, Alarm::Idle, after);
        }
        let visit = Visit {
            errand,
            words,
            since: net.elapsed(),
            far: None,
            near_over: false,
            far_over: false,
        };
        self.visits.insert(conn, visit);
        net.reach(conn);
    }

    fn reached(&mut self, asker: ConnId, far: Option<ConnId>, net: &mut dyn Net) {
        let Some(far) = far else { return };
        let Some(visit) = self.visits.get_mut(&asker) else {
            return net.close(far, When::Now);
        };
        visit.far = Some(far);
        self.of_far.insert(far, asker);
        net.link(asker, far, Flow::Pass, Flow::Pass);
    }

    fn served(&mut self, conn: ConnId, (words, status): (&str, Option<u16>), net: &mut dyn Net) {
        let since = self.visits.get(&conn).map(|visit| visit.since);
        let status = status.map_or_else(|| "no answer".into(), |status| status.to_string());
        report(conn, words, &status, since, net);
        self.let_go_of_far(conn, net);
    }

    /// The request is over, and with it the connection to elsewhere.
    fn let_go_of_far(&mut self, conn: ConnId, net: &mut dyn Net) {
        if let Some(far) = self.visits.remove(&conn).and_then(|visit| visit.far) {
            self.of_far.remove(&far);
            net.close(far, When::Now);
        }
    }

    fn near_ended(&mut self, conn: ConnId, net: &mut dyn Net) {
        let Some(visit) = self.visits.get_mut(&conn) else {
            return;
        };
        visit.near_over = true;
        match (visit.errand, visit.far) {
            (Errand::Tunnel, Some(far)) => net.finish(far),
            // Many servers take the end of what they hear for a wish to be left alone.
            (Errand::Exchange, _) | (Errand::Tunnel, None) => return,
            (Errand::Relay, _) => return self.over(conn, "over", When::Now, net),
        }
        self.leave_if_over(conn, net);
    }

    fn far_ended(&mut self, asker: ConnId, net: &mut dyn Net) {
        let Some(visit) = self.visits.get_mut(&asker) else {
            return;
        };
        visit.far_over = true;
        match visit.errand {
            Errand::Tunnel => net.finish(asker),
            Errand::Exchange | Errand::Relay => return net.conclude(asker, true),
        }
        self.leave_if_over(asker, net);
    }

    fn leave_if_over(&mut self, conn: ConnId, net: &mut dyn Net) {
        let both = |visit: &Visit| visit.near_over && visit.far_over;
        if self.visits.get(&conn).is_some_and(both) {
            self.over(conn, "over", When::Delivered, net);
        }
    }

    /// A tunnel or a relay is over.
    fn over(&mut self, conn: ConnId, how: &str, when: When, net: &mut dyn Net) {
        if let Some(far) = self.forget(conn, how, net) {
            net.close(far, when);
        }
        net.close(conn, when);
    }

    /// Tells of a request that is over; the connection that was made for it, if one was.
    fn forget(&mut self, conn: ConnId, how: &str, net: &mut dyn Net) -> Option<ConnId> {
        let visit = self.visits.remove(&conn)?;
        report(conn, &visit.words, how, Some(visit.since), net);
        let far = visit.far?;
        self.of_far.remove(&far);
        Some(far)
    }

    fn near_broke(&mut self, conn: ConnId, why: &Failure, net: &mut dyn Net) {
        let how = format!("broken off: {why}");
        if let Some(far) = self.forget(conn, &how, net) {
            net.cut(far);
        }
        net.close(conn, When::Now);
    }

    fn far_broke(&mut self, asker: ConnId, doing: Doing, why: &Failure, net: &mut dyn Net) {
        let Some(visit) = self.visits.get_mut(&asker) else {
            return;
        };
        match (visit.errand, doing) {
            // What it had said before is still to be had; reading it will tell when that is all.
            (_, Doing::Writing) if !visit.far_over => visit.near_over = true,
            (Errand::Exchange, _) => net.conclude(asker, false),
            (Errand::Tunnel | Errand::Relay, _) => {
                let how = format!("broken by the other end: {why}");
                if let Some(far) = self.forget(asker, &how, net) {
                    net.close(far, When::Now);
                }
                net.cut(asker);
            }
        }
    }

    fn fell_silent(&mut self, conn: ConnId, net: &mut dyn Net) {
        let words = idle_sentence(self.idle.unwrap_or_default());
        self.over(conn, words.trim_end_matches('.'), When::Now, net);
    }
}

/// Who wanted what, what came of it, how many bytes passed each way, and how long it took.
fn report(conn: ConnId, words: &str, came: &str, since: Option<Duration>, net: &mut dyn Net) {
    let (to, from) = net.passed(conn);
    let took = since.map_or(Duration::ZERO, |since| net.elapsed().saturating_sub(since));
    let (name, seconds) = (net.name(conn), took.as_secs_f64());
    let line = format!(
        "{name} {words}: {came}, {to} bytes sent, {from} bytes received in {seconds:.2} seconds."
    );
    let fact = Fact::new("request")
        .peer(name)
        .text("request", words)
        .text("result", came);
    let fact = fact.passed(to, from, seconds);
    net.tell(Level::Verbose, line, fact);
}

impl Mode for Proxy {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Ask {
                conn,
                errand,
                words,
            } => self.asked(conn, errand, words, net),
            Event::Reached { asker, conn } => self.reached(asker, conn, net),
            Event::Served {
                conn,
                words,
                status,
                next,
            } => {
                self.served(conn, (&words, status), net);
                match next {
                    Next::Request => net.hear(conn),
                    Next::End => net.close(conn, When::Delivered),
                    Next::Cut => net.cut(conn),
                }
            }
            Event::End { conn } => match self.of_far.get(&conn).copied() {
                Some(asker) => self.far_ended(asker, net),
                None => self.near_ended(conn, net),
            },
            Event::Broken { conn, doing, why } => match self.of_far.get(&conn).copied() {
                Some(asker) => self.far_broke(asker, doing, &why, net),
                None => self.near_broke(conn, &why, net),
            },
            Event::Alarm {
                conn,
                what: Alarm::Idle,
            } => self.fell_silent(conn, net),
            Event::Signal { number } => net.exit(128 + number, When::Now),
            // Who comes in is heard of when it asks for something.
            Event::Start
            | Event::Accept { .. }
            | Event::Open { .. }
            | Event::Fail { .. }
            | Event::Stalled { .. }
            | Event::Alarm { .. }
            | Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests;
