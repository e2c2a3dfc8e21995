//! What must hold once a world has come to rest or has been left: nobody waits for nothing, nothing
//! was lost in silence, and the status says so.

use ncat::ids::ConnId;
use ncat::mode::{Flow, Quit};
use ncat::route::End as _;

use super::World;
use super::routes::{LinkRoute, Route};
use super::scene::Weather;
use crate::fake::{End, Fate, audit};

impl World {
    /// Judges the end of the world: an exit status, or rest.
    pub(super) fn judge(&mut self, status: Option<i32>) {
        self.note(|| format!("the end: status {status:?}, leaving {:?}", self.leaving));
        for (id, end) in self.conns.iter() {
            self.note(|| format!("  {id:?} {end}"));
        }
        self.check();
        if self.is_mesh() {
            return self.judge_mesh(status);
        }
        match status {
            Some(0) => self.assert_all_is_delivered(),
            Some(status) => self.assert_reason_for(status),
            None => {}
        }
        if self.scene.weather == Weather::Calm
            && self.hub_flows().is_none()
            && !self.routes.is_empty()
        {
            assert_eq!(
                status,
                Some(0),
                "nothing went wrong, but the program does not end well"
            );
        }
        match (status, self.leaving) {
            (Some(_), _) => {}
            (None, Some(_)) => assert!(
                self.somebody_is_stuck(),
                "the program wants to leave and cannot"
            ),
            (None, None) => self.assert_wait_is_for_something(),
        }
    }

    /// The one link there is in the modes that make one, and its ends.
    fn talk(&self) -> Option<(&LinkRoute, &End, &End)> {
        self.routes.iter().find_map(|(_, route)| match route {
            Route::Link(link) => {
                let (near, far) = (self.conns.find(link.near)?, self.conns.find(link.far)?);
                Some((link, near, far))
            }
            Route::Hub(_) => None,
        })
    }

    fn assert_all_is_delivered(&self) {
        if let Some((link, near, far)) = self.talk() {
            for (what, from, to, flow) in lanes(link, near, far) {
                let all = flow != Flow::Pass || from.voice.pulled == to.ear.taken.len();
                assert!(
                    all,
                    "{what}: status 0, but something was lost:\n{from}\n{to}"
                );
            }
            assert!(
                far.is_acknowledged(),
                "status 0 before the peer has everything"
            );
        }
        if self.hub_flows().is_some() {
            for (id, end) in self.conns.iter().filter(|(id, _)| *id != self.stdio) {
                assert!(
                    self.has_everything(id, end) || end.ear.met_break,
                    "status 0 before {id:?} has everything"
                );
            }
        }
    }

    /// Whether a member of the hub was given all words of the centre that were meant for it.
    fn has_everything(&self, id: ConnId, end: &End) -> bool {
        let Some(centre) = self.conns.find(self.stdio) else {
            return true;
        };
        let starts = self.places.get(&id).map_or(&[][..], |place| &place.starts);
        let silent =
            starts.is_empty() || self.hub_flows().is_some_and(|(out, _)| out != Flow::Pass);
        silent
            || end.is_clear()
                && starts
                    .iter()
                    .any(|start| start + end.ear.taken.len() == centre.voice.pulled)
    }

    fn assert_reason_for(&self, status: i32) {
        let manners = &self.scene.manners;
        let broke = self
            .members()
            .chain(self.conns.find(self.stdio))
            .any(|end| end.ear.met_break || end.voice.met && end.voice.fate == Fate::Break);
        let timed = manners.idle.is_some() || matches!(manners.quit, Quit::After(_));
        let signal = status == 128 + 15 && self.scene.signal_after.is_some();
        let unreachable = self.scene.unreachable;
        assert!(
            broke || timed || signal || unreachable,
            "status {status} without a reason"
        );
    }

    fn somebody_is_stuck(&self) -> bool {
        self.conns.iter().any(|(_, end)| end.ear.is_stuck())
    }

