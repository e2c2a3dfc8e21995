//! Stdin and stdout of every kind carry the same bytes, and none of them is changed for those who
//! share it.

mod common;

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{OFlags, SeekFrom, fcntl_getfl, fcntl_setfl, seek};

use common::payload::{endless_lines, lines, noise, same};
use common::program::{pair, pipe, terminal};
use common::setting::everywhere;
use common::{Catcher, Ending, In, Medium, Out, Scene, Told, told};

/// Kinds of stdout whose bytes a test can see.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Pipe,
    Terminal,
    Socket,
    File,
    Append,
}

const KINDS: [Kind; 5] = [
    Kind::Pipe,
    Kind::Terminal,
    Kind::Socket,
    Kind::File,
    Kind::Append,
];

fn out(kind: Kind, path: &Path) -> Out {
    match kind {
        Kind::Pipe => Out::Pipe,
        Kind::Terminal => Out::Terminal,
        Kind::Socket => Out::Socket,
        Kind::File => Out::File(path.to_owned()),
        Kind::Append => Out::Append(path.to_owned()),
    }
}

#[test]
fn stdout_of_every_kind_gets_every_byte() -> Told {
    for kind in KINDS {
        everywhere(|setting| {
            let path = setting.dir().join("out");
            told(fs::write(&path, "before\n"))?;
            let data = lines(1, 1_000_000);
            let mut scene = setting.meet(&[], |p| p.stdin(In::Pipe).stdout(out(kind, &path)))?;
            scene.peer().tx.push(&data);
            scene.peer().tx.finish();
            scene.program.stdin.finish();
            let outcome = scene.ends_with(0)?;
            match kind {
                Kind::Pipe | Kind::Terminal | Kind::Socket => {
                    same("stdout", &outcome.stdout, &data)
                }
                Kind::File => same("the file", &told(fs::read(&path))?, &data),
                Kind::Append => same(
                    "the file",
                    &told(fs::read(&path))?,
                    &[b"before\n", data.as_slice()].concat(),
                ),
            }
        })
        .map_err(|e| format!("{kind:?}: {e}"))?;
    }
    Ok(())
}

