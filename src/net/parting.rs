//! How connections end, and the program: not before whoever is at the other end has what it was to get.
//!
//! Promise: a connection that is let go in order has been told the end first, and has acknowledged what it got. What
//! the system has no event for is asked for again when it is time, so that nobody spins.

use std::time::Duration;

use super::alarm::Wake;
use super::listener::Door;
use super::routes::Route;
use super::transport::Transport;
use super::{Patience, Shell};
use crate::ids::{ConnId, ListenId};
use crate::route::End;

/// How long a peer of ours that is to be let go may take nothing of what it is still to get.
const PARTING: Duration = Duration::from_secs(10);

impl Shell {
    /// Closes what has everything it was to get.
    pub(super) fn sweep(&mut self) {
        if self.closing.is_empty() {
            self.sweep = Patience::default();
        }
        // A proxy may have thousands that take their time, and nobody else is to wait while all of them
        // are asked: there, only those are that have just come to be let go, until it is time.
        let is_time = self.sweep.at.is_none_or(|at| at <= self.now);
        let from = match self.config.service.is_some() && !is_time {
            true => self.swept.min(self.closing.len()),
            false => 0,
        };
        for id in self.closing.split_off(from) {
            match self.is_done(id) {
                true => self.remove_conn(id),
                false => self.closing.push(id),
            }
        }
        self.swept = self.closing.len();
    }

    /// Whether a connection has everything it was to get. The peer of a link is told the end first, and
    /// must have acknowledged it all: what it goes on sending would destroy what is on its way.
    fn is_done(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.conns.find(id) else {
            return true;
        };
        let serves = self.config.service.is_some();
        if serves && conn.moved_at + PARTING <= self.now {
            return true;
        }
        match conn.route.and_then(|route| self.routes.find(route)) {
            None if !serves => return true,
            Some(Route::Hub(hub)) => return hub.hub.is_caught_up(id) && conn.is_clear(),
            Some(link) if !link.is_settled(&self.conns) => {
                if serves {
                    self.sweep_later();
                }
                return false;
            }
            None | Some(_) => {}
        }
        if let Some(conn) = self.conns.find_mut(id) {
            let is_told = conn.is_finishing() || conn.is_cut;
            if !conn.is_cut {
                conn.finish();
            }
            if serves {
                conn.part();
            }
            if conn.is_cut && conn.may_be_cut_off() {
                return true;
            }
            if !conn.is_cut && conn.is_clear() {
                conn.answer_again();
                if conn.is_acknowledged() {
                    return true;
                }
            }
            // Once, for its layers: to wake it every time would keep the loop from ever waiting.
            if !is_told {
                self.wake_conn(id);
            }
        }
        self.sweep_later();
        false
    }

    fn sweep_later(&mut self) {
        if let Some(at) = self.sweep.wait(self.now) {
            self.alarms.set(at, Wake::Sweep);
        }
    }

    /// A connection goes: its id finds nobody from here on.
    pub(super) fn remove_conn(&mut self, id: ConnId) {
        self.say_closed(id);
        self.release(id);
        self.drop_errand(id);
        self.close_relay(id);
        let Some(conn) = self.conns.remove(id) else {
            return;
        };
        if conn.is_cut {
            conn.break_off_when_closed();
        }
        if let Some(route) = conn.route {
            self.leave_route(route, id, &conn.name);
        }
        if let Some(listener) = conn.listener {
            self.guests -= 1;
            self.forget_session(listener, &conn.transport);
            self.release_hall(id, Some(listener));
        }
        drop(conn);
        self.room_for_more();
    }

    fn forget_session(&mut self, listener: ListenId, transport: &Transport) {
        if let Some(listener) = self.listeners.find_mut(listener)
            && let (Door::Hall(hall), Transport::Session(session)) = (&mut listener.door, transport)
        {
            hall.sessions.remove(&session.peer);
        }
    }

    /// The exit status once everything that was read has been handed over.
    pub(super) fn has_left(&mut self) -> Option<i32> {
        let leaving = self.leaving.as_mut()?;
        let status = leaving.status;
        let settled = |(_, route): (_, &Route)| route.is_settled(&self.conns);
        if !self.routes.iter().all(settled) {
            return None;
        }
        if !std::mem::replace(&mut leaving.said_goodbye, true) {
            self.drop_newcomers();
            self.say_goodbye();
        }
        if self.taps.settle() && self.peers_have_all() {
            return Some(status);
        }
        if let Some(at) = self.leaving.as_mut()?.patience.wait(self.now) {
            self.alarms.set(at, Wake::Leave);
        }
        None
    }

    /// Whether every peer has what it was to get, or never will.
    fn peers_have_all(&mut self) -> bool {
        let mut all = true;
        for id in self.conns.ids() {
            if let Some(conn) = self.conns.find_mut(id).filter(|_| id != self.stdio) {
                if conn.is_clear() {
                    conn.answer_again();
                }
                all &= conn.is_clear() && conn.is_acknowledged();
            }
        }
        all
    }

    /// Tells all peers that no more will come. Layers say it with the next turn of their route.
    fn say_goodbye(&mut self) {
        for id in self.conns.ids() {
            if let Some(conn) = self.conns.find_mut(id).filter(|_| id != self.stdio) {
                conn.finish();
                self.wake_conn(id);
            }
        }
    }
}
