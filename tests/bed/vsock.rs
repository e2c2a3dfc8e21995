//! vsock, from the bed to itself: hosts are numbers, ports have 32 bits, and all else is as over TCP.

use crate::common::payload::{noise, same};
use crate::common::scene::announced;
use crate::common::{In, Program, Scene, Told};
use crate::transfers::both_end_well;
use crate::ways::{Listening, Way, Who, vsock_port};

/// The one number of a host that always means ourselves.
const SELF: &str = "1";

fn listening(words: &[&str]) -> Told<Scene> {
    let words = [&["-l", "-v", "--vsock"], words].concat();
    let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
    announced(&mut scene, 1)?;
    Ok(scene)
}

fn calling(words: &[&str]) -> Told<Scene> {
    let words = [&["--vsock"], words].concat();
    Scene::of(Program::ncat(words).stdin(In::Pipe))
}

/// Both say something and hear it, and end one after the other.
fn converse(caller: &mut Scene, listener: &mut Scene) -> Told {
    caller.program.stdin.push(b"hello\n");
    caller.program.stdin.finish();
    caller.until("it was taken", |s| s.program.stdin.is_done())?;
    listener.until("the listener heard it", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    listener.program.stdin.push(b"world\n");
    listener.program.stdin.finish();
    listener.until("it was taken", |s| s.program.stdin.is_done())?;
    both_end_well(caller, listener)?;
    same("the answer", &caller.program.stdout.got, b"world\n")
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn there_are_several_ways_to_say_where_to_listen() -> Told {
    let port = || vsock_port().to_string();
    let (one, two, three) = (port(), port(), port());
    let cases: [(&[&str], &str); 4] = [
        (&[&one], &one),
        (&[SELF, &two], &two),
        (&["-p", &three], &three),
        (&[], "31337"),
    ];
    for (words, port) in cases {
        let play = || {
            let mut listener = listening(words)?;
            converse(&mut calling(&[SELF, port])?, &mut listener)
        };
        play().map_err(|e| format!("{words:?}: {e}"))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_port_has_32_bits() -> Told {
    for port in ["65536", "2147483648", "4294967294"] {
        let mut listener = listening(&[port])?;
        converse(&mut calling(&[SELF, port])?, &mut listener)?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn each_direction_ends_by_itself() -> Told {
    let mut listener = Listening::start(Way::Vsock, Who::Ours, &[], |p| p.stdin(In::Pipe))?;
    let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
    caller.program.stdin.finish();
    // After its end the caller still hears everything, however long that takes.
    let said = noise(5, 500_000);
    let (first, second) = said.split_at(1000);
    listener.scene.program.stdin.push(first);
    listener
        .scene
        .until("it was taken", |s| s.program.stdin.is_done())?;
    caller.until("the first piece came", |s| s.program.stdout.got == first)?;
    listener.scene.program.stdin.push(second);
    listener.scene.program.stdin.finish();
    while !listener.scene.program.stdin.is_done() {
        crate::transfers::turn_both(&mut caller, &mut listener.scene)?;
    }
    both_end_well(&mut caller, &mut listener.scene)?;
    same("what the caller heard", &caller.program.stdout.got, &said)
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn one_listener_serves_many() -> Told {
    let mut listener = Listening::start(Way::Vsock, Who::Ours, &["-k"], |p| p.stdin(In::Pipe))?;
    let mut callers = Vec::new();
    for nth in 0..3 {
        let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
        caller.program.stdin.push(&[b'0' + nth]);
        caller.until("it was taken", |s| s.program.stdin.is_done())?;
        listener
            .scene
            .until("it was heard", |s| s.program.stdout.got.len() > nth.into())?;
        callers.push(caller);
    }
    same("what was heard", &listener.scene.program.stdout.got, b"012")?;
    listener.scene.program.stdin.push(b"to all\n");
    listener
        .scene
        .until("it was taken", |s| s.program.stdin.is_done())?;
    for mut caller in callers {
        caller.until("everybody hears it", |s| {
            s.program.stdout.got == b"to all\n"
        })?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_program_is_told_of_both_ends() -> Told {
    let listener = Listening::ours(Way::Vsock, &["-k", "-c", "env"])?;
    let source = vsock_port().to_string();
    let mut caller = listener.called(&["--source-port", &source, "--recv-only"], |p| p)?;
    let env = caller.ends_with(0)?.stdout;
    let env = String::from_utf8_lossy(&env);
    for wanted in [
        "NCAT_PROTO=TCP".into(),
        format!("NCAT_REMOTE_ADDR={SELF}"),
        format!("NCAT_REMOTE_PORT={source}"),
        format!("NCAT_LOCAL_ADDR={SELF}"),
        format!("NCAT_LOCAL_PORT={}", listener.port()),
    ] {
        if !env.lines().any(|line| line == wanted) {
            return Err(format!("the environment lacks {wanted}: {env}"));
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_program_serves_each_caller() -> Told {
    let listener = Listening::ours(Way::Vsock, &["-k", "-e", "/bin/cat"])?;
    let said = noise(6, 300_000);
    for _ in 0..3 {
        let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
        caller.program.stdin.push(&said);
        caller.program.stdin.finish();
        let echo = caller.ends_with(0)?.stdout;
        same("the echo", &echo, &said)?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_kernel_with_streams_only_is_not_said_to_have_no_vsock() -> Told {
    let port = vsock_port().to_string();
    for place in [&["-l", &port][..], &[SELF, &port]] {
        let program = Program::ncat([&["--vsock", "-u"], place].concat());
        let told = Scene::of(program)?.ends_with(1)?.stderr;
        same(
            "what it says",
            told.as_bytes(),
            b"Ncat: This system's kernel has no datagrams over vsock.\n",
        )?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn nobody_there_is_a_sentence() -> Told {
    let port = vsock_port().to_string();
    let outcome = calling(&[SELF, &port])?.ends_with(1)?;
    let said = outcome.stderr.trim_end();
    match said.starts_with("Ncat: ") && said.ends_with('.') && said.lines().count() == 1 {
        true => Ok(()),
        false => Err(format!("it says {said:?}")),
    }
}