#[test]
fn a_socket_for_stdin_is_read_to_its_end() -> Told {
    everywhere(|setting| {
        let data = noise(2, 1_000_000);
        let mut scene = setting.meet(&[], |p| p.stdin(In::Socket))?;
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.until("the peer saw the end", |s| {
            s.peer().rx.end == Some(Ending::Eof)
        })?;
        same("the peer", &scene.peer().rx.got, &data)?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn one_socket_for_stdin_and_stdout_goes_both_ways() -> Told {
    everywhere(|setting| {
        let (ours, theirs) = pair()?;
        let again = told(theirs.try_clone())?;
        let (data, answer) = (noise(3, 500_000), noise(4, 500_000));
        let mut scene = setting.meet(&[], |p| {
            p.stdin(In::Given(theirs)).stdout(Out::Given(again))
        })?;
        scene.program.stdout = Catcher::new(told(ours.try_clone())?, Medium::Socket);
        scene.program.stdin = common::Feeder::new(ours, Medium::Socket);
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.peer().tx.push(&answer);
        scene.peer().tx.finish();
        scene.until("both have everything", |s| {
            s.peer().rx.ended() && s.program.stdout.ended()
        })?;
        same("the peer", &scene.peer().rx.got, &data)?;
        same("stdout", &scene.program.stdout.got, &answer)?;
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn one_terminal_for_stdin_and_stdout_goes_both_ways() -> Told {
    everywhere(|setting| {
        let (ours, theirs) = terminal()?;
        let again = told(theirs.try_clone())?;
        let mut scene = setting.meet(&[], |p| {
            p.stdin(In::Given(theirs)).stdout(Out::Given(again))
        })?;
        scene.program.stdout = Catcher::new(told(ours.try_clone())?, Medium::Terminal);
        scene.program.stdin = common::Feeder::new(ours, Medium::Terminal);
        let (typed, shown) = (lines(5, 100_000), lines(6, 100_000));
        scene.program.stdin.push(&typed);
        scene.peer().tx.push(&shown);
        scene.until("both have everything", |s| {
            s.peer().rx.got.len() >= typed.len() && s.program.stdout.got.len() >= shown.len()
        })?;
        same("the peer", &scene.peer().rx.got, &typed)?;
        same("the terminal", &scene.program.stdout.got, &shown)?;
        scene.program.stdin.finish();
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

fn flags(fd: &impl AsFd) -> Told<OFlags> {
    fcntl_getfl(fd).map_err(|e| format!("no flags: {e}"))
}

/// Has bytes flow through two given descriptors and looks at the flags of their descriptions
/// before, meanwhile and after.
fn flags_stay(make: impl Fn() -> Told<(OwnedFd, OwnedFd)> + Send + Sync, medium: Medium) -> Told {
    everywhere(|setting| {
        let ((read, feed), (catch, write)) = (turned(make()?, medium), make()?);
        let shared = (told(read.try_clone())?, told(write.try_clone())?);
        let before = (flags(&shared.0)?, flags(&shared.1)?);
        let unchanged = || {
            let now = (flags(&shared.0)?, flags(&shared.1)?);
            if now == before {
                Ok(())
            } else {
                Err(format!("the flags were {before:?} and are {now:?}"))
            }
        };
        let mut scene =
            setting.meet(&[], |p| p.stdin(In::Given(read)).stdout(Out::Given(write)))?;
        scene.program.stdin = common::Feeder::new(feed, medium);
        scene.program.stdout = Catcher::new(catch, medium);
        let data = lines(7, 100_000);
        scene.program.stdin.push(&data);
        scene.peer().tx.push(&data);
        scene.until("both have everything", |s| {
            s.peer().rx.got.len() >= data.len() && s.program.stdout.got.len() >= data.len()
        })?;
        unchanged()?;
        scene.peer().tx.finish();
        scene.program.stdin.finish();
        scene.until("it ended", |s| s.program.status.is_some())?;
        unchanged()
    })
}

/// A pipe has its reading end first; so has stdin, while of the other kinds our own end comes
/// first.
fn turned((one, other): (OwnedFd, OwnedFd), medium: Medium) -> (OwnedFd, OwnedFd) {
    if medium == Medium::Pipe {
        (one, other)
    } else {
        (other, one)
    }
}

#[test]
fn pipes_keep_their_flags_for_those_who_share_them() -> Told {
    flags_stay(pipe, Medium::Pipe)
}

#[test]
fn terminals_keep_their_flags_for_those_who_share_them() -> Told {
    flags_stay(terminal, Medium::Terminal)
}

#[test]
fn sockets_keep_their_flags_for_those_who_share_them() -> Told {
    flags_stay(pair, Medium::Socket)
}

/// A shell may hand us descriptors that another program has made non-blocking.
#[test]
fn descriptors_that_do_not_block_lose_nothing() -> Told {
    everywhere(|setting| {
        let ((read, feed), (catch, write)) = (pipe()?, pipe()?);
        for fd in [&read, &write] {
            fcntl_setfl(fd, flags(fd)? | OFlags::NONBLOCK).map_err(|e| e.to_string())?;
        }
        let mut scene =
            setting.meet(&[], |p| p.stdin(In::Given(read)).stdout(Out::Given(write)))?;
        scene.program.stdin = common::Feeder::new(feed, Medium::Pipe);
        scene.program.stdout = Catcher::new(catch, Medium::Pipe);
        scene.program.stdout.paused = true;
        let data = noise(8, 400_000);
        scene.program.stdin.push(&data);
        scene.flood(Duration::from_millis(50), endless_lines(8, 1 << 18), |s| {
            &mut s.peer().tx
        })?;
        scene.program.stdout.paused = false;
        scene.program.stdin.finish();
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, &data)?;
        let Scene { program, peers, .. } = &scene;
        same("stdout", &program.stdout.got, peers[0].tx.pushed())
    })
}

#[test]
fn a_file_goes_on_where_its_offset_stands_and_is_left_at_the_end() -> Told {
    everywhere(|setting| {
        let path = setting.dir().join("file");
        let data = noise(9, 300_000);
        told(fs::write(&path, &data))?;
        let file = OwnedFd::from(told(fs::File::open(&path))?);
        let shared = told(file.try_clone())?;
        seek(&shared, SeekFrom::Start(1000)).map_err(|e| e.to_string())?;
        let mut scene = setting.meet(&[], |p| p.stdin(In::Given(file)))?;
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, &data[1000..])?;
        let at = seek(&shared, SeekFrom::Current(0)).map_err(|e| e.to_string())?;
        if at != 300_000 {
            return Err(format!("the offset was left at {at}"));
        }
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn output_goes_on_where_the_offset_of_a_file_stands() -> Told {
    everywhere(|setting| {
        let path = setting.dir().join("file");
        told(fs::write(&path, "0123456789"))?;
        let file = OwnedFd::from(told(fs::OpenOptions::new().write(true).open(&path))?);
        let shared = told(file.try_clone())?;
        seek(&shared, SeekFrom::Start(4)).map_err(|e| e.to_string())?;
        let mut scene = setting.meet(&[], |p| p.stdin(In::Pipe).stdout(Out::Given(file)))?;
        scene.peer().tx.push(b"abc");
        scene.peer().tx.finish();
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        same("the file", &told(fs::read(&path))?, b"0123abc789")?;
        let at = seek(&shared, SeekFrom::Current(0)).map_err(|e| e.to_string())?;
        if at == 7 {
            Ok(())
        } else {
            Err(format!("the offset was left at {at}"))
        }
    })
}

#[test]
fn a_special_file_that_never_ends_is_read_as_long_as_somebody_takes_it() -> Told {
    everywhere(|setting| {
        let mut scene = setting.meet(&[], |p| p.stdin(In::File("/dev/zero".into())))?;
        scene.until("the peer has much", |s| s.peer().rx.got.len() > 8_000_000)?;
        scene.peer().tx.push(b"enough\n");
        scene.until("stdout has it", |s| s.program.stdout.got == b"enough\n")?;
        if scene.peer().rx.got.iter().any(|&byte| byte != 0) {
            return Err("something else than zeros came".into());
        }
        Ok(())
    })
}
