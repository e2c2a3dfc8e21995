//! The process in which a script runs: what it has, what it has not, and whom it can harm.

use rustix::process::Signal;

use crate::common::payload::same;
use crate::common::{Program, Scene, Told};
use crate::{Script, heard, server};

#[test]
fn a_script_has_three_descriptors_and_none_of_ours() -> Told {
    // 2 is ENOENT: there is no such descriptor, be it of a kind that can be opened again or not.
    let text = "for fd = 3, 200 do
          local file, why, number = io.open('/proc/self/fd/' .. fd)
          if number ~= 2 then print(fd, file, why) end
        end
        io.read()";
    let script = Script::new(text)?;
    let (mut scene, place) = server(&["-k"], script.word())?;
    scene.enter(&place)?; // the next one could inherit what belongs to this one
    same(
        "descriptors of a script",
        &heard(&mut scene, &place, b"")?,
        b"",
    )
}

#[test]
fn a_script_is_ended_by_a_broken_pipe_as_any_program_is() -> Told {
    let text = "for line in io.lines('/proc/self/status') do
          local ignored = line:match('^SigIgn:%s*(%x+)')
          if ignored then print(tonumber(ignored, 16) >> 12 & 1) end -- 13 is SIGPIPE
        end";
    let script = Script::new(text)?;
    let (mut scene, place) = server(&[], script.word())?;
    same("SIGPIPE", &heard(&mut scene, &place, b"")?, b"0\n")
}

#[test]
fn a_script_cannot_change_what_the_next_peer_meets() -> Told {
    let text = "local pid = io.open('/proc/self/stat'):read('a'):match('^%d+ %b() %a (%d+)')
        for fd = 3, 64 do
          local path = '/proc/' .. pid .. '/fd/' .. fd
          if io.popen('readlink ' .. path):read('a'):find('memfd:lua-exec', 1, true) then
            local file = io.open(path, 'r+')
            file:setvbuf('no')
            print('it is there', file:write('print(\"changed\")'))
          end
        end";
    let script = Script::new(text)?;
    let (mut scene, place) = server(&["-k"], script.word())?;
    for _ in 0..2 {
        let got = heard(&mut scene, &place, b"")?;
        same(
            "a peer",
            &got,
            b"it is there\tnil\tOperation not permitted\t1\n",
        )?;
    }
    Ok(())
}

#[test]
fn a_script_that_never_ends_goes_when_its_peer_has_gone() -> Told {
    let script = Script::new("while true do print('more') end")?;
    let (mut scene, place) = server(&["-k"], script.word())?;
    scene.enter(&place)?;
    scene.until("it talks", |s| s.peer().rx.got.len() > 1 << 16)?;
    let children = |id: u32| {
        let list = format!("/proc/{id}/task/{id}/children");
        std::fs::read_to_string(list).unwrap_or_default()
    };
    if children(scene.program.id()).is_empty() {
        return Err("no process runs the script".into());
    }
    scene
        .peers
        .pop()
        .map_or(Ok(()), crate::common::Peer::reset)?;
    let deadline = crate::common::Deadline::usual();
    scene
        .program
        .repeat_until(deadline, "the script has ended", |id| {
            children(id).is_empty().then_some(())
        })
}

#[test]
fn a_signal_to_us_ends_the_scripts_too() -> Told {
    let script = Script::new("print('ready') io.read('a') while true do end")?;
    let words = [
        "-l",
        "-k",
        "-v",
        "--lua-exec",
        script.word(),
        "127.0.0.1",
        "0",
    ];
    let mut scene = Scene::of(Program::ncat(words).with_usual_signals())?;
    let place = crate::place_of(&mut scene)?;
    scene.enter(&place)?;
    scene.until("the script runs", |s| s.peer().rx.got == b"ready\n")?;
    scene.program.signal(Signal::TERM)?;
    scene.ends_with(143)?;
    scene.until("the peer is let go", |s| s.peer().rx.ended())
}
