//! Listen mode with `-k`: many peers around one stdin and one stdout, and nothing but a signal,
//! `-q` or the end of what there is to send ends it.

mod common;

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use common::payload::{endless_lines, noise, same};
use common::scene::place_of;
use common::setting::in_settings;
use common::{Carrier, In, Over, Place, Program, Scene, Setting, Side, Told};

const A_MOMENT: Duration = Duration::from_millis(250);

/// Longer than a peer that said its last word is kept for an answer.
const LONGER: Duration = Duration::from_millis(1100);

fn as_server(play: impl Fn(&Setting) -> Told + Send + Sync) -> Told {
    in_settings(|s| s.side == Side::Server, play)
}

/// The server with one peer, and where more can come in.
fn open(setting: &Setting, options: &[&str]) -> Told<(Scene, Place)> {
    let options: Vec<&str> = ["-k"].iter().chain(options).copied().collect();
    let mut scene = setting.meet(&options, |program| program.stdin(In::Pipe))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// One more peer comes in, and the server knows it: what stdin gives from now on is for it too.
fn one_more(scene: &mut Scene, place: &Place) -> Told {
    let known = |s: &Scene| {
        s.program
            .stderr
            .text()
            .matches("Ncat: Connection from ")
            .count()
    };
    scene.until("the peers so far are known", |s| known(s) > 0)?;
    let before = known(scene);
    scene.enter(place)?;
    scene.until("the new peer is known", move |s| known(s) > before)
}

fn is_there(scene: &mut Scene) -> bool {
    scene.program.status.is_none()
}

/// The last peer says something, and it comes out.
fn heard(scene: &mut Scene, words: &'static [u8]) -> Told {
    scene.peer().tx.push(words);
    scene.until("stdout got what the peer said", |s| {
        s.program.stdout.got.ends_with(words)
    })
}

/// Stdin says something, and every peer gets it.
fn all_hear(scene: &mut Scene, words: &'static [u8]) -> Told {
    scene.program.stdin.push(words);
    scene.until("all peers got it", |s| {
        s.peers.iter().all(|p| p.rx.got.ends_with(words))
    })
}

#[test]
fn peers_come_and_go_and_the_server_stays() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &[])?;
        heard(&mut scene, b"first\n")?;
        scene.peer().tx.finish();
        scene.enter(&place)?;
        heard(&mut scene, b"second\n")?;
        scene.peers.pop().ok_or("no peer")?.reset()?;
        scene.enter(&place)?;
        heard(&mut scene, b"third\n")?;
        scene.peers.pop().ok_or("no peer")?.close();
        scene.enter(&place)?;
        heard(&mut scene, b"fourth\n")?;
        scene.holds(A_MOMENT, "the server is there", is_there)?;
        same(
            "stdout",
            &scene.program.stdout.got,
            b"first\nsecond\nthird\nfourth\n",
        )
    })
}

#[test]
fn what_stdin_gives_goes_to_all() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &[])?;
        one_more(&mut scene, &place)?;
        one_more(&mut scene, &place)?;
        heard(&mut scene, b"the last one is in\n")?;
        let data = noise(1, 1_000_000);
        scene.program.stdin.push(&data);
        let all = |s: &mut Scene| s.peers.iter().all(|p| p.rx.got.len() >= data.len());
        scene.until("everybody has everything", all)?;
        for peer in &scene.peers {
            same("a peer", &peer.rx.got, &data)?;
        }
        Ok(())
    })
}

#[test]
fn what_is_typed_for_nobody_waits_for_the_next_one() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &[])?;
        heard(&mut scene, b"hello\n")?;
        scene.program.stdin.push(b"for the first\n");
        scene.until("the first has it", |s| {
            s.peer().rx.got == b"for the first\n"
        })?;
        scene.peers.clear();
        scene.until_quiet(LONGER)?;
        scene.program.stdin.push(b"for the next\n");
        scene.until_quiet(A_MOMENT)?;
        scene.enter(&place)?;
        scene.until("the next has it", |s| s.peer().rx.got == b"for the next\n")
    })
}

#[test]
fn the_end_of_stdin_is_passed_on_and_the_server_goes_on_receiving() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &[])?;
        all_hear(&mut scene, b"bye\n")?;
        scene.program.stdin.finish();
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        heard(&mut scene, b"not yet\n")?;
        scene.enter(&place)?;
        heard(&mut scene, b"one more\n")?;
        scene.holds(A_MOMENT, "the server is there", is_there)
    })
}

