//! Where a scene may be set: our program as client or as server, over TCP or a Unix stream, by
//! either path. What is true of streams is true in all eight settings.

use std::fmt;
use std::path::Path;

use tempfile::TempDir;

use super::scene::place_of;
use super::table::{Case, all_hold};
use super::wire::socket_in;
use super::{Carrier, Place, Program, Scene, Told, told};

/// Which side our program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What the two sides talk through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Tcp,
    Unix,
}

/// A directory for as long as it is held.
pub(crate) fn directory() -> Told<TempDir> {
    told(TempDir::new())
}

/// One of the eight, with a directory of its own.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) side: Side,
    pub(crate) over: Over,
    pub(crate) carrier: Carrier,
    dir: TempDir,
}

impl Setting {
    pub(crate) fn new(side: Side, over: Over, carrier: Carrier) -> Told<Self> {
        Ok(Self {
            side,
            over,
            carrier,
            dir: directory()?,
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Starts our program with `options` and with what `dress` gives it, and connects it with a
    /// plain peer.
    pub(crate) fn meet(
        &self,
        options: &[&str],
        dress: impl FnOnce(Program) -> Program,
    ) -> Told<Scene> {
        let place = match self.over {
            Over::Tcp => Place::any_port(),
            Over::Unix => socket_in(self.dir()),
        };
        let start = |first: &[&str], place: &Place| {
            let words = first
                .iter()
                .chain(options)
                .map(|&word| word.to_owned())
                .chain(place.words());
            Scene::of(dress(Program::ncat(words).carrier(self.carrier)))
        };
        match self.side {
            Side::Client => {
                let door = place.open()?;
                let mut scene = start(&[], &door.place)?;
                scene.admit(&door)?;
                Ok(scene)
            }
            Side::Server => {
                let mut scene = start(&["-l", "-v"], &place)?;
                let place = place_of(&mut scene)?;
                scene.enter(&place)?;
                Ok(scene)
            }
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} over {:?}, {}", self.side, self.over, self.carrier)
    }
}

/// Plays the same scene in all eight settings.
pub(crate) fn everywhere(play: impl Fn(&Setting) -> Told + Send + Sync) -> Told {
    in_settings(|_| true, play)
}

/// Plays the same scene in those settings that `fit`; for what only one side does or only one
/// protocol knows.
pub(crate) fn in_settings(
    fit: impl Fn(&Setting) -> bool,
    play: impl Fn(&Setting) -> Told + Send + Sync,
) -> Told {
    let mut settings = Vec::new();
    for side in [Side::Client, Side::Server] {
        for over in [Over::Tcp, Over::Unix] {
            for carrier in Carrier::BOTH {
                settings.push(Setting::new(side, over, carrier)?);
            }
        }
    }
    settings.retain(fit);
    let play = &play;
    let cases: Vec<_> = settings
        .iter()
        .map(|setting| Case::new(setting.to_string(), move || play(setting)))
        .collect();
    all_hold(&cases)
}
