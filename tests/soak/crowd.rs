//! A hub and its crowd: who comes and goes is left to chance, and every line on stderr is taken at its
//! word.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::common::payload::Xorshift;
use super::common::{Deadline, Place, Scene, Told};
use super::member::{Closed, Member, Way};
use super::words::{CENTRE, Ear, PLACES, Said};

/// The stall time that the program was given.
const STALL: Duration = Duration::from_secs(1);
/// When the test itself is this late, it cannot tell who has taken nothing, until all that is over.
const LATE: Duration = Duration::from_millis(300);
/// A member that slept for less than that cannot have taken nothing for the stall time: the test may have
/// been late to read for it before, but not so late. Naps are shorter, and other sleeps longer.
const NEARLY: Duration = Duration::from_millis(650);
/// One round of chance.
const TICK: Duration = Duration::from_millis(5);

/// Who hears whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `--broker`
    Mesh,
    /// `-k`
    Star,
}

impl Shape {
    /// Whether members hear that place, be it another member's.
    fn hears(self, place: usize) -> bool {
        self == Self::Mesh || place == CENTRE
    }
}

pub(crate) struct Crowd {
    pub(crate) scene: Scene,
    shape: Shape,
    pub(super) place: Place,
    pub(super) dir: PathBuf,
    pub(super) chance: Xorshift,
    pub(super) said: [Said; PLACES],
    /// In the order of the scene's peers.
    pub(super) members: Vec<Member>,
    /// Those who broke off, until the program has said so.
    pub(super) gone: Vec<Member>,
    /// What stdout hears, in a star.
    stdout: Vec<Ear>,
    /// How much of stderr has been read.
    lines: usize,
    pub(super) came: usize,
    turned_at: Instant,
    late_at: Option<Instant>,
    pub(super) centre_speaks: bool,
}

impl Crowd {
    pub(crate) fn new(scene: Scene, place: Place, dir: PathBuf, shape: Shape, seed: u64) -> Self {
        Self {
            scene,
            shape,
            place,
            dir,
            chance: Xorshift::new(seed),
            said: [Said::default(); PLACES],
            members: Vec::new(),
            gone: Vec::new(),
            stdout: (0..PLACES).map(|_| Ear::from_start()).collect(),
            lines: 0,
            came: 0,
            turned_at: Instant::now(),
            late_at: None,
            centre_speaks: true,
        }
    }

    /// Lets chance play for so long, and until one who never takes anything has been dropped.
    pub(crate) fn play(&mut self, so_long: Duration) -> Told {
        let (end, patience) = (Deadline::after(so_long), self.scene.patience);
        let sleeper = self.enter()?;
        self.fall_asleep(0, None);
        while !end.passed() {
            self.turn()?;
            self.act()?;
        }
        let end = Deadline::after(patience);
        while self.members.iter().any(|member| member.name == sleeper) {
            self.turn()?;
            for at in 0..self.members.len() {
                self.speak(at);
            }
            self.speak_at_centre();
            if end.passed() {
                return Err(format!("{sleeper} takes nothing and is not dropped"));
            }
        }
        Ok(())
    }

    /// Everybody wakes up, hears everything and leaves.
    pub(crate) fn go_home(&mut self) -> Told {
        (0..self.members.len()).for_each(|at| self.wake(at));
        self.until("everybody has heard everything", Self::have_all)?;
        for at in 0..self.members.len() {
            self.leave(at);
        }
        self.until("everybody has left", |crowd| {
            crowd.members.is_empty() && crowd.gone.is_empty()
        })
    }

    /// How many have come.
    pub(crate) fn came(&self) -> usize {
        self.came
    }

    fn until(&mut self, what: &str, fact: impl Fn(&Self) -> bool) -> Told {
        let deadline = Deadline::after(self.scene.patience);
        while !fact(self) {
            self.turn()?;
            if deadline.passed() {
                let (members, gone) = (&self.members, &self.gone);
                return Err(format!(
                    "waited in vain until {what}: {members:#?} {gone:#?} {:?}",
                    self.said
                ));
            }
        }
        Ok(())
    }

    fn have_all(&self) -> bool {
        let stays = |at: &usize| self.members[*at].way == Way::Stays;
        let hears = |place| self.shape.hears(place);
        let mut all = (0..self.members.len()).filter(stays);
        let all_in = all.all(|at| {
            let member = &self.members[at];
            self.scene.peers[at].tx.is_done() && member.has_all(&self.said, hears)
        });
        let stdout = (0..CENTRE).all(|place| {
            let end = self.said[place].end;
            self.shape == Shape::Mesh || self.stdout[place].has_heard(place, end, end)
        });
        all_in && stdout && self.gone.is_empty()
    }

