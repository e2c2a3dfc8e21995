//! Called as `nc`: what scripts do with OpenBSD's netcat, done with this program, and with that one where it
//! is installed. Each scene is played with both and must look the same.

#[path = "../common/mod.rs"]
mod common;

mod ends;
mod pass;
mod scans;
#[cfg(feature = "proxy")]
mod secret;
mod series;
mod uses;
mod words;

use std::path::Path;

use common::table::{Case, play};
use common::{In, Place, Program, Scene, Told};

/// The program that we are taken for.
const NC: &str = "/usr/bin/nc.openbsd";

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Ours,
    Theirs,
}

impl Who {
    /// Those that there are.
    fn all() -> Vec<Self> {
        let theirs = Path::new(NC).exists().then_some(Self::Theirs);
        [Some(Self::Ours), theirs].into_iter().flatten().collect()
    }

    /// It with those arguments.
    fn program(self, args: &[&str]) -> Program {
        match self {
            Self::Ours => Program::ncat([&["--compat", "openbsd"], args].concat()),
            Self::Theirs => Program::at(NC, args),
        }
    }

    /// It, whose stdin stays open.
    fn begin(self, args: &[&str]) -> Told<Scene> {
        Scene::of(self.program(args).stdin(In::Pipe))
    }

    /// It as a listener on a port that the system chooses, as soon as it says which.
    fn listen(self, args: &[&str]) -> Told<(Scene, u16)> {
        let args = [&["-vl"], args, &["127.0.0.1", "0"]].concat();
        let mut scene = self.begin(&args)?;
        scene.until("it says where it listens", |s| said_port(s).is_some())?;
        let port = said_port(&scene).ok_or("the port has gone")?;
        Ok((scene, port))
    }
}

/// The port at the end of the line about listening.
fn said_port(scene: &Scene) -> Option<u16> {
    let text = scene.program.stderr.text();
    let (line, _) = text.split_once('\n')?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Plays a scene with everybody there is.
fn with_both(scene: impl Fn(Who) -> Told + Send + Sync) -> Told {
    let scene = &scene;
    let cases: Vec<Case<'_>> = Who::all()
        .into_iter()
        .map(|who| Case::new(format!("{who:?}"), move || scene(who)))
        .collect();
    let results = play(&cases);
    let failed = cases.iter().zip(results).find_map(|(case, result)| {
        let why = result.err()?;
        Some(format!("{}: {why}", case.name))
    });
    failed.map_or(Ok(()), Err)
}

/// As `nc`, whatever the program was started as.
fn normal(text: &str) -> String {
    text.replace("nc.openbsd: ", "nc: ")
}

/// Host and port of a place, as arguments.
fn words(place: &Place) -> Vec<String> {
    place.words()
}
