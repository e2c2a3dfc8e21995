//! A link between two ends without a mode: whatever the dice say, what must hold holds, and at rest
//! everything has got as far as it can.

use std::fmt;
use std::time::{Duration, Instant};

use ncat::data::Pool;
use ncat::route::{Bucket, Context, End as _, Flow, Lane, Link, News, Side, Taps, Turn};

use super::{Dice, Ear, End, Fate, Hearing, Nature, Trace, Voice, audit};

/// More rounds than any schedule needs: beyond them something goes round in circles.
const ROUNDS: usize = 50_000;

/// Two ends, the link between them, and what has been heard of it.
struct Pair {
    near: End,
    far: End,
    link: Link<End>,
    flows: [Flow; 2],
    queue: usize,
    now: Instant,
    over: [bool; 2],
    /// The kernel may carry after so many turns, once no layer is left and no byte waits.
    hopes: Option<usize>,
}

/// Plays one schedule to its rest.
///
/// # Panics
/// When bytes are lost, reordered, joined or late, or when a lane sleeps that could move.
pub(crate) fn play(dice: &Dice, trace: &Trace) {
    let mut pair = Pair::new(dice);
    trace.note(|| pair.to_string());
    let mut pool = Pool::default();
    let mut taps = Taps::default();
    for _ in 0..ROUNDS {
        let turn = pair.turn(&mut pool, &mut taps, trace);
        trace.note(|| format!("{turn:?}: near {}; far {}", pair.near, pair.far));
        pair.audit();
        let Some(next) = pair.next(turn, dice) else {
            return pair.assert_all_arrived();
        };
        pair.now = next;
        pair.near.happen(next);
        pair.far.happen(next);
    }
    panic!("the link never comes to rest");
}

/// Some end that says a little, in some way.
fn end(who: usize, echo: bool, dice: &Dice, now: Instant) -> End {
    let nature = Nature {
        messages: dice.once_in(4),
        layered: dice.once_in(4),
        raw: !dice.once_in(4),
        steady: false,
        socket: dice.once_in(2),
        echo: echo && dice.once_in(5),
    };
    let fate = dice.pick(&[Fate::Over, Fate::Over, Fate::Break, Fate::Never]);
    let total = dice.below(200);
    let voice = Voice::new(who, total, 1 + dice.below(50), fate, now);
    let hearing = match dice.below(6) {
        4 => Hearing::Until(dice.below(200)),
        5 => Hearing::BreaksAt(dice.below(200)),
        _ => Hearing::Always,
    };
    // A message that finds no room at all would wait for ever: one of each size fits.
    let ear = Ear::new(64 + dice.below(64), hearing);
    let mut end = End::new(nature, voice, ear, dice.clone());
    if end.nature.echo {
        end.voice = Voice::echo(who, now);
        end.nature.messages = false;
    }
    end
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            near, far, flows, ..
        } = self;
        write!(
            f,
            "near {near}\nfar {far}\n{flows:?}, queues of {}",
            self.queue
        )
    }
}

impl Pair {
    fn new(dice: &Dice) -> Self {
        let now = Instant::now();
        let (near, far) = (end(0, false, dice, now), end(1, true, dice, now));
        let flows = [
            Flow::Pass,
            dice.pick(&[Flow::Pass, Flow::Pass, Flow::Discard, Flow::Shut]),
        ];
        let queue = 1 + dice.below(60);
        let delay = dice
            .once_in(5)
            .then(|| Duration::from_millis(dice.below(300) as u64));
        let rate = dice.once_in(5).then(|| 50 + dice.below(5000) as u64);
        let lanes = flows.map(|flow| {
            let bucket = rate.map(|rate| Bucket::new(rate, now));
            Lane::new(flow, queue, delay).limited(bucket)
        });
        let [out, back] = lanes;
        let mut link = Link::new(out, back);
        let hopes = match dice.once_in(3) {
            true => dice.once_in(2).then(|| dice.below(30)),
            false => {
                link.let_kernel_carry(&near, &far);
                None
            }
        };
        Self {
            near,
            far,
            link,
            flows,
            queue,
            now,
            over: [false; 2],
            hopes,
        }
    }

    /// What layers were there for may be over in the middle of a conversation.
    fn hope(&mut self) {
        self.hopes = match self.hopes {
            Some(0) => {
                let shed = self.near.shed() & self.far.shed();
                let done = shed && self.link.let_kernel_carry(&self.near, &self.far);
                (!done).then_some(0)
            }
            hopes => hopes.map(|turns| turns - 1),
        };
    }

    fn turn(&mut self, pool: &mut Pool, taps: &mut Taps, trace: &Trace) -> Turn {
        self.hope();
        let now = self.now;
        let mut cx = Context { now, pool, taps };
        let (near, far) = (&mut self.near, &mut self.far);
        let turn = self.link.turn(near, far, &mut cx, &mut false);
        while let Some((side, news)) = self.link.news() {
            let (what, from, to, way) = match side {
                Side::Near => (audit::OUT, &mut self.near, &mut self.far, 0),
                Side::Far => (audit::BACK, &mut self.far, &mut self.near, 1),
            };
            trace.note(|| format!("{what}: {news:?}"));
            audit::news(what, &news, from, to, self.flows[way]);
            assert!(!self.over[way], "{what}: it was over already");
            // What still comes from a far end that nobody hears is read and thrown away.
            match (&news, side) {
                (News::SinkBroken(..), Side::Far) => self.flows[way] = Flow::Discard,
                _ => self.over[way] = true,
            }
            if matches!(news, News::Ended) && self.flows[way] == Flow::Pass {
                to.finish();
                return Turn::Again;
            }
        }
        self.near.plan(now);
        self.far.plan(now);
        turn
    }

    fn audit(&mut self) {
        let Self {
            near, far, flows, ..
        } = self;
        audit::lane(audit::OUT, near, far, flows[0], self.queue);
        audit::lane(audit::BACK, far, near, flows[1], self.queue);
    }

    /// When to look again; `None` when nothing will ever happen by itself.
    fn next(&self, turn: Turn, dice: &Dice) -> Option<Instant> {
        if turn == Turn::Again {
            return Some(self.now + Duration::from_millis(dice.below(2) as u64));
        }
        let awake = self.link.could_move(&self.near, &self.far, self.now);
        assert!(
            !awake,
            "the link goes to sleep though it could move:\n{self}"
        );
        let alarm = self.link.deadline(self.now);
        assert!(
            alarm.is_none_or(|at| at > self.now),
            "an alarm that has rung is set again"
        );
        [self.near.next(), self.far.next(), alarm]
            .into_iter()
            .flatten()
            .min()
    }

    fn assert_all_arrived(&self) {
        let Self {
            near, far, flows, ..
        } = self;
        let lanes = [(audit::OUT, near, far, 0), (audit::BACK, far, near, 1)];
        for (what, from, to, way) in lanes {
            // Who must get rid of what it says first has the excuse of the other lane.
            let held_up = to.nature.echo && to.voice.unread() > 0;
            assert!(
                held_up || audit::is_excused(from, to, flows[way]),
                "{what}: at rest before everything got as far as it can:\n{self}"
            );
        }
    }
}