    /// Nobody told the program to end. Then somebody may still speak, or is stuck.
    fn assert_wait_is_for_something(&self) {
        if let Some((link, near, far)) = self.talk() {
            self.assert_link_waits(link, near, far);
        }
        if self.hub_flows().is_some() {
            self.assert_hub_waits();
        }
    }

    fn assert_link_waits(&self, link: &LinkRoute, near: &End, far: &End) {
        let manners = &self.scene.manners;
        for (what, from, to, flow) in lanes(link, near, far) {
            let held_up = to.nature.echo && to.voice.unread() > 0;
            let excused = held_up || audit::is_excused(from, to, flow);
            assert!(
                excused,
                "{what}: at rest before everything got as far as it can"
            );
        }
        let stdin_over = near.voice.met || link.out == Flow::Shut;
        let stuck = near.ear.is_stuck() || far.ear.is_stuck();
        let both = stdin_over && far.voice.met && !stuck;
        assert!(!both, "both sides are over and the program goes on");
        let broke =
            near.ear.met_break || !stuck && near.voice.met && near.voice.fate == Fate::Break;
        assert!(!broke, "our own side broke and the program goes on");
        let goes_on = manners.half_close || manners.stdin_is_file || manners.send_only;
        let silent = link.given_at_end == Some(far.accepted);
        let lull = silent && !goes_on && !far.ear.is_stuck();
        assert!(
            !lull,
            "the peer is over, nothing is to be said, and the program goes on"
        );
        let quit = near.voice.met && !far.ear.is_stuck() && matches!(manners.quit, Quit::After(_));
        assert!(
            !quit && manners.idle.is_none(),
            "time is up and the program goes on"
        );
    }

    fn assert_hub_waits(&self) {
        let Some(centre) = self.conns.find(self.stdio) else {
            return;
        };
        let manners = &self.scene.manners;
        let (out, back) = self.hub_flows().unwrap_or((Flow::Shut, Flow::Shut));
        let deaf = centre.ear.is_stuck() && !centre.ear.met_break;
        for (id, end) in self.conns.iter().filter(|(id, _)| *id != self.stdio) {
            let slow = end.ear.is_stuck() || end.nature.echo && end.voice.unread() > 0;
            assert!(
                slow || self.has_everything(id, end),
                "{id:?} waits for words of the centre: {end}"
            );
            let read_out = end.voice.unread() == 0 && end.voice.messages.is_empty();
            let quiet = end.is_mute() || read_out && (end.voice.met || !end.voice.ended);
            assert!(
                deaf || quiet || back == Flow::Shut,
                "{id:?} waits to be read: {end}"
            );
            let stays = slow || manners.half_close || manners.stdin_is_file;
            let over = end.voice.met && (centre.voice.met || out == Flow::Shut || !stays) && !slow;
            assert!(!over, "{id:?} is over and stays: {end}");
            assert!(
                manners.idle.is_none() || deaf,
                "{id:?} was idle and stays: {end}"
            );
        }
        let unheard = |end: &End| end.ear.met_break && end.nature.socket && !end.voice.met;
        let may_be = manners.idle.is_some() || back != Flow::Pass || deaf;
        if let Some((end, _)) = self.gone.iter().find(|(end, _)| unheard(end) && !may_be) {
            panic!("a broken client was closed before what had arrived was read: {end}");
        }
        let wanted = self.is_centre_wanted(out);
        let read_out = centre.is_mute()
            || centre.voice.unread() == 0 && (centre.voice.met || !centre.voice.ended);
        assert!(!wanted || read_out, "the centre waits to be read: {centre}");
        let said: usize = self.members().map(|end| end.voice.pulled).sum();
        let given = deaf || centre.ear.met_break || back != Flow::Pass;
        assert!(
            given || said == centre.ear.taken.len(),
            "of {said} bytes the centre was given {centre}"
        );
    }
}

type Way<'a> = (&'static str, &'a End, &'a End, Flow);

fn lanes<'a>(link: &LinkRoute, near: &'a End, far: &'a End) -> [Way<'a>; 2] {
    [
        (audit::OUT, near, far, link.out),
        (audit::BACK, far, near, link.back),
    ]
}
