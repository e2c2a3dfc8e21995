use super::*;
use crate::data::Pool;
use crate::route::{Carried, Taps};

/// An end that says and takes what the test lets it.
#[derive(Default)]
struct Fake {
    says: VecDeque<Vec<u8>>,
    /// When it has said that, it says no more.
    ends: bool,
    takes: usize,
    taken: Vec<u8>,
    /// How much it took at a time.
    pieces: Vec<usize>,
    /// It takes whole messages, be they empty.
    messages: bool,
    /// Bytes in layers of its own, which a flush lets go when it takes anything.
    layered: usize,
}

impl End for Fake {
    type Channel = ();

    fn pull(&mut self, into: &mut Buf) -> Step {
        let Some(said) = self.says.pop_front() else {
            return if self.ends { Step::Over } else { Step::Idle };
        };
        into.grow(into.len() + said.len());
        Step::Moved(into.put(&said))
    }
    fn push(&mut self, from: &mut Buf) -> Step {
        let n = from.len().min(self.takes);
        let cut = self.messages && n < from.len();
        if cut || n == 0 && !self.messages {
            return Step::Idle;
        }
        self.takes -= n;
        self.pieces.push(n);
        self.taken.extend(&from.filled()[..n]);
        from.take(n);
        Step::Moved(n)
    }
    fn push_parts(&mut self, parts: &[IoSlice<'_>]) -> Step {
        let mut one = Buf::new(parts[0].len());
        one.put(&parts[0]);
        self.push(&mut one)
    }
    fn flush(&mut self) -> Step {
        match self.takes > 0 && self.layered > 0 {
            true => Step::Moved(std::mem::take(&mut self.layered)),
            false => Step::Idle,
        }
    }
    fn is_clear(&self) -> bool {
        self.layered == 0
    }
    fn finish(&mut self) {}
    fn keeps_messages(&self) -> bool {
        self.messages
    }
    fn is_readable(&self) -> bool {
        !self.says.is_empty()
    }
    fn is_writable(&self) -> bool {
        self.takes > 0
    }
    fn channel(_: &Self, _: &Self) -> Option<()> {
        None
    }
    fn carry(_: &mut Self, _: &mut Self, (): &mut (), _: bool, _: usize) -> Carried {
        Carried::refused()
    }
    fn held((): &()) -> usize {
        0
    }
    fn has_room((): &()) -> bool {
        false
    }
    fn rest((): &mut ()) {}
    fn rescue((): &mut (), _: &mut Buf) -> Step {
        Step::Over
    }
}

/// A hub and its ends: the centre, and one member.
struct Scene {
    hub: Hub,
    ends: Table<kind::Conn, Fake>,
    centre: ConnId,
    member: ConnId,
    now: Instant,
}

impl Scene {
    fn new(delay: Option<Duration>) -> Self {
        Self::with(Reach::Star, delay)
    }

    fn with(reach: Reach, delay: Option<Duration>) -> Self {
        Self::between(reach, Flow::Pass, false, delay)
    }

    /// A mesh of peers of a datagram socket.
    fn of_messages(delay: Option<Duration>) -> Self {
        Self::between(Reach::Mesh(None), Flow::Pass, true, delay)
    }

    fn between(reach: Reach, back: Flow, messages: bool, delay: Option<Duration>) -> Self {
        let now = Instant::now();
        let mut ends = Table::default();
        let centre = ends.add(Fake::default());
        let member = ends.add(Fake {
            messages,
            ..Fake::default()
        });
        let limits = Limits {
            log: 4096,
            chunk: 3000,
            messages,
            stall: Duration::from_secs(5),
            delay,
            rate: None,
        };
        let mut hub = Hub::new(centre, Flow::Pass, back, reach, limits);
        hub.join(member, 1, now);
        Self {
            hub,
            ends,
            centre,
            member,
            now,
        }
    }

    fn end(&mut self, id: ConnId) -> &mut Fake {
        self.ends.find_mut(id).expect("the scene's own end")
    }

    /// One more member, who takes everything.
    fn join(&mut self, number: u32) -> ConnId {
        let id = self.ends.add(Fake {
            takes: usize::MAX,
            messages: self.hub.limits.messages,
            ..Fake::default()
        });
        self.hub.join(id, number, self.now);
        id
    }