#[test]
fn send_only_ends_with_stdin_once_everybody_has_everything() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &["--send-only"])?;
        one_more(&mut scene, &place)?;
        all_hear(&mut scene, b"both are in\n")?;
        let data = noise(2, 2_000_000);
        scene.peers[0].rx.paused = true;
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.until("one has everything", |s| {
            s.peers[1].rx.ended() || s.peers[1].rx.got.len() > data.len()
        })?;
        scene.peers[0].rx.paused = false;
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, b"")?;
        scene.until("both saw the end", |s| s.peers.iter().all(|p| p.rx.ended()))?;
        let want = [b"both are in\n", data.as_slice()].concat();
        scene
            .peers
            .iter()
            .try_for_each(|peer| same("a peer", &peer.rx.got, &want))
    })
}

#[test]
fn recv_only_sends_nothing_to_anybody() -> Told {
    as_server(|setting| {
        let (mut scene, _) = open(setting, &["--recv-only"])?;
        scene.program.stdin.push(b"not for you\n");
        heard(&mut scene, b"hello\n")?;
        scene.holds(A_MOMENT, "the peer gets nothing", |s| {
            s.peer().rx.got.is_empty()
        })
    })
}

#[test]
fn a_peer_that_half_closes_is_let_go_after_half_a_second_of_silence() -> Told {
    as_server(|setting| {
        let (mut scene, _) = open(setting, &[])?;
        heard(&mut scene, b"hello\n")?;
        let begin = Instant::now();
        scene.peer().tx.finish();
        scene.until("the server closed", |s| s.peer().rx.ended())?;
        let took = begin.elapsed();
        scene.holds(A_MOMENT, "the server is there", is_there)?;
        if took < Duration::from_millis(450) {
            Err(format!("after {took:?} only"))
        } else {
            Ok(())
        }
    })
}

#[test]
fn a_peer_that_half_closes_at_once_gets_all_of_a_file() -> Told {
    as_server(|setting| {
        let data = noise(3, 8_000_000);
        let file = setting.dir().join("file");
        fs::write(&file, &data).map_err(|e| e.to_string())?;
        let mut scene = setting.meet(&["-k"], |program| program.stdin(In::File(file)))?;
        scene.peer().tx.finish();
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        same("the peer", &scene.peer().rx.got, &data)?;
        scene.holds(A_MOMENT, "the server is there", is_there)
    })
}

#[test]
fn the_idle_timeout_ends_the_idle_one_and_nobody_else() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &["-i", "1500ms", "--recv-only"])?;
        scene.enter(&place)?;
        let begin = Instant::now();
        while !scene.peers[0].rx.ended() {
            heard(&mut scene, b"still here\n")?;
            scene.holds(Duration::from_millis(100), "the server is there", is_there)?;
            if begin.elapsed() > scene.patience {
                return Err(format!("the silent one stays; {}", scene.state()));
            }
        }
        heard(&mut scene, b"to the end\n")?;
        if scene.peers[1].rx.ended() {
            Err("the busy one was let go as well".into())
        } else {
            Ok(())
        }
    })
}

#[test]
fn one_too_many_is_turned_away_and_may_come_again() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &["-m", "1"])?;
        heard(&mut scene, b"first\n")?;
        scene.enter(&place)?;
        scene.until("the second is turned away", |s| s.peers[1].rx.ended())?;
        scene.until("it is told", |s| {
            s.program
                .stderr
                .text()
                .contains("Ncat: New connection denied: connection limit reached (1)\n")
        })?;
        scene.peers.clear();
        scene.until_quiet(LONGER)?;
        scene.enter(&place)?;
        heard(&mut scene, b"third\n")
    })
}

#[test]
fn whoever_has_said_its_last_word_takes_nobodys_place() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &["-m", "1"])?;
        for _ in 0..20 {
            heard(&mut scene, b"my last word\n")?;
            scene.peer().tx.finish();
            // Ended and heard, but not closed yet: that takes half a second without an answer.
            let heard = scene.program.stdout.got.len();
            scene.enter(&place)?;
            scene.peer().tx.push(b"hello\n");
            scene.until("the next one is heard", |s| {
                s.program.stdout.got.len() > heard || s.peer().rx.ended()
            })?;
            if scene.peer().rx.ended() {
                return Err(format!("there was no place; {}", scene.state()));
            }
        }
        Ok(())
    })
}

/// Over TCP a peer that has closed altogether is told from one that listens only when it is probed.
#[test]
fn whoever_has_closed_altogether_keeps_no_place_with_half_close_either() -> Told {
    let unix = |s: &Setting| s.side == Side::Server && s.over == Over::Unix;
    in_settings(unix, |setting| {
        let (mut scene, place) = open(setting, &["-m", "1", "--half-close"])?;
        heard(&mut scene, b"my last word\n")?;
        scene.peers.clear();
        scene.until("its end was noticed", |s| {
            s.program.stderr.text().contains(" closed: ")
        })?;
        scene.enter(&place)?;
        heard(&mut scene, b"hello\n")
    })
}

