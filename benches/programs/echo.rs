//! One message to a program and back, again and again: what a keystroke waits for.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

use super::{Server, in_turns, print};
use crate::side_by_side::{args::Options, contestant::Contestant, figures::median};

/// For `--rows`.
pub(crate) const NAME: &str = "echo";

const TIMES: usize = 5000;
const MESSAGE: [u8; 64] = [b'x'; 64];

/// The most time ours may take, as a multiple of ncat's.
const OVER_NCAT: f64 = 1.0;

pub(crate) fn table(options: &Options) -> io::Result<()> {
    let all = in_turns(NAME, options, echo)?;
    println!(
        "### {} bytes through `-lk -e /bin/cat` and back (`{NAME}`)\n",
        MESSAGE.len()
    );
    println!("The median of {TIMES} times is the figure of a run.\n");
    print("µs", 1, OVER_NCAT, &all);
    Ok(())
}

/// The median of microseconds.
fn echo(who: Contestant) -> io::Result<f64> {
    let server = Server::start(who, &["-k", "-e", "/bin/cat"])?;
    let mut peer = TcpStream::connect(server.address())?;
    peer.set_nodelay(true)?;
    let mut spent = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        peer.write_all(&MESSAGE)?;
        peer.read_exact(&mut [0; MESSAGE.len()])?;
        spent.push(began.elapsed().as_secs_f64() * 1e6);
    }
    median(spent).ok_or_else(|| io::Error::other("nothing was measured"))
}
