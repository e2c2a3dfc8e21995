//! TLS is a layer and knows nothing of modes: what works over plain TCP works over it.

use crate::common::payload::{noise, same};
use crate::common::{Scene, Told, directory, told};
use crate::library::{Caller, config};
use crate::people::{calling, listening, port_of};

/// What callers were told, in the order in which they came.
fn all_hear(callers: &mut [Caller], text: &str) -> Told {
    for caller in callers {
        assert_eq!(
            String::from_utf8_lossy(&caller.hear(text.len())?),
            text,
            "what was heard"
        );
    }
    Ok(())
}

/// A server and so many callers.
fn served(options: &[&str], count: usize) -> Told<(Scene, Vec<Caller>)> {
    let (scene, place) = listening(&[&["--ssl"], options].concat())?;
    let config = config()?;
    let callers = (0..count).map(|_| Caller::connect(&place, &config));
    Ok((scene, callers.collect::<Told<_>>()?))
}

#[test]
fn a_broker_passes_on_what_its_members_say() -> Told {
    let (mut scene, mut callers) = served(&["--broker"], 3)?;
    let connected =
        |s: &mut Scene| s.program.stderr.text().matches("Connection from ").count() >= 3;
    scene.until("all are in", connected)?;
    callers[0].say(b"hello\n")?;
    all_hear(&mut callers[1..], "hello\n")?;
    scene.program.stdin.push(b"order!\n");
    scene.until("stdin is taken", |s| s.program.stdin.is_done())?;
    all_hear(&mut callers, "order!\n")?;
    let bulk = noise(9, 1 << 20);
    callers[2].say(&bulk)?;
    for caller in &mut callers[..2] {
        same("a member", &caller.hear(bulk.len())?, &bulk)?;
    }
    Ok(())
}

#[test]
fn a_chat_says_who_is_talking() -> Told {
    let (mut scene, place) = listening(&["--ssl", "--chat"])?;
    let config = config()?;
    let mut one = Caller::connect(&place, &config)?;
    let mut other = Caller::connect(&place, &config)?;
    scene.until("both are in", |s| {
        s.program.stderr.text().contains("as <user2>")
    })?;
    one.say(b"hello\n")?;
    let mut heard = String::new();
    while !heard.ends_with("<user1> hello\n") {
        heard.push_str(&String::from_utf8_lossy(&other.hear(1)?));
        assert!(heard.len() < 1000, "what the other heard: {heard}");
    }
    Ok(())
}

#[test]
fn a_program_serves_each_caller() -> Told {
    let (_scene, mut callers) = served(&["-k", "-e", "/bin/cat"], 3)?;
    let bulk = noise(10, 100_000);
    for caller in &mut callers {
        caller.say(&bulk)?;
    }
    for caller in &mut callers {
        same("the echo", &caller.hear(bulk.len())?, &bulk)?;
        caller.finish()?;
        assert_eq!(caller.hear_all()?, b"", "cat ends with its input");
    }
    Ok(())
}

#[test]
fn the_output_of_a_program_arrives_to_its_last_byte() -> Told {
    let (_scene, mut callers) = served(&["-k", "-c", "head -c 300000 /dev/zero"], 3)?;
    for caller in &mut callers {
        assert_eq!(caller.hear_all()?.len(), 300_000, "zeros");
    }
    Ok(())
}

#[test]
fn logs_hold_what_was_said_and_not_what_was_sent() -> Told {
    let dir = directory()?;
    let (raw, hex) = (dir.path().join("raw"), dir.path().join("hex"));
    let options = [
        "-o",
        &raw.display().to_string(),
        "-x",
        &hex.display().to_string(),
    ];
    let (mut scene, mut callers) = served(&[&["-C"], &options[..]].concat(), 1)?;
    callers[0].say(b"hello\n")?;
    scene.until("stdout shows it", |s| s.program.stdout.text() == "hello\n")?;
    scene.program.stdin.push(b"welcome\n");
    scene.until("stdin is taken", |s| s.program.stdin.is_done())?;
    assert_eq!(
        callers[0].hear(9)?,
        b"welcome\r\n",
        "line ends of the network"
    );
    callers[0].finish()?;
    scene.ends_with(0)?;
    assert_eq!(told(std::fs::read(&raw))?, b"hello\nwelcome\r\n", "the log");
    let hex = told(std::fs::read_to_string(&hex))?;
    assert!(
        hex.starts_with("0000   68 65 6c 6c 6f 0a "),
        "the log in hex: {hex}"
    );
    Ok(())
}

#[test]
fn telnet_is_answered_inside() -> Told {
    let (mut scene, mut callers) = served(&["-t"], 1)?;
    callers[0].say(b"\xff\xfb\x01hello\n")?;
    assert_eq!(callers[0].hear(3)?, b"\xff\xfe\x01", "the answer");
    scene.until("stdout shows the rest", |s| {
        s.program.stdout.text() == "hello\n"
    })
}

#[test]
fn who_is_idle_is_left() -> Told {
    let (mut scene, mut callers) = served(&["-i", "200ms"], 1)?;
    let outcome = scene.ends_with(2)?;
    assert!(
        outcome
            .stderr
            .contains("Idle timeout expired (200 ms). QUITTING."),
        "{outcome:?}"
    );
    let _ = callers[0].hear_all(); // how it is told does not matter here
    // With many peers only the idle one is left.
    let (scene, place) = listening(&["--ssl", "-k", "-i", "200ms", "-e", "/bin/cat"])?;
    let config = config()?;
    let mut idle = Caller::connect(&place, &config)?;
    assert!(
        idle.hear(1).is_err(),
        "nothing was said, and nothing is heard"
    );
    let mut busy = Caller::connect(&place, &config)?;
    busy.say(b"x")?;
    assert_eq!(busy.hear(1)?, b"x", "the server is still there");
    drop(scene);
    Ok(())
}

#[test]
fn a_limit_counts_those_who_are_in() -> Told {
    let (mut scene, place) = listening(&["--ssl", "-k", "-m", "1"])?;
    let config = config()?;
    let mut first = Caller::connect(&place, &config)?;
    first.say(b"one\n")?;
    scene.until("the first is in", |s| s.program.stdout.text() == "one\n")?;
    assert!(
        Caller::connect(&place, &config).is_err(),
        "a second one was let in"
    );
    first.finish()?;
    drop(first);
    scene.until("the first has left", |s| {
        s.program.stderr.text().contains(" closed: ")
    })?;
    let mut third = Caller::connect(&place, &config)?;
    third.say(b"three\n")?;
    scene.until("the third is in", |s| {
        s.program.stdout.text().ends_with("three\n")
    })
}

#[test]
fn ports_are_tried_to_the_end_of_the_handshake() -> Told {
    let (_scene, place) = listening(&["--ssl", "-k"])?;
    let mut scan = calling(&place, &["-z", "--ssl", "-v"])?;
    scan.ends_with(0)?;
    let (_scene, place) = listening(&["-k", "-c", "echo I speak plainly"])?;
    let mut scan = calling(&place, &["-z", "--ssl"])?;
    scan.ends_with(1)?;
    let port = port_of(&place);
    assert!(!port.is_empty(), "the port that was tried");
    Ok(())
}
