//! Broker and chat: what one peer says goes to all others, and what stdin says to all of them.
//!
//! Nothing but a signal ends it. A peer that has said all it has to say leaves once it has what was
//! said until then, unless `--half-close` lets it go on listening.

use std::fmt::Write as _;

use super::members::{Members, Stage};
use super::{
    Alarm, Event, Fact, Level, Manners, Mode, Net, Reach, When, say_connection, say_stdio_failure,
};
use crate::ids::ConnId;

/// How many of those who are in are named to a newcomer; the others are counted. Without a limit,
/// every newcomer of a large chat would have to be told to everybody at the length of all names.
const NAMED: usize = 100;

/// Policy of `--broker` and `--chat`.
#[derive(Debug)]
pub struct Broker {
    manners: Manners,
    chat: bool,
    members: Members,
}

impl Broker {
    /// Will talk with these manners; in a chat everybody learns who comes and goes.
    pub fn new(manners: Manners, chat: bool) -> Self {
        Self {
            manners,
            chat,
            members: Members::default(),
        }
    }

    fn let_in(&mut self, conn: ConnId, net: &mut dyn Net) {
        let name = net.name(conn);
        if !self.chat {
            say_connection(conn, net);
            self.members.let_in(conn, &self.manners, net);
            return;
        }
        let present = self.present(net);
        let number = self.members.let_in(conn, &self.manners, net);
        let fact = Fact::new("accepted")
            .peer(&name)
            .number("user", number.into());
        let words = format!("Connection from {name} as <user{number}>.");
        net.tell(Level::Verbose, words, fact);
        net.announce(format!("{name} is connected as <user{number}>."));
        net.announce(format!("already connected: {present}."));
    }

    /// Who is in, for somebody who comes.
    fn present(&self, net: &dyn Net) -> String {
        let mut words = String::new();
        for (number, conn) in self.members.first(NAMED) {
            let comma = if words.is_empty() { "" } else { ", " };
            let _ = write!(words, "{comma}{} as <user{number}>", net.name(conn)); // a String takes all
        }
        match self.members.len() {
            0 => words.push_str("nobody"),
            n if n > NAMED => _ = write!(words, " and {} more", n - NAMED),
            _ => {}
        }
        words
    }

    /// A member is out, if it has a number.
    fn say_goodbye(&self, number: Option<u32>, net: &mut dyn Net) {
        if let Some(number) = number.filter(|_| self.chat) {
            net.announce(format!("<user{number}> is disconnected."));
        }
    }

    fn member_ended(&mut self, conn: ConnId, net: &mut dyn Net) -> Option<u32> {
        match self.members.stage(conn) {
            Some(stage @ Stage::Talking) if self.manners.half_close => {
                *stage = Stage::Listening;
                None
            }
            Some(_) | None => self.members.let_go(conn, When::Delivered, net),
        }
    }
}

impl Mode for Broker {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        let (manners, members) = (&self.manners, &mut self.members);
        let gone = match event {
            Event::Start => {
                net.hub(manners.stdio, manners.out(), manners.back(), Reach::Mesh);
                None
            }
            Event::Accept { conn } => {
                self.let_in(conn, net);
                None
            }
            // The end of stdin is the end of its words and of nothing else.
            Event::End { conn } if conn == manners.stdio => None,
            Event::End { conn } => self.member_ended(conn, net),
            Event::Broken { conn, doing, why } if conn == manners.stdio => {
                say_stdio_failure(doing, &why, net);
                None
            }
            Event::Broken { conn, doing, why } => members.broke(conn, (doing, &why), manners, net),
            Event::Stalled { conn } => members.stalled(conn, net),
            Event::Alarm {
                conn,
                what: Alarm::Idle,
            } => members.fell_silent(conn, manners, net),
            Event::Signal { number } => {
                net.exit(128 + number, When::Now);
                None
            }
            Event::Alarm {
                what: Alarm::Lull | Alarm::Quit,
                ..
            }
            | Event::Open { .. }
            | Event::Fail { .. }
            | Event::Spawned { .. }
            | Event::NotSpawned { .. }
            | Event::Exited { .. }
            | Event::Ask { .. }
            | Event::Reached { .. }
            | Event::Served { .. } => None,
        };
        self.say_goodbye(gone, net);
    }
}

#[cfg(test)]
mod tests;
