//! Many short visits: what it costs to start a program, hear it and let it go.

use std::{
    io::{self, Read},
    net::TcpStream,
    thread,
    time::Instant,
};

use super::{Server, in_turns, print};
use crate::side_by_side::{args::Options, contestant::Contestant};

/// For `--rows`.
pub(crate) const NAME: &str = "visits";

const VISITS: usize = 1000;
const AT_ONCE: usize = 8;

/// The most time a visit may take with ours, as a part of ncat's: half as many visits again in the same
/// time. Most of it is the program's own start-up, which is the same for both.
const OVER_NCAT: f64 = 1.0 / 1.5;

pub(crate) fn table(options: &Options) -> io::Result<()> {
    let all = in_turns(NAME, options, visits)?;
    println!(
        "### {VISITS} visits, {AT_ONCE} at once, to `-lk -e \"/bin/echo hello\"` (`{NAME}`)\n"
    );
    print("ms a visit", 3, OVER_NCAT, &all);
    Ok(())
}

/// Milliseconds a visit.
fn visits(who: Contestant) -> io::Result<f64> {
    let server = Server::start(who, &["-k", "-e", "/bin/echo hello"])?;
    let began = Instant::now();
    thread::scope(|scope| {
        let visitor = || (0..VISITS / AT_ONCE).try_for_each(|_| visit(&server));
        let visitors: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(visitor)).collect();
        let mut told = visitors.into_iter().map(|visitor| visitor.join());
        told.try_for_each(|told| told.map_err(|_| io::Error::other("a visitor panicked"))?)
    })?;
    Ok(began.elapsed().as_secs_f64() * 1e3 / VISITS as f64)
}

/// One that hears nothing is one of those to whom ncat loses what the program said: it counts too.
fn visit(server: &Server) -> io::Result<()> {
    let mut heard = String::new();
    TcpStream::connect(server.address())?.read_to_string(&mut heard)?;
    match heard.as_str() {
        "hello\n" | "" => Ok(()),
        other => Err(io::Error::other(format!("{other:?} was heard"))),
    }
}
