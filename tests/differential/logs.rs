//! `-o` and `-x`: the very bytes of the files.

use crate::Row;
use crate::common::{Place, Scene, Told};
use crate::connect::finish;
use crate::lab::{Lab, Record};

/// The rows of the logs.
pub(crate) const ROWS: &[Row] = &[
    ("-o", |lab| logged(lab, &["-o"]), &[]),
    ("-x", |lab| logged(lab, &["-x"]), &[]),
    ("-o --append-output", |lab| appended(lab, "-o"), &[]),
    ("-x --append-output", |lab| appended(lab, "-x"), &[]),
    ("-o -C", |lab| logged(lab, &["-C", "-o"]), &[]),
    ("-x -t", |lab| logged(lab, &["-t", "-x"]), &[]),
    ("listen, -o", |lab| served(lab, "-o"), &[]),
    ("listen, -x", |lab| served(lab, "-x"), &[]),
];

/// Every kind of byte, in chunks whose last line of the dump is full, short, or alone.
const CHUNKS: [&[u8]; 5] = [
    b"hello\n",
    b"0123456789abcdef",
    b"0123456789abcdefg",
    b" \t\x7f\x80\xfe'\"\\\0",
    b"x\n",
];

/// Chunk after chunk in both directions, each waited for, so that both programs see the same ones.
fn exchange(scene: &mut Scene) -> Told {
    for chunk in CHUNKS {
        let want = scene.peer().rx.got.len() + chunk.len();
        scene.program.stdin.push(chunk);
        scene.until("the peer got the chunk", move |s| {
            s.peer().rx.got.len() >= want
        })?;
        let want = scene.program.stdout.got.len() + chunk.len();
        scene.peer().tx.push(chunk);
        scene.until("stdout got the chunk", move |s| {
            s.program.stdout.got.len() >= want
        })?;
    }
    Ok(())
}

fn logged(lab: &Lab, options: &[&str]) -> Told<Record> {
    let log = lab.path("log").display().to_string();
    let words: Vec<&str> = options.iter().copied().chain([log.as_str()]).collect();
    let mut scene = lab.client(&words, &Place::any_port())?;
    exchange(&mut scene)?;
    scene.program.stdin.finish();
    with_log(lab, scene)
}

fn appended(lab: &Lab, option: &str) -> Told<Record> {
    std::fs::write(lab.path("log"), "before\n").map_err(|e| e.to_string())?;
    logged(lab, &["--append-output", option])
}

fn served(lab: &Lab, option: &str) -> Told<Record> {
    let log = lab.path("log").display().to_string();
    let mut scene = lab.served(&[option, &log], &Place::any_port())?;
    exchange(&mut scene)?;
    scene.program.stdin.finish();
    with_log(lab, scene)
}

fn with_log(lab: &Lab, scene: Scene) -> Told<Record> {
    let mut record = finish(lab, scene)?;
    record.files = lab.file("log")?;
    Ok(record)
}
