//! Broker and chat: two members and stdin around one server.

use std::time::Duration;

use rustix::process::Signal;

use crate::Row;
use crate::common::{Peer, Place, Scene, Told};
use crate::lab::{Difference, Field, Lab, Record};

const NUMBERS: Difference = (
    Field::Wire,
    "the first who comes is user 1, no number is used again, and addresses have their ports",
);

const EACH_LINE: Difference = (
    Field::Wire,
    "each line has its speaker, so that nobody can put words on a line of somebody else",
);

const CHARACTERS: Difference = (Field::Wire, "characters of UTF-8 are text");

const LINE_ENDS: Difference = (
    Field::Wire,
    "a CR before a LF is part of the line end, and any other goes to the start of the line",
);

const ALONE: [Difference; 2] = [
    (Field::Status, "an idle member is let go and not the server"),
    (Field::Stderr, "with -v the end of a connection is told"),
];

/// The rows of broker and chat. (Over UDP and Unix sockets 7.93 has neither.)
pub(crate) const ROWS: &[Row] = &[
    (
        "broker, all talk",
        |lab| talk(lab, &["--broker"], &Place::any_port()),
        &[],
    ),
    (
        "broker, -k",
        |lab| talk(lab, &["--broker", "-k"], &Place::any_port()),
        &[],
    ),
    (
        "broker, -C",
        |lab| talk(lab, &["--broker", "-C"], &Place::any_port()),
        &[],
    ),
    (
        "broker, -d",
        |lab| talk(lab, &["--broker", "-d", "100ms"], &Place::any_port()),
        &[],
    ),
    ("broker, -o", |lab| logged(lab, "-o"), &[]),
    ("broker, -x", |lab| logged(lab, "-x"), &[]),
    ("broker, --send-only", send_only, &[]),
    ("broker, stdin ends", stdin_ends, &[]),
    ("broker, a member ends", member_ends, &[]),
    ("broker, a member breaks off", member_breaks, &[]),
    ("broker, -m 1", one_too_many, &[]),
    ("broker, -i", idle, &ALONE),
    (
        "chat, what everybody is told",
        |lab| chat(lab, "hello\n", |scene| wire(&scene.peers)),
        &[NUMBERS],
    ),
    ("chat, a line", |lab| chat_said(lab, "hello\n"), &[]),
    ("chat, a tab", |lab| chat_said(lab, "one\ttwo\n"), &[]),
    (
        "chat, what a terminal acts upon",
        |lab| chat_said(lab, "\x1b[2J\x07\x7f\n"),
        &[],
    ),
    (
        "chat, two lines",
        |lab| chat_said(lab, "one\ntwo\n"),
        &[EACH_LINE],
    ),
    (
        "chat, a false name",
        |lab| chat_said(lab, "\n<user9> hello\n"),
        &[EACH_LINE],
    ),
    (
        "chat, UTF-8",
        |lab| chat_said(lab, "gr\u{fc}\u{df}e\n"),
        &[CHARACTERS],
    ),
    (
        "chat, CR LF",
        |lab| chat_said(lab, "hello\r\n"),
        &[LINE_ENDS],
    ),
    (
        "chat, CR",
        |lab| chat_said(lab, "hello\rthere\n"),
        &[LINE_ENDS],
    ),
];

/// What both members got, one after the other.
fn wire(peers: &[Peer]) -> Vec<u8> {
    let got = peers.iter().map(|peer| peer.rx.got.as_slice());
    got.collect::<Vec<_>>().join(&b"|"[..])
}

/// That member says something, and all others get as much.
fn say(scene: &mut Scene, member: usize, words: &str) -> Told {
    let before: Vec<usize> = scene.peers.iter().map(|p| p.rx.got.len()).collect();
    scene.peers[member].tx.push(words.as_bytes());
    scene.until("the others heard it", |s| {
        let heard = |nth: usize| s.peers[nth].rx.got.len() >= before[nth] + words.len();
        (0..before.len()).all(|nth| nth == member || heard(nth))
    })
}

/// Two members whom the server knows: the second has been heard by the first.
fn two(lab: &Lab, options: &[&str], place: &Place) -> Told<(Scene, Place)> {
    let (mut scene, place) = lab.server(options, place)?;
    scene.enter(&place)?;
    scene.enter(&place)?;
    say(&mut scene, 1, "I am the second\n")?;
    Ok((scene, place))
}

fn end(lab: &Lab, mut scene: Scene, wire: Vec<u8>) -> Told<Record> {
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, &wire))
}

/// Both members and stdin in turns.
fn talk(lab: &Lab, options: &[&str], place: &Place) -> Told<Record> {
    let (mut scene, _) = two(lab, options, place)?;
    say(&mut scene, 0, "hello\n")?;
    say(&mut scene, 1, "hello, first\r\n")?;
    scene.program.stdin.push(b"hello, all\n");
    scene.until("both heard stdin", |s| {
        s.peers
            .iter()
            .all(|p| p.rx.got.ends_with(b"all\n") || p.rx.got.ends_with(b"all\r\n"))
    })?;
    let wire = wire(&scene.peers);
    end(lab, scene, wire)
}

