//! Listen mode: wait for one peer and talk, or with `-k` for many around our stdio.

use std::collections::VecDeque;

use super::members::{Members, Stage};
use super::{
    Alarm, Doing, Ending, Event, Fact, Failure, LULL, Level, Manners, Mode, Net, Quit, Reach, When,
    quitting_sentence, say_connection, say_stdio_failure, talk::Talk,
};
use crate::ids::ConnId;

/// Policy of `ncat -l`: the first peer that is let in is the only one.
#[derive(Debug)]
pub struct Listen {
    manners: Manners,
    talk: Option<Talk>,
}

impl Listen {
    /// Will talk with these manners.
    pub fn new(manners: Manners) -> Self {
        Self {
            manners,
            talk: None,
        }
    }
}

impl Mode for Listen {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match (event, &mut self.talk) {
            (Event::Accept { conn }, None) => {
                say_connection(conn, net);
                net.stop_listening();
                self.talk = Some(Talk::begin(self.manners.clone(), conn, net));
            }
            // Two may come in with one burst; the second finds the door closed.
            (Event::Accept { conn }, Some(_)) => net.close(conn, When::Now),
            (Event::Fail { why, .. }, _) => why.end(net),
            (Event::Signal { number }, _) => net.exit(128 + number, When::Now),
            (event, Some(talk)) => talk.on_event(event, net),
            (_, None) => {}
        }
    }
}

/// Policy of `ncat -l -k`: a star with our stdio in the middle.
#[derive(Debug)]
pub struct KeepOpen {
    manners: Manners,
    members: Members,
    /// Those who have said all they have to say and may get an answer, the first to end first; some have
    /// left meanwhile.
    lingering: VecDeque<ConnId>,
    stdin_over: bool,
    /// Stdout failed: said once, not for every member.
    stdout_failed: bool,
}

/// How many may linger after their end, in case stdin has an answer for them. They take no place of
/// `--max-conns`, or a service that is asked often would be full of those who have left; so it takes
/// a limit of their own.
const LINGERERS: usize = 1000;

impl KeepOpen {
    /// Will talk with these manners.
    pub fn new(manners: Manners) -> Self {
        let stdin_over = manners.recv_only;
        Self {
            manners,
            members: Members::default(),
            lingering: VecDeque::new(),
            stdin_over,
            stdout_failed: false,
        }
    }

    fn stdin_ended(&mut self, status: i32, net: &mut dyn Net) {
        self.stdin_over = true;
        // Peers whose words would end with ours are let speak.
        let told = !self.manners.no_shutdown && self.manners.ending != Ending::Whole;
        for (conn, stage) in self.members.iter() {
            match stage {
                Stage::Listening => net.close(conn, When::Delivered),
                Stage::Talking if told => net.finish(conn),
                Stage::Talking | Stage::Deaf => {}
            }
        }
        self.members.retain(|stage| stage != Stage::Listening);
        match self.manners.quit {
            Quit::After(after) => net.arm(self.manners.stdio, Alarm::Quit, after),
            Quit::Default | Quit::Never if self.manners.send_only => {
                net.exit(status, When::Delivered);
            }
            Quit::Default | Quit::Never => {}
        }
    }

    fn member_ended(&mut self, conn: ConnId, net: &mut dyn Net) {
        // Nothing more will come for it, so it may go; but a peer that closes its sending half still
        // wants all of a file, or whatever flows just now.
        let outlives = self.manners.ending != Ending::Whole;
        match self.members.stage(conn) {
            Some(stage) if outlives && !self.stdin_over && *stage != Stage::Deaf => {
                *stage = Stage::Listening;
                if !self.manners.stdin_is_file && !self.manners.half_close {
                    self.linger(conn, net);
                }
            }
            Some(_) | None => _ = self.members.let_go(conn, When::Delivered, net),
        }
    }

    /// Waits a while for an answer to the member's last words.
    fn linger(&mut self, conn: ConnId, net: &mut dyn Net) {
        net.arm(conn, Alarm::Lull, LULL);
        net.release(conn);
        self.lingering.push_back(conn);
        if self.lingering.len() > LINGERERS
            && let Some(first) = self.lingering.pop_front()
            && self.members.stage(first).is_some()
        {
            self.members.let_go(first, When::Delivered, net);
        }
    }

    fn stdio_broke(&mut self, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if doing == Doing::Writing && std::mem::replace(&mut self.stdout_failed, true) {
            return;
        }
        say_stdio_failure(doing, why, net);
        if doing == Doing::Reading {
            self.stdin_ended(1, net);
        }
    }
}

impl Mode for KeepOpen {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        let (manners, members) = (&self.manners, &mut self.members);
        match event {
            Event::Start => net.hub(manners.stdio, manners.out(), manners.back(), Reach::Star),
            Event::Accept { conn } => {
                say_connection(conn, net);
                members.let_in(conn, manners, net);
            }
            Event::End { conn } if conn == manners.stdio => self.stdin_ended(0, net),
            Event::End { conn } => self.member_ended(conn, net),
            Event::Broken { conn, doing, why } if conn == manners.stdio => {
                self.stdio_broke(doing, &why, net);
            }
            Event::Broken { conn, doing, why } => {
                members.broke(conn, (doing, &why), manners, net);
            }
            Event::Stalled { conn } => _ = members.stalled(conn, net),
            Event::Alarm {
                conn,
                what: Alarm::Idle,
            } => _ = members.fell_silent(conn, manners, net),
            Event::Alarm {
                conn,
                what: Alarm::Lull,
            } => _ = members.let_go(conn, When::Delivered, net),
            Event::Alarm {
                what: Alarm::Quit, ..
            } => {
                if let Quit::After(after) = manners.quit {
                    let seconds = after.as_secs_f64();
                    let fact = Fact::new("timeout").seconds("seconds", seconds);
                    net.tell(Level::Error, quitting_sentence(after), fact);
                }
                net.exit(manners.timeout_status(), When::Now);
            }
            Event::Signal { number } => net.exit(128 + number, When::Now),
            Event::Open { .. }
            | Event::Fail { .. }
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
mod tests;