    fn turn(&mut self) -> Turn {
        let mut cx = Context {
            now: self.now,
            pool: &mut Pool::default(),
            taps: &mut Taps::default(),
        };
        self.hub.wake(self.member);
        self.hub.turn(&mut self.ends, &mut cx, &mut Vec::new())
    }
}

#[test]
fn nobody_is_waited_for_once_everybody_has_left_a_full_log() {
    let mut scene = Scene::new(None);
    scene.end(scene.centre).says = vec![vec![0; 3000]; 3].into();
    scene.turn();
    assert!(
        scene.hub.deadline(scene.now).is_some(),
        "the full log waits for its reader"
    );
    scene.hub.leave(scene.member);
    scene.turn();
    assert_eq!(
        scene.hub.deadline(scene.now),
        None,
        "an alarm would ring for ever"
    );
}

#[test]
fn a_member_waits_for_room_once_however_often_it_is_looked_at() {
    let mut scene = Scene::new(None);
    scene.end(scene.member).says = vec![vec![0; INBOX_PIECE]; 4].into();
    for _ in 0..100 {
        scene.turn();
    }
    assert_eq!(scene.hub.crowd.len(), 1, "stdout takes nothing");
}

#[test]
fn a_message_larger_than_a_piece_survives_its_delay() {
    let delay = Duration::from_millis(10);
    let mut scene = Scene::new(Some(delay));
    let size = 3 * INBOX_PIECE;
    scene.end(scene.member).says = vec![vec![7; size]].into();
    scene.end(scene.centre).takes = size;
    scene.turn();
    scene.now += delay;
    scene.turn();
    assert_eq!(scene.end(scene.centre).taken.len(), size);
}

#[test]
fn what_rests_in_the_layers_of_the_centre_goes_when_it_can() {
    let mut scene = Scene::new(None);
    scene.end(scene.centre).layered = 9;
    scene.turn();
    assert!(!scene.hub.is_settled(&scene.ends), "nine bytes are missing");
    scene.end(scene.centre).takes = 9;
    assert!(
        scene.hub.could_move(&scene.ends, scene.now),
        "there is room now"
    );
    scene.turn();
    assert!(scene.hub.is_settled(&scene.ends), "nothing else holds them");
}

#[test]
fn everybody_in_a_mesh_hears_everybody_else() {
    let mut scene = Scene::with(Reach::Mesh(None), None);
    let others = [scene.join(2), scene.join(3)];
    scene.end(scene.member).takes = usize::MAX;
    scene.end(scene.member).says = vec![b"from the first ".to_vec()].into();
    scene.end(scene.centre).says = vec![b"from the centre ".to_vec()].into();
    scene.turn();
    assert_eq!(scene.end(scene.member).taken, b"from the centre ");
    for id in others {
        let heard = scene.end(id).taken.clone();
        assert_eq!(heard, b"from the centre from the first ", "{id:?}");
    }
    assert!(scene.end(scene.centre).taken.is_empty(), "the centre hears");
}

#[test]
fn one_who_parts_gets_what_was_said_until_then_and_nothing_more() {
    let mut scene = Scene::with(Reach::Mesh(None), None);
    let other = scene.join(2);
    scene.end(scene.centre).says = vec![b"before".to_vec()].into();
    scene.turn();
    scene.hub.part(scene.member);
    scene.end(scene.centre).says = vec![b", after".to_vec()].into();
    scene.turn();
    assert!(!scene.hub.is_caught_up(scene.member), "it took nothing yet");
    scene.end(scene.member).takes = usize::MAX;
    scene.turn();
    assert!(scene.hub.is_caught_up(scene.member), "it has everything");
    assert_eq!(scene.end(scene.member).taken, b"before");
    assert_eq!(scene.end(other).taken, b"before, after");
}

#[test]
fn what_the_centre_says_while_all_are_leaving_is_kept_for_who_comes_next() {
    let mut scene = Scene::with(Reach::Mesh(None), None);
    scene.end(scene.centre).says = vec![b"before".to_vec()].into();
    scene.turn();
    scene.hub.part(scene.member);
    scene.end(scene.centre).says = vec![b"after".to_vec()].into();
    scene.turn();
    let next = scene.join(2);
    scene.turn();
    assert_eq!(scene.end(next).taken, b"after");
    scene.end(scene.member).takes = usize::MAX;
    scene.turn();
    assert_eq!(scene.end(scene.member).taken, b"before");
}

#[test]
fn nobody_is_dropped_for_words_that_wait_until_somebody_comes() {
    let mut scene = Scene::new(None);
    scene.end(scene.centre).says = vec![vec![0; 3000]; 3].into();
    scene.turn();
    scene.hub.part(scene.member);
    scene.turn();
    assert_eq!(
        scene.hub.deadline(scene.now),
        None,
        "somebody is waited for"
    );
}

#[test]
fn a_chunk_larger_than_the_log_goes_in_pieces() {
    let mut scene = Scene::with(Reach::Mesh(None), None);
    let other = scene.join(2);
    let said: Vec<u8> = (0..20_000u32).map(|i| i as u8).collect();
    scene.end(scene.member).says = vec![said.clone()].into();
    scene.end(scene.member).takes = usize::MAX;
    scene.turn();
    assert!(scene.end(other).taken == said, "the other has all of it");
}

/// Who holds a full mesh back is named after the stall time, and then the words go on that waited.
#[test]
fn a_member_that_takes_nothing_is_named_and_the_others_go_on() {
    let mut scene = Scene::with(Reach::Mesh(None), None);
    let (speaker, other) = (scene.join(2), scene.join(3));
    scene.end(speaker).says = vec![vec![1; 3000]; 4].into();
    scene.hub.wake(speaker);
    scene.turn();
    let due = scene.hub.deadline(scene.now).expect("words wait for room");
    assert_eq!(due, scene.now + Duration::from_secs(5));
    assert!(scene.hub.stalled(scene.now).is_empty(), "it is too early");
    scene.now = due;
    assert_eq!(scene.hub.stalled(due), [scene.member]);
    scene.hub.leave(scene.member);
    scene.turn();
    assert_eq!(scene.end(other).taken.len(), 12_000);
    assert_eq!(scene.hub.deadline(scene.now), None, "nobody waits any more");
}

/// What two messages in a log of 4096 bytes leave free once every chunk has its overhead: none.
const FILLING: [usize; 2] = [3000, 4096 - 3000 - 2 * 128];

#[test]
fn an_empty_message_waits_for_room_like_any_other() {
    let mut scene = Scene::of_messages(None);
    let speaker = scene.join(2);
    scene.end(speaker).says = FILLING.map(|n| vec![1; n]).into();
    scene.end(speaker).says.push_back(Vec::new());
    scene.hub.wake(speaker);
    scene.turn();
    assert!(scene.hub.log.room().is_none(), "the log is full");
    scene.end(scene.member).takes = usize::MAX;
    scene.turn();
    assert_eq!(scene.end(scene.member).pieces, [3000, 840, 0]);
}

#[test]
fn the_last_words_of_a_member_are_followed_by_no_message_that_nobody_sent() {
    let delay = Duration::from_millis(10);
    let mut scene = Scene::of_messages(Some(delay));
    let speakers = [scene.join(2), scene.join(3)];
    for (speaker, size) in speakers.into_iter().zip(FILLING) {
        scene.end(speaker).says = vec![vec![1; size]].into();
        scene.hub.wake(speaker);
        scene.turn();
        scene.hub.leave(speaker);
    }
    scene.now += delay;
    scene.turn();
    assert!(scene.hub.log.room().is_none(), "the log is full");
    scene.end(scene.member).takes = usize::MAX;
    scene.turn();
    assert_eq!(scene.end(scene.member).pieces, FILLING);
}

/// A voice that repeats.
struct Plain;

impl Voice for Plain {
    fn relay(&mut self, _: u32, said: &[u8], out: &mut Buf) -> usize {
        out.put(said)
    }
    fn end(&mut self, _: u32, _: &mut Buf) {}
    fn announce(&mut self, _: &str, _: &mut Buf) {}
}

#[test]
fn where_members_are_not_heard_nobody_waits_to_end_their_words() {
    let reach = Reach::Mesh(Some(Box::new(Plain)));
    let mut scene = Scene::between(reach, Flow::Discard, false, None);
    let other = scene.join(2);
    scene.end(scene.centre).says = vec![vec![1; 3000]].into();
    scene.turn();
    scene.hub.leave(other);
    scene.turn();
    let (ends, now) = (&scene.ends, scene.now);
    assert!(!scene.hub.could_move(ends, now), "it could move, but rests");
    assert_eq!(scene.hub.deadline(now), None, "nobody waits for room");
}

/// A voice that keeps everything back until its speaker ends.
#[derive(Default)]
struct Late(Vec<u8>);

impl Voice for Late {
    fn relay(&mut self, _: u32, said: &[u8], _: &mut Buf) -> usize {
        self.0.extend(said);
        said.len()
    }
    fn end(&mut self, _: u32, out: &mut Buf) {
        out.put(&std::mem::take(&mut self.0));
    }
    fn announce(&mut self, _: &str, _: &mut Buf) {}
}

#[test]
fn what_the_centre_had_begun_is_said_when_it_ends() {
    for back in [Flow::Pass, Flow::Discard] {
        let voice: Box<dyn Voice> = Box::<Late>::default();
        let mut scene = Scene::between(Reach::Mesh(Some(voice)), back, false, None);
        scene.end(scene.member).takes = usize::MAX;
        scene.end(scene.centre).says = vec![b"half".to_vec()].into();
        scene.end(scene.centre).ends = true;
        scene.turn();
        assert_eq!(scene.end(scene.member).taken, b"half", "{back:?}");
        let news = scene.hub.news().map(|(id, _)| id);
        assert_eq!(news, Some(scene.centre), "{back:?}");
        assert!(!scene.hub.could_move(&scene.ends, scene.now), "{back:?}");
    }
}
