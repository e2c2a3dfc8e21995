//! The options that change a conversation do so when a program holds it.

use std::time::{Duration, Instant};

use crate::common::payload::same;
use crate::common::{Place, Program, Scene, Told, directory, told};
use crate::kin::Mark;
use crate::meeting::{Kind, Meeting, WAYS, Way, over_tcp};
use crate::{answer_to_a_new_peer, expect, server, server_words};

const A_MOMENT: Duration = Duration::from_millis(250);

#[test]
fn the_idle_timeout_ends_the_idle_one_with_its_program_and_nobody_else() -> Told {
    let mark = Mark::new();
    let options = ["-i", "1500ms", "--kill-after", "100ms", "-e", "/bin/cat"];
    let mut scene = Scene::of(mark.on(Program::ncat(server_words(&options))))?;
    let place = crate::common::scene::place_of(&mut scene)?;
    scene.enter(&place)?;
    scene.enter(&place)?;
    let begin = Instant::now();
    while !scene.peers[0].rx.ended() {
        let before = scene.peer().rx.got.len();
        scene.peer().tx.push(b"still here\n");
        scene.until("the busy one is answered", |s| {
            s.peer().rx.got.len() > before
        })?;
        scene.holds(Duration::from_millis(100), "the busy one stays", |s| {
            !s.peer().rx.ended()
        })?;
        if begin.elapsed() > scene.patience {
            return Err(format!("the silent one stays; {}", scene.state()));
        }
    }
    mark.until_borne_by(1, &mut scene.program)
}

#[test]
fn the_idle_timeout_ends_a_single_conversation_with_its_status() -> Told {
    for (way, status) in [(Way::Connect, 1), (Way::Listen, 2)] {
        let meeting = Meeting::new(way, Kind::Tcp4, crate::common::Carrier::Kernel)?;
        let mark = Mark::new();
        let options = ["-i", "300ms", "--kill-after", "100ms", "-c", "sleep 1000"];
        let mut scene = meeting.dressed(&options, |program| mark.on(program))?;
        let outcome = scene.ends_with(status)?;
        if !outcome.stderr.contains("Idle timeout expired (300 ms).") {
            return Err(format!("{way:?}: it said {:?}", outcome.stderr));
        }
        mark.is_gone()?;
    }
    Ok(())
}

#[test]
fn one_too_many_is_turned_away_until_a_program_is_over() -> Told {
    let (mut scene, place) = server(&["-m", "2", "-e", "/bin/cat"])?;
    for _ in 0..2 {
        scene.enter(&place)?;
        scene.peer().tx.push(b"hello\n");
        scene.until("it is answered", |s| s.peer().rx.got == b"hello\n")?;
    }
    for _ in 0..3 {
        same(
            "one too many",
            answer_to_a_new_peer(&mut scene, &place)?.as_bytes(),
            b"",
        )?;
        scene.peers.pop();
    }
    scene.peer().tx.finish();
    same("the second", &crate::all_of(&mut scene)?, b"hello\n")?;
    // Its program may live a little longer than its last word.
    let gone = |s: &mut Scene| s.program.stderr.text().contains(" closed: ");
    scene.until("its program is over", gone)?;
    scene.peers.pop();
    scene.enter(&place)?;
    scene.peer().tx.push(b"hello\n");
    scene.until("there is room", |s| s.peer().rx.got == b"hello\n")
}

#[test]
fn the_delay_is_kept_both_ways() -> Told {
    over_tcp(|meeting| {
        let begin = Instant::now();
        let mut scene = meeting.meet(&["-d", "300ms", "-c", "read word; echo $word"])?;
        scene.peer().tx.push(b"hello\n");
        same("the answer", &meeting.end(&mut scene)?, b"hello\n")?;
        let took = begin.elapsed();
        if took < Duration::from_millis(600) {
            return Err(format!("after {took:?} already"));
        }
        Ok(())
    })
}

#[test]
fn line_ends_of_a_program_are_converted_and_those_of_its_peer_are_not() -> Told {
    over_tcp(|meeting| {
        let line = "printf 'one\\ntwo\\r\\nthr'; printf 'ee\\n\\nfour'; od -An -c";
        let mut scene = meeting.meet(&["-C", "-c", line])?;
        scene.peer().tx.push(b"a\nb\r\n");
        scene.peer().tx.finish();
        let got = String::from_utf8_lossy(&meeting.end(&mut scene)?).into_owned();
        let want = "one\r\ntwo\r\nthree\r\n\r\nfour   a  \\n   b  \\r  \\n\r\n";
        expect("what the peer got", &got, want)
    })
}