#[test]
fn a_limit_of_0_turns_everybody_away_for_ever() -> Told {
    for keep in [&["-l", "-v", "-k", "-m", "0"][..], &["-l", "-v", "-m", "0"]] {
        let words = keep
            .iter()
            .map(|&w| w.to_owned())
            .chain(Place::any_port().words());
        let mut scene = Scene::of(Program::ncat(words).stdin(In::Pipe))?;
        let place = place_of(&mut scene)?;
        for _ in 0..3 {
            scene.enter(&place)?;
            scene.until("it is turned away", |s| s.peer().rx.ended())?;
        }
        scene.holds(A_MOMENT, "the server is there", is_there)?;
    }
    Ok(())
}

#[test]
fn a_reader_that_has_stopped_delays_nobody_and_is_dropped_in_the_end() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(
            setting,
            &["--stall-timeout", "1500ms", "--max-queue", "256K"],
        )?;
        one_more(&mut scene, &place)?;
        all_hear(&mut scene, b"both are in\n")?;
        scene.peers[0].rx.paused = true;
        let data = noise(4, 40_000_000);
        scene.program.stdin.push(&data);
        let want = data.len() + b"both are in\n".len();
        scene.until("the other one has everything", |s| {
            s.peers[1].rx.got.len() >= want
        })?;
        same(
            "the other one",
            &scene.peers[1].rx.got[want - data.len()..],
            &data,
        )?;
        scene.peers[0].rx.paused = false;
        scene.until("the stopped one was dropped", |s| s.peers[0].rx.ended())?;
        if scene.peers[0].rx.got.len() >= want {
            Err("nothing was lost to the stopped one".into())
        } else {
            Ok(())
        }
    })
}

#[test]
fn a_stdout_that_nobody_reads_keeps_nobody_out() -> Told {
    as_server(|setting| {
        let (mut scene, place) = open(setting, &[])?;
        scene.program.stdout.paused = true;
        scene.flood(Duration::from_millis(60), endless_lines(5, 1 << 18), |s| {
            &mut s.peers[0].tx
        })?;
        one_more(&mut scene, &place)?;
        all_hear(&mut scene, b"welcome\n")?;
        scene.peer().tx.push(b"patience\n");
        scene.program.stdout.paused = false;
        let want = scene.peers[0].tx.pushed().len() + b"patience\n".len();
        scene.until("stdout has everything of both", |s| {
            s.program.stdout.got.len() >= want
        })
    })
}

#[test]
fn many_at_once_lose_nothing() -> Told {
    as_server(|setting| {
        const MANY: u8 = 40;
        const EACH: usize = 50_000;
        let (mut scene, place) = open(setting, &[])?;
        scene.peers.clear();
        for letter in 0..MANY {
            scene.enter(&place)?;
            scene.peer().tx.push(&vec![letter; EACH]);
            scene.peer().tx.finish();
        }
        scene.until("stdout has everything", |s| {
            s.program.stdout.got.len() >= usize::from(MANY) * EACH
        })?;
        let got = &scene.program.stdout.got;
        for letter in 0..MANY {
            let count = got.iter().filter(|&&byte| byte == letter).count();
            if count != EACH {
                return Err(format!(
                    "peer {letter} sent {EACH} bytes and {count} came out"
                ));
            }
        }
        Ok(())
    })
}

#[test]
fn q_ends_the_server_so_long_after_the_end_of_stdin() -> Told {
    as_server(|setting| {
        let (mut scene, _) = open(setting, &["-q", "400ms"])?;
        all_hear(&mut scene, b"bye\n")?;
        let begin = Instant::now();
        scene.program.stdin.finish();
        scene.ends_with(2)?;
        let took = begin.elapsed();
        if took < Duration::from_millis(380) {
            Err(format!("after {took:?} already"))
        } else {
            Ok(())
        }
    })
}

#[test]
fn a_signal_ends_it_with_its_number_and_leaves_nothing_behind() -> Told {
    for (signal, status) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        in_settings(
            |s| s.side == Side::Server && s.carrier == Carrier::Kernel,
            |setting| {
                let dress = |p: Program| p.with_usual_signals().stdin(In::Pipe);
                let mut scene = setting.meet(&["-k"], dress)?;
                let place = place_of(&mut scene)?;
                heard(&mut scene, b"hello\n")?;
                scene.program.signal(signal)?;
                scene.ends_with(status)?;
                match &place {
                    Place::Unix(path) if path.exists() => {
                        return Err("the socket file is still there".into());
                    }
                    Place::Unix(_) | Place::Tcp(_) => {}
                }
                // The port can be had again at once, though its last connection has hardly ended.
                let words = ["-l", "-v"]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(place.words());
                let mut again = Scene::of(Program::ncat(words))?;
                let second = place_of(&mut again)?;
                if second == place {
                    Ok(())
                } else {
                    Err(format!("it listens at {second} now"))
                }
            },
        )
        .map_err(|e| format!("{signal:?}: {e}"))?;
    }
    Ok(())
}
