//! What the end of each stream does: the rules of both modes without `-k`, one by one.

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::deadline::in_time;
use common::payload::{lines, noise, same};
use common::setting::{everywhere, in_settings};
use common::{Carrier, Ending, Feeder, In, Over, Scene, Setting, Side, Told};

/// How long stdin may be silent after the peer's end of file.
const LULL: Duration = Duration::from_millis(500);

/// Long enough to see that something lasts longer than the lull.
const LONGER: Duration = Duration::from_millis(1100);

/// Long enough to see that something does not happen at once.
const A_MOMENT: Duration = Duration::from_millis(250);

const HELLO: &[u8] = b"hello\n";
const AGAIN: &[u8] = b"and again\n";

fn meet(setting: &Setting, options: &[&str]) -> Told<Scene> {
    setting.meet(options, |program| program.stdin(In::Pipe))
}

fn say(scene: &mut Scene, words: &'static [u8]) -> Told {
    scene.program.stdin.push(words);
    let want = scene.peer().rx.got.len() + words.len();
    scene.until("the peer got what stdin gave", move |s| {
        s.peer().rx.got.len() >= want
    })
}

fn hear(scene: &mut Scene, words: &'static [u8]) -> Told {
    scene.peer().tx.push(words);
    let want = scene.program.stdout.got.len() + words.len();
    scene.until("stdout got what the peer sent", move |s| {
        s.program.stdout.got.len() >= want
    })
}

fn is_there(scene: &mut Scene) -> bool {
    scene.program.status.is_none()
}

fn peer_sees_the_end(scene: &mut Scene) -> Told {
    scene.until("the peer saw the end of file", |s| {
        s.peer().rx.end == Some(Ending::Eof)
    })
}

fn stdout_ends(scene: &mut Scene) -> Told {
    scene.until("stdout was closed", |s| s.program.stdout.ended())
}

fn no_sooner_than(begin: Instant, limit: Duration) -> Told {
    let took = begin.elapsed();
    // The clock of the program starts a little after ours and is coarser.
    if took + Duration::from_millis(20) >= limit {
        return Ok(());
    }
    Err(format!(
        "it left after {took:?}, before {limit:?} had passed"
    ))
}

/// 1 in connect mode, 2 in listen mode.
fn status_of_a_timeout(setting: &Setting) -> i32 {
    if setting.side == Side::Client { 1 } else { 2 }
}

#[test]
fn the_end_of_stdin_closes_one_half_and_the_other_goes_on() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &[])?;
        say(&mut scene, HELLO)?;
        scene.program.stdin.finish();
        peer_sees_the_end(&mut scene)?;
        scene.holds(LONGER, "the program goes on receiving", is_there)?;
        hear(&mut scene, AGAIN)?;
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, AGAIN)
    })
}

#[test]
fn no_shutdown_keeps_the_end_of_stdin_from_the_peer() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["--no-shutdown"])?;
        say(&mut scene, HELLO)?;
        scene.program.stdin.finish();
        scene.holds(A_MOMENT, "the peer sees no end of file", |s| {
            !s.peer().rx.ended()
        })?;
        hear(&mut scene, AGAIN)?;
        scene.peer().tx.finish();
        scene.ends_with(0)?;
        same("the peer", &scene.peer().rx.got, HELLO)
    })
}

#[test]
fn send_only_delivers_all_and_leaves_without_waiting_for_the_peer() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["--send-only"])?;
        let data = noise(1, 2_000_000);
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        peer_sees_the_end(&mut scene)?;
        same("the peer", &scene.peer().rx.got, &data)
    })
}

#[test]
fn send_only_delivers_all_to_a_peer_that_talks_meanwhile() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["--send-only"])?;
        // Unread words in a socket that is closed would turn its goodbye into a reset, and with it
        // the rest is lost.
        let data = noise(1, 2_000_000);
        scene.peer().rx.paused = true;
        scene.peer().tx.push(&noise(2, 10_000));
        scene.program.stdin.push(&data);
        scene.program.stdin.finish();
        scene.until_quiet(Duration::from_millis(50))?;
        scene.peer().rx.paused = false;
        peer_sees_the_end(&mut scene)?;
        same("the peer", &scene.peer().rx.got, &data)?;
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, b"")
    })
}

#[test]
fn recv_only_never_touches_stdin() -> Told {
    everywhere(|setting| {
        let file = setting.dir().join("file");
        fs::write(&file, HELLO).map_err(|e| e.to_string())?;
        let file = fs::File::open(&file).map_err(|e| e.to_string())?;
        let mut offset = file.try_clone().map_err(|e| e.to_string())?;
        let mut scene = setting.meet(&["--recv-only"], |program| {
            program.stdin(In::Given(file.into()))
        })?;
        scene.holds(A_MOMENT, "the peer gets nothing", |s| {
            s.peer().rx.got.is_empty() && !s.peer().rx.ended()
        })?;
        hear(&mut scene, HELLO)?;
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        same("stdout", &outcome.stdout, HELLO)?;
        let at = std::io::Seek::stream_position(&mut offset).map_err(|e| e.to_string())?;
        if at == 0 {
            Ok(())
        } else {
            Err(format!("{at} bytes of stdin were read"))
        }
    })
}

