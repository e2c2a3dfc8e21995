//! SCTP as TCP: what a listener or a caller does over the one, it does over the other, except that an
//! association has no half that could end by itself.

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::wire::connect_by_sctp;
use crate::common::{In, Out, Program, Scene, Told};
use crate::ways::{Listening, Way, Who};

const WAYS: [Way; 3] = [Way::Sctp, Way::Sctp6, Way::SctpTls];

fn by_each(play: impl Fn(Way) -> Told + Send + Sync) -> Told {
    let play = &play;
    let cases = WAYS.map(|way| Case::new(format!("{way:?}"), move || play(way)));
    all_hold(&cases)
}

/// Sees that a text holds these lines.
fn says(what: &str, text: &str, lines: &[String]) -> Told {
    for line in lines {
        if !text.lines().any(|said| said == line) {
            return Err(format!("{what} does not say {line:?}: {text:?}"));
        }
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_program_is_told_of_both_ends() -> Told {
    by_each(|way| {
        let listener = Listening::ours(way, &["-c", "env"])?;
        let host = way.host();
        let options = ["-s", host, "-p", "12345", "--recv-only"];
        let env = listener.called(&options, |p| p)?.ends_with(0)?.stdout;
        let wanted = [
            "NCAT_PROTO=SCTP".into(),
            format!("NCAT_REMOTE_ADDR={host}"),
            "NCAT_REMOTE_PORT=12345".into(),
            format!("NCAT_LOCAL_ADDR={host}"),
            format!("NCAT_LOCAL_PORT={}", listener.port()),
        ];
        says("its environment", &String::from_utf8_lossy(&env), &wanted)
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_caller_can_have_a_program_too() -> Told {
    by_each(|way| {
        let mut listener =
            Listening::start(way, Who::Ours, &[], |program| program.stdin(In::Pipe))?;
        let mut caller = listener.called(&["-c", "echo $NCAT_PROTO; cat"], |p| p)?;
        listener.scene.program.stdin.push(b"hello\n");
        listener.scene.until("the program answers", |s| {
            s.program.stdout.got == b"SCTP\nhello\n"
        })?;
        listener.scene.program.stdin.finish();
        listener.scene.ends_with(0)?;
        caller.ends_with(0).map(drop)
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_program_serves_each_caller() -> Told {
    by_each(|way| {
        let listener = Listening::ours(way, &["-k", "-e", "/bin/cat"])?;
        let said = noise(3, 300_000);
        for _ in 0..3 {
            let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
            caller.program.stdin.push(&said);
            caller.until("all is back", |s| s.program.stdout.got.len() >= said.len())?;
            same("the echo", &caller.program.stdout.got, &said)?;
            caller.program.stdin.finish();
            caller.ends_with(0)?;
        }
        Ok(())
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn the_output_of_a_program_arrives_to_its_last_byte() -> Told {
    by_each(|way| {
        let listener = Listening::ours(way, &["-k", "-c", "head -c 300000 /dev/zero"])?;
        for _ in 0..3 {
            let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
            let outcome = caller.ends_with(0)?;
            same("the output", &outcome.stdout, &[0; 300_000])?;
        }
        Ok(())
    })
}

/// At the end of stdin what was read is delivered, and then the association ends for both.
#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn the_end_of_one_side_is_the_end_of_both() -> Told {
    by_each(|way| {
        for caller_ends in [true, false] {
            let mut listener =
                Listening::start(way, Who::Ours, &[], |program| program.stdin(In::Pipe))?;
            let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
            let (one, other) = match caller_ends {
                true => (&mut caller, &mut listener.scene),
                false => (&mut listener.scene, &mut caller),
            };
            one.program.stdin.push(b"the last words");
            one.program.stdin.finish();
            one.ends_with(0)?;
            let heard = other.ends_with(0)?.stdout;
            same("what the other heard", &heard, b"the last words")?;
        }
        Ok(())
    })
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn it_says_who_is_there_as_over_tcp() -> Told {
    let told = |way: Way| -> Told<(Vec<String>, Vec<String>)> {
        let mut listener = Listening::ours(way, &["-c", "echo hello"])?;
        let options = ["-v", "--recv-only"];
        let caller = listener.called(&options, |p| p)?.ends_with(0)?.stderr;
        let listener = listener.scene.ends_with(0)?.stderr;
        let plain = |text: String| text.lines().map(without_numbers).collect();
        Ok((plain(listener), plain(caller)))
    };
    let (by_tcp, by_sctp) = (told(Way::Tcp)?, told(Way::Sctp)?);
    match by_tcp == by_sctp {
        true => Ok(()),
        false => Err(format!("over TCP {by_tcp:?}, over SCTP {by_sctp:?}")),
    }
}

/// Ports and times differ.
fn without_numbers(line: &str) -> String {
    let pieces = line.split(|c: char| c.is_ascii_digit());
    pieces
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join("#")
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn ports_are_tried() -> Told {
    for way in [Way::Sctp, Way::Sctp6] {
        let listener = Listening::ours(way, &["-k"])?;
        let mut open = listener.called(&["-z", "-v"], |p| p)?;
        open.ends_with(0)?;
        let port = listener.port();
        drop(listener);
        let words = ["--sctp", "-z", way.host(), &port.to_string()];
        Scene::of(Program::ncat(words))?.ends_with(1)?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn nobody_there_is_a_sentence() -> Told {
    let port = Listening::ours(Way::Sctp, &[])?.port().to_string();
    let outcome = Scene::of(Program::ncat(["--sctp", "127.0.0.1", &port]))?.ends_with(1)?;
    match outcome.stderr.as_str() {
        "Ncat: Connection refused.\n" => Ok(()),
        other => Err(format!("it says {other:?}")),
    }
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn who_is_idle_is_left() -> Told {
    by_each(|way| {
        let options = ["-i", "300ms"];
        let mut listener =
            Listening::start(way, Who::Ours, &options, |program| program.stdin(In::Pipe))?;
        let mut caller = listener.called(&[], |program| program.stdin(In::Pipe))?;
        let outcome = listener.scene.ends_with(2)?;
        let wanted = ["Ncat: Idle timeout expired (300 ms). QUITTING.".into()];
        says("the listener", &outcome.stderr, &wanted)?;
        caller.outcome().map(drop)
    })
}

/// A plain socket sends what no ncat would: single bytes, and pieces up to what one message may hold.
#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_stream_is_no_sequence_of_messages() -> Told {
    let mut listener = Listening::start(Way::Sctp, Who::Ours, &["-4"], |program| {
        program.stdin(In::Pipe).stdout(Out::Pipe)
    })?;
    let port = u16::try_from(listener.port()).map_err(|e| e.to_string())?;
    let scene = &mut listener.scene;
    scene
        .peers
        .push(connect_by_sctp(([127, 0, 0, 1], port).into())?);
    let mut all = Vec::new();
    for size in [1, 2, 1, 1500, 65_000, 3, 9000] {
        let piece = noise(size as u64, size);
        scene.peer().tx.push(&piece);
        all.extend_from_slice(&piece);
        let due = all.len();
        scene.until("it came out", |s| s.program.stdout.got.len() >= due)?;
    }
    scene.peer().tx.finish();
    let heard = scene.ends_with(0)?.stdout;
    same("what came out", &heard, &all)
}
