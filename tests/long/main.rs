//! Long transfers: how fast they may go, what is seen of them, and what both sides can compare.

#![cfg(feature = "transfer")]

mod bar;
mod checksums;
#[path = "../common/mod.rs"]
mod common;
mod rates;

use std::path::Path;

use common::scene::place_of;
use common::{Out, Place, Program, Scene, Told};

/// A listener, and where it is.
pub(crate) fn listening(
    options: &[&str],
    dress: impl FnOnce(Program) -> Program,
) -> Told<(Scene, Place)> {
    let place = Place::any_port().words();
    let words = words(&["-l", "-v"], options);
    let mut scene = Scene::of(dress(Program::ncat([words, place].concat())))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// Who connects to it.
pub(crate) fn calling(
    place: &Place,
    options: &[&str],
    dress: impl FnOnce(Program) -> Program,
) -> Told<Scene> {
    let words = words(options, &[]);
    Scene::of(dress(Program::ncat([words, place.words()].concat())))
}

/// Two of our programs, of which the second listens and writes into that file.
pub(crate) fn both(
    into: &Path,
    (caller, listener): (&[&str], &[&str]),
    dress: impl Fn(Program) -> Program,
) -> Told<(Scene, Scene)> {
    let writes = |program: Program| dress(program).stdout(Out::File(into.to_owned()));
    let (listening, place) = listening(listener, writes)?;
    Ok((calling(&place, caller, &dress)?, listening))
}

fn words(first: &[&str], others: &[&str]) -> Vec<String> {
    let words = first.iter().chain(others);
    words.map(|&word| word.to_owned()).collect()
}

/// What a program said in lines of its own, without what was drawn over.
pub(crate) fn lines(stderr: &str) -> Vec<String> {
    let shown = |line: &str| line.rsplit("\x1b[2K").next().unwrap_or_default().to_owned();
    let all = stderr.split('\n').map(|line| line.trim_end_matches('\r'));
    all.map(shown).filter(|line| !line.is_empty()).collect()
}
