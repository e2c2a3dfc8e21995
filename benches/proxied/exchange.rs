//! A gigabyte as the body of a response to GET.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
    time::Instant,
};

use tempfile::tempfile_in;

use super::{
    bulk::{ROOM, drain},
    client::{expect_success, read_head},
    origin::{Form, Origin, Source},
    proxy::Proxy,
    turns::{Sample, Table, in_turns},
};
use crate::{
    crowd::peer::step_aside,
    side_by_side::{
        args::Options,
        transfer::{MEMORY, SIZE, same_bytes},
    },
};

/// Those who do more than to bring clients somewhere.
const CONTESTANTS: [Proxy; 3] = [Proxy::OursHttp, Proxy::Ncat, Proxy::Tinyproxy];

/// How much is received at once.
const PIECE: usize = 256 << 10;

const TABLE: Table = Table {
    wall: "wall s",
    cpu: "CPU s",
    shown: |run| (run.wall, run.cpu),
    places: (3, 3),
    limits: |_| None,
};

/// How the body comes.
struct Scene {
    /// For `--rows` and `--once`.
    name: &'static str,
    title: &'static str,
    form: Form,
}

const SCENES: [Scene; 2] = [
    Scene {
        name: "get-length",
        title: "with Content-Length",
        form: Form::Length,
    },
    Scene {
        name: "get-chunked",
        title: "in chunks",
        form: Form::Chunked,
    },
];

/// Measures and prints every wanted row.
pub(crate) fn tables(options: &Options) -> io::Result<()> {
    for scene in SCENES.iter().filter(|scene| options.wants(scene.name)) {
        let source = Source::of(options.size.unwrap_or(SIZE))?;
        let all = in_turns(
            scene.name,
            options,
            &CONTESTANTS,
            |who| check(who, scene.form, &source),
            |who| run(who, scene.form, &source, None),
        );
        let Scene { name, title, .. } = scene;
        println!("### GET, {} bytes {title} (`{name}`)\n", source.size);
        TABLE.print(&all);
    }
    Ok(())
}

/// One run for a profiler.
pub(crate) fn once(options: &Options, row: &str, who: Proxy) -> io::Result<Sample> {
    let scene = SCENES
        .iter()
        .find(|known| known.name == row)
        .ok_or_else(|| io::Error::other(format!("there is no row {row}")))?;
    let source = Source::of(options.size.unwrap_or(SIZE))?;
    run(who, scene.form, &source, None)
}

/// The bytes that arrive must be those that were sent.
fn check(who: Proxy, form: Form, source: &Source) -> io::Result<()> {
    let arrived = tempfile_in(MEMORY)?;
    run(who, form, source, Some(&arrived))?;
    match same_bytes(&source.file, &arrived, source.size)? {
        true => Ok(()),
        false => Err(io::Error::other("changes bytes")),
    }
}

fn run(who: Proxy, form: Form, source: &Source, into: Option<&File>) -> io::Result<Sample> {
    let origin = Origin::start(form, source)?;
    let proxy = who.start(ROOM)?;
    let mut wire = proxy.way.connect()?;
    let host = format!("127.0.0.1:{}", origin.port);
    let began = Instant::now();
    write!(
        wire,
        "GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let arrived = thread::scope(|scope| scope.spawn(|| receive(&mut wire, into)).join())
        .map_err(|_| io::Error::other("the client panicked"))??;
    let wall = began.elapsed().as_secs_f64();
    drop(wire);
    if arrived != source.size {
        let why = format!("{arrived} of {} bytes arrived", source.size);
        return Err(io::Error::other(why));
    }
    origin.end()?;
    let cpu = proxy.end()?;
    Ok(Sample { wall, cpu })
}

/// How many bytes the body of a response has.
fn receive(wire: &mut TcpStream, into: Option<&File>) -> io::Result<u64> {
    step_aside()?;
    let (head, first) = read_head(wire)?;
    expect_success(&head)?;
    let mut body = BufReader::with_capacity(PIECE, (&first[..]).chain(wire));
    let head = head.to_ascii_lowercase();
    if !head.contains("transfer-encoding: chunked") {
        return take(&mut body, into);
    }
    let mut all = 0;
    loop {
        let mut line = String::new();
        body.read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        if size == 0 {
            return Ok(all);
        }
        all += take((&mut body).take(size), into)?;
        body.read_exact(&mut [0; 2])?;
    }
}

fn take(mut from: impl Read, into: Option<&File>) -> io::Result<u64> {
    match into {
        Some(mut file) => io::copy(&mut from, &mut file),
        None => drain(from),
    }
}
