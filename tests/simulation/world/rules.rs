//! What must hold in every round.

use ncat::mode::Flow;

use super::World;
use super::routes::Route;
use crate::fake::{End, audit, voice::speaker_of};

/// What the inbox of a hub and one held chunk of a member may keep from the centre.
const INBOX: usize = 128 * 1024;
const HELD: usize = 64 * 1024;

impl World {
    /// Checks the rules that hold at any time.
    pub(super) fn check(&mut self) {
        let routes: Vec<_> = self.routes.ids();
        for id in routes {
            match self.routes.find(id) {
                Some(Route::Link(link)) => {
                    let (near, far, out, back) = (link.near, link.far, link.out, link.back);
                    let queue = self.scene.queue;
                    // A far end is read on while the program leaves.
                    let thrown_away = if self.leaving.is_some() {
                        usize::MAX / 2
                    } else {
                        0
                    };
                    if let Some((near, far)) = self.conns.find_two(near, far) {
                        audit::lane(audit::OUT, near, far, out, queue);
                        audit::lane(audit::BACK, far, near, back, queue + thrown_away);
                    }
                }
                Some(Route::Hub(_)) if self.is_mesh() => self.check_mesh(),
                Some(Route::Hub(_)) => self.check_hub(),
                None => {}
            }
        }
    }

    /// Where in the centre's words somebody begins who joins now: with the next word that is read, or
    /// with the last piece that was, if no member was there to hear it.
    pub(super) fn starts(&self) -> Vec<usize> {
        let Some(centre) = self.conns.find(self.stdio) else {
            return Vec::new();
        };
        let voice = &centre.voice;
        let last = voice.pieces.last().copied().unwrap_or(0);
        vec![voice.pulled, voice.pulled - last]
    }

    fn check_hub(&mut self) {
        self.check_centre();
        let Self {
            conns,
            places,
            gone,
            stdio,
            scene,
            ..
        } = self;
        let limits = scene.limits;
        for (id, place) in places.iter_mut().filter(|(id, _)| *id != stdio) {
            let Some((centre, member)) = conns.find_two(*stdio, *id) else {
                continue;
            };
            check_member(centre, member, &mut place.starts);
            let most = limits.log + limits.chunk;
            let first = place.starts.iter().min().copied().unwrap_or(0);
            let behind = (centre.voice.pulled - first).saturating_sub(member.accepted);
            let silent = member.ear.met_break || place.starts.is_empty();
            assert!(
                silent || behind <= most + limits.chunk,
                "{behind} bytes wait for a member"
            );
        }
        let Some(centre) = conns.find(*stdio) else {
            return;
        };
        for (member, place) in gone.iter_mut() {
            check_member(centre, member, &mut place.starts);
        }
    }

    /// The centre hears every member's words in their order, and nothing else.
    fn check_centre(&mut self) {
        let mut said = [0; 8];
        for end in self.members() {
            said[end.voice.who] = end.voice.pulled;
        }
        let members = said.iter().filter(|said| **said > 0).count();
        let Some(centre) = self.conns.find_mut(self.stdio) else {
            return;
        };
        for byte in &centre.ear.taken[centre.ear.audited..] {
            let (who, place) = speaker_of(*byte);
            assert_eq!(
                place,
                self.heard[who] % 31,
                "speaker {who} is heard out of order"
            );
            self.heard[who] += 1;
        }
        centre.ear.audited = centre.ear.taken.len();
        for (who, said) in said.iter().enumerate().skip(1) {
            assert!(
                self.heard[who] <= *said,
                "speaker {who} is heard before it spoke"
            );
        }
        let on_the_way = said.iter().sum::<usize>() - centre.accepted;
        let silent = self.scene.manners.send_only || centre.ear.met_break;
        let most = INBOX + HELD * members;
        assert!(
            silent || on_the_way <= most,
            "{on_the_way} bytes wait for the centre"
        );
    }

    /// All members of the hub there have ever been.
    pub(super) fn members(&self) -> impl Iterator<Item = &End> {
        let here = self
            .conns
            .iter()
            .filter(|(id, _)| *id != self.stdio)
            .map(|(_, end)| end);
        here.chain(self.gone.iter().map(|(end, _)| end))
    }

    /// Whether the centre of the hub is read for anybody who is here. One who is to go gets what was said
    /// until then and one who broke gets nothing: what the centre says waits for whoever comes next.
    pub(super) fn is_centre_wanted(&self, out: Flow) -> bool {
        let mut members = self.conns.iter().filter(|(id, _)| *id != self.stdio);
        match out {
            Flow::Pass => {
                members.any(|(id, end)| !self.closing.contains(&id) && !end.ear.met_break)
            }
            Flow::Discard => members.next().is_some(),
            Flow::Shut => false,
        }
    }

    /// What happens to the words of the centre of the hub, and to those of its members.
    pub(super) fn hub_flows(&self) -> Option<(Flow, Flow)> {
        self.routes.iter().find_map(|(_, route)| match route {
            Route::Hub(hub) => Some((hub.out, hub.back)),
            Route::Link(_) => None,
        })
    }
}

/// A member hears the centre's words from where it came in, in order and without a gap.
fn check_member(centre: &End, member: &mut End, starts: &mut Vec<usize>) {
    let ear = &mut member.ear;
    let new = &ear.taken[ear.audited..];
    starts.retain(|start| centre.voice.says(new, start + ear.audited));
    assert!(
        new.is_empty() || !starts.is_empty(),
        "a member hears other words than the centre said"
    );
    ear.audited = ear.taken.len();
    if ear.finished && !ear.is_broken() && !starts.is_empty() {
        let all = starts
            .iter()
            .any(|start| start + ear.taken.len() == centre.voice.pulled);
        assert!(all, "a member was told the end before it had everything");
    }
}
