//! One member: what it does, what it hears, and what is to be said about it when it has gone.

use std::time::{Duration, Instant};

use super::common::{Ending, Peer, Told};
use super::words::{Ear, PLACES, Said};

/// How a member goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It has not gone.
    Stays,
    /// It has said all it has to say, and listens to the end.
    Leaves,
    /// It breaks off.
    Breaks,
}

/// What the program said when it closed a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) sent: usize,
    pub(crate) received: usize,
}

/// A member of the hub, as the test knows it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) place: usize,
    pub(crate) way: Way,
    /// The program dropped it because it took nothing.
    pub(crate) dropped: bool,
    pub(crate) closed: Option<Closed>,
    /// Since when it takes nothing, and when it goes on; never, if that is not known.
    pub(crate) asleep: Option<(Instant, Option<Instant>)>,
    /// The last time it slept.
    slept: Option<(Instant, Instant)>,
    ears: Vec<Ear>,
    /// What others had heard when it said that it leaves: it must hear that much.
    least: [usize; PLACES],
    got: usize,
    /// What it said, and how much of it was taken.
    pushed: usize,
    fed: usize,
}

impl Member {
    pub(crate) fn new(place: usize, ears: Vec<Ear>) -> Self {
        Self {
            name: String::new(),
            place,
            way: Way::Stays,
            dropped: false,
            closed: None,
            asleep: None,
            slept: None,
            ears,
            least: [0; PLACES],
            got: 0,
            pushed: 0,
            fed: 0,
        }
    }

    /// The program has let it in.
    pub(crate) fn is_in(&mut self, said: &[Said; PLACES]) {
        for (ear, said) in self.ears.iter_mut().zip(said) {
            ear.is_in(said);
        }
    }

    /// Takes what has come for it.
    pub(crate) fn listen(
        &mut self,
        peer: &mut Peer,
        said: &mut [Said; PLACES],
        hears: impl Fn(usize) -> bool,
    ) -> Told {
        let came = std::mem::take(&mut peer.rx.got);
        self.got += came.len();
        (self.pushed, self.fed) = (peer.tx.pushed().len(), peer.tx.fed().len());
        for byte in came {
            let place = usize::from(byte >> 4);
            // Of its own place it may hear who sat there before.
            let end = match place == self.place {
                true => said[place].base,
                false => said[place].end,
            };
            if !hears(place) {
                return Err(format!("{} hears place {place}: {self:?}", self.name));
            }
            self.ears[place]
                .hear(byte, &mut said[place], end)
                .map_err(|why| format!("{} hears {why}: {self:?}", self.name))?;
        }
        Ok(())
    }

    pub(crate) fn sleep(&mut self, until: Option<Instant>) {
        self.asleep = Some((Instant::now(), until));
    }

    pub(crate) fn wake(&mut self) {
        if let Some((since, _)) = self.asleep.take() {
            self.slept = Some((since, Instant::now()));
        }
    }

    /// Whether it slept for so long, and until a moment ago if it is awake.
    pub(crate) fn has_slept(&self, so_long: Duration) -> bool {
        let now = Instant::now();
        let (since, until) = match (self.asleep, self.slept) {
            (Some((since, _)), _) => (since, now),
            (None, Some(slept)) => slept,
            (None, None) => return false,
        };
        until - since >= so_long && now - until < so_long
    }

    /// It says that it leaves.
    pub(crate) fn leave(&mut self, said: &[Said; PLACES]) {
        self.way = Way::Leaves;
        self.least = said.map(|said| said.heard);
        self.least[self.place] = 0;
    }

    /// Whether it has heard everything that was said.
    pub(crate) fn has_all(&self, said: &[Said; PLACES], hears: impl Fn(usize) -> bool) -> bool {
        let others = (0..PLACES).filter(|place| *place != self.place && hears(*place));
        others.into_iter().all(|place| {
            let end = said[place].end;
            self.ears[place].has_heard(place, end, end)
        })
    }

    /// The program has closed it: whether all is as it should be.
    pub(crate) fn judge(
        &self,
        ending: Option<Ending>,
        said: &[Said; PLACES],
        hears: impl Fn(usize) -> bool,
    ) -> Told {
        let Closed { sent, received } = self.closed.ok_or("it was not closed")?;
        let well = self.way == Way::Leaves && !self.dropped;
        let wrong = |what: &str| Err(format!("{what}: {self:?}"));
        if self.way == Way::Stays && !self.dropped {
            return wrong("a member was closed without a reason");
        }
        if received > self.fed || self.got > sent {
            return wrong("more came than was sent");
        }
        if well && (received < self.pushed || self.got < sent) {
            return wrong("something got lost on the way");
        }
        if well && ending != Some(Ending::Eof) {
            return wrong("a member that left was told no end");
        }
        for place in (0..PLACES).filter(|place| hears(*place)) {
            let least = if well { self.least[place] } else { 0 };
            if !self.ears[place].has_heard(place, least, said[place].end) {
                return Err(format!(
                    "not what place {place} said from its coming to its leaving ({:?}): {self:?}",
                    said[place]
                ));
            }
        }
        Ok(())
    }
}
