//! One program, the plain sockets around it, and the loop that lets bytes flow between all of them.
//!
//! A test says what goes in, then waits `until` something is true. While it waits, every byte that
//! can move moves, so no order of steps can make the test itself the one that blocks.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::deadline::USUAL;
use super::program::code;
use super::{Deadline, Door, Feeder, Peer, Place, Program, Running, Told};

/// A program and its peers.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) program: Running,
    pub(crate) peers: Vec<Peer>,
    /// Other programs that must live as long, such as those who speak for peers.
    pub(crate) others: Vec<Running>,
    /// How long each wait may last.
    pub(crate) patience: Duration,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn of(program: Program) -> Told<Self> {
        Ok(Self {
            program: program.start()?,
            peers: Vec::new(),
            others: Vec::new(),
            patience: USUAL,
        })
    }

    /// The only peer, or the last one that came.
    pub(crate) fn peer(&mut self) -> &mut Peer {
        self.peers.last_mut().expect("the scene has a peer")
    }

    /// Lets a peer of ours come in at `place`.
    pub(crate) fn enter(&mut self, place: &Place) -> Told {
        self.peers.push(place.connect()?);
        Ok(())
    }

    /// Waits for the program to connect to `door`.
    pub(crate) fn admit(&mut self, door: &Door) -> Told {
        let peer = door
            .accept(Deadline::after(self.patience))
            .map_err(|e| format!("{e}; {}", self.state()))?;
        self.peers.push(peer);
        Ok(())
    }

    /// Moves bytes until `fact` holds.
    pub(crate) fn until(&mut self, what: &str, fact: impl Fn(&mut Self) -> bool) -> Told {
        let deadline = Deadline::after(self.patience);
        while !fact(self) {
            if self.turn(deadline)? == Turn::Late || deadline.passed() {
                return Err(format!("waited in vain until {what}; {}", self.state()));
            }
        }
        Ok(())
    }

    /// Moves bytes until nothing has moved for `lull` and the program sleeps: everything there was
    /// room for is in its place.
    pub(crate) fn until_quiet(&mut self, lull: Duration) -> Told {
        let deadline = Deadline::after(self.patience);
        while !self.is_quiet(lull, deadline)? {}
        Ok(())
    }

    /// One turn; true when nothing moved in it for `lull` and nothing is about to. On a busy machine
    /// a program may wait longer than any lull before it is allowed to move what it could.
    fn is_quiet(&mut self, lull: Duration, deadline: Deadline) -> Told<bool> {
        let quiet = self.turn(Deadline::after(lull).sooner(deadline))? == Turn::Late;
        if deadline.passed() {
            return Err(format!("bytes never stopped moving; {}", self.state()));
        }
        Ok(quiet && self.program.sleeps())
    }

    /// Pours `piece` after `piece` into the feeder that `which` names until nothing moves for
    /// `lull` and no more goes in: from there on its direction is stuck.
    pub(crate) fn flood(
        &mut self,
        lull: Duration,
        mut piece: impl FnMut() -> Vec<u8>,
        which: impl Fn(&mut Self) -> &mut Feeder,
    ) -> Told {
        let deadline = Deadline::after(self.patience);
        loop {
            which(self).push(&piece());
            while !which(self).is_done() {
                if self.is_quiet(lull, deadline)? {
                    return Ok(());
                }
            }
            if which(self).broken.is_some() {
                return Err(format!("no end to what goes in; {}", self.state()));
            }
        }
    }

    /// Sees that `fact` holds all the time for so long. For things that must *not* happen.
    pub(crate) fn holds(
        &mut self,
        so_long: Duration,
        what: &str,
        fact: impl Fn(&mut Self) -> bool,
    ) -> Told {
        let deadline = Deadline::after(so_long);
        loop {
            if !fact(self) {
                return Err(format!("it did not stay so that {what}; {}", self.state()));
            }
            if self.turn(deadline)? == Turn::Late || deadline.passed() {
                return Ok(());
            }
        }
    }

    /// Waits for the program's end and for the ends of what it wrote.
    pub(crate) fn outcome(&mut self) -> Told<Outcome> {
        self.until("the program ended", |s| s.program.status.is_some())?;
        self.until("its stdout and stderr ended", |s| {
            (s.program.stdout.paused || s.program.stdout.ended()) && s.program.stderr.ended()
        })?;
        Ok(Outcome {
            code: self.program.status.map_or(-1, code),
            stdout: self.program.stdout.got.clone(),
            stderr: self.program.stderr.text(),
        })
    }

    /// Waits for the end and checks the status.
    pub(crate) fn ends_with(&mut self, status: i32) -> Told<Outcome> {
        let outcome = self.outcome()?;
        if outcome.code != status {
            return Err(format!(
                "the exit status is {} instead of {status}; {}",
                outcome.code,
                self.state()
            ));
        }
        Ok(outcome)
    }

    /// One wait and what it made possible.
    pub(crate) fn turn(&mut self, deadline: Deadline) -> Told<Turn> {
        let ready = {
            let program = &self.program;
            let mut fds: Vec<PollFd<'_>> = Vec::new();
            fds.extend(program.stdin.wait());
            fds.extend(program.stdout.wait());
            fds.extend(program.stderr.wait());
            for peer in &self.peers {
                fds.extend(peer.tx.wait());
                fds.extend(peer.rx.wait());
            }
            fds.extend(
                program
                    .door()
                    .map(|door| PollFd::from_borrowed_fd(door, PollFlags::IN)),
            );
            // With nothing left that could happen there is no point in waiting for it.
            !fds.is_empty() && deadline.poll(&mut fds)?
        };
        if !ready {
            return Ok(Turn::Late);
        }
        let mut moved = self.program.status.is_none() && self.program.reap()?;
        moved |=
            self.program.stdin.turn() | self.program.stdout.turn() | self.program.stderr.turn();
        for peer in &mut self.peers {
            moved |= peer.tx.turn() | peer.rx.turn();
        }
        Ok(if moved { Turn::Moved } else { Turn::Idle })
    }

    /// Where everything stands, for the sentence of a failure.
    pub(crate) fn state(&self) -> String {
        let p = &self.program;
        let mut text = format!(
            "stdin took {}{}, stdout gave {} ({:?}), status {:?}",
            p.stdin.fed().len(),
            if p.stdin.is_done() {
                ""
            } else {
                " and is not done"
            },
            p.stdout.got.len(),
            p.stdout.end,
            p.status.map(code)
        );
        for (i, peer) in self.peers.iter().enumerate() {
            text += &format!(
                "; peer {i} sent {}, got {} ({:?})",
                peer.tx.fed().len(),
                peer.rx.got.len(),
                peer.rx.end
            );
        }
        text + &format!("; stderr {:?}", p.stderr.text())
    }
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Moved,
    Idle,
    Late,
}

/// Where the program says it listens, one entry for each `Listening on` line, once there are
/// `count` of them.
pub(crate) fn announced(scene: &mut Scene, count: usize) -> Told<Vec<String>> {
    let lines = |text: String| -> Vec<String> {
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        whole
            .filter_map(|line| {
                line.trim_end()
                    .strip_prefix("Ncat: Listening on ")
                    .map(str::to_owned)
            })
            .collect()
    };
    scene.until("it said where it listens", |s| {
        s.program.status.is_some() || lines(s.program.stderr.text()).len() >= count
    })?;
    let found = lines(scene.program.stderr.text());
    if found.len() < count {
        return Err(format!(
            "it ended without saying where it listens; {}",
            scene.state()
        ));
    }
    Ok(found)
}

/// The place of a program that was started with `-l -v` and one address.
pub(crate) fn place_of(scene: &mut Scene) -> Told<Place> {
    let text = announced(scene, 1)?.remove(0);
    Ok(match text.parse() {
        Ok(at) => Place::Tcp(at),
        Err(_) => Place::Unix(text.into()),
    })
}
