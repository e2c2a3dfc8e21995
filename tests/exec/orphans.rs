//! Children that came to us from elsewhere: nobody else can bury them.

use rustix::process::geteuid;

use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::{Deadline, In, Program, Running, Scene, Told};
use crate::kin::children;
use crate::{answer_to_a_new_peer, server_words};

/// Waits until that process has exactly so many children, the dead ones included.
fn until_left(parent: impl Fn(u32) -> Option<u32>, count: usize, program: &mut Running) -> Told {
    let what = format!("it has {count} children, the dead ones included");
    let are_there = |id| (children(parent(id)?).len() == count).then_some(());
    program.repeat_until(Deadline::usual(), &what, are_there)
}

#[test]
fn children_of_whoever_turned_into_us_are_buried() -> Told {
    // One has ended when we begin, or is about to; the other one lives for as long as our stdin gives something.
    let script = "(exec true) & exec 3<&0; cat <&3 >/dev/null & exec 3<&-; exec \"$@\"";
    let program = Program::ncat(server_words(&["-c", "echo hello"]));
    let mut scene = Scene::of(program.stdin(In::Pipe).through(&["sh", "-c", script, "sh"]))?;
    let place = place_of(&mut scene)?;
    until_left(Some, 1, &mut scene.program)?;
    let answer = answer_to_a_new_peer(&mut scene, &place)?;
    same("the answer", answer.as_bytes(), b"hello\n")?;
    scene.program.stdin.finish();
    scene.until("stdin is closed", |s| s.program.stdin.is_done())?;
    until_left(Some, 0, &mut scene.program)
}

#[test]
fn the_first_process_of_a_container_buries_the_orphans_of_programs() -> Told {
    if !geteuid().is_root() {
        println!("SKIPPED: this user cannot make a container");
        return Ok(());
    }
    // Whoever is let go of here has nobody but us when the shell is gone. A first peer keeps its
    // program, so that we have a child of our own meanwhile.
    let line = "read word; (sleep 0.01 </dev/null >/dev/null 2>&1 &); echo $word; read word";
    let apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let program = Program::ncat(server_words(&["-c", line])).through(&apart);
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    scene.enter(&place)?;
    scene.peer().tx.push(b"stay\n");
    scene.until("the first is answered", |s| s.peer().rx.got == b"stay\n")?;
    let first = |outer| children(outer).first().copied();
    for _ in 0..3 {
        scene.enter(&place)?;
        scene.peer().tx.push(b"go\ngo\n");
        scene.until("another is answered", |s| s.peer().rx.ended())?;
        same("the answer", &scene.peer().rx.got, b"go\n")?;
    }
    until_left(first, 1, &mut scene.program)
}
