//! Listen mode: wait for one peer and talk, or with `-k` for many around our stdio.

use std::collections::BTreeMap;

use super::{
    Alarm, Doing, Event, Failure, LULL, Level, Manners, Mode, Net, Quit, When, idle_sentence,
    quitting_sentence, stdio_failure, talk::Talk,
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
    members: BTreeMap<ConnId, Member>,
    stdin_over: bool,
    /// Stdout failed: said once, not for every member.
    stdout_failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Talking,
    /// It has said all it has to say and gets what we still have to say.
    Listening,
    /// It takes nothing any more; what it has said is still read.
    Deaf,
}

impl KeepOpen {
    /// Will talk with these manners.
    pub fn new(manners: Manners) -> Self {
        let stdin_over = manners.recv_only;
        Self {
            manners,
            members: BTreeMap::new(),
            stdin_over,
            stdout_failed: false,
        }
    }

    fn let_in(&mut self, conn: ConnId, net: &mut dyn Net) {
        say_connection(conn, net);
        self.members.insert(conn, Member::Talking);
        net.join(conn);
        if let Some(after) = self.manners.idle {
            net.arm(conn, Alarm::Idle, after);
        }
    }

    fn stdin_ended(&mut self, status: i32, net: &mut dyn Net) {
        self.stdin_over = true;
        for (&conn, &member) in &self.members {
            match member {
                Member::Listening => net.close(conn, When::Delivered),
                Member::Talking if !self.manners.no_shutdown => net.finish(conn),
                Member::Talking | Member::Deaf => {}
            }
        }
        self.members
            .retain(|_, member| *member != Member::Listening);
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
        if self.stdin_over || self.members.get(&conn) == Some(&Member::Deaf) {
            return self.let_go(conn, When::Delivered, net);
        }
        if let Some(member) = self.members.get_mut(&conn) {
            *member = Member::Listening;
            if !self.manners.stdin_is_file && !self.manners.half_close {
                net.arm(conn, Alarm::Lull, LULL);
            }
        }
    }

    /// Also for a member that was let go before: one that was to have everything first may stall.
    fn let_go(&mut self, conn: ConnId, when: When, net: &mut dyn Net) {
        self.members.remove(&conn);
        net.close(conn, when);
    }

    /// What it said before it broke off is still to be had, unless reading has ended as well.
    fn member_broke(&mut self, conn: ConnId, doing: Doing, net: &mut dyn Net) {
        match self.members.get_mut(&conn) {
            Some(member @ Member::Talking) if doing == Doing::Writing && !self.manners.messages => {
                *member = Member::Deaf;
            }
            Some(_) | None => self.let_go(conn, When::Now, net),
        }
    }

    fn broke(&mut self, conn: ConnId, doing: Doing, why: &Failure, net: &mut dyn Net) {
        if conn != self.manners.stdio {
            net.say(
                Level::Verbose,
                format!("Connection with {} broke: {why}.", net.name(conn)),
            );
            return self.member_broke(conn, doing, net);
        }
        if doing == Doing::Writing && std::mem::replace(&mut self.stdout_failed, true) {
            return;
        }
        net.say(Level::Error, stdio_failure(doing, why));
        if doing == Doing::Reading {
            self.stdin_ended(1, net);
        }
    }
}

impl Mode for KeepOpen {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match event {
            Event::Start => {
                net.hub(self.manners.stdio, self.manners.out(), self.manners.back());
            }
            Event::Accept { conn } => self.let_in(conn, net),
            Event::End { conn } if conn == self.manners.stdio => self.stdin_ended(0, net),
            Event::End { conn } => self.member_ended(conn, net),
            Event::Broken { conn, doing, why } => self.broke(conn, doing, &why, net),
            Event::Stalled { conn } => {
                let name = net.name(conn);
                net.say(
                    Level::Verbose,
                    format!("{name} takes nothing and holds others back: dropped."),
                );
                self.let_go(conn, When::Now, net);
            }
            Event::Alarm {
                conn,
                what: Alarm::Idle,
            } => {
                let after = self.manners.idle.unwrap_or_default();
                net.say(
                    Level::Verbose,
                    format!("{}: {}", net.name(conn), idle_sentence(after)),
                );
                self.let_go(conn, When::Now, net);
            }
            Event::Alarm {
                conn,
                what: Alarm::Lull,
            } => self.let_go(conn, When::Delivered, net),
            Event::Alarm {
                what: Alarm::Quit, ..
            } => {
                if let Quit::After(after) = self.manners.quit {
                    net.say(Level::Error, quitting_sentence(after));
                }
                net.exit(self.manners.timeout_status(), When::Now);
            }
            Event::Signal { number } => net.exit(128 + number, When::Now),
            Event::Open { .. } | Event::Fail { .. } => {}
        }
    }
}

fn say_connection(conn: ConnId, net: &mut dyn Net) {
    net.say(
        Level::Verbose,
        format!("Connection from {}.", net.name(conn)),
    );
}

#[cfg(test)]
mod tests;
