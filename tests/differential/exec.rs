//! `--exec` and `--sh-exec`. Commands sleep at the end: 7.93 loses what it has not read when they exit.

use std::fs;

use rustix::process::Signal;

use crate::Row;
use crate::common::{Place, Scene, Told};
use crate::connect::finish;
use crate::lab::{Difference, Field, Lab, Record};

const NAMED: Difference = (
    Field::Stderr,
    "what could not be started is told by us, with our name in front, and not by its child",
);

const SPLIT: Difference = (
    Field::Wire,
    "white space behind an escaped letter separates words; 7.93 swallows it",
);

/// The rows of programs.
pub(crate) const ROWS: &[Row] = &[
    ("listen, -c", |lab| asked(lab, true, &["-c", ANSWER]), &[]),
    ("-c", |lab| asked(lab, false, &["-c", ANSWER]), &[]),
    (
        "listen, -c, status 3",
        |lab| asked(lab, true, &["-c", "read word; sleep .2; exit 3"]),
        &[],
    ),
    (
        "-c, status 3",
        |lab| asked(lab, false, &["-c", "read word; sleep .2; exit 3"]),
        &[],
    ),
    (
        "listen, -c -C",
        |lab| asked(lab, true, &["-C", "-c", LINES]),
        &[],
    ),
    ("listen, -c -o", |lab| logged(lab, "-o"), &[]),
    ("listen, -c -x", |lab| logged(lab, "-x"), &[]),
    (
        "listen, -c, the environment",
        |lab| asked(lab, true, &["-c", TELL]),
        &[],
    ),
    (
        "-c, the environment",
        |lab| asked(lab, false, &["-c", TELL]),
        &[],
    ),
    ("listen on a Unix socket, -c, the environment", unix, &[]),
    (
        "-e, words",
        |lab| words(lab, r#"one\ two  "three four" \\ "#),
        &[],
    ),
    (
        "-e, words, escaped letters",
        |lab| words(lab, r"a\b c"),
        &[SPLIT],
    ),
    (
        "listen, -e, nothing there",
        |lab| missing(lab, true),
        &[NAMED],
    ),
    ("-e, nothing there", |lab| missing(lab, false), &[NAMED]),
    ("-k, -c, one after the other, SIGTERM", many, &[]),
    (
        "-e and -c",
        |lab| alone(lab, &["-l", "-e", "/bin/cat", "-c", "cat"]),
        &[],
    ),
    (
        "-z and -e",
        |lab| alone(lab, &["-z", "-e", "/bin/cat", "127.0.0.1", "9"]),
        &[],
    ),
];

const ANSWER: &str = "read word; echo you said $word; sleep .3";
const LINES: &str = "printf 'one\\ntwo\\r\\nthree\\n'; sleep .3";
const TELL: &str = "echo $NCAT_REMOTE_ADDR $NCAT_LOCAL_ADDR $NCAT_PROTO; sleep .3";

fn alone(lab: &Lab, words: &[&str]) -> Told<Record> {
    let mut scene = lab.run(words, &[])?;
    Ok(lab.record(scene.outcome()?, b""))
}

/// One peer says a word and hears what the program says, to the end.
fn asked(lab: &Lab, listens: bool, options: &[&str]) -> Told<Record> {
    let scene = match listens {
        true => lab.served(options, &Place::any_port())?,
        false => lab.client(options, &Place::any_port())?,
    };
    answered(lab, scene)
}

fn answered(lab: &Lab, mut scene: Scene) -> Told<Record> {
    scene.peer().tx.push(b"hello\n");
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    finish(lab, scene)
}

fn unix(lab: &Lab) -> Told<Record> {
    answered(lab, lab.served(&["-c", TELL], &lab.socket())?)
}

fn logged(lab: &Lab, option: &str) -> Told<Record> {
    let log = lab.path("log").display().to_string();
    let mut record = asked(lab, true, &[option, &log, "-c", ANSWER])?;
    record.files = lab.file("log")?;
    Ok(record)
}

/// A program that says its words in brackets.
fn words(lab: &Lab, line: &str) -> Told<Record> {
    let script = lab.path("script");
    let text = "printf '[%s]' \"$@\"; sleep .3";
    fs::write(&script, text).map_err(|e| e.to_string())?;
    let command = format!("/bin/sh {} {line}", script.display());
    asked(lab, true, &["-e", &command])
}

fn missing(lab: &Lab, listens: bool) -> Told<Record> {
    let options = ["-e", "/nonexistent/program"];
    let mut scene = match listens {
        true => lab.served(&options, &Place::any_port())?,
        false => lab.client(&options, &Place::any_port())?,
    };
    scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
    finish(lab, scene)
}

fn many(lab: &Lab) -> Told<Record> {
    let (mut scene, place) = lab.server(&["-k", "-c", ANSWER], &Place::any_port())?;
    let mut wire = Vec::new();
    for word in [b"hello\n", b"again\n"] {
        scene.enter(&place)?;
        scene.peer().tx.push(word);
        scene.until("the peer saw the end", |s| s.peer().rx.ended())?;
        wire.extend(scene.peers.remove(0).rx.got);
    }
    scene.program.signal(Signal::TERM)?;
    Ok(lab.record(scene.outcome()?, &wire))
}
