//! What must hold in a mesh: every view is what the log held from the member's coming until its going,
//! less its own words, byte for byte.

use ncat::ids::ConnId;
use ncat::mode::Flow;
use ncat::route::End as _;

use super::World;
use super::ledger::Ledger;
use super::routes::Route;
use super::scene::Role;
use super::seat::{Left, Seat};
use crate::fake::{End, Fate};

impl World {
    pub(super) fn is_mesh(&self) -> bool {
        matches!(self.scene.role, Role::Broker | Role::Chat)
    }

    /// What must hold at any time.
    pub(super) fn check_mesh(&mut self) {
        let books = self.books.clone();
        let ledger = books.borrow();
        for (id, place) in &mut self.places {
            if let Some(end) = self.conns.find_mut(*id) {
                check_end(&ledger, end, &mut place.seat);
            }
        }
        for (end, place) in &mut self.gone {
            check_end(&ledger, end, &mut place.seat);
        }
        let centre = self.conns.find(self.stdio);
        let silent = centre.is_none_or(|centre| centre.accepted == 0);
        assert!(silent, "the centre of a mesh hears somebody");
        self.check_memory();
    }

    fn check_memory(&self) {
        for (_, route) in self.routes.iter() {
            if let Route::Hub(hub) = route {
                let (held, chunks) = hub.hub.logged();
                let within = held <= self.scene.limits.log || chunks == 1;
                assert!(within, "the log holds {held} bytes in {chunks} chunks");
            }
        }
    }

    /// A member is closed whatever it has yet to get.
    pub(super) fn note_dismissal(&mut self, id: ConnId) {
        let place = self.places.get_mut(&id);
        if let Some(seat) = place.and_then(|place| place.seat.as_mut())
            && seat.left == Left::Well
        {
            seat.left = Left::AtOnce;
        }
    }

    /// The hub names somebody who holds the others back.
    pub(super) fn check_stalled(&mut self, id: ConnId) {
        let (now, limits) = (self.now, self.scene.limits);
        let waiting = self.books.borrow().logged != self.pulled();
        let in_bytes = !limits.messages && self.scene.role == Role::Broker;
        let Some(seat) = self
            .places
            .get_mut(&id)
            .and_then(|place| place.seat.as_mut())
        else {
            return;
        };
        let since = now - seat.took.0;
        assert!(
            since >= limits.stall,
            "{id:?} took something {since:?} ago and is dropped"
        );
        assert!(waiting || !in_bytes, "{id:?} is dropped, but nobody waits");
        seat.left = Left::Stalled;
    }

    /// How much was read of every speaker.
    fn pulled(&self) -> [usize; 8] {
        let mut pulled = [0; 8];
        let centre = self.conns.find(self.stdio);
        for end in self.members().chain(centre) {
            pulled[end.voice.who] = end.voice.pulled;
        }
        pulled
    }

    /// What must hold when the world has come to rest or was left.
    pub(super) fn judge_mesh(&mut self, status: Option<i32>) {
        match status {
            None => self.assert_mesh_rests(),
            Some(status) => {
                let signal = status == 128 + 15 && self.scene.signal_after.is_some();
                assert!(signal, "status {status} without a signal");
            }
        }
        let books = self.books.clone();
        let ledger = books.borrow();
        for (end, place) in &mut self.gone {
            if let Some(seat) = &mut place.seat {
                assert_left_well(&ledger, end, seat, self.scene.manners.idle.is_some());
            }
        }
        if self.scene.role == Role::Chat {
            self.read_views();
        }
    }

    fn assert_mesh_rests(&mut self) {
        let books = self.books.clone();
        let ledger = books.borrow();
        let manners = &self.scene.manners;
        for (id, place) in &mut self.places {
            let (Some(end), Some(seat)) = (self.conns.find(*id), &mut place.seat) else {
                continue;
            };
            let who = end.voice.who;
            let stuck = end.ear.is_stuck();
            let has_all = seat.has_all(&ledger, who) && end.is_clear();
            assert!(stuck || has_all, "{id:?} waits for words: {end}");
            assert!(is_read_out(end), "{id:?} waits to be read: {end}");
            let over = end.voice.met && !manners.half_close && !stuck;
            assert!(!over, "{id:?} is over and stays: {end}");
            assert!(manners.idle.is_none(), "{id:?} was idle and stays: {end}");
        }
        let (out, _) = self.hub_flows().unwrap_or((Flow::Shut, Flow::Shut));
        let centre_wanted = self.is_centre_wanted(out);
        if let Some(centre) = self.conns.find(self.stdio) {
            let quiet = !centre_wanted || is_read_out(centre);
            assert!(quiet, "the centre waits to be read: {centre}");
        }
        let pulled = self.pulled();
        for (who, (pulled, logged)) in pulled.iter().zip(ledger.logged).enumerate() {
            let wanted = match who {
                0 => centre_wanted || out == Flow::Shut,
                _ => ledger.relays,
            };
            let given = *pulled == logged || !wanted;
            assert!(given, "of {pulled} bytes of {who}, {logged} were given on");
        }
    }
}

fn is_read_out(end: &End) -> bool {
    let voice = &end.voice;
    let nothing_waits = voice.unread() == 0 && voice.messages.is_empty();
    end.is_mute() || nothing_waits && (voice.met || !voice.ended)
}

fn assert_left_well(ledger: &Ledger, end: &End, seat: &mut Seat, idle: bool) {
    let broke = end.ear.met_break || end.voice.met && end.voice.fate == Fate::Break;
    match seat.left {
        Left::Well => {
            let all = seat.has_all(ledger, end.voice.who) || end.ear.met_break;
            assert!(all, "a member left before it had everything: {end}");
            assert!(end.voice.met, "a member was sent away: {end}");
        }
        Left::AtOnce => assert!(broke || idle, "a member was closed at once: {end}"),
        Left::Stalled => {}
    }
    let unheard = end.ear.met_break && end.nature.socket && !end.voice.met;
    let excused = idle || seat.left == Left::Stalled;
    assert!(
        !unheard || excused,
        "a broken member was closed before what had arrived was read: {end}"
    );
}

fn check_end(ledger: &Ledger, end: &mut End, seat: &mut Option<Seat>) {
    if let Some(seat) = seat {
        seat.listen(ledger, end);
    }
    let (who, pulled) = (end.voice.who, end.voice.pulled);
    let logged = ledger.logged[who];
    assert!(logged <= pulled, "speaker {who} is heard before it spoke");
}
