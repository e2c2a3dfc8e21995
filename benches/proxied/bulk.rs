//! A gigabyte through one tunnel.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Instant,
};

use ncat::net::sys::wake_for;
use rustix::net::{RecvFlags, recv};
use tempfile::tempfile_in;

use super::{
    origin::{Form, Origin, Source},
    proxy::Proxy,
    turns::{Sample, Table, in_turns},
};
use crate::{
    crowd::peer::step_aside,
    side_by_side::{
        args::Options,
        row::Limits,
        transfer::{MEMORY, SIZE, same_bytes},
    },
};

/// For `--rows` and `--once`.
pub(crate) const NAME: &str = "bulk";

/// How much is received at once, and for how much of it a receiver is woken.
const PIECE: usize = 1 << 20;
const PORTION: usize = 256 << 10;

/// Clients that a proxy has room for.
pub(crate) const ROOM: usize = 10;

const TABLE: Table = Table {
    wall: "wall s",
    cpu: "CPU s",
    shown: |run| (run.wall, run.cpu),
    places: (3, 3),
    limits: |who| match who {
        Proxy::OursHttp | Proxy::OursSocks => None,
        Proxy::Ncat => Some(Limits {
            wall: 1.0,
            cpu: 0.3,
        }),
        Proxy::Tinyproxy | Proxy::Microsocks => Some(Limits {
            wall: 1.0,
            cpu: 1.0,
        }),
    },
};

/// Measures and prints.
pub(crate) fn table(options: &Options) -> io::Result<()> {
    let source = Source::of(options.size.unwrap_or(SIZE))?;
    let all = in_turns(
        NAME,
        options,
        &Proxy::ALL,
        |who| check(who, &source),
        |who| run(who, &source, None),
    );
    println!("### {} bytes through one tunnel (`{NAME}`)\n", source.size);
    TABLE.print(&all);
    Ok(())
}

/// One run for a profiler.
pub(crate) fn once(options: &Options, who: Proxy) -> io::Result<Sample> {
    run(who, &Source::of(options.size.unwrap_or(SIZE))?, None)
}

/// The bytes that arrive must be those that were sent.
fn check(who: Proxy, source: &Source) -> io::Result<()> {
    let arrived = tempfile_in(MEMORY)?;
    run(who, source, Some(&arrived))?;
    match same_bytes(&source.file, &arrived, source.size)? {
        true => Ok(()),
        false => Err(io::Error::other("changes bytes")),
    }
}

fn run(who: Proxy, source: &Source, into: Option<&File>) -> io::Result<Sample> {
    let origin = Origin::start(Form::Bare, source)?;
    let proxy = who.start(ROOM)?;
    let mut wire = proxy.way.open(origin.port)?;
    let began = Instant::now();
    wire.write_all(b"x")?;
    let arrived = match into {
        Some(file) => io::copy(&mut wire, &mut &*file)?,
        None => thread::scope(|scope| scope.spawn(|| count(&wire)).join())
            .map_err(|_| io::Error::other("the client panicked"))??,
    };
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

/// How many bytes come until the end. They are not even copied, and the proxy is not made to wake anybody
/// for each segment: what is measured is the proxy.
fn count(wire: &TcpStream) -> io::Result<u64> {
    step_aside()?;
    wake_for(wire, PORTION)?;
    let (mut piece, mut all) = (vec![0; PIECE], 0);
    loop {
        match recv(wire, &mut piece[..], RecvFlags::TRUNC)? {
            (_, 0) => return Ok(all),
            (_, n) => all += n as u64,
        }
    }
}

/// Reads to the end and forgets.
pub(crate) fn drain(mut from: impl Read) -> io::Result<u64> {
    let (mut piece, mut all) = (vec![0; PIECE], 0);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(all),
            n => all += n as u64,
        }
    }
}