#[test]
fn q_leaves_so_long_after_the_end_of_stdin() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["-q", "400ms"])?;
        say(&mut scene, HELLO)?;
        let begin = Instant::now();
        scene.program.stdin.finish();
        peer_sees_the_end(&mut scene)?;
        let outcome = scene.ends_with(status_of_a_timeout(setting))?;
        no_sooner_than(begin, Duration::from_millis(400))?;
        has_line(&outcome.stderr, "Ncat: Idle timeout expired (400 ms).")
    })
}

#[test]
fn q_does_not_keep_a_program_that_has_nothing_left_to_do() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["-q", "1h"])?;
        scene.program.stdin.finish();
        peer_sees_the_end(&mut scene)?;
        hear(&mut scene, HELLO)?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn a_negative_q_waits_for_the_peer_however_long() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["-q", "-1"])?;
        scene.program.stdin.finish();
        peer_sees_the_end(&mut scene)?;
        scene.holds(LONGER, "the program waits for the peer", is_there)?;
        hear(&mut scene, HELLO)?;
        scene.peer().tx.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn a_negative_q_with_send_only_has_nothing_left_to_wait_for() -> Told {
    in_settings(
        |s| s.side == Side::Client,
        |setting| {
            let mut scene = meet(setting, &["-q", "-1", "--send-only"])?;
            scene.program.stdin.push(HELLO);
            scene.program.stdin.finish();
            scene.ends_with(0)?;
            peer_sees_the_end(&mut scene)?;
            same("the peer", &scene.peer().rx.got, HELLO)
        },
    )
}

#[test]
fn the_end_of_the_peer_with_a_silent_stdin_is_the_end_after_half_a_second() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &[])?;
        hear(&mut scene, HELLO)?;
        let begin = Instant::now();
        scene.peer().tx.finish();
        stdout_ends(&mut scene)?;
        scene.ends_with(0)?;
        no_sooner_than(begin, LULL)?;
        if begin.elapsed() < LULL * 8 {
            Ok(())
        } else {
            Err(format!("it took {:?}", begin.elapsed()))
        }
    })
}

#[test]
fn a_peer_that_takes_words_after_its_own_end_is_kept_until_stdin_ends() -> Told {
    everywhere(|setting| {
        in_time(LULL * 4 / 5, |watch| {
            let setting = Setting::new(setting.side, setting.over, setting.carrier)?;
            let mut scene = meet(&setting, &[])?;
            watch.begin();
            scene.peer().tx.finish();
            stdout_ends(&mut scene)?;
            say(&mut scene, HELLO)?;
            watch.end();
            scene.holds(LONGER, "the program waits for more from stdin", is_there)?;
            say(&mut scene, AGAIN)?;
            scene.program.stdin.finish();
            peer_sees_the_end(&mut scene)?;
            scene.ends_with(0).map(drop)
        })
    })
}

#[test]
fn a_peer_that_has_ended_and_reads_slowly_gets_everything() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &[])?;
        scene.peer().rx.paused = true;
        let mut piece = common::payload::endless_lines(7, 1 << 20);
        scene.flood(Duration::from_millis(60), &mut piece, |s| {
            &mut s.program.stdin
        })?;
        scene.peer().tx.finish();
        stdout_ends(&mut scene)?;
        scene.holds(LONGER, "the program waits for the slow peer", is_there)?;
        scene.peer().rx.paused = false;
        scene.program.stdin.finish();
        scene.ends_with(0)?;
        peer_sees_the_end(&mut scene)?;
        let Scene { program, peers, .. } = &scene;
        same("the peer", &peers[0].rx.got, program.stdin.pushed())
    })
}

#[test]
fn half_close_and_k_send_until_stdin_ends() -> Told {
    for option in ["--half-close", "-k"] {
        // -k means something else to a server, and is refused for Unix sockets of a client.
        let fits =
            |s: &Setting| option == "--half-close" || s.side == Side::Client && s.over == Over::Tcp;
        in_settings(fits, |setting| {
            let mut scene = meet(setting, &[option])?;
            scene.peer().tx.finish();
            stdout_ends(&mut scene)?;
            scene.holds(LONGER, "the program waits for stdin", is_there)?;
            say(&mut scene, HELLO)?;
            scene.program.stdin.finish();
            peer_sees_the_end(&mut scene)?;
            scene.ends_with(0).map(drop)
        })
        .map_err(|e| format!("{option}: {e}"))?;
    }
    Ok(())
}