#[test]
fn telnet_is_answered_in_the_programs_place() -> Told {
    over_tcp(|meeting| {
        let mut scene = meeting.meet(&["-t", "-e", "/bin/cat"])?;
        // WILL 1 and DO 3 are refused with DONT and WONT.
        scene.peer().tx.push(b"login\xff\xfb\x01: \xff\xfd\x03me\n");
        scene.peer().tx.finish();
        let got = meeting.end(&mut scene)?;
        let refusals: [&[u8]; 2] = [b"\xff\xfe\x01", b"\xff\xfc\x03"];
        let mut text = got.clone();
        for refusal in refusals {
            let at = text.windows(3).position(|part| part == refusal);
            let at = at.ok_or_else(|| format!("no refusal in {got:?}"))?;
            text.drain(at..at + 3);
        }
        same("the rest", &text, b"login: me\n")
    })
}

#[test]
fn logs_hold_what_passes_between_a_program_and_its_peer() -> Told {
    over_tcp(|meeting| {
        let (raw, hex) = (meeting.path("raw"), meeting.path("hex"));
        let line = "read word; echo answer to $word";
        let mut scene = meeting.meet(&["-o", &raw, "-x", &hex, "-c", line])?;
        scene.peer().tx.push(b"hello\n");
        same(
            "the answer",
            &meeting.end(&mut scene)?,
            b"answer to hello\n",
        )?;
        same(
            "-o",
            &told(std::fs::read(&raw))?,
            b"hello\nanswer to hello\n",
        )?;
        let hex = told(std::fs::read_to_string(&hex))?;
        let lines: Vec<_> = hex.lines().map(|line| line[57..].trim_end()).collect();
        expect("-x", &lines.join("|"), "hello.|answer.to.hello.")
    })
}

#[test]
fn nothing_is_run_when_nobody_is_reached() -> Told {
    let door = Place::any_port().open_with(&crate::common::wire::Room::Usual, 0)?;
    // A backlog of 0 has room for one.
    let _first = door.place.connect()?;
    let dir = directory()?;
    let file = dir.path().join("file");
    let line = format!("touch {}", file.display());
    let options = ["-w", "300ms", "-c", &line].map(str::to_owned);
    let words = options.into_iter().chain(door.place.words());
    let outcome = Scene::of(Program::ncat(words))?.ends_with(1)?;
    expect("stderr", &outcome.stderr, "Ncat: TIMEOUT.\n")?;
    match file.exists() {
        false => Ok(()),
        true => Err("the command was run".into()),
    }
}

#[test]
fn with_send_only_a_program_hears_nobody() -> Told {
    for way in WAYS {
        let meeting = Meeting::new(way, Kind::Tcp4, crate::common::Carrier::Kernel)?;
        let mut scene = meeting.meet(&["--send-only", "-c", "cat; echo said"])?;
        scene.peer().tx.push(b"not for you\n");
        scene.peer().tx.finish();
        same("what the peer got", &meeting.end(&mut scene)?, b"said\n")?;
    }
    Ok(())
}

#[test]
fn with_recv_only_nobody_hears_a_program() -> Told {
    over_tcp(|meeting| {
        let file = meeting.path("file");
        // More than a pipe holds, so that it ends only if somebody reads it.
        let line = format!("cat > {file}; head -c 300000 /dev/zero");
        let mut scene = meeting.meet(&["--recv-only", "-c", &line])?;
        scene.peer().tx.push(b"for you\n");
        scene.peer().tx.finish();
        same("what the peer got", &meeting.end(&mut scene)?, b"")?;
        same("what it got", &told(std::fs::read(&file))?, b"for you\n")
    })
}

#[test]
fn a_program_may_be_run_for_peers_that_may_come_in_only() -> Told {
    let (mut scene, place) = server(&["--deny", "127.0.0.9", "-c", "echo welcome"])?;
    let source = |text: &str| text.parse().map_err(|e| format!("{text}: {e}"));
    for (from, want) in [("127.0.0.9", ""), ("127.0.0.8", "welcome\n")] {
        scene.peers.push(place.connect_from(source(from)?)?);
        expect(from, &crate::text_of(&mut scene)?, want)?;
    }
    Ok(())
}

#[test]
fn an_impossible_combination_is_refused() -> Told {
    for words in [
        &["-l", "-e", "/bin/cat", "-c", "cat"][..],
        &["-z", "-e", "/bin/cat", "127.0.0.1", "9"],
        &["-l", "--broker", "-e", "/bin/cat"],
        &["-l", "--chat", "-c", "cat"],
    ] {
        let outcome = Scene::of(Program::ncat(words))?.ends_with(2)?;
        if !outcome.stderr.ends_with("QUITTING.\n") {
            return Err(format!("{words:?}: it said {:?}", outcome.stderr));
        }
    }
    Ok(())
}

#[test]
fn a_program_that_waits_is_left_in_peace() -> Told {
    over_tcp(|meeting| {
        let mut scene = meeting.meet(&["-c", "read word; echo $word"])?;
        scene.holds(A_MOMENT, "the connection stands", |s| !s.peer().rx.ended())?;
        scene.peer().tx.push(b"now\n");
        same("the answer", &meeting.end(&mut scene)?, b"now\n")
    })
}