    /// Bytes move, and whatever they say is compared with what it should be.
    fn turn(&mut self) -> Told {
        self.scene.turn(Deadline::after(TICK))?;
        let now = Instant::now();
        if now - self.turned_at > LATE {
            self.late_at = Some(now);
        }
        self.turned_at = now;
        if let Some(status) = self.scene.program.status {
            return Err(format!("the program ended with {status}"));
        }
        for (member, peer) in self.members.iter_mut().zip(&mut self.scene.peers) {
            member.listen(peer, &mut self.said, |place| self.shape.hears(place))?;
        }
        self.listen_at_stdout()?;
        self.read_lines()?;
        self.bury()
    }

    fn listen_at_stdout(&mut self) -> Told {
        let came = std::mem::take(&mut self.scene.program.stdout.got);
        if self.shape == Shape::Mesh && !came.is_empty() {
            return Err("a broker's stdout says something".into());
        }
        for byte in came {
            let place = usize::from(byte >> 4);
            let said = &mut self.said[place];
            let end = said.end;
            self.stdout[place]
                .hear(byte, said, end)
                .map_err(|why| format!("stdout hears {why}"))?;
        }
        Ok(())
    }

    fn read_lines(&mut self) -> Told {
        let text = self.scene.program.stderr.text();
        let new = &text[self.lines..];
        let whole = new.rfind('\n').map_or(0, |at| at + 1);
        self.lines += whole;
        for line in new[..whole].lines() {
            self.read_line(line)
                .map_err(|why| format!("{why}, when it said {line:?}"))?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &str) -> Told {
        let line = line.strip_prefix("Ncat: ").unwrap_or(line);
        if let Some((name, numbers)) = between(line, "Connection from ", " closed: ") {
            let mut numbers = numbers.split(' ').filter_map(|word| word.parse().ok());
            let (sent, received) = numbers.next().zip(numbers.next()).ok_or("no numbers")?;
            return self.close(name, Closed { sent, received });
        }
        let from = line.strip_prefix("Connection from ");
        if let Some(name) = from.and_then(|rest| rest.strip_suffix('.')) {
            let said = self.said;
            self.member(name)?.is_in(&said);
        } else if let Some((name, _)) = between(line, "Connection with ", " broke: ") {
            let member = self.member(name)?;
            if member.way != Way::Breaks && !member.dropped {
                return Err(format!("nothing broke: {member:?}"));
            }
        } else if let Some((name, _)) = between(line, "", " takes nothing and holds others back") {
            let excused = self.late_at.is_some_and(|at| at.elapsed() < 3 * STALL);
            let member = self.member(name)?;
            member.dropped = true;
            if !excused && !member.has_slept(NEARLY) {
                return Err(format!("it takes everything: {member:?}"));
            }
        } else if !line.starts_with("Listening on ") && !line.starts_with("Version ") {
            return Err("nobody knows what that means".into());
        }
        Ok(())
    }

    fn member(&mut self, name: &str) -> Told<&mut Member> {
        // A port may be given again once the program has no connection from it.
        let all = self.gone.iter_mut().chain(&mut self.members);
        let mut open = all.filter(|member| member.closed.is_none());
        open.find(|member| member.name == name)
            .ok_or_else(|| format!("there is no {name}"))
    }

    fn close(&mut self, name: &str, closed: Closed) -> Told {
        let member = self.member(name)?;
        member.closed = Some(closed);
        let said = &mut self.said[member.place];
        // What it said and the program did not read was not said to anybody.
        let end = said.base + closed.received;
        (said.base, said.end) = (end, end);
        let heard = said.heard;
        if heard > end {
            return Err(format!("{heard} words of {name} were heard, of {end}"));
        }
        Ok(())
    }

    /// Judges those of whom nothing more will come.
    fn bury(&mut self) -> Told {
        let shape = self.shape;
        let hears = |place| shape.hears(place);
        for at in (0..self.members.len()).rev() {
            let ending = self.scene.peers[at].rx.end;
            if self.members[at].closed.is_some() && ending.is_some() {
                let member = self.members.remove(at);
                self.scene.peers.remove(at);
                member.judge(ending, &self.said, hears)?;
            } else if self.members[at].closed.is_some() && self.members[at].asleep.is_some() {
                self.wake(at);
            }
        }
        let closed = |member: &&Member| member.closed.is_some();
        let mut all = self.gone.iter().filter(closed);
        all.try_for_each(|member| member.judge(None, &self.said, hears))?;
        self.gone.retain(|member| member.closed.is_none());
        Ok(())
    }
}

/// What stands between `front` and `middle`, and what comes after.
fn between<'a>(line: &'a str, front: &str, middle: &str) -> Option<(&'a str, &'a str)> {
    line.strip_prefix(front)?.split_once(middle)
}
