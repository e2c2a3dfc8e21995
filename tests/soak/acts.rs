//! What the members do, as chance has it.

use std::time::{Duration, Instant};

use super::common::payload::Xorshift;
use super::common::wire::Room;
use super::common::{Peer, Told};
use super::crowd::Crowd;
use super::member::{Member, Way};
use super::words::{CENTRE, Ear, Said, word};

/// The most a member says at a time.
const PIECE: u64 = 16 * 1024;
/// How many are in at a time.
const MOST: usize = 11;

impl Crowd {
    /// One round of chance.
    pub(super) fn act(&mut self) -> Told {
        let now = Instant::now();
        for at in 0..self.members.len() {
            let until = self.members[at].asleep.and_then(|(_, until)| until);
            if until.is_some_and(|until| until <= now) {
                self.wake(at);
            }
        }
        if self.chance.between(0, 200) == 0 {
            self.centre_speaks = !self.centre_speaks;
        }
        if self.centre_speaks {
            self.speak_at_centre();
        }
        if self.members.len() < MOST && self.chance.between(0, 5) == 0 {
            self.enter()?;
        }
        for _ in 0..3 {
            let at = self.chance.between(0, MOST as u64) as usize;
            if at < self.members.len() && self.members[at].closed.is_none() {
                self.act_as(at)?;
            }
        }
        Ok(())
    }

    fn act_as(&mut self, at: usize) -> Told {
        let pause = |chance: &mut Xorshift, from, to| {
            Some(Instant::now() + Duration::from_millis(chance.between(from, to)))
        };
        match self.chance.between(0, 99) {
            0..60 => self.speak(at),
            60..63 => {
                let until = pause(&mut self.chance, 20, 300);
                self.fall_asleep(at, until);
            }
            63 => {
                let until = pause(&mut self.chance, 1200, 2500);
                self.fall_asleep(at, until);
            }
            64..68 => self.leave(at),
            68..70 => self.break_off(at)?,
            _ => {}
        }
        Ok(())
    }

    /// Somebody comes; the name the program will know it by.
    pub(super) fn enter(&mut self) -> Told<String> {
        let taken = |place: &usize| {
            let mut all = self.members.iter().chain(&self.gone);
            all.any(|member| member.place == *place)
        };
        let Some(place) = (0..CENTRE).find(|place| !taken(place)) else {
            return Ok(String::new());
        };
        let mut member = Member::new(place, self.said.iter().map(Ear::new).collect());
        let path = self.dir.join(self.came.to_string());
        let peer = self.place.connect_as(&path, &Room::Narrow)?;
        self.came += 1;
        member.name = peer.name().ok_or("a member without a name")?;
        self.members.push(member);
        self.scene.peers.push(peer);
        Ok(self.members[self.members.len() - 1].name.clone())
    }

    pub(super) fn speak(&mut self, at: usize) {
        let (member, peer) = (&self.members[at], &mut self.scene.peers[at]);
        if member.way == Way::Stays && member.closed.is_none() && peer.tx.is_done() {
            let place = member.place;
            let words = say(place, &mut self.said[place], &mut self.chance);
            peer.tx.push(&words);
        }
    }

    pub(super) fn speak_at_centre(&mut self) {
        let stdin = &mut self.scene.program.stdin;
        if stdin.is_done() {
            stdin.push(&say(CENTRE, &mut self.said[CENTRE], &mut self.chance));
        }
    }

    pub(super) fn fall_asleep(&mut self, at: usize, until: Option<Instant>) {
        let member = &mut self.members[at];
        if member.asleep.is_none() && member.way == Way::Stays {
            member.sleep(until);
            self.scene.peers[at].rx.paused = true;
        }
    }

    pub(super) fn wake(&mut self, at: usize) {
        self.members[at].wake();
        self.scene.peers[at].rx.paused = false;
    }

    pub(super) fn leave(&mut self, at: usize) {
        let sleeps_for_good = self.members[at]
            .asleep
            .is_some_and(|(_, until)| until.is_none());
        if self.members[at].way == Way::Stays && !sleeps_for_good {
            self.wake(at);
            self.members[at].leave(&self.said);
            self.scene.peers[at].tx.finish();
        }
    }

    fn break_off(&mut self, at: usize) -> Told {
        let sleeps_for_good = self.members[at]
            .asleep
            .is_some_and(|(_, until)| until.is_none());
        if sleeps_for_good {
            return Ok(());
        }
        let (mut member, peer): (Member, Peer) =
            (self.members.remove(at), self.scene.peers.remove(at));
        member.way = Way::Breaks;
        self.gone.push(member);
        match self.chance.between(0, 1) {
            0 => peer.reset(),
            _ => {
                peer.close();
                Ok(())
            }
        }
    }
}

/// The next words of a place.
fn say(place: usize, said: &mut Said, chance: &mut Xorshift) -> Vec<u8> {
    let from = said.end;
    said.end += chance.between(1, PIECE) as usize;
    (from..said.end).map(|at| word(place, at)).collect()
}
