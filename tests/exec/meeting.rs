//! Our program with a command, and a plain peer: every way in which they can come together.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};

use tempfile::TempDir;

use crate::all_of;
use crate::common::payload::Xorshift;
use crate::common::scene::place_of;
use crate::common::table::{Case, all_hold};
use crate::common::wire::{Room, socket_in};
use crate::common::{Carrier, Place, Program, Scene, Told, directory};

/// Who comes to whom, and whether others may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Connect,
    Listen,
    Keep,
}

/// What the two talk through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp4,
    Tcp6,
    Unix,
}

pub(crate) const WAYS: [Way; 3] = [Way::Connect, Way::Listen, Way::Keep];
pub(crate) const KINDS: [Kind; 3] = [Kind::Tcp4, Kind::Tcp6, Kind::Unix];

/// One way, with a directory of its own.
#[derive(Debug)]
pub(crate) struct Meeting {
    pub(crate) way: Way,
    pub(crate) kind: Kind,
    pub(crate) carrier: Carrier,
    pub(crate) room: Room,
    dir: TempDir,
}

impl Meeting {
    pub(crate) fn new(way: Way, kind: Kind, carrier: Carrier) -> Told<Self> {
        Ok(Self {
            way,
            kind,
            carrier,
            room: Room::Usual,
            dir: directory()?,
        })
    }

    /// Any of them.
    pub(crate) fn drawn(way: Way, chance: &mut Xorshift) -> Told<Self> {
        let kind = KINDS[chance.draw() as usize % KINDS.len()];
        let carrier = Carrier::BOTH[chance.draw() as usize % 2];
        let room = match chance.between(0, 1) {
            0 => Room::Usual,
            _ => Room::Narrow,
        };
        Ok(Self {
            room,
            ..Self::new(way, kind, carrier)?
        })
    }

    /// A path of this meeting.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn place(&self) -> Place {
        match self.kind {
            Kind::Tcp4 => Place::any_port(),
            Kind::Tcp6 => Place::Tcp(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))),
            Kind::Unix => socket_in(self.dir.path()),
        }
    }

    /// Starts our program with `options`, as `dress` has it, and connects it with a plain peer.
    pub(crate) fn dressed(
        &self,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Scene> {
        let first: &[&str] = match self.way {
            Way::Connect => &[],
            Way::Listen => &["-l", "-v"],
            Way::Keep => &["-l", "-v", "-k"],
        };
        let start = |place: &Place| {
            let words = first.iter().chain(options).map(|&word| word.to_owned());
            let program = Program::ncat(words.chain(place.words()));
            Scene::of(dress(program.carrier(self.carrier)))
        };
        if self.way == Way::Connect {
            let _ = std::fs::remove_file(self.path("socket")); // of a meeting before this one
            let door = self.place().open_with(&self.room, 16)?;
            let mut scene = start(&door.place)?;
            scene.admit(&door)?;
            return Ok(scene);
        }
        let mut scene = start(&self.place())?;
        let place = place_of(&mut scene)?;
        scene.peers.push(place.connect_with(&self.room)?);
        Ok(scene)
    }

    pub(crate) fn meet(&self, options: &[&str]) -> Told<Scene> {
        self.dressed(options, |program| program)
    }

    /// Sees the conversation end in an orderly way: with us and status 0, or without us if others may
    /// follow. What the peer has got by then.
    pub(crate) fn end(&self, scene: &mut Scene) -> Told<Vec<u8>> {
        let got = all_of(scene)?;
        self.leave(scene)?;
        Ok(got)
    }

    /// The same where the peer may still be talking when nobody is left to hear it. Over a Unix socket it
    /// is told so in place of the end, after the last byte; over TCP only if it goes on after the end.
    pub(crate) fn end_of_talk(&self, scene: &mut Scene) -> Told<Vec<u8>> {
        if self.kind != Kind::Unix {
            return self.end(scene);
        }
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        self.leave(scene)?;
        Ok(scene.peer().rx.got.clone())
    }

    fn leave(&self, scene: &mut Scene) -> Told {
        match self.way {
            Way::Connect | Way::Listen => scene.ends_with(0).map(drop)?,
            Way::Keep if scene.program.status.is_some() => {
                return Err(format!("the server has ended; {}", scene.state()));
            }
            Way::Keep => {}
        }
        Ok(())
    }
}

impl fmt::Display for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            way,
            kind,
            carrier,
            room,
            ..
        } = self;
        write!(f, "{way:?} over {kind:?}, {carrier}, {room:?} room")
    }
}

/// Plays the same scene in every way.
pub(crate) fn in_every_way(play: impl Fn(&Meeting) -> Told + Send + Sync) -> Told {
    let mut meetings = Vec::new();
    for way in WAYS {
        for kind in KINDS {
            for carrier in Carrier::BOTH {
                meetings.push(Meeting::new(way, kind, carrier)?);
            }
        }
    }
    let play = &play;
    let cases: Vec<_> = meetings
        .iter()
        .map(|meeting| Case::new(meeting.to_string(), move || play(meeting)))
        .collect();
    all_hold(&cases)
}

/// Plays the same scene connecting, listening and keeping open, over TCP.
pub(crate) fn over_tcp(play: impl Fn(&Meeting) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |way| {
        Case::new(format!("{way:?}"), move || {
            play(&Meeting::new(way, Kind::Tcp4, Carrier::Kernel)?)
        })
    };
    all_hold(&WAYS.map(case))
}