fn logged(lab: &Lab, option: &str) -> Told<Record> {
    let log = lab.path("log").display().to_string();
    let mut record = talk(lab, &["--broker", option, &log], &Place::any_port())?;
    record.files = lab.file("log")?;
    Ok(record)
}

fn send_only(lab: &Lab) -> Told<Record> {
    let options = ["--broker", "-v", "--send-only"];
    let (mut scene, place) = lab.server(&options, &Place::any_port())?;
    for count in 1..=2 {
        scene.enter(&place)?;
        scene.peer().tx.push(b"nobody hears this\n");
        scene.until("it is known", |s| {
            let text = s.program.stderr.text();
            text.matches("Connection from 127.0.0.1:").count() == count
        })?;
    }
    scene.program.stdin.push(b"hello\n");
    scene.until("both heard stdin", |s| {
        s.peers.iter().all(|p| p.rx.got.ends_with(b"hello\n"))
    })?;
    let wire = wire(&scene.peers);
    end(lab, scene, wire)
}

fn stdin_ends(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = two(lab, &["--broker"], &Place::any_port())?;
    scene.program.stdin.finish();
    say(&mut scene, 0, "hello\n")?;
    scene.enter(&place)?;
    say(&mut scene, 2, "hello from the third\n")?;
    say(&mut scene, 1, "welcome\n")?;
    let wire = wire(&scene.peers);
    end(lab, scene, wire)
}

fn member_ends(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = two(lab, &["--broker"], &Place::any_port())?;
    scene.enter(&place)?;
    say(&mut scene, 2, "hello from the third\n")?;
    scene.peers[1].tx.finish();
    scene.until("it is let go", |s| s.peers[1].rx.ended())?;
    let mut wire = wire(&scene.peers);
    scene.peers.remove(1);
    say(&mut scene, 0, "it has gone\n")?;
    wire.extend_from_slice(&scene.peers[1].rx.got);
    end(lab, scene, wire)
}

fn member_breaks(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = two(lab, &["--broker"], &Place::any_port())?;
    scene.enter(&place)?;
    say(&mut scene, 2, "hello from the third\n")?;
    scene.peers.remove(1).reset()?;
    say(&mut scene, 0, "has it gone?\n")?;
    say(&mut scene, 1, "it has\n")?;
    let wire = wire(&scene.peers);
    end(lab, scene, wire)
}

fn one_too_many(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = lab.server(&["--broker", "-m", "1"], &Place::any_port())?;
    scene.enter(&place)?;
    scene.enter(&place)?;
    scene.until("it is turned away", |s| s.peers[1].rx.ended())?;
    scene.program.stdin.push(b"hello\n");
    scene.until("the first heard stdin", |s| s.peers[0].rx.got == b"hello\n")?;
    let wire = wire(&scene.peers);
    end(lab, scene, wire)
}

/// Whoever has ended by itself is not told to.
fn idle(lab: &Lab) -> Told<Record> {
    let options = ["--broker", "-v", "-i", "300ms"];
    let (mut scene, place) = lab.server(&options, &Place::any_port())?;
    scene.enter(&place)?;
    scene.until("it is let go", |s| s.peer().rx.ended())?;
    // It may have been let go because its server is about to end.
    scene.until_quiet(Duration::from_millis(100))?;
    match scene.program.status {
        Some(_) => Ok(lab.record(scene.outcome()?, b"")),
        None => end(lab, scene, Vec::new()),
    }
}

/// The second of two members says something that ends in a line end; what is seen of it.
fn chat(lab: &Lab, words: &str, seen: fn(&Scene) -> Vec<u8>) -> Told<Record> {
    let (mut scene, place) = lab.server(&["--chat"], &Place::any_port())?;
    for count in 1..=2 {
        scene.enter(&place)?;
        scene.until("all are told of all", |s| {
            let told = |p: &Peer| p.rx.text().matches("already connected: ").count();
            told(&s.peers[0]) == count && s.peers.iter().all(|p| p.rx.got.ends_with(b".\n"))
        })?;
    }
    scene.peers[1].tx.push(words.as_bytes());
    scene.until("the first heard it", |s| {
        let text = s.peers[0].rx.text();
        text.contains("<user") && text.ends_with('\n') && !text.ends_with(".\n")
    })?;
    let wire = seen(&scene);
    end(lab, scene, wire)
}

/// What is seen are the words alone, with their prefix; its number does not matter.
fn chat_said(lab: &Lab, words: &str) -> Told<Record> {
    chat(lab, words, |scene| {
        let text = scene.peers[0].rx.text();
        let announced = text.rfind(".\n").map_or(0, |end| end + 2);
        without_number(&text[announced..])
    })
}

fn without_number(said: &str) -> Vec<u8> {
    match said.strip_prefix("<user") {
        Some(rest) => format!(
            "<userN{}",
            rest.trim_start_matches(|c: char| c.is_ascii_digit())
        ),
        None => said.into(),
    }
    .into_bytes()
}