#[test]
fn a_file_is_sent_to_its_end_though_the_peer_has_ended() -> Told {
    everywhere(|setting| {
        let data = noise(3, 8_000_000);
        let file = setting.dir().join("file");
        fs::write(&file, &data).map_err(|e| e.to_string())?;
        let mut scene = setting.meet(&[], |program| program.stdin(In::File(file)))?;
        scene.peer().rx.paused = true;
        scene.peer().tx.finish();
        stdout_ends(&mut scene)?;
        scene.holds(LONGER, "the program waits for the slow peer", is_there)?;
        scene.peer().rx.paused = false;
        scene.ends_with(0)?;
        peer_sees_the_end(&mut scene)?;
        same("the peer", &scene.peer().rx.got, &data)
    })
}

#[test]
fn a_reset_is_told_after_everything_that_arrived_was_delivered() -> Told {
    in_settings(
        |s| s.over == Over::Tcp,
        |setting| {
            let mut scene = meet(setting, &[])?;
            hear(&mut scene, HELLO)?;
            scene.program.stdout.paused = true;
            let data = lines(4, 48_000);
            scene.peer().tx.push(&data);
            scene.until("the kernel took everything", |s| s.peer().tx.is_empty())?;
            scene.peers.remove(0).reset()?;
            scene.until_quiet(Duration::from_millis(50))?;
            scene.program.stdout.paused = false;
            let outcome = scene.ends_with(1)?;
            same("stdout", &outcome.stdout, &[HELLO, &data].concat())?;
            has_line(&outcome.stderr, "Ncat: Connection reset by peer.")
        },
    )
}

#[test]
fn words_that_nobody_takes_any_more_make_it_status_1_with_the_reason() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["--half-close"])?;
        hear(&mut scene, HELLO)?;
        scene.peers.remove(0).close();
        stdout_ends(&mut scene)?;
        // The first words meet a closed socket; the answer to them meets the second.
        scene.program.stdin.push(&lines(5, 300_000));
        scene.until("the program ended", |s| s.program.status.is_some())?;
        let outcome = scene.ends_with(1)?;
        let reasons = ["Ncat: Broken pipe.", "Ncat: Connection reset by peer."];
        if reasons
            .iter()
            .any(|reason| has_line(&outcome.stderr, reason).is_ok())
        {
            return Ok(());
        }
        Err(format!("stderr gives no reason: {:?}", outcome.stderr))
    })
}

#[test]
fn a_peer_that_is_gone_and_a_stdin_that_ends_without_a_word_is_a_good_end() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &[])?;
        hear(&mut scene, HELLO)?;
        scene.peers.remove(0).close();
        stdout_ends(&mut scene)?;
        scene.program.stdin.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn the_end_of_both_sides_at_once_ends_it_with_0() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &[])?;
        let (ours, theirs) = (noise(5, 500_000), noise(6, 500_000));
        let end = |feeder: &mut Feeder, data: &[u8]| {
            feeder.push(data);
            feeder.finish();
        };
        end(&mut scene.program.stdin, &ours);
        end(&mut scene.peer().tx, &theirs);
        let outcome = scene.ends_with(0)?;
        peer_sees_the_end(&mut scene)?;
        same("the peer", &scene.peer().rx.got, &ours)?;
        same("stdout", &outcome.stdout, &theirs)
    })
}

#[test]
fn nothing_for_so_long_as_i_says_ends_it() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["-i", "800ms"])?;
        hear(&mut scene, HELLO)?;
        say(&mut scene, HELLO)?;
        let begin = Instant::now();
        let outcome = scene.ends_with(status_of_a_timeout(setting))?;
        no_sooner_than(begin, Duration::from_millis(780))?;
        has_line(&outcome.stderr, "Ncat: Idle timeout expired (800 ms).")
    })
}

#[test]
fn bytes_in_either_direction_put_the_idle_timeout_off() -> Told {
    everywhere(|setting| {
        let mut scene = meet(setting, &["-i", "1500ms"])?;
        let begin = Instant::now();
        for turn in 0..8 {
            scene.holds(A_MOMENT, "the program is there", is_there)?;
            if turn % 2 == 0 {
                hear(&mut scene, HELLO)?
            } else {
                say(&mut scene, HELLO)?
            }
        }
        no_sooner_than(begin, A_MOMENT * 8)?;
        scene.peer().tx.finish();
        scene.program.stdin.finish();
        scene.ends_with(0).map(drop)
    })
}

#[test]
fn a_second_client_finds_the_door_closed() -> Told {
    in_settings(
        |s| s.side == Side::Server && s.over == Over::Tcp && s.carrier == Carrier::Kernel,
        |setting| {
            let mut scene = meet(setting, &[])?;
            hear(&mut scene, HELLO)?;
            let place = common::scene::place_of(&mut scene)?;
            match place.connect() {
                Ok(_) => Err("a second client was let in".into()),
                Err(why) if why.contains("refused") => Ok(()),
                Err(why) => Err(why),
            }
        },
    )
}

/// Some line of `text` begins with `start`; the modes end the line differently.
fn has_line(text: &str, start: &str) -> Told {
    let found = text.lines().any(|line| line.starts_with(start));
    if found {
        Ok(())
    } else {
        Err(format!("no line {start:?} in {text:?}"))
    }
}
