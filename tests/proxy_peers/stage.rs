//! What the scenes share: proxies of ours, servers behind them, and programs that are run to their end.

use std::process::Command;
use std::time::Duration;

use crate::common::scene::{Outcome, place_of};
use crate::common::{Program, Scene, Told};

/// How long a large program may take that does much more than we ask of it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Whether that program can be started; says so if it cannot.
pub(crate) fn has(program: &str) -> bool {
    let shown = Command::new(program).arg("--version").output().is_ok();
    if !shown {
        eprintln!("SKIPPED: no scene with {program}, for it is not installed");
    }
    shown
}

/// The path of the program under test, for other programs to start.
pub(crate) fn ours() -> String {
    std::env::var("NCAT_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_ncat").into())
}

/// Our program where somebody can come to it: a proxy, or a server behind one.
#[derive(Debug)]
pub(crate) struct Host {
    scene: Scene,
    /// `127.0.0.1:port`.
    pub(crate) at: String,
    pub(crate) port: String,
}

impl Host {
    /// It listens with these options, at a port that the kernel chose.
    pub(crate) fn of(options: &[&str]) -> Told<Self> {
        Self::dressed(options, |program| program)
    }

    pub(crate) fn dressed(options: &[&str], dress: impl FnOnce(Program) -> Program) -> Told<Self> {
        let words = [&["-l", "-v"], options, &["127.0.0.1", "0"]].concat();
        let mut scene = Scene::of(dress(Program::ncat(words)))?;
        let place = place_of(&mut scene)?;
        let port = place.words().pop().unwrap_or_default();
        Ok(Self {
            scene,
            at: format!("127.0.0.1:{port}"),
            port,
        })
    }

    /// A proxy that looks nobody up, for browsers ask for more than they are told to.
    pub(crate) fn proxy(kind: &str, options: &[&str]) -> Told<Self> {
        Self::of(&[&["-n", "--proxy-type", kind], options].concat())
    }

    /// Waits until it has told of something in these words.
    pub(crate) fn told(&mut self, words: &str) -> Told {
        let what = format!("the one at {} told of {words:?}", self.at);
        self.scene
            .until(&what, |s| s.program.stderr.text().contains(words))
    }
}

/// Waits for the end of a program that should end well, and gives what it said.
pub(crate) fn ended(scene: &mut Scene) -> Told<Outcome> {
    scene.patience = PATIENCE;
    scene.ends_with(0)
}

/// Runs a program that should end well.
pub(crate) fn run(program: Program) -> Told<Outcome> {
    ended(&mut Scene::of(program)?)
}

/// Sees that a text holds another, or shows it.
pub(crate) fn holds(what: &str, text: &str, wanted: &str) -> Told {
    match text.contains(wanted) {
        true => Ok(()),
        false => Err(format!("{what} lacks {wanted:?}: {text}")),
    }
}
