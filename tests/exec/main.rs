//! `--exec` and `--sh-exec`: every byte a program says arrives, whatever ends first; it inherits what
//! it should and nothing else; and nobody whom it has started is left behind.

#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod datagrams;
mod ends;
mod inherited;
mod kin;
mod leaving;
mod meeting;
mod options;
mod orphans;
mod output;

use common::scene::place_of;
use common::{Ending, Place, Program, Scene, Told};

/// The words of a listener on any port of 127.0.0.1 that serves many, with more options.
pub(crate) fn server_words<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["-l", "-k", "-v", "127.0.0.1", "0"], options].concat()
}

/// A listener on TCP that serves many, and where it is.
pub(crate) fn server(options: &[&str]) -> Told<(Scene, Place)> {
    let mut scene = Scene::of(Program::ncat(server_words(options)))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// What the last peer has got by the time it sees an orderly end.
pub(crate) fn all_of(scene: &mut Scene) -> Told<Vec<u8>> {
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    match scene.peer().rx.end {
        Some(Ending::Eof) => Ok(scene.peer().rx.got.clone()),
        _ => Err(format!("the connection broke; {}", scene.state())),
    }
}

/// The same as text.
pub(crate) fn text_of(scene: &mut Scene) -> Told<String> {
    Ok(String::from_utf8_lossy(&all_of(scene)?).into_owned())
}

/// What a new peer is told from its first byte to its last.
pub(crate) fn answer_to_a_new_peer(scene: &mut Scene, place: &Place) -> Told<String> {
    scene.enter(place)?;
    text_of(scene)
}

pub(crate) fn expect(what: &str, got: &str, wanted: &str) -> Told {
    if got == wanted {
        return Ok(());
    }
    Err(format!("{what}: {got:?} instead of {wanted:?}"))
}
