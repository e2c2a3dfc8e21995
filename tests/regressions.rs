//! Defects that were found once, each with the scene in which it showed.

mod common;

use common::scene::place_of;
use common::{Deadline, In, Out, Place, Program, Running, Scene, Told};

/// The words that make the program go to a door of ours, after these options.
fn going_to(place: &Place, options: &[&str]) -> Vec<String> {
    let options = options.iter().map(|word| (*word).to_owned());
    options.chain(place.words()).collect()
}

/// A program that listens on any port with these options, in a scene without peers.
fn listening(options: &[&str], dress: impl FnOnce(Program) -> Program) -> Told<(Scene, Place)> {
    let words = ["-l", "-v", "-4", "127.0.0.1", "0"];
    let program = Program::ncat(words.iter().chain(options)).stdin(In::Pipe);
    let mut scene = Scene::of(dress(program))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

#[test]
fn what_layers_hold_when_stdout_breaks_is_not_reported_as_delivered() -> Told {
    let door = Place::any_port().open()?;
    let mut scene = Scene::of(Program::ncat(going_to(&door.place, &["-C"])))?;
    scene.program.stdout.paused = true;
    scene.admit(&door)?;
    scene.peer().tx.push(&[b'x'; 150_000]);
    scene.peer().tx.finish();
    scene.until("the peer saw our end and was read", |s| {
        s.peer().tx.is_done() && s.peer().rx.ended()
    })?;
    scene.until_quiet(std::time::Duration::from_millis(100))?;
    scene.program.stdout.drop_end();
    let outcome = scene.ends_with(2)?;
    let said = "Ncat: write: Broken pipe (standard output).\n";
    assert_eq!(outcome.stderr, said, "the lost bytes are owned up to");
    Ok(())
}

#[test]
fn a_lost_reader_of_stdout_ends_us_though_the_peer_listens_only_when_heard() -> Told {
    let echo = "/bin/cat";
    let door = Place::any_port().open()?;
    let program = Program::ncat(going_to(&door.place, &[]));
    let mut scene = Scene::of(
        program
            .stdin(In::File("/dev/zero".into()))
            .stdout(Out::Pipe),
    )?;
    scene.program.stdout.paused = true;
    // A peer that answers all it hears takes no more once its answers are not heard.
    let peer = door.accept(Deadline::usual())?.into_fd()?;
    let answers = peer.try_clone().map_err(|e| e.to_string())?;
    let empty: [&str; 0] = [];
    let _echo: Running = Program::at(echo, empty)
        .stdin(In::Given(peer))
        .stdout(Out::Given(answers))
        .start()?;
    scene.until_quiet(std::time::Duration::from_millis(300))?;
    scene.program.stdout.drop_end();
    scene.ends_with(2)?;
    Ok(())
}
