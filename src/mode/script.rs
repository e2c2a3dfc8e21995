//! A `Net` that remembers what it was asked, and the events that modes have in common: a test of a mode
//! is a list of events and a list of lines.

use std::time::Duration;

use super::{
    Alarm, Doing, Ending, Event, Failure, Flow, Level, Manners, Mode, Net, Quit, Reach, When,
};
use crate::ids::{ConnId, Table, kind};

/// Remembers requests.
#[derive(Default)]
pub(super) struct Script {
    asked: Vec<String>,
}

/// What a mode asks for when those events are told, after the start.
pub(super) fn asked(mut mode: impl Mode, events: Vec<Event>) -> Vec<String> {
    let mut script = Script::default();
    mode.on_event(Event::Start, &mut script);
    for event in events {
        mode.on_event(event, &mut script);
    }
    script.lines()
}

impl Script {
    /// The requests so far, a line each.
    pub(super) fn lines(self) -> Vec<String> {
        self.asked
    }
}

/// The connection number `n` of a table that was filled in order.
pub(super) fn conn(n: usize) -> ConnId {
    let mut table: Table<kind::Conn, ()> = Table::default();
    (0..=n)
        .map(|_| table.add(()))
        .last()
        .expect("the range holds at least one")
}

/// A failure in those words.
pub(super) fn failure(words: &str) -> Failure {
    Failure {
        words: words.into(),
        wrong_peer: false,
        hint: None,
        hung_up: false,
        told: false,
    }
}

/// A dial leads to the connection one above its number, for stdio is number 0.
pub(super) fn open(dial: usize) -> Event {
    let conn = conn(dial + 1);
    Event::Open { dial, conn }
}

/// A dial leads nowhere.
pub(super) fn refused(dial: usize) -> Event {
    let why = failure("Connection refused");
    Event::Fail { dial, why }
}

/// A peer comes to a listener.
pub(super) fn accept(n: usize) -> Event {
    Event::Accept { conn: conn(n) }
}

/// A connection has said everything.
pub(super) fn end(n: usize) -> Event {
    Event::End { conn: conn(n) }
}

/// A connection breaks.
pub(super) fn broken(n: usize, doing: Doing) -> Event {
    let (conn, why) = (conn(n), failure("Broken pipe"));
    Event::Broken { conn, doing, why }
}

/// An alarm of a connection rings.
pub(super) fn alarm(n: usize, what: Alarm) -> Event {
    let conn = conn(n);
    Event::Alarm { conn, what }
}

/// Plain manners: a stream, no flags, stdin a pipe.
pub(super) fn manners() -> Manners {
    Manners {
        stdio: conn(0),
        stdin_is_file: false,
        ending: Ending::ByHalves,
        send_only: false,
        recv_only: false,
        no_shutdown: false,
        half_close: false,
        quit: Quit::Default,
        idle: None,
        lenient: false,
        counts_packets: false,
        listening: false,
    }
}

impl Net for Script {
    fn dial(&mut self, n: usize) {
        self.asked.push(format!("dial {n}"));
    }
    fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow) {
        let (near, far) = (near.slot(), far.slot());
        self.asked
            .push(format!("link {near} {far} {out:?} {back:?}"));
    }
    fn hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach) {
        self.asked
            .push(format!("hub {} {out:?} {back:?} {reach:?}", centre.slot()));
    }
    fn join(&mut self, conn: ConnId, number: u32) {
        self.asked.push(format!("join {} as {number}", conn.slot()));
    }
    fn announce(&mut self, words: String) {
        self.asked.push(format!("announce {words}"));
    }
    fn spawn(&mut self, peer: ConnId) {
        self.asked.push(format!("spawn {}", peer.slot()));
    }
    fn hang_up(&mut self, child: ConnId, after: Duration) {
        self.asked
            .push(format!("hang up {} {}", child.slot(), after.as_millis()));
    }
    fn pass_on(&mut self, conn: ConnId) {
        self.asked.push(format!("pass on {}", conn.slot()));
    }
    fn forget(&mut self, child: ConnId) {
        self.asked.push(format!("forget {}", child.slot()));
    }
    fn reach(&mut self, asker: ConnId) {
        self.asked.push(format!("reach for {}", asker.slot()));
    }
    fn hear(&mut self, conn: ConnId) {
        self.asked.push(format!("hear {}", conn.slot()));
    }
    fn conclude(&mut self, asker: ConnId, in_order: bool) {
        let how = if in_order { "in order" } else { "cut" };
        self.asked.push(format!("conclude {} {how}", asker.slot()));
    }
    fn finish(&mut self, conn: ConnId) {
        self.asked.push(format!("finish {}", conn.slot()));
    }
    fn close(&mut self, conn: ConnId, when: When) {
        self.asked.push(format!("close {} {when:?}", conn.slot()));
    }
    fn cut(&mut self, conn: ConnId) {
        self.asked.push(format!("cut {}", conn.slot()));
    }
    fn release(&mut self, conn: ConnId) {
        self.asked.push(format!("release {}", conn.slot()));
    }
    fn stop_listening(&mut self) {
        self.asked.push("stop listening".into());
    }
    fn arm(&mut self, conn: ConnId, what: Alarm, after: Duration) {
        self.asked.push(format!(
            "arm {} {what:?} {}",
            conn.slot(),
            after.as_millis()
        ));
    }
    fn exit(&mut self, status: i32, when: When) {
        self.asked.push(format!("exit {status} {when:?}"));
    }
    fn say(&mut self, level: Level, words: String) {
        if level != Level::Debug {
            self.asked.push(format!("say {words}"));
        }
    }
    fn name(&self, conn: ConnId) -> String {
        format!("peer {}", conn.slot())
    }
    fn passed(&self, _: ConnId) -> (u64, u64) {
        (0, 0)
    }
    fn has_all(&self, _: ConnId) -> bool {
        false
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}
